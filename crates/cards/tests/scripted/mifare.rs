//! The number of a MIFARE Classic, by configured rules.

use xueka_cards::{KeyKind, KeyRing, MifareNumberRule, NumberCoding, ReadingProfile};
use xueka_transport::SlotKind;

use crate::script::{read_with, storage, summary};

const UID: (&str, &str) = ("FFCA000000", "1EA68671 9000");
const LOAD: &str = "FF82000006 A0A1A2A3A4A5";
const LOAD_FOR_GOOD: &str = "FF82200006 A0A1A2A3A4A5";
const OPEN: &str = "FF8600000501 0004 6000";
const READ: &str = "FFB0000410";
const BLOCK: &str = "20240017 FFFFFFFFFFFFFFFFFFFFFFFF 9000";

fn rule(sector: u8, key: &str, key_kind: KeyKind) -> MifareNumberRule {
    MifareNumberRule {
        sector,
        block: 0,
        offset: 0,
        length: 4,
        coding: NumberCoding::Bcd,
        key: key.to_owned(),
        key_kind,
    }
}

fn profile(rules: Vec<MifareNumberRule>) -> ReadingProfile {
    let keys = "school = \"A0A1A2A3A4A5\"\nold = \"B0B1B2B3B4B5\"";
    ReadingProfile::new(rules, &KeyRing::from_text(keys).unwrap()).unwrap()
}

fn read(profile: &ReadingProfile, name: &str, own: &[(&str, &str)]) -> String {
    let script = [&[UID], own].concat();
    let reading = read_with(SlotKind::ByAtr, profile, &storage(name), &script);
    summary(&reading.unwrap())
}

#[test]
fn the_answers_of_readers_and_cards_make_the_reading() {
    let number = "number 20240017 from block 4, NumberRead";
    let cases = [
        (
            vec![(LOAD, "9000"), (OPEN, "9000"), (READ, BLOCK)],
            number,
            "four exchanges",
        ),
        (
            vec![
                (LOAD, "6986"),
                (LOAD_FOR_GOOD, "9000"),
                (OPEN, "9000"),
                (READ, BLOCK),
            ],
            number,
            "no volatile memory",
        ),
        (
            vec![(LOAD, "6300"), (LOAD_FOR_GOOD, "6300")],
            "UidOnly, no CardNumber (6300)",
            "the reader takes no key",
        ),
        (
            vec![(LOAD, "6988")],
            "UidOnly, no CardNumber (6988)",
            "no such slot: another memory does not help",
        ),
        (
            vec![(LOAD, "9000"), (OPEN, "6300")],
            "UidOnly, no CardNumber (6300)",
            "a wrong key, or anything else",
        ),
        (
            vec![(LOAD, "9000"), (OPEN, "9000"), (READ, "6982")],
            "UidOnly, no CardNumber (6982)",
            "the key may not read",
        ),
        (
            vec![(LOAD, "9000"), (OPEN, "9000"), (READ, "9000")],
            "UidOnly, no CardNumber (nonsense)",
            "an empty block",
        ),
        (
            vec![
                (LOAD, "9000"),
                (OPEN, "9000"),
                (READ, "20240017 FFFFFFFFFFFFFFFFFFFFFFFFFF 9000"),
            ],
            "UidOnly, no CardNumber (nonsense)",
            "a byte more than was asked for",
        ),
    ];
    let profile = profile(vec![rule(1, "school", KeyKind::A)]);
    for (script, expected, why) in cases {
        let expected = format!("MifareClassic1K, uid 1EA68671, {expected}");
        assert_eq!(read(&profile, "030001", &script), expected, "{why}");
    }
}

#[test]
fn rules_are_tried_in_their_order_until_one_has_a_number() {
    let profile = profile(vec![
        rule(20, "school", KeyKind::A),
        rule(1, "school", KeyKind::A),
        rule(2, "old", KeyKind::B),
        rule(3, "old", KeyKind::B),
    ]);
    let script = [
        (LOAD, "9000"),
        (OPEN, "6300"),
        ("FF82000006 B0B1B2B3B4B5", "9000"),
        ("FF8600000501 0008 6100", "9000"),
        ("FFB0000810", BLOCK),
    ];
    assert_eq!(
        read(&profile, "030001", &script),
        "MifareClassic1K, uid 1EA68671, number 20240017 from block 8, NumberRead",
        "sector 20 is on 4K cards only"
    );
}

#[test]
fn a_card_that_no_rule_fits_promises_no_number() {
    let profile = profile(vec![rule(16, "school", KeyKind::A)]);
    for (name, family) in [
        ("030001", "MifareClassic1K"),
        ("030026", "MifareClassicMini"),
        ("030003", "Ultralight"),
    ] {
        let expected = format!("{family}, uid 1EA68671, UidOnly");
        assert_eq!(read(&profile, name, &[]), expected);
    }
}

#[test]
fn large_sectors_of_a_4k_card_are_reached() {
    let profile = profile(vec![rule(39, "school", KeyKind::A)]);
    let script = [
        (LOAD, "9000"),
        ("FF8600000501 00F0 6000", "9000"),
        ("FFB000F010", BLOCK),
    ];
    assert_eq!(
        read(&profile, "030002", &script),
        "MifareClassic4K, uid 1EA68671, number 20240017 from block 240, NumberRead"
    );
}
