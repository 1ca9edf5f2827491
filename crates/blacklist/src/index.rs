//! The index itself.

use std::{
    array, fmt,
    hash::{BuildHasher, RandomState},
};

use xueka_domain::{BlockChange, CardKey};

use crate::{
    BlacklistError, Block, Change, Fingerprint, Origin, SourceId,
    page::Stored,
    row::{N_TABLES, Packed, Row, Value},
    source::Sources,
    table::{Spread, Table},
};

/// Every blocked number and UID, exactly.
///
/// One table for each length of number and of UID, so that an integer is the
/// whole key: a number of 19 digits fits 64 bits, and leading zeros count.
/// Sixteen bytes an entry, and about half a byte for what holds them together.
///
/// A clone costs as little as a few dozen pointers and stands still while the
/// original changes: [`Shared`](crate::Shared) makes use of that. Fill a large
/// one with a [`Builder`](crate::Builder).
#[derive(Clone)]
pub struct Blacklist {
    pub(crate) tables: [Table; N_TABLES],
    pub(crate) sources: Sources,
    /// Makes keys spread in a way that nobody outside can foresee.
    pub(crate) seed: u64,
    pub(crate) version: u64,
    pub(crate) fingerprint: Fingerprint,
}

impl Default for Blacklist {
    fn default() -> Self {
        Self {
            tables: array::from_fn(|_| Table::default()),
            sources: Sources::default(),
            seed: RandomState::new().hash_one(()),
            version: 0,
            fingerprint: Fingerprint::default(),
        }
    }
}

impl Blacklist {
    /// What is known of one number or UID; `None` when it has no entry. Whether
    /// the entry blocks on a given day, [`Block::terms_on`] says.
    #[must_use]
    #[inline]
    pub fn check(&self, key: CardKey) -> Option<Block> {
        let (table, value) = Value::of(key);
        let [by_state, by_hand] = self.tables.get(table)?.find(value, self.seed);
        Block::new(
            by_state.and_then(Packed::terms),
            by_hand.and_then(Packed::terms),
        )
    }

    /// Takes in one change of the registry, and its version.
    ///
    /// Changes come in the order in which the registry made them. Telling the
    /// latest ones a second time, in their order, ends in the same index, so a
    /// feed may begin before the version of the first load.
    pub fn apply(&mut self, change: &BlockChange) {
        let (table, row) = Row::of(&Change::from(change));
        self.edit(table, vec![Stored::new(row, self.seed)]);
        self.advance_to(change.version);
    }

    /// Takes in many changes; of two for the same key and origin the later one
    /// counts. Much faster than one by one.
    ///
    /// # Errors
    ///
    /// [`BlacklistError::UnknownSource`]; nothing was changed then.
    pub fn change(&mut self, changes: &[Change]) -> Result<(), BlacklistError> {
        let has_source = |change: &Change| match change {
            Change::Block(entry) => self.sources.has(entry.terms.source),
            Change::Unblock { .. } => true,
        };
        if !changes.iter().all(has_source) {
            return Err(BlacklistError::UnknownSource);
        }
        self.edit_rows(changes.iter().map(Row::of));
        Ok(())
    }

    /// Makes changes given as rows with the positions of their tables.
    pub(crate) fn edit_rows(&mut self, rows: impl Iterator<Item = (usize, Row)>) {
        let mut edits: [Vec<Stored>; N_TABLES] = array::from_fn(|_| Vec::new());
        for (table, row) in rows {
            if let Some(edits) = edits.get_mut(table) {
                edits.push(Stored::new(row, self.seed));
            }
        }
        for (table, edits) in edits.into_iter().enumerate() {
            self.edit(table, edits);
        }
    }

    fn edit(&mut self, position: usize, edits: Vec<Stored>) {
        let spread = Spread {
            seed: self.seed,
            table: position,
        };
        if let Some(table) = self.tables.get_mut(position) {
            let print = table.edit(edits, spread);
            self.fingerprint.0 = self.fingerprint.0.wrapping_add(print);
        }
    }

    /// Notes that the registry has reached `version`, though nothing of the
    /// blacklist changed by it. Never goes back.
    pub fn advance_to(&mut self, version: u64) {
        self.version = self.version.max(version);
    }

    /// The number of a source's name, a new one when it has none yet.
    ///
    /// # Errors
    ///
    /// [`BlacklistError::NotASourceName`] and
    /// [`BlacklistError::TooManySources`].
    pub fn source_id(&mut self, name: &str) -> Result<SourceId, BlacklistError> {
        self.sources.id(name)
    }

    /// The name of a source.
    #[must_use]
    pub fn source_name(&self, source: SourceId) -> Option<&str> {
        self.sources.name(source)
    }

    /// How many numbers and UIDs have an entry; one that is blocked both by hand
    /// and by its card's state counts once.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.iter().map(Table::n_keys).sum()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The registry's version up to which the index has followed it.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What lists with the same entries share, whatever their versions.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// All keys, each with what is known of it, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (CardKey, Block)> {
        let tables = self.tables.iter().enumerate();
        tables.flat_map(move |(position, table)| {
            table.rows(self.seed).filter_map(move |row| {
                let [by_state, by_hand] = table.find(row.value, self.seed);
                // A key with two entries is told by the one from the state.
                if row.packed.origin() == Origin::Hand && by_state.is_some() {
                    return None;
                }
                let block = Block::new(
                    by_state.and_then(Packed::terms),
                    by_hand.and_then(Packed::terms),
                );
                Some((row.value.key(position)?, block?))
            })
        })
    }

    /// How many bytes the entries take on the heap, with all that holds them
    /// together and what a usual allocator adds to each piece. What clones
    /// share is counted in each.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let tables: usize = self.tables.iter().map(Table::heap_bytes).sum();
        tables + self.sources.heap_bytes()
    }
}

/// Says how much there is, and no key.
impl fmt::Debug for Blacklist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blacklist")
            .field("n_keys", &self.len())
            .field("version", &self.version)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use xueka_domain::{BlockReason, Effect};

    use super::*;
    use crate::{
        Builder, Entry, Terms,
        testing::{Model, change, empty, entry, key},
    };

    /// Numbers that fill several pages and chapters, one after the other.
    fn dense(n: u64) -> impl Iterator<Item = Entry> {
        (0..n).map(|n| Entry {
            key: CardKey::Number(format!("10007510{n:08}").parse().unwrap()),
            terms: Terms::of(BlockReason::Lost),
        })
    }

    proptest! {
        #[test]
        fn the_index_is_as_exact_as_a_plain_map(
            batches in proptest::collection::vec(proptest::collection::vec(change(), 0..60), 0..8),
            asked in proptest::collection::vec(key(), 0..60),
        ) {
            let mut list = empty();
            let mut model = Model::default();
            for batch in &batches {
                list.change(batch).unwrap();
                for change in batch {
                    model.apply(change);
                }
                model.assert_same(&list);
                for key in &asked {
                    prop_assert_eq!(list.check(*key), model.check(*key));
                }
            }
            // The same entries by another way give the same fingerprint.
            let mut builder = Builder::with_sources_of(&list);
            builder.extend(model.entries()).unwrap();
            let built = builder.finish(7);
            model.assert_same(&built);
            prop_assert_eq!(built.fingerprint(), list.fingerprint());
            prop_assert_eq!(built.version(), 7);
        }

        #[test]
        fn a_builder_takes_the_later_of_two(
            entries in proptest::collection::vec(entry(), 0..200),
        ) {
            let mut builder = Builder::with_sources_of(&empty());
            let mut model = Model::default();
            builder.extend(entries.iter().copied()).unwrap();
            for entry in &entries {
                model.apply(&Change::Block(*entry));
            }
            let list = builder.finish(1);
            model.assert_same(&list);
            let mut changed = empty();
            let changes: Vec<_> = entries.into_iter().map(Change::Block).collect();
            changed.change(&changes).unwrap();
            prop_assert_eq!(list.fingerprint(), changed.fingerprint());
        }

        #[test]
        fn a_clone_stands_still(
            first in proptest::collection::vec(change(), 0..60),
            second in proptest::collection::vec(change(), 0..60),
        ) {
            let mut list = empty();
            list.change(&first).unwrap();
            let mut model = Model::default();
            for change in &first {
                model.apply(change);
            }
            let before = list.clone();
            list.change(&second).unwrap();
            model.assert_same(&before);
        }

        #[test]
        fn lists_that_differ_have_other_fingerprints(
            common in proptest::collection::vec(change(), 0..60),
            one in change(),
        ) {
            let mut list = empty();
            list.change(&common).unwrap();
            let before = list.clone();
            list.change(&[one]).unwrap();
            let same = list.iter().all(|(key, block)| before.check(key) == Some(block))
                && before.len() == list.len();
            prop_assert_eq!(same, list.fingerprint() == before.fingerprint());
        }

        #[test]
        fn telling_the_latest_changes_twice_changes_nothing(
            steps in proptest::collection::vec(
                (key(), proptest::sample::select(&BlockReason::ALL[..]), any::<bool>()),
                1..60,
            ),
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
            let mut model = Model::default();
            for change in &changes {
                once.apply(change);
                model.apply(&Change::from(change));
                prop_assert_eq!(once.version(), change.version);
            }
            model.assert_same(&once);
            let mut repeated = once.clone();
            for change in &changes[twice.index(changes.len())..] {
                repeated.apply(change);
            }
            prop_assert_eq!(repeated.fingerprint(), once.fingerprint());
            prop_assert_eq!(repeated.version(), once.version());
        }
    }

    #[test]
    fn a_large_list_grows_and_shrinks_and_stays_exact() {
        const N: u64 = 300_000;
        let blocks: Vec<_> = dense(N).map(Change::Block).collect();
        let ends: Vec<_> = dense(N)
            .map(|entry| Change::Unblock {
                key: entry.key,
                origin: Origin::State,
            })
            .collect();
        let mut list = Blacklist::default();
        // Many sizes of batch, so that pages are split in between.
        let mut rest = blocks.as_slice();
        let mut size = 1;
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(size.min(rest.len()));
            list.change(batch).unwrap();
            rest = after;
            size *= 3;
        }
        let mut builder = Builder::default();
        builder.extend(dense(N)).unwrap();
        let built = builder.finish(0);
        assert_eq!(list.fingerprint(), built.fingerprint());
        assert_eq!(list.len() as u64, N);
        assert!(dense(N).all(|entry| list.check(entry.key).is_some()));
        assert!(dense(N).all(|entry| built.check(entry.key).is_some()));

        let full = list.heap_bytes();
        let (one, others) = ends.split_last().unwrap();
        list.change(others).unwrap();
        assert_eq!(list.len(), 1);
        assert!(list.heap_bytes() < full / 1000, "memory comes back");
        list.change(std::slice::from_ref(one)).unwrap();
        assert!(list.is_empty());
        assert_eq!(list.fingerprint(), Fingerprint::default());
    }

    #[test]
    fn an_entry_takes_less_than_24_bytes_at_any_size() {
        for n in [10_000, 70_000, 131_073, 262_144, 262_145, 400_000] {
            let mut builder = Builder::default();
            builder.extend(dense(n)).unwrap();
            let built = builder.finish(0);
            let built = built.heap_bytes() as u64;
            assert!(built <= 18 * n, "{built} bytes for {n} entries");
        }
    }

    #[test]
    fn an_entry_of_an_unknown_source_changes_nothing() {
        let mut list = Blacklist::default();
        let entries: Vec<_> = dense(2).collect();
        let strange = Entry {
            terms: Terms {
                source: SourceId(1),
                ..entries[1].terms
            },
            ..entries[1]
        };
        let refused = list.change(&[Change::Block(entries[0]), Change::Block(strange)]);
        assert_eq!(refused, Err(BlacklistError::UnknownSource));
        assert!(list.is_empty());
        let refused = Builder::default().extend([strange]);
        assert_eq!(refused, Err(BlacklistError::UnknownSource));
    }

    #[test]
    fn the_version_never_goes_back() {
        let mut list = Blacklist::default();
        list.advance_to(5);
        list.advance_to(3);
        assert_eq!(list.version(), 5);
        list.advance_to(8);
        assert_eq!(list.version(), 8);
    }

    #[test]
    fn its_debug_form_holds_no_key() {
        let mut list = Blacklist::default();
        list.change(&[Change::Block(dense(1).next().unwrap())])
            .unwrap();
        let shown = format!("{list:?}");
        assert!(shown.starts_with("Blacklist { n_keys: 1, version: 0, fingerprint:"));
        assert!(!shown.contains("7510"), "{shown}");
    }
}
