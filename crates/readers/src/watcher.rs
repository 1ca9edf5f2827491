//! The thread that watches all fields.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use tokio::sync::mpsc::Sender;
use xueka_transport::{ReaderSnapshot, ReaderSource, SourceError};

use crate::{ReaderError, hub::Hub, station::Station};

/// Watches a source until told to stop, and starts a thread for each reader.
pub(crate) struct Watcher {
    source: Box<dyn ReaderSource>,
    hub: Arc<Hub>,
    /// Closed when the watcher is to end.
    stop: Receiver<Infallible>,
    /// Held by every thread as long as it lives.
    alive: Sender<Infallible>,
}

impl Watcher {
    /// A source answers within little more than a second. Where that took
    /// longer than this, sleep included, the machine slept or the service stood
    /// still.
    const STANDSTILL: Duration = Duration::from_secs(5);

    pub(crate) fn new(
        source: Box<dyn ReaderSource>,
        hub: Arc<Hub>,
        stop: Receiver<Infallible>,
        alive: Sender<Infallible>,
    ) -> Self {
        Self {
            source,
            hub,
            stop,
            alive,
        }
    }

    fn uptime(&self) -> Duration {
        (self.hub.common().settings.uptime)()
    }

    /// The whole life of the watcher's thread: the only place that blocks on
    /// the source.
    pub(crate) fn run(mut self) {
        let mut pauses = Pauses::default();
        let mut last_answer = self.uptime();
        let mut is_over = false;
        while !is_over {
            self.hub.ask();
            let answer = self.source.wait();
            // From answer to answer, so that no moment is left out.
            let now = self.uptime();
            let waited = now.saturating_sub(last_answer);
            last_answer = now;
            is_over = match answer {
                Ok(snapshots) => {
                    pauses = Pauses::default();
                    self.observe(&snapshots);
                    if waited > Self::STANDSTILL {
                        self.hub.doubt(waited);
                    }
                    self.hub.look_for_missing();
                    self.is_over_within(Duration::ZERO)
                }
                Err(error) => {
                    // A cancelled wait says nothing of the readers.
                    if !matches!(error, SourceError::Cancelled) {
                        self.hub.lose(error);
                    }
                    self.is_over_within(pauses.next())
                }
            };
        }
    }

    fn observe(&mut self, snapshots: &[ReaderSnapshot]) {
        let Self {
            source, hub, alive, ..
        } = self;
        hub.observe(snapshots, |snapshot| {
            attach(&**source, hub, alive, snapshot)
                .inspect_err(|error| {
                    tracing::error!(reader = %snapshot.name, %error, "no thread for the reader");
                })
                .ok()
        });
    }

    /// Whether the watcher is told to end within this time.
    fn is_over_within(&self, pause: Duration) -> bool {
        self.stop.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected)
    }
}

impl Drop for Watcher {
    /// Nobody is to wait for taps that nobody watches for, should the thread
    /// have panicked.
    fn drop(&mut self) {
        self.hub.stop();
    }
}

/// Makes the station of a reader and starts its thread.
fn attach(
    source: &dyn ReaderSource,
    hub: &Arc<Hub>,
    alive: &Sender<Infallible>,
    snapshot: &ReaderSnapshot,
) -> io::Result<Arc<Station>> {
    let reader = source.reader(&snapshot.name);
    let common = Arc::clone(hub.common());
    let station = Arc::new(Station::open(snapshot, reader.stall_limit(), common));
    let served = Arc::clone(&station);
    let alive = alive.clone();
    thread::Builder::new()
        .name(format!("reader {}", snapshot.name))
        .spawn(move || {
            let _alive = alive;
            served.serve(reader);
        })
        .inspect_err(|_| station.close(&ReaderError::Gone))?;
    Ok(station)
}

/// The pauses between attempts to reach a source that is away: 50 ms at first,
/// doubled each time, at most a second, so that a service that comes back is
/// noticed well within two.
struct Pauses {
    next: Duration,
}

impl Pauses {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(1);

    fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(Self::LONGEST);
        pause
    }
}

impl Default for Pauses {
    fn default() -> Self {
        Self { next: Self::FIRST }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second() {
        let mut pauses = Pauses::default();
        let millis: Vec<_> = (0..7).map(|_| pauses.next().as_millis()).collect();
        assert_eq!(millis, [50, 100, 200, 400, 800, 1000, 1000]);
    }
}
