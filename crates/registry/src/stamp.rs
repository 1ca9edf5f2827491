//! Who asks for a change, when, and under which request id.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use thiserror::Error;

/// Who makes a change and when; it goes into the audit row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Who.
    pub actor: Actor,
    /// When. The registry asks no clock.
    pub now: Timestamp,
}

/// Who makes a change: a text that names a program, a token or a local user
/// id, such as `unix:1000` or `token:gate`, and no person.
///
/// Shape: 1 to 96 printable ASCII characters without spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor(Box<str>);

/// Names one intention of a caller, so that sending it twice does it once.
///
/// Shape: 1 to 64 printable ASCII characters without spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Box<str>);

/// Why a text is no actor or request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidName {
    /// Empty or too long.
    #[error("{n_chars} characters; 1 to {limit} are taken")]
    Length {
        /// How many characters were given.
        n_chars: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// A character that is not taken.
    #[error("character {} is not taken here", index + 1)]
    Character {
        /// Its position, counted in characters from 0.
        index: usize,
    },
}

/// Checks a name that programs make up.
pub(crate) fn check_name(
    text: &str,
    limit: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<(), InvalidName> {
    if let Some(index) = text.chars().position(|c| !allowed(c)) {
        return Err(InvalidName::Character { index });
    }
    let n_chars = text.chars().count();
    if !(1..=limit).contains(&n_chars) {
        return Err(InvalidName::Length { n_chars, limit });
    }
    Ok(())
}

impl Actor {
    /// The most characters an actor has.
    pub const MAX_CHARS: usize = 96;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RequestId {
    /// The most characters a request id has.
    pub const MAX_CHARS: usize = 64;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Actor {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_name(text, Self::MAX_CHARS, |c| c.is_ascii_graphic())?;
        Ok(Self(text.into()))
    }
}

impl FromStr for RequestId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_name(text, Self::MAX_CHARS, |c| c.is_ascii_graphic())?;
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_short_printable_ascii() {
        let longest = "x".repeat(64);
        let too_long = "x".repeat(65);
        let cases = [
            ("0f8fad5b-d9cb-469f-a165-70867728950e", Ok(()), "a UUID"),
            (longest.as_str(), Ok(()), "the longest"),
            (
                too_long.as_str(),
                Err(InvalidName::Length {
                    n_chars: 65,
                    limit: 64,
                }),
                "one more",
            ),
            (
                "",
                Err(InvalidName::Length {
                    n_chars: 0,
                    limit: 64,
                }),
                "empty",
            ),
            ("a b", Err(InvalidName::Character { index: 1 }), "a space"),
            ("学", Err(InvalidName::Character { index: 0 }), "not ASCII"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(text.parse::<RequestId>().map(drop), expected, "{why}");
        }
    }
}
