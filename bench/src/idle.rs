//! What a process uses while it has nothing to do.

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use anyhow::anyhow;

/// What a process used over a stretch of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// How long it was watched.
    pub(crate) watched: Duration,
    /// Processor time by the scheduler's books, which are finer than the ticks
    /// of 10 ms that tools show.
    pub(crate) on_processor: Duration,
    /// How often one of its threads woke up.
    pub(crate) n_switches: u64,
}

/// Watches a process for `time`, from outside and without touching it.
pub(crate) fn watch(process: u32, time: Duration) -> anyhow::Result<Usage> {
    let begin = Instant::now();
    let before = Books::read(process)?;
    thread::sleep(time);
    let after = Books::read(process)?;
    Ok(Usage {
        watched: begin.elapsed(),
        on_processor: after.on_processor.saturating_sub(before.on_processor),
        n_switches: after.n_switches.saturating_sub(before.n_switches),
    })
}

/// What the kernel has counted since the process began.
#[derive(Default)]
struct Books {
    on_processor: Duration,
    n_switches: u64,
}

impl Books {
    fn read(process: u32) -> anyhow::Result<Self> {
        let folder = PathBuf::from(format!("/proc/{process}"));
        let mut books = Self::default();
        for thread in fs::read_dir(folder.join("task"))? {
            let thread = thread?.path();
            let schedule = fs::read_to_string(thread.join("schedstat"))?;
            let on_cpu = schedule.split_whitespace().next();
            let on_cpu = on_cpu.ok_or_else(|| anyhow!("schedstat is empty"))?;
            books.on_processor += Duration::from_nanos(on_cpu.parse()?);
            books.n_switches += switches(&fs::read_to_string(thread.join("status"))?);
        }
        Ok(books)
    }
}

/// Voluntary and other context switches from `/proc/PID/status`.
fn switches(status: &str) -> u64 {
    let counts = status
        .lines()
        .filter(|line| line.contains("ctxt_switches"))
        .filter_map(|line| line.split_whitespace().last())
        .filter_map(|count| count.parse::<u64>().ok());
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_switches_count() {
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t40\nnonvoluntary_ctxt_switches:\t2\n";
        assert_eq!(switches(status), 42);
    }
}
