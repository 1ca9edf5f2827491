//! Benchmarks: what this project adds to the least that a reading can cost.
//!
//! `bench/run.sh` prepares everything and calls this program. It measures part
//! by part, the sides of a comparison in turns within each round, and compares
//! round by round, so that a machine that slows down slows both sides. Absolute
//! times are of one machine on one day; the ratios are meant to last.

mod cards;
mod child;
mod echo;
mod exchanges;
mod idle;
mod raw;
mod reading;
mod report;
mod round_trip;
mod sample;
mod service;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};

use crate::{child::Role, raw::Raw, report::Report, service::Service};

/// Rounds of every comparison.
const N_ROUNDS: usize = 15;

/// What is measured with.
#[derive(Debug)]
struct Setting {
    raw: Raw,
    /// The reader of the card that answers at once.
    fast_reader: String,
    /// The reader of the card that takes as long as a real one.
    slow_reader: String,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["run", raw, readers, json] => {
            let report = measure(&Setting::new(raw.into(), readers.as_ref())?)?;
            fs::write(json, format!("{:#}\n", report.to_json()))?;
            if !report.reached_all() {
                println!("\nA goal was missed.");
                return Ok(ExitCode::FAILURE);
            }
        }
        ["cards", ..] => cards::serve(arguments.get(1..).unwrap_or_default())?,
        ["echo", socket, readers @ ..] => echo::serve(socket.as_ref(), readers)?,
        _ => bail!("this program is called by bench/run.sh"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures everything. Nobody else uses pcscd in the first part; whoever
/// watches a reader is woken by each connection and takes time from the same
/// core, so the later parts repeat plain C beside the watchers.
fn measure(setting: &Setting) -> anyhow::Result<Report> {
    let addresses = env::var("XUEKA_VPCD").context("bench/run.sh sets XUEKA_VPCD")?;
    let addresses: Vec<&str> = addresses.split(',').collect();
    let mut cards = Role::start("cards", &addresses)?;

    let mut report = Report::default();
    report.add(reading::measure_calls(setting)?);
    report.add(reading::measure_handle(setting)?);
    let mut service = Service::start(setting, &mut cards)?;
    report.add(service.measure_calls(setting)?);
    report.add(service.measure_processes(setting)?);
    drop(cards);
    report.add(service.measure_idle()?);
    report.add_exchanges(exchanges::of_all_families()?);
    Ok(report)
}

impl Setting {
    /// Takes the readers from the list that `scripts/private-pcscd.sh` wrote.
    fn new(program: PathBuf, readers: &Path) -> anyhow::Result<Self> {
        let list = fs::read_to_string(readers)
            .with_context(|| format!("{} cannot be read", readers.display()))?;
        let mut names = list.lines().map(String::from);
        let (Some(fast_reader), Some(slow_reader)) = (names.next(), names.next()) else {
            bail!("two virtual readers are needed");
        };
        Ok(Self {
            raw: Raw { program },
            fast_reader,
            slow_reader,
        })
    }
}
