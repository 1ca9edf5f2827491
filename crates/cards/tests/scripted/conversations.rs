//! Each family's whole conversation, command by command.
//!
//! These are the exchanges that a reading sends and no others: a command more
//! or less fails the test. Numbers and UIDs are made up.

use xueka_cards::ReadingProfile;
use xueka_transport::SlotKind;

use crate::script::{iso14443, read, read_with, storage, summary};

const UID: (&str, &str) = ("FFCA000000", "04112233445566 9000");
const NO_BEIJING: (&str, &str) = ("00B0840020", "6A82");
const SELECT_T_UNION: &str = "00A4040008 A000000632010105 00";
const NO_T_UNION: (&str, &str) = (SELECT_T_UNION, "6A82");
const SELECT_CITY_UNION: &str = "00A4040009 A00000000386980701 00";
const NO_CITY_UNION: (&str, &str) = (SELECT_CITY_UNION, "6A82");
const SELECT_ROOT: &str = "00A40000023F0000";
const READ_INFO: &str = "00B095001E";
const READ_CLASS: &str = "00B097000B";

/// SFI 21 of a T-Union card: number, two dates, two bytes more.
const T_UNION_INFO: &str = "00000000000000000000 03104760000123456789 20240901 20300831 0000";
const STUDENT: &str = "0000000000000000000002 9000";

/// A Beijing file: number, version and filling, two dates.
const BEIJING_INFO: &str =
    "1000751012340678 010000 00000000000000000000000000 20240901 20270831 9000";

/// SFI 21 of `CityUnion` cards: city at 2, number at 12, dates at 20.
const NANJING_INFO: &str = "8698 2100 00000000 0101 0000 2100000012345678 20200101 20401231 0000";
const SHANGHAI_INFO: &str = "8698 2000 00000000 0101 2000 AABBCCDD 0526E0B8 20180724 20241016 0000";
const CHONGQING_INFO: &str = "8698 4000 00000000 20301231 FFFFFFFFFFFFFFFF FFFFFFFF FFFFFFFF 0000";

/// The answer to SELECT with the bytes of the file in it, as `6F A5 9F0C`.
fn select_answer(info: &str) -> String {
    let info = info.replace(' ', "");
    let n_bytes = info.len() / 2;
    let (inner, outer) = (n_bytes + 3, n_bytes + 5);
    format!("6F{outer:02X} A5{inner:02X} 9F0C{n_bytes:02X} {info} 9000")
}

#[test]
fn a_transit_cpu_card_takes_two_exchanges() {
    let reading = read(
        &iso14443("006B4D314B010203"),
        &[UID, ("00B0840020", BEIJING_INFO)],
    );
    assert_eq!(
        summary(&reading.unwrap()),
        "TransitCpu, uid 04112233445566, number 1000751012340678 from file 4, \
         from 2024-09-01, until 2027-08-31, version 01.0000, NumberRead"
    );
}

#[test]
fn a_transit_cpu_card_left_in_its_purse_is_led_back() {
    let reading = read(
        &iso14443("006B"),
        &[
            UID,
            ("00B0840020", "6A82"),
            NO_T_UNION,
            NO_CITY_UNION,
            (SELECT_ROOT, "6F03 8401AA 9000"),
            ("00B0840020", BEIJING_INFO),
        ],
    );
    assert!(summary(&reading.unwrap()).starts_with("TransitCpu, uid 04112233445566, number 1000"));
}

#[test]
fn a_t_union_card_that_offers_its_file_takes_four_exchanges() {
    let reading = read(
        &iso14443("1234"),
        &[
            UID,
            NO_BEIJING,
            (SELECT_T_UNION, &select_answer(T_UNION_INFO)),
            (READ_CLASS, STUDENT),
        ],
    );
    assert_eq!(
        summary(&reading.unwrap()),
        "TUnion, uid 04112233445566, number 3104760000123456789 from file 21, \
         from 2024-09-01, until 2030-08-31, for Student, NumberRead"
    );
}

#[test]
fn a_t_union_file_is_read_where_select_does_not_offer_it_whole() {
    let file = format!("{T_UNION_INFO} 9000");
    let blank = select_answer(&"FF".repeat(30));
    let without_dates = select_answer(&T_UNION_INFO.replace("20240901", "00000000"));
    let cases = [
        ("9000", "no answer at all"),
        ("6283", "a blocked application"),
        ("6F0A 8408 A000000632010105 9000", "another object alone"),
        ("6FFF A5FF 9F0CFF 9000", "lengths that lie"),
        (blank.as_str(), "erased"),
        (without_dates.as_str(), "a date missing"),
    ];
    for (answer, why) in cases {
        let reading = read(
            &iso14443("1234"),
            &[
                UID,
                NO_BEIJING,
                (SELECT_T_UNION, answer),
                (READ_INFO, &file),
                (READ_CLASS, STUDENT),
            ],
        );
        assert!(reading.unwrap().is_complete(), "{why}");
    }
}

#[test]
fn a_phone_with_a_transit_card_is_named_by_its_number() {
    let reading = read(
        &iso14443(""),
        &[
            ("FFCA000000", "08A1B2C3 9000"),
            NO_BEIJING,
            (SELECT_T_UNION, &select_answer(T_UNION_INFO)),
            (READ_CLASS, "0000000000000000000007 9000"),
        ],
    );
    assert_eq!(
        summary(&reading.unwrap()),
        "TUnion, uid 08A1B2C3, number 3104760000123456789 from file 21, \
         from 2024-09-01, until 2030-08-31, for Other(7), NumberRead"
    );
}

#[test]
fn city_union_cards_are_read_by_the_rule_of_their_city() {
    let file = |info| format!("{info} 9000");
    let root = (
        "00B0850018",
        "000000000000000000000000 4000000087654321 20200101 9000",
    );
    let cases = [
        (
            vec![(SELECT_CITY_UNION, select_answer(NANJING_INFO))],
            "number 2100000012345678 from file 21, from 2020-01-01, until 2040-12-31",
        ),
        (
            vec![
                (SELECT_CITY_UNION, "9000".to_owned()),
                (READ_INFO, file(NANJING_INFO)),
            ],
            "number 2100000012345678 from file 21, from 2020-01-01, until 2040-12-31",
        ),
        (
            vec![(SELECT_CITY_UNION, select_answer(SHANGHAI_INFO))],
            "number 86433976 from file 21, from 2018-07-24, until 2024-10-16",
        ),
        (
            vec![
                (SELECT_CITY_UNION, select_answer(CHONGQING_INFO)),
                (SELECT_ROOT, "9000".to_owned()),
                (root.0, root.1.to_owned()),
            ],
            "number 4000000087654321 from file 5, from 2020-01-01, until 2030-12-31",
        ),
    ];
    for (own, expected) in cases {
        let mut script = vec![UID, NO_BEIJING, NO_T_UNION];
        script.extend(
            own.iter()
                .map(|(command, answer)| (*command, answer.as_str())),
        );
        assert_eq!(
            summary(&read(&iso14443("1234"), &script).unwrap()),
            format!("CityUnion, uid 04112233445566, {expected}, NumberRead")
        );
    }
}

#[test]
fn an_unknown_processor_card_is_known_by_its_uid() {
    let reading = read(
        &iso14443("4A434F50"),
        &[
            UID,
            ("00B0840020", "6D00"),
            NO_T_UNION,
            NO_CITY_UNION,
            (SELECT_ROOT, "6A82"),
        ],
    );
    assert_eq!(
        summary(&reading.unwrap()),
        "OtherIso14443, uid 04112233445566, UidOnly"
    );
}

#[test]
fn cards_that_are_known_by_uid_take_one_exchange() {
    let cases = [
        (iso14443("80"), "04112233445566", "Desfire", "DESFire"),
        (storage("030001"), "1EA68671", "MifareClassic1K", "M1"),
        (storage("030002"), "04112233445566", "MifareClassic4K", "4K"),
        (storage("030026"), "1EA68671", "MifareClassicMini", "Mini"),
        (storage("030003"), "04112233445566", "Ultralight", "NTAG"),
        (storage("03003A"), "04112233445566", "Ultralight", "UL C"),
        (
            storage("11003B"),
            "0101AABBCCDDEEFF",
            "OtherStorage",
            "FeliCa",
        ),
        (
            storage("0B0014"),
            "E004010012345678",
            "OtherStorage",
            "15693",
        ),
    ];
    for (atr, uid, family, why) in cases {
        let reading = read(&atr, &[("FFCA000000", &format!("{uid}9000"))]);
        let expected = format!("{family}, uid {uid}, UidOnly");
        assert_eq!(summary(&reading.unwrap()), expected, "{why}");
    }
}

#[test]
fn a_random_uid_names_nothing() {
    let reading = read(&iso14443("80"), &[("FFCA000000", "08A1B2C39000")]);
    assert_eq!(
        summary(&reading.unwrap()),
        "Desfire, uid 08A1B2C3, UidOnly, no FixedUid (nonsense)"
    );
}

#[test]
fn a_contact_card_is_sent_nothing_at_all() {
    let desfire = iso14443("80");
    let cases = [
        (
            "3B951381018073FF01000B",
            SlotKind::ByAtr,
            "an emulated card",
        ),
        ("", SlotKind::ByAtr, "no ATR"),
        ("3B", SlotKind::ByAtr, "half an ATR"),
        ("3B8180018081", SlotKind::ByAtr, "a damaged ATR"),
        (desfire.as_str(), SlotKind::Contact, "a contact slot"),
    ];
    for (atr, slot, why) in cases {
        let reading = read_with(slot, &ReadingProfile::default(), atr, &[]).unwrap();
        assert_eq!(
            summary(&reading),
            "Iso7816, NothingRead, no Uid (nonsense)",
            "{why}"
        );
        assert_eq!(hex::encode_upper(reading.atr), atr, "{why}");
    }
}

#[test]
fn the_ats_decides_where_the_atr_says_nothing() {
    let ask_ats = "FFCA010000";
    let cases = [
        (
            vec![UID, (ask_ats, "6A81")],
            "OtherStorage",
            "no ATS, so no processor",
        ),
        (vec![UID, (ask_ats, "80 9000")], "Desfire", "DESFire"),
        (
            vec![
                UID,
                (ask_ats, "1234 9000"),
                NO_BEIJING,
                NO_T_UNION,
                NO_CITY_UNION,
                (SELECT_ROOT, "6A82"),
            ],
            "OtherIso14443",
            "a processor card",
        ),
    ];
    for (script, family, why) in cases {
        let nothing = ReadingProfile::default();
        let reading = read_with(SlotKind::Contactless, &nothing, "3B0F", &script);
        let expected = format!("{family}, uid 04112233445566, UidOnly");
        assert_eq!(summary(&reading.unwrap()), expected, "{why}");
    }
}
