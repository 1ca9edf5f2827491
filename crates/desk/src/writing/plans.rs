//! Plans that were shown to somebody and wait to be carried out.

use std::{
    collections::VecDeque,
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use xueka_cards::WritePlan;
use xueka_domain::CardNumber;

/// The name of a plan: 64 random bits, so that none that was shown by an
/// earlier run of the program is taken for one of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlanId(pub(crate) u64);

/// A text is no name of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a plan is named by 16 hexadecimal digits")]
pub struct InvalidPlanId;

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for PlanId {
    type Err = InvalidPlanId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u64::from_str_radix(text, 16).ok().filter(|_| is_name);
        bits.map(Self).ok_or(InvalidPlanId)
    }
}

/// A plan that waits.
#[derive(Clone, Debug)]
pub(crate) struct WaitingPlan {
    pub(crate) plan: WritePlan,
    /// The number by which the card is on record.
    pub(crate) number: Option<CardNumber>,
}

/// The plans that wait, the newest last.
#[derive(Default)]
pub(crate) struct Plans(Mutex<VecDeque<(PlanId, Timestamp, WaitingPlan)>>);

impl Plans {
    /// How many wait; the oldest makes room.
    const N_WAITING: usize = 64;
    /// How long each waits, in which a clerk decides. It stays when it was
    /// carried out, so that a request that comes again is understood.
    const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

    pub(crate) fn add(&self, id: PlanId, now: Timestamp, plan: WaitingPlan) {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() == Self::N_WAITING {
            plans.pop_front();
        }
        plans.push_back((id, now, plan));
    }

    pub(crate) fn get(&self, id: PlanId, now: Timestamp) -> Option<WaitingPlan> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|(_, since, _)| now.duration_since(*since) < Self::PATIENCE);
        let found = plans.iter().find(|(known, _, _)| *known == id);
        found.map(|(_, _, plan)| plan.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> WaitingPlan {
        WaitingPlan {
            plan: WritePlan {
                uid: "045A137C2B6680".parse().unwrap(),
                steps: Vec::new(),
            },
            number: None,
        }
    }

    fn time(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    #[test]
    fn a_name_comes_back_from_its_text() {
        let id = PlanId(0x00AB_CDEF_0123_4567);
        assert_eq!(id.to_string(), "00abcdef01234567");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "7",
            "+0abcdef01234567",
            "00abcdef012345678",
            "00abcdef0123456g",
        ] {
            assert_eq!(text.parse::<PlanId>(), Err(InvalidPlanId), "{text}");
        }
    }

    #[test]
    fn a_plan_waits_a_while_and_makes_room() {
        let plans = Plans::default();
        plans.add(PlanId(1), time(0), plan());
        assert!(plans.get(PlanId(1), time(14)).is_some());
        assert!(plans.get(PlanId(1), time(14)).is_some(), "again");
        assert!(plans.get(PlanId(2), time(14)).is_none());
        assert!(plans.get(PlanId(1), time(15)).is_none());
        for n in 0..=64 {
            plans.add(PlanId(n), time(20), plan());
        }
        assert!(plans.get(PlanId(0), time(20)).is_none(), "the oldest");
        assert!(plans.get(PlanId(1), time(20)).is_some());
    }
}
