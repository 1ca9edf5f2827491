//! xueka: the command line of the card desk.
//!
//! A client of the daemon xuekad over gRPC: asks, shows the answer to people
//! or as JSON, and ends with an exit code that a script can use. Starts and
//! stops nothing by itself.

mod args;
mod commands;
mod connection;
mod describe;
mod doctor;
mod duration;
mod exit;
mod failure;
mod layout;
mod list_words;
mod next_step;
mod output;
mod protocol_words;
mod report;
mod shapes;
mod taught;
mod words;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{args::Cli, exit::Exit, failure::Failure, output::Output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let language = cli
        .global
        .lang
        .unwrap_or_else(words::language_of_environment);
    let mut output = Output::new(cli.global.json, language);
    let exit = run(cli, &mut output).unwrap_or_else(|failure| {
        let report = failure.report(language);
        output::tell_failure(&report, output.is_json());
        report.exit
    });
    exit.into()
}

/// Runs the command to its end on this one thread: most commands are a single
/// exchange, and starting more would take longer than that.
fn run(cli: Cli, output: &mut Output) -> Result<Exit, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::Start)?
        .block_on(commands::run(cli, output))
}
