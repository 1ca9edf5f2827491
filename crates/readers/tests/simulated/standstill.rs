//! A machine that slept, and a service that stands still.

use std::{
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use xueka_readers::{ReaderSettings, Readers, SourceState};
use xueka_simulator::{SimulatedSource, Simulator};
use xueka_transport::{
    CancelWait, CardReader, ReaderName, ReaderSnapshot, ReaderSource, SourceError,
};

use crate::house::{House, card, name, soon};

#[tokio::test]
async fn a_card_that_lay_there_while_the_machine_slept_is_powered_anew() {
    static SECONDS: AtomicU64 = AtomicU64::new(100);
    let settings = ReaderSettings {
        uptime: || Duration::from_secs(SECONDS.load(Ordering::Relaxed)),
        ..ReaderSettings::default()
    };
    let mut house = House::with(2, Duration::from_secs(5), settings).await;
    house.tap(1, card()).await.unwrap();

    SECONDS.fetch_add(60, Ordering::Relaxed);
    let revived = soon(house.power_cycles.recv()).await.unwrap();
    assert_eq!(revived.as_str(), name(1), "the other one is empty");

    // The card that stayed is the same tap, and it is powered anew once.
    house.simulator.remove(1).unwrap();
    assert_eq!(house.letter().await, 'L');
    house.tap(1, card()).await.unwrap();
    assert!(house.power_cycles.try_recv().is_err());
}

#[tokio::test]
async fn a_service_that_does_not_answer_for_five_seconds_is_listed_as_stalled() {
    static SECONDS: AtomicU64 = AtomicU64::new(100);
    let settings = ReaderSettings {
        uptime: || Duration::from_secs(SECONDS.load(Ordering::Relaxed)),
        ..ReaderSettings::default()
    };
    let (_simulator, source) = Simulator::in_process(1);
    let (answer, gate) = mpsc::channel();
    answer.send(()).unwrap();
    let readers = Readers::start(Box::new(Silent { source, gate }), settings).unwrap();
    let mut taps = readers.watch(1, 0);
    soon(taps.next()).await.unwrap();
    until_source(&readers, SourceState::Ready).await;

    // The watcher asks for a second answer, which does not come. It may look at
    // the clock for that after one jump, but not after all of them.
    soon(async {
        while readers.list().source != SourceState::Stalled {
            SECONDS.fetch_add(6, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(
        readers.list().readers.len(),
        1,
        "what was known stays listed"
    );

    drop(answer);
    until_source(&readers, SourceState::Ready).await;
    soon(readers.shutdown()).await;
}

async fn until_source(readers: &Readers, state: SourceState) {
    soon(async {
        while readers.list().source != state {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A source that answers when the test says so, and always once that is over.
struct Silent {
    source: SimulatedSource,
    gate: mpsc::Receiver<()>,
}

impl ReaderSource for Silent {
    fn wait(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        self.gate.recv().ok();
        self.source.wait()
    }

    fn canceller(&self) -> Box<dyn CancelWait> {
        self.source.canceller()
    }

    fn reader(&self, name: &ReaderName) -> Box<dyn CardReader> {
        self.source.reader(name)
    }
}
