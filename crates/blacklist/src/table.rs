//! The hash tables behind the index: one per kind and length of key, so that
//! the integer in it is the whole key.

use foldhash::fast::RandomState;
use hashbrown::{HashMap, hash_map};
use xueka_domain::{BlockChange, BlockEntry, CardKey, CardNumber, Effect};

use crate::Block;

type Table<Key> = HashMap<Key, Block, RandomState>;

/// How many lengths a card number can have.
const N_NUMBER_LENGTHS: usize = CardNumber::MAX_DIGITS - CardNumber::MIN_DIGITS + 1;

/// All tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    /// Numbers, by their length less the shortest.
    numbers: [Table<u64>; N_NUMBER_LENGTHS],
    /// UIDs of 4, 7 and 8 bytes.
    uids: [Table<u64>; 3],
    /// UIDs of 10 bytes.
    long_uids: Table<u128>,
}

/// Where a key belongs.
#[derive(Clone, Copy)]
enum Slot {
    Number(usize, u64),
    Uid(usize, u64),
    LongUid(u128),
}

impl Slot {
    fn of(key: CardKey) -> Self {
        match key {
            CardKey::Number(number) => {
                let length = usize::from(number.n_digits());
                Self::Number(
                    length.saturating_sub(CardNumber::MIN_DIGITS),
                    number.as_integer(),
                )
            }
            CardKey::Uid(uid) => {
                let bytes = uid.reveal();
                let value = bytes
                    .iter()
                    .fold(0, |value: u128, byte| value << 8 | u128::from(*byte));
                match (bytes.len(), u64::try_from(value)) {
                    (4, Ok(value)) => Self::Uid(0, value),
                    (7, Ok(value)) => Self::Uid(1, value),
                    (8, Ok(value)) => Self::Uid(2, value),
                    _ => Self::LongUid(value),
                }
            }
        }
    }
}

impl Tables {
    pub(crate) fn extend(&mut self, entries: &[BlockEntry]) {
        self.reserve(entries);
        for entry in entries {
            self.change(entry.key, |block| {
                block.after(entry.reason, Effect::Blocked, entry.version)
            });
        }
    }

    pub(crate) fn apply(&mut self, change: &BlockChange) {
        self.change(change.key, |block| {
            block.after(change.reason, change.effect, change.version)
        });
    }

    pub(crate) fn get(&self, key: CardKey) -> Option<Block> {
        match Slot::of(key) {
            Slot::Number(index, value) => self.numbers.get(index)?.get(&value),
            Slot::Uid(index, value) => self.uids.get(index)?.get(&value),
            Slot::LongUid(value) => self.long_uids.get(&value),
        }
        .copied()
    }

    pub(crate) fn len(&self) -> usize {
        let short = self.numbers.iter().chain(&self.uids);
        short.map(HashMap::len).sum::<usize>() + self.long_uids.len()
    }

    /// Makes room once instead of growing step by step.
    fn reserve(&mut self, entries: &[BlockEntry]) {
        let mut numbers = [0_usize; N_NUMBER_LENGTHS];
        let mut uids = [0_usize; 3];
        let mut long_uids = 0_usize;
        for entry in entries {
            let count = match Slot::of(entry.key) {
                Slot::Number(index, _) => numbers.get_mut(index),
                Slot::Uid(index, _) => uids.get_mut(index),
                Slot::LongUid(_) => Some(&mut long_uids),
            };
            if let Some(count) = count {
                *count += 1;
            }
        }
        let counts = numbers.into_iter().chain(uids);
        for (table, count) in self.numbers.iter_mut().chain(&mut self.uids).zip(counts) {
            table.reserve(count);
        }
        self.long_uids.reserve(long_uids);
    }

    fn change(&mut self, key: CardKey, change: impl FnOnce(Block) -> Block) {
        match Slot::of(key) {
            Slot::Number(index, value) => {
                if let Some(table) = self.numbers.get_mut(index) {
                    change_in(table, value, change);
                }
            }
            Slot::Uid(index, value) => {
                if let Some(table) = self.uids.get_mut(index) {
                    change_in(table, value, change);
                }
            }
            Slot::LongUid(value) => change_in(&mut self.long_uids, value, change),
        }
    }
}

fn change_in<Key: Eq + std::hash::Hash>(
    table: &mut Table<Key>,
    key: Key,
    change: impl FnOnce(Block) -> Block,
) {
    match table.entry(key) {
        hash_map::Entry::Occupied(mut found) => {
            let block = change(*found.get());
            if block.is_nothing() {
                found.remove();
            } else {
                *found.get_mut() = block;
            }
        }
        hash_map::Entry::Vacant(free) => {
            let block = change(Block::NOTHING);
            if !block.is_nothing() {
                free.insert(block);
            }
        }
    }
}
