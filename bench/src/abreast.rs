//! Eight readers at once against one.

use std::time::Instant;

use tokio::{runtime::Runtime, task::JoinSet};
use xueka_readers::{PcscSource, ReadOptions, ReaderError, ReaderSettings, Readers};

use crate::{
    N_ROUNDS,
    cards::SLOWER,
    child::Role,
    reading::await_reading,
    report::Section,
    sample::{Series, nanoseconds},
};

/// How many readers read at once.
pub(crate) const N_READERS: usize = 8;
/// Readings a round on each reader.
const N_READINGS: usize = 20;

/// The rate at which eight readers read cards that take 10 ms for a command,
/// over the rate of one of them.
pub(crate) fn measure(names: &[String], cards: &mut Role) -> anyhow::Result<Section> {
    for slot in 0..N_READERS {
        cards.ask(&format!("insert {slot} {SLOWER}"))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let readers = Readers::start(Box::new(PcscSource::new()), ReaderSettings::default())?;
    let all = names.get(..N_READERS).unwrap_or(names);
    for name in all {
        await_reading(&runtime, &readers, name)?;
    }
    let (mut one, mut eight) = <(Series, Series)>::default();
    for _ in 0..N_ROUNDS {
        one.push(read_on(&runtime, &readers, all.get(..1).unwrap_or(all))?);
        eight.push(read_on(&runtime, &readers, all)?);
    }
    runtime.block_on(readers.shutdown());
    for slot in 0..N_READERS {
        cards.ask(&format!("remove {slot}"))?;
    }
    let n_readers = f64::from(u32::try_from(all.len())?);
    Ok(
        Section::new("Eight readers at once, cards that take 10 ms a command")
            .time("a reading, one reader alone", one.median())
            .time("a reading, while seven others read", eight.median())
            .figure_at_least(
                "rate of eight readers to that of one",
                n_readers * one.ratio_to(&eight),
                "",
                7.5,
            ),
    )
}

/// Reads on each of these readers at once; how long one reading took, on the
/// average and in nanoseconds.
fn read_on(runtime: &Runtime, readers: &Readers, names: &[String]) -> anyhow::Result<f64> {
    let begin = Instant::now();
    runtime.block_on(async {
        let mut calls = JoinSet::new();
        for name in names {
            let (readers, name) = (readers.clone(), name.clone());
            calls.spawn(async move {
                for _ in 0..N_READINGS {
                    let options = ReadOptions::default();
                    readers.read_card(Some(&name), options).await?;
                }
                Ok::<_, ReaderError>(())
            });
        }
        while let Some(outcome) = calls.join_next().await {
            outcome??;
        }
        anyhow::Ok(())
    })?;
    let n_readings = u32::try_from(N_READINGS)?;
    Ok(nanoseconds(begin.elapsed() / n_readings))
}
