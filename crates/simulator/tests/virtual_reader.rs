//! The player of a virtual reader, against a driver that this test is.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpListener,
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;
use xueka_simulator::{Fault, Simulator, SimulatorError, VirtualCard};
use xueka_transport::wire::{
    Address, DriverMessage, Failure, Inbox, PlayerMessage, Refusal, VERSION,
};

const GET_UID: [u8; 5] = [0xFF, 0xCA, 0x00, 0x00, 0x00];
const READ_NUMBER: [u8; 5] = [0x00, 0xB0, 0x84, 0x00, 0x08];

/// Where a driver listens.
struct Place {
    folder: TempDir,
}

/// The driver's end of one connection.
struct Driver<S> {
    stream: S,
    inbox: Inbox,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("reader")
    }

    fn address(&self) -> Address {
        Address::unix(self.path()).unwrap()
    }

    /// Listens as the driver does: the socket appears when it is ready.
    fn listen(&self) -> UnixListener {
        let hidden = self.folder.path().join("hidden");
        let listener = UnixListener::bind(&hidden).unwrap();
        std::fs::rename(hidden, self.path()).unwrap();
        listener
    }
}

fn accept(listener: &UnixListener) -> Driver<UnixStream> {
    let (stream, _) = listener.accept().unwrap();
    // A player that never answers fails the test instead of hanging it.
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut driver = Driver::new(stream);
    driver.greet();
    driver
}

impl<S: Read + Write> Driver<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            inbox: Inbox::default(),
        }
    }

    fn greet(&mut self) {
        let (sequence, hello) = self.hear();
        assert!(hello == PlayerMessage::Hello { version: VERSION });
        let patience = Duration::from_millis(100);
        self.say(
            DriverMessage::Welcome {
                version: VERSION,
                patience,
            },
            sequence,
        );
    }

    fn say(&mut self, message: DriverMessage, sequence: u16) {
        self.stream.write_all(&message.encode(sequence)).unwrap();
    }

    fn hear(&mut self) -> (u16, PlayerMessage) {
        self.next().expect("the player is there")
    }

    /// The next message; `None` when the player has gone.
    fn next(&mut self) -> Option<(u16, PlayerMessage)> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(frame) = self.inbox.next_frame().unwrap() {
                let sequence = frame.sequence;
                let message = PlayerMessage::decode(frame).unwrap();
                return Some((sequence, message.expect("a kind that is known")));
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(n_bytes) => self.inbox.extend(&buffer[..n_bytes]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn expect_notice(&mut self, expected: &PlayerMessage) {
        let (sequence, notice) = self.hear();
        assert!(&notice == expected);
        self.say(DriverMessage::Noticed, sequence);
    }

    fn ask(&mut self, question: DriverMessage, sequence: u16) -> PlayerMessage {
        self.say(question, sequence);
        let (to, answer) = self.hear();
        assert_eq!(to, sequence, "an answer has the number of its question");
        answer
    }

    fn command(&mut self, command: &[u8]) -> PlayerMessage {
        self.ask(DriverMessage::Command(command.to_vec()), 77)
    }
}

fn card() -> VirtualCard {
    VirtualCard::transit("1000751012345678").uid([1, 2, 3, 4])
}

/// Inserts on a thread of its own, because the driver is this one.
fn insert(simulator: &Simulator, card: VirtualCard) -> mpsc::Receiver<Result<(), SimulatorError>> {
    let simulator = simulator.clone();
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || done.send(simulator.insert(0, card)));
    is_done
}

/// A reader with a card on it that the driver has noticed.
fn with(card: VirtualCard) -> (Place, Simulator, Driver<UnixStream>) {
    let place = Place::new();
    let listener = place.listen();
    let simulator = Simulator::on_virtual_readers([place.address()]);
    let mut driver = accept(&listener);
    let inserted = insert(&simulator, card);
    driver.expect_notice(&PlayerMessage::Insert);
    inserted.recv().unwrap().unwrap();
    (place, simulator, driver)
}

#[test]
fn a_card_answers_power_commands_and_its_removal() {
    let (place, simulator, mut driver) = with(card().historical_bytes([]));
    let slots = simulator.slots();
    assert_eq!(slots[0].attached_to, place.address().to_string());
    assert_eq!(slots[0].card_kind, Some("transit-cpu"));

    let atr = PlayerMessage::Atr(vec![0x3B, 0x80, 0x80, 0x01, 0x01]);
    assert!(driver.ask(DriverMessage::PowerUp, 5) == atr);
    let uid = PlayerMessage::Response(vec![1, 2, 3, 4, 0x90, 0x00]);
    assert!(driver.command(&GET_UID) == uid);
    driver.say(DriverMessage::PowerDown, 0);
    assert!(driver.ask(DriverMessage::Reset, 6) == atr);

    simulator.remove(0).unwrap();
    driver.expect_notice(&PlayerMessage::Remove);
    assert_eq!(simulator.slots()[0].card_kind, None);
    assert_eq!(simulator.exchanges(0).unwrap().len(), 1);
}

#[test]
fn a_reset_forgets_what_was_selected() {
    let (_place, _simulator, mut driver) = with(card());
    let select = [0x00, 0xA4, 0x00, 0x00, 0x02, 0x10, 0x01, 0x00];
    for question in [DriverMessage::PowerUp, DriverMessage::Reset] {
        driver.command(&select);
        let in_the_purse = PlayerMessage::Response(vec![0x6A, 0x82]);
        assert!(driver.command(&READ_NUMBER) == in_the_purse);
        driver.ask(question, 1);
        assert!(driver.command(&READ_NUMBER) != in_the_purse);
    }
}

#[test]
fn inserting_takes_away_what_lies_there() {
    let (_place, simulator, mut driver) = with(card());
    let inserted = insert(&simulator, VirtualCard::ultralight());
    driver.expect_notice(&PlayerMessage::Remove);
    driver.expect_notice(&PlayerMessage::Insert);
    inserted.recv().unwrap().unwrap();
    assert_eq!(simulator.slots()[0].card_kind, Some("ultralight"));
}

#[test]
fn a_driver_that_comes_back_is_told_of_the_card_and_of_the_plug() {
    let (place, simulator, driver) = with(card());
    drop(driver);
    std::fs::remove_file(place.path()).unwrap();
    let listener = place.listen();
    let mut driver = accept(&listener);
    driver.expect_notice(&PlayerMessage::Insert);

    let unplugging = thread::spawn({
        let simulator = simulator.clone();
        move || simulator.unplug(0)
    });
    driver.expect_notice(&PlayerMessage::Remove);
    driver.expect_notice(&PlayerMessage::Unplug);
    unplugging.join().unwrap().unwrap();
    let error = simulator.insert(0, card()).unwrap_err();
    assert!(matches!(error, SimulatorError::VirtualReaderGone { .. }));

    drop(driver);
    let mut driver = accept(&listener);
    driver.expect_notice(&PlayerMessage::Unplug);
    let plugging = thread::spawn(move || simulator.plug_in(0));
    driver.expect_notice(&PlayerMessage::PlugIn);
    plugging.join().unwrap().unwrap();
}

#[test]
fn a_driver_that_comes_later_is_found() {
    let place = Place::new();
    let simulator = Simulator::on_virtual_readers([place.address()]);
    let inserted = insert(&simulator, card());
    let listener = place.listen();
    let mut driver = accept(&listener);
    // The card was put there before or after the line was, or both at once.
    driver.expect_notice(&PlayerMessage::Insert);
    inserted.recv().unwrap().unwrap();
}

#[test]
fn where_nobody_listens_the_reader_is_gone() {
    let place = Place::new();
    let simulator = Simulator::on_virtual_readers([place.address()]);
    let error = simulator.insert(0, card()).unwrap_err();
    assert!(error.to_string().contains(&place.address().to_string()));
    assert_eq!(simulator.slots()[0].card_kind, None);
}

#[test]
fn a_reader_that_another_plays_is_asked_again() {
    let place = Place::new();
    let listener = place.listen();
    let _simulator = Simulator::on_virtual_readers([place.address()]);
    for _ in 0..2 {
        let mut driver = Driver::new(listener.accept().unwrap().0);
        driver.hear();
        driver.say(DriverMessage::Refused(Refusal::Occupied), 0);
    }
    accept(&listener);
}

#[test]
fn faults_are_told_as_a_reader_would_see_them() {
    let torn = [
        Fault::Tear { obeyed: false },
        Fault::Tear { obeyed: true },
        Fault::HalfResponse,
    ];
    for fault in torn {
        let (_place, simulator, mut driver) = with(card().fault(1, fault.clone()));
        driver.say(DriverMessage::Command(GET_UID.to_vec()), 1);
        driver.expect_notice(&PlayerMessage::Remove);
        assert_eq!(simulator.slots()[0].card_kind, None, "{fault:?}");
    }
    let answered = [
        (Fault::EmptyResponse, PlayerMessage::Response(vec![])),
        (Fault::OneByteResponse, PlayerMessage::Response(vec![1])),
        (
            Fault::Reset,
            PlayerMessage::Response(vec![1, 2, 3, 4, 0x90, 0x00]),
        ),
    ];
    for (fault, expected) in answered {
        let (_place, _simulator, mut driver) = with(card().fault(1, fault.clone()));
        assert!(driver.command(&GET_UID) == expected, "{fault:?}");
    }
}

#[test]
fn a_contact_card_falls_silent_over_a_pseudo_apdu_and_is_mute() {
    let (_place, _simulator, mut driver) = with(VirtualCard::contact());
    assert!(driver.command(&GET_UID) == PlayerMessage::Failed(Failure::Silence));
    assert!(driver.ask(DriverMessage::PowerUp, 2) == PlayerMessage::Atr(vec![]));
}

#[test]
fn a_mute_card_has_an_empty_atr() {
    let (_place, _simulator, mut driver) = with(card().mute());
    assert!(driver.ask(DriverMessage::PowerUp, 2) == PlayerMessage::Atr(vec![]));
}

#[test]
fn a_slow_card_asks_for_time_before_the_reader_loses_patience() {
    let delay = Duration::from_millis(220);
    let (_place, _simulator, mut driver) = with(card().response_delay(delay));
    driver.say(DriverMessage::Command(GET_UID.to_vec()), 9);
    let mut n_extensions = 0;
    loop {
        match driver.hear() {
            (9, PlayerMessage::MoreTime) => n_extensions += 1,
            (9, PlayerMessage::Response(response)) => {
                assert_eq!(response, [1, 2, 3, 4, 0x90, 0x00]);
                break;
            }
            _ => panic!("neither an extension nor the answer"),
        }
    }
    // A patience of 100 ms, of which half is used each time, or a little more.
    assert!((1..=4).contains(&n_extensions), "{n_extensions}");
}

#[test]
fn a_slow_card_that_is_taken_away_does_not_answer_any_more() {
    let a_day = Duration::from_hours(24);
    let (_place, simulator, mut driver) = with(card().response_delay(a_day));
    driver.say(DriverMessage::Command(GET_UID.to_vec()), 9);
    assert!(driver.hear() == (9, PlayerMessage::MoreTime));
    simulator.remove(0).unwrap();
    loop {
        match driver.hear() {
            (9, PlayerMessage::MoreTime) => {}
            (_, PlayerMessage::Remove) => break,
            _ => panic!("the card has gone"),
        }
    }
    assert!(
        driver.ask(
            DriverMessage::Escape {
                code: 1,
                data: vec![]
            },
            3
        ) == unsupported()
    );
}

#[test]
fn a_stuck_card_is_silent_and_its_reader_is_not() {
    let (_place, simulator, mut driver) = with(card().fault(1, Fault::Stuck));
    driver.say(DriverMessage::Command(GET_UID.to_vec()), 1);
    let firmware = DriverMessage::Escape {
        code: 0x4200_0001,
        data: vec![0xFF, 0x00, 0x48, 0x00, 0x00],
    };
    let answer = PlayerMessage::EscapeAnswer(b"XUEKA-VR1.0".to_vec());
    assert!(driver.ask(firmware, 2) == answer);
    assert_eq!(
        simulator.escapes(0).unwrap(),
        [[0xFF, 0x00, 0x48, 0x00, 0x00]]
    );
    simulator.remove(0).unwrap();
    driver.expect_notice(&PlayerMessage::Remove);
}

fn unsupported() -> PlayerMessage {
    PlayerMessage::Failed(Failure::Unsupported)
}

#[test]
fn dropping_the_simulator_ends_the_line() {
    let (_place, simulator, mut driver) = with(card());
    drop(simulator);
    assert!(driver.next().is_none());
}

#[test]
fn tcp_does_as_well() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::tcp(listener.local_addr().unwrap()).unwrap();
    let simulator = Simulator::on_virtual_readers([address]);
    let mut driver = Driver::new(listener.accept().unwrap().0);
    driver.greet();
    let inserted = insert(&simulator, card());
    driver.expect_notice(&PlayerMessage::Insert);
    inserted.recv().unwrap().unwrap();
    assert!(driver.command(&GET_UID) == PlayerMessage::Response(vec![1, 2, 3, 4, 0x90, 0x00]));
}

#[test]
fn other_simulators_have_no_plug_to_pull() {
    let (simulator, _source) = Simulator::in_process(1);
    let error = simulator.unplug(0).unwrap_err();
    assert!(matches!(error, SimulatorError::NotByThisReader));
    let none = Simulator::on_virtual_readers([]);
    let error = none.unplug(0).unwrap_err();
    assert!(matches!(
        error,
        SimulatorError::SlotNotFound { n_slots: 0, .. }
    ));
}
