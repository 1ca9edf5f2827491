//! What changed between two versions of a list in signed bytes.

use super::{Header, Issue, ListSigner, body};
use crate::{Blacklist, Change};

/// What changed between two versions of a list, as signed bytes;
/// [`Snapshot::follow`](super::Snapshot::follow) takes it in.
#[derive(Debug)]
pub struct Delta;

impl Delta {
    /// Writes the changes after version `base` that led to `list`; of two for the
    /// same key and origin the later one counts. Without changes it says that
    /// the list still stands, and makes it fresh.
    ///
    /// It names the fingerprint of the whole list that it leads to, so that
    /// whoever follows ends at exactly this list or knows that he does not.
    #[must_use]
    pub fn sign(
        base: u64,
        changes: &[Change],
        list: &Blacklist,
        issue: &Issue,
        signer: &ListSigner,
    ) -> Vec<u8> {
        let header = Header {
            base: Some(base),
            ..Header::of(list, issue)
        };
        header.seal(signer, &body::encode_changes(changes, list))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use proptest::prelude::*;
    use xueka_domain::{BlockReason, CardKey};

    use super::*;
    use crate::{
        Entry, ListError, ListVerifier, Origin, Snapshot, Terms,
        testing::{Model, change, empty},
    };

    const MADE: i64 = 1_788_220_800;

    fn signer() -> ListSigner {
        ListSigner::new(&[7; 32])
    }

    fn trusted() -> ListVerifier {
        ListVerifier::new(&[signer().public()]).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn issued(second: i64) -> Issue {
        Issue {
            epoch: 3,
            made_time: at(MADE + second),
            fresh_for: Duration::from_mins(1),
        }
    }

    fn block(number: &str) -> Change {
        Change::Block(Entry {
            key: CardKey::Number(number.parse().unwrap()),
            terms: Terms::of(BlockReason::Lost),
        })
    }

    fn unblock(number: &str) -> Change {
        Change::Unblock {
            key: CardKey::Number(number.parse().unwrap()),
            origin: Origin::State,
        }
    }

    /// A snapshot at version 10 and the deltas to 11 and 12.
    fn story() -> (Vec<u8>, [Vec<u8>; 2]) {
        let mut list = empty();
        list.change(&[block("0012")]).unwrap();
        list.advance_to(10);
        let snapshot = Snapshot::sign(&list, &issued(0), &signer());
        let mut step = |version, changes: &[Change]| {
            let base = list.version();
            list.change(changes).unwrap();
            list.advance_to(version);
            let second = i64::try_from(version).unwrap();
            Delta::sign(base, changes, &list, &issued(second), &signer())
        };
        let first = step(11, &[block("0013"), unblock("0012")]);
        let second = step(12, &[block("0012")]);
        (snapshot, [first, second])
    }

    fn opened(file: &[u8]) -> Snapshot {
        Snapshot::open_at_any_age(file, &trusted()).unwrap()
    }

    proptest! {
        #[test]
        fn whoever_follows_ends_at_the_same_list(
            batches in proptest::collection::vec(proptest::collection::vec(change(), 0..12), 1..8),
        ) {
            let mut list = empty();
            let mut model = Model::default();
            let mut file = Snapshot::sign(&list, &issued(0), &signer());
            let mut follower = opened(&file);
            for (batch, version) in batches.iter().zip(1..) {
                let base = list.version();
                list.change(batch).unwrap();
                list.advance_to(version);
                for change in batch {
                    model.apply(change);
                }
                let issue = issued(version.try_into().unwrap());
                let delta = Delta::sign(base, batch, &list, &issue, &signer());
                prop_assert_eq!(follower.follow(&delta, &trusted()), Ok(()));
                model.assert_same(follower.list());
                prop_assert_eq!(follower.header().version, version);
                file.extend(delta);
            }
            // The same from one file.
            let read = opened(&file);
            model.assert_same(read.list());
            prop_assert_eq!(read.list().fingerprint(), list.fingerprint());
        }

        #[test]
        fn one_delta_may_stand_for_many_changes(
            before in proptest::collection::vec(change(), 0..20),
            after in proptest::collection::vec(change(), 0..40),
        ) {
            let mut list = empty();
            list.change(&before).unwrap();
            list.advance_to(5);
            let mut follower = opened(&Snapshot::sign(&list, &issued(0), &signer()));
            for change in &after {
                list.change(std::slice::from_ref(change)).unwrap();
            }
            list.advance_to(90);
            let delta = Delta::sign(5, &after, &list, &issued(1), &signer());
            prop_assert_eq!(follower.follow(&delta, &trusted()), Ok(()));
            prop_assert_eq!(follower.list().fingerprint(), list.fingerprint());
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let (snapshot, _) = story();
            prop_assert!(opened(&snapshot).follow(&bytes, &trusted()).is_err());
            let mut behind = snapshot.clone();
            behind.extend(&bytes);
            prop_assert_eq!(
                Snapshot::open_at_any_age(&behind, &trusted()).is_ok(),
                bytes.is_empty()
            );
        }

        #[test]
        fn a_signed_body_is_read_in_its_one_form_or_refused(
            spoils in proptest::collection::vec(
                (any::<proptest::sample::Index>(), any::<u8>(), 0_u8..3),
                0..4,
            ),
        ) {
            let mut list = empty();
            let changes = [block("0012"), unblock("0013"), unblock("12345678")];
            list.change(&changes).unwrap();
            let mut body = body::encode_changes(&changes, &list);
            for (at, byte, what) in spoils {
                let at = at.index(body.len());
                match what {
                    0 => body[at] = byte,
                    1 => body.insert(at, byte),
                    _ => {
                        body.remove(at);
                    }
                }
            }
            if let Some((sources, rows)) = body::decode_changes(&body) {
                let list = Blacklist { sources, ..Blacklist::default() };
                let changes = rows.iter().map(|(table, row)| {
                    let key = row.value.key(*table).unwrap();
                    match row.packed.terms() {
                        Some(terms) => Change::Block(Entry { key, terms }),
                        None => Change::Unblock { key, origin: row.packed.origin() },
                    }
                });
                let changes: Vec<_> = changes.collect();
                prop_assert_eq!(body::encode_changes(&changes, &list), body);
            }
        }
    }

    #[test]
    fn no_byte_of_a_delta_can_be_changed() {
        let (snapshot, [first, _]) = story();
        for at in 0..first.len() {
            let mut changed = first.clone();
            changed[at] ^= 1;
            let mut follower = opened(&snapshot);
            assert!(follower.follow(&changed, &trusted()).is_err(), "byte {at}");
            assert_eq!(follower.header().version, 10, "byte {at}");
        }
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let (snapshot, [first, second]) = story();
        let stranger = ListSigner::new(&[8; 32]);
        let list = opened(&snapshot).into_list();
        let other_life = Issue {
            epoch: 4,
            ..issued(5)
        };
        let cases = [
            (second.clone(), ListError::Gapped, "one between is missing"),
            (
                Delta::sign(10, &[], &list, &other_life, &signer()),
                ListError::Gapped,
                "of another life",
            ),
            (
                Delta::sign(10, &[], &list, &issued(-1), &signer()),
                ListError::RolledBack,
                "made before the list",
            ),
            (
                Delta::sign(10, &[], &list, &issued(0), &signer()),
                ListError::RolledBack,
                "seen already",
            ),
            (
                Delta::sign(10, &[block("0099")], &list, &issued(5), &signer()),
                ListError::Drifted,
                "leads elsewhere than it says",
            ),
            (
                Delta::sign(10, &[], &list, &issued(5), &stranger),
                ListError::UnknownKey,
                "of a stranger",
            ),
            (
                snapshot.clone(),
                ListError::Malformed,
                "a whole list is no delta",
            ),
            (
                first[..first.len() - 1].to_vec(),
                ListError::Length,
                "not whole",
            ),
            (Vec::new(), ListError::NotAList, "nothing"),
        ];
        for (delta, expected, why) in cases {
            let mut follower = opened(&snapshot);
            assert_eq!(follower.follow(&delta, &trusted()), Err(expected), "{why}");
            assert_eq!(follower.header().version, 10, "{why}");
        }
        let mut follower = opened(&snapshot);
        assert_eq!(follower.follow(&first, &trusted()), Ok(()));
        let again = follower.follow(&first, &trusted());
        assert_eq!(again, Err(ListError::RolledBack), "told twice");
        assert_eq!(follower.follow(&second, &trusted()), Ok(()));
    }

    #[test]
    fn a_file_is_as_old_as_its_last_part() {
        let (snapshot, [first, second]) = story();
        let now = at(MADE + 65);
        let open = |file: &[u8]| Snapshot::open(file, &trusted(), None, now).err();
        assert_eq!(open(&snapshot), Some(ListError::Stale));
        let file = [snapshot, first, second.clone()].concat();
        assert_eq!(open(&file), None);
        let behind = [file.clone(), second.clone()].concat();
        assert_eq!(open(&behind), Some(ListError::RolledBack), "a part twice");
        assert_eq!(open(&second), Some(ListError::Gapped), "a delta alone");
        let mark = opened(&file).header().mark();
        let cut = &file[..file.len() - second.len()];
        let cut = Snapshot::open(cut, &trusted(), Some(mark), now).err();
        assert_eq!(cut, Some(ListError::RolledBack), "the last part cut off");
    }

    #[test]
    fn an_empty_delta_makes_a_list_fresh() {
        let (snapshot, _) = story();
        let mut follower = opened(&snapshot);
        assert!(follower.header().age(at(MADE + 100)).is_err());
        let still = Delta::sign(10, &[], follower.list(), &issued(90), &signer());
        follower.follow(&still, &trusted()).unwrap();
        let age = follower.header().age(at(MADE + 100));
        assert_eq!(age, Ok(Duration::from_secs(10)));
    }

    /// As the example in `docs/blacklist-format.md` has it.
    #[test]
    fn the_body_is_as_documented() {
        let changes = [block("0012"), unblock("0013")];
        let body = body::encode_changes(&changes, &Blacklist::default());
        let mut expected = vec![1, 0, 8];
        expected.extend(b"registry");
        expected.extend([1, 4]);
        expected.extend([2, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend([2, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend([12, 1]);
        expected.extend([14, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend([1, 1, 0, 0, 0, 0, 0, 1, 6, 0, 0, 0, 0, 0]);
        assert_eq!(body, expected);
    }
}
