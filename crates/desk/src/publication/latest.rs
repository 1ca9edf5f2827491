//! The list that is published and the deltas that led to it of late.

use std::{collections::VecDeque, sync::Arc};

use jiff::Timestamp;
use xueka_blacklist::{Blacklist, Mark};

use super::SignedPart;

/// The most deltas that are kept, and the most bytes of them.
const MOST_PARTS: usize = 1_024;
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The published list. Each delta follows the one before, and the last leads to
/// the list.
#[derive(Debug)]
pub(super) struct Latest {
    list: Arc<Blacklist>,
    made_time: Timestamp,
    parts: VecDeque<Arc<SignedPart>>,
    n_bytes: usize,
}

/// What comes after a list that somebody holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// These deltas, in order.
    Parts(Vec<Arc<SignedPart>>),
    /// Nothing: it is the published one.
    Nothing,
    /// What is not kept.
    Gone,
}

impl Latest {
    pub(super) fn new(list: Arc<Blacklist>, made_time: Timestamp) -> Self {
        Self {
            list,
            made_time,
            parts: VecDeque::new(),
            n_bytes: 0,
        }
    }

    pub(super) fn list(&self) -> &Arc<Blacklist> {
        &self.list
    }

    pub(super) fn made_time(&self) -> Timestamp {
        self.made_time
    }

    /// Takes in the next list with the delta that leads to it; without one,
    /// nobody is led there and the past is gone.
    pub(super) fn publish(
        &mut self,
        list: Arc<Blacklist>,
        part: Option<SignedPart>,
        made_time: Timestamp,
    ) {
        self.list = list;
        self.made_time = made_time;
        let Some(part) = part else {
            self.parts.clear();
            self.n_bytes = 0;
            return;
        };
        // One that says nothing but that the list still stands takes the place
        // of another such.
        let says_nothing = |part: &SignedPart| part.base == Some(part.mark.version);
        if says_nothing(&part)
            && let Some(last) = self.parts.pop_back_if(|last| says_nothing(last))
        {
            self.n_bytes -= last.bytes.len();
        }
        self.n_bytes += part.bytes.len();
        self.parts.push_back(Arc::new(part));
        while self.parts.len() > MOST_PARTS || self.n_bytes > MOST_BYTES {
            let Some(first) = self.parts.pop_front() else {
                break;
            };
            self.n_bytes -= first.bytes.len();
        }
    }

    /// What comes after the list with that mark, of the same epoch.
    pub(super) fn after(&self, held: &Mark) -> Next {
        let follows = |part: &Arc<SignedPart>| part.base == Some(held.version) && part.mark > *held;
        if let Some(first) = self.parts.iter().position(follows) {
            return Next::Parts(self.parts.iter().skip(first).map(Arc::clone).collect());
        }
        if held.version == self.list.version() {
            return Next::Nothing;
        }
        Next::Gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(version: u64, second: i64) -> Mark {
        Mark {
            epoch: 1,
            version,
            made_time: Timestamp::from_second(second).unwrap(),
        }
    }

    fn list(version: u64) -> Arc<Blacklist> {
        let mut list = Blacklist::default();
        list.advance_to(version);
        Arc::new(list)
    }

    fn publish(latest: &mut Latest, base: u64, version: u64, second: i64, n_bytes: usize) {
        let part = SignedPart {
            base: Some(base),
            mark: mark(version, second),
            bytes: vec![0; n_bytes],
        };
        let made_time = part.mark.made_time;
        latest.publish(list(version), Some(part), made_time);
    }

    fn versions(next: Next) -> Vec<(u64, i64)> {
        let Next::Parts(parts) = next else {
            panic!("{next:?}");
        };
        let marks = parts.iter().map(|part| part.mark);
        marks
            .map(|mark| (mark.version, mark.made_time.as_second()))
            .collect()
    }

    #[test]
    fn whoever_follows_gets_what_comes_after() {
        let mut latest = Latest::new(list(5), mark(5, 0).made_time);
        assert_eq!(latest.after(&mark(5, 0)), Next::Nothing);
        publish(&mut latest, 5, 7, 1, 10);
        publish(&mut latest, 7, 7, 2, 10);
        publish(&mut latest, 7, 7, 3, 10);
        publish(&mut latest, 7, 9, 4, 10);
        let all = [(7, 1), (7, 3), (9, 4)];
        assert_eq!(versions(latest.after(&mark(5, 0))), all);
        assert_eq!(versions(latest.after(&mark(7, 1))), all[1..]);
        assert_eq!(versions(latest.after(&mark(7, 3))), all[2..]);
        assert_eq!(latest.after(&mark(9, 4)), Next::Nothing);
        assert_eq!(latest.after(&mark(6, 0)), Next::Gone, "between two");
        assert_eq!(latest.after(&mark(4, 0)), Next::Gone, "before the first");
        assert_eq!(latest.after(&mark(10, 0)), Next::Gone, "of the future");
    }

    #[test]
    fn the_past_is_bounded() {
        let mut latest = Latest::new(list(0), mark(0, 0).made_time);
        for version in 0..1_100 {
            let second = i64::try_from(version).unwrap();
            publish(&mut latest, version, version + 1, second, 10);
        }
        assert_eq!(latest.after(&mark(75, 0)), Next::Gone);
        assert_eq!(versions(latest.after(&mark(76, 0))).len(), MOST_PARTS);
        publish(&mut latest, 1_100, 1_101, 2_000, MOST_BYTES);
        assert_eq!(latest.after(&mark(1_099, 0)), Next::Gone);
        assert_eq!(versions(latest.after(&mark(1_100, 0))).len(), 1);
        latest.publish(list(9_999), None, mark(0, 3_000).made_time);
        assert_eq!(latest.after(&mark(1_101, 2_000)), Next::Gone);
        assert_eq!(latest.after(&mark(9_999, 3_000)), Next::Nothing);
    }
}
