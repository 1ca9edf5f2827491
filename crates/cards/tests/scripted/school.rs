//! A school's own processor cards: in which order places are looked at, and
//! how little of each.

use xueka_cards::{CardReading, ChipAuthentication, KeyRing, ProfileText, ReadingProfile};
use xueka_transport::SlotKind;

use crate::script::{iso14443, read_with, summary};

const UID: (&str, &str) = ("FFCA000000", "04112233445566 9000");
const NO_BEIJING: (&str, &str) = ("00B0840020", "6A82");
const NO_T_UNION: (&str, &str) = ("00A4040008 A000000632010105 00", "6A82");
const NO_CITY_UNION: (&str, &str) = ("00A4040009 A00000000386980701 00", "6A82");
const ROOT: (&str, &str) = ("00A40000023F0000", "9000");

const PLACES: &str = r#"
name = "a school"
source = "a test"
[[cpu]]
application = "41424344"
number = { sfi = 21, offset = 4, length = 4, coding = "bcd" }
[[cpu]]
directory = "3F01"
number = { file = "0006", record = 2, offset = 1, length = 4, coding = "bcd" }
valid_until = { file = "0007", offset = 8, coding = "bcd-yyyymmdd" }
internal_authentication = { key_id = 5, key = "genuine" }
"#;

fn read(text: &str, script: &[(&str, &str)]) -> CardReading {
    let keys = KeyRing::from_text("genuine = \"des:0123456789ABCDEF\"").unwrap();
    let file = "school.toml";
    let profile = ReadingProfile::new(&[ProfileText { file, text }], &keys).unwrap();
    // The challenge of the vector of FIPS 81, table B1.
    let profile = profile.with_randomness(|bytes| {
        bytes.copy_from_slice(b"Now is t");
        Ok(())
    });
    read_with(SlotKind::ByAtr, &profile, &iso14443("1234"), script).unwrap()
}

const NO_APPLICATION: (&str, &str) = ("00A4040004 41424344 00", "6A82");
const DIRECTORY: (&str, &str) = ("00A4000002 3F01 00", "6F00 9000");
const RECORDS: (&str, &str) = ("00A4000002 0006 00", "9000");
/// A record is read from its beginning.
const NUMBER: (&str, &str) = ("00B2020405", "FF 20240017 9000");
const DATES: (&str, &str) = ("00A4000002 0007 00", "9000");
/// Of a file nothing before the field is asked for.
const UNTIL: (&str, &str) = ("00B0000804", "20300831 9000");
const CHALLENGE: &str = "0088000508 4E6F772069732074 08";

/// A number in an application, the last day in the root.
const IN_ROOT: &str = r#"
name = "a school"
source = "a test"
[[cpu]]
application = "41424344"
number = { sfi = 21, offset = 4, length = 4, coding = "bcd" }
valid_until = { root = true, sfi = 21, offset = 12, coding = "bcd-yymmdd" }
"#;

#[test]
fn a_day_in_the_root_is_read_behind_the_number() {
    const APPLICATION: (&str, &str) = ("00A4040004 41424344 00", "9000");
    const NUMBER: (&str, &str) = ("00B0950404", "20240017 9000");
    const UNTIL: (&str, &str) = ("00B0950C03", "280715 9000");
    let begin = [UID, NO_BEIJING, APPLICATION, NUMBER];
    let cases = [
        (vec![ROOT, UNTIL], "until 2028-07-15", "it stands there"),
        (
            vec![ROOT, ("00B0950C03", "6A82")],
            "no ValidUntil (6A82)",
            "it does not",
        ),
        (
            vec![("00A40000023F0000", "6985")],
            "no ValidUntil (6985)",
            "no way back: nothing is read where the card stands",
        ),
    ];
    for (rest, expected, why) in cases {
        let script = begin.into_iter().chain(rest).collect::<Vec<_>>();
        let summary = summary(&read(IN_ROOT, &script));
        assert!(summary.contains("number 20240017"), "{why}: {summary}");
        assert!(summary.contains(expected), "{why}: {summary}");
    }
}

#[test]
fn places_are_looked_at_in_their_order_and_no_further_than_needed() {
    let cases = [
        (
            "3FA40E8A984D4815 9000",
            ChipAuthentication::Passed,
            "ChipAuthenticated",
        ),
        (
            "3FA40E8A984D4816 9000",
            ChipAuthentication::Failed,
            "NumberRead",
        ),
        ("9000", ChipAuthentication::Failed, "NumberRead"),
        (
            "6985",
            ChipAuthentication::Refused {
                status_word: 0x6985,
            },
            "NumberRead",
        ),
    ];
    for (answer, chip, assurance) in cases {
        let reading = read(
            PLACES,
            &[
                UID,
                NO_BEIJING,
                NO_APPLICATION,
                DIRECTORY,
                RECORDS,
                NUMBER,
                DATES,
                UNTIL,
                (CHALLENGE, answer),
            ],
        );
        assert_eq!(reading.chip, Some(chip), "{answer}");
        let expected = format!("until 2030-08-31, {assurance}");
        assert!(
            summary(&reading).ends_with(&expected),
            "{}",
            summary(&reading)
        );
        assert_eq!(reading.number.unwrap().reveal(), "20240017");
    }
}

#[test]
fn a_directory_that_was_entered_in_vain_is_left_by_the_root() {
    let reading = read(
        PLACES,
        &[
            UID,
            NO_BEIJING,
            ("00A4040004 41424344 00", "9000"),
            ("00B0950404", "6982"),
            // Directories are found from the root.
            ROOT,
            ("00A4000002 3F01 00", "6A82"),
            NO_T_UNION,
            NO_CITY_UNION,
            ROOT,
            NO_BEIJING,
        ],
    );
    let expected = "OtherIso14443, uid 04112233445566, UidOnly, no CardNumber (6982)";
    assert_eq!(
        summary(&reading),
        expected,
        "the school's card without its number"
    );
}

#[test]
fn a_chip_whose_number_is_gone_is_asked_for_its_proof_all_the_same() {
    let reading = read(
        PLACES,
        &[
            UID,
            NO_BEIJING,
            NO_APPLICATION,
            DIRECTORY,
            ("00A4000002 0006 00", "6A82"),
            (CHALLENGE, "3FA40E8A984D4815 9000"),
            NO_T_UNION,
            NO_CITY_UNION,
            ROOT,
            NO_BEIJING,
        ],
    );
    assert_eq!(reading.chip, Some(ChipAuthentication::Passed));
    let expected = "OtherIso14443, uid 04112233445566, ChipAuthenticated, no CardNumber (6A82)";
    assert_eq!(summary(&reading), expected);
}
