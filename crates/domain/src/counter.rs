//! Counts that a chip carries and that only ever rise: a card that shows less
//! than was seen of it before is an older copy of itself.
//!
//! That is a hint, not a proof: a copy made after the last count shows the same,
//! and a chip that lost its newest record shows the one before.

/// Which count of a card it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counter {
    /// How often the school's record on the card was written, where the record
    /// is kept in two copies with a sequence number each.
    RecordWrites,
    /// The number of the newest load in a purse's log.
    PurseLoads,
    /// The number of the newest payment in a purse's log, rides among them. A
    /// purse numbers what it pays apart from what it is loaded with.
    PursePayments,
}

impl Counter {
    /// Every counter.
    pub const ALL: [Self; 3] = [Self::RecordWrites, Self::PurseLoads, Self::PursePayments];

    /// A stable upper-case word for it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::RecordWrites => "RECORD_WRITES",
            Self::PurseLoads => "PURSE_LOADS",
            Self::PursePayments => "PURSE_PAYMENTS",
        }
    }
}

/// The state of a count. It has two bytes, and 65,535 is followed by 0; so of
/// two states that one counts as the later which is reached from the other by
/// fewer than half of all steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Count(pub u16);

impl Count {
    /// Whether this state came before another.
    #[must_use]
    pub fn is_behind(self, other: Self) -> bool {
        self != other && other.0.wrapping_sub(self.0) < 0x8000
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_state_with_fewer_steps_to_the_other_is_behind() {
        let cases = [
            (1, 2, true, "one step"),
            (2, 1, false, "and back"),
            (7, 7, false, "the same"),
            (0xFFFF, 0, true, "over the end"),
            (0, 0xFFFF, false, "and back over the end"),
            (0, 0x7FFF, true, "nearly half of all"),
            (0x7FFF, 0, false, "and back"),
        ];
        for (one, other, expected, why) in cases {
            assert_eq!(Count(one).is_behind(Count(other)), expected, "{why}");
        }
    }

    #[test]
    fn each_counter_has_its_own_code() {
        let mut codes = Counter::ALL.map(Counter::code).to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Counter::ALL.len());
    }

    proptest! {
        #[test]
        fn of_two_states_one_at_most_is_behind(one: u16, other: u16) {
            let (one, other) = (Count(one), Count(other));
            prop_assert!(!(one.is_behind(other) && other.is_behind(one)));
        }
    }
}
