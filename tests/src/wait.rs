//! Waiting for a condition that tells of itself by no event.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long a test waits for anything before it gives up: much longer than it
/// takes even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Looks until `condition` gives a value, for [`PATIENCE`] at most.
///
/// # Panics
///
/// When it never does; `what` says what was waited for.
pub fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
