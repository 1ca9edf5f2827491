//! What goes wrong, described in TOML.

use std::time::Duration;

use crate::{DescriptionError, Fault, fields::Fields};

/// The kinds of faults, as messages name them.
const NAMES: &str = "tear, half-response, empty-response, one-byte-response, \
                     overlong-response, endless-more, endless-wrong-length, delay, stuck, \
                     reset, swap, torn-write, silence, garbage, truncated, unplug, \
                     service-restart";

/// Bytes that are missing from a truncated answer, unless told otherwise.
const TRUNCATED: u64 = 2;
/// Bytes of an answer that is too long, unless told otherwise.
const OVERLONG: u64 = 300;

/// One `[[fault]]`: at which command, and what.
///
/// | `what` | more keys |
/// |---|---|
/// | `tear`, `silence` | `obeyed` (false) |
/// | `torn-write`, `garbage` | `seed` (0) |
/// | `truncated` | `n_bytes` (2) |
/// | `overlong-response` | `n_bytes` (300) |
/// | `delay` | `duration` |
/// | `swap` | `uid` |
/// | `half-response`, `empty-response`, `one-byte-response`, `endless-more`, `endless-wrong-length`, `stuck`, `reset`, `unplug`, `service-restart` | none |
pub(super) fn fault(mut fields: Fields<'_>) -> Result<(u32, Fault), DescriptionError> {
    let at_command = fields.number("at_command", 1..=u32::MAX.into())?;
    let at_command = at_command.map_or(1, |number| number.value);
    let Some(what) = fields.text("what")? else {
        return Err(fields.incomplete(format!("a [[fault]] needs `what`, one of {NAMES}")));
    };
    let fault = match what.value.as_str() {
        "tear" => Fault::Tear {
            obeyed: fields.flag("obeyed")?.is_some_and(|obeyed| obeyed.value),
        },
        "half-response" => Fault::HalfResponse,
        "empty-response" => Fault::EmptyResponse,
        "one-byte-response" => Fault::OneByteResponse,
        "overlong-response" => {
            let n_bytes = fields.number("n_bytes", 0..=65_533)?;
            let n_bytes = n_bytes.map_or(OVERLONG, |number| number.value);
            Fault::OverlongResponse {
                n_bytes: u16::try_from(n_bytes).unwrap_or(u16::MAX),
            }
        }
        "endless-more" => Fault::EndlessMore,
        "endless-wrong-length" => Fault::EndlessWrongLength,
        "delay" => Fault::Delay(delay(&mut fields)?),
        "torn-write" => Fault::TornWrite {
            seed: seed(&mut fields)?,
        },
        "silence" => Fault::Silence {
            obeyed: fields.flag("obeyed")?.is_some_and(|obeyed| obeyed.value),
        },
        "garbage" => Fault::Garbage {
            seed: seed(&mut fields)?,
        },
        "truncated" => {
            let n_bytes = fields.number("n_bytes", 1..=65_535)?;
            let n_bytes = n_bytes.map_or(TRUNCATED, |number| number.value);
            Fault::Truncated {
                n_bytes: u16::try_from(n_bytes).unwrap_or(u16::MAX),
            }
        }
        "unplug" => Fault::Unplug,
        "service-restart" => Fault::ServiceRestart,
        "stuck" => Fault::Stuck,
        "reset" => Fault::Reset,
        "swap" => {
            let uid = fields.bytes("uid", 4..=10)?;
            let uid = uid.ok_or_else(|| fields.incomplete("a swap needs `uid`"))?;
            Fault::Swap { uid: uid.value }
        }
        _ => return Err(fields.wrong(&what, format!("`what` must be one of {NAMES}"))),
    };
    fields.finish(&format!("a fault of kind `{}`", what.value))?;
    Ok((u32::try_from(at_command).unwrap_or(u32::MAX), fault))
}

fn seed(fields: &mut Fields<'_>) -> Result<u64, DescriptionError> {
    // TOML has no greater numbers.
    let seed = fields.number("seed", 0..=i64::MAX.unsigned_abs())?;
    Ok(seed.map_or(0, |seed| seed.value))
}

fn delay(fields: &mut Fields<'_>) -> Result<Duration, DescriptionError> {
    match fields.duration("duration")? {
        Some(duration) => Ok(duration.value),
        None => Err(fields.incomplete("a delay needs `duration`")),
    }
}
