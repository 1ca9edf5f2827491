//! What is said, and that all of it is said in both languages.

use proptest::prelude::*;
use xueka_apdu::{StorageCard, StorageName, StorageStandard};

use super::*;
use crate::{Hint, KnownApplication, NumberSource, Seen};

/// The parts of an ATR, a line each.
fn explained(text: &str, language: Language) -> Vec<String> {
    let bytes = hex::decode(text).unwrap();
    let parts = atr(&bytes, language).into_iter();
    let line = |part: AtrPart| {
        let bytes = hexadecimal(&part.bytes);
        format!("{} {} {}: {}", part.position, part.name, bytes, part.text)
    };
    parts.map(line).collect()
}

#[test]
fn a_storage_card_is_explained_to_the_last_byte() {
    let lines = explained(
        "3B8F8001804F0CA000000306030001000000006A",
        Language::English,
    );
    assert_eq!(
        lines,
        [
            "0 TS 3B: direct convention",
            "1 T0 8F: followed by TD1; 15 historical bytes",
            "2 TD1 80: protocol T=0; followed by TD2",
            "3 TD2 01: protocol T=1; no interface bytes follow",
            "4 T1 80: objects follow",
            "5 T2-T3 4F0C: name of an application, 12 bytes",
            "7 T4-T8 A000000306: the PC/SC workgroup",
            "12 T9 03: standard: ISO 14443-3 A",
            "13 T10-T11 0001: card: MIFARE Classic 1K",
            "15 T12-T15 00000000: reserved",
            "19 TCK 6A: check character, fits",
        ]
    );
    let lines = explained("3B8180018081", Language::Chinese);
    assert_eq!(lines[1], "1 T0 81: 其后有 TD1；历史字节 1 个");
    assert_eq!(lines[5], "5 TCK 81: 校验字符，不正确，应为 80");
}

#[test]
fn other_kinds_of_atr_are_explained_in_their_terms() {
    let cases = [
        (
            "3B951381018073FF01000B",
            "2 TA1 13: speed: Fi 372, Di 4, a bit takes 93 clock cycles",
            "a contact card",
        ),
        (
            "3B951381018073FF01000B",
            "6 T2-T5 73FF0100: capabilities of the card",
            "its objects",
        ),
        (
            "3B88800100000000003381810033",
            "13  33: bytes behind the end",
            "a byte behind",
        ),
        (
            "3B8880010000000000817100 F9",
            "8 T5-T7 008171: likely type B: protocol info, frames of at most 256 bytes",
            "type B",
        ),
        (
            "3BF59100FF918171FE400041080000000D",
            "12 T2 08: SAK 08",
            "a driver's own form",
        ),
        (
            "3B02AA",
            "3  : the ATR ends too early: 1 historical bytes are missing",
            "cut",
        ),
        (
            "3B80800100",
            "4 TCK 00: check character, wrong: 01 would fit",
            "wrong",
        ),
        (
            "05",
            "0 TS 05: no initial character: this is no ATR",
            "no ATR",
        ),
    ];
    for (text, expected, why) in cases {
        let lines = explained(&text.replace(' ', ""), Language::English);
        assert!(
            lines.iter().any(|line| line == expected),
            "{why}: {lines:#?}"
        );
    }
}

/// Everything that can be seen, once.
fn all_seen() -> Vec<Seen> {
    let card = |name: u16| StorageCard {
        standard: StorageStandard::NotGiven,
        name: StorageName::from(name),
    };
    vec![
        Seen::ContactSlot,
        Seen::AtrMalformed,
        Seen::AtrOther,
        Seen::AtrNames(card(0x0001)),
        Seen::AtrNames(card(0x0000)),
        Seen::AtrNames(card(0xFF20)),
        Seen::AtrNamesOldForm(card(0x0001)),
        Seen::AtrGivesSak(0x08),
        Seen::AtrIso14443 {
            type_b: true,
            desfire: false,
        },
        Seen::AtrIso14443 {
            type_b: false,
            desfire: true,
        },
        Seen::AtrIso14443 {
            type_b: false,
            desfire: false,
        },
        Seen::ReaderMeans {
            reported: StorageName::NONE,
            meant: StorageName::MIFARE_CLASSIC_1K,
            always: true,
        },
        Seen::ReaderMeans {
            reported: StorageName::NONE,
            meant: StorageName::MIFARE_CLASSIC_1K,
            always: false,
        },
        Seen::Uid {
            n_bytes: 4,
            random: false,
        },
        Seen::Uid {
            n_bytes: 4,
            random: true,
        },
        Seen::NoUid,
        Seen::Ats {
            desfire: true,
            copier: false,
        },
        Seen::Ats {
            desfire: false,
            copier: true,
        },
        Seen::Ats {
            desfire: false,
            copier: false,
        },
        Seen::NoAts(0x6A81),
        Seen::Application(KnownApplication::TUnion),
        Seen::NoApplication,
        Seen::Number(NumberSource::PlainFile { sfi: 4 }),
    ]
}

#[test]
fn everything_is_said_in_both_languages_and_differently() {
    let mut said = Vec::new();
    for language in [Language::English, Language::Chinese] {
        let seen = all_seen().into_iter().map(|seen| clue(seen, language));
        let hints = Hint::ALL.into_iter().map(|it| hint(it, language));
        let applications = KnownApplication::ALL.into_iter();
        let applications = applications.map(|it| application(it, language));
        said.extend(
            seen.chain(hints)
                .chain(applications)
                .map(|it| (language, it)),
        );
    }
    for (language, explanation) in &said {
        let has_chinese = explanation.text.chars().any(|c| c > '\u{2E7F}');
        let is_chinese = *language == Language::Chinese;
        assert_eq!(has_chinese, is_chinese, "{explanation:?}");
        let same = said.iter().filter(|(_, it)| it.text == explanation.text);
        assert_eq!(same.count(), 1, "{explanation:?}");
        let code = explanation.code.bytes();
        assert!(code.clone().count() > 1, "{explanation:?}");
        assert!(
            code.into_iter()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'),
            "{explanation:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_atr_panics_and_no_byte_is_left_out(bytes: Vec<u8>, chinese: bool) {
        let language = choose_language(chinese);
        let parts = atr(&bytes, language);
        let joined: Vec<u8> = parts.iter().flat_map(|part| part.bytes.clone()).collect();
        prop_assert_eq!(joined, bytes);
    }

    #[test]
    fn every_status_word_has_words(word: u16, chinese: bool) {
        prop_assert!(!status_word(word, choose_language(chinese)).is_empty());
    }
}

fn choose_language(chinese: bool) -> Language {
    if chinese {
        Language::Chinese
    } else {
        Language::English
    }
}
