//! `xuekad`: load the configuration, open the registry, start the readers,
//! serve, drain.

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use xueka_daemon::{Args, Config, Daemon, logging, signals};

/// How long threads that are still busy may hold up the end of the process.
const LINGER: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let args = Args::parse();
    match start(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xuekad: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(args: &Args) -> anyhow::Result<()> {
    let config = match &args.config {
        Some(path) => Config::load(path)?,
        None => Config::default(),
    };
    if args.check_config {
        Daemon::check(&config)?;
        println!("the configuration is good");
        return Ok(());
    }
    logging::start(&config.log)?;
    // One thread serves all calls: nothing on it blocks, and a call costs half of
    // what it does where threads hand calls to each other.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(async {
        let shutdown = signals::shutdown()?;
        let daemon = Daemon::start(&config, &args.simulation).await?;
        daemon.run(shutdown).await
    });
    runtime.shutdown_timeout(LINGER);
    outcome
}
