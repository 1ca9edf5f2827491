//! The file that is the database, and whether this process may have it.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock, statfs},
    io::Errno,
};

use crate::RegistryError;

/// Network file systems by their magic numbers, on which locks and shared
/// memory between processes cannot be trusted.
///
/// Source: statfs(2).
const NETWORK_FILESYSTEMS: [(u32, &str); 9] = [
    (0x0000_6969, "nfs"),
    (0x0000_517B, "smb"),
    (0xFE53_4D42, "smb2"),
    (0xFF53_4D42, "cifs"),
    (0x0000_564C, "ncp"),
    (0x7375_7245, "coda"),
    (0x5346_414F, "afs"),
    (0x00C3_6400, "ceph"),
    (0x0BD0_0BD0, "lustre"),
];

/// A database file that this process holds alone, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// Its lock, not its content, keeps others out.
    _lock: File,
}

impl Place {
    /// Takes the database file at `path` for this process, and makes an empty
    /// one where none is.
    pub(super) fn take(path: &Path) -> Result<Self, RegistryError> {
        let path = real_path(path)
            .map_err(|error| told(error, "looking for its folder, which must exist"))?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        refuse_network(folder)?;
        let lock = private_file(&lock_path(&path)).map_err(|error| told(error, "locking it"))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(RegistryError::InUse),
            Err(error) => return Err(told(error.into(), "locking it")),
        }
        if !path.exists() {
            create(&path, folder).map_err(|error| told(error, "making its file"))?;
        }
        Ok(Self { path, _lock: lock })
    }

    /// The path of the database file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The length of the database file in bytes; 0 when it cannot be told.
    pub(super) fn n_bytes(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |found| found.len())
    }
}

/// The one name of the file, whatever symbolic links lead to it: the lock goes
/// by the name, and so would two locks by two names. A whole path is also never
/// one of the names that SQLite takes for something else, such as `:memory:`.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        // A new database. A link that leads nowhere is none.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let name = path.file_name().ok_or(error)?;
            Ok(fs::canonicalize(folder)?.join(name))
        }
        found => found,
    }
}

/// The lock stands beside the database, for the database's own locks belong to
/// SQLite.
fn lock_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".lock");
    name.into()
}

/// Makes the file, and sees to it that its name is on the disk too.
fn create(path: &Path, folder: &Path) -> io::Result<()> {
    private_file(path)?.sync_all()?;
    File::open(folder)?.sync_all()
}

/// Opens or makes a file that only its owner may read.
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn refuse_network(folder: &Path) -> Result<(), RegistryError> {
    let found = statfs(folder).map_err(|error| told(error.into(), "looking at its folder"))?;
    network_kind(found.f_type).map_or(Ok(()), |kind| {
        Err(RegistryError::NetworkFilesystem { kind })
    })
}

/// The kind of network file system that a magic number means, if any.
fn network_kind(magic: impl TryInto<i64>) -> Option<&'static str> {
    let magic = magic.try_into().ok()?;
    // Some systems extend the sign of the 32 bits, some do not.
    let low = u32::try_from(magic & i64::from(u32::MAX)).ok()?;
    let mut known = NETWORK_FILESYSTEMS.iter();
    known.find(|(each, _)| *each == low).map(|(_, kind)| *kind)
}

/// What a failure of the file system means to the caller.
fn told(error: io::Error, doing: &'static str) -> RegistryError {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => RegistryError::ReadOnly,
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => RegistryError::Full,
        _ => RegistryError::Unavailable {
            doing,
            source: Some(Box::new(error)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        let cases = [
            (0x6969_i64, Some("nfs")),
            (0xFF53_4D42, Some("cifs")),
            (i64::from(0xFF53_4D42_u32.cast_signed()), Some("cifs")),
            (0xEF53, None),
            (0x0102_1994, None),
        ];
        for (magic, expected) in cases {
            assert_eq!(network_kind(magic), expected, "{magic:X}");
        }
    }

    #[test]
    fn failures_of_the_file_system_become_next_steps() {
        let told = |errno: Errno| told(errno.into(), "testing");
        for errno in [Errno::ACCESS, Errno::PERM, Errno::ROFS] {
            assert!(matches!(told(errno), RegistryError::ReadOnly), "{errno:?}");
        }
        for errno in [Errno::NOSPC, Errno::DQUOT, Errno::FBIG] {
            assert!(matches!(told(errno), RegistryError::Full), "{errno:?}");
        }
        assert!(matches!(
            told(Errno::NOENT),
            RegistryError::Unavailable { .. }
        ));
    }

    #[test]
    fn only_one_process_has_a_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let first = Place::take(&path).unwrap();
        assert!(matches!(Place::take(&path), Err(RegistryError::InUse)));
        drop(first);
        Place::take(&path).unwrap();
    }

    #[test]
    fn a_link_is_no_second_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Place::take(&link).is_err(), "a link that leads nowhere");
        let first = Place::take(&path).unwrap();

        assert!(matches!(Place::take(&link), Err(RegistryError::InUse)));
        drop(first);
        let linked = Place::take(&link).unwrap();
        assert_eq!(linked.path(), fs::canonicalize(&path).unwrap());
    }

    #[test]
    fn a_path_is_whole_however_it_is_written() {
        let relative = real_path(Path::new(":memory:")).unwrap();
        let here = fs::canonicalize(".").unwrap();
        assert_eq!(relative, here.join(":memory:"));
    }
}
