//! In which entries two lists differ.

use xueka_blacklist::Blacklist;
use xueka_domain::CardKey;

/// In which entries two lists differ, by their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Those that only the first list has.
    pub only_in_first: Vec<CardKey>,
    /// Those that only the second list has.
    pub only_in_second: Vec<CardKey>,
    /// Those that both have, on other terms.
    pub on_other_terms: Vec<CardKey>,
}

impl Difference {
    /// Compares two lists. Lists with the same fingerprint are the same and are
    /// not looked through.
    #[must_use]
    pub fn between(first: &Blacklist, second: &Blacklist) -> Self {
        let mut difference = Self::default();
        if first.fingerprint() == second.fingerprint() {
            return difference;
        }
        for (key, block) in first.iter() {
            match second.check(key) {
                None => difference.only_in_first.push(key),
                Some(other) if other != block => difference.on_other_terms.push(key),
                Some(_) => {}
            }
        }
        let missing = second.iter().map(|(key, _)| key);
        difference.only_in_second = missing.filter(|key| first.check(*key).is_none()).collect();
        difference.only_in_first.sort_unstable();
        difference.only_in_second.sort_unstable();
        difference.on_other_terms.sort_unstable();
        difference
    }

    /// Whether the lists are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use xueka_blacklist::{Change, Entry, Terms};
    use xueka_domain::BlockReason;

    use super::*;

    fn key(number: &str) -> CardKey {
        CardKey::Number(number.parse().unwrap())
    }

    fn list(entries: &[(&str, BlockReason)]) -> Blacklist {
        let mut list = Blacklist::default();
        for (number, reason) in entries {
            let entry = Entry {
                key: key(number),
                terms: Terms::of(*reason),
            };
            list.change(&[Change::Block(entry)]).unwrap();
        }
        list
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        use BlockReason::{Damaged, Lost};
        let first = list(&[("0001", Lost), ("0002", Lost), ("0003", Lost)]);
        let second = list(&[("0004", Lost), ("0003", Damaged), ("0002", Lost)]);
        let expected = Difference {
            only_in_first: vec![key("0001")],
            only_in_second: vec![key("0004")],
            on_other_terms: vec![key("0003")],
        };
        assert_eq!(Difference::between(&first, &second), expected);
        assert!(Difference::between(&first, &first.clone()).is_empty());
    }
}
