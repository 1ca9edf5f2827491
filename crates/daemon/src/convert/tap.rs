//! Taps, as the protocol says them.

use xueka_api::v1::{self, card_arrived::Outcome, watch_taps_response::Event};
use xueka_domain::Language;
use xueka_readers::{TapChange, TapEvent};

use super::reading;
use crate::{reasons, status::reader_reason};

/// An event in the words of the protocol.
pub(crate) fn tap_event(event: TapEvent, language: Language) -> v1::WatchTapsResponse {
    let what = match event.change {
        TapChange::Attached => Event::ReaderAttached(v1::ReaderAttached {}),
        TapChange::Detached => Event::ReaderDetached(v1::ReaderDetached {}),
        TapChange::CardLeft => Event::CardLeft(v1::CardLeft {}),
        TapChange::Missed(count) => Event::Missed(v1::EventsMissed { count }),
        TapChange::CardArrived(outcome) => {
            let outcome = match outcome {
                Ok(card) => Outcome::Reading(reading::reading(&card)),
                Err(error) => {
                    let reason = reader_reason(&error);
                    Outcome::Failure(v1::ReadFailure {
                        reason: reason.as_reason().into(),
                        message: reasons::row(reason).text(language).into(),
                    })
                }
            };
            Event::CardArrived(v1::CardArrived {
                outcome: Some(outcome),
            })
        }
    };
    v1::WatchTapsResponse {
        sequence: event.sequence,
        epoch: event.epoch,
        event_time: Some(super::timestamp(event.time)),
        reader: event
            .reader
            .map(|name| name.to_string())
            .unwrap_or_default(),
        event: Some(what),
    }
}
