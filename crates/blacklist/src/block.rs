//! What the index says of one key.

use xueka_domain::BlockReason;

use crate::{Day, SourceId};

/// On which terms a number or UID is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Why.
    pub reason: BlockReason,
    /// Who put it on the list.
    pub source: SourceId,
    /// The first day on which it is blocked; `None` when there was no time
    /// before.
    pub from: Option<Day>,
    /// The last day on which it is blocked; `None` when no end is set.
    pub until: Option<Day>,
}

impl Terms {
    /// Blocked by the registry itself, without beginning or end.
    #[must_use]
    pub fn of(reason: BlockReason) -> Self {
        Self {
            reason,
            source: SourceId::REGISTRY,
            from: None,
            until: None,
        }
    }

    /// Whether they block on that day.
    #[must_use]
    pub fn hold_on(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// What made a block. For each key at most one block of each origin holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// The state of the card.
    State,
    /// An operator.
    Hand,
}

impl Origin {
    /// Both.
    pub const ALL: [Self; 2] = [Self::State, Self::Hand];

    /// Where a block with that reason comes from.
    #[must_use]
    pub fn of(reason: BlockReason) -> Self {
        if reason.is_by_hand() {
            Self::Hand
        } else {
            Self::State
        }
    }
}

/// Why a number or UID is blocked: from its card's state, by hand, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Whichever is told first; from the card's state when there is one.
    first: Terms,
    /// By hand, beside one from the card's state.
    second: Option<Terms>,
}

impl Block {
    pub(crate) fn new(by_state: Option<Terms>, by_hand: Option<Terms>) -> Option<Self> {
        Some(Self {
            first: by_state.or(by_hand)?,
            second: by_state.and(by_hand),
        })
    }

    /// The terms of one origin, if it blocks.
    #[must_use]
    pub fn by(&self, origin: Origin) -> Option<Terms> {
        [Some(self.first), self.second]
            .into_iter()
            .flatten()
            .find(|terms| Origin::of(terms.reason) == origin)
    }

    /// The terms to tell when only one can be told, whatever the day: those
    /// from the card's state, as in the order of verdicts.
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.first
    }

    /// The same of those terms that hold on a day; `None` when none do, so that
    /// the card is not blocked on it.
    #[must_use]
    pub fn terms_on(&self, day: Day) -> Option<Terms> {
        [Some(self.first), self.second]
            .into_iter()
            .flatten()
            .find(|terms| terms.hold_on(day))
    }

    /// The reason among [`terms`](Self::terms).
    #[must_use]
    pub fn reason(self) -> BlockReason {
        self.first.reason
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day(day: i8) -> Day {
        Day::try_from(date(2026, 9, day)).unwrap()
    }

    #[test]
    fn terms_hold_from_the_first_day_to_the_last() {
        let cases = [
            (None, None, [true, true, true], "always"),
            (Some(2), None, [false, true, true], "from the second on"),
            (None, Some(2), [true, true, false], "the second included"),
            (Some(2), Some(2), [false, true, false], "one day"),
            (
                Some(3),
                Some(1),
                [false, false, false],
                "ends before it begins",
            ),
        ];
        for (from, until, expected, why) in cases {
            let terms = Terms {
                from: from.map(day),
                until: until.map(day),
                ..Terms::of(BlockReason::ByHand)
            };
            let held = [1, 2, 3].map(|n| terms.hold_on(day(n)));
            assert_eq!(held, expected, "{why}");
        }
    }

    #[test]
    fn the_state_is_told_before_the_hand_while_it_holds() {
        let lost = Terms {
            until: Some(day(2)),
            ..Terms::of(BlockReason::Lost)
        };
        let hand = Terms::of(BlockReason::ByHand);
        let both = Block::new(Some(lost), Some(hand)).unwrap();
        assert_eq!(both.reason(), BlockReason::Lost);
        assert_eq!(both.terms_on(day(2)), Some(lost));
        assert_eq!(both.terms_on(day(3)), Some(hand));
        assert_eq!(both.by(Origin::State), Some(lost));
        assert_eq!(both.by(Origin::Hand), Some(hand));
        let only = Block::new(None, Some(hand)).unwrap();
        assert_eq!(only.by(Origin::State), None);
        assert_eq!(only.by(Origin::Hand), Some(hand));
        assert_eq!(Block::new(None, None), None);
    }
}
