//! From what is known of a card to what is said of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::Offset};

use crate::{
    AssuranceLevel, BlockReason, CardIdentity, CardKey, CardNumber, CardState, NoIdentity, Reason,
    Uid, Verdict,
};

/// Everything that a verdict is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What was asked about.
    pub asked: Asked,
    /// What the register knows of it.
    pub register: RegisterFacts,
    /// How old the register's data is; zero where the register itself answers.
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
    },
}

impl Asked {
    /// What names the card: where to look in the register.
    ///
    /// # Errors
    ///
    /// [`NoIdentity`] when nothing lasting names it: use
    /// [`RegisterFacts::default`], the verdict is `Unreadable`.
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

/// What the register knows of a card, taken at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterFacts {
    /// The card on record; `None` when none has this number or UID.
    pub card: Option<CardFacts>,
    /// The number is blocked by hand.
    pub number_blocked: bool,
    /// The UID is blocked by hand.
    pub uid_blocked: bool,
    /// The UID was seen with another number than the one asked about, and no
    /// hand-out bound it to that other number; or it was asked about alone and
    /// names several cards.
    pub uid_with_other_number: bool,
    /// When the register last changed, by the clock of that time.
    pub last_change: Option<Timestamp>,
    /// The register's version.
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

/// How far the clock may stand before the last change on record and still be
/// trusted: changes and verifications run side by side, and time servers nudge.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// The offset in which "today" is meant: all of China keeps UTC+8, without
/// summer time since 1991.
const SCHOOL_TIME: Offset = Offset::constant(8);

/// Judges a card.
///
/// Several reasons may hold; the first by [`Verdict::ORDER`], then by
/// [`Reason::ALL`], is given.
#[must_use]
pub fn verify(evidence: &Evidence, now: Timestamp) -> Judgement {
    let reason = Reason::ALL
        .into_iter()
        .filter(|reason| holds(*reason, evidence, now))
        .min_by_key(|reason| reason.verdict().rank())
        .unwrap_or(Reason::Good);
    let replaced_by = evidence
        .register
        .card
        .as_ref()
        .and_then(|card| card.replaced_by);
    Judgement {
        verdict: reason.verdict(),
        reason,
        assurance: evidence.asked.assurance(),
        replaced_by: replaced_by.filter(|_| reason.verdict() == Verdict::Replaced),
    }
}

/// Whether one reason, taken by itself, holds.
fn holds(reason: Reason, evidence: &Evidence, now: Timestamp) -> bool {
    let register = &evidence.register;
    let card = register.card.as_ref();
    let blocked_as = |block| card.is_some_and(|card| card.state.blocks() == Some(block));
    match reason {
        Reason::LossReported => blocked_as(BlockReason::Lost),
        Reason::CardDamaged => blocked_as(BlockReason::Damaged),
        Reason::CardSpoilt => blocked_as(BlockReason::Spoilt),
        Reason::CardReplaced => blocked_as(BlockReason::Replaced),
        Reason::CardCancelled => blocked_as(BlockReason::Cancelled),
        Reason::NumberBlocked => register.number_blocked,
        Reason::UidBlocked => register.uid_blocked,
        Reason::ChipAuthenticationFailed => authentication_failed(&evidence.asked),
        Reason::WrongChip => card.is_some_and(|card| is_wrong_chip(&evidence.asked, card)),
        Reason::UidWithOtherNumber => register.uid_with_other_number,
        Reason::NothingRead => evidence.asked.identity() == Err(NoIdentity::NothingRead),
        Reason::RandomUid => evidence.asked.identity() == Err(NoIdentity::RandomUid),
        Reason::ClockBehind => register
            .last_change
            .is_some_and(|last| now.duration_until(last) > CLOCK_TOLERANCE),
        Reason::DataTooOld => evidence
            .allowed_age
            .is_some_and(|allowed| evidence.data_age > allowed),
        Reason::AssuranceTooLow => evidence.asked.assurance() < evidence.minimum_assurance,
        Reason::NotCollected => card.is_some_and(|card| card.state == CardState::Delivered),
        Reason::Expired => validity(evidence).1.is_some_and(|last| today(now) > last),
        Reason::NotYetValid => validity(evidence).0.is_some_and(|first| today(now) < first),
        Reason::NotIssued => card.is_none(),
        Reason::Good => true,
    }
}

fn authentication_failed(asked: &Asked) -> bool {
    matches!(
        asked,
        Asked::Reading {
            authentication_failed: true,
            ..
        }
    )
}

/// Whether the chip in hand is another than the one that was handed out.
///
/// A chip that shows a random UID is another chip than one whose lasting UID
/// was bound; a reading without any UID says nothing of the chip.
fn is_wrong_chip(asked: &Asked, card: &CardFacts) -> bool {
    match (*asked, card.uid) {
        (
            Asked::Reading {
                uid: Some(shown), ..
            },
            Some(bound),
        ) => shown != bound,
        _ => false,
    }
}

/// First and last day of validity: the record's where it has them, for the
/// register may limit a card otherwise than the transit company; else the
/// card's own.
fn validity(evidence: &Evidence) -> (Option<Date>, Option<Date>) {
    let card = evidence.register.card.as_ref();
    let (own_from, own_until) = match evidence.asked {
        Asked::Reading {
            valid_from,
            valid_until,
            ..
        } => (valid_from, valid_until),
        Asked::Key(_) => (None, None),
    };
    (
        card.and_then(|card| card.valid_from).or(own_from),
        card.and_then(|card| card.valid_until).or(own_until),
    )
}

/// The date at the school.
fn today(now: Timestamp) -> Date {
    SCHOOL_TIME.to_datetime(now).date()
}
