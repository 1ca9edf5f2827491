//! One form in which a UID or a number is printed.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    digits::{CheckDigit, DigitRange},
    settings::{ByteOrder, Coding, FormParts, Subject, Take},
    text::{Printed, compact},
};
use crate::{CardIdentity, CardKey, CardNumber, Uid};

/// A form in which cards bear their UID or number, whose settings make sense.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "FormParts", into = "FormParts")]
pub struct NumberForm {
    parts: FormParts,
    digits: DigitRange,
}

/// Why settings make no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidForm {
    /// `take` is none of its values.
    #[error("take is \"all\", or \"first\" or \"last\" with 1 to 10 bytes, such as \"last 4\"")]
    Take,
    /// Zeros up to more digits than any form has.
    #[error("pad_to is 0 to 25 digits")]
    PadTo,
    /// A digit position that no row of digits has.
    #[error(
        "from_digit and to_digit are positions from 1 on, or from -1 on counted from the right, \
         at most 40, and the last does not lie before the first"
    )]
    DigitPosition,
    /// The prefix has a sign that no print has, or is too long.
    #[error("prefix is at most 8 letters, digits, hyphens, dots or slashes")]
    Prefix,
    /// `check_digit` is none of its values.
    #[error("check_digit is \"none\", \"luhn\" or one digit")]
    CheckDigit,
    /// A Luhn digit after letters.
    #[error("a Luhn digit is over decimal digits; write the UID as decimal or facility")]
    LuhnOfHex,
    /// Facility and number of other than three bytes.
    #[error("facility and number are of three bytes: say take = \"first 3\" or \"last 3\"")]
    FacilityBytes,
    /// Zeros before a form that has its digits already.
    #[error("facility and number have their eight digits already: leave pad_to out")]
    FacilityPadding,
}

impl NumberForm {
    /// The most digits that zeros can be put before.
    const MAX_PAD: u8 = 25;

    /// The lengths that the bytes of a UID have.
    const UID_LENGTHS: [usize; 4] = [4, 7, 8, 10];

    /// Makes a form of its settings.
    ///
    /// # Errors
    ///
    /// [`InvalidForm`] names the setting and what it can be.
    pub fn new(parts: FormParts) -> Result<Self, InvalidForm> {
        let digits = DigitRange::new(parts.from_digit, parts.to_digit)?;
        let is_printable = |b: u8| b.is_ascii_alphanumeric() || b"-./".contains(&b);
        let takes_three = matches!(parts.take, Take::First(3) | Take::Last(3));
        let is_facility = parts.coding == Coding::Facility;
        let has_letters = parts.of == Subject::Uid && parts.coding == Coding::Hex;
        if let Take::First(n) | Take::Last(n) = parts.take
            && !(1..=10).contains(&n)
        {
            Err(InvalidForm::Take)
        } else if parts.pad_to > Self::MAX_PAD {
            Err(InvalidForm::PadTo)
        } else if parts.prefix.len() > 8 || !parts.prefix.bytes().all(is_printable) {
            Err(InvalidForm::Prefix)
        } else if matches!(parts.check_digit, CheckDigit::Fixed(10..)) {
            Err(InvalidForm::CheckDigit)
        } else if has_letters && parts.check_digit == CheckDigit::Luhn {
            Err(InvalidForm::LuhnOfHex)
        } else if is_facility && !takes_three {
            Err(InvalidForm::FacilityBytes)
        } else if is_facility && parts.pad_to > 0 {
            Err(InvalidForm::FacilityPadding)
        } else {
            Ok(Self { parts, digits })
        }
    }

    /// The forms that need no setting: the number itself; the UID in
    /// hexadecimal and as a decimal number, each as read and reversed.
    #[must_use]
    pub fn standard() -> Vec<Self> {
        let uid = |order, coding| FormParts {
            order,
            coding,
            ..FormParts::default()
        };
        let number = FormParts {
            of: Subject::Number,
            ..FormParts::default()
        };
        let parts = [
            number,
            uid(ByteOrder::AsRead, Coding::Hex),
            uid(ByteOrder::Reversed, Coding::Hex),
            uid(ByteOrder::AsRead, Coding::Decimal),
            uid(ByteOrder::Reversed, Coding::Decimal),
        ];
        let forms = parts.into_iter().map(Self::new);
        forms.filter_map(Result::ok).collect()
    }

    /// Its settings.
    #[must_use]
    pub fn parts(&self) -> &FormParts {
        &self.parts
    }

    /// Which digits are printed.
    #[must_use]
    pub fn digits(&self) -> DigitRange {
        self.digits
    }

    /// What is printed on a card; `None` when the card lacks what the form is
    /// of, or has too few bytes or digits.
    #[must_use]
    pub fn apply(&self, card: &CardIdentity) -> Option<String> {
        match self.parts.of {
            Subject::Uid => self.apply_to_bytes(card.uid()?.reveal()),
            Subject::Number => self.apply_to_number(card.number()?),
        }
    }

    /// What is printed of these bytes, in the order in which the card sends
    /// them; `None` when they are too few, or more than 16.
    #[must_use]
    pub fn apply_to_bytes(&self, bytes: &[u8]) -> Option<String> {
        self.print(&self.write(bytes)?)
    }

    fn apply_to_number(&self, number: CardNumber) -> Option<String> {
        let bytes = number_bytes(number);
        let text = self.write(&bytes)?;
        // The zero that completes the first byte is no digit of the number.
        let is_odd = number.n_digits() % 2 == 1;
        let begins = matches!(self.parts.take, Take::All | Take::First(_));
        let as_written = (self.parts.order, self.parts.coding) == (ByteOrder::AsRead, Coding::Hex);
        match text.strip_prefix('0') {
            Some(own) if is_odd && begins && as_written => self.print(own),
            _ => self.print(&text),
        }
    }

    /// The bytes that are used, written as digits.
    fn write(&self, bytes: &[u8]) -> Option<String> {
        let used = match self.parts.take {
            Take::All => bytes,
            Take::First(n) => bytes.get(..n.into())?,
            Take::Last(n) => bytes.get(bytes.len().checked_sub(n.into())?..)?,
        };
        let mut used = used.to_vec();
        if self.parts.order == ByteOrder::Reversed {
            used.reverse();
        }
        match self.parts.coding {
            Coding::Hex => Some(hex::encode_upper(used)),
            Coding::Decimal => Some(integer(&used)?.to_string()),
            Coding::Facility => match *used.as_slice() {
                [facility, high, low] => Some(facility_text(facility, [high, low])),
                _ => None,
            },
        }
    }

    /// What is printed when these are the digits.
    fn print(&self, digits: &str) -> Option<String> {
        let width = usize::from(self.parts.pad_to);
        let padded = format!("{digits:0>width$}");
        let body = if self.digits == DigitRange::ALL {
            padded
        } else {
            self.digits.cut(&compact(&padded))?.to_owned()
        };
        let mut text = format!("{}{body}", self.parts.prefix);
        text.extend(self.parts.check_digit.after(&text));
        Some(text)
    }

    /// Whether this is what is printed on the card, but for signs between the
    /// digits and for zeros before a whole decimal number, which people leave
    /// out.
    #[must_use]
    pub fn matches(&self, printed: &Printed, card: &CardIdentity) -> bool {
        let applied = self.apply(card);
        applied.is_some_and(|text| self.key_of(&text) == self.key_of(printed.reveal()))
    }

    /// Whether exactly this is printed on the card, signs between the digits
    /// aside.
    #[must_use]
    pub fn gives(&self, printed: &Printed, card: &CardIdentity) -> bool {
        let applied = self.apply(card);
        applied.is_some_and(|text| compact(&text) == compact(printed.reveal()))
    }

    /// By what cards are found that bear a text in this form: equal for all
    /// texts that [`matches`](Self::matches) takes for the same.
    #[must_use]
    pub fn key_of(&self, text: &str) -> String {
        let is_whole = self.digits == DigitRange::ALL;
        let text = match self.parts.coding {
            Coding::Facility if is_whole => with_all_zeros(text, &self.parts.prefix),
            _ => text.to_owned(),
        };
        let text = compact(&text);
        if self.parts.coding != Coding::Decimal || !is_whole {
            return text;
        }
        let prefix = compact(&self.parts.prefix);
        match text.strip_prefix(&prefix) {
            Some(number) => format!("{prefix}{}", number.trim_start_matches('0')),
            None => text,
        }
    }

    /// By what cards that bear this card's text in this form are found, as
    /// [`key_of`](Self::key_of); `None` when it has none.
    #[must_use]
    pub fn key_of_card(&self, card: &CardIdentity) -> Option<String> {
        self.apply(card).map(|text| self.key_of(&text))
    }

    /// Whether the text names the whole UID or number, so that
    /// [`candidates`](Self::candidates) finds it without looking at any card.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.parts.take == Take::All && self.digits == DigitRange::ALL
    }

    /// The UIDs or numbers, random UIDs aside, that are printed so: at most a
    /// few, of different lengths; none when the form is not
    /// [`is_whole`](Self::is_whole), for then there can be any number of them.
    #[must_use]
    pub fn candidates(&self, printed: &Printed) -> Vec<CardKey> {
        let Some(digits) = self.digits_of(printed).filter(|_| self.is_whole()) else {
            return Vec::new();
        };
        let keys: Vec<CardKey> = match self.parts.of {
            Subject::Uid => Self::UID_LENGTHS
                .into_iter()
                .filter_map(|n_bytes| {
                    Uid::try_from(self.bytes_of(&digits, n_bytes)?.as_slice()).ok()
                })
                .map(CardKey::Uid)
                .collect(),
            Subject::Number => (2..=CardNumber::MAX_DIGITS.div_ceil(2))
                .filter_map(|n_bytes| self.bytes_of(&digits, n_bytes))
                .flat_map(|bytes| numbers_of(&bytes))
                .map(CardKey::Number)
                .collect(),
        };
        let is_printed_so = |key: &CardKey| {
            let (number, uid) = (*key).into();
            CardIdentity::new(number, uid).is_ok_and(|card| self.matches(printed, &card))
        };
        keys.into_iter().filter(is_printed_so).collect()
    }

    /// The digits without what is printed around them; `None` when that is not
    /// printed there. A wrong check digit is left for the comparison to find.
    fn digits_of(&self, printed: &Printed) -> Option<String> {
        let text = compact(printed.reveal());
        let text = match self.parts.check_digit {
            CheckDigit::None => text.as_str(),
            CheckDigit::Luhn | CheckDigit::Fixed(_) => text.get(..text.len().checked_sub(1)?)?,
        };
        let digits = text.strip_prefix(&compact(&self.parts.prefix))?;
        Some(digits.to_owned())
    }

    /// The `n_bytes` bytes, in the order of the card, that are written so.
    fn bytes_of(&self, digits: &str, n_bytes: usize) -> Option<Vec<u8>> {
        let mut bytes = match self.parts.coding {
            Coding::Hex => {
                let (width, digits) = (n_bytes * 2, digits.trim_start_matches('0'));
                hex::decode(format!("{digits:0>width$}")).ok()?
            }
            Coding::Decimal => {
                let value: u128 = digits.parse().ok()?;
                let bytes = value.to_be_bytes();
                let (zeros, bytes) = bytes.split_at_checked(bytes.len().checked_sub(n_bytes)?)?;
                zeros
                    .iter()
                    .all(|byte| *byte == 0)
                    .then(|| bytes.to_vec())?
            }
            Coding::Facility => return None,
        };
        if self.parts.order == ByteOrder::Reversed {
            bytes.reverse();
        }
        (bytes.len() == n_bytes).then_some(bytes)
    }
}

/// The digits of a number, two a byte.
fn number_bytes(number: CardNumber) -> Vec<u8> {
    let digits = number.reveal();
    let width = digits.len().next_multiple_of(2);
    // Decimal digits are hexadecimal ones, and there is an even number of them.
    hex::decode(format!("{digits:0>width$}")).unwrap_or_default()
}

/// The numbers whose digits these bytes are: with the first zero, and without.
fn numbers_of(bytes: &[u8]) -> impl Iterator<Item = CardNumber> + use<> {
    let digits = hex::encode(bytes);
    let shorter = digits.strip_prefix('0').map(str::to_owned);
    [Some(digits), shorter]
        .into_iter()
        .flatten()
        .filter_map(|digits| digits.parse().ok())
}

/// The bytes as one unsigned number, the first being the most significant;
/// `None` when there are more than 16.
fn integer(bytes: &[u8]) -> Option<u128> {
    let mut wide = [0; 16];
    let start = wide.len().checked_sub(bytes.len())?;
    wide.get_mut(start..)?.copy_from_slice(bytes);
    Some(u128::from_be_bytes(wide))
}

fn facility_text(facility: u8, number: [u8; 2]) -> String {
    format!("{facility:03},{:05}", u16::from_be_bytes(number))
}

/// Facility and number with all their zeros, where a sign parts the two:
/// `77.30211` is `077,30211`. Other texts stay as they are.
fn with_all_zeros(text: &str, prefix: &str) -> String {
    let complete = || {
        let rest = text.strip_prefix(prefix)?;
        let (facility, number) = rest.split_once(|c: char| !c.is_ascii_alphanumeric())?;
        let (facility, number): (u8, u16) = (facility.parse().ok()?, number.parse().ok()?);
        Some(format!(
            "{prefix}{}",
            facility_text(facility, number.to_be_bytes())
        ))
    };
    complete().unwrap_or_else(|| text.to_owned())
}

impl TryFrom<FormParts> for NumberForm {
    type Error = InvalidForm;

    fn try_from(parts: FormParts) -> Result<Self, Self::Error> {
        Self::new(parts)
    }
}

impl From<NumberForm> for FormParts {
    fn from(form: NumberForm) -> Self {
        form.parts
    }
}

#[cfg(test)]
mod tests;
