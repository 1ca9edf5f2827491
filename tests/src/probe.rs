//! What programs on one pcscd see, through a PC/SC client that is a process.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::PrivatePcscd;

/// A client of one pcscd, with at most one card connected.
#[derive(Debug)]
pub struct Probe {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// A state of a reader, as `SCardGetStatusChange` tells it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The flags, by name.
    pub flags: String,
    /// How many cards have come and gone.
    pub n_events: u32,
    /// When it was told, by the monotonic clock, in nanoseconds.
    pub at_nanos: i64,
}

impl Probe {
    /// Starts the program at `program`, which is `pcsc-probe`, as a client of
    /// `pcscd`.
    #[must_use]
    pub fn start(program: &Path, pcscd: &PrivatePcscd) -> Self {
        // Should the test be killed, the kernel kills the client.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(program)
            .env("PCSCLITE_CSOCK_NAME", pcscd.socket())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("util-linux is here");
        Self {
            orders: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Gives an order without waiting for what comes of it.
    pub fn order(&mut self, words: &[&str]) {
        writeln!(self.orders, "{}", words.join("\t")).expect("the client listens");
    }

    /// What came of the last order.
    ///
    /// # Errors
    ///
    /// The name of the error that PC/SC gave.
    pub fn answer(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let line = line.trim_end_matches('\n');
        assert!(!line.is_empty(), "the client ended");
        match line.strip_prefix("ok\t") {
            Some(answer) => Ok(answer.to_owned()),
            None => Err(line.to_owned()),
        }
    }

    /// Gives an order and waits for what comes of it.
    ///
    /// # Errors
    ///
    /// The name of the error that PC/SC gave.
    pub fn ask(&mut self, words: &[&str]) -> Result<String, String> {
        self.order(words);
        self.answer()
    }

    /// Sends a command, in hexadecimal, to the connected card.
    ///
    /// # Errors
    ///
    /// The name of the error that PC/SC gave.
    pub fn transmit(&mut self, command: &str) -> Result<String, String> {
        self.ask(&["transmit", command])
    }

    /// Begins to watch a reader; returns how it is now.
    #[must_use]
    pub fn watch(&mut self, reader: &str) -> Seen {
        seen(&self.ask(&["watch", reader]).unwrap())
    }

    /// Waits for the watched reader to change.
    #[must_use]
    pub fn change(&mut self) -> Seen {
        seen(&self.ask(&["change", "20000"]).expect("a change"))
    }

    /// Waits until the watched reader has this flag.
    #[must_use]
    pub fn until(&mut self, flag: &str) -> Seen {
        loop {
            let seen = self.change();
            if seen.flags.contains(flag) {
                return seen;
            }
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn seen(answer: &str) -> Seen {
    let [flags, n_events, at_nanos] = answer.split('\t').collect::<Vec<_>>()[..] else {
        panic!("not a state: {answer}");
    };
    Seen {
        flags: flags.into(),
        n_events: n_events.parse().unwrap(),
        at_nanos: at_nanos.parse().unwrap(),
    }
}
