//! A close look at virtual cards: what is sent, what is concluded.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use xueka_cards::{
    Bearing, Grade, Hint, Inspection, KeyRing, KnownApplication, NoRandomness, ProfileText,
    ReadError, ReadingProfile, Seen, Weight, explain, inspect_card, read_card,
};
use xueka_domain::{CardFamily, Language};
use xueka_simulator::{Fault, VirtualCard};
use xueka_transport::{Dialect, SlotKind, StorageNameRow, TransportError};

fn inspect(card: &mut VirtualCard) -> Inspection {
    inspect_card(card, &Dialect::STANDARD, &ReadingProfile::default()).unwrap()
}

/// The applications that were found.
fn applications(inspection: &Inspection) -> Vec<KnownApplication> {
    let found = inspection.applications.iter();
    let there = found.filter(|found| found.is_there());
    there.map(|found| found.application).collect()
}

fn has(inspection: &Inspection, wanted: impl Fn(&Seen) -> bool) -> bool {
    let mut clues = inspection.recognition.because.iter();
    clues.any(|clue| wanted(&clue.seen))
}

#[test]
fn the_reading_is_the_one_that_the_desk_gets() {
    let cards = [
        VirtualCard::transit("1000751012345678"),
        VirtualCard::t_union("3104870012345678901"),
        VirtualCard::city_union("2100000098765432"),
        VirtualCard::mifare_classic_1k(),
        VirtualCard::ntag213(),
        VirtualCard::desfire(),
        VirtualCard::iso14443_4(),
        VirtualCard::felica(),
        VirtualCard::contact(),
    ];
    for mut card in cards {
        let nothing = ReadingProfile::default();
        let reading = read_card(&mut card, &Dialect::STANDARD, &nothing).unwrap();
        let n_read = card.exchanges().len();
        let inspection = inspect(&mut card);
        assert_eq!(inspection.reading, reading);
        assert_eq!(inspection.recognition.family, reading.family);
        let n_inspected = card.exchanges().len() - n_read;
        assert_eq!(inspection.trace.n_exchanges(), n_inspected);
        // A reading afterwards finds the card as the one before did.
        let again = read_card(&mut card, &Dialect::STANDARD, &nothing).unwrap();
        assert_eq!(again, reading);
        let n_again = card.exchanges().len() - n_read - n_inspected;
        assert_eq!(n_again, n_read, "{:?}", reading.family);
    }
}

#[test]
fn a_look_takes_a_bounded_number_of_exchanges() {
    let n_applications = KnownApplication::ALL.len();
    let cases = [
        (VirtualCard::contact(), 0, "nothing to a contact slot"),
        (VirtualCard::mifare_classic_1k(), 2, "UID, ATS"),
        (VirtualCard::felica(), 2, "UID, ATS"),
        (
            VirtualCard::transit("1000751012345678"),
            2 + 1 + n_applications + 1,
            "reading, ATS, applications, back to the root",
        ),
    ];
    for (mut card, n_exchanges, why) in cases {
        inspect(&mut card);
        assert_eq!(card.exchanges().len(), n_exchanges, "{why}");
    }
}

#[test]
fn no_command_of_a_look_can_change_a_card() {
    let mut card = VirtualCard::t_union("3104870012345678901");
    inspect(&mut card);
    for exchange in card.exchanges() {
        let instruction = exchange.command[1];
        // SELECT, READ BINARY, GET DATA, GET RESPONSE.
        assert!(
            matches!(instruction, 0xA4 | 0xB0 | 0xCA | 0xC0),
            "{:02X?}",
            exchange.command
        );
    }
}

#[test]
fn an_application_decides_and_is_found() {
    let inspection = inspect(&mut VirtualCard::t_union("3104870012345678901"));
    let found = applications(&inspection);
    let expected = [
        KnownApplication::TUnion,
        KnownApplication::PaymentEnvironment,
    ];
    assert_eq!(found, expected);
    let deciding: Vec<_> = inspection
        .recognition
        .because
        .iter()
        .filter(|clue| clue.weight == Weight::Decides)
        .collect();
    assert_eq!(deciding.len(), 2, "its own application and the number");
    assert!(deciding.iter().all(|clue| clue.bearing == Bearing::For));
    assert_eq!(inspection.recognition.disagreements().count(), 0);
    assert_eq!(inspection.hints, []);
}

#[test]
fn a_contact_slot_is_explained_without_a_question() {
    let inspection = inspect(&mut VirtualCard::contact());
    assert!(has(&inspection, |seen| *seen == Seen::ContactSlot));
    assert!(!has(&inspection, |seen| matches!(seen, Seen::NoUid)));
    assert_eq!(inspection.applications, []);
}

#[test]
fn what_a_reader_means_by_a_name_is_told() {
    const NAMES: &[StorageNameRow] = &[StorageNameRow {
        reported: 0x0000,
        meant: 0x0001,
        always: true,
    }];
    let dialect = Dialect {
        slot: SlotKind::ByAtr,
        storage_names: NAMES,
        ..Dialect::STANDARD
    };
    let nameless = hex::decode("3B8F8001804F0CA000000306030000000000006B").unwrap();
    let mut card = VirtualCard::mifare_classic_1k().answer_to_reset(nameless);
    let nothing = ReadingProfile::default();
    let inspection = inspect_card(&mut card, &dialect, &nothing).unwrap();
    assert_eq!(inspection.reading.family, CardFamily::MifareClassic1K);
    assert!(has(&inspection, |seen| matches!(
        seen,
        Seen::ReaderMeans { always: true, .. }
    )));
    assert_eq!(inspection.recognition.disagreements().count(), 0);
}

#[test]
fn a_published_key_is_a_hint_and_a_genuine_block_0_is_none() {
    let text = r#"
name = "a school"
source = "made up"

[[mifare_classic]]
keys = [{ name = "school", kind = "A" }]
number = { sector = 0, block = 1, offset = 0, length = 4, coding = "bcd" }
"#;
    let profile = |key: &str| {
        let ring = KeyRing::from_text(&format!("school = \"{key}\"")).unwrap();
        ReadingProfile::new(&[ProfileText { file: "a", text }], &ring).unwrap()
    };
    let mut number = [0xFF; 16];
    number[..4].copy_from_slice(&[0x20, 0x24, 0x00, 0x17]);
    let good = || VirtualCard::mifare_classic_1k().block(1, number);

    let look = |mut card: VirtualCard, key: &str| {
        inspect_card(&mut card, &Dialect::STANDARD, &profile(key)).unwrap()
    };
    let inspection = look(good(), "FFFFFFFFFFFF");
    assert_eq!(inspection.hints, [Hint::PublishedKey]);
    let own = [0x51, 0x52, 0x53, 0x54, 0x55, 0x56];
    let keyed = good().keys(0, own, own);
    assert_eq!(look(keyed, "515253545556").hints, []);
}

#[allow(clippy::unnecessary_wraps, reason = "the seam can fail")]
fn count(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    for (byte, value) in bytes.iter_mut().zip(0x30..) {
        *byte = value;
    }
    Ok(())
}

#[test]
fn a_chip_that_failed_to_prove_its_key_is_proof_of_a_copy() {
    let text = r#"
name = "a school"
source = "a test"
[[cpu]]
directory = "3F01"
number = { sfi = 21, offset = 0, length = 8, coding = "ascii" }
internal_authentication = { key_id = 0, key = "genuine" }
"#;
    let ring = "genuine = \"3des:00112233445566778899AABBCCDDEEFF\"";
    let keys = KeyRing::from_text(ring).unwrap();
    let profile = ReadingProfile::new(&[ProfileText { file: "a", text }], &keys)
        .unwrap()
        .with_randomness(count);
    let look =
        |mut card: VirtualCard| inspect_card(&mut card, &Dialect::STANDARD, &profile).unwrap();
    assert_eq!(look(VirtualCard::fm1208()).hints, []);
    let copy = look(VirtualCard::cpu_tid());
    assert_eq!(copy.hints, [Hint::AuthenticationFailed]);
    assert_eq!(copy.hints[0].grade(), Grade::Proof);
    let said = explain::outcome(&copy.reading, Language::English);
    assert!(said.iter().any(|it| it.code == "CHIP_FAILED"), "{said:?}");
}

#[test]
fn a_card_that_leaves_during_a_look_gives_nothing() {
    let whole = {
        let mut card = VirtualCard::t_union("3104870012345678901");
        inspect(&mut card);
        u32::try_from(card.exchanges().len()).unwrap()
    };
    for at in 1..=whole {
        let mut card =
            VirtualCard::t_union("3104870012345678901").fault(at, Fault::Tear { obeyed: false });
        let left = inspect_card(&mut card, &Dialect::STANDARD, &ReadingProfile::default());
        assert!(
            matches!(left, Err(ReadError::Transport(TransportError::CardGone))),
            "at {at}"
        );
    }
}

#[test]
fn a_trace_shows_no_number() {
    let inspection = inspect(&mut VirtualCard::t_union("3104870012345678901"));
    let numbers: Vec<_> = inspection.reading.number.into_iter().collect();
    let trace = inspection.trace.masked(&numbers);
    let shown = format!("{trace:?}");
    assert_eq!(trace.exchanges.len(), inspection.trace.n_exchanges());
    assert!(!shown.contains("3104870012345678901"));
    assert!(trace.exchanges[0].command.to_string().starts_with("FFCA"));
}
