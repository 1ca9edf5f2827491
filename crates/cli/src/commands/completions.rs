//! `completions`: what a shell needs to complete our commands.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::{args::Cli, exit::Exit, failure::Failure, output::Output};

/// Prints the completions for a shell.
pub(super) fn print(shell: Shell, output: &mut Output) -> Result<Exit, Failure> {
    // The generator panics where it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "xueka", &mut script);
    output.line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Good)
}
