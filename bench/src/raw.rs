//! The comparator in plain C (`bench/raw.c`), run as a process.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context, ensure};

/// The built comparator.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) program: PathBuf,
}

/// What the comparator is to do, n times in one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script<'a> {
    pub(crate) reader: &'a str,
    /// Whether a transaction is held around the commands.
    pub(crate) in_transaction: bool,
    /// Whether it waits for a card before each time.
    pub(crate) awaits_cards: bool,
    pub(crate) commands: &'a [Vec<u8>],
}

/// The commands as the readers' threads send them, inside a transaction.
pub(crate) fn in_transaction<'a>(reader: &'a str, commands: &'a [Vec<u8>]) -> Script<'a> {
    Script {
        reader,
        in_transaction: true,
        awaits_cards: false,
        commands,
    }
}

impl Raw {
    /// The median time of one iteration, in nanoseconds.
    pub(crate) fn measure(&self, script: Script<'_>, n: usize) -> anyhow::Result<f64> {
        let output = self
            .command(script, n)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("{} cannot be run", self.program.display()))?;
        ensure!(output.status.success(), "the comparator in C failed");
        let line = String::from_utf8_lossy(&output.stdout);
        let median = line.split_whitespace().next().unwrap_or_default();
        median
            .parse()
            .with_context(|| format!("the comparator said {line:?}"))
    }

    /// Starts the comparator waiting for `n` cards, one after the other.
    pub(crate) fn await_cards(&self, script: Script<'_>, n: usize) -> anyhow::Result<RawTaps> {
        let mut child = self
            .command(script, n)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be run", self.program.display()))?;
        let lines = child.stdout.take().context("a pipe was asked for")?;
        Ok(RawTaps {
            lines: BufReader::new(lines),
            child,
        })
    }

    /// The process that does the script `n` times.
    pub(crate) fn command(&self, script: Script<'_>, n: usize) -> Command {
        let mut command = Command::new(&self.program);
        if script.in_transaction {
            command.arg("-t");
        }
        if script.awaits_cards {
            command.arg("-w");
        }
        command.args(["-n", &n.to_string(), script.reader]);
        command.args(script.commands.iter().map(hex::encode_upper));
        command
    }
}

/// The comparator while it waits for cards.
#[derive(Debug)]
pub(crate) struct RawTaps {
    lines: BufReader<ChildStdout>,
    child: Child,
}

impl RawTaps {
    /// Returns when the comparator is about to wait for the next card.
    pub(crate) fn await_ready(&mut self) -> anyhow::Result<()> {
        let line = self.line()?;
        ensure!(line == "ready", "the comparator said {line:?}");
        Ok(())
    }

    /// When it had the last answer of the card that came, by the monotonic
    /// clock, in nanoseconds.
    pub(crate) fn answered(&mut self) -> anyhow::Result<u128> {
        let line = self.line()?;
        line.parse()
            .with_context(|| format!("the comparator said {line:?}"))
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(line.trim().into())
    }
}

impl Drop for RawTaps {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
