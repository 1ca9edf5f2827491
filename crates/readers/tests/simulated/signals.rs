//! Light and sound at taps and when asked for.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use xueka_readers::{
    DeskReader, ReadOptions, ReaderError, ReaderSettings, ReaderState, Readers, Signal, SignalMode,
    SignalPlan, TapChange,
};
use xueka_simulator::{Fault, SimulatedSource, Simulator, VirtualReader};
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
async fn a_verdict_is_shown_as_far_as_the_settings_allow() {
    let cases = [
        (SignalMode::Taps, true, "in place of the tap's"),
        (SignalMode::Verdicts, true, "asked for by the verification"),
        (SignalMode::Asked, false, "nobody asked"),
        (SignalMode::Off, false, "and never"),
    ];
    for (signals, is_shown, why) in cases {
        let settings = ReaderSettings {
            // The test is told of the tap within that.
            signal_grace: Duration::from_millis(500),
            ..mode(signals)
        };
        let mut house = house_of(VirtualReader::named(READER), settings).await;
        house.tap(0, card()).await.unwrap();
        house.readers.show_verdict(Some(READER), false);
        house.readers.show_verdict(Some("nobody"), true);
        if is_shown {
            let expected = whole(Signal::Refuse);
            assert_eq!(escapes(&house, expected.len()).await, expected, "{why}");
        } else {
            // A signal that is asked for is shown last, and alone.
            let asked = house.readers.signal(Some(READER), Signal::Busy).await;
            let n_commands = usize::from(asked.unwrap()) * 2;
            let shown = escapes(&house, n_commands).await;
            assert_eq!(shown, whole(Signal::Busy)[..n_commands], "{why}");
        }
    }
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

#[tokio::test]
async fn a_reading_asked_for_right_after_a_tap_does_not_wait_for_its_signal() {
    let other = "Other Reader 00 00";
    let (simulator, source) =
        Simulator::with_readers([VirtualReader::named(READER), VirtualReader::named(other)]);
    let (go_on, gate) = mpsc::channel();
    let slow = SlowLights {
        source,
        gate: Arc::new(Mutex::new(gate)),
    };
    let settings = ReaderSettings {
        // Longer than the calls below take on any machine.
        signal_grace: Duration::from_mins(1),
        ..ReaderSettings::default()
    };
    let readers = Readers::start(Box::new(slow), settings).unwrap();
    let mut taps = readers.watch(1, 0);
    // A tap elsewhere takes longer than the first reader's thread takes to find
    // what is next.
    for slot in [0, 1] {
        simulator.insert(slot, card()).unwrap();
        loop {
            let event = soon(taps.next()).await.unwrap();
            if matches!(event.change, TapChange::CardArrived(Ok(_))) {
                break;
            }
        }
    }
    // The reader obeys no signal before the test says so.
    let asked = soon(readers.read_card(Some(READER), ReadOptions::default())).await;
    assert!(asked.is_ok(), "{asked:?}");
    drop(go_on);
    soon(readers.shutdown()).await;
}

#[tokio::test]
async fn what_is_lit_is_put_back_when_the_reader_is_asked_again_who_it_is() {
    let reader = VirtualReader::named(READER);
    let mut house = house_of(reader, mode(SignalMode::Asked)).await;
    house.service.unplug(0).unwrap();
    assert_eq!(house.letter().await, '-');
    house.service.set_held_by_another(0, true).unwrap();
    house.service.plug_in(0).unwrap();
    assert_eq!(house.letter().await, '+');
    house.service.set_held_by_another(0, false).unwrap();
    assert!(
        house
            .readers
            .signal(Some(READER), Signal::Busy)
            .await
            .unwrap()
    );
    let busy = whole(Signal::Busy);
    escapes(&house, busy.len() - 1).await;
    assert_ne!(house.service.lights(0).unwrap(), 0);

    // At the tap the reader is asked again; then the light is to go out.
    house.tap(0, card()).await.unwrap();
    assert!(
        house
            .readers
            .signal(Some(READER), Signal::Ok)
            .await
            .unwrap()
    );
    let mut expected = busy[..busy.len() - 1].to_vec();
    expected.extend(whole(Signal::Ok).split_off(1));
    assert_eq!(escapes(&house, expected.len()).await, expected);
    soon(async {
        while house.service.lights(0).unwrap() != 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_is_stalled_takes_no_signal() {
    let reader = VirtualReader::named(READER);
    let limit = Duration::from_millis(50);
    let house = House::furnished(vec![reader], 1, limit, ReaderSettings::default()).await;
    let stuck = card().fault(2, Fault::Stuck);
    house.simulator.insert(0, stuck).unwrap();
    soon(async {
        while house.info(READER).state != ReaderState::Stalled {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let signal = house.readers.signal(Some(READER), Signal::Ok).await;
    assert!(matches!(signal, Err(ReaderError::Stalled)), "{signal:?}");
    house.simulator.remove(0).unwrap();
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
