//! Between the values of the desk and the messages of the protocol: every
//! value that comes in is checked here, once, and the field named that is wrong.

mod blacklist;
mod card;
mod reading;
mod tap;
mod verdict;

use std::time::Duration;

use jiff::{Timestamp, civil::Date};
use xueka_domain::{CardKey, CardNumber, Uid};

pub(crate) use blacklist::{block_reason, entry, key_of};
pub(crate) use card::{card, issued_card, loss_reason, refused_row};
pub(crate) use reading::{minimum_assurance, reading};
pub(crate) use tap::tap_event;
pub(crate) use verdict::verification;

use crate::status::ServiceError;

/// The longest wait for a card that is granted.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// A date as the protocol writes it; empty for none.
fn date_text(date: Option<Date>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

/// A moment as the protocol writes it.
pub(crate) fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

/// A span of time as the protocol writes it.
pub(crate) fn duration(span: Duration) -> prost_types::Duration {
    prost_types::Duration::try_from(span).unwrap_or(prost_types::Duration {
        seconds: i64::MAX,
        nanos: 0,
    })
}

/// How long to wait for a card; `None` for not at all.
pub(crate) fn wait(
    field: &'static str,
    wait: Option<prost_types::Duration>,
) -> Result<Option<Duration>, ServiceError> {
    let Some(wait) = wait else { return Ok(None) };
    let wait = Duration::try_from(wait)
        .map_err(|_| ServiceError::argument(field, "a wait is not negative"))?;
    if wait > LONGEST_WAIT {
        return Err(ServiceError::argument(
            field,
            "a wait is at most 10 minutes",
        ));
    }
    Ok(Some(wait).filter(|wait| !wait.is_zero()))
}

/// A text that names something, `None` when it is empty.
pub(crate) fn optional(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A card number from the protocol.
pub(crate) fn card_number(field: &'static str, text: &str) -> Result<CardKey, ServiceError> {
    text.parse::<CardNumber>()
        .map(CardKey::Number)
        .map_err(|error| ServiceError::argument(field, error))
}

/// A UID from the protocol.
pub(crate) fn uid(field: &'static str, bytes: &[u8]) -> Result<CardKey, ServiceError> {
    Uid::try_from(bytes)
        .map(CardKey::Uid)
        .map_err(|error| ServiceError::argument(field, error))
}
