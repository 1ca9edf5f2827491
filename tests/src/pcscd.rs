//! A pcscd of the test's own, with virtual readers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{driver, workspace};

/// A real pcscd beside the machine's, kept by `scripts/private-pcscd.sh`.
///
/// It ends with this value, and when the test dies.
#[derive(Debug)]
pub struct PrivatePcscd {
    folder: TempDir,
    driver: VirtualDriver,
    addresses: Vec<String>,
    readers: Vec<String>,
}

/// Whose virtual readers a pcscd has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VirtualDriver {
    /// Our own (`crates/ifd`).
    Ours,
    /// That of the vsmartcard project, the neutral second.
    Vpcd,
}

impl PrivatePcscd {
    /// Starts one with `n_readers` virtual readers of our own driver; it
    /// answers when this returns.
    #[must_use]
    pub fn start(n_readers: usize) -> Self {
        Self::start_with(VirtualDriver::Ours, n_readers)
    }

    /// The same with the readers of `driver`; those of vpcd come in pairs.
    #[must_use]
    pub fn start_with(driver: VirtualDriver, n_readers: usize) -> Self {
        let name = match driver {
            VirtualDriver::Ours => "xueka",
            VirtualDriver::Vpcd => "vpcd",
        };
        Self::start_as(driver, &[&n_readers.to_string(), name], "")
    }

    /// The same with readers of our own driver, of a pcscd that serves no more
    /// than `n_programs` programs at once.
    #[must_use]
    pub fn serving_at_most(n_programs: u32, n_readers: usize) -> Self {
        let words = [&n_readers.to_string(), "xueka"];
        let options = format!("--max-thread {n_programs}");
        Self::start_as(VirtualDriver::Ours, &words, &options)
    }

    /// The same with a reader of our own driver for each name; settings follow
    /// a name as `docs/virtual-reader.md` has them.
    #[must_use]
    pub fn with_readers(readers: &[&str]) -> Self {
        let n_readers = readers.len().to_string();
        let words = [&[n_readers.as_str(), "xueka"], readers].concat();
        Self::start_as(VirtualDriver::Ours, &words, "")
    }

    fn start_as(driver: VirtualDriver, words: &[&str], options: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("xueka-pcscd-")
            .tempdir()
            .unwrap();
        let mut start = script("start", &place(&folder), words);
        succeed(start.env("XUEKA_PCSCD_OPTIONS", options));
        let env = fs::read_to_string(place(&folder).join("env")).unwrap();
        let variable = match driver {
            VirtualDriver::Ours => "XUEKA_VIRTUAL_READERS=",
            VirtualDriver::Vpcd => "XUEKA_VPCD=",
        };
        let addresses = env
            .lines()
            .find_map(|line| line.strip_prefix(variable))
            .expect("the addresses of the virtual readers");
        let readers = fs::read_to_string(place(&folder).join("readers")).unwrap();
        Self {
            driver,
            addresses: addresses.split(',').map(Into::into).collect(),
            readers: readers.lines().map(Into::into).collect(),
            folder,
        }
    }

    /// Whose readers it has.
    #[must_use]
    pub fn driver(&self) -> VirtualDriver {
        self.driver
    }

    /// The socket that its clients are to use, for `PCSCLITE_CSOCK_NAME`.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        place(&self.folder).join("run/pcscd.comm")
    }

    /// The addresses at which virtual cards connect, one a reader.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> String {
        let pid = fs::read_to_string(place(&self.folder).join("pid")).unwrap();
        pid.trim().to_owned()
    }

    /// All it has said so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(place(&self.folder).join("log")).unwrap()
    }

    /// The names of the readers, in the order of
    /// [`addresses`](Self::addresses).
    #[must_use]
    pub fn readers(&self) -> &[String] {
        &self.readers
    }

    /// Sends it a signal, to make it stand still or go on.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().parse().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
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
    if order == "start" {
        command.env("XUEKA_IFD", driver());
    }
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
