//! Between the values of the desk and the messages of the protocol: every
//! value that comes in is checked here, once, and the field named that is wrong.

mod blacklist;
mod card;
mod distribution;
mod inspection;
mod making;
mod number;
mod personalisation;
mod purse;
mod reading;
mod student;
mod tap;
mod verdict;

use std::time::Duration;

use jiff::{Timestamp, civil::Date};
use xueka_domain::{CardKey, CardNumber, Uid};

pub(crate) use blacklist::{block_reason, entry, key_of};
pub(crate) use card::{card, issued_card, loss_reason, refused_row};
pub(crate) use distribution::{deliveries, held_mark, mark};
pub(crate) use inspection::{inspection, trace};
pub(crate) use making::{batch_step, making_batch, making_outcome, making_request, request_kind};
pub(crate) use number::{found_by_print, number_form, short_number_fit, taught};
pub(crate) use personalisation::{
    content as card_content, ended as ended_write, open_write, planned as planned_write, side,
    taken_up,
};
pub(crate) use purse::{balance, trips};
pub(crate) use reading::{family, minimum_assurance, reading};
pub(crate) use student::{
    conditions, import_totals, list_format, move_to, refused_move, refused_roll_row, roll_layout,
    roll_verdicts, seen_roll, student_record,
};
pub(crate) use tap::{missing_reader, tap_event};
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

/// A span of time from the protocol; `None` when a part of it is negative or it
/// is longer than can be counted.
pub(crate) fn span(span: prost_types::Duration) -> Option<Duration> {
    let seconds = Duration::from_secs(span.seconds.try_into().ok()?);
    seconds.checked_add(Duration::from_nanos(span.nanos.try_into().ok()?))
}

/// A value of an enumeration from the protocol.
///
/// One that this daemon does not know, from a newer client, is refused: taken
/// for "not given" it could mean less than the client asks for.
pub(crate) fn known<E: TryFrom<i32>>(field: &'static str, value: i32) -> Result<E, ServiceError> {
    E::try_from(value)
        .map_err(|_| ServiceError::argument(field, "this daemon does not know that value"))
}

/// How long to wait for a card; `None` for not at all.
pub(crate) fn wait(
    field: &'static str,
    wait: Option<prost_types::Duration>,
) -> Result<Option<Duration>, ServiceError> {
    let Some(wait) = wait else { return Ok(None) };
    let wait = span(wait).ok_or_else(|| ServiceError::argument(field, "a wait is not negative"))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_span_is_too_odd() {
        let cases = [
            (0, 0, Some(Duration::ZERO), "nothing"),
            (1, 500_000_000, Some(Duration::from_millis(1_500)), "plain"),
            (
                0,
                i32::MAX,
                Some(Duration::from_nanos(2_147_483_647)),
                "nanoseconds alone",
            ),
            (-1, 0, None, "negative"),
            (0, -1, None, "negative by a little"),
            (i64::MIN, i32::MIN, None, "as negative as can be"),
        ];
        for (seconds, nanos, expected, why) in cases {
            let given = prost_types::Duration { seconds, nanos };
            assert_eq!(span(given), expected, "{why}");
        }
    }

    #[test]
    fn a_span_beyond_all_counting_is_still_one() {
        let longest = prost_types::Duration {
            seconds: i64::MAX,
            nanos: i32::MAX,
        };
        assert!(span(longest).is_some_and(|span| span > LONGEST_WAIT));
    }

    /// What is read from such a value decides whether a card counts as good.
    #[test]
    fn a_value_of_a_newer_protocol_is_refused() {
        use xueka_api::v1::AssuranceLevel;
        let highest = AssuranceLevel::ChipAuthenticated;
        let found: AssuranceLevel = known("minimum_assurance", highest.into()).unwrap();
        assert_eq!(found, highest);
        for value in [-1, i32::from(highest) + 1] {
            assert!(known::<AssuranceLevel>("minimum_assurance", value).is_err());
        }
    }
}
