//! Recordings: made of every family, free of anything personal, replayed by the
//! simulator, and recognised as what was recorded.
//!
//! The files in `recordings/` were made from virtual cards by
//! `UPDATE_RECORDINGS=1 cargo test -p xueka-cards --test recordings`.
//! Recordings of real cards stand beside them, see
//! `hardware-notes/recordings.md`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use jiff::civil::{Date, date};
use xueka_cards::{CardReading, KeyRing, ProfileText, ReadingProfile, read_card, record_card};
use xueka_domain::CardNumber;
use xueka_simulator::VirtualCard;
use xueka_transport::{CardTransport, Dialect};

const KEY: [u8; 6] = [0x8A, 0x1F, 0x6C, 0x3D, 0x9E, 0x27];
const READER: &str = "ACS ACR122U PICC Interface (S/N 77310042) 00 00";

/// A number of eight digits in sector 1, block 0.
const PROFILE: &str = r#"
name = "School"
source = "a test"
[[mifare_classic]]
keys = [{ name = "school", kind = "B" }]
number = { sector = 1, block = 0, offset = 2, length = 4, coding = "bcd" }
"#;

/// One card with what nobody may find in its recording, in hexadecimal.
struct Specimen {
    name: &'static str,
    card: VirtualCard,
    canaries: Vec<String>,
}

fn specimen(name: &'static str, card: VirtualCard, canaries: &[&str]) -> Specimen {
    Specimen {
        name,
        card,
        canaries: canaries.iter().map(|text| text.to_uppercase()).collect(),
    }
}

/// A day whose month and day are not the first of any year.
fn dated(card: VirtualCard) -> VirtualCard {
    card.valid_from(date(2021, 9, 13))
        .valid_until(date(2027, 8, 29))
}

fn specimens() -> Vec<Specimen> {
    let uid4 = [0x3A, 0x5C, 0x7E, 0x91];
    let uid4_canaries = ["3A5C7E91", "917E5C3A"];
    let uid7_canaries = ["045A137C2B6680", "5A137C2B6680", "80662B7C135A04"];
    let number = hex::encode("1000751012345678");
    let mut block = [0xFF; 16];
    block[2..6].copy_from_slice(&[0x20, 0x24, 0x73, 0x17]);
    let school = VirtualCard::mifare_classic_1k()
        .uid(uid4)
        .keys(1, [0xFF; 6], KEY)
        .block(4, block)
        .access(1, [0x78, 0x77, 0x88, 0x69]);
    let key = hex::encode(KEY);
    let transit = [
        &uid4_canaries[..],
        &["751012345678", "20210913", "20270829", &number],
    ]
    .concat();
    vec![
        specimen(
            "transit-cpu",
            dated(VirtualCard::transit("1000751012345678")),
            &transit,
        ),
        specimen(
            "t-union",
            dated(VirtualCard::t_union("3104870012345678901")),
            &[&uid4_canaries[..], &["870012345678901", "20210913"]].concat(),
        ),
        specimen(
            "city-union",
            dated(VirtualCard::city_union("2100000098765432")),
            &[&uid4_canaries[..], &["0098765432", "20210913"]].concat(),
        ),
        specimen(
            "mifare-classic-1k",
            school,
            &[&uid4_canaries[..], &["20247317", &key]].concat(),
        ),
        specimen(
            "campus",
            VirtualCard::campus("20240017")
                .name_gbk([0xD5, 0xC5, 0xC8, 0xFD])
                .student_number("2024000199"),
            &[&uid4_canaries[..], &["D5C5C8FD", "32303234303030313939"]].concat(),
        ),
        specimen("ultralight", VirtualCard::ultralight(), &uid7_canaries),
        specimen("ntag213", VirtualCard::ntag213(), &uid7_canaries),
        specimen("desfire", VirtualCard::desfire(), &uid7_canaries),
        specimen("iso14443-4", VirtualCard::iso14443_4(), &uid4_canaries),
        specimen(
            "iso15693",
            VirtualCard::iso15693(),
            &["502C7A1983", "83197A2C50"],
        ),
        specimen(
            "felica",
            VirtualCard::felica(),
            &["2E3D4C5B6A7908", "08796A5B4C3D2E"],
        ),
        specimen("contact", VirtualCard::contact(), &[]),
    ]
}

fn profile() -> ReadingProfile {
    let ring = format!("school = \"{}\"", hex::encode(KEY));
    let text = ProfileText {
        file: "school.toml",
        text: PROFILE,
    };
    ReadingProfile::new(&[text], &KeyRing::from_text(&ring).unwrap()).unwrap()
}

fn read(card: &mut VirtualCard) -> CardReading {
    read_card(card, &Dialect::STANDARD, &profile()).unwrap()
}

fn record(card: &mut VirtualCard) -> String {
    let recording = record_card(card, &Dialect::STANDARD, &profile()).unwrap();
    recording.on(READER).to_string()
}

#[track_caller]
fn is_clean(text: &str, specimen: &Specimen) {
    let text = text.to_uppercase();
    for canary in specimen
        .canaries
        .iter()
        .map(String::as_str)
        .chain(["77310042"])
    {
        assert!(
            !text.contains(canary),
            "{}: {canary} in\n{text}",
            specimen.name
        );
    }
}

#[test]
fn nothing_personal_is_in_a_recording() {
    for mut specimen in specimens() {
        let text = record(&mut specimen.card.clone());
        is_clean(&text, &specimen);
        // The canaries sing: the card did send them, in plain sight.
        let mut sent = String::new();
        for exchange in record_and_look(&mut specimen.card) {
            sent.push_str(&exchange);
        }
        let is_seen = specimen
            .canaries
            .iter()
            .any(|canary| sent.contains(canary.as_str()));
        assert!(is_seen || specimen.canaries.is_empty(), "{}", specimen.name);
    }
}

/// What really passed.
fn record_and_look(card: &mut VirtualCard) -> Vec<String> {
    record(card);
    let exchanges = card.exchanges().into_iter();
    exchanges.map(|exchange| exchange.to_string()).collect()
}

#[test]
fn a_replayed_recording_reads_as_the_card_did() {
    for mut specimen in specimens() {
        let text = record(&mut specimen.card);
        let original = read(&mut specimen.card);

        let replayed = read(&mut VirtualCard::replay(&text).unwrap());

        let name = specimen.name;
        assert_eq!(replayed.family, original.family, "{name}");
        assert_eq!(replayed.assurance, original.assurance, "{name}");
        assert_eq!(replayed.number_source, original.number_source, "{name}");
        assert_eq!(replayed.kind, original.kind, "{name}");
        assert_eq!(replayed.missing, original.missing, "{name}");
        let uids = [original.uid, replayed.uid].map(|uid| uid.map(|uid| uid.reveal().to_vec()));
        assert_eq!(
            uids[0].as_ref().map(Vec::len),
            uids[1].as_ref().map(Vec::len)
        );
        let digits =
            [original.number, replayed.number].map(|number| number.map(CardNumber::n_digits));
        assert_eq!(digits[0], digits[1], "{name}");
        let years = [original.valid_until, replayed.valid_until].map(|day| day.map(Date::year));
        assert_eq!(years[0], years[1], "{name}");
    }
}

#[test]
fn a_random_uid_stays_random() {
    let text = record(&mut VirtualCard::desfire().random_uid());
    let replayed = read(&mut VirtualCard::replay(&text).unwrap());
    assert!(replayed.uid.unwrap().is_random());
}

#[test]
fn a_card_that_leaves_is_no_recording() {
    let fault = xueka_simulator::Fault::Tear { obeyed: true };
    let mut card = VirtualCard::transit("1000751012345678").fault(2, fault);
    assert!(record_card(&mut card, &Dialect::STANDARD, &profile()).is_err());
}

/// The recordings in the repository, by name.
fn kept() -> BTreeMap<String, String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings"));
    if env::var_os("UPDATE_RECORDINGS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for mut specimen in specimens() {
            let file = folder.join(format!("{}.toml", specimen.name));
            fs::write(file, record(&mut specimen.card)).unwrap();
        }
    }
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let kept = files.map(|file| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(file).unwrap())
    });
    kept.collect()
}

/// A recording of a real card is kept here as well: it says what it was
/// recognised as, and has to be recognised so for ever.
#[test]
fn every_recording_that_is_kept_is_recognised_as_what_it_says() {
    let kept = kept();
    for specimen in specimens() {
        let text = kept
            .get(specimen.name)
            .unwrap_or_else(|| panic!("{}", specimen.name));
        is_clean(text, &specimen);
    }
    for (name, text) in kept {
        let reading = read(&mut VirtualCard::replay(&text).unwrap());
        let family = format!("family = \"{:?}\"", reading.family);
        assert!(text.contains(&family), "{name}: {family}");
    }
}

#[test]
fn a_replayed_card_refuses_what_was_never_asked() {
    let text = record(&mut VirtualCard::transit("1000751012345678"));
    let mut card = VirtualCard::replay(&text).unwrap();
    let mut response = Vec::new();
    card.transmit(&[0x80, 0x5C, 0x00, 0x02, 0x04], &mut response)
        .unwrap();
    assert_eq!(response, [0x6D, 0x00]);
}
