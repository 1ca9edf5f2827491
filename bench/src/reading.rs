//! Readings inside this process: by the calls of a reader's thread, and through
//! the asynchronous handle.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::runtime::Runtime;
use xueka_cards::{ReadError, ReadingProfile, read_card};
use xueka_readers::{PcscSource, ReadOptions, ReaderSettings, Readers, time_exchange};
use xueka_transport::{CardPresence, CardReader, Dialect, ReaderName, ReaderSource};

use crate::{
    N_ROUNDS, Setting,
    raw::{Script, in_transaction},
    report::Section,
    round_trip::RoundTrip,
    sample::{Series, median_of},
};

/// Readings a round.
const N_READINGS: usize = 200;
/// How long a card may take to be noticed; pcscd looks every 400 ms.
const PATIENCE: Duration = Duration::from_secs(10);

/// UID, number and dates, purse: `FF CA`, READ BINARY of SFI 4, SELECT DF 1001.
///
/// It leaves the card in the purse, where there is no SFI 4: from the second
/// time on the card refuses it, for C and for us alike.
///
/// Source: hardware-notes/card-transit-cpu.md.
const TRANSIT: [&[u8]; 3] = [
    &[0xFF, 0xCA, 0x00, 0x00, 0x00],
    &[0x00, 0xB0, 0x84, 0x00, 0x20],
    &[0x00, 0xA4, 0x00, 0x00, 0x02, 0x10, 0x01],
];

/// Plain C against the calls that a reader's thread makes, command by command.
pub(crate) fn measure_calls(setting: &Setting) -> anyhow::Result<Section> {
    let mut reader = await_card(&setting.fast_reader)?;
    let mut section = Section::new("Reading in this process, with nobody else watching");
    let [uid, ..] = TRANSIT;
    for (what, commands) in [
        ("connect, UID, disconnect", &[uid][..]),
        ("three-command transit reading", &TRANSIT[..]),
    ] {
        let owned: Vec<_> = commands.iter().map(|command| command.to_vec()).collect();
        let script = in_transaction(&setting.fast_reader, &owned);
        let without = Script {
            in_transaction: false,
            ..script
        };
        let (mut bare, mut raw, mut own) = <(Series, Series, Series)>::default();
        for _ in 0..N_ROUNDS {
            bare.push(setting.raw.measure(without, N_READINGS)?);
            raw.push(setting.raw.measure(script, N_READINGS)?);
            let mut response = Vec::new();
            own.push(median_of(N_READINGS, || {
                time_exchange(reader.as_mut(), commands, &mut response).map(drop)
            })?);
        }
        section = section
            .time(format!("{what}: plain C, no transaction"), bare.median())
            .time(format!("{what}: plain C"), raw.median())
            .time(format!("{what}: reader's calls"), own.median())
            .figure("reader's calls to plain C", own.ratio_to(&raw), "", 1.10);
    }
    Ok(section)
}

/// The same reading by a reader's calls and through the handle to its thread,
/// which keeps its connection from one reading to the next.
///
/// The thread round trip that the handle may cost is taken around a reading as
/// well, where it meets cold caches and takes twice as long; what is judged is
/// the warm one.
pub(crate) fn measure_handle(setting: &Setting) -> anyhow::Result<Section> {
    let mut reader = await_card(&setting.fast_reader)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let readers = Readers::start(Box::new(PcscSource::new()), ReaderSettings::default())?;
    let name = setting.fast_reader.as_str();
    await_reading(&runtime, &readers, name)?;
    let bare = RoundTrip::start(|| ())?;
    let mut elsewhere = await_card(&setting.fast_reader)?;
    let profile = ReadingProfile::default();
    let theirs = profile.clone();
    let around = RoundTrip::start(move || {
        read_directly(elsewhere.as_mut(), &theirs).ok();
    })?;

    let (mut direct, mut handle) = <(Series, Series)>::default();
    let (mut round_trip, mut on_thread) = <(Series, Series)>::default();
    for _ in 0..N_ROUNDS {
        direct.push(median_of(N_READINGS, || {
            read_directly(reader.as_mut(), &profile)
        })?);
        handle.push(median_of(N_READINGS, || {
            let reading = readers.read_card(Some(name), ReadOptions::default());
            runtime.block_on(reading).map(drop)
        })?);
        on_thread.push(median_of(N_READINGS, || runtime.block_on(around.go()))?);
        round_trip.push(median_of(N_READINGS, || runtime.block_on(bare.go()))?);
    }
    let hop = on_thread.minus(&direct);
    let extra = handle.minus(&direct);
    Ok(Section::new("Reading through the asynchronous handle")
        .time(
            "bare thread round trip with nothing to do",
            round_trip.median(),
        )
        .time("whole reading by the reader's calls", direct.median())
        .time(
            "the same on a bare thread, there and back",
            on_thread.median(),
        )
        .time("the same through the handle", handle.median())
        .count(
            "handle over reader's calls, in round trips around a reading",
            extra.ratio_to(&hop),
        )
        .figure(
            "handle over reader's calls, in round trips with nothing to do",
            extra.ratio_to(&round_trip),
            "",
            1.0,
        ))
}

/// One reading by the calls that a reader's thread makes.
pub(crate) fn read_directly(
    reader: &mut dyn CardReader,
    profile: &ReadingProfile,
) -> Result<(), ReadError> {
    let mut session = reader.open()?;
    read_card(session.as_mut(), &Dialect::STANDARD, profile).map(drop)
}

/// A reader as a reader's thread has it: from a source that has seen the card,
/// and so knows its ATR.
pub(crate) fn await_card(reader: &str) -> anyhow::Result<Box<dyn CardReader>> {
    let (source, name) = await_field(reader, |presence| {
        matches!(presence, CardPresence::Present { .. })
    })?;
    Ok(source.reader(&name))
}

/// Waits until pcscd sees no card on a reader.
pub(crate) fn await_empty(reader: &str) -> anyhow::Result<()> {
    await_field(reader, |presence| *presence == CardPresence::Empty).map(drop)
}

fn await_field(
    reader: &str,
    is_wanted: impl Fn(&CardPresence) -> bool,
) -> anyhow::Result<(PcscSource, ReaderName)> {
    let name = ReaderName::from(reader);
    let mut source = PcscSource::new();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let is_seen = source
            .wait()?
            .iter()
            .any(|snapshot| snapshot.name == name && is_wanted(&snapshot.presence));
        if is_seen {
            return Ok((source, name));
        }
    }
    bail!("pcscd does not see what was done to {reader}")
}

/// Waits until the handle reads the card on a reader.
pub(crate) fn await_reading(
    runtime: &Runtime,
    readers: &Readers,
    name: &str,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match runtime.block_on(readers.read_card(Some(name), ReadOptions::default())) {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > deadline => {
                return Err(error).context("the handle does not read the virtual card");
            }
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}
