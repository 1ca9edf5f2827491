//! The largest mark that was published, in a file that no backup turns back.
//!
//! Two words: the epoch and the version. Where the registry is found at a version
//! before the one kept, it was restored from a backup and may give versions
//! twice; the epoch rises then.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use jiff::Timestamp;
use thiserror::Error;
use xueka_registry::Held;

/// Why the mark cannot be kept.
#[derive(Debug, Error)]
pub enum MarkFileError {
    /// The system's word.
    #[error(
        "the mark of the blacklist cannot be kept in the file of `blacklist.mark_file`; let the daemon write there"
    )]
    Io(#[from] io::Error),
    /// Not what this program writes.
    #[error(
        "the file of `blacklist.mark_file` does not hold a mark; remove it, and every subscriber fetches the whole list"
    )]
    Malformed,
}

/// The epoch for a registry at `version`: the one kept, or a later one when the
/// registry went back. One that begins anew is as large as the seconds since
/// 1970, so that it is larger than those forgotten with a lost file. Keeps what
/// it gives.
pub(super) fn open(path: &Path, version: u64, now: Timestamp) -> Result<u64, MarkFileError> {
    let fresh = u64::try_from(now.as_second()).unwrap_or_default();
    let epoch = match read(path)? {
        None => fresh,
        Some(kept) if version < kept.version => {
            tracing::warn!(
                version,
                kept = kept.version,
                "the registry went back; subscribers fetch the whole list"
            );
            fresh.max(kept.epoch.saturating_add(1))
        }
        Some(kept) => kept.epoch,
    };
    write(path, Held { epoch, version })?;
    Ok(epoch)
}

fn read(path: &Path) -> Result<Option<Held>, MarkFileError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(MarkFileError::Malformed);
        }
        Err(error) => return Err(error.into()),
    };
    let mut words = text.split_ascii_whitespace().map(str::parse);
    match (words.next(), words.next(), words.next()) {
        (Some(Ok(epoch)), Some(Ok(version)), None) => Ok(Some(Held { epoch, version })),
        _ => Err(MarkFileError::Malformed),
    }
}

/// Puts a mark in the place of the one before, whole or not at all.
pub(super) fn write(path: &Path, mark: Held) -> Result<(), MarkFileError> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    writeln!(file, "{} {}", mark.epoch, mark.version)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_epoch_rises_when_the_registry_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blacklist.mark");
        let open = |version, second| super::open(&path, version, at(second)).unwrap();
        assert_eq!(open(10, 1_000), 1_000, "the first time");
        assert_eq!(open(10, 2_000), 1_000, "as it was");
        assert_eq!(open(30, 2_000), 1_000, "forward");
        assert_eq!(open(29, 3_000), 3_000, "back");
        assert_eq!(open(29, 4_000), 3_000, "and on from there");
        assert_eq!(open(5, 3_000), 3_001, "back within one second");
        fs::remove_file(&path).unwrap();
        assert_eq!(open(5, 5_000), 5_000, "the file is lost");
    }

    #[test]
    fn what_was_published_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blacklist.mark");
        super::open(&path, 10, at(1_000)).unwrap();
        let mark = Held {
            epoch: 1_000,
            version: 90,
        };
        write(&path, mark).unwrap();
        assert_eq!(read(&path).unwrap(), Some(mark));
        assert_eq!(super::open(&path, 50, at(2_000)).unwrap(), 2_000);
    }

    #[test]
    fn what_is_no_mark_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blacklist.mark");
        for text in ["", "1", "1 2 3", "1 x", "-1 2"] {
            fs::write(&path, text).unwrap();
            let refused = super::open(&path, 1, at(1));
            assert!(matches!(refused, Err(MarkFileError::Malformed)), "{text}");
        }
        let elsewhere = folder.path().join("no such folder/mark");
        let refused = super::open(&elsewhere, 1, at(1));
        assert!(matches!(refused, Err(MarkFileError::Io(_))));
    }
}
