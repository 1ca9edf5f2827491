//! Writes to cards, as the journal keeps them.

use std::fmt;

use jiff::Timestamp;
use xueka_domain::{CardIdentity, CardNumber, Uid};

/// The name of one entry in the journal of card writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardWriteId(pub u64);

/// What stands on a card and what shall, as a text that the registry keeps
/// while the write is open and never looks into.
///
/// It is personal: `Debug` shows its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct PlanText(Box<str>);

/// A write to a card that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCardWrite {
    /// The card's fixed UID.
    pub uid: Uid,
    /// The number by which the card is on record: the one it shows or, where it
    /// shows none, the one that it shall show.
    pub number: Option<CardNumber>,
    /// What is written.
    pub plan: PlanText,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteOutcome {
    /// The card holds what was planned.
    Written,
    /// The card holds what it held before.
    RolledBack,
    /// The card cannot be used any more.
    Spoilt,
}

/// An entry in the journal of card writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardWrite {
    /// Its name.
    pub id: CardWriteId,
    /// The card's fixed UID.
    pub uid: Uid,
    /// The card on record, if there is one.
    pub card: Option<CardIdentity>,
    /// What is written; `None` once the write is closed.
    pub plan: Option<PlanText>,
    /// When it was begun.
    pub open_time: Timestamp,
    /// How and when it ended; `None` while it is open.
    pub end: Option<(WriteOutcome, Timestamp)>,
}

impl PlanText {
    /// Takes a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The whole text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plan of {} bytes", self.0.len())
    }
}

impl WriteOutcome {
    /// All outcomes.
    pub const ALL: [Self; 3] = [Self::Written, Self::RolledBack, Self::Spoilt];

    /// The outcome as a stable upper-case word for programs, such as `WRITTEN`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Written => "WRITTEN",
            Self::RolledBack => "ROLLED_BACK",
            Self::Spoilt => "SPOILT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_does_not_show_itself() {
        let plan = PlanText::new("1000751012345678".to_owned());
        assert_eq!(format!("{plan:?}"), "plan of 16 bytes");
        assert_eq!(plan.reveal(), "1000751012345678");
    }
}
