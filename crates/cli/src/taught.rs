//! A card and its print, as they are typed together.

use std::str::FromStr;

use thiserror::Error;
use xueka_api::v1::TaughtCard;
use xueka_domain::{CardNumber, Printed, Uid};

/// What is printed on a card, and by what the card is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaughtPair {
    printed: Printed,
    card: Known,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Number(CardNumber),
    Uid(Uid),
}

/// Why a text is no such pair.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidPair {
    /// There is no `=`, or nothing says what stands behind it.
    #[error("write the print, =, and uid:HEX or number:DIGITS")]
    Form,
    /// One of the two makes no sense.
    #[error("{0}")]
    Part(String),
}

impl FromStr for TaughtPair {
    type Err = InvalidPair;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (printed, card) = text.rsplit_once('=').ok_or(InvalidPair::Form)?;
        let card = match card.split_once(':') {
            Some(("uid", uid)) => Known::Uid(part(uid)?),
            Some(("number", number)) => Known::Number(part(number)?),
            _ => return Err(InvalidPair::Form),
        };
        Ok(Self {
            printed: part(printed)?,
            card,
        })
    }
}

fn part<T: FromStr<Err: ToString>>(text: &str) -> Result<T, InvalidPair> {
    text.parse()
        .map_err(|error: T::Err| InvalidPair::Part(error.to_string()))
}

/// The pair as the protocol has it.
impl From<&TaughtPair> for TaughtCard {
    fn from(pair: &TaughtPair) -> Self {
        match pair.card {
            Known::Number(number) => taught(&pair.printed, Some(number), None),
            Known::Uid(uid) => taught(&pair.printed, None, Some(uid)),
        }
    }
}

/// A card and its print in the words of the protocol.
pub(crate) fn taught(
    printed: &Printed,
    number: Option<CardNumber>,
    uid: Option<Uid>,
) -> TaughtCard {
    TaughtCard {
        printed: printed.reveal().to_owned(),
        card_number: number.map(CardNumber::reveal).unwrap_or_default(),
        uid: uid.map(|uid| uid.reveal().to_vec()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_says_what_is_printed_on_which_card() {
        let card = |text: &str| TaughtCard::from(&text.parse::<TaughtPair>().unwrap());
        let by_uid = card("0514229873=uid:1E:A6:86:71");
        assert_eq!(by_uid.printed, "0514229873");
        assert_eq!(by_uid.uid, [0x1E, 0xA6, 0x86, 0x71]);
        let by_number = card("1234567=number:1000751012345678");
        assert_eq!(by_number.card_number, "1000751012345678");
        assert!(by_number.uid.is_empty());
        for wrong in [
            "0514229873",
            "1234=1EA68671",
            "1234=uid:1E",
            "12=uid:1EA68671",
        ] {
            assert!(wrong.parse::<TaughtPair>().is_err(), "{wrong}");
        }
    }
}
