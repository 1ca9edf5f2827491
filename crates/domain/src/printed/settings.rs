//! The settings that make a form, as a configuration says them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    digits::{CheckDigit, DigitRange},
    form::InvalidForm,
};

/// Of what a form makes a printed number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Of the UID's bytes.
    #[default]
    Uid,
    /// Of the card number. Its bytes are its digits, two in each, as transit
    /// cards keep them; an odd number of digits has a zero before it. Written
    /// in hexadecimal they are the digits themselves.
    Number,
}

/// Which of the bytes are used, in the order in which the card sends them.
///
/// In a configuration: `"all"`, `"first 3"`, `"last 4"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Take {
    /// All of them.
    #[default]
    All,
    /// The first so many, 1 to 10; a card with fewer has no such form.
    First(u8),
    /// The last so many, 1 to 10; a card with fewer has no such form.
    Last(u8),
}

/// The order in which the bytes are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByteOrder {
    /// As the card sends them, the first being the most significant.
    #[default]
    AsRead,
    /// Turned round. A decimal number of it is what people call reversed
    /// decimal.
    Reversed,
}

/// How the bytes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coding {
    /// Two hexadecimal digits a byte.
    #[default]
    Hex,
    /// One unsigned decimal number.
    Decimal,
    /// Facility and number of access-control systems with 26 bits: exactly
    /// three bytes as `077,30211`, three digits of the first and five of the
    /// other two.
    Facility,
}

/// The settings of a form, as a configuration says them.
///
/// As TOML, each with its default:
///
/// ```toml
/// of = "uid"            # or "number"
/// take = "all"          # or "first 3", "last 4"
/// order = "as-read"     # or "reversed"
/// coding = "hex"        # or "decimal", "facility"
/// pad_to = 0            # zeros in front up to so many digits
/// from_digit = 1        # of these, the digits from here
/// to_digit = -1         # to here; negative positions count from the right
/// prefix = ""           # printed before them
/// check_digit = "none"  # or "luhn", or a fixed digit such as "0"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FormParts {
    /// Of what it is made.
    pub of: Subject,
    /// Which bytes are used.
    #[serde(skip_serializing_if = "is_default")]
    pub take: Take,
    /// In which order.
    #[serde(skip_serializing_if = "is_default")]
    pub order: ByteOrder,
    /// How they are written.
    pub coding: Coding,
    /// With zeros in front up to so many digits, at most 25; 0 for none.
    #[serde(skip_serializing_if = "is_default")]
    pub pad_to: u8,
    /// Which of these digits are printed: the first.
    #[serde(skip_serializing_if = "is_first")]
    pub from_digit: i8,
    /// Which of these digits are printed: the last.
    #[serde(skip_serializing_if = "is_last")]
    pub to_digit: i8,
    /// What is printed before them: at most 8 ASCII letters, digits, `-`, `.`
    /// or `/`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The digit that follows them.
    #[serde(skip_serializing_if = "is_default")]
    pub check_digit: CheckDigit,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_first(position: &i8) -> bool {
    *position == DigitRange::ALL.from()
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_last(position: &i8) -> bool {
    *position == DigitRange::ALL.to()
}

impl Default for FormParts {
    fn default() -> Self {
        Self {
            of: Subject::default(),
            take: Take::default(),
            order: ByteOrder::default(),
            coding: Coding::default(),
            pad_to: 0,
            from_digit: DigitRange::ALL.from(),
            to_digit: DigitRange::ALL.to(),
            prefix: String::new(),
            check_digit: CheckDigit::default(),
        }
    }
}

impl fmt::Display for Take {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::First(n) => write!(f, "first {n}"),
            Self::Last(n) => write!(f, "last {n}"),
        }
    }
}

impl FromStr for Take {
    type Err = InvalidForm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |n: &str| n.parse().map_err(|_| InvalidForm::Take);
        match text.split_once(' ') {
            None if text == "all" => Ok(Self::All),
            Some(("first", n)) => Ok(Self::First(number(n)?)),
            Some(("last", n)) => Ok(Self::Last(number(n)?)),
            _ => Err(InvalidForm::Take),
        }
    }
}

impl TryFrom<String> for Take {
    type Error = InvalidForm;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Take> for String {
    fn from(take: Take) -> Self {
        take.to_string()
    }
}
