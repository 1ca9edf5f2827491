//! The number of a MIFARE Classic, by profile.

use xueka_cards::{KeyAttempts, KeyRing, ProfileText, ReadingProfile};
use xueka_transport::{
    Asked, AuthenticateForm, Dialect, KeyPlace, Meaning, StatusRow, TransportError,
};

use crate::script::{read_by, storage, summary};

const UID: (&str, &str) = ("FFCA000000", "1EA68671 9000");
const LOAD: &str = "FF82000006 A0A1A2A3A4A5";
const LOAD_OLD: &str = "FF82000006 B0B1B2B3B4B5";
const LOAD_FOR_GOOD: &str = "FF82200006 A0A1A2A3A4A5";
const OPEN: &str = "FF8600000501 0004 6000";
const READ: &str = "FFB0000410";
const BLOCK: &str = "20240017 FFFFFFFFFFFFFFFFFFFFFFFF 9000";

const SCHOOL_A: &str = r#"{ name = "school", kind = "A" }"#;
const SCHOOL_B: &str = r#"{ name = "school", kind = "B" }"#;
const OLD_A: &str = r#"{ name = "old", kind = "A" }"#;
const OLD_B: &str = r#"{ name = "old", kind = "B" }"#;

/// A place with four BCD bytes at the beginning of block 0 of a sector.
fn place(sector: u8, keys: &[&str]) -> String {
    let keys = keys.join(", ");
    format!(
        "[[mifare_classic]]\nkeys = [{keys}]\n\
         number = {{ sector = {sector}, block = 0, offset = 0, length = 4, coding = \"bcd\" }}\n"
    )
}

fn profile(places: &[String]) -> ReadingProfile {
    let text = format!(
        "name = \"School\"\nsource = \"a test\"\n{}",
        places.concat()
    );
    let keys = "school = \"A0A1A2A3A4A5\"\nold = \"B0B1B2B3B4B5\"";
    let file = "school.toml";
    let profile = ProfileText { file, text: &text };
    ReadingProfile::new(&[profile], &KeyRing::from_text(keys).unwrap()).unwrap()
}

fn read(profile: &ReadingProfile, name: &str, own: &[(&str, &str)]) -> String {
    read_on(&Dialect::STANDARD, profile, name, own)
}

fn read_on(
    dialect: &Dialect,
    profile: &ReadingProfile,
    name: &str,
    own: &[(&str, &str)],
) -> String {
    let script = [&[UID], own].concat();
    summary(&read_by(dialect, profile, &storage(name), &script).unwrap())
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
    let profile = profile(&[place(1, &[SCHOOL_A])]);
    for (script, expected, why) in cases {
        let expected = format!("MifareClassic1K, uid 1EA68671, {expected}");
        assert_eq!(read(&profile, "030001", &script), expected, "{why}");
    }
}

#[test]
fn places_are_tried_in_their_order_until_one_has_a_number() {
    let profile = profile(&[
        place(20, &[SCHOOL_A]),
        place(1, &[SCHOOL_A]),
        place(2, &[OLD_B]),
        place(3, &[OLD_B]),
    ]);
    let script = [
        (LOAD, "9000"),
        (OPEN, "6300"),
        (LOAD_OLD, "9000"),
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
fn keys_are_tried_in_their_order_and_no_longer_than_they_may_help() {
    let number = "number 20240017 from block 4, NumberRead";
    let keys = [OLD_A, SCHOOL_A, SCHOOL_B];
    let open_b = "FF8600000501 0004 6100";
    let cases = [
        (
            vec![
                (LOAD_OLD, "9000"),
                (OPEN, "6982"),
                (LOAD, "9000"),
                (OPEN, "9000"),
                (READ, BLOCK),
            ],
            number,
            "the second",
        ),
        (
            vec![
                (LOAD_OLD, "9000"),
                (OPEN, "6300"),
                (LOAD, "9000"),
                (OPEN, "9000"),
                (READ, BLOCK),
            ],
            number,
            "a reader that does not say why",
        ),
        (
            vec![
                (LOAD_OLD, "9000"),
                (OPEN, "6300"),
                (LOAD, "9000"),
                (OPEN, "9000"),
                (READ, "6982"),
                (LOAD, "9000"),
                (open_b, "9000"),
                (READ, BLOCK),
            ],
            number,
            "key A opens, key B may read",
        ),
        (
            vec![
                (LOAD_OLD, "9000"),
                (OPEN, "6300"),
                (LOAD, "9000"),
                (OPEN, "6300"),
                (LOAD, "9000"),
                (open_b, "6300"),
            ],
            "UidOnly, no CardNumber (6300)",
            "none",
        ),
        (
            vec![(LOAD_OLD, "9000"), (OPEN, "6988")],
            "UidOnly, no CardNumber (6988)",
            "the reader cannot use what it took",
        ),
        (
            vec![(LOAD_OLD, "9000"), (OPEN, "9000"), (READ, "6A82")],
            "UidOnly, no CardNumber (6A82)",
            "no key makes the block appear",
        ),
    ];
    let profile = profile(&[place(1, &keys)]);
    for (script, expected, why) in cases {
        let expected = format!("MifareClassic1K, uid 1EA68671, {expected}");
        assert_eq!(read(&profile, "030001", &script), expected, "{why}");
    }
}

#[test]
fn keys_are_tried_as_often_as_is_configured() {
    let all = [SCHOOL_A, OLD_A, SCHOOL_B, OLD_B];
    let places = [place(1, &all), place(2, &all)];
    let script = [
        (LOAD, "9000"),
        (OPEN, "6300"),
        (LOAD_OLD, "9000"),
        (OPEN, "6982"),
    ];
    let two = KeyAttempts::new(2).unwrap();
    assert_eq!(
        read(&profile(&places).with_key_attempts(two), "030001", &script),
        "MifareClassic1K, uid 1EA68671, UidOnly, no CardNumber (6982)"
    );
}

#[test]
fn dates_elsewhere_are_read_with_the_key_that_opened() {
    let dated = format!(
        "{}valid_from = {{ sector = 1, block = 0, offset = 4, coding = \"bcd-yymmdd\" }}\n\
         valid_until = {{ sector = 2, block = 1, offset = 8, coding = \"ascii-yyyymmdd\" }}\n",
        place(1, &[OLD_A, SCHOOL_A])
    );
    let number = "20240017 240901 FFFFFFFFFFFFFFFFFF 9000";
    let begin = [
        (LOAD_OLD, "9000"),
        (OPEN, "6300"),
        (LOAD, "9000"),
        (OPEN, "9000"),
        (READ, number),
    ];
    let open = "FF8600000501 0009 6000";
    let cases = [
        (
            vec![
                (open, "9000"),
                ("FFB0000910", "0000000000000000 3230323730383331 9000"),
            ],
            "until 2027-08-31, NumberRead",
            "the loaded key, at once",
        ),
        (
            vec![(open, "6982"), (LOAD_OLD, "9000"), (open, "6982")],
            "NumberRead, no ValidUntil (6982)",
            "another sector, other keys",
        ),
    ];
    let profile = profile(&[dated]);
    for (end, expected, why) in cases {
        let script = [&begin[..], &end].concat();
        let expected = format!(
            "MifareClassic1K, uid 1EA68671, number 20240017 from block 4, \
             from 2024-09-01, {expected}"
        );
        assert_eq!(read(&profile, "030001", &script), expected, "{why}");
    }
}

#[test]
fn a_place_may_promise_less_than_it_could() {
    let place = format!("{}assurance = \"uid-only\"\n", place(1, &[SCHOOL_A]));
    let script = [(LOAD, "9000"), (OPEN, "9000"), (READ, BLOCK)];
    assert_eq!(
        read(&profile(&[place]), "030001", &script),
        "MifareClassic1K, uid 1EA68671, number 20240017 from block 4, UidOnly"
    );
}

#[test]
fn a_readers_own_form_is_followed() {
    const ROWS: &[StatusRow] = &[StatusRow {
        asked: Some(Asked::Authenticate),
        status_word: 0x6F01,
        meaning: Meaning::NoAnswer,
    }];
    let dialect = Dialect {
        key_memories: &[0x20],
        key_b: KeyPlace {
            load_slot: 0x10,
            kind: 0x00,
            slot: 0x11,
        },
        authenticate: AuthenticateForm::Short,
        status_words: ROWS,
        ..Dialect::STANDARD
    };
    let load = ("FF82201006 A0A1A2A3A4A5", "9000");
    let profile = profile(&[place(1, &[SCHOOL_B, OLD_B])]);

    let script = [load, ("FF8800040011", "9000"), (READ, BLOCK)];
    assert_eq!(
        read_on(&dialect, &profile, "030001", &script),
        "MifareClassic1K, uid 1EA68671, number 20240017 from block 4, NumberRead"
    );

    let script = [UID, load, ("FF8800040011", "6F01")];
    let error = read_by(&dialect, &profile, &storage("030001"), &script).unwrap_err();
    let is_tear = matches!(
        error,
        xueka_cards::ReadError::Transport(TransportError::CardGone)
    );
    assert!(is_tear, "{error}");
}

#[test]
fn a_card_that_no_place_fits_promises_no_number() {
    let profile = profile(&[place(16, &[SCHOOL_A])]);
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
    let profile = profile(&[place(39, &[SCHOOL_A])]);
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
