//! A machine that slept, and a service that stands still.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use xueka_readers::{ReaderSettings, Readers, SourceState, TapChange};
use xueka_simulator::{SimulatedSource, Simulator, VirtualCard};
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
    // A random UID is another one at each power-up, and tells nothing.
    for lying in [card(), VirtualCard::iso14443_4().random_uid()] {
        let mut house = House::with(2, Duration::from_secs(5), settings.clone()).await;
        house.tap(1, lying).await.unwrap();

        let n_exchanges = house.n_exchanges(1);
        SECONDS.fetch_add(60, Ordering::Relaxed);
        let revived = soon(house.power_cycles.recv()).await.unwrap();
        assert_eq!(revived.as_str(), name(1), "the other one is empty");
        house.until_exchanges(1, n_exchanges + 1).await;

        // The card that stayed is the same tap, and it is powered anew once.
        house.simulator.remove(1).unwrap();
        assert_eq!(house.letter().await, 'L');
        house.tap(1, card()).await.unwrap();
        assert!(house.power_cycles.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_card_changed_while_the_machine_slept_is_told() {
    static SECONDS: AtomicU64 = AtomicU64::new(100);
    let settings = ReaderSettings {
        uptime: || Duration::from_secs(SECONDS.load(Ordering::Relaxed)),
        ..ReaderSettings::default()
    };
    let (simulator, source) = Simulator::in_process(1);
    let sleep = Arc::new(Sleep::default());
    let forgetful = Forgetful {
        source,
        sleep: Arc::clone(&sleep),
    };
    let readers = Readers::start(Box::new(forgetful), settings).unwrap();
    let mut taps = readers.watch(1, 0);
    let mut next = async || soon(taps.next()).await.unwrap().change;
    assert!(matches!(next().await, TapChange::Attached));
    simulator.insert(0, card()).unwrap();
    let TapChange::CardArrived(Ok(first)) = next().await else {
        panic!("the card was not read")
    };

    sleep.is_on.store(true, Ordering::Release);
    simulator.remove(0).unwrap();
    simulator
        .insert(0, VirtualCard::transit("1000751087654321"))
        .unwrap();
    soon(async {
        while sleep.n_events.load(Ordering::Acquire) < 3 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    SECONDS.fetch_add(60, Ordering::Relaxed);
    sleep.is_on.store(false, Ordering::Release);

    // No event tells of it: the service saw a card before and sees one after.
    assert!(matches!(next().await, TapChange::CardLeft));
    let TapChange::CardArrived(Ok(second)) = next().await else {
        panic!("the other card was not read")
    };
    assert_ne!(first, second);
    soon(readers.shutdown()).await;
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

/// A machine that can sleep, and what happened meanwhile.
#[derive(Default)]
struct Sleep {
    is_on: AtomicBool,
    n_events: AtomicU64,
}

/// A source that counts no events: of what happened while the machine slept it
/// knows the end.
struct Forgetful {
    source: SimulatedSource,
    sleep: Arc<Sleep>,
}

impl ReaderSource for Forgetful {
    fn wait(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        loop {
            let mut snapshots = self.source.wait()?;
            let n_events = snapshots.iter().map(|it| it.n_events).sum();
            self.sleep.n_events.store(n_events, Ordering::Release);
            if !self.sleep.is_on.load(Ordering::Acquire) {
                for snapshot in &mut snapshots {
                    snapshot.n_events = 0;
                }
                return Ok(snapshots);
            }
        }
    }

    fn canceller(&self) -> Box<dyn CancelWait> {
        self.source.canceller()
    }

    fn reader(&self, name: &ReaderName) -> Box<dyn CardReader> {
        self.source.reader(name)
    }
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
