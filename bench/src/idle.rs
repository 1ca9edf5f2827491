//! What a process uses while it has nothing to do.

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};

/// What a process used over a stretch of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// How long it was watched.
    pub(crate) watched: Duration,
    /// Processor time as the kernel's clock ticks count it, in ticks of 10 ms.
    pub(crate) n_ticks: u64,
    /// Processor time by the scheduler's own books, in nanoseconds.
    pub(crate) nanoseconds: u64,
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
        n_ticks: after.n_ticks.saturating_sub(before.n_ticks),
        nanoseconds: after.nanoseconds.saturating_sub(before.nanoseconds),
        n_switches: after.n_switches.saturating_sub(before.n_switches),
    })
}

/// What the kernel has counted since the process began.
struct Books {
    n_ticks: u64,
    nanoseconds: u64,
    n_switches: u64,
}

impl Books {
    fn read(process: u32) -> anyhow::Result<Self> {
        let folder = PathBuf::from(format!("/proc/{process}"));
        let stat = fs::read_to_string(folder.join("stat"))?;
        let mut books = Self {
            n_ticks: ticks(&stat).context("/proc/PID/stat has another form")?,
            nanoseconds: 0,
            n_switches: 0,
        };
        for thread in fs::read_dir(folder.join("task"))? {
            let thread = thread?.path();
            let schedule = fs::read_to_string(thread.join("schedstat"))?;
            let on_cpu = schedule.split_whitespace().next();
            let on_cpu = on_cpu.ok_or_else(|| anyhow!("schedstat is empty"))?;
            books.nanoseconds += on_cpu.parse::<u64>()?;
            books.n_switches += switches(&fs::read_to_string(thread.join("status"))?);
        }
        Ok(books)
    }
}

/// User and system time from `/proc/PID/stat` (proc(5), fields 14 and 15).
fn ticks(stat: &str) -> Option<u64> {
    // The second field is a name in parentheses that may hold blanks.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
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
    fn the_name_of_a_process_does_not_shift_the_fields() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 1 0 0 0 20 3 0 0 20 0 1 0 5 0 0";
        assert_eq!(ticks(stat), Some(23));
        assert_eq!(ticks("nonsense"), None);
    }

    #[test]
    fn both_kinds_of_switches_count() {
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t40\nnonvoluntary_ctxt_switches:\t2\n";
        assert_eq!(switches(status), 42);
    }
}
