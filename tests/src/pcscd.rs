//! A pcscd of the test's own, with virtual readers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::workspace;

/// A real pcscd beside the machine's, kept by `scripts/private-pcscd.sh`.
///
/// It ends with this value, and when the test dies.
#[derive(Debug)]
pub struct PrivatePcscd {
    folder: TempDir,
    vpcd: Vec<String>,
    readers: Vec<String>,
}

impl PrivatePcscd {
    /// Starts one with `n_readers` virtual readers, an even number; it answers
    /// when this returns.
    #[must_use]
    pub fn start(n_readers: usize) -> Self {
        Self::start_as(n_readers, "")
    }

    /// The same of a pcscd that serves no more than `n_programs` programs at
    /// once.
    #[must_use]
    pub fn serving_at_most(n_programs: u32, n_readers: usize) -> Self {
        Self::start_as(n_readers, &format!("--max-thread {n_programs}"))
    }

    fn start_as(n_readers: usize, options: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("xueka-pcscd-")
            .tempdir()
            .unwrap();
        let mut start = script("start", &place(&folder), &[&n_readers.to_string(), "vpcd"]);
        succeed(start.env("XUEKA_PCSCD_OPTIONS", options));
        let env = fs::read_to_string(place(&folder).join("env")).unwrap();
        let vpcd = env
            .lines()
            .find_map(|line| line.strip_prefix("XUEKA_VPCD="))
            .expect("the addresses of the virtual readers");
        let readers = fs::read_to_string(place(&folder).join("readers")).unwrap();
        Self {
            vpcd: vpcd.split(',').map(Into::into).collect(),
            readers: readers.lines().map(Into::into).collect(),
            folder,
        }
    }

    /// The socket that its clients are to use, for `PCSCLITE_CSOCK_NAME`.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        place(&self.folder).join("run/pcscd.comm")
    }

    /// The addresses at which virtual cards connect, one a reader.
    #[must_use]
    pub fn vpcd(&self) -> &[String] {
        &self.vpcd
    }

    /// The names of the readers, in the order of [`vpcd`](Self::vpcd).
    #[must_use]
    pub fn readers(&self) -> &[String] {
        &self.readers
    }

    /// Kills it as a crash would.
    pub fn kill(&self) {
        run("kill", &place(&self.folder), &[]);
    }

    /// Starts it again in the same place; it answers when this returns.
    pub fn restart(&self) {
        run("restart", &place(&self.folder), &[]);
    }
}

impl Drop for PrivatePcscd {
    fn drop(&mut self) {
        // A panic here would hide the one that may be under way; the keeper
        // tidies up by itself when the test ends.
        script("stop", &place(&self.folder), &[]).output().ok();
    }
}

/// The script wants a folder that it may remove.
fn place(folder: &TempDir) -> PathBuf {
    folder.path().join("pcscd")
}

fn script(order: &str, place: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(workspace().join("scripts/private-pcscd.sh"));
    command.arg(order).arg(place).args(more);
    command
}

fn run(order: &str, place: &Path, more: &[&str]) {
    succeed(&mut script(order, place, more));
}

fn succeed(command: &mut Command) {
    let output = command.output().expect("bash is here");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
