//! Letting go of a card.

use std::sync::{Arc, Mutex, mpsc};

use tokio::sync::mpsc::UnboundedSender;
use xueka_readers::{ReadOptions, ReaderSettings, Readers, Signal, SignalMode, TapChange};
use xueka_simulator::{SimulatedSource, Simulator, VirtualReader};
use xueka_transport::{
    CancelWait, CardReader, CardSession, CardTransport, ReaderIdentity, ReaderName, ReaderSnapshot,
    ReaderSource, SourceError, TransportError,
};

use crate::house::{card, soon};

#[tokio::test]
async fn an_answer_does_not_wait_for_the_card_to_be_let_go() {
    let (simulator, source) = Simulator::in_process(1);
    let (let_go, gate) = mpsc::channel();
    let slow = SlowToLetGo {
        source,
        gate: Arc::new(Mutex::new(gate)),
    };
    let readers = Readers::start(Box::new(slow), ReaderSettings::default()).unwrap();
    let mut taps = readers.watch(1, 0);
    simulator.insert(0, card()).unwrap();

    loop {
        let event = soon(taps.next()).await.unwrap();
        if matches!(event.change, TapChange::CardArrived(Ok(_))) {
            break;
        }
    }

    // The tap was told while its card is still held; now it is let go, so that
    // the next reading can begin.
    let_go.send(()).unwrap();
    let asked = soon(readers.read_card(None, ReadOptions::default())).await;
    assert!(
        asked.is_ok(),
        "answered while the card is still held: {asked:?}"
    );

    drop(let_go);
    soon(readers.shutdown()).await;
}

#[tokio::test]
async fn a_connection_is_kept_after_a_reading_that_was_asked_for_and_not_for_long() {
    let (simulator, source) = Simulator::in_process(1);
    let (told, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let readers = Readers::start(
        Box::new(Told {
            source,
            calls: told,
        }),
        ReaderSettings::default(),
    )
    .unwrap();
    simulator.insert(0, card()).unwrap();
    assert_eq!(soon(calls.recv()).await, Some("open"), "the tap");

    for visit in ["first", "second"] {
        let asked = soon(readers.read_card(None, ReadOptions::default())).await;
        assert!(asked.is_ok(), "{visit}: {asked:?}");
        assert_eq!(soon(calls.recv()).await, Some("keep"), "{visit}");
        assert_eq!(soon(calls.recv()).await, Some("let go"), "{visit}");
    }
    soon(readers.shutdown()).await;
}

#[tokio::test]
async fn signals_one_after_the_other_do_not_keep_a_connection() {
    let reader = VirtualReader::named("ACS ACR1252 Dual Reader PICC 00 00");
    let (simulator, source) = Simulator::with_readers(vec![reader]);
    let (told, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let readers = Readers::start(
        Box::new(Told {
            source,
            calls: told,
        }),
        ReaderSettings {
            signals: SignalMode::Asked,
            ..ReaderSettings::default()
        },
    )
    .unwrap();
    simulator.insert(0, card()).unwrap();
    assert_eq!(soon(calls.recv()).await, Some("open"), "the tap");
    soon(readers.read_card(None, ReadOptions::default()))
        .await
        .unwrap();
    assert!(soon(readers.signal(None, Signal::Busy)).await.unwrap());

    let mut n_shown = 0;
    let is_let_go = soon(async {
        while let Some(call) = calls.recv().await {
            match call {
                // The next one is there before this one is shown.
                "show" => {
                    n_shown += 1;
                    readers.signal(None, Signal::Busy).await.unwrap();
                }
                "let go" => return true,
                _ => {}
            }
        }
        false
    });
    assert!(is_let_go.await);
    assert!(n_shown > 0);
    soon(readers.shutdown()).await;
}

/// A source whose readers tell how their cards are opened, and what is shown.
struct Told {
    source: SimulatedSource,
    calls: UnboundedSender<&'static str>,
}

struct ToldReader {
    reader: Box<dyn CardReader>,
    calls: UnboundedSender<&'static str>,
}

impl CardReader for ToldReader {
    fn open(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        self.calls.send("open").ok();
        self.reader.open()
    }

    fn open_and_keep(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        self.calls.send("keep").ok();
        self.reader.open_and_keep()
    }

    fn let_go(&mut self) {
        self.calls.send("let go").ok();
        self.reader.let_go();
    }

    fn identity(&mut self) -> Result<ReaderIdentity, TransportError> {
        self.reader.identity()
    }

    fn control(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        self.calls.send("show").ok();
        self.reader.control(command, response)
    }
}

impl ReaderSource for Told {
    fn wait(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        self.source.wait()
    }

    fn canceller(&self) -> Box<dyn CancelWait> {
        self.source.canceller()
    }

    fn reader(&self, name: &ReaderName) -> Box<dyn CardReader> {
        Box::new(ToldReader {
            reader: self.source.reader(name),
            calls: self.calls.clone(),
        })
    }
}

/// A source whose readers let go of a card when the test says so.
struct SlowToLetGo {
    source: SimulatedSource,
    gate: Arc<Mutex<mpsc::Receiver<()>>>,
}

struct SlowReader {
    reader: Box<dyn CardReader>,
    gate: Arc<Mutex<mpsc::Receiver<()>>>,
}

struct SlowSession<'a> {
    session: Box<dyn CardSession + 'a>,
    gate: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl Drop for SlowSession<'_> {
    fn drop(&mut self) {
        // An error means that the test is over.
        self.gate.lock().unwrap().recv().ok();
    }
}

impl CardTransport for SlowSession<'_> {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        self.session.transmit(command, response)
    }
}

impl CardSession for SlowSession<'_> {
    fn atr(&self) -> &[u8] {
        self.session.atr()
    }
}

impl CardReader for SlowReader {
    fn open(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        Ok(Box::new(SlowSession {
            session: self.reader.open()?,
            gate: Arc::clone(&self.gate),
        }))
    }
}

impl ReaderSource for SlowToLetGo {
    fn wait(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        self.source.wait()
    }

    fn canceller(&self) -> Box<dyn CancelWait> {
        self.source.canceller()
    }

    fn reader(&self, name: &ReaderName) -> Box<dyn CardReader> {
        Box::new(SlowReader {
            reader: self.source.reader(name),
            gate: Arc::clone(&self.gate),
        })
    }
}
