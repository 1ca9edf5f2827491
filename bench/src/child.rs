//! Processes that end with the benchmark.

use std::{
    ffi::OsStr,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, ensure};

/// The line by which a role says that it is ready.
const READY: &str = "ready";

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Helper(Child);

/// This very program in another role.
///
/// It also ends when its standard input does, so it does not outlive a
/// benchmark that was killed.
#[derive(Debug)]
pub(crate) struct Role {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _process: Helper,
}

impl Helper {
    /// Starts another program; what it says goes to the file `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let log = File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{command:?} cannot be started"))?;
        Ok(Self(child))
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Role {
    /// Starts the role and waits for it to say that it is ready.
    pub(crate) fn start<S: AsRef<OsStr>>(name: &str, arguments: &[S]) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(name)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("the role {name} cannot be started"))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let process = Helper(child);
        let mut role = Self {
            input: input.context("a pipe was asked for")?,
            output: BufReader::new(output.context("a pipe was asked for")?),
            _process: process,
        };
        let line = role.line()?;
        ensure!(line == READY, "the role {name} did not get ready");
        Ok(role)
    }

    /// Gives the role an order and returns its answer, a line.
    pub(crate) fn ask(&mut self, order: &str) -> anyhow::Result<String> {
        self.order(order)?;
        self.answer()
    }

    /// Gives the role an order, whose answer is taken later.
    pub(crate) fn order(&mut self, order: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.input, "{order}")?)
    }

    /// Takes the answer to the last order.
    pub(crate) fn answer(&mut self) -> anyhow::Result<String> {
        self.line()
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        let n_bytes = self.output.read_line(&mut line)?;
        ensure!(n_bytes > 0, "a role of the benchmark has ended");
        Ok(line.trim().into())
    }
}

/// In a role: says that it is ready.
pub(crate) fn say_ready() {
    println!("{READY}");
}

/// In a role without questions: waits until the benchmark ends.
pub(crate) fn wait_for_end() {
    std::io::stdin().lines().for_each(drop);
}
