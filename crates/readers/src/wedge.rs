//! Whether a reader fails whatever is asked of it.
//!
//! Drivers say of any failed exchange what they say of a card that was pulled
//! away (80100016). What follows tells the two apart: a card that was pulled
//! away is soon listed as gone, and on a wedged reader it stays. Such a reader
//! works again once it had no power for a while; nothing that a program does
//! helps. Callers hear so, and the reader is listed as wedged until an exchange
//! succeeds. hardware-notes/reader-acs-acr122u.md

use std::time::Duration;

use thiserror::Error;

/// The failures in a row on one reader while a card was listed.
#[derive(Debug, Default)]
pub(crate) struct Wedge {
    n_failures: u32,
    /// The uptime of the first of them.
    first: Duration,
    /// And of the last.
    last: Duration,
    is_wedged: bool,
}

/// Why a reader that fails again and again is not asked for patience any more.
#[derive(Debug, Error)]
#[error(
    "every exchange fails although a card is listed: try another card; if none can be read, \
     unplug the reader for ten seconds and plug it in again"
)]
pub(crate) struct Wedged;

impl Wedge {
    /// As many failures in a row are none of the card's.
    const N_FAILURES: u32 = 3;
    /// A card that left is listed no longer than that: pcscd looks every 400 ms
    /// where a reader does not tell by itself, the watcher every second.
    const PATIENCE: Duration = Duration::from_secs(2);

    /// Whether the last exchange is one of too many that failed.
    pub(crate) fn is_wedged(&self) -> bool {
        self.is_wedged
    }

    /// An exchange failed as if the card had left, which is listed still.
    pub(crate) fn fail(&mut self, now: Duration) {
        if self.n_failures == 0 {
            self.first = now;
        }
        self.last = now;
        self.n_failures = self.n_failures.saturating_add(1);
        let lasts = now.saturating_sub(self.first);
        self.is_wedged = self.n_failures >= Self::N_FAILURES && lasts >= Self::PATIENCE;
    }

    /// A card was exchanged with.
    pub(crate) fn work(&mut self) {
        self.n_failures = 0;
        self.is_wedged = false;
    }

    /// A card came or left. Soon after a failure it explains that, and maybe
    /// those before.
    pub(crate) fn stir(&mut self, now: Duration) {
        if now.saturating_sub(self.last) < Self::PATIENCE {
            self.work();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Step {
        /// An exchange failed, so many milliseconds after the start.
        Fail(u64),
        Work,
        /// A card came or left.
        Stir(u64),
    }

    use Step::{Fail, Stir, Work};

    #[test]
    fn a_reader_is_wedged_when_all_fails_and_the_card_stays() {
        let cases: [(&[Step], bool, &str); 8] = [
            (&[Fail(0)], false, "a tear"),
            (&[Fail(0), Fail(1), Fail(2)], false, "it may have left"),
            (&[Fail(0), Fail(2000)], false, "one more look"),
            (&[Fail(0), Fail(1000), Fail(2000)], true, "it stays"),
            (
                &[Fail(0), Fail(1000), Work, Fail(2000), Fail(2001)],
                false,
                "one exchange succeeded",
            ),
            (
                &[Fail(0), Fail(1000), Stir(1500), Fail(2000), Fail(3000)],
                false,
                "it left, as was said",
            ),
            (
                &[
                    Fail(0),
                    Stir(3000),
                    Stir(4000),
                    Fail(4001),
                    Stir(8000),
                    Fail(9000),
                ],
                true,
                "card after card, each long after its failure",
            ),
            (
                &[Fail(0), Fail(1000), Fail(2000), Fail(2001)],
                true,
                "and it stays wedged",
            ),
        ];
        for (steps, expected, why) in cases {
            let mut wedge = Wedge::default();
            for step in steps {
                match step {
                    Fail(millis) => wedge.fail(Duration::from_millis(*millis)),
                    Work => wedge.work(),
                    Stir(millis) => wedge.stir(Duration::from_millis(*millis)),
                }
            }
            assert_eq!(wedge.is_wedged(), expected, "{why}");
        }
    }
}
