//! One list for many threads.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::Blacklist;

/// A list that is asked while it changes.
///
/// Whoever asks gets the list as it stands at that moment, whole, and can keep
/// it. A change is prepared on the side and then takes the place of the list in
/// one step: nobody waits for it, however large, and nobody sees half of it.
#[derive(Debug, Default)]
pub struct Shared {
    list: ArcSwap<Blacklist>,
    /// One change at a time.
    changing: Mutex<()>,
}

impl Shared {
    /// Shares a list.
    #[must_use]
    pub fn new(list: Blacklist) -> Self {
        Self {
            list: ArcSwap::from_pointee(list),
            changing: Mutex::default(),
        }
    }

    /// The list as it stands. Never waits.
    #[must_use]
    pub fn now(&self) -> Arc<Blacklist> {
        self.list.load_full()
    }

    /// Changes the list, after the changes under way. What `change` does is seen
    /// when it has returned, and all of it at once; if it panics, nothing is.
    pub fn change<T>(&self, change: impl FnOnce(&mut Blacklist) -> T) -> T {
        let _turn = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list = Blacklist::clone(&self.now());
        let result = change(&mut list);
        self.list.store(Arc::new(list));
        result
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use xueka_domain::{BlockReason, CardKey};

    use super::*;
    use crate::{Change, Entry, Terms};

    fn blocks(n: u64) -> Vec<Change> {
        (0..n)
            .map(|n| {
                Change::Block(Entry {
                    key: CardKey::Number(format!("{n:08}").parse().unwrap()),
                    terms: Terms::of(BlockReason::ByHand),
                })
            })
            .collect()
    }

    #[test]
    fn a_reader_does_not_wait_for_a_change_under_way() {
        let shared = Shared::default();
        let (half_done, is_half_done) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let shared = &shared;
        thread::scope(|scope| {
            scope.spawn(move || {
                shared.change(|list| {
                    list.change(&blocks(1_000)).unwrap();
                    half_done.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    list.advance_to(9);
                });
            });
            is_half_done.recv().unwrap();
            // The change stands still half-way; had readers to wait for it, this
            // test would not end.
            assert!(shared.now().is_empty());
            assert_eq!(shared.now().version(), 0);
            go_on.send(()).unwrap();
        });
        assert_eq!(shared.now().len(), 1_000);
        assert_eq!(shared.now().version(), 9);
    }

    #[test]
    fn readers_see_all_of_a_change_or_nothing() {
        const N: u64 = 2_000;
        const N_ROUNDS: u64 = 40;
        let shared = Shared::default();
        let add = blocks(N);
        let remove: Vec<_> = add
            .iter()
            .map(|change| match change {
                Change::Block(entry) => Change::Unblock {
                    key: entry.key,
                    origin: crate::Origin::Hand,
                },
                Change::Unblock { .. } => *change,
            })
            .collect();
        let keys: Vec<_> = (0..N)
            .map(|n| CardKey::Number(format!("{n:08}").parse().unwrap()))
            .collect();
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut n_looks = 0;
                loop {
                    let list = shared.now();
                    let is_full = list.version() % 2 == 1;
                    let n_found = keys
                        .iter()
                        .filter(|key| list.check(**key).is_some())
                        .count();
                    assert_eq!(n_found, if is_full { keys.len() } else { 0 });
                    n_looks += 1;
                    if list.version() == N_ROUNDS {
                        return n_looks;
                    }
                }
            });
            for version in 1..=N_ROUNDS {
                let changes = if version % 2 == 1 { &add } else { &remove };
                shared.change(|list| {
                    list.change(changes).unwrap();
                    list.advance_to(version);
                });
            }
            assert!(reader.join().unwrap() > 0);
        });
    }

    #[test]
    fn a_change_that_panics_leaves_the_list_as_it_was() {
        let shared = Shared::default();
        let panicked = thread::scope(|scope| {
            let change = scope.spawn(|| {
                shared.change(|list| {
                    list.change(&blocks(5)).unwrap();
                    panic!("as a fault would");
                })
            });
            change.join().is_err()
        });
        assert!(panicked);
        assert!(shared.now().is_empty());
        shared.change(|list| list.change(&blocks(5))).unwrap();
        assert_eq!(shared.now().len(), 5);
    }
}
