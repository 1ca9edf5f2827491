//! How long the machine has run, sleep included.

use std::time::Duration;

/// The time since the machine was started, with the time it slept: unlike the
/// clock of [`Instant`](std::time::Instant), which stands still in sleep.
#[cfg(target_os = "linux")]
pub(crate) fn since_boot() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    let now = clock_gettime(ClockId::Boottime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or(0),
        u32::try_from(now.tv_nsec).unwrap_or(0),
    )
}

/// The time since this was first asked for. On Windows that includes sleep; on
/// macOS it does not, so a sleep goes unnoticed there. Neither was tried.
#[cfg(not(target_os = "linux"))]
pub(crate) fn since_boot() -> Duration {
    use std::{sync::OnceLock, time::Instant};

    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_goes_back() {
        let first = since_boot();
        assert!(since_boot() >= first);
    }
}
