//! A whole list in a signed file.

use jiff::Timestamp;

use super::{Header, Issue, ListError, ListSigner, ListVerifier, Mark, body, key::KeyId};
use crate::Blacklist;

/// A list that came in signed files, with what its issuer says of it: in one
/// snapshot, and in the deltas that followed it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    header: Header,
    list: Blacklist,
}

impl Snapshot {
    /// Writes a list as a signed file. The same list, issued in the same way
    /// with the same key, gives the same bytes.
    #[must_use]
    pub fn sign(list: &Blacklist, issue: &Issue, signer: &ListSigner) -> Vec<u8> {
        Header::of(list, issue).seal(signer, &body::encode(list))
    }

    /// Reads a signed file at the time `now`: a snapshot, and any number of deltas
    /// behind it that follow one another. `seen` is the largest mark ever seen of
    /// this registry; keep [`Header::mark`] in its place afterwards.
    ///
    /// Signature and digest of a part are checked before an entry of it is looked
    /// at. Whatever the bytes are, what is allocated stays within forty times
    /// their length. How old the list is, the last part says.
    ///
    /// # Errors
    ///
    /// Each [`ListError`] says what to do.
    pub fn open(
        file: &[u8],
        trusted: &ListVerifier,
        seen: Option<Mark>,
        now: Timestamp,
    ) -> Result<Self, ListError> {
        let snapshot = Self::open_at_any_age(file, trusted)?;
        if seen.is_some_and(|seen| snapshot.header.mark() < seen) {
            return Err(ListError::RolledBack);
        }
        snapshot.header.age(now)?;
        Ok(snapshot)
    }

    /// The same, however old the list is: to bring it up to date, or to look at
    /// it. Nothing may be answered from it.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), without those that a clock or a mark decides.
    pub fn open_at_any_age(file: &[u8], trusted: &ListVerifier) -> Result<Self, ListError> {
        let (first, mut rest) = Header::split(file);
        let (header, body) = Header::open(first, trusted)?;
        if header.base.is_some() {
            // A delta without its list.
            return Err(ListError::Gapped);
        }
        let list = body::decode(body, header.version).ok_or(ListError::Malformed)?;
        if !header.is_of(&list) {
            return Err(ListError::Malformed);
        }
        let mut snapshot = Self { header, list };
        while !rest.is_empty() {
            let (delta, behind) = Header::split(rest);
            snapshot.follow(delta, trusted)?;
            rest = behind;
        }
        Ok(snapshot)
    }

    /// The parts of a file: the snapshot, then each delta. They are as good as the
    /// file; of one that does not open, the last may be anything.
    pub fn parts(file: &[u8]) -> impl Iterator<Item = &[u8]> {
        let mut rest = file;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (part, behind) = Header::split(rest);
            rest = behind;
            Some(part)
        })
    }

    /// Takes in one signed delta. How old it is, [`Header::age`] says; keep
    /// [`Header::mark`] as after [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// [`ListError::RolledBack`] when it leads to no later list than this one,
    /// [`ListError::Gapped`] when it does not follow this one,
    /// [`ListError::Drifted`] when it leads elsewhere than it says, and those of
    /// any signed bytes. The list is as it was then.
    pub fn follow(&mut self, delta: &[u8], trusted: &ListVerifier) -> Result<(), ListError> {
        let (header, body) = Header::open(delta, trusted)?;
        let base = header.base.ok_or(ListError::Malformed)?;
        if header.version < base {
            return Err(ListError::Malformed);
        }
        if header.mark() <= self.header.mark() {
            return Err(ListError::RolledBack);
        }
        if header.epoch != self.header.epoch || base != self.header.version {
            return Err(ListError::Gapped);
        }
        let (sources, rows) = body::decode_changes(body).ok_or(ListError::Malformed)?;
        let mut list = self.list.clone();
        if !list.sources.grow_to(sources) {
            return Err(ListError::Drifted);
        }
        list.edit_rows(rows.into_iter());
        list.advance_to(header.version);
        if !header.is_of(&list) {
            return Err(ListError::Drifted);
        }
        *self = Self { header, list };
        Ok(())
    }

    /// What its issuer says of it, last.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The list.
    #[must_use]
    pub fn list(&self) -> &Blacklist {
        &self.list
    }

    /// The list alone.
    #[must_use]
    pub fn into_list(self) -> Blacklist {
        self.list
    }
}

impl Header {
    /// What is said of a whole list.
    pub(super) fn of(list: &Blacklist, issue: &Issue) -> Self {
        Self {
            epoch: issue.epoch,
            base: None,
            version: list.version(),
            made_time: issue.made_time,
            fresh_for: issue.fresh_for,
            n_keys: list.len() as u64,
            n_entries: n_entries(list),
            fingerprint: list.fingerprint(),
            // Both follow from what is sealed.
            digest: [0; 32],
            key: KeyId([0; 8]),
        }
    }

    /// Whether that list is the one it speaks of.
    fn is_of(&self, list: &Blacklist) -> bool {
        self.n_keys == list.len() as u64
            && self.n_entries == n_entries(list)
            && self.fingerprint == list.fingerprint()
    }
}

fn n_entries(list: &Blacklist) -> u64 {
    list.tables.iter().map(|table| table.n_rows() as u64).sum()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use xueka_domain::{BlockReason, CardKey};

    use super::*;
    use crate::{
        Builder, Change, Entry, SourceId, Terms,
        testing::{Model, empty, entry},
    };

    const MADE: i64 = 1_788_220_800;
    const FRESH: i64 = 3_600;

    fn signer() -> ListSigner {
        ListSigner::new(&[7; 32])
    }

    fn trusted() -> ListVerifier {
        ListVerifier::new(&[signer().public()]).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn issue() -> Issue {
        Issue {
            epoch: 3,
            made_time: at(MADE),
            fresh_for: Duration::from_secs(FRESH.unsigned_abs()),
        }
    }

    fn open(file: &[u8]) -> Result<Snapshot, ListError> {
        Snapshot::open(file, &trusted(), None, at(MADE))
    }

    /// A list with a bit of everything.
    fn some() -> Blacklist {
        let mut list = empty();
        let keys = ["0000", "0001", "1000751012345678", "9999999999999999999"];
        let numbers = keys.map(|key| CardKey::Number(key.parse().unwrap()));
        let uids = [
            "04112233",
            "04112233445566",
            "E004015000000001",
            "08112233445566778899",
        ];
        let uids = uids.map(|key| CardKey::Uid(key.parse().unwrap()));
        for key in numbers.into_iter().chain(uids) {
            for reason in [BlockReason::Lost, BlockReason::ByHand] {
                let terms = Terms {
                    source: SourceId(2),
                    ..Terms::of(reason)
                };
                list.change(&[Change::Block(Entry { key, terms })]).unwrap();
            }
        }
        list.advance_to(40);
        list
    }

    /// A file with any body, rightly signed, that says of it what would be right.
    fn signed(body: &[u8], like: &Header) -> Vec<u8> {
        let list = body::decode(body, like.version).unwrap_or_default();
        let header = Header {
            n_keys: list.len() as u64,
            n_entries: n_entries(&list),
            fingerprint: list.fingerprint(),
            ..*like
        };
        header.seal(&signer(), body)
    }

    proptest! {
        #[test]
        fn a_list_survives_and_has_one_form(entries in proptest::collection::vec(entry(), 0..120)) {
            let mut builder = Builder::with_sources_of(&empty());
            builder.extend(entries.iter().copied()).unwrap();
            let list = builder.finish(40);
            let file = Snapshot::sign(&list, &issue(), &signer());
            let snapshot = open(&file).unwrap();
            let mut model = Model::default();
            for entry in &entries {
                model.apply(&Change::Block(*entry));
            }
            model.assert_same(snapshot.list());
            prop_assert_eq!(snapshot.list().version(), 40);
            prop_assert_eq!(snapshot.list().fingerprint(), list.fingerprint());
            prop_assert_eq!(snapshot.list().source_name(SourceId(1)), Some("district"));
            prop_assert_eq!(Snapshot::sign(snapshot.list(), &issue(), &signer()), file);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(open(&bytes).is_err());
        }

        #[test]
        fn a_signed_body_is_read_in_its_one_form_or_refused(
            changes in proptest::collection::vec(
                (any::<proptest::sample::Index>(), any::<u8>(), 0_u8..3),
                0..4,
            ),
        ) {
            let mut body = body::encode(&some());
            for (at, byte, what) in changes {
                let at = at.index(body.len());
                match what {
                    0 => body[at] = byte,
                    1 => body.insert(at, byte),
                    _ => {
                        body.remove(at);
                    }
                }
            }
            let header = *open(&Snapshot::sign(&some(), &issue(), &signer())).unwrap().header();
            match open(&signed(&body, &header)) {
                Ok(snapshot) => prop_assert_eq!(body::encode(snapshot.list()), body),
                Err(error) => prop_assert_eq!(error, ListError::Malformed),
            }
        }
    }

    #[test]
    fn no_byte_can_be_changed() {
        let file = Snapshot::sign(&some(), &issue(), &signer());
        assert!(open(&file).is_ok());
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(open(&changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn only_a_whole_file_is_read() {
        let mut file = Snapshot::sign(&some(), &issue(), &signer());
        for length in 0..file.len() {
            let error = open(&file[..length]).unwrap_err();
            let expected = if length < 8 {
                ListError::NotAList
            } else {
                ListError::Length
            };
            assert_eq!(error, expected, "{length} bytes");
        }
        file.push(0);
        assert_eq!(open(&file).unwrap_err(), ListError::NotAList, "no delta");
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let file = Snapshot::sign(&some(), &issue(), &signer());
        let stranger = ListVerifier::new(&[ListSigner::new(&[8; 32]).public()]).unwrap();
        let refused = Snapshot::open(&file, &stranger, None, at(MADE));
        assert_eq!(refused.unwrap_err(), ListError::UnknownKey);

        let mut forged = file.clone();
        *forged.last_mut().unwrap() ^= 1;
        assert_eq!(open(&forged).unwrap_err(), ListError::Forged, "the body");
        let mut forged = file.clone();
        forged[16] ^= 1;
        assert_eq!(open(&forged).unwrap_err(), ListError::Forged, "the epoch");
        let mut later = file.clone();
        later[8] += 1;
        assert_eq!(
            open(&later).unwrap_err(),
            ListError::NotAList,
            "a later form"
        );

        let cases = [
            (-301, Some(ListError::FromTheFuture), "made in the future"),
            (-300, None, "clocks differ a little"),
            (0, None, "made now"),
            (FRESH, None, "the last second"),
            (FRESH + 1, Some(ListError::Stale), "too old"),
        ];
        for (after, expected, why) in cases {
            let opened = Snapshot::open(&file, &trusted(), None, at(MADE + after));
            assert_eq!(opened.err(), expected, "{why}");
        }
    }

    #[test]
    fn an_older_list_is_refused() {
        let file = Snapshot::sign(&some(), &issue(), &signer());
        let mark = open(&file).unwrap().header().mark();
        let (epoch, version) = (mark.epoch, mark.version);
        let cases = [
            (mark, true, "the same again"),
            (
                Mark {
                    version: version - 1,
                    ..mark
                },
                true,
                "a later version",
            ),
            (
                Mark {
                    version: version + 1,
                    ..mark
                },
                false,
                "an earlier version",
            ),
            (
                Mark {
                    made_time: at(MADE + 1),
                    ..mark
                },
                false,
                "made earlier",
            ),
            (
                Mark {
                    epoch: epoch + 1,
                    version: 0,
                    ..mark
                },
                false,
                "of an earlier epoch",
            ),
            (
                Mark {
                    epoch: epoch - 1,
                    version: 99,
                    ..mark
                },
                true,
                "of a later epoch",
            ),
        ];
        for (seen, expected, why) in cases {
            let opened = Snapshot::open(&file, &trusted(), Some(seen), at(MADE));
            assert_eq!(
                opened.err(),
                (!expected).then_some(ListError::RolledBack),
                "{why}"
            );
        }
    }

    #[test]
    fn the_age_is_told() {
        let file = Snapshot::sign(&some(), &issue(), &signer());
        let header = *open(&file).unwrap().header();
        assert_eq!(header.age(at(MADE + 90)), Ok(Duration::from_secs(90)));
        assert_eq!(header.age(at(MADE - 90)), Ok(Duration::ZERO));
        assert_eq!(header.age(at(MADE + FRESH + 1)), Err(ListError::Stale));
    }

    #[test]
    fn a_header_that_says_otherwise_than_the_body_is_refused() {
        let header = *open(&Snapshot::sign(&some(), &issue(), &signer()))
            .unwrap()
            .header();
        let body = body::encode(&some());
        assert!(open(&header.seal(&signer(), &body)).is_ok());
        let n_keys = header.n_keys + 1;
        let n_entries = header.n_entries - 1;
        let fingerprint = crate::Fingerprint::default();
        let cases = [
            (Header { n_keys, ..header }, "keys"),
            (
                Header {
                    n_entries,
                    ..header
                },
                "entries",
            ),
            (
                Header {
                    fingerprint,
                    ..header
                },
                "fingerprint",
            ),
        ];
        for (header, why) in cases {
            let refused = open(&header.seal(&signer(), &body));
            assert_eq!(refused.unwrap_err(), ListError::Malformed, "{why}");
        }
    }

    /// As the example in `docs/blacklist-format.md` has it.
    #[test]
    fn the_body_is_as_documented() {
        let mut list = Blacklist::default();
        let entries = ["0012", "0013"].map(|number| {
            Change::Block(Entry {
                key: CardKey::Number(number.parse().unwrap()),
                terms: Terms {
                    from: crate::Day::from_raw(9_741),
                    ..Terms::of(BlockReason::Lost)
                },
            })
        });
        list.change(&entries).unwrap();
        let mut expected = vec![1, 0, 8];
        expected.extend(b"registry");
        expected.extend([1, 4]);
        expected.extend([2, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend([2, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend([12, 1]);
        expected.extend([7, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend([2, 1, 0, 0x0D, 0x26, 0, 0]);
        assert_eq!(body::encode(&list), expected);
        // Worked out from the document by other means.
        let fingerprint = list.fingerprint().to_string();
        assert_eq!(fingerprint, "57e04266f8d622edb2a6f105c28f9438");
    }

    #[test]
    fn dense_numbers_take_about_one_byte_each() {
        const N: u64 = 20_000;
        let mut builder = Builder::default();
        let entries = (0..N).filter(|n| n % 20 != 0).map(|n| Entry {
            key: CardKey::Number(format!("10007510{n:08}").parse().unwrap()),
            terms: Terms::of(BlockReason::Lost),
        });
        builder.extend(entries).unwrap();
        let list = builder.finish(1);
        let file = Snapshot::sign(&list, &issue(), &signer());
        assert!(file.len() < list.len() + 300, "{} bytes", file.len());
    }

    #[test]
    fn a_length_that_cannot_be_takes_no_memory() {
        let mut body = body::encode(&Blacklist::default());
        body.extend([1, 16]);
        body.extend(u64::MAX.to_le_bytes());
        body.extend([0; 16]);
        assert!(
            body::decode(&body, 1).is_none(),
            "as many entries as can be told"
        );
        let mut body = body::encode(&Blacklist::default());
        body.extend([1, 16]);
        body.extend(1_u64.to_le_bytes());
        body.extend(u64::MAX.to_le_bytes());
        assert!(
            body::decode(&body, 1).is_none(),
            "a column longer than the file"
        );
    }

    #[test]
    fn a_signer_does_not_show_its_secret() {
        assert!(!format!("{:?}", signer()).contains("7, 7"));
        assert!(ListVerifier::new(&[[0; 32]]).is_none(), "a weak key");
    }
}
