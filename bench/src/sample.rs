//! Medians, and ratios between what was measured side by side.

use std::time::{Duration, Instant};

/// Runs before the first one that counts.
const WARM_UP: usize = 10;

/// The medians of one thing over all rounds, in nanoseconds.
///
/// Comparisons pair the rounds: what was measured in the same second is
/// compared, and the median of the comparisons stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    /// Adds the median of one round.
    pub(crate) fn push(&mut self, nanoseconds: f64) {
        self.0.push(nanoseconds);
    }

    /// The median over the rounds.
    pub(crate) fn median(&self) -> f64 {
        median(self.0.clone())
    }

    /// How many times as long as `base` this took.
    pub(crate) fn ratio_to(&self, base: &Self) -> f64 {
        median(self.paired(base, |own, base| own / base))
    }

    /// How much longer than `base` this took.
    pub(crate) fn minus(&self, base: &Self) -> Self {
        Self(self.paired(base, |own, base| own - base))
    }

    fn paired(&self, other: &Self, combine: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(|(own, other)| combine(*own, *other)).collect()
    }
}

/// The median time of `n` runs, in nanoseconds, after a few that warm up.
///
/// # Errors
///
/// The first error of a run.
pub(crate) fn median_of<E>(n: usize, mut run: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut times = Vec::with_capacity(n);
    for index in 0..n + WARM_UP {
        let begin = Instant::now();
        run()?;
        if index >= WARM_UP {
            times.push(nanoseconds(begin.elapsed()));
        }
    }
    Ok(median(times))
}

/// A duration as a number that can be divided.
pub(crate) fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

/// The middle value; NaN when there is none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        Series(values.to_vec())
    }

    #[test]
    fn rounds_are_compared_with_their_own_neighbours() {
        // The machine was three times as slow in the second round.
        let raw = series(&[10.0, 30.0, 10.0]);
        let own = series(&[11.0, 33.0, 12.0]);
        let unit = series(&[2.0, 6.0, 2.0]);
        assert!((own.ratio_to(&raw) - 1.1).abs() < 1e-9);
        assert!((own.minus(&raw).ratio_to(&unit) - 0.5).abs() < 1e-9);
        assert!((own.median() - 12.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_measured_is_no_number() {
        assert!(Series::default().median().is_nan());
    }
}
