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
        TapChange::Missing => Event::ReaderMissing(v1::ReaderMissing {
            message: missing_reader(language).into(),
        }),
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
        reader_alias: event.alias.as_deref().unwrap_or_default().into(),
        event: Some(what),
    }
}

/// What to do about an expected reader that is missing.
pub(crate) fn missing_reader(language: Language) -> &'static str {
    match language {
        Language::English => {
            "plug the reader in, into the socket it is bound to; if it is plugged in, pull it out \
             for ten seconds"
        }
        Language::Chinese => "请将读卡器插入指定的 USB 口；如已插上，请拔下十秒后重新插入",
    }
}
