//! The command line as a process.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::program;

/// Runs `xueka` against one daemon.
#[derive(Clone, Debug)]
pub struct Cli {
    server: String,
}

/// What one command answered.
#[derive(Debug)]
pub struct Answer {
    /// What was typed, for messages.
    pub line: String,
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Cli {
    /// A command line that calls the daemon on this socket.
    #[must_use]
    pub fn new(socket: &Path) -> Self {
        Self {
            server: format!("unix:{}", socket.display()),
        }
    }

    /// Runs one command; the words are separated by single spaces.
    #[must_use]
    pub fn run(&self, line: &str) -> Answer {
        self.run_words(&line.split(' ').collect::<Vec<_>>())
    }

    /// Runs one command whose words may have spaces.
    #[must_use]
    pub fn run_words(&self, words: &[&str]) -> Answer {
        let output = self.command(words).output().expect("xueka can be run");
        Answer {
            line: format!("xueka {}", words.join(" ")),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("errors are UTF-8"),
        }
    }

    /// The command itself, for tests that read while it runs.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("xueka"));
        command
            .args(words)
            .env("XUEKA_SERVER", &self.server)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// Runs one command that must succeed, with `--json`; returns its document.
    #[must_use]
    pub fn json(&self, line: &str) -> Value {
        self.run(&format!("{line} --json")).expect(0).document()
    }
}

impl Answer {
    /// Checks the exit code.
    ///
    /// # Panics
    ///
    /// When it is another; the message has all that was said.
    #[must_use]
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "{}\n{}\n{}",
            self.line, self.stdout, self.stderr
        );
        self
    }

    /// Standard output as one JSON document; standard error, where an error is
    /// told, when there is no output.
    #[must_use]
    #[track_caller]
    pub fn document(&self) -> Value {
        let text = if self.stdout.is_empty() {
            &self.stderr
        } else {
            &self.stdout
        };
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", self.line))
    }

    /// The reason that an error names in its JSON form.
    #[must_use]
    #[track_caller]
    pub fn reason(&self) -> String {
        let document: Value = serde_json::from_str(&self.stderr)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}", self.line, self.stderr));
        let reason = document["reason"].as_str();
        reason
            .unwrap_or_else(|| panic!("{}: no reason in {document}", self.line))
            .to_owned()
    }
}
