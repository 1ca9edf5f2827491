//! A terminal with a person before it.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read as _, Write as _},
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};

/// How long a program may take to show something; far more than it needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program on a terminal of its own.
#[derive(Debug)]
pub(crate) struct Terminal {
    side_of_person: File,
    program: Child,
    shown: Vec<u8>,
}

/// How a program on a terminal ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself, with this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl Terminal {
    /// Starts a program whose input, output and errors are a new terminal, which
    /// also sends it the signals of its keys.
    pub(crate) fn start(command: &Command) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let side_of_program = || {
            let mut options = OpenOptions::new();
            let options = options.read(true).write(true);
            options.open(name.to_str().unwrap()).unwrap()
        };
        // From util-linux: a session of its own, with its input as terminal.
        let mut session = Command::new("setsid");
        session
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(side_of_program())
            .stdout(side_of_program())
            .stderr(side_of_program());
        for (name, value) in command.get_envs() {
            session.env(name, value.unwrap_or_default());
        }
        Self {
            program: session.spawn().unwrap(),
            side_of_person: person.into(),
            shown: Vec::new(),
        }
    }

    /// Waits until this is shown.
    pub(crate) fn wait_for(&mut self, text: &str) {
        while !self.shown().contains(text) {
            assert!(self.see_more(), "never shown: {text}\n{}", self.shown());
        }
    }

    /// Presses keys. `\u{3}` is Ctrl-C, `\u{4}` Ctrl-D.
    pub(crate) fn press(&mut self, keys: &str) {
        self.side_of_person.write_all(keys.as_bytes()).unwrap();
    }

    /// What was shown from the beginning, keys included.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    /// Waits until the program has ended.
    pub(crate) fn end(&mut self) -> End {
        while self.see_more() {}
        let status = self.program.wait().unwrap();
        match status.code() {
            Some(code) => End::Code(code),
            None => End::Signal(status.signal().unwrap()),
        }
    }

    /// Takes in what is shown next; `false` when the program has let go of its
    /// terminal.
    fn see_more(&mut self) -> bool {
        let start = Instant::now();
        let mut bytes = [0; 4096];
        let mut ready = [PollFd::new(&self.side_of_person, PollFlags::IN)];
        let patience = Timespec::try_from(PATIENCE).unwrap();
        let n_ready = poll(&mut ready, Some(&patience)).unwrap();
        assert!(n_ready > 0, "silent for {:?}", start.elapsed());
        match self.side_of_person.read(&mut bytes) {
            // Linux says EIO when nobody holds the other side any more.
            Ok(0) => false,
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                false
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            Ok(n_read) => {
                self.shown.extend(&bytes[..n_read]);
                true
            }
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Terminal {
    /// Leaves nothing running when a test fails.
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
