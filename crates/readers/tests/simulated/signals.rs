//! Light and sound at taps and when asked for.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use xueka_readers::{
    DeskReader, ReaderSettings, Readers, Signal, SignalMode, SignalPlan, TapChange,
};
use xueka_simulator::{SimulatedSource, Simulator, VirtualReader};
use xueka_transport::{
    CancelWait, CardReader, CardSession, ReaderName, ReaderSnapshot, ReaderSource, SourceError,
    TransportError,
};

use crate::house::{House, card, soon};

const READER: &str = "ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00";
const LIMIT: Duration = Duration::from_secs(5);

async fn house_of(reader: VirtualReader, settings: ReaderSettings) -> House {
    House::furnished(vec![reader], 1, LIMIT, settings).await
}

fn mode(signals: SignalMode) -> ReaderSettings {
    ReaderSettings {
        signals,
        ..ReaderSettings::default()
    }
}

/// Waits until a reader was sent this many escape commands.
async fn escapes(house: &House, n_commands: usize) -> Vec<Vec<u8>> {
    soon(async {
        loop {
            let escapes = house.simulator_escapes();
            if escapes.len() >= n_commands {
                return escapes;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

impl House {
    fn simulator_escapes(&self) -> Vec<Vec<u8>> {
        self.service.escapes(0).unwrap()
    }
}

/// The commands of a signal, from asking for the lights to putting them back.
fn whole(signal: Signal) -> Vec<Vec<u8>> {
    let plan = SignalPlan::ACR1252;
    let mut commands = vec![plan.ask.unwrap().to_vec()];
    commands.extend(plan.commands(signal).iter().map(|it| it.to_vec()));
    commands.push(plan.restore.to_vec());
    commands
}

#[tokio::test]
async fn a_tap_that_was_read_is_shown_and_the_lights_are_put_back() {
    let mut house = house_of(VirtualReader::named(READER), ReaderSettings::default()).await;
    house.tap(0, card()).await.unwrap();
    let expected = whole(Signal::Ok);
    assert_eq!(escapes(&house, expected.len()).await, expected);
    assert_eq!(house.service.lights(0).unwrap(), 0, "as they were before");
    assert_eq!(house.info(READER).n_failed_signals, 0);
}

#[tokio::test]
async fn a_tap_that_could_not_be_read_is_shown_as_refused() {
    let mut house = house_of(VirtualReader::named(READER), ReaderSettings::default()).await;
    house.tap(0, card().mute()).await.unwrap_err();
    let expected = whole(Signal::Refuse);
    assert_eq!(escapes(&house, expected.len()).await, expected);
}

#[tokio::test]
async fn who_asks_gets_its_signal_and_no_other() {
    let mut house = house_of(VirtualReader::named(READER), mode(SignalMode::Asked)).await;
    house.tap(0, card()).await.unwrap();
    assert!(
        house
            .readers
            .signal(Some(READER), Signal::Refuse)
            .await
            .unwrap()
    );
    let expected = whole(Signal::Refuse);
    assert_eq!(escapes(&house, expected.len()).await, expected);
}

#[tokio::test]
async fn a_silent_reader_is_sent_nothing_and_says_so() {
    let silent = DeskReader {
        name: Some("ACR1252".to_owned()),
        has_signals: false,
        ..DeskReader::new("library")
    };
    let settings = ReaderSettings {
        desk_readers: vec![silent],
        ..ReaderSettings::default()
    };
    let cases = [
        (READER, settings, "the configuration silences it"),
        (READER, mode(SignalMode::Off), "and all of them"),
        (
            "Other Reader 00 00",
            ReaderSettings::default(),
            "it has no light",
        ),
    ];
    for (name, settings, why) in cases {
        let mut house = house_of(VirtualReader::named(name), settings).await;
        house.tap(0, card()).await.unwrap();
        assert!(
            !house.readers.signal(None, Signal::Ok).await.unwrap(),
            "{why}"
        );
        assert!(!house.info(name).has_signals, "{why}");
        // Whatever was to be shown came before the next tap.
        house.simulator.remove(0).unwrap();
        assert_eq!(house.letter().await, 'L');
        house.tap(0, card()).await.unwrap();
        assert_eq!(house.simulator_escapes(), Vec::<Vec<u8>>::new(), "{why}");
    }
}

#[tokio::test]
async fn a_driver_that_permits_no_escape_commands_costs_no_reading() {
    let reader = VirtualReader::named(READER).without_escape();
    let mut house = house_of(reader, ReaderSettings::default()).await;
    for _ in 0..3 {
        house.tap(0, card()).await.unwrap();
        house.simulator.remove(0).unwrap();
        assert_eq!(house.letter().await, 'L');
    }
    soon(async {
        while house.info(READER).has_signals {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(
        house.info(READER).n_failed_signals,
        1,
        "asked once, then given up"
    );
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_signal() {
    let (simulator, source) = Simulator::with_readers([VirtualReader::named(READER)]);
    let (go_on, gate) = mpsc::channel();
    let slow = SlowLights {
        source,
        gate: Arc::new(Mutex::new(gate)),
    };
    let readers = Readers::start(Box::new(slow), ReaderSettings::default()).unwrap();
    let mut taps = readers.watch(1, 0);
    simulator.insert(0, card()).unwrap();
    loop {
        // No signal goes on before the test says so, and it has not yet.
        let event = soon(taps.next()).await.unwrap();
        if matches!(event.change, TapChange::CardArrived(Ok(_))) {
            break;
        }
    }
    drop(go_on);
    soon(readers.shutdown()).await;
}

/// A source whose readers obey no escape command until the test says so.
struct SlowLights {
    source: SimulatedSource,
    gate: Arc<Mutex<mpsc::Receiver<()>>>,
}

struct SlowReader {
    reader: Box<dyn CardReader>,
    gate: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl CardReader for SlowReader {
    fn open(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        self.reader.open()
    }

    fn control(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        // An error means that the test is over.
        self.gate.lock().unwrap().recv().ok();
        self.reader.control(command, response)
    }
}

impl ReaderSource for SlowLights {
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
