//! Readers that stop answering, and programs that get in the way.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use xueka_readers::{ReadOptions, ReaderError, ReaderSettings, ReaderState, Readers, TapChange};
use xueka_simulator::{Fault, SimulatedSource, Simulator};
use xueka_transport::{
    CancelWait, CardReader, CardSession, CardTransport, ReaderName, ReaderSnapshot, ReaderSource,
    SourceError, TransportError,
};

use crate::house::{House, PATIENT, card, soon};

/// A card that answers its first commands and then no more.
const STUCK_AT: u32 = 2;

#[tokio::test]
async fn a_stuck_exchange_stalls_its_reader_and_no_other_until_it_ends() {
    let mut house = House::hasty(2).await;
    let mut callers = Vec::new();
    for _ in 0..3 {
        callers.push(house.waiting(0, PATIENT).await);
    }
    let stuck = card().fault(STUCK_AT, Fault::Stuck);
    house.simulator.insert(0, stuck).unwrap();
    for caller in callers {
        let error = caller.await.unwrap();
        assert!(matches!(error, Err(ReaderError::Stalled)), "{error:?}");
    }
    assert_eq!(house.state(0), ReaderState::Stalled);
    let error = house.read(0, PATIENT).await;
    assert!(matches!(error, Err(ReaderError::Stalled)), "{error:?}");

    house.tap(1, card()).await.unwrap();
    house.read(1, PATIENT).await.unwrap();

    house.simulator.remove(0).unwrap();
    assert_eq!(house.letters(2).await, "EL");
    assert_eq!(house.state(0), ReaderState::Empty);
    house.tap(0, card()).await.unwrap();
}

#[tokio::test]
async fn callers_in_the_queue_of_a_stuck_reader_are_told() {
    let mut house = House::hasty(1).await;
    house.tap(0, card()).await.unwrap();
    let n_exchanges = u32::try_from(house.n_exchanges(0)).unwrap();
    let stuck = card().fault(n_exchanges + STUCK_AT, Fault::Stuck);
    house.simulator.remove(0).unwrap();
    house.tap(0, stuck).await.unwrap();
    let waiting: Vec<_> = (0..4)
        .map(|_| house.reading(0, ReadOptions::default()))
        .collect();
    for waiting in waiting {
        let error = waiting.await.unwrap();
        assert!(matches!(error, Err(ReaderError::Stalled)), "{error:?}");
    }
}

#[tokio::test]
async fn the_queue_is_bounded_and_callers_who_leave_free_their_places() {
    let settings = ReaderSettings {
        queue_length: 2,
        ..ReaderSettings::default()
    };
    let house = House::with(1, Duration::from_mins(1), settings).await;
    let stuck = card().fault(STUCK_AT, Fault::Stuck);
    house.simulator.insert(0, stuck).unwrap();
    // The tap is being read, so every call queues.
    house.until_exchanges(0, 1).await;
    let readers = &house.readers;
    let mut first = Box::pin(readers.read_card(None, ReadOptions::default()));
    let mut second = Box::pin(readers.read_card(None, ReadOptions::default()));
    assert_pending(&mut first).await;
    assert_pending(&mut second).await;
    let error = house.read(0, ReadOptions::default()).await;
    assert!(matches!(error, Err(ReaderError::Busy)), "{error:?}");

    drop(first);
    let mut third = Box::pin(readers.read_card(None, ReadOptions::default()));
    assert_pending(&mut third).await;
    house.simulator.remove(0).unwrap();
    for answer in [soon(second).await, soon(third).await] {
        assert!(matches!(answer, Err(ReaderError::NoCard)), "{answer:?}");
    }
}

/// Polls once, which is enough to take a place in the queue.
async fn assert_pending<F: Future + Unpin>(future: &mut F) {
    let polled = std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
    });
    assert!(polled.await, "the call waits");
}

#[tokio::test]
async fn a_card_that_another_program_reset_is_read_again() {
    let mut house = House::new(1).await;
    house
        .tap(0, card().fault(STUCK_AT, Fault::Reset))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_card_that_another_program_holds_is_in_use() {
    let mut house = House::new(1).await;
    house.tap(0, card()).await.unwrap();
    house.service.set_held_by_another(0, true).unwrap();
    let error = house.read(0, PATIENT).await;
    assert!(matches!(error, Err(ReaderError::InUse)), "{error:?}");
    house.service.set_held_by_another(0, false).unwrap();
    house.read(0, PATIENT).await.unwrap();
}

#[tokio::test]
async fn short_answers_are_a_card_that_left() {
    for fault in [Fault::EmptyResponse, Fault::OneByteResponse] {
        let mut house = House::new(1).await;
        let torn = house.tap(0, card().fault(STUCK_AT, fault.clone())).await;
        assert!(
            matches!(torn, Err(ReaderError::CardGone)),
            "{fault:?} {torn:?}"
        );
    }
}

#[tokio::test]
async fn a_reader_that_fails_before_a_card_that_stays_is_to_be_unplugged() {
    static SECONDS: AtomicU64 = AtomicU64::new(100);
    let settings = ReaderSettings {
        uptime: || Duration::from_secs(SECONDS.load(Ordering::Relaxed)),
        ..ReaderSettings::default()
    };
    let (simulator, source) = Simulator::in_process(1);
    let is_wedged = Arc::new(AtomicBool::new(true));
    let failing = Failing {
        source,
        is_wedged: Arc::clone(&is_wedged),
    };
    let readers = Readers::start(Box::new(failing), settings).unwrap();
    let mut taps = readers.watch(1, 0);
    simulator.insert(0, card()).unwrap();
    loop {
        let event = soon(taps.next()).await.unwrap();
        if let TapChange::CardArrived(outcome) = event.change {
            assert!(matches!(outcome, Err(ReaderError::CardGone)), "{outcome:?}");
            break;
        }
    }
    let state = || readers.list().readers[0].state;
    let read = async || soon(readers.read_card(None, ReadOptions::default())).await;
    SECONDS.fetch_add(1, Ordering::Relaxed);
    let second = read().await;
    assert!(matches!(second, Err(ReaderError::CardGone)), "{second:?}");
    assert_eq!(state(), ReaderState::CardPresent, "not yet");
    let mut changes = readers.changes();
    changes.mark_unchanged();

    SECONDS.fetch_add(1, Ordering::Relaxed);
    let third = read().await;
    let Err(error @ ReaderError::Failed(_)) = third else {
        panic!("{third:?}")
    };
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("unplug the reader"), "{cause}");
    assert_eq!(state(), ReaderState::Wedged);
    assert!(
        changes.has_changed().unwrap(),
        "and whoever lists them hears"
    );
    changes.mark_unchanged();
    assert!(matches!(read().await, Err(ReaderError::Failed(_))), "still");
    assert!(!changes.has_changed().unwrap());

    is_wedged.store(false, Ordering::Release);
    assert!(read().await.is_ok());
    assert_eq!(state(), ReaderState::CardPresent);
    assert!(changes.has_changed().unwrap());
    is_wedged.store(true, Ordering::Release);
    let anew = read().await;
    assert!(matches!(anew, Err(ReaderError::CardGone)), "{anew:?}");
    soon(readers.shutdown()).await;
}

/// A source whose readers fail at every exchange, as drivers say it of a card
/// that was pulled away.
struct Failing {
    source: SimulatedSource,
    is_wedged: Arc<AtomicBool>,
}

struct FailingReader {
    reader: Box<dyn CardReader>,
    is_wedged: Arc<AtomicBool>,
}

struct FailingSession<'a> {
    session: Box<dyn CardSession + 'a>,
    is_wedged: bool,
}

impl ReaderSource for Failing {
    fn wait(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        self.source.wait()
    }

    fn canceller(&self) -> Box<dyn CancelWait> {
        self.source.canceller()
    }

    fn reader(&self, name: &ReaderName) -> Box<dyn CardReader> {
        Box::new(FailingReader {
            reader: self.source.reader(name),
            is_wedged: Arc::clone(&self.is_wedged),
        })
    }
}

impl CardReader for FailingReader {
    fn open(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        Ok(Box::new(FailingSession {
            session: self.reader.open()?,
            is_wedged: self.is_wedged.load(Ordering::Acquire),
        }))
    }
}

impl CardTransport for FailingSession<'_> {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        if self.is_wedged {
            return Err(TransportError::CardGone);
        }
        self.session.transmit(command, response)
    }
}

impl CardSession for FailingSession<'_> {
    fn atr(&self) -> &[u8] {
        self.session.atr()
    }
}
