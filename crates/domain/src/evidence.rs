//! What is known of a card when it is judged, and what is said of it.

use std::time::Duration;

use jiff::{Timestamp, civil::Date};

use crate::{
    AssuranceLevel, CardIdentity, CardKey, CardNumber, CardState, Count, NoIdentity, Reason, Uid,
    Verdict,
};

/// Everything that a verdict is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What was asked about.
    pub asked: Asked,
    /// What the registry knows of it.
    pub registry: RegistryFacts,
    /// How old the registry's data is; zero where the registry itself answers.
    pub data_age: Duration,
    /// How old it may be; `None` when any age will do.
    pub allowed_age: Option<Duration>,
    /// The least assurance that the caller accepts.
    pub minimum_assurance: AssuranceLevel,
}

/// What was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A number or UID that was typed or sent; no card was read.
    Key(CardKey),
    /// A card that was read.
    Reading {
        /// Its number, where it gave one.
        number: Option<CardNumber>,
        /// Its UID, where it gave one; it may be a random one.
        uid: Option<Uid>,
        /// First day of validity that the card itself states.
        valid_from: Option<Date>,
        /// Last day of validity that the card itself states.
        valid_until: Option<Date>,
        /// How far the reading can be trusted.
        assurance: AssuranceLevel,
        /// The chip was asked to prove its key and failed.
        authentication_failed: bool,
        /// The same card was read in another reader's field at the same time:
        /// one of the two is a copy.
        in_two_places: bool,
        /// How often the school's record on it was written, by its own count;
        /// `None` where it keeps none.
        record_writes: Option<Count>,
    },
}

impl Asked {
    /// What names the card: where to look in the registry.
    ///
    /// # Errors
    ///
    /// [`NoIdentity`] when nothing lasting names it: use
    /// [`RegistryFacts::default`], the verdict is `Unreadable`.
    pub fn identity(&self) -> Result<CardIdentity, NoIdentity> {
        let (number, uid) = match *self {
            Self::Key(key) => key.into(),
            Self::Reading { number, uid, .. } => (number, uid),
        };
        CardIdentity::new(number, uid)
    }

    /// How far what was asked can be trusted.
    #[must_use]
    pub fn assurance(&self) -> AssuranceLevel {
        match *self {
            Self::Key(_) => AssuranceLevel::NothingRead,
            Self::Reading { assurance, .. } => assurance,
        }
    }
}

/// What the registry knows of a card, taken at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryFacts {
    /// The card on record; `None` when none has this number or UID.
    pub card: Option<CardFacts>,
    /// The number is blocked by hand.
    pub number_blocked: bool,
    /// The UID is blocked by hand.
    pub uid_blocked: bool,
    /// The UID was seen with another number than the one asked about, while no
    /// hand-out or list bound it to this one; or it was asked about alone and
    /// names several cards.
    pub uid_with_other_number: bool,
    /// When the registry last changed, by the clock of that time.
    pub last_change: Option<Timestamp>,
    /// The registry's version.
    pub version: u64,
}

/// The part of a card's record that verification needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFacts {
    /// Where it stands in its life.
    pub state: CardState,
    /// The UID bound at the hand-out tap.
    pub uid: Option<Uid>,
    /// First day of validity on record.
    pub valid_from: Option<Date>,
    /// Last day of validity on record.
    pub valid_until: Option<Date>,
    /// The number of the card that took its place.
    pub replaced_by: Option<CardNumber>,
    /// The latest count of writes that was seen on it; `None` when none was.
    pub record_writes: Option<Count>,
}

/// What is said of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What verification concludes.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The assurance that was reached.
    pub assurance: AssuranceLevel,
    /// The card that took its place, for callers allowed to know; only with
    /// [`Verdict::Replaced`].
    pub replaced_by: Option<CardNumber>,
}
