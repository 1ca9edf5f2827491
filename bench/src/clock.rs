//! The clock that all processes of a machine share.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The time of the monotonic clock, in nanoseconds.
pub(crate) fn monotonic_nanos() -> u128 {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::try_from(now).unwrap_or_default().as_nanos()
}
