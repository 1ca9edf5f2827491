//! Each fault as whoever reads the card meets it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use xueka_simulator::{Fault, Outcome, Simulator, VirtualCard};
use xueka_transport::{CardTransport, ReaderSource, TransportError};

const GET_UID: [u8; 5] = [0xFF, 0xCA, 0x00, 0x00, 0x00];
const READ_NUMBER: [u8; 5] = [0x00, 0xB0, 0x84, 0x00, 0x08];

fn card() -> VirtualCard {
    VirtualCard::transit("1000751012345678").uid([1, 2, 3, 4])
}

fn send(card: &mut VirtualCard, command: &[u8]) -> Result<String, TransportError> {
    let mut response = vec![0xEE; 3];
    let result = card.transmit(command, &mut response);
    assert!(
        result.is_ok() || response.is_empty(),
        "no bytes of an answer that failed"
    );
    result.map(|()| hex::encode_upper(response))
}

#[test]
fn a_tear_comes_at_its_command_and_the_card_stays_gone() {
    for fault in [
        Fault::Tear { obeyed: false },
        Fault::Tear { obeyed: true },
        Fault::HalfResponse,
    ] {
        let mut card = card().fault(2, fault.clone());
        assert_eq!(
            send(&mut card, &GET_UID).unwrap(),
            "010203049000",
            "{fault:?}"
        );
        for _ in 0..2 {
            let error = send(&mut card, &READ_NUMBER).unwrap_err();
            assert!(
                matches!(error, TransportError::CardGone),
                "{fault:?}: {error:?}"
            );
        }
        assert_eq!(
            card.exchanges().len(),
            2,
            "{fault:?}: nothing reaches a card that left"
        );
    }
}

#[test]
fn only_an_obeying_tear_changes_the_card() {
    let write = [0xFF, 0xD6, 0x00, 0x05, 0x04, 0xAA, 0xBB, 0xCC, 0xDD];
    let read = [0xFF, 0xB0, 0x00, 0x05, 0x04];
    for (obeyed, expected) in [(false, "000000009000"), (true, "AABBCCDD9000")] {
        let mut card = VirtualCard::ultralight().fault(2, Fault::Tear { obeyed });
        send(&mut card, &GET_UID).unwrap();
        send(&mut card, &write).unwrap_err();

        // Put on a reader again, the card shows what became of the command.
        let (simulator, source) = Simulator::in_process(1);
        simulator.insert(0, card).unwrap();
        let mut reader = source.reader(&"Xueka Virtual Reader 00 00".into());
        let mut response = Vec::new();
        reader
            .open()
            .unwrap()
            .transmit(&read, &mut response)
            .unwrap();
        assert_eq!(hex::encode_upper(response), expected, "obeyed: {obeyed}");
    }
}

#[test]
fn fewer_bytes_than_a_status_word_are_a_tear_of_a_card_that_stays() {
    for fault in [Fault::EmptyResponse, Fault::OneByteResponse] {
        let mut card = card().fault(1, fault.clone());
        let error = send(&mut card, &GET_UID).unwrap_err();
        assert!(
            matches!(error, TransportError::CardGone),
            "{fault:?}: {error:?}"
        );
        assert_eq!(
            send(&mut card, &GET_UID).unwrap(),
            "010203049000",
            "{fault:?}"
        );
    }
}

#[test]
fn endless_chains_answer_every_command_from_theirs_on() {
    let mut card = card().fault(2, Fault::EndlessMore);
    assert_eq!(send(&mut card, &GET_UID).unwrap(), "010203049000");
    assert_eq!(send(&mut card, &READ_NUMBER).unwrap(), "6110");
    for _ in 0..100 {
        let more = send(&mut card, &[0x00, 0xC0, 0x00, 0x00, 0x10]).unwrap();
        assert_eq!((more.len(), more.ends_with("6110")), (36, true), "{more}");
    }

    let mut card = self::card().fault(1, Fault::EndlessWrongLength);
    let mut le = 0;
    for _ in 0..300 {
        let answer = send(&mut card, &[0x00, 0xB0, 0x84, 0x00, le]).unwrap();
        let wanted = u8::from_str_radix(answer.strip_prefix("6C").unwrap(), 16).unwrap();
        assert_ne!(wanted, le, "the length just asked for would end the chain");
        le = wanted;
    }
}

#[test]
fn an_overlong_answer_is_as_long_as_told() {
    let mut card = card().fault(1, Fault::OverlongResponse { n_bytes: 300 });
    assert_eq!(send(&mut card, &GET_UID).unwrap().len(), 2 * 302);
    assert_eq!(
        send(&mut card, &GET_UID).unwrap(),
        "010203049000",
        "only this one"
    );
}

#[test]
fn a_reset_ends_the_session_before_the_command() {
    let mut card = card().fault(2, Fault::Reset);
    send(&mut card, &GET_UID).unwrap();
    for _ in 0..2 {
        let error = send(&mut card, &READ_NUMBER).unwrap_err();
        assert!(matches!(error, TransportError::CardReset), "{error:?}");
    }
}

#[test]
fn a_swapped_card_shows_the_other_uid_from_its_command_on() {
    let mut card = card().fault(
        2,
        Fault::Swap {
            uid: vec![9, 8, 7, 6],
        },
    );
    assert_eq!(send(&mut card, &GET_UID).unwrap(), "010203049000");
    assert_eq!(send(&mut card, &GET_UID).unwrap(), "090807069000");
    assert_eq!(
        send(&mut card, &READ_NUMBER).unwrap(),
        "10007510123456789000",
        "files stay"
    );
}

#[test]
fn a_pseudo_apdu_kills_a_contact_card_and_is_recorded() {
    let mut card = VirtualCard::contact();
    assert_eq!(
        send(&mut card, &READ_NUMBER).unwrap(),
        "6A82",
        "a command of its own is fine"
    );
    for command in [&GET_UID, &READ_NUMBER] {
        let error = send(&mut card, command).unwrap_err();
        assert!(matches!(error, TransportError::CardMute), "{error:?}");
    }
    let outcomes = card
        .exchanges()
        .into_iter()
        .map(|exchange| exchange.outcome);
    let outcomes = outcomes.skip(1).collect::<Vec<_>>();
    assert_eq!(outcomes, [Outcome::Violation, Outcome::Dead]);
}

#[test]
fn exchanges_are_printed_in_hexadecimal() {
    let mut card = card().tear_at_command(2);
    send(&mut card, &GET_UID).unwrap();
    send(&mut card, &READ_NUMBER).unwrap_err();
    let printed = card
        .exchanges()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    assert_eq!(
        printed,
        ["FFCA000000 -> 010203049000", "00B0840008 -> (torn)"]
    );
}

#[test]
fn a_clone_has_a_record_of_its_own() {
    let mut card = card();
    send(&mut card, &GET_UID).unwrap();
    let mut copy = card.clone();
    assert_eq!(copy.exchanges(), []);
    send(&mut copy, &GET_UID).unwrap();
    send(&mut copy, &GET_UID).unwrap();
    assert_eq!((card.exchanges().len(), copy.exchanges().len()), (1, 2));
}
