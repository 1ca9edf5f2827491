//! A close look at cards whose parts say different things.

use xueka_cards::{
    Bearing, Hint, Inspection, KeyRing, ProfileText, ReadingProfile, Seen, inspect_card,
};
use xueka_domain::CardFamily;
use xueka_transport::{Dialect, SlotKind};

use crate::script::{ScriptedCard, iso14443, storage};

const UID: (&str, &str) = ("FFCA000000", "1EA68671 9000");
const ASK_ATS: &str = "FFCA010000";

/// The applications that are looked for, none of which is there, and the way
/// back to the root.
const NO_APPLICATION: [(&str, &str); 8] = [
    ("00A4040008 A000000632010105 00", "6A82"),
    ("00A4040009 A00000000386980701 00", "6A82"),
    ("00A404000E 315041592E5359532E4444463031 00", "6A82"),
    ("00A4040007 D2760000850101 00", "6A82"),
    ("00A4040007 D2760000850100 00", "6A82"),
    ("00A4040007 A0000002471001 00", "6A82"),
    ("00A404000E 325041592E5359532E4444463031 00", "6A82"),
    ("00A40000023F0000", "6A82"),
];

/// What a reading asks an ISO 14443-4 card that it does not know.
const UNKNOWN_CARD: [(&str, &str); 4] = [
    ("00B0840020", "6A82"),
    ("00A4040008 A000000632010105 00", "6A82"),
    ("00A4040009 A00000000386980701 00", "6A82"),
    ("00A40000023F0000", "6A82"),
];

fn inspect(slot: SlotKind, atr: &str, script: &[(&str, &str)]) -> Inspection {
    let mut card = ScriptedCard::new(atr, script);
    let dialect = Dialect {
        slot,
        ..Dialect::STANDARD
    };
    let inspection = inspect_card(&mut card, &dialect, &ReadingProfile::default()).unwrap();
    card.assert_finished();
    inspection
}

/// What disagrees with the family, by kind.
fn disagreements(inspection: &Inspection) -> Vec<Seen> {
    let clues = inspection.recognition.disagreements();
    clues.map(|clue| clue.seen).collect()
}

#[test]
fn a_memory_card_with_an_ats_is_looked_at_as_both() {
    let cases = [
        ("1234 9000", Hint::AtsOnStorageCard, "an ATS"),
        ("DABC1910 9000", Hint::CopierAts, "that of a copier"),
        (
            "DABC1910F005 9000",
            Hint::CopierAts,
            "the same with its CRC",
        ),
        ("0978009102DABC1910 9000", Hint::CopierAts, "the whole ATS"),
    ];
    for (ats, hint, why) in cases {
        let mut script = vec![UID, (ASK_ATS, ats)];
        script.extend(NO_APPLICATION);
        let inspection = inspect(SlotKind::ByAtr, &storage("030001"), &script);
        assert_eq!(inspection.reading.family, CardFamily::MifareClassic1K);
        assert_eq!(inspection.hints, [hint], "{why}");
        let seen = disagreements(&inspection);
        assert!(matches!(seen[..], [Seen::Ats { .. }]), "{why}: {seen:?}");
    }
}

#[test]
fn a_memory_card_without_an_ats_agrees_with_its_reader() {
    let script = [UID, (ASK_ATS, "6A81")];
    let inspection = inspect(SlotKind::ByAtr, &storage("030001"), &script);
    assert_eq!(disagreements(&inspection), []);
    assert_eq!(inspection.hints, []);
}

#[test]
fn a_processor_card_of_which_no_ats_is_known_is_no_strong_case() {
    let mut script = vec![UID];
    script.extend(UNKNOWN_CARD);
    script.push((ASK_ATS, "6A81"));
    script.extend(NO_APPLICATION);
    let inspection = inspect(SlotKind::ByAtr, &iso14443("1234"), &script);
    assert_eq!(inspection.reading.family, CardFamily::OtherIso14443);
    assert_eq!(disagreements(&inspection), [Seen::NoAts(0x6A81)]);
    assert_eq!(inspection.hints, [Hint::NoAtsOnProcessorCard]);
}

#[test]
fn the_sak_of_a_driver_names_the_card() {
    let mini = "3BF59100FF918171FE400041090000000C";
    let script = [UID, (ASK_ATS, "6A81")];
    let inspection = inspect(SlotKind::Contactless, mini, &script);
    assert_eq!(inspection.reading.family, CardFamily::MifareClassicMini);
    let clues = &inspection.recognition.because;
    let sak = clues
        .iter()
        .find(|clue| clue.seen == Seen::AtrGivesSak(0x09));
    assert_eq!(sak.map(|clue| clue.bearing), Some(Bearing::For));
    assert_eq!(disagreements(&inspection), []);
}

#[test]
fn a_blank_for_copies_is_known_by_its_uid() {
    let blank = ("FFCA000000", "AA55C396 9000");
    let script = [blank, (ASK_ATS, "6A81")];
    let inspection = inspect(SlotKind::ByAtr, &storage("030001"), &script);
    assert_eq!(inspection.hints, [Hint::BlankUid]);
}

#[test]
fn block_0_is_read_with_the_keys_of_its_sector_and_compared() {
    let text = r#"
name = "a school"
source = "made up"

[[mifare_classic]]
keys = [{ name = "school", kind = "A" }]
number = { sector = 0, block = 1, offset = 0, length = 4, coding = "bcd" }
"#;
    let keys = KeyRing::from_text("school = \"515253545556\"").unwrap();
    let profile = ReadingProfile::new(&[ProfileText { file: "a", text }], &keys).unwrap();
    let load = ("FF82000006515253545556", "9000");
    let open = |block| (block, "9000");
    let cases = [
        ("1EA686714F0804006263646566676869 9000", vec![], "genuine"),
        (
            "112233444408040062636465666768 69 9000",
            vec![Hint::Block0AgainstUid],
            "another UID",
        ),
        (
            "1EA686714F1804006263646566676869 9000",
            vec![Hint::Block0AgainstAtr],
            "a 4K inside",
        ),
        ("6982", vec![], "not readable"),
    ];
    for (block_0, hints, why) in cases {
        let script = [
            UID,
            load,
            open("FF860000050100016000"),
            ("FFB0000110", "20240017000000000000000000000000 9000"),
            (ASK_ATS, "6A81"),
            load,
            open("FF860000050100006000"),
            ("FFB0000010", block_0),
        ];
        let mut card = ScriptedCard::new(&storage("030001"), &script);
        let inspection = inspect_card(&mut card, &Dialect::STANDARD, &profile).unwrap();
        card.assert_finished();
        assert_eq!(inspection.hints, hints, "{why}");
    }
}
