//! The number by which a card is known to people and systems.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// The number of a student card, as printed on it or kept in its files.
///
/// Shape: 4 to 19 ASCII digits. Leading zeros count: `0012` and `12` are two
/// numbers. 19 digits, the length of a T-Union number, still fit 64 bits, so
/// a number is a small copyable value.
///
/// `Display` and `Debug` show the last four digits only;
/// [`reveal`](Self::reveal) gives them all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardNumber {
    n_digits: u8,
    value: u64,
}

/// Why a text is no card number. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidCardNumber {
    /// A character other than `0` to `9`.
    #[error("character {} is not a digit", index + 1)]
    NotADigit {
        /// Position of the first such character, counted in characters from 0.
        index: usize,
    },
    /// Too short or too long.
    #[error("{n_digits} digits; a card number has 4 to 19")]
    Length {
        /// How many digits were given.
        n_digits: usize,
    },
}

impl CardNumber {
    /// The fewest digits a number has.
    pub const MIN_DIGITS: usize = 4;
    /// The most digits a number has.
    pub const MAX_DIGITS: usize = 19;

    /// All digits, for those who may see them.
    #[must_use]
    pub fn reveal(self) -> String {
        format!("{:0width$}", self.value, width = self.n_digits.into())
    }

    /// How many digits the number has, leading zeros included: 4 to 19.
    #[must_use]
    pub fn n_digits(self) -> u8 {
        self.n_digits
    }

    /// The digits read as one integer; together with
    /// [`n_digits`](Self::n_digits) it is the whole number.
    #[must_use]
    pub fn as_integer(self) -> u64 {
        self.value
    }
}

impl FromStr for CardNumber {
    type Err = InvalidCardNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(index) = text.chars().position(|c| !c.is_ascii_digit()) {
            return Err(InvalidCardNumber::NotADigit { index });
        }
        let length = InvalidCardNumber::Length {
            n_digits: text.len(),
        };
        if !(Self::MIN_DIGITS..=Self::MAX_DIGITS).contains(&text.len()) {
            return Err(length);
        }
        let n_digits = u8::try_from(text.len()).map_err(|_| length)?;
        let value = text.parse().map_err(|_| length)?;
        Ok(Self { n_digits, value })
    }
}

impl fmt::Display for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = usize::from(self.n_digits) - 4;
        write!(f, "{}{:04}", "*".repeat(hidden), self.value % 10_000)
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNumber({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_digits_of_a_fitting_length_are_numbers() {
        let cases = [
            (
                "123",
                Err(InvalidCardNumber::Length { n_digits: 3 }),
                "too short",
            ),
            ("", Err(InvalidCardNumber::Length { n_digits: 0 }), "empty"),
            ("0012", Ok("0012"), "leading zeros count"),
            (
                "9999999999999999999",
                Ok("9999999999999999999"),
                "19 nines fit 64 bits",
            ),
            (
                "12345678901234567890",
                Err(InvalidCardNumber::Length { n_digits: 20 }),
                "too long",
            ),
            (
                "1000 7510",
                Err(InvalidCardNumber::NotADigit { index: 4 }),
                "a space",
            ),
            (
                "１２３４",
                Err(InvalidCardNumber::NotADigit { index: 0 }),
                "full-width digits",
            ),
        ];
        for (text, expected, why) in cases {
            let parsed = text.parse::<CardNumber>().map(CardNumber::reveal);
            assert_eq!(parsed.as_deref(), expected.as_ref().copied(), "{why}");
        }
    }

    #[test]
    fn leading_zeros_make_another_number() {
        let long: CardNumber = "0001234".parse().unwrap();
        let short: CardNumber = "1234".parse().unwrap();
        assert_ne!(long, short);
    }

    #[test]
    fn display_and_debug_hide_all_but_four_digits() {
        let number: CardNumber = "1000751012340678".parse().unwrap();
        assert_eq!(number.to_string(), "************0678");
        assert_eq!(format!("{number:?}"), "CardNumber(************0678)");
    }

    proptest! {
        #[test]
        fn digits_survive_parsing(text in "[0-9]{4,19}") {
            prop_assert_eq!(text.parse::<CardNumber>().unwrap().reveal(), text);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<CardNumber>();
        }
    }
}
