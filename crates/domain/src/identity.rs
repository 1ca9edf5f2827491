//! By what a card is named.

use thiserror::Error;

use crate::{CardNumber, Uid};

/// A number or a UID that names a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CardKey {
    /// The card number.
    Number(CardNumber),
    /// The UID of its chip.
    Uid(Uid),
}

/// What a card in hand says of itself that lasts: its number, its UID, or both.
///
/// A random UID never becomes part of an identity, so nothing built on this
/// type can enrol one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CardIdentity {
    number: Option<CardNumber>,
    uid: Option<Uid>,
}

/// Why a card has no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoIdentity {
    /// It gave neither a number nor a UID.
    #[error("the card gave neither a number nor a UID")]
    NothingRead,
    /// It gave only a UID that it makes up anew at each tap.
    #[error("the card has no number and makes up a new UID at each tap")]
    RandomUid,
}

impl CardIdentity {
    /// Takes what was read or listed; a random UID is left out.
    ///
    /// # Errors
    ///
    /// [`NoIdentity`] when nothing that lasts remains: the card cannot be
    /// issued or recognised.
    pub fn new(number: Option<CardNumber>, uid: Option<Uid>) -> Result<Self, NoIdentity> {
        let lasting = uid.filter(|uid| !uid.is_random());
        match (number, lasting) {
            (None, None) if uid.is_some() => Err(NoIdentity::RandomUid),
            (None, None) => Err(NoIdentity::NothingRead),
            (number, uid) => Ok(Self { number, uid }),
        }
    }

    /// The card number, when there is one.
    #[must_use]
    pub fn number(&self) -> Option<CardNumber> {
        self.number
    }

    /// The lasting UID, when there is one.
    #[must_use]
    pub fn uid(&self) -> Option<Uid> {
        self.uid
    }
}

impl From<CardKey> for (Option<CardNumber>, Option<Uid>) {
    fn from(key: CardKey) -> Self {
        match key {
            CardKey::Number(number) => (Some(number), None),
            CardKey::Uid(uid) => (None, Some(uid)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_uid_is_no_identity() {
        let number: CardNumber = "1000751012340678".parse().unwrap();
        let random: Uid = "08A1B2C3".parse().unwrap();
        let fixed: Uid = "1EA68671".parse().unwrap();
        let cases = [
            (None, None, Err(NoIdentity::NothingRead)),
            (None, Some(random), Err(NoIdentity::RandomUid)),
            (None, Some(fixed), Ok((None, Some(fixed)))),
            (Some(number), Some(random), Ok((Some(number), None))),
            (Some(number), Some(fixed), Ok((Some(number), Some(fixed)))),
        ];
        for (number, uid, expected) in cases {
            let identity = CardIdentity::new(number, uid);
            let parts = identity.map(|identity| (identity.number(), identity.uid()));
            assert_eq!(parts, expected);
        }
    }
}
