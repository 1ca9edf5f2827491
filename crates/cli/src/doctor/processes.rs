//! Programs that run.
//!
//! Source: Linux, proc(5). Of other users' programs only the name is told
//! unless the doctor runs as root.

use std::path::{Path, PathBuf};

use super::root::Root;

/// Programs that are known to hold readers or cards for themselves: `GnuPG`'s,
/// GNOME's, `OpenCT`'s and libnfc's.
const KNOWN_HOLDERS: [&str; 5] = [
    "scdaemon",
    "gsd-smartcard",
    "openct",
    "ifdhandler",
    "nfc-list",
];

/// One program.
#[derive(Clone, Debug)]
pub(super) struct Process {
    /// Its number.
    pub(super) id: u32,
    /// Its name, at most 15 bytes of it.
    pub(super) name: String,
    folder: PathBuf,
}

impl Process {
    /// All programs.
    pub(super) fn all(root: &Root) -> Vec<Self> {
        let entries = root.entries("/proc");
        let processes = entries.into_iter().filter_map(|folder| {
            let id = folder.file_name()?.to_str()?.parse().ok()?;
            let name = root.text(folder.join("comm"))?;
            Some(Self { id, name, folder })
        });
        processes.collect()
    }

    /// A variable of its environment, where that may be read.
    pub(super) fn variable(&self, root: &Root, name: &str) -> Option<String> {
        let environment = root.text(self.folder.join("environ"))?;
        let mut variables = environment.split('\0');
        variables.find_map(|variable| {
            let value = variable.strip_prefix(name)?.strip_prefix('=')?;
            Some(value.to_owned())
        })
    }

    /// The words with which it was started.
    pub(super) fn words(&self, root: &Root) -> Vec<String> {
        let line = root.text(self.folder.join("cmdline")).unwrap_or_default();
        line.split('\0').map(ToOwned::to_owned).collect()
    }

    /// Whether it is a client of PC/SC, or known to hold readers by itself.
    pub(super) fn may_hold_readers(&self, root: &Root) -> bool {
        if KNOWN_HOLDERS.contains(&self.name.as_str()) {
            return true;
        }
        let maps = root.text(self.folder.join("maps")).unwrap_or_default();
        self.name != "pcscd" && maps.contains("/libpcsclite.so")
    }

    /// Its effective user and all its groups.
    pub(super) fn user(&self, root: &Root) -> Option<(u32, Vec<u32>)> {
        user_of(root, &self.folder)
    }
}

/// The effective user and the groups of a folder of `/proc`.
pub(super) fn user_of(root: &Root, folder: &Path) -> Option<(u32, Vec<u32>)> {
    let status = root.text(folder.join("status"))?;
    let line = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let numbers = line.split_whitespace();
        Some(numbers.filter_map(|number| number.parse().ok()).collect())
    };
    // Real, effective, saved, for the file system.
    let uid: Vec<u32> = line("Uid:")?;
    let gid: Vec<u32> = line("Gid:").unwrap_or_default();
    let mut groups: Vec<u32> = line("Groups:").unwrap_or_default();
    groups.extend(gid.get(1));
    Some((*uid.get(1)?, groups))
}

/// The name of a user.
pub(super) fn user_name(root: &Root, uid: u32) -> Option<String> {
    let users = root.text("/etc/passwd")?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}
