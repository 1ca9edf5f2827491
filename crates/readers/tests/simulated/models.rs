//! Every card family on every reader model of the table, which the simulator
//! imitates from the same sources without knowing the table.

use std::time::Duration;

use xueka_cards::{CardReading, Gap, KeyRing, ProfileText, ReadingProfile, read_card};
use xueka_domain::CardFamily;
use xueka_readers::{READER_MODELS, ReaderError, ReaderModel, ReaderSettings, SignalMode};
use xueka_simulator::{ReaderStyle, VirtualCard, VirtualReader};
use xueka_transport::{AuthenticateForm, Dialect};

use crate::house::House;

const KEY_A: [u8; 6] = [0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5];
const KEY_B: [u8; 6] = [0xB0, 0xB1, 0xB2, 0xB3, 0xB4, 0xB5];

/// A number of eight digits in sector 1 behind key A, else in sector 2 behind
/// key B.
const PROFILE: &str = r#"
name = "School"
source = "a test"
[[mifare_classic]]
keys = [{ name = "a", kind = "A" }]
number = { sector = 1, block = 0, offset = 0, length = 4, coding = "bcd" }
[[mifare_classic]]
keys = [{ name = "b", kind = "B" }]
number = { sector = 2, block = 0, offset = 0, length = 4, coding = "bcd" }
"#;

fn profile() -> ReadingProfile {
    let ring = "a = \"A0A1A2A3A4A5\"\nb = \"B0B1B2B3B4B5\"";
    let keys = KeyRing::from_text(ring).unwrap();
    let text = ProfileText {
        file: "school.toml",
        text: PROFILE,
    };
    ReadingProfile::new(&[text], &keys).unwrap()
}

/// A card whose number lies behind key A.
fn school_card_a() -> VirtualCard {
    VirtualCard::mifare_classic_1k()
        .keys(1, KEY_A, KEY_B)
        .block(4, number())
}

/// A card whose number lies behind key B: key A alone would open nothing.
fn school_card_b() -> VirtualCard {
    VirtualCard::mifare_classic_1k()
        .keys(2, KEY_A, KEY_B)
        .block(8, number())
        // Key A reads, key B reads and writes: the usual bits of a school.
        .access(2, [0x78, 0x77, 0x88, 0x69])
}

fn number() -> [u8; 16] {
    let mut block = [0xFF; 16];
    block[..4].copy_from_slice(&[0x20, 0x24, 0x00, 0x17]);
    block
}

/// Every family, and both keys of a MIFARE Classic.
fn cards() -> Vec<VirtualCard> {
    vec![
        school_card_a(),
        school_card_b(),
        VirtualCard::mifare_classic_4k(),
        VirtualCard::mifare_classic_mini(),
        VirtualCard::transit("1000751012345678"),
        VirtualCard::t_union("3104870012345678901"),
        VirtualCard::city_union("1000000098765432"),
        VirtualCard::campus("2024000017"),
        VirtualCard::fm1208(),
        VirtualCard::fm1208_combined(),
        VirtualCard::cpu_tid(),
        VirtualCard::ultralight(),
        VirtualCard::ntag213(),
        VirtualCard::ntag215(),
        VirtualCard::ntag216(),
        VirtualCard::desfire(),
        VirtualCard::iso14443_4(),
        VirtualCard::iso15693(),
        VirtualCard::felica(),
        VirtualCard::contact(),
    ]
}

/// How the simulator wears a row of the table. A row without a line here fails
/// the test.
fn style_of(model: &str) -> ReaderStyle {
    match model {
        "standard" | "vpcd" | "sam-slot" => ReaderStyle::Standard,
        "acs-acr122u" | "acs-acr1222l" | "acs-acr1255u" => ReaderStyle::Acs,
        "acs-acr1252u" => ReaderStyle::Acr1252u,
        "acs-acr1281u" => ReaderStyle::Acr1281u,
        "omnikey-5321" => ReaderStyle::Omnikey,
        "omnikey-5x27" => ReaderStyle::Omnikey5x27,
        "identiv-utrust" | "scm-scl010" | "scm-scl3711" => ReaderStyle::Scm,
        "springcard" => ReaderStyle::SpringCard,
        "cherry" => ReaderStyle::Cherry,
        "id3-cl1356" => ReaderStyle::Id3,
        other => panic!("the simulator has to wear {other}"),
    }
}

/// A house with one reader of this model, named as such a reader is.
async fn house_of(model: &ReaderModel) -> House {
    let name = match model.names {
        [parts, ..] => format!("{} 00 00", parts.join(" ")),
        [] => "Some Reader 00 00".to_owned(),
    };
    let settings = ReaderSettings {
        profile: profile(),
        contact_slots: true,
        signals: SignalMode::Off,
        ..ReaderSettings::default()
    };
    let readers = vec![VirtualReader::named(&name)];
    let house = House::furnished(readers, 1, Duration::from_secs(5), settings).await;
    assert_eq!(house.readers.list().readers[0].model, model.key);
    house
}

/// What a tap of each card gives.
async fn readings(
    model: &ReaderModel,
    style: ReaderStyle,
) -> Vec<Result<CardReading, ReaderError>> {
    let mut house = house_of(model).await;
    let mut readings = Vec::new();
    for card in cards() {
        readings.push(house.tap(0, card.reader_style(style)).await);
        house.simulator.remove(0).unwrap();
        assert_eq!(house.letter().await, 'L');
    }
    readings
}

/// A reading without the status words of what is missing, which are the
/// model's own.
fn without_words(mut reading: CardReading) -> CardReading {
    for missing in &mut reading.missing {
        missing.status_word = None;
    }
    reading
}

#[tokio::test]
async fn every_family_reads_the_same_on_every_model() {
    let standard = readings(&ReaderModel::UNKNOWN, ReaderStyle::Standard).await;
    for reading in &standard[..2] {
        let number = reading.as_ref().unwrap().number.as_ref().unwrap();
        assert_eq!(number.reveal(), "20240017");
    }
    for model in READER_MODELS {
        let worn = readings(model, style_of(model.key)).await;
        for (index, (worn, standard)) in worn.into_iter().zip(&standard).enumerate() {
            let worn = without_words(worn.unwrap());
            let standard = without_words(standard.clone().unwrap());
            match (model.key, standard.family) {
                // Nothing is sent to what lies in a contact slot.
                ("sam-slot", _) => assert_eq!(worn.family, CardFamily::Iso7816),
                // Its ATR names a Classic 1K in its own way.
                ("id3-cl1356", CardFamily::MifareClassic1K) => {
                    let atr = worn.atr.clone();
                    assert_eq!(worn, CardReading { atr, ..standard }, "card {index}");
                }
                (key, _) => assert_eq!(worn, standard, "card {index} on {key}"),
            }
        }
    }
}

#[tokio::test]
async fn readers_that_no_row_can_help_leave_the_number_out_and_say_so() {
    let rows = READER_MODELS.iter().chain([&ReaderModel::UNKNOWN]);
    let worn: Vec<_> = rows.map(|row| style_of(row.key)).collect();
    for (style, name) in ReaderStyle::all().filter(|(style, _)| !worn.contains(style)) {
        let outcome = readings(&ReaderModel::UNKNOWN, style).await.swap_remove(0);
        match style {
            // Half an answer is a card that may be gone, whatever it was.
            ReaderStyle::OneByteStatus => {
                assert!(matches!(outcome, Err(ReaderError::CardGone)), "{outcome:?}");
            }
            ReaderStyle::Acr1222l | ReaderStyle::Older | ReaderStyle::NoStorage => {
                let reading = outcome.unwrap();
                assert_eq!(reading.number, None, "{name}");
                let mut missing = reading.missing.iter();
                let is_said = missing.any(|it| it.part == Gap::CardNumber);
                assert!(is_said, "{name}");
            }
            other => panic!("what is a reader of the style {other:?} to do?"),
        }
    }
}

#[test]
fn the_older_authentication_is_a_word_of_the_dialect() {
    let dialect = Dialect {
        authenticate: AuthenticateForm::Short,
        ..Dialect::STANDARD
    };
    for card in [school_card_a(), school_card_b()] {
        let mut card = card.reader_style(ReaderStyle::Older);
        let reading = read_card(&mut card, &dialect, &profile()).unwrap();
        assert_eq!(reading.number.unwrap().reveal(), "20240017");
    }
}

#[test]
fn a_combined_card_that_a_reader_loads_no_keys_for_keeps_its_uid() {
    // SAK 38 on an ACR1252U: hardware-notes/reader-acs-acr1252u.md.
    let model = ReaderModel::by_key("acs-acr1252u").unwrap();
    let card = school_card_a().sak(0x38);
    let mut card = card.reader_style(ReaderStyle::Acr1252u);
    let reading = read_card(&mut card, &model.dialect, &profile()).unwrap();
    assert_eq!(reading.number, None);
    assert!(reading.uid.is_some());
}
