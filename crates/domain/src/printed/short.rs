//! The short number (坏卡卡号) that a clerk types from a card that can no
//! longer be read.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::digits::DigitRange;
use crate::{CardNumber, InvalidForm};

/// The digits of a printed number that a clerk types from a bad card.
///
/// Shape: 4 to 18 ASCII digits; leading zeros count. Several cards share one,
/// so it is never looked up: it is compared with the card on record of the
/// student in hand.
///
/// `Display` and `Debug` hide it; [`reveal`](Self::reveal) gives it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ShortNumber(Box<str>);

/// Why a text is no short number. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidShortNumber {
    /// A character other than `0` to `9`.
    #[error("character {} is not a digit", index + 1)]
    NotADigit {
        /// Position of the first such character, counted in characters from 0.
        index: usize,
    },
    /// Too short or too long.
    #[error("{n_digits} digits; a short number has 4 to 18")]
    Length {
        /// How many digits were given.
        n_digits: usize,
    },
}

impl ShortNumber {
    /// The digits, for those who may see them.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShortNumber {
    type Err = InvalidShortNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(index) = text.chars().position(|c| !c.is_ascii_digit()) {
            return Err(InvalidShortNumber::NotADigit { index });
        }
        if !(4..=18).contains(&text.len()) {
            return Err(InvalidShortNumber::Length {
                n_digits: text.len(),
            });
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ShortNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for ShortNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortNumber({self})")
    }
}

/// What is printed on the cards, for the short number is a part of it.
///
/// The length of the printed number is not published. With a check digit
/// behind the number, "the ninth digit to the last but one" are the number's
/// digits from the ninth on; without one, its last is left out too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrintedAs {
    /// It is not known: the digits of both are taken.
    #[default]
    Either,
    /// The number alone.
    Number,
    /// The number and a check digit behind it.
    NumberAndCheckDigit,
}

/// Which digits of what is printed are the short number.
///
/// As TOML, each with its default, the ninth to the last but one of what may or
/// may not have a check digit:
///
/// ```toml
/// printed = "either"  # or "number", "number-and-check-digit"
/// from_digit = 9
/// to_digit = -2
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Settings", into = "Settings")]
pub struct ShortNumberRule {
    printed: PrintedAs,
    digits: DigitRange,
}

/// The rule as a configuration says it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    printed: PrintedAs,
    from_digit: i8,
    to_digit: i8,
}

/// What comparing a short number with a card on record shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShortNumberFit {
    /// The card on record bears it.
    Fits,
    /// The card on record bears another one: it is another card, or it was
    /// mistyped.
    Clash,
    /// The card on record has no short number: no card number is known of it,
    /// or one with too few digits. Nothing can be concluded.
    NothingToCompare,
}

impl Default for ShortNumberRule {
    fn default() -> Self {
        let Settings { printed, .. } = Settings::default();
        Self {
            printed,
            digits: DigitRange::ninth_to_last_but_one(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let digits = DigitRange::ninth_to_last_but_one();
        Self {
            printed: PrintedAs::default(),
            from_digit: digits.from(),
            to_digit: digits.to(),
        }
    }
}

impl ShortNumberRule {
    /// The rule for what is printed and which digits of it are typed.
    #[must_use]
    pub fn new(printed: PrintedAs, digits: DigitRange) -> Self {
        Self { printed, digits }
    }

    /// The short numbers that a card with this number can have: none, one, or
    /// where the print is not known two.
    #[must_use]
    pub fn of(&self, number: CardNumber) -> Vec<ShortNumber> {
        let alone = number.reveal();
        // Which digit it is nobody knows, so it is part of no short number.
        let with_check_digit = format!("{alone}?");
        let prints: &[&str] = match self.printed {
            PrintedAs::Either => &[&with_check_digit, &alone],
            PrintedAs::Number => &[&alone],
            PrintedAs::NumberAndCheckDigit => &[&with_check_digit],
        };
        let cut = prints.iter().filter_map(|print| self.digits.cut(print));
        cut.filter_map(|digits| digits.parse().ok()).collect()
    }

    /// Compares what was typed with the number of the card on record of the
    /// student in hand.
    #[must_use]
    pub fn compare(&self, typed: &ShortNumber, on_record: Option<CardNumber>) -> ShortNumberFit {
        let own = on_record.map(|number| self.of(number)).unwrap_or_default();
        if own.is_empty() {
            ShortNumberFit::NothingToCompare
        } else if own.contains(typed) {
            ShortNumberFit::Fits
        } else {
            ShortNumberFit::Clash
        }
    }
}

impl TryFrom<Settings> for ShortNumberRule {
    type Error = InvalidForm;

    fn try_from(settings: Settings) -> Result<Self, Self::Error> {
        let digits = DigitRange::new(settings.from_digit, settings.to_digit)?;
        Ok(Self::new(settings.printed, digits))
    }
}

impl From<ShortNumberRule> for Settings {
    fn from(rule: ShortNumberRule) -> Self {
        Self {
            printed: rule.printed,
            from_digit: rule.digits.from(),
            to_digit: rule.digits.to(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn short(text: &str) -> ShortNumber {
        text.parse().unwrap()
    }

    #[test]
    fn the_print_decides_which_digits_are_typed() {
        use {PrintedAs::*, ShortNumberFit::*};
        let beijing = "1000751012345678";
        let t_union = "3104870012345678901";
        let cases = [
            (Either, beijing, "12345678", Fits, "with a check digit"),
            (Either, beijing, "1234567", Fits, "without one"),
            (Either, beijing, "2345678", Clash, "another part"),
            (Either, beijing, "12345679", Clash, "another card"),
            (Number, beijing, "1234567", Fits, "alone"),
            (Number, beijing, "12345678", Clash, "one too many"),
            (NumberAndCheckDigit, beijing, "12345678", Fits, "with it"),
            (NumberAndCheckDigit, beijing, "1234567", Clash, "too few"),
            (Number, t_union, "1234567890", Fits, "19 digits"),
            (Either, t_union, "12345678901", Fits, "and a check digit"),
            (Either, "12345678", "1234", NothingToCompare, "too short"),
            (Either, "00123456", "1234", NothingToCompare, "no ninth"),
        ];
        for (printed, number, typed, expected, why) in cases {
            let rule = ShortNumberRule::new(printed, DigitRange::new(9, -2).unwrap());
            let number = number.parse().unwrap();
            let fit = rule.compare(&short(typed), Some(number));
            assert_eq!(fit, expected, "{typed}: {why}");
        }
    }

    #[test]
    fn a_card_without_number_shows_nothing() {
        let rule = ShortNumberRule::default();
        let fit = rule.compare(&short("12345678"), None);
        assert_eq!(fit, ShortNumberFit::NothingToCompare);
    }

    #[test]
    fn the_rule_is_a_setting() {
        let rule: ShortNumberRule = toml::from_str("").unwrap();
        assert_eq!(rule, ShortNumberRule::default());
        let rule: ShortNumberRule =
            toml::from_str("printed = \"number\"\nfrom_digit = -8\nto_digit = -1").unwrap();
        let shorts = rule.of("1000751012345678".parse().unwrap());
        assert_eq!(shorts, [short("12345678")]);
        for wrong in ["printed = \"both\"", "from_digit = 0", "form_digit = 1"] {
            assert!(toml::from_str::<ShortNumberRule>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_some_digits_are_a_short_number() {
        let length = |n_digits| Err(InvalidShortNumber::Length { n_digits });
        assert_eq!("123".parse::<ShortNumber>(), length(3));
        assert_eq!("1234567890123456789".parse::<ShortNumber>(), length(19));
        let not_a_digit = Err(InvalidShortNumber::NotADigit { index: 2 });
        assert_eq!("12x4".parse::<ShortNumber>(), not_a_digit);
        assert_eq!(format!("{:?}", short("12345678")), "ShortNumber(***)");
    }

    proptest! {
        #[test]
        fn a_card_fits_its_own_short_numbers(digits in "[0-9]{4,19}") {
            let number: CardNumber = digits.parse().unwrap();
            let rule = ShortNumberRule::default();
            for own in rule.of(number) {
                prop_assert_eq!(rule.compare(&own, Some(number)), ShortNumberFit::Fits);
            }
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<ShortNumber>();
        }
    }
}
