//! Spans of time as people type them.

use std::time::Duration;

use thiserror::Error;

/// Why a text is no span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a span of time; write a whole number with ms, s, m, h or d, such as 30s")]
pub(crate) struct InvalidDuration;

/// Reads a whole number and its unit: `ms`, `s`, `m`, `h` or `d`. A bare number
/// counts seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, InvalidDuration> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().map_err(|_| InvalidDuration)?;
    let seconds = match unit {
        "ms" => return Ok(Duration::from_millis(number)),
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(InvalidDuration),
    };
    number
        .checked_mul(seconds)
        // The protocol carries seconds in a signed integer.
        .filter(|seconds| i64::try_from(*seconds).is_ok())
        .map(Duration::from_secs)
        .ok_or(InvalidDuration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        let cases = [
            ("30s", Ok(Duration::from_secs(30)), "seconds"),
            ("30", Ok(Duration::from_secs(30)), "bare number"),
            ("250ms", Ok(Duration::from_millis(250)), "milliseconds"),
            ("2m", Ok(Duration::from_mins(2)), "minutes"),
            ("90d", Ok(Duration::from_hours(90 * 24)), "days"),
            ("", Err(InvalidDuration), "nothing"),
            ("s", Err(InvalidDuration), "no number"),
            ("-1s", Err(InvalidDuration), "negative"),
            ("1.5s", Err(InvalidDuration), "a fraction"),
            ("1w", Err(InvalidDuration), "unknown unit"),
            ("18446744073709551615d", Err(InvalidDuration), "too long"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(parse(text), expected, "{text}: {why}");
        }
    }
}
