//! The client of vpcd, against a small server that speaks as the driver does:
//! length and payload apart, one client at a time.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use xueka_simulator::{Fault, Outcome, Simulator, SimulatorError, VirtualCard};

const GET_UID: [u8; 5] = [0xFF, 0xCA, 0x00, 0x00, 0x00];
const READ_NUMBER: [u8; 5] = [0x00, 0xB0, 0x84, 0x00, 0x08];
const GET_ATR: [u8; 1] = [4];

/// The reader's end of one card's connection.
struct Reader(TcpStream);

impl Reader {
    fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        // A card that never answers fails the test instead of hanging it.
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self(stream)
    }

    fn say(&mut self, payload: &[u8]) {
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        self.0.write_all(&length).unwrap();
        self.0.write_all(payload).unwrap();
    }

    fn hear(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 2];
        self.0.read_exact(&mut length)?;
        let mut payload = vec![0; u16::from_be_bytes(length).into()];
        self.0.read_exact(&mut payload)?;
        Ok(payload)
    }

    fn ask(&mut self, payload: &[u8]) -> Vec<u8> {
        self.say(payload);
        self.hear().unwrap()
    }

    /// Whatever comes until the card closes the connection.
    fn hear_the_end(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        rest
    }
}

/// A virtual reader and a simulator with its one slot.
fn slot() -> (TcpListener, SocketAddr, Simulator) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address, Simulator::on_vpcd([address]))
}

fn card() -> VirtualCard {
    VirtualCard::transit("1000751012345678").uid([1, 2, 3, 4])
}

fn kind(simulator: &Simulator) -> Option<&'static str> {
    simulator.slots()[0].card_kind
}

#[test]
fn a_card_answers_controls_and_commands_over_its_connection() {
    let (listener, address, simulator) = slot();
    assert_eq!(simulator.slots()[0].attached_to, address.to_string());
    simulator.insert(0, card().historical_bytes([])).unwrap();
    let mut reader = Reader::accept(&listener);

    assert_eq!(reader.ask(&GET_ATR), [0x3B, 0x80, 0x80, 0x01, 0x01]);
    reader.say(&[1]);
    assert_eq!(
        reader.ask(&READ_NUMBER),
        hex::decode("10007510123456789000").unwrap()
    );
    assert_eq!(reader.ask(&GET_UID), [1, 2, 3, 4, 0x90, 0x00]);
    reader.say(&[0]);
    reader.say(&[9]);
    reader.say(&[]);
    assert_eq!(
        reader.ask(&GET_ATR).len(),
        5,
        "unknown and empty messages are passed over"
    );

    assert_eq!(kind(&simulator), Some("transit-cpu"));
    let commands = simulator
        .exchanges(0)
        .unwrap()
        .into_iter()
        .map(|exchange| exchange.command);
    assert_eq!(commands.collect::<Vec<_>>(), [READ_NUMBER, GET_UID]);
}

#[test]
fn power_and_reset_forget_what_was_selected() {
    let (listener, _, simulator) = slot();
    simulator.insert(0, card()).unwrap();
    let mut reader = Reader::accept(&listener);
    for control in [1, 2] {
        assert!(
            reader
                .ask(&hex::decode("00A4000002100100").unwrap())
                .ends_with(&[0x90, 0x00])
        );
        assert_eq!(reader.ask(&READ_NUMBER), [0x6A, 0x82], "in the purse");
        reader.say(&[control]);
        assert!(
            reader.ask(&READ_NUMBER).ends_with(&[0x90, 0x00]),
            "at the master file"
        );
    }
}

#[test]
fn a_random_uid_is_new_after_a_reset() {
    let (listener, _, simulator) = slot();
    simulator
        .insert(0, VirtualCard::desfire().random_uid())
        .unwrap();
    let mut reader = Reader::accept(&listener);
    let first = reader.ask(&GET_UID);
    assert_eq!(reader.ask(&GET_UID), first, "the same in one activation");
    reader.say(&[2]);
    assert_ne!(reader.ask(&GET_UID), first);
}

#[test]
fn a_card_that_is_reset_again_and_again_answers_in_the_end() {
    let (listener, _, simulator) = slot();
    let n_resets = 5_000;
    let card = (1..=n_resets).fold(card(), |card, at| card.fault(at, Fault::Reset));
    simulator.insert(0, card).unwrap();
    let mut reader = Reader::accept(&listener);
    assert_eq!(reader.ask(&GET_UID), [1, 2, 3, 4, 0x90, 0x00]);
}

#[test]
fn answers_arrive_without_the_wait_for_delayed_acknowledgements() {
    let (listener, _, simulator) = slot();
    simulator.insert(0, card()).unwrap();
    let mut reader = Reader::accept(&listener);
    let began = Instant::now();
    for _ in 0..100 {
        reader.ask(&GET_UID);
    }
    // Forty milliseconds each would be four seconds.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?} for 100 exchanges");
}

#[test]
fn removing_closes_the_connection_and_empties_the_slot() {
    let (listener, _, simulator) = slot();
    simulator.remove(0).unwrap();
    simulator.insert(0, card()).unwrap();
    let reader = Reader::accept(&listener);
    simulator.remove(0).unwrap();
    assert_eq!(reader.hear_the_end(), []);
    assert_eq!(kind(&simulator), None);
}

#[test]
fn inserting_takes_the_card_away_that_lies_there() {
    let (listener, _, simulator) = slot();
    simulator.insert(0, card()).unwrap();
    let first = Reader::accept(&listener);
    simulator.insert(0, VirtualCard::ultralight()).unwrap();
    assert_eq!(first.hear_the_end(), []);
    let mut second = Reader::accept(&listener);
    assert_eq!(second.ask(&GET_UID).len(), 9);
    assert_eq!(kind(&simulator), Some("ultralight"));
    assert_eq!(
        simulator.exchanges(0).unwrap().len(),
        1,
        "those of this card alone"
    );
}

#[test]
fn dropping_the_simulator_takes_its_cards_away() {
    let (listener, _, simulator) = slot();
    simulator.insert(0, card()).unwrap();
    let reader = Reader::accept(&listener);
    drop(simulator);
    assert_eq!(reader.hear_the_end(), []);
}

#[test]
fn a_reader_that_comes_back_finds_the_card_again() {
    let (listener, address, simulator) = slot();
    simulator.insert(0, card()).unwrap();
    for _ in 0..3 {
        let mut reader = Reader::accept(&listener);
        assert!(reader.ask(&GET_UID).ends_with(&[0x90, 0x00]));
    }
    drop(listener);
    let listener = again(address);
    let mut reader = Reader::accept(&listener);
    assert!(reader.ask(&GET_UID).ends_with(&[0x90, 0x00]));
    assert_eq!(kind(&simulator), Some("transit-cpu"));
}

/// Listens again on an address whose old connections may linger.
fn again(address: SocketAddr) -> TcpListener {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match TcpListener::bind(address) {
            Ok(listener) => return listener,
            Err(error) => assert!(Instant::now() < deadline, "{address}: {error}"),
        }
        thread::yield_now();
    }
}

#[test]
fn where_nothing_listens_the_virtual_reader_is_gone() {
    let (listener, address, simulator) = slot();
    drop(listener);
    let began = Instant::now();
    let error = simulator.insert(0, card()).unwrap_err();
    assert!(
        matches!(error, SimulatorError::VirtualReaderGone { .. }),
        "{error}"
    );
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "the wait is bounded"
    );
    assert_eq!(kind(&simulator), None);
}

#[test]
fn a_torn_card_closes_its_connection_and_does_not_come_back() {
    let cases = [
        (Fault::Tear { obeyed: false }, vec![], "without a byte"),
        (Fault::Tear { obeyed: true }, vec![], "without a byte"),
        (
            Fault::EmptyResponse,
            vec![],
            "an empty message would block the driver",
        ),
        (
            Fault::HalfResponse,
            vec![0x00, 0x0A, 0x10, 0x00, 0x75, 0x10, 0x12],
            "half of ten bytes",
        ),
    ];
    for (fault, expected, why) in cases {
        let (listener, _, simulator) = slot();
        simulator.insert(0, card().fault(2, fault.clone())).unwrap();
        let mut reader = Reader::accept(&listener);
        reader.ask(&GET_UID);
        reader.say(&READ_NUMBER);
        assert_eq!(reader.hear_the_end(), expected, "{fault:?}: {why}");

        simulator.remove(0).unwrap();
        listener.set_nonblocking(true).unwrap();
        let again = listener.accept().unwrap_err().kind();
        assert_eq!(
            again,
            io::ErrorKind::WouldBlock,
            "{fault:?}: it left for good"
        );
    }
}

#[test]
fn strange_answers_pass_as_they_are() {
    let (listener, _, simulator) = slot();
    let faulty = card()
        .fault(1, Fault::OneByteResponse)
        .fault(2, Fault::OverlongResponse { n_bytes: 300 })
        .fault(3, Fault::OverlongResponse { n_bytes: u16::MAX });
    simulator.insert(0, faulty).unwrap();
    let mut reader = Reader::accept(&listener);
    assert_eq!(reader.ask(&GET_UID), [1]);
    assert_eq!(reader.ask(&GET_UID).len(), 302);
    assert_eq!(
        reader.ask(&GET_UID).len(),
        65_535,
        "the longest message there is"
    );
    assert_eq!(reader.ask(&GET_UID), [1, 2, 3, 4, 0x90, 0x00]);
}

#[test]
fn a_mute_card_answers_the_atr_with_more_than_an_atr_holds() {
    for mute in [card().mute(), card().answer_to_reset([])] {
        let (listener, _, simulator) = slot();
        simulator.insert(0, mute).unwrap();
        let mut reader = Reader::accept(&listener);
        assert!(reader.ask(&GET_ATR).len() > 33);
    }
}

#[test]
fn a_stuck_card_is_silent_until_it_is_taken_away() {
    let (listener, _, simulator) = slot();
    simulator.insert(0, card().fault(1, Fault::Stuck)).unwrap();
    let mut reader = Reader::accept(&listener);
    reader.say(&GET_UID);
    reader.say(&GET_ATR);
    while simulator.exchanges(0).unwrap().is_empty() {
        thread::yield_now();
    }
    assert_eq!(kind(&simulator), Some("transit-cpu"));
    simulator.remove(0).unwrap();
    assert_eq!(reader.hear_the_end(), []);
}

#[test]
fn a_late_answer_does_not_hold_up_the_hand() {
    let (listener, _, simulator) = slot();
    let a_day = Duration::from_hours(24);
    simulator.insert(0, card().response_delay(a_day)).unwrap();
    let mut reader = Reader::accept(&listener);
    reader.say(&GET_UID);
    while simulator.exchanges(0).unwrap().is_empty() {
        thread::yield_now();
    }
    simulator.remove(0).unwrap();
    assert_eq!(reader.hear_the_end(), []);
}

#[test]
fn a_contact_card_leaves_over_a_pseudo_apdu() {
    let (listener, _, simulator) = slot();
    simulator.insert(0, VirtualCard::contact()).unwrap();
    let mut reader = Reader::accept(&listener);
    assert_eq!(reader.ask(&READ_NUMBER), [0x6A, 0x82]);
    reader.say(&GET_UID);
    assert_eq!(reader.hear_the_end(), []);
    let exchanges = simulator.exchanges(0).unwrap();
    assert_eq!(exchanges[1].outcome, Outcome::Violation);
}

#[test]
fn a_card_reset_by_another_program_answers_as_new() {
    let (listener, _, simulator) = slot();
    simulator.insert(0, card().fault(2, Fault::Reset)).unwrap();
    let mut reader = Reader::accept(&listener);
    reader.ask(&hex::decode("00A4000002100100").unwrap());
    assert!(
        reader.ask(&READ_NUMBER).ends_with(&[0x90, 0x00]),
        "the purse is no longer selected"
    );
}

#[test]
fn slots_are_numbered_in_the_order_of_their_addresses() {
    let (first, second) = (slot(), slot());
    let simulator = Simulator::on_vpcd([first.1, second.1]);
    simulator.insert(1, card()).unwrap();
    let _reader = Reader::accept(&second.0);
    let slots = simulator.slots();
    assert_eq!(slots[0].attached_to, first.1.to_string());
    assert_eq!(
        (slots[0].card_kind, slots[1].card_kind),
        (None, Some("transit-cpu"))
    );
    let error = simulator.insert(2, card()).unwrap_err();
    assert!(
        matches!(
            error,
            SimulatorError::SlotNotFound {
                slot: 2,
                n_slots: 2
            }
        ),
        "{error}"
    );
}
