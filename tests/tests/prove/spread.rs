//! How far measured times lie apart.

use std::{fmt, time::Duration};

/// Times in rising order.
pub(crate) struct Spread(Vec<Duration>);

impl Spread {
    /// Of at least one time.
    pub(crate) fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }

    /// The longest.
    pub(crate) fn max(&self) -> Duration {
        self.0[self.0.len() - 1]
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [min, median, max] =
            [0, self.0.len() / 2, self.0.len() - 1].map(|index| self.0[index].as_secs_f64() * 1e3);
        write!(f, "min {min:.0} ms, median {median:.0} ms, max {max:.0} ms")
    }
}
