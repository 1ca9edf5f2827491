//! A text that somebody copied from a card.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// What is printed on a card, as somebody typed it.
///
/// Shape: 4 to 40 visible ASCII characters once white space is gone and
/// full-width characters, which Chinese input methods give, are made plain.
/// Letters are upper case.
///
/// `Display` and `Debug` hide it; [`reveal`](Self::reveal) gives it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Printed(Box<str>);

/// Why a text can be on no card. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidPrinted {
    /// Too short to tell cards apart, or too long for any form.
    #[error("{n_chars} characters; what is printed has 4 to 40")]
    Length {
        /// How many characters remain without white space.
        n_chars: usize,
    },
    /// A character that no form has.
    #[error("character {} is neither a letter, a digit nor a sign between them", index + 1)]
    Character {
        /// Its position, counted in characters from 0.
        index: usize,
    },
}

impl Printed {
    /// The fewest characters.
    pub const MIN_CHARS: usize = 4;
    /// The most characters.
    pub const MAX_CHARS: usize = 40;

    /// The text, for those who may see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Printed {
    type Err = InvalidPrinted;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut plain = String::new();
        for (index, c) in text.chars().enumerate() {
            let c = half_width(c);
            if c.is_whitespace() {
                continue;
            }
            if !c.is_ascii_graphic() {
                return Err(InvalidPrinted::Character { index });
            }
            plain.push(c.to_ascii_uppercase());
        }
        let n_chars = plain.len();
        if !(Self::MIN_CHARS..=Self::MAX_CHARS).contains(&n_chars) {
            return Err(InvalidPrinted::Length { n_chars });
        }
        Ok(Self(plain.into()))
    }
}

/// The plain form of a full-width character; others stay as they are.
///
/// Source: the Unicode block "Halfwidth and Fullwidth Forms": `FF01` to `FF5E`
/// stand for `21` to `7E` in the same order.
fn half_width(c: char) -> char {
    match u32::from(c) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// The letters and digits of a text, in upper case: signs between them differ
/// from print to print and tell nothing.
pub(super) fn compact(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Printed({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_type_becomes_plain() {
        let cases = [
            ("1ea68671", Ok("1EA68671"), "letters are upper case"),
            (" 5142 29873 ", Ok("514229873"), "blanks say nothing"),
            ("０７７，３０２１１", Ok("077,30211"), "full width"),
            ("077　30211", Ok("07730211"), "an ideographic space"),
            (
                "12 3",
                Err(InvalidPrinted::Length { n_chars: 3 }),
                "too short",
            ),
            (
                "12卡4",
                Err(InvalidPrinted::Character { index: 2 }),
                "no sign of a form",
            ),
        ];
        for (text, expected, why) in cases {
            let parsed = text.parse::<Printed>();
            let shown = parsed.as_ref().map(Printed::reveal);
            assert_eq!(shown, expected.as_ref().copied(), "{why}");
        }
        let long = "1".repeat(41);
        let length = InvalidPrinted::Length { n_chars: 41 };
        assert_eq!(long.parse::<Printed>(), Err(length));
    }

    #[test]
    fn what_is_printed_does_not_show() {
        let printed: Printed = "514229873".parse().unwrap();
        assert_eq!(format!("{printed} {printed:?}"), "*** Printed(***)");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Printed>();
        }

        #[test]
        fn plain_text_stays_as_it_is(text in "[0-9A-Z,.]{4,40}") {
            let printed: Printed = text.parse().unwrap();
            prop_assert_eq!(printed.reveal(), text);
        }
    }
}
