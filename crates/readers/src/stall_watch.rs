//! Telling callers that the exchange they wait for does not end.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::time::sleep_until;

use crate::station::Station;

/// One task that looks after all callers of a station.
///
/// A timer for each call would cost a tenth of the call, for the runtime has
/// to be woken to take it in. This one is set at the first call and looks
/// again when it is due, for as long as anybody waits then.
#[derive(Default)]
pub(crate) struct StallWatch {
    is_kept: AtomicBool,
}

/// The shortest pause between two looks, where the limit is shorter still.
const PAUSE: Duration = Duration::from_millis(1);

impl StallWatch {
    /// Sees to it that the callers of `station` hear of a stall. To be called
    /// on a Tokio runtime once a request queues.
    pub(crate) fn keep(&self, station: &Arc<Station>) {
        if !self.is_kept.swap(true, Ordering::AcqRel) {
            let watch = Watch {
                station: Arc::downgrade(station),
            };
            tokio::spawn(watch.look());
        }
    }

    fn end(&self) {
        self.is_kept.store(false, Ordering::Release);
    }
}

struct Watch {
    station: Weak<Station>,
}

impl Watch {
    async fn look(mut self) {
        loop {
            let next_look = match self.station.upgrade() {
                None => return,
                Some(station) => station.tell_of_stall(|| station.stall_watch().end()),
            };
            let Some(next_look) = next_look else {
                // Another watch may be kept by now, which this one must not end.
                self.station = Weak::new();
                return;
            };
            sleep_until(next_look.max(Instant::now() + PAUSE).into()).await;
        }
    }
}

impl Drop for Watch {
    /// The runtime ended before the callers did: the next call sets a new one.
    fn drop(&mut self) {
        if let Some(station) = self.station.upgrade() {
            station.stall_watch().end();
        }
    }
}
