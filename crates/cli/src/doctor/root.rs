//! Files of the system, below a folder that stands for its root.
//!
//! Everything that the doctor knows of the machine comes through here, so a
//! test can prepare a machine as a folder. What cannot be read is as if it were
//! not there.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder that stands for `/`.
#[derive(Clone, Debug)]
pub(super) struct Root(PathBuf);

impl Root {
    /// The machine as it is, or as a test prepared it.
    pub(super) fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Where a path of the machine really is.
    pub(super) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A file's text, without blanks and zero bytes at its ends.
    pub(super) fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        let bytes = fs::read(self.at(path)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        Some(text.trim_matches(['\0', ' ', '\n', '\t']).to_owned())
    }

    /// A file's text as a hexadecimal number.
    pub(super) fn hex(&self, path: impl AsRef<Path>) -> Option<u16> {
        u16::from_str_radix(&self.text(path)?, 16).ok()
    }

    /// The paths in a folder, sorted.
    pub(super) fn entries(&self, folder: impl AsRef<Path>) -> Vec<PathBuf> {
        let folder = folder.as_ref();
        let entries = fs::read_dir(self.at(folder)).into_iter().flatten();
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        let mut paths: Vec<_> = names.map(|name| folder.join(name)).collect();
        paths.sort();
        paths
    }

    /// Whether there is anything.
    pub(super) fn has(&self, path: impl AsRef<Path>) -> bool {
        self.at(path).symlink_metadata().is_ok()
    }

    /// The last part of what a link points to.
    pub(super) fn link_name(&self, path: impl AsRef<Path>) -> Option<String> {
        let target = fs::read_link(self.at(path)).ok()?;
        Some(target.file_name()?.to_string_lossy().into_owned())
    }
}
