//! The blacklist in a file: what is kept of it, what is refused, and what it
//! answers.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use tempfile::NamedTempFile;
use thiserror::Error;
use xueka_blacklist::{Day, ListError, ListVerifier, Mark, Snapshot, Terms};
use xueka_domain::CardKey;

/// Why a copy does not answer, or was not brought up to date. The file is as it
/// was.
#[derive(Debug, Error)]
pub enum CopyError {
    /// There is no copy yet.
    #[error("there is no copy of the blacklist here; fetch it with `xueka blacklist pull`")]
    Missing,
    /// The list is stale, gapped, forged, rolled back…
    #[error(transparent)]
    Refused(#[from] ListError),
    /// The file that remembers the largest mark was changed.
    #[error(
        "the file {0} that remembers how far the list had come does not hold that; whoever may have changed it may have put an old list there. Remove it and fetch the list anew"
    )]
    MarkFile(PathBuf),
    /// A file cannot be read or written.
    #[error("the file {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What a copy says of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfflineAnswer {
    /// On which terms the card is blocked; `None` when it is not.
    pub terms: Option<Terms>,
    /// How far the copy has come.
    pub mark: Mark,
    /// How old the copy is.
    pub age: Duration,
}

/// The blacklist in a file, with a file beside it that remembers the largest mark
/// ever seen: an old list, rightly signed, is refused by it.
///
/// Files are replaced whole, so that a crash leaves the old or the new one. They
/// are readable by their owner alone.
#[derive(Debug)]
pub struct ListCopy {
    path: PathBuf,
    trusted: ListVerifier,
    seen: Option<Mark>,
    held: Option<Held>,
}

/// What is at hand.
#[derive(Debug)]
struct Held {
    snapshot: Snapshot,
    /// The snapshot and the deltas behind it, as they came.
    bytes: Vec<u8>,
    /// How many bytes the snapshot alone has.
    n_whole: usize,
    /// Where the last part begins, when it says nothing but that the list still
    /// stands: the next part takes its place.
    still: Option<usize>,
}

impl ListCopy {
    /// Deltas are kept up to this many bytes, or half as many as the snapshot has.
    const LEAST_DELTAS: usize = 1024 * 1024;

    /// Opens the copy in a file, or begins one where there is no file. Whether it
    /// may be relied on is judged when it is asked.
    ///
    /// # Errors
    ///
    /// [`CopyError::Refused`] when the file is not what was signed,
    /// [`CopyError::MarkFile`] and [`CopyError::File`].
    pub fn open(path: &Path, trusted: ListVerifier) -> Result<Self, CopyError> {
        let mut copy = Self::begin(path, trusted)?;
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(copy),
            Err(source) => return Err(of_file(path, source)),
        };
        let snapshot = Snapshot::open_at_any_age(&bytes, &copy.trusted)?;
        copy.refuse_older(&snapshot)?;
        let lengths: Vec<_> = Snapshot::parts(&bytes).map(<[u8]>::len).collect();
        let header = snapshot.header();
        let is_still = header.base == Some(header.version);
        let last = lengths.last().filter(|_| is_still);
        copy.held = Some(Held {
            n_whole: lengths.first().copied().unwrap_or_default(),
            still: last.map(|last| bytes.len() - last),
            snapshot,
            bytes,
        });
        Ok(copy)
    }

    /// Begins a copy that takes the place of whatever is in the file; what was
    /// seen before still counts.
    ///
    /// # Errors
    ///
    /// [`CopyError::MarkFile`] and [`CopyError::File`].
    pub fn begin(path: &Path, trusted: ListVerifier) -> Result<Self, CopyError> {
        Ok(Self {
            seen: read_mark(&mark_path(path))?,
            path: path.to_owned(),
            trusted,
            held: None,
        })
    }

    /// The list at hand, whatever its age; to look at, not to answer from.
    #[must_use]
    pub fn at_any_age(&self) -> Option<&Snapshot> {
        self.held.as_ref().map(|held| &held.snapshot)
    }

    /// How far the list at hand has come.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        self.at_any_age().map(|list| list.header().mark())
    }

    /// Whether so many deltas have gathered that a whole list is better.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.held.as_ref().is_some_and(|held| {
            held.bytes.len() - held.n_whole > Self::LEAST_DELTAS.max(held.n_whole / 2)
        })
    }

    /// The list, when it may be relied on at `now`.
    ///
    /// # Errors
    ///
    /// [`CopyError::Missing`], and [`CopyError::Refused`] when its time is over, it
    /// was made in the future, or a later one was seen before.
    pub fn list(&self, now: Timestamp) -> Result<&Snapshot, CopyError> {
        let held = self.held.as_ref().ok_or(CopyError::Missing)?;
        self.refuse_older(&held.snapshot)?;
        held.snapshot.header().age(now)?;
        Ok(&held.snapshot)
    }

    /// Says whether a card is blocked on a day, and how old that knowledge is.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list): the card is then neither blocked nor good.
    pub fn check(
        &self,
        key: CardKey,
        day: Day,
        now: Timestamp,
    ) -> Result<OfflineAnswer, CopyError> {
        let snapshot = self.list(now)?;
        let block = snapshot.list().check(key);
        Ok(OfflineAnswer {
            terms: block.and_then(|block| block.terms_on(day)),
            mark: snapshot.header().mark(),
            age: snapshot.header().age(now)?,
        })
    }

    /// Takes in a whole list; [`store`](Self::store) keeps it. It may be older than
    /// what was seen before as long as the deltas that follow lead on from there;
    /// until then nothing is answered or kept.
    ///
    /// # Errors
    ///
    /// [`CopyError::Refused`]; the list at hand stays.
    pub fn take_snapshot(&mut self, bytes: Vec<u8>) -> Result<(), CopyError> {
        let snapshot = Snapshot::open_at_any_age(&bytes, &self.trusted)?;
        self.held = Some(Held {
            snapshot,
            n_whole: bytes.len(),
            bytes,
            still: None,
        });
        Ok(())
    }

    /// Takes in a delta; [`store`](Self::store) keeps it.
    ///
    /// # Errors
    ///
    /// [`CopyError::Missing`] and [`CopyError::Refused`]; the list at hand stays.
    pub fn take_delta(&mut self, delta: &[u8]) -> Result<(), CopyError> {
        let held = self.held.as_mut().ok_or(CopyError::Missing)?;
        held.snapshot.follow(delta, &self.trusted)?;
        if let Some(still) = held.still.take() {
            held.bytes.truncate(still);
        }
        let header = held.snapshot.header();
        if header.base == Some(header.version) {
            held.still = Some(held.bytes.len());
        }
        held.bytes.extend(delta);
        Ok(())
    }

    /// Gives up the list at hand, so that a whole one is fetched. The file stays,
    /// and so does what was seen.
    pub fn forget(&mut self) {
        self.held = None;
    }

    /// Keeps the list at hand and its mark: on the disk when this returns.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list), and [`CopyError::File`].
    pub fn store(&mut self, now: Timestamp) -> Result<(), CopyError> {
        self.list(now)?;
        let held = self.held.as_ref().ok_or(CopyError::Missing)?;
        replace(&self.path, &held.bytes)?;
        // Afterwards: a list larger than its mark is no harm, the other way
        // round it would be refused.
        let mark = held.snapshot.header().mark();
        let (epoch, version) = (mark.epoch, mark.version);
        let text = format!("{epoch} {version} {}\n", mark.made_time.as_second());
        replace(&mark_path(&self.path), text.as_bytes())?;
        self.seen = Some(mark);
        Ok(())
    }

    fn refuse_older(&self, snapshot: &Snapshot) -> Result<(), ListError> {
        match self.seen {
            Some(seen) if snapshot.header().mark() < seen => Err(ListError::RolledBack),
            _ => Ok(()),
        }
    }
}

fn of_file(path: &Path, source: io::Error) -> CopyError {
    CopyError::File {
        path: path.to_owned(),
        source,
    }
}

/// The file beside the list.
fn mark_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".mark");
    name.into()
}

fn read_mark(path: &Path) -> Result<Option<Mark>, CopyError> {
    let malformed = || CopyError::MarkFile(path.to_owned());
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(malformed()),
        Err(source) => return Err(of_file(path, source)),
    };
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    let &[epoch, version, second] = words.as_slice() else {
        return Err(malformed());
    };
    let mark = || {
        Some(Mark {
            epoch: epoch.parse().ok()?,
            version: version.parse().ok()?,
            made_time: Timestamp::from_second(second.parse().ok()?).ok()?,
        })
    };
    mark().map(Some).ok_or_else(malformed)
}

/// Puts bytes in the place of a file, whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), CopyError> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let written = || {
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    written().map_err(|source| of_file(path, source))
}

#[cfg(test)]
mod tests {
    use xueka_blacklist::{Blacklist, Change, Delta, Entry, Issue, ListSigner};
    use xueka_domain::BlockReason;

    use super::*;

    const MADE: i64 = 1_788_220_800;

    fn trusted() -> ListVerifier {
        ListVerifier::new(&[ListSigner::new(&[7; 32]).public()]).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(MADE + second).unwrap()
    }

    fn issue(epoch: u64, second: i64) -> Issue {
        Issue {
            epoch,
            made_time: at(second),
            fresh_for: Duration::from_mins(1),
        }
    }

    fn key(number: &str) -> CardKey {
        CardKey::Number(number.parse().unwrap())
    }

    fn today() -> Day {
        jiff::civil::date(2026, 9, 1).try_into().unwrap()
    }

    /// The registry's side: a list that grows.
    struct Issuer {
        list: Blacklist,
        signer: ListSigner,
    }

    impl Issuer {
        fn new() -> Self {
            Self {
                list: Blacklist::default(),
                signer: ListSigner::new(&[7; 32]),
            }
        }

        fn snapshot(&self, epoch: u64, second: i64) -> Vec<u8> {
            Snapshot::sign(&self.list, &issue(epoch, second), &self.signer)
        }

        fn block(&mut self, number: &str, second: i64) -> Vec<u8> {
            let base = self.list.version();
            let entry = Entry {
                key: key(number),
                terms: Terms::of(BlockReason::Lost),
            };
            let changes = [Change::Block(entry)];
            self.list.change(&changes).unwrap();
            self.list.advance_to(base + 1);
            Delta::sign(base, &changes, &self.list, &issue(1, second), &self.signer)
        }

        fn still(&self, second: i64) -> Vec<u8> {
            let base = self.list.version();
            Delta::sign(base, &[], &self.list, &issue(1, second), &self.signer)
        }
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, CopyError>) -> ListError {
        match result.unwrap_err() {
            CopyError::Refused(error) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_copy_is_kept_and_answers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let mut issuer = Issuer::new();
        let mut copy = ListCopy::open(&path, trusted()).unwrap();
        let nothing = copy.check(key("0001"), today(), at(0));
        assert!(matches!(nothing, Err(CopyError::Missing)));
        copy.take_snapshot(issuer.snapshot(1, 0)).unwrap();
        copy.take_delta(&issuer.block("0001", 1)).unwrap();
        copy.take_delta(&issuer.still(5)).unwrap();
        copy.take_delta(&issuer.still(9)).unwrap();
        copy.store(at(10)).unwrap();

        let copy = ListCopy::open(&path, trusted()).unwrap();
        let answer = copy.check(key("0001"), today(), at(12)).unwrap();
        assert_eq!(answer.terms, Some(Terms::of(BlockReason::Lost)));
        assert_eq!(answer.age, Duration::from_secs(3));
        assert_eq!(answer.mark.version, 1);
        let other = copy.check(key("0002"), today(), at(12)).unwrap();
        assert_eq!(other.terms, None);
        assert_eq!(
            refusal(copy.check(key("0002"), today(), at(70))),
            ListError::Stale
        );
        assert_eq!(
            refusal(copy.check(key("0002"), today(), at(-600))),
            ListError::FromTheFuture
        );
    }

    #[test]
    fn what_only_says_that_the_list_stands_does_not_pile_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let mut issuer = Issuer::new();
        let mut copy = ListCopy::open(&path, trusted()).unwrap();
        copy.take_snapshot(issuer.snapshot(1, 0)).unwrap();
        let mut lengths = Vec::new();
        for second in 1..50 {
            copy.take_delta(&issuer.still(second)).unwrap();
            copy.store(at(second)).unwrap();
            lengths.push(fs::metadata(&path).unwrap().len());
        }
        assert!(lengths.iter().all(|length| *length == lengths[0]));
        let mut copy = ListCopy::open(&path, trusted()).unwrap();
        copy.take_delta(&issuer.still(50)).unwrap();
        copy.store(at(50)).unwrap();
        let length = fs::metadata(&path).unwrap().len();
        assert_eq!(length, lengths[0], "after it was read again, too");
        copy.take_delta(&issuer.block("0001", 51)).unwrap();
        copy.store(at(51)).unwrap();
        let read = ListCopy::open(&path, trusted()).unwrap();
        assert_eq!(read.mark(), copy.mark());
    }

    #[test]
    fn an_old_list_is_refused_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let mut issuer = Issuer::new();
        let old = issuer.snapshot(1, 0);
        issuer.block("0001", 1);
        let mut copy = ListCopy::open(&path, trusted()).unwrap();
        copy.take_snapshot(issuer.snapshot(1, 2)).unwrap();
        copy.store(at(2)).unwrap();
        copy.take_snapshot(old.clone()).unwrap();
        assert_eq!(refusal(copy.store(at(2))), ListError::RolledBack);
        let answer = copy.check(key("0001"), today(), at(2));
        assert_eq!(refusal(answer), ListError::RolledBack);
        let kept = ListCopy::open(&path, trusted()).unwrap();
        assert_eq!(kept.mark().unwrap().version, 1, "the file stays");

        // Somebody puts the old file in its place.
        fs::write(&path, &old).unwrap();
        let opened = ListCopy::open(&path, trusted());
        assert_eq!(refusal(opened), ListError::RolledBack);
        fs::remove_file(&path).unwrap();
        let mut anew = ListCopy::open(&path, trusted()).unwrap();
        anew.take_snapshot(old).unwrap();
        assert_eq!(refusal(anew.store(at(3))), ListError::RolledBack);
        // An old one that leads on to a new one is good.
        let mut again = Issuer::new();
        anew.take_snapshot(again.snapshot(1, 0)).unwrap();
        anew.take_delta(&again.block("0001", 1)).unwrap();
        anew.take_delta(&again.still(3)).unwrap();
        anew.store(at(3)).unwrap();
        anew.take_snapshot(issuer.snapshot(2, 3)).unwrap();
        anew.store(at(3)).unwrap();

        fs::write(mark_path(&path), "nonsense").unwrap();
        let opened = ListCopy::open(&path, trusted());
        assert!(matches!(opened, Err(CopyError::MarkFile(_))));
    }

    #[test]
    fn a_gap_and_a_forgery_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let mut issuer = Issuer::new();
        let mut copy = ListCopy::open(&path, trusted()).unwrap();
        copy.take_snapshot(issuer.snapshot(1, 0)).unwrap();
        issuer.block("0001", 1);
        let second = issuer.block("0002", 2);
        assert_eq!(refusal(copy.take_delta(&second)), ListError::Gapped);
        let mut forged = issuer.snapshot(1, 3);
        let last = forged.len() - 1;
        forged[last] ^= 1;
        assert_eq!(refusal(copy.take_snapshot(forged)), ListError::Forged);
        assert_eq!(copy.mark().unwrap().version, 0, "the list at hand stays");
    }

    #[test]
    fn what_is_stale_on_arrival_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let issuer = Issuer::new();
        let mut copy = ListCopy::open(&path, trusted()).unwrap();
        copy.take_snapshot(issuer.snapshot(1, 0)).unwrap();
        assert_eq!(refusal(copy.store(at(61))), ListError::Stale);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no such folder/list");
        let mut copy = ListCopy::open(&path, trusted()).unwrap();
        copy.take_snapshot(Issuer::new().snapshot(1, 0)).unwrap();
        assert!(matches!(copy.store(at(1)), Err(CopyError::File { .. })));
    }
}
