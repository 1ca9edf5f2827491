//! The end of readers.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use xueka_readers::{ReadOptions, ReaderError, ReaderSettings, Readers};
use xueka_simulator::{Fault, SimulatedSource, Simulator};
use xueka_transport::{
    CancelWait, CardReader, ReaderName, ReaderSnapshot, ReaderSource, SourceError,
};

use crate::house::{House, PATIENT, card, soon};

#[tokio::test]
async fn a_shutdown_answers_all_who_wait() {
    let mut house = House::new(1).await;
    let waiting = house.waiting(0, PATIENT).await;
    let readers = house.readers.clone();
    soon(house.readers.shutdown()).await;
    let error = waiting.await.unwrap();
    assert!(matches!(error, Err(ReaderError::Stopped)), "{error:?}");
    assert!(soon(house.taps.next()).await.is_some(), "detached");
    assert!(soon(house.taps.next()).await.is_none());
    let error = readers.read_card(None, PATIENT).await;
    assert!(matches!(error, Err(ReaderError::Stopped)), "{error:?}");
}

#[tokio::test]
async fn a_stuck_reader_is_left_behind_within_two_seconds() {
    let house = House::new(2).await;
    let stuck = card().fault(2, Fault::Stuck);
    house.simulator.insert(0, stuck).unwrap();
    house.until_exchanges(0, 1).await;
    let reading = house.reading(0, ReadOptions::default());
    let begin = Instant::now();
    soon(house.readers.shutdown()).await;
    assert!(begin.elapsed() < Duration::from_secs(2));
    let error = reading.await.unwrap();
    assert!(matches!(error, Err(ReaderError::Stopped)), "{error:?}");
}

#[tokio::test]
async fn the_last_handle_ends_the_threads() {
    let (_simulator, source) = Simulator::in_process(1);
    let (alive, ended) = mpsc::channel::<()>();
    let source = Box::new(Noticed {
        source,
        _alive: alive,
    });
    let readers = Readers::start(source, ReaderSettings::default()).unwrap();
    let other = readers.clone();
    drop(readers);
    assert!(other.watch(1, 0).next().await.is_some(), "it goes on");
    drop(other);
    let end = tokio::task::spawn_blocking(move || ended.recv_timeout(Duration::from_secs(10)));
    assert_eq!(
        end.await.unwrap(),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
}

/// A source whose end is noticed.
struct Noticed {
    source: SimulatedSource,
    _alive: mpsc::Sender<()>,
}

impl ReaderSource for Noticed {
    fn wait(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        self.source.wait()
    }

    fn canceller(&self) -> Box<dyn CancelWait> {
        self.source.canceller()
    }

    fn reader(&self, name: &ReaderName) -> Box<dyn CardReader> {
        self.source.reader(name)
    }
}
