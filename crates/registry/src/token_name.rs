//! The name of a token.

use std::{fmt, str::FromStr};

use crate::{InvalidName, stamp::check_name};

/// The name by which a token is listed and revoked; no person's.
///
/// Shape: 1 to 64 ASCII letters, digits, dots or hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenName(Box<str>);

impl TokenName {
    /// The most characters a name has.
    pub const MAX_CHARS: usize = 64;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        check_name(text, Self::MAX_CHARS, allowed)?;
        Ok(Self(text.into()))
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_letters_digits_dots_and_hyphens() {
        for (text, good) in [("gate-1.north", true), ("gate 1", false), ("", false)] {
            assert_eq!(text.parse::<TokenName>().is_ok(), good, "{text:?}");
        }
    }
}
