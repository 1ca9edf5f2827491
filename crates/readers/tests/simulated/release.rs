//! Letting go of a card.

use std::sync::{Arc, Mutex, mpsc};

use xueka_readers::{ReadOptions, ReaderSettings, Readers, TapChange};
use xueka_simulator::{SimulatedSource, Simulator};
use xueka_transport::{
    CancelWait, CardReader, CardSession, CardTransport, ReaderName, ReaderSnapshot, ReaderSource,
    SourceError, TransportError,
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
