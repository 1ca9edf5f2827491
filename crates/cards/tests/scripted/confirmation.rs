//! Whether the card in the field is still the one that was read.

use xueka_cards::{CardReading, NumberSource, ReadError, confirm_same_card};
use xueka_transport::{Dialect, TransportError};

use crate::script::{GONE, ScriptedCard, iso14443, read, storage};

const ASK_UID: &str = "FFCA000000";
const RANDOM: (&str, &str) = (ASK_UID, "08A1B2C3 9000");
const OTHER_RANDOM: (&str, &str) = (ASK_UID, "08D4E5F6 9000");
const BEIJING_INFO: &str =
    "1000751012340678 010000 00000000000000000000000000 20240901 20270831 9000";

fn confirm(reading: &CardReading, atr: &str, script: &[(&str, &str)]) -> Result<(), ReadError> {
    let mut card = ScriptedCard::new(atr, script);
    let confirmed = confirm_same_card(&mut card, &Dialect::STANDARD, reading);
    card.assert_finished();
    confirmed
}

#[test]
fn a_fixed_uid_is_compared_in_one_exchange() {
    let atr = storage("030001");
    let reading = read(&atr, &[(ASK_UID, "1EA68671 9000")]).unwrap();
    confirm(&reading, &atr, &[(ASK_UID, "1EA68671 9000")]).unwrap();

    let others = ["1EA68672 9000", "1EA68671223344 9000", "6A81", "9000"];
    for other in others {
        let error = confirm(&reading, &atr, &[(ASK_UID, other)]).unwrap_err();
        assert!(matches!(error, ReadError::CardChanged), "{other}");
    }
}

#[test]
fn a_contact_card_in_its_place_is_sent_nothing() {
    let reading = read(&storage("030001"), &[(ASK_UID, "1EA68671 9000")]).unwrap();
    let error = confirm(&reading, "3B951381018073FF01000B", &[]).unwrap_err();
    assert!(matches!(error, ReadError::CardChanged));
}

#[test]
fn a_card_with_a_random_uid_is_compared_by_its_number() {
    let atr = iso14443("1234");
    let read_info = "00B0840020";
    let reading = read(&atr, &[RANDOM, (read_info, BEIJING_INFO)]).unwrap();
    confirm(&reading, &atr, &[OTHER_RANDOM, (read_info, BEIJING_INFO)]).unwrap();

    let other = BEIJING_INFO.replace("0678", "0679");
    let error = confirm(&reading, &atr, &[OTHER_RANDOM, (read_info, &other)]).unwrap_err();
    assert!(matches!(error, ReadError::CardChanged));
}

#[test]
fn what_names_nothing_cannot_be_compared() {
    let desfire = read(&iso14443("80"), &[RANDOM]).unwrap();
    let contact = read("3B00", &[]).unwrap();
    // A Classic whose number stands behind a key, which is not used again.
    let keyed = CardReading {
        number: Some("20240017".parse().unwrap()),
        number_source: Some(NumberSource::MifareBlock { block: 4 }),
        ..read(&storage("030001"), &[RANDOM]).unwrap()
    };
    for reading in [desfire, contact, keyed] {
        let error = confirm(&reading, &iso14443("80"), &[]).unwrap_err();
        assert!(matches!(error, ReadError::NothingToCompare));
    }
}

#[test]
fn a_tear_says_nothing_about_the_card() {
    let atr = storage("030001");
    let reading = read(&atr, &[(ASK_UID, "1EA68671 9000")]).unwrap();
    let error = confirm(&reading, &atr, &[(ASK_UID, GONE)]).unwrap_err();
    assert!(matches!(
        error,
        ReadError::Transport(TransportError::CardGone)
    ));
}
