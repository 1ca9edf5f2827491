//! The comparator in plain C (`bench/raw.c`), run as a process.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
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
    pub(crate) commands: &'a [Vec<u8>],
}

/// The commands as the readers' threads send them, inside a transaction.
pub(crate) fn in_transaction<'a>(reader: &'a str, commands: &'a [Vec<u8>]) -> Script<'a> {
    Script {
        reader,
        in_transaction: true,
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

    /// The process that does the script `n` times.
    pub(crate) fn command(&self, script: Script<'_>, n: usize) -> Command {
        let mut command = Command::new(&self.program);
        if script.in_transaction {
            command.arg("-t");
        }
        command.args(["-n", &n.to_string(), script.reader]);
        command.args(script.commands.iter().map(hex::encode_upper));
        command
    }
}
