//! What the tests of several files make up.

use std::collections::BTreeMap;

use proptest::prelude::*;
use xueka_domain::{BlockReason, CardKey, CardNumber, Uid};

use crate::{Blacklist, Block, Change, Day, Entry, Origin, SourceId, Terms};

/// Names of the sources that [`terms`] names, after the registry.
pub(crate) const SOURCES: [&str; 2] = ["district", "import of 2026-09-01"];

/// Keys that look alike to a careless index: numbers of all lengths with the
/// same value, UIDs of all lengths with the same bytes, and some at large.
pub(crate) fn key() -> impl Strategy<Value = CardKey> {
    let number = (0_u64..4, CardNumber::MIN_DIGITS..=CardNumber::MAX_DIGITS).prop_map(
        |(value, n_digits)| CardKey::Number(format!("{value:0n_digits$}").parse().unwrap()),
    );
    let uid = (
        any::<bool>(),
        0_u8..4,
        proptest::sample::select(vec![4, 7, 8, 10]),
    )
        .prop_map(|(first, value, n_bytes): (bool, u8, usize)| {
            let mut bytes = vec![0; n_bytes];
            let at = if first { 0 } else { n_bytes - 1 };
            bytes[at] = value;
            CardKey::Uid(Uid::try_from(bytes.as_slice()).unwrap())
        });
    let any_number = "[0-9]{4,19}".prop_map(|text| CardKey::Number(text.parse().unwrap()));
    let any_uid = (
        proptest::array::uniform10(any::<u8>()),
        proptest::sample::select(vec![4, 7, 8, 10]),
    )
        .prop_map(|(bytes, n_bytes): ([u8; 10], usize)| {
            CardKey::Uid(Uid::try_from(&bytes[..n_bytes]).unwrap())
        });
    prop_oneof![4 => number, 4 => uid, 1 => any_number, 1 => any_uid]
}

fn day() -> impl Strategy<Value = Option<Day>> {
    prop_oneof![Just(0), 1_u16..5, any::<u16>()].prop_map(Day::from_raw)
}

pub(crate) fn terms() -> impl Strategy<Value = Terms> {
    let reason = proptest::sample::select(&BlockReason::ALL[..]);
    (reason, 0_u16..3, day(), day()).prop_map(|(reason, source, from, until)| Terms {
        reason,
        source: SourceId(source),
        from,
        until,
    })
}

pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    (key(), terms()).prop_map(|(key, terms)| Entry { key, terms })
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let origin = proptest::sample::select(&Origin::ALL[..]);
    let end = (key(), origin).prop_map(|(key, origin)| Change::Unblock { key, origin });
    prop_oneof![2 => entry().prop_map(Change::Block), 1 => end]
}

/// An empty list that knows the sources.
pub(crate) fn empty() -> Blacklist {
    let mut list = Blacklist::default();
    for name in SOURCES {
        list.source_id(name).unwrap();
    }
    list
}

/// The same as the index in a plain map.
#[derive(Clone, Default)]
pub(crate) struct Model(BTreeMap<(CardKey, Origin), Terms>);

impl Model {
    pub(crate) fn apply(&mut self, change: &Change) {
        match change {
            Change::Block(Entry { key, terms }) => {
                self.0.insert((*key, Origin::of(terms.reason)), *terms);
            }
            Change::Unblock { key, origin } => {
                self.0.remove(&(*key, *origin));
            }
        }
    }

    pub(crate) fn check(&self, key: CardKey) -> Option<Block> {
        let [by_state, by_hand] = Origin::ALL.map(|origin| self.0.get(&(key, origin)).copied());
        Block::new(by_state, by_hand)
    }

    pub(crate) fn keys(&self) -> BTreeMap<CardKey, Block> {
        let keys = self.0.keys().map(|(key, _)| *key);
        keys.map(|key| (key, self.check(key).unwrap())).collect()
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let entries = self.0.iter();
        entries
            .map(|((key, _), terms)| Entry {
                key: *key,
                terms: *terms,
            })
            .collect()
    }

    /// Panics when the list is not the same as the model in all that can be
    /// asked.
    pub(crate) fn assert_same(&self, list: &Blacklist) {
        let keys = self.keys();
        assert_eq!(list.len(), keys.len());
        assert_eq!(list.is_empty(), keys.is_empty());
        assert_eq!(list.iter().collect::<BTreeMap<_, _>>(), keys);
        assert_eq!(list.iter().count(), keys.len(), "none is told twice");
        for (key, block) in keys {
            assert_eq!(list.check(key), Some(block), "{key:?}");
        }
    }
}
