//! Events on readers, kept for a while and told to every listener.
//!
//! One ring holds the last events of all readers. A listener is a place in
//! the sequence and nothing more, so it costs a reader nothing, however slow
//! it is: what has fallen out of the ring is told as a number.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use tokio::sync::watch;
use xueka_cards::CardReading;
use xueka_transport::ReaderName;

use crate::{ReaderError, sync::lock};

/// One event.
#[derive(Clone, Debug)]
pub struct TapEvent {
    /// Rises by one with each event of this run, from 1; 0 in
    /// [`TapChange::Missed`].
    pub sequence: u64,
    /// Names this run.
    pub epoch: u64,
    /// When it was noticed.
    pub time: Timestamp,
    /// The reader it is about; `None` in [`TapChange::Missed`] and
    /// [`TapChange::Missing`].
    pub reader: Option<ReaderName>,
    /// What the configuration calls that reader, if it does.
    pub alias: Option<Arc<str>>,
    /// What happened.
    pub change: TapChange,
}

/// What happened on a reader.
///
/// On one reader, every arrival is followed by a departure before the next
/// arrival and before the reader is detached.
#[derive(Clone, Debug)]
pub enum TapChange {
    /// The reader was attached, or the service that offers it came back.
    Attached,
    /// The reader was detached, or the service that offers it went away.
    Detached,
    /// A card came into the field and was read, or could not be.
    CardArrived(Result<CardReading, ReaderError>),
    /// The card left the field.
    CardLeft,
    /// An expected reader has been missing for
    /// [ten seconds](crate::MissingReader::PATIENCE); it has an alias and no
    /// name.
    Missing,
    /// This many events were lost to this listener.
    Missed(u64),
}

/// Where events are written.
pub(crate) struct TapLog {
    ring: Mutex<VecDeque<TapEvent>>,
    /// The sequence of the newest event. Dropped with the log, which ends all
    /// listeners.
    newest: watch::Sender<u64>,
    epoch: u64,
    n_kept: usize,
    clock: fn() -> Timestamp,
}

impl TapLog {
    pub(crate) fn new(n_kept: usize, clock: fn() -> Timestamp) -> Self {
        Self {
            ring: Mutex::default(),
            newest: watch::Sender::new(0),
            // Microseconds differ between runs, and no run begins before 1970.
            epoch: u64::try_from(clock().as_microsecond()).unwrap_or(0),
            n_kept: n_kept.max(1),
            clock,
        }
    }

    /// Writes one event and wakes the listeners. Never waits for them.
    pub(crate) fn publish(
        &self,
        reader: Option<&ReaderName>,
        alias: Option<&Arc<str>>,
        change: TapChange,
    ) {
        let mut ring = lock(&self.ring);
        let sequence = ring.back().map_or(0, |event| event.sequence) + 1;
        if ring.len() == self.n_kept {
            ring.pop_front();
        }
        ring.push_back(TapEvent {
            sequence,
            epoch: self.epoch,
            time: (self.clock)(),
            reader: reader.cloned(),
            alias: alias.cloned(),
            change,
        });
        drop(ring);
        // Two readers may get here in either order: the number only rises.
        self.newest.send_if_modified(|newest| {
            let is_newer = sequence > *newest;
            *newest = sequence.max(*newest);
            is_newer
        });
    }

    /// A listener; see [`Readers::watch`](crate::Readers::watch).
    pub(crate) fn watch(self: &Arc<Self>, after_sequence: u64, epoch: u64) -> TapWatcher {
        let last = lock(&self.ring).back().map_or(0, |event| event.sequence);
        let seen = match after_sequence {
            0 => last,
            _ if epoch != self.epoch => 0,
            after => after.min(last),
        };
        TapWatcher {
            newest: self.newest.subscribe(),
            log: Arc::clone(self),
            seen,
        }
    }

    /// Ends all listeners once they have heard what is written.
    pub(crate) fn end(&self) {
        self.newest.send_modify(|newest| *newest = END);
    }

    /// The event after `seen`, or how many were lost before the oldest kept.
    fn after(&self, seen: u64) -> Option<TapEvent> {
        let ring = lock(&self.ring);
        let oldest = ring.front()?.sequence;
        if let Some(n_lost @ 1..) = oldest.checked_sub(seen + 1) {
            return Some(TapEvent {
                sequence: 0,
                epoch: self.epoch,
                time: (self.clock)(),
                reader: None,
                alias: None,
                change: TapChange::Missed(n_lost),
            });
        }
        let index = usize::try_from(seen + 1 - oldest).ok()?;
        ring.get(index).cloned()
    }
}

/// The "newest event" that says there will be no more.
const END: u64 = u64::MAX;

/// One listener to taps.
pub struct TapWatcher {
    log: Arc<TapLog>,
    newest: watch::Receiver<u64>,
    seen: u64,
}

impl TapWatcher {
    /// The next event; `None` once the readers were shut down.
    ///
    /// May be dropped and called again without losing an event.
    pub async fn next(&mut self) -> Option<TapEvent> {
        loop {
            let has_ended = *self.newest.borrow_and_update() == END;
            if let Some(event) = self.log.after(self.seen) {
                self.seen = match event.change {
                    TapChange::Missed(n_lost) => self.seen + n_lost,
                    _ => event.sequence,
                };
                return Some(event);
            }
            if has_ended || self.newest.changed().await.is_err() {
                return None;
            }
        }
    }
}

impl std::fmt::Debug for TapWatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TapWatcher")
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(n_kept: usize) -> Arc<TapLog> {
        Arc::new(TapLog::new(n_kept, || Timestamp::UNIX_EPOCH))
    }

    fn publish(log: &TapLog, n_events: usize) {
        for _ in 0..n_events {
            log.publish(Some(&ReaderName::from("R")), None, TapChange::CardLeft);
        }
    }

    /// The sequence numbers of what is written, a loss as a negative count.
    async fn heard(log: &Arc<TapLog>, mut watcher: TapWatcher) -> Vec<i64> {
        log.end();
        let mut heard = Vec::new();
        while let Some(event) = watcher.next().await {
            heard.push(match event.change {
                TapChange::Missed(n_lost) => -i64::try_from(n_lost).unwrap(),
                _ => i64::try_from(event.sequence).unwrap(),
            });
        }
        heard
    }

    #[tokio::test]
    async fn a_listener_goes_on_where_it_was() {
        let cases: [(u64, u64, &[i64], &str); 6] = [
            (0, 0, &[], "0 begins with the next event"),
            (4, 0, &[5], "goes on after the last one seen"),
            (2, 0, &[3, 4, 5], "all that is kept"),
            (1, 0, &[-1, 3, 4, 5], "event 2 is no longer kept"),
            (9, 0, &[], "a number that was never given"),
            (4, 7, &[-2, 3, 4, 5], "another run's number says nothing"),
        ];
        for (after, epoch, expected, why) in cases {
            let log = log(3);
            publish(&log, 5);
            let watcher = log.watch(after, epoch);
            assert_eq!(heard(&log, watcher).await, expected, "{why}");
        }
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_how_much_it_lost() {
        let log = log(2);
        let watcher = log.watch(0, 0);
        publish(&log, 5);
        assert_eq!(heard(&log, watcher).await, [-3, 4, 5]);
    }

    #[tokio::test]
    async fn a_waiting_listener_hears_the_next_event() {
        let log = log(2);
        let mut watcher = log.watch(0, 0);
        let next = tokio::spawn(async move { watcher.next().await });
        publish(&log, 1);
        let event = next.await.unwrap().unwrap();
        assert_eq!((event.sequence, event.reader), (1, Some("R".into())));
    }

    #[tokio::test]
    async fn listeners_end_after_the_last_event() {
        let log = log(2);
        let watcher = log.watch(0, 0);
        publish(&log, 1);
        log.end();
        publish(&log, 1);
        assert_eq!(heard(&log, watcher).await, [1, 2]);
    }
}
