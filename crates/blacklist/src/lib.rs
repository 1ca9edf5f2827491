//! The exact blacklist index.
//!
//! Says in memory, without a database and without ever being wrong, whether a
//! card number or UID is blocked and why. Plain data: whoever shares it between
//! threads puts a lock around it.

mod block;
mod table;

pub use block::Block;
use table::Tables;
use xueka_domain::{BlockChange, BlockEntry, CardKey};

/// Every blocked number and UID.
///
/// The registry feeds it: all entries once with [`extend`](Self::extend), then
/// each change with [`apply`](Self::apply).
#[derive(Clone, Debug, Default)]
pub struct Blacklist {
    tables: Tables,
    version: u64,
}

impl Blacklist {
    /// Takes in many entries at once, while the index is being loaded. A key
    /// may come twice, with a reason by hand and one from a card's state.
    ///
    /// Entries that were fetched first and are put in place together come in
    /// about three times as fast as entries put in place while they are
    /// fetched, because the processor overlaps the waits for memory. Chunks
    /// of some ten thousand are enough for that.
    pub fn extend(&mut self, entries: &[BlockEntry]) {
        self.tables.extend(entries);
    }

    /// Takes in one change of the registry.
    ///
    /// Changes come in the order in which the registry made them. Telling the
    /// latest ones a second time, in their order, ends in the same index, so a
    /// feed may begin before the version of the first load.
    pub fn apply(&mut self, change: &BlockChange) {
        self.tables.apply(change);
        self.advance_to(change.version);
    }

    /// Notes that the registry has reached `version`, though nothing of the
    /// blacklist changed by it. Never goes back.
    pub fn advance_to(&mut self, version: u64) {
        self.version = self.version.max(version);
    }

    /// What is known of one number or UID; `None` when it is not blocked.
    #[must_use]
    pub fn check(&self, key: CardKey) -> Option<Block> {
        self.tables.get(key)
    }

    /// How many numbers and UIDs are blocked; one that is blocked both by hand
    /// and by its card's state counts once.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Whether nothing is blocked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The registry's version up to which the index has followed it.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use xueka_domain::{BlockReason, CardNumber, Effect, Uid};

    use super::*;

    /// Keys that look alike to a careless index: numbers of all lengths with
    /// the same value, UIDs of all lengths with the same bytes.
    fn key() -> impl Strategy<Value = CardKey> {
        let number = (0_u64..4, CardNumber::MIN_DIGITS..=CardNumber::MAX_DIGITS).prop_map(
            |(value, n_digits)| CardKey::Number(format!("{value:0n_digits$}").parse().unwrap()),
        );
        let uid = (0_u8..4, proptest::sample::select(vec![4, 7, 8, 10])).prop_map(
            |(last, n_bytes): (u8, usize)| {
                let mut bytes = vec![0; n_bytes];
                bytes[n_bytes - 1] = last;
                CardKey::Uid(Uid::try_from(bytes.as_slice()).unwrap())
            },
        );
        prop_oneof![number, uid]
    }

    fn reason() -> impl Strategy<Value = BlockReason> {
        proptest::sample::select(&BlockReason::ALL[..])
    }

    /// The same as the index in two plain maps, by hand and by state.
    #[derive(Default)]
    struct Model([BTreeMap<CardKey, BlockReason>; 2]);

    impl Model {
        fn apply(&mut self, change: &BlockChange) {
            let map = &mut self.0[usize::from(change.reason.is_by_hand())];
            match change.effect {
                Effect::Blocked => map.insert(change.key, change.reason),
                Effect::Unblocked => map.remove(&change.key),
            };
        }

        fn check(&self, index: &Blacklist, key: CardKey) {
            let [by_state, by_hand] = &self.0;
            let block = index.check(key);
            let found = block.and_then(Block::by_state);
            assert_eq!(found, by_state.get(&key).copied(), "{key:?}");
            let is_by_hand = block.is_some_and(Block::is_by_hand);
            assert_eq!(is_by_hand, by_hand.contains_key(&key), "{key:?}");
        }

        fn len(&self) -> usize {
            let [by_state, by_hand] = &self.0;
            let only_by_hand = by_hand.keys().filter(|key| !by_state.contains_key(key));
            by_state.len() + only_by_hand.count()
        }

        fn entries(&self) -> Vec<BlockEntry> {
            let entries = self.0.iter().flatten().map(|(key, reason)| BlockEntry {
                key: *key,
                reason: *reason,
                version: 1,
            });
            entries.collect()
        }
    }

    proptest! {
        #[test]
        fn the_index_is_as_exact_as_a_plain_map(
            steps in proptest::collection::vec((key(), reason(), any::<bool>()), 0..400),
            asked in proptest::collection::vec(key(), 0..100),
        ) {
            let mut index = Blacklist::default();
            let mut model = Model::default();
            for ((key, reason, blocked), version) in steps.into_iter().zip(1..) {
                let effect = if blocked { Effect::Blocked } else { Effect::Unblocked };
                let change = BlockChange { key, effect, reason, version };
                index.apply(&change);
                model.apply(&change);
                model.check(&index, key);
                prop_assert_eq!(index.len(), model.len());
                prop_assert_eq!(index.version(), version);
                if blocked {
                    prop_assert_eq!(index.check(key).map(Block::version), Some(version));
                }
            }
            let mut loaded = Blacklist::default();
            for chunk in model.entries().chunks(7) {
                loaded.extend(chunk);
            }
            prop_assert_eq!(loaded.len(), model.len());
            for key in asked {
                model.check(&index, key);
                model.check(&loaded, key);
            }
        }

        #[test]
        fn telling_the_latest_changes_twice_changes_nothing(
            steps in proptest::collection::vec((key(), reason(), any::<bool>()), 1..60),
            twice in any::<proptest::sample::Index>(),
        ) {
            let changes: Vec<_> = steps
                .into_iter()
                .zip(1..)
                .map(|((key, reason, blocked), version)| {
                    let effect = if blocked { Effect::Blocked } else { Effect::Unblocked };
                    BlockChange { key, effect, reason, version }
                })
                .collect();
            let mut once = Blacklist::default();
            for change in &changes {
                once.apply(change);
            }
            let mut repeated = once.clone();
            let from = twice.index(changes.len());
            for change in &changes[from..] {
                repeated.apply(change);
            }
            prop_assert_eq!(repeated.len(), once.len());
            prop_assert_eq!(repeated.version(), once.version());
            for change in &changes {
                let reasons = |index: &Blacklist| {
                    index.check(change.key).map(|block| (block.by_state(), block.is_by_hand()))
                };
                prop_assert_eq!(reasons(&repeated), reasons(&once));
            }
        }
    }

    #[test]
    fn the_version_never_goes_back() {
        let mut index = Blacklist::default();
        assert!(index.is_empty());
        index.advance_to(5);
        index.advance_to(3);
        assert_eq!(index.version(), 5);
        index.advance_to(8);
        assert_eq!(index.version(), 8);
    }
}
