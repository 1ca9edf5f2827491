//! Benchmarks: what this project adds to the least that a reading can cost.
//!
//! `bench/run.sh` prepares everything and calls this program. It measures part
//! by part, the sides of a comparison in turns within each round, and compares
//! round by round, so that a machine that slows down slows both sides. Absolute
//! times are of one machine on one day; the ratios are meant to last.

mod abreast;
mod arrival;
mod cards;
mod child;
mod clock;
mod echo;
mod exchanges;
mod families;
mod family_reads;
mod idle;
mod raw;
mod reading;
mod report;
mod roll;
mod round_trip;
mod sample;
mod service;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail, ensure};

use crate::{child::Role, raw::Raw, report::Report, service::Service};

/// Rounds of every comparison.
const N_ROUNDS: usize = 15;
/// The slots of vpcd's readers.
const FAST_SLOT: usize = 0;
const SLOW_SLOT: usize = 1;

/// What is measured with on vpcd's readers.
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
    let (report, json) = match words.as_slice() {
        ["vpcd", raw, readers, json] => (
            measure_on_vpcd(&Setting::new(raw.into(), readers.as_ref())?)?,
            json,
        ),
        ["xueka", raw, readers, json] => {
            let raw = Raw {
                program: raw.into(),
            };
            (measure_on_ours(&raw, &names(readers.as_ref())?)?, json)
        }
        ["roll", json] => (roll::measure()?, json),
        ["cards", driver, ..] => {
            cards::serve(driver, arguments.get(2..).unwrap_or_default())?;
            return Ok(ExitCode::SUCCESS);
        }
        ["echo", socket, readers @ ..] => {
            echo::serve(socket.as_ref(), readers)?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => bail!("this program is called by bench/run.sh"),
    };
    fs::write(json, format!("{:#}\n", report.to_json()))?;
    if report.reached_all() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nA goal was missed.");
    Ok(ExitCode::FAILURE)
}

/// What is measured on a neutral driver. Nobody else uses pcscd in the first
/// part; whoever watches a reader is woken by each connection and takes time
/// from the same core, so the later parts repeat plain C beside the watchers.
fn measure_on_vpcd(setting: &Setting) -> anyhow::Result<Report> {
    let mut cards = start_cards("vpcd", "XUEKA_VPCD")?;
    cards.ask(&format!("insert {FAST_SLOT} {}", cards::FAST))?;
    cards.ask(&format!("insert {SLOW_SLOT} {}", cards::SLOW))?;

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

/// What needs our driver: it shows a card at once, and has as many readers as
/// are wanted.
fn measure_on_ours(raw: &Raw, readers: &[String]) -> anyhow::Result<Report> {
    let Some(reader) = readers.first() else {
        bail!("there are no virtual readers");
    };
    let n_readers = abreast::N_READERS;
    ensure!(readers.len() >= n_readers, "{n_readers} readers are needed");
    let mut cards = start_cards("xueka", "XUEKA_VIRTUAL_READERS")?;

    let mut report = Report::default();
    report.add(family_reads::measure(raw, reader, &mut cards)?);
    report.add(abreast::measure(readers, &mut cards)?);
    report.add(arrival::measure(raw, reader, &mut cards)?);
    Ok(report)
}

/// Starts the cards' process on the readers of a driver.
fn start_cards(driver: &str, variable: &str) -> anyhow::Result<Role> {
    let addresses = env::var(variable).with_context(|| format!("bench/run.sh sets {variable}"))?;
    let addresses: Vec<&str> = [driver].into_iter().chain(addresses.split(',')).collect();
    Role::start("cards", &addresses)
}

impl Setting {
    /// Takes the first two readers of vpcd.
    fn new(program: PathBuf, readers: &Path) -> anyhow::Result<Self> {
        let mut names = names(readers)?.into_iter();
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

/// The names of the readers in the list that `scripts/private-pcscd.sh` wrote.
fn names(list: &Path) -> anyhow::Result<Vec<String>> {
    let text =
        fs::read_to_string(list).with_context(|| format!("{} cannot be read", list.display()))?;
    Ok(text.lines().map(String::from).collect())
}
