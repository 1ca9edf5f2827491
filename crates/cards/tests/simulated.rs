//! Every simulated family, read as a desk reads it.
//!
//! The simulator writes each constant again from its source, so what agrees
//! here was written down twice.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use xueka_cards::{
    CardReading, Gap, KeyRing, ProfileText, ReadError, ReadingProfile, confirm_same_card, read_card,
};
use xueka_domain::{AssuranceLevel, CardFamily, CardKind};
use xueka_simulator::{Fault, Outcome, ReaderStyle, VirtualCard};
use xueka_transport::{Dialect, SlotKind, TransportError};

const KEY: [u8; 6] = [0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5];

/// A number of eight digits in sector 1, block 0, behind key B.
const PROFILE: &str = r#"
name = "School"
source = "a test"
[[mifare_classic]]
keys = [{ name = "school", kind = "B" }]
number = { sector = 1, block = 0, offset = 2, length = 4, coding = "bcd" }
"#;

fn profile() -> ReadingProfile {
    profile_of(PROFILE)
}

fn profile_of(text: &str) -> ReadingProfile {
    let ring = format!("school = \"{}\"", hex::encode(KEY));
    let file = "school.toml";
    let keys = KeyRing::from_text(&ring).unwrap();
    ReadingProfile::new(&[ProfileText { file, text }], &keys).unwrap()
}

fn school_card() -> VirtualCard {
    let mut block = [0xFF; 16];
    block[2..6].copy_from_slice(&[0x20, 0x24, 0x00, 0x17]);
    VirtualCard::mifare_classic_1k()
        .keys(1, [0xFF; 6], KEY)
        .block(4, block)
        // Key A reads, key B reads and writes: the usual bits of a school.
        .access(1, [0x78, 0x77, 0x88, 0x69])
}

fn read(card: &mut VirtualCard) -> Result<CardReading, ReadError> {
    read_card(card, &Dialect::STANDARD, &profile())
}

/// Every family, with the exchanges that its reading may take.
fn cards() -> Vec<(VirtualCard, CardFamily, usize)> {
    vec![
        (
            VirtualCard::transit("1000751012345678"),
            CardFamily::TransitCpu,
            2,
        ),
        (
            VirtualCard::t_union("3104870012345678901"),
            CardFamily::TUnion,
            4,
        ),
        (
            VirtualCard::city_union("1000000098765432"),
            CardFamily::CityUnion,
            4,
        ),
        (school_card(), CardFamily::MifareClassic1K, 4),
        (
            VirtualCard::mifare_classic_4k(),
            CardFamily::MifareClassic4K,
            3,
        ),
        (
            VirtualCard::mifare_classic_mini(),
            CardFamily::MifareClassicMini,
            3,
        ),
        (VirtualCard::ultralight(), CardFamily::Ultralight, 1),
        (VirtualCard::ntag213(), CardFamily::Ultralight, 1),
        (VirtualCard::desfire(), CardFamily::Desfire, 1),
        (VirtualCard::iso14443_4(), CardFamily::OtherIso14443, 5),
        (VirtualCard::iso15693(), CardFamily::OtherStorage, 1),
        (VirtualCard::felica(), CardFamily::OtherStorage, 1),
        (VirtualCard::contact(), CardFamily::Iso7816, 0),
    ]
}

#[test]
fn every_family_is_recognised_in_the_fewest_exchanges() {
    for (mut card, family, n_exchanges) in cards() {
        let reading = read(&mut card).unwrap();
        assert_eq!(reading.family, family);
        assert_eq!(reading.uid.is_some(), family != CardFamily::Iso7816);
        assert_eq!(card.exchanges().len(), n_exchanges, "{family:?}");
    }
}

#[test]
fn numbers_dates_and_kinds_are_those_that_the_card_was_made_with() {
    let cases = [
        (
            VirtualCard::transit("1000751012345678"),
            "1000751012345678",
            None,
        ),
        (
            VirtualCard::t_union("3104870012345678901"),
            "3104870012345678901",
            Some(CardKind::Student),
        ),
        (
            VirtualCard::city_union("2100000098765432"),
            "2100000098765432",
            None,
        ),
    ];
    for (mut card, number, kind) in cases {
        let reading = read(&mut card).unwrap();
        assert_eq!(reading.number.unwrap().reveal(), number);
        assert_eq!(reading.valid_from.unwrap().to_string(), "2020-01-01");
        assert_eq!(reading.valid_until.unwrap().to_string(), "2049-12-31");
        assert_eq!(reading.kind, kind);
        assert_eq!(reading.assurance, AssuranceLevel::NumberRead);
        assert!(reading.is_complete(), "{:?}", reading.missing);
    }
}

#[test]
fn a_configured_number_is_read_on_readers_of_each_style() {
    use ReaderStyle::{Acs, Omnikey, Standard};
    for (style, n_exchanges) in [(Standard, 4), (Acs, 4), (Omnikey, 5)] {
        let mut card = school_card().reader_style(style);
        let reading = read(&mut card).unwrap();
        assert_eq!(reading.number.unwrap().reveal(), "20240017", "{style:?}");
        assert_eq!(card.exchanges().len(), n_exchanges, "{style:?}");
    }
}

#[test]
fn number_and_date_cost_a_read_each_and_a_sector_one_key() {
    let text = r#"
        name = "School"
        source = "a test"
        [[mifare_classic]]
        keys = [{ name = "school", kind = "A" }]
        number = { sector = 33, block = 14, offset = 0, length = 4, coding = "integer" }
        valid_from = { sector = 33, block = 14, offset = 4, coding = "bcd-yymmdd" }
        valid_until = { sector = 33, block = 0, offset = 0, coding = "ascii-yyyymmdd" }
    "#;
    let mut number = [0xFF; 16];
    number[..7].copy_from_slice(&[0x01, 0x34, 0xD9, 0x61, 0x24, 0x09, 0x01]);
    let mut until = [0x00; 16];
    until[..8].copy_from_slice(b"20270831");
    let mut card = VirtualCard::mifare_classic_4k()
        .keys(33, KEY, [0xFF; 6])
        .block(158, number)
        .block(144, until);

    let reading = read_card(&mut card, &Dialect::STANDARD, &profile_of(text)).unwrap();

    assert_eq!(reading.number.unwrap().reveal(), "20240737");
    assert_eq!(reading.valid_from.unwrap().to_string(), "2024-09-01");
    assert_eq!(reading.valid_until.unwrap().to_string(), "2027-08-31");
    assert!(reading.is_complete(), "{:?}", reading.missing);
    // UID, key, authentication, two blocks.
    assert_eq!(card.exchanges().len(), 5);
}

#[test]
fn an_ntag_has_its_number_in_pages_or_in_a_text() {
    let text = r#"
        name = "School"
        source = "a test"
        [[ultralight]]
        ndef_text = { prefix = "No. ", digits = 8 }
        [[ultralight]]
        number = { page = 40, offset = 0, length = 4, coding = "integer-reversed" }
    "#;
    let with_text = VirtualCard::ntag213()
        .page(4, [0x03, 0x13, 0xD1, 0x01])
        .page(5, [0x0F, 0x54, 0x02, b'z'])
        .page(6, [b'h', b'N', b'o', b'.'])
        .page(7, *b" 202")
        .page(8, *b"4001")
        .page(9, [b'7', 0xFE, 0x00, 0x00]);
    let with_pages = VirtualCard::ntag213().page(40, [0x61, 0xD9, 0x34, 0x01]);
    // UID; container and message in two reads; then the page.
    let cases = [(with_text, "20240017", 3), (with_pages, "20240737", 11)];
    for (mut card, number, n_exchanges) in cases {
        let reading = read_card(&mut card, &Dialect::STANDARD, &profile_of(text)).unwrap();
        assert_eq!(reading.number.unwrap().reveal(), number);
        assert_eq!(card.exchanges().len(), n_exchanges, "{number}");
    }
}

#[test]
fn pages_behind_the_last_one_are_not_the_first_again() {
    let text = r#"
        name = "School"
        source = "a test"
        [[ultralight]]
        number = { page = 14, offset = 0, length = 12, coding = "ascii" }
    "#;
    let mut card = VirtualCard::ultralight();
    let reading = read_card(&mut card, &Dialect::STANDARD, &profile_of(text)).unwrap();
    assert_eq!(reading.missing[0].part, Gap::CardNumber);
    assert_eq!(reading.missing[0].status_word, Some(0x6A82));
}

#[test]
fn a_key_that_does_not_fit_leaves_the_number_missing() {
    let mut card = VirtualCard::mifare_classic_1k().reader_style(ReaderStyle::Acs);
    let reading = read(&mut card).unwrap();
    assert_eq!(reading.assurance, AssuranceLevel::UidOnly);
    let [missing] = reading.missing[..] else {
        panic!("{:?}", reading.missing);
    };
    assert_eq!(missing.part, Gap::CardNumber);
    assert_eq!(missing.status_word, Some(0x6300));
}

#[test]
fn a_second_reading_in_one_visit_finds_the_same() {
    for (mut card, family, _) in cards() {
        let first = read(&mut card).unwrap();
        assert_eq!(read(&mut card).unwrap(), first, "{family:?}");
        let confirmed = confirm_same_card(&mut card, &Dialect::STANDARD, &first);
        assert_eq!(confirmed.is_ok(), family != CardFamily::Iso7816);
    }
}

#[test]
fn a_random_uid_is_noticed() {
    let reading = read(&mut VirtualCard::desfire().random_uid()).unwrap();
    assert_eq!(reading.missing[0].part, Gap::FixedUid);

    let reading = read(&mut VirtualCard::t_union("3104870012345678901").random_uid()).unwrap();
    assert!(reading.uid.unwrap().is_random());
    assert!(reading.is_complete(), "its number names the card");
}

#[test]
fn a_tear_at_any_command_is_an_error() {
    for (card, family, n_exchanges) in cards() {
        let faults = [
            Fault::Tear { obeyed: true },
            Fault::HalfResponse,
            Fault::EmptyResponse,
            Fault::OneByteResponse,
        ];
        for at_command in 1..=u32::try_from(n_exchanges).unwrap() {
            for fault in faults.clone() {
                let mut card = card.clone().fault(at_command, fault.clone());
                let error = read(&mut card).unwrap_err();
                let gone = matches!(error, ReadError::Transport(TransportError::CardGone));
                assert!(gone, "{family:?}, {fault:?} at {at_command}: {error}");
            }
        }
    }
}

#[test]
fn no_answer_is_followed_for_ever() {
    for (card, family, n_exchanges) in cards() {
        let faults = [
            Fault::EndlessMore,
            Fault::EndlessWrongLength,
            Fault::OverlongResponse { n_bytes: 1000 },
        ];
        for at_command in 1..=u32::try_from(n_exchanges).unwrap() {
            for fault in faults.clone() {
                let mut card = card.clone().fault(at_command, fault.clone());
                let reading = read(&mut card).unwrap();
                assert!(card.exchanges().len() <= 80, "{family:?}, {fault:?}");
                assert_eq!(reading.uid.is_none(), at_command == 1, "{fault:?}");
            }
        }
    }
}

#[test]
fn a_contact_card_meets_no_command() {
    for slot in [SlotKind::ByAtr, SlotKind::Contact] {
        let mut card = VirtualCard::contact();
        let reading = read_card(
            &mut card,
            &Dialect {
                slot,
                ..Dialect::STANDARD
            },
            &profile(),
        )
        .unwrap();
        assert_eq!(reading.missing[0].part, Gap::Uid);
        assert!(card.exchanges().is_empty());
    }
}

#[test]
fn another_card_under_the_same_handle_is_found_out() {
    let other = vec![0x04, 0x99, 0x88, 0x77, 0x66, 0x55, 0x44];
    let mut card = VirtualCard::desfire().fault(2, Fault::Swap { uid: other });
    let reading = read(&mut card).unwrap();
    let error = confirm_same_card(&mut card, &Dialect::STANDARD, &reading).unwrap_err();
    assert!(matches!(error, ReadError::CardChanged));
}

#[test]
fn balance_and_trips_are_never_asked_for() {
    for (mut card, family, _) in cards() {
        read(&mut card).unwrap();
        for exchange in card.exchanges() {
            let is_allowed = matches!(
                exchange.command[..2],
                [0x00, 0xA4 | 0xB0] | [0xFF, 0xCA | 0x82 | 0x86 | 0xB0]
            );
            assert!(is_allowed, "{family:?}: {exchange}");
            assert!(matches!(exchange.outcome, Outcome::Response(_)));
        }
    }
}
