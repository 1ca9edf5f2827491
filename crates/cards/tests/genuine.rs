//! Processor cards of a school: their number, and the proof that the chip is
//! genuine.
//!
//! The cards are the simulator's, which knows the ciphers and messages of both
//! systems from their sources and nothing of this crate.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use jiff::civil::date;
use xueka_cards::{
    CardReading, ChipAuthentication, DesfireGeneration, Gap, Hint, KeyRing, NoRandomness,
    NumberSource, ProfileText, ReadError, ReadingProfile, confirm_same_card, inspect_card,
    read_card,
};
use xueka_domain::{AssuranceLevel, CardFamily};
use xueka_simulator::{Outcome, VirtualCard};
use xueka_transport::{Dialect, TransportError};

const KEYS: &str = r#"
genuine = "3des:00112233445566778899AABBCCDDEEFF"
other = "3des:FFEEDDCCBBAA99887766554433221100"
desfire = "aes:000102030405060708090A0B0C0D0E0F"
telling = "aes:A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"
"#;

/// The file with SFI 21 of the simulator's school, and its internal key.
const FMCOS: &str = r#"
name = "a school"
source = "a test"
[[cpu]]
directory = "3F01"
number = { sfi = 21, offset = 0, length = 8, coding = "ascii" }
internal_authentication = { key_id = 0, key = "genuine" }
"#;

#[allow(clippy::unnecessary_wraps, reason = "the seam can fail")]
fn count(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    for (byte, value) in bytes.iter_mut().zip(0x30..) {
        *byte = value;
    }
    Ok(())
}

fn profile(text: &str) -> ReadingProfile {
    let profiles = [ProfileText {
        file: "school.toml",
        text,
    }];
    let keys = KeyRing::from_text(KEYS).unwrap();
    let profile = ReadingProfile::new(&profiles, &keys).unwrap();
    profile.with_randomness(count)
}

fn read(card: &mut VirtualCard, text: &str) -> CardReading {
    read_card(card, &Dialect::STANDARD, &profile(text)).unwrap()
}

#[test]
fn an_fm1208_gives_its_number_and_proves_its_key() {
    let answers = ["", ", answer = \"deciphered\""];
    for (answer, directory) in answers.into_iter().zip(["", "application"]) {
        let mut text = FMCOS.replace("key_id = 0", &format!("key_id = 0{answer}"));
        if directory == "application" {
            let name = hex::encode("XUEKA.SCHOOL");
            let named = format!("application = \"{name}\"");
            text = text.replace("directory = \"3F01\"", &named);
        }
        let mut card = VirtualCard::fm1208();
        let reading = read(&mut card, &text);
        assert_eq!(reading.number.unwrap().reveal(), "20240017");
        let source = NumberSource::PlainFile { sfi: 21 };
        assert_eq!(reading.number_source, Some(source));
        assert_eq!(reading.chip, Some(ChipAuthentication::Passed), "{answer}");
        assert_eq!(reading.assurance, AssuranceLevel::ChipAuthenticated);
        assert!(reading.is_complete());
        // UID, the Beijing probe, the directory, the file, the proof.
        assert_eq!(card.exchanges().len(), 5);
    }
}

#[test]
fn a_copy_is_found_out_by_the_key_that_could_not_be_copied() {
    let mut card = VirtualCard::cpu_tid();
    let reading = read(&mut card, FMCOS);
    assert_eq!(
        reading.number.unwrap().reveal(),
        "20240017",
        "its files are copies"
    );
    assert_eq!(reading.chip, Some(ChipAuthentication::Failed));
    assert_eq!(reading.assurance, AssuranceLevel::NumberRead);
}

#[test]
fn an_inspection_calls_a_failed_proof_a_proof() {
    let inspect = |card: &mut VirtualCard| {
        let inspection = inspect_card(card, &Dialect::STANDARD, &profile(FMCOS)).unwrap();
        inspection.hints.contains(&Hint::AuthenticationFailed)
    };
    assert!(inspect(&mut VirtualCard::cpu_tid()));
    assert!(!inspect(&mut VirtualCard::fm1208()));
}

#[test]
fn a_proof_that_is_refused_proves_nothing() {
    let text = FMCOS.replace("key_id = 0", "key_id = 7");
    let reading = read(&mut VirtualCard::fm1208(), &text);
    let Some(ChipAuthentication::Refused { status_word }) = reading.chip else {
        panic!("{:?}", reading.chip);
    };
    assert_eq!(status_word, 0x6A88, "no such key");
    assert_eq!(reading.assurance, AssuranceLevel::NumberRead);
}

#[test]
fn a_key_made_from_the_uid_is_the_cards_own() {
    // NXP AN10922 for triple DES over the UID 3A5C7E91, worked out with OpenSSL.
    let own = hex::decode("D956D5D7556EA90F9EC7076AB31C3CA2").unwrap();
    let own = <[u8; 16]>::try_from(own).unwrap();
    let text = FMCOS.replace("\"genuine\"", "\"genuine\", diversify = [\"uid\"]");
    let mut genuine = VirtualCard::fm1208().internal_key(0, own);
    let reading = read(&mut genuine, &text);
    assert_eq!(reading.chip, Some(ChipAuthentication::Passed));

    let reading = read(&mut VirtualCard::fm1208(), &text);
    assert_eq!(
        reading.chip,
        Some(ChipAuthentication::Failed),
        "the master key"
    );
    let mut elsewhere = VirtualCard::fm1208()
        .internal_key(0, own)
        .uid([0x3A, 0x5C, 0x7E, 0x92]);
    let reading = read(&mut elsewhere, &text);
    assert_eq!(
        reading.chip,
        Some(ChipAuthentication::Failed),
        "another UID"
    );
    let mut random = VirtualCard::fm1208().internal_key(0, own).random_uid();
    let reading = read(&mut random, &text);
    assert_eq!(reading.chip, Some(ChipAuthentication::NoKey));
}

#[test]
fn nothing_but_what_the_profile_says_is_sent_and_nothing_that_counts_errors() {
    let mut cards = [
        VirtualCard::fm1208(),
        VirtualCard::cpu_tid(),
        VirtualCard::campus("20240017"),
        VirtualCard::transit("1000751012345678"),
        VirtualCard::iso14443_4(),
        school_desfire(),
        VirtualCard::desfire(),
    ];
    let text = format!("{FMCOS}{DESFIRE}");
    for card in &mut cards {
        read(card, &text);
        for exchange in card.exchanges() {
            let is_allowed = matches!(
                exchange.command[..2],
                [0x00, 0xA4 | 0xB0 | 0x88]
                    | [0xFF, 0xCA]
                    | [0x90, 0x5A | 0xAA | 0xAF | 0x51 | 0xBD]
            );
            assert!(is_allowed, "{exchange}");
            assert!(matches!(exchange.outcome, Outcome::Response(_)));
        }
    }
}

#[test]
fn without_randomness_a_proof_is_an_error_and_other_cards_are_read() {
    let keys = KeyRing::from_text(KEYS).unwrap();
    let text = ProfileText {
        file: "school.toml",
        text: FMCOS,
    };
    let profile = ReadingProfile::new(&[text], &keys).unwrap();
    let error = read_card(&mut VirtualCard::fm1208(), &Dialect::STANDARD, &profile);
    assert!(matches!(error.unwrap_err(), ReadError::NoRandomness(_)));
    let mut card = VirtualCard::transit("1000751012345678");
    assert!(read_card(&mut card, &Dialect::STANDARD, &profile).is_ok());
}

/// The campus card of CityUnion's AID: its student number, and never its name.
const CAMPUS: &str = r#"
name = "a university"
source = "nfcim/nfsee assets/read.js"
[[cpu]]
application = "A00000000386980701"
number = { sfi = 22, offset = 28, length = 10, coding = "ascii" }
"#;

#[test]
fn the_name_on_a_campus_card_is_never_asked_for() {
    let mut card = VirtualCard::campus("20240017");
    let reading = read(&mut card, CAMPUS);
    assert_eq!(reading.number.unwrap().reveal(), "2024001701");
    assert_eq!(reading.family, CardFamily::OtherIso14443);
    let name = [0xD1, 0xA7, 0xC9, 0xFA];
    for exchange in card.exchanges() {
        if let Outcome::Response(answer) = &exchange.outcome {
            assert!(answer.windows(4).all(|part| part != name), "{exchange}");
        }
    }
    // A city's card has the same application and no such file.
    let mut city = VirtualCard::city_union("2100000098765432");
    let reading = read(&mut city, CAMPUS);
    assert_eq!(reading.family, CardFamily::CityUnion);
    assert_eq!(reading.number.unwrap().reveal(), "2100000098765432");
}

/// The same with its last day, which stands in the root.
const CAMPUS_WITH_DAY: &str = r#"
name = "a university"
source = "nfcim/nfsee assets/read.js"
[[cpu]]
application = "A00000000386980701"
number = { sfi = 22, offset = 28, length = 10, coding = "ascii" }
valid_until = { root = true, sfi = 21, offset = 12, coding = "bcd-yymmdd" }
"#;

/// The number that the university gives the card, beside its last day.
const CAMPUS_ROOT: &str = r#"
name = "a university"
source = "nfcim/nfsee assets/read.js"
[[cpu]]
number = { sfi = 21, offset = 6, length = 4, coding = "bcd" }
valid_until = { sfi = 21, offset = 12, coding = "bcd-yymmdd" }
"#;

#[test]
fn the_last_day_of_a_campus_card_is_read_from_its_root() {
    let campus = || VirtualCard::campus("20240017").valid_until(date(2028, 7, 15));
    let cases = [
        (CAMPUS, "2024001701", None, 0),
        (CAMPUS_WITH_DAY, "2024001701", Some(date(2028, 7, 15)), 2),
    ];
    let mut n_before = None;
    for (profile, number, day, n_more) in cases {
        let mut card = campus();
        let reading = read(&mut card, profile);
        assert_eq!(reading.number.unwrap().reveal(), number);
        assert_eq!(reading.valid_until, day);
        let n_exchanges = card.exchanges().len();
        assert_eq!(n_exchanges - *n_before.get_or_insert(n_exchanges), n_more);
    }
    // What stands beside the number costs nothing.
    let mut card = campus();
    let reading = read(&mut card, CAMPUS_ROOT);
    assert_eq!(reading.number.unwrap().reveal(), "20240017");
    assert_eq!(reading.valid_until, Some(date(2028, 7, 15)));
    let last = card.exchanges().last().unwrap().command.clone();
    assert_eq!(last, [0x00, 0xB0, 0x95, 0x06, 0x09]);
}

const KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const APPLICATION: [u8; 3] = [0x56, 0x34, 0x12];

const DESFIRE: &str = r#"
[[desfire]]
application = "123456"
key = "desfire"
key_number = 1
real_uid = true
number = { file = 2, communication = "full", offset = 4, length = 8, coding = "ascii" }
valid_until = { file = 3, communication = "mac", offset = 0, coding = "bcd-yyyymmdd" }
"#;

fn desfire_text() -> String {
    format!("name = \"a school\"\nsource = \"a test\"\n{DESFIRE}")
}

/// Number in an enciphered file, last day in one with a MAC, both for key 1.
fn school_desfire() -> VirtualCard {
    let number = b"\xDE\xAD\xBE\xEF20240017\xFF\xFF".to_vec();
    VirtualCard::from_toml("kind = \"desfire\"\ngeneration = \"ev3\"")
        .unwrap()
        .desfire_key(APPLICATION, 1, KEY)
        .desfire_file(APPLICATION, 2, (3, 0x1FFF), number)
        .desfire_file(APPLICATION, 3, (1, 0x1FFF), vec![0x20, 0x30, 0x08, 0x31])
}

#[test]
fn a_desfire_proves_its_key_in_both_forms_and_tells_its_secrets() {
    for form in ["", "authentication = \"ev1\"", "authentication = \"ev2\""] {
        let text = desfire_text().replace("real_uid", &format!("{form}\nreal_uid"));
        let mut card = school_desfire();
        let reading = read(&mut card, &text);
        assert_eq!(reading.chip, Some(ChipAuthentication::Passed), "{form}");
        assert_eq!(reading.number.unwrap().reveal(), "20240017", "{form}");
        assert_eq!(reading.valid_until.unwrap().to_string(), "2030-08-31");
        assert_eq!(reading.assurance, AssuranceLevel::ChipAuthenticated);
        assert_eq!(
            reading.number_source,
            Some(NumberSource::DesfireFile { file: 2 })
        );
        assert_eq!(reading.shown_uid, None, "the UID was no random one");
        // UID, application, two of the proof, two files.
        assert_eq!(card.exchanges().len(), 6, "{form}");
    }
}

/// The school's DESFire whose key is made from its UID, and a key by which all
/// cards tell that.
fn own_desfire_text() -> String {
    desfire_text()
        .replace("key_number = 1", "key_number = 1\ndiversify = [\"uid\"]")
        .replace(
            "real_uid = true",
            "uid_key = { name = \"telling\", number = 2 }",
        )
}

/// NXP AN10922 over the UID 045A137C2B6680 with the school's key, worked out with
/// another program.
const OWN_KEY: [u8; 16] = [
    0x41, 0x6A, 0x1A, 0x75, 0x50, 0xA5, 0x04, 0xA8, 0x2F, 0x99, 0x88, 0x44, 0x60, 0xE4, 0xC5, 0x12,
];

/// The key by which all cards of the school tell their UID.
const TELLING_KEY: [u8; 16] = [
    0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF,
];

#[test]
fn a_key_made_from_a_hidden_uid_is_made_once_the_card_has_told_it() {
    let school = || {
        school_desfire()
            .desfire_key(APPLICATION, 1, OWN_KEY)
            .desfire_key(APPLICATION, 2, TELLING_KEY)
    };
    for form in ["ev1", "ev2"] {
        let form = format!("authentication = \"{form}\"\nuid_key");
        let text = own_desfire_text().replace("uid_key", &form);
        let mut shown = school();
        let known = read(&mut shown, &text);
        assert_eq!(known.chip, Some(ChipAuthentication::Passed), "{form}");
        assert_eq!(known.number.unwrap().reveal(), "20240017");
        // UID, application, two of the proof, two files.
        assert_eq!(shown.exchanges().len(), 6, "no need of the other key");

        let mut hidden = school().random_uid();
        let reading = read(&mut hidden, &text);
        assert_eq!(reading.chip, Some(ChipAuthentication::Passed), "{form}");
        assert_eq!(reading.number.unwrap().reveal(), "20240017");
        assert_eq!(reading.uid, known.uid);
        assert!(reading.shown_uid.unwrap().is_random());
        assert_eq!(reading.assurance, AssuranceLevel::ChipAuthenticated);
        // And two of the other key's proof, and the UID that it opens.
        assert_eq!(hidden.exchanges().len(), 9);

        // A card that has the shared key alone has not its own.
        let mut copy = school().random_uid().desfire_key(APPLICATION, 1, KEY);
        let reading = read(&mut copy, &text);
        assert_eq!(reading.chip, Some(ChipAuthentication::Failed), "{form}");
        assert_eq!((reading.number, reading.uid), (None, known.uid));

        let mut other = school().random_uid().desfire_key(APPLICATION, 2, KEY);
        let reading = read(&mut other, &text);
        assert_eq!(reading.chip, Some(ChipAuthentication::Failed), "{form}");
        assert!(reading.uid.unwrap().is_random(), "it told nothing");
    }
}

#[test]
fn content_of_several_frames_is_put_together_and_checked() {
    for communication in ["plain", "mac", "full"] {
        for form in ["ev1", "ev2"] {
            let mut content = vec![0xEE; 250];
            content[3..11].copy_from_slice(b"20240017");
            content[200..204].copy_from_slice(&[0x20, 0x30, 0x08, 0x31]);
            let settings = match communication {
                "plain" => 0,
                "mac" => 1,
                _ => 3,
            };
            let mut card =
                school_desfire().desfire_file(APPLICATION, 2, (settings, 0x1FFF), content);
            let text = desfire_text()
                .replace(
                    "\"full\", offset = 4",
                    &format!("\"{communication}\", offset = 3"),
                )
                .replace(
                    "file = 3, communication = \"mac\", offset = 0",
                    &format!("file = 2, communication = \"{communication}\", offset = 200"),
                )
                .replace(
                    "real_uid",
                    &format!("authentication = \"{form}\"\nreal_uid"),
                );
            let reading = read(&mut card, &text);
            assert!(
                reading.is_complete(),
                "{communication}, {form}: {reading:?}"
            );
            assert_eq!(reading.valid_until.unwrap().to_string(), "2030-08-31");
            let frames = card.exchanges();
            let more = frames.iter().filter(|it| it.command[..2] == [0x90, 0xAF]);
            assert!(more.count() > 2, "{communication}, {form}");
        }
    }
}

#[test]
fn the_real_uid_stands_behind_a_random_one() {
    for form in ["ev1", "ev2"] {
        let form = format!("authentication = \"{form}\"\nreal_uid");
        let text = desfire_text().replace("real_uid", &form);
        let mut card = school_desfire().random_uid();
        let reading = read(&mut card, &text);
        assert_eq!(
            hex::encode_upper(reading.uid.unwrap().reveal()),
            "045A137C2B6680"
        );
        assert!(reading.shown_uid.unwrap().is_random());
        assert!(reading.is_complete(), "{:?}", reading.missing);
        confirm_same_card(&mut card, &Dialect::STANDARD, &reading).unwrap();
    }
}

#[test]
fn a_desfire_without_the_key_fails_and_shows_nothing() {
    let mut card = school_desfire().desfire_key(APPLICATION, 1, [0x77; 16]);
    let reading = read(&mut card, &desfire_text());
    assert_eq!(reading.chip, Some(ChipAuthentication::Failed));
    assert_eq!(reading.assurance, AssuranceLevel::UidOnly);
    assert_eq!(reading.missing[0].part, Gap::CardNumber);
    // One attempt, and nothing after it.
    assert_eq!(card.exchanges().len(), 4);
}

#[test]
fn an_inspection_says_which_desfire_it_is() {
    let cases = [
        (VirtualCard::desfire(), DesfireGeneration::Ev1),
        (school_desfire(), DesfireGeneration::Ev3),
        (school_desfire().random_uid(), DesfireGeneration::Ev3),
    ];
    for (mut card, expected) in cases {
        let profile = profile(&desfire_text());
        let inspection = inspect_card(&mut card, &Dialect::STANDARD, &profile).unwrap();
        let version = inspection.desfire_version.unwrap();
        assert_eq!(version.generation, expected);
        assert_eq!(version.n_bytes, 4096);
    }
    let mut other = VirtualCard::fm1208();
    let inspection = inspect_card(&mut other, &Dialect::STANDARD, &profile(FMCOS)).unwrap();
    assert_eq!(inspection.desfire_version, None);
}

#[test]
fn a_desfire_of_others_is_known_by_uid() {
    let mut card = VirtualCard::desfire();
    let reading = read(&mut card, &desfire_text());
    assert_eq!((reading.chip, reading.number), (None, None));
    assert_eq!(reading.assurance, AssuranceLevel::UidOnly);
    assert!(reading.is_complete(), "{:?}", reading.missing);
    assert_eq!(card.exchanges().len(), 2);
}

#[test]
fn plain_files_open_without_a_key_and_with_one() {
    let number = b"20240017".to_vec();
    let card = VirtualCard::desfire()
        .desfire_key(APPLICATION, 1, KEY)
        .desfire_file(APPLICATION, 2, (0, 0xEFFF), number);
    let place = r#"
name = "a school"
source = "a test"
[[desfire]]
application = "123456"
number = { file = 2, communication = "plain", offset = 0, length = 8, coding = "ascii" }
"#;
    let reading = read(&mut card.clone(), place);
    assert_eq!(reading.number.unwrap().reveal(), "20240017");
    assert_eq!(
        (reading.chip, reading.assurance),
        (None, AssuranceLevel::NumberRead)
    );

    let with_key = "key = \"desfire\"\nkey_number = 1\nnumber";
    let place = place.replace("number = {", &format!("{with_key} = {{"));
    let reading = read(&mut card.clone(), &place);
    assert_eq!(reading.chip, Some(ChipAuthentication::Passed));
    assert_eq!(reading.number.unwrap().reveal(), "20240017");
}

#[test]
fn a_tear_at_any_command_is_an_error() {
    let text = format!("{FMCOS}{DESFIRE}");
    for (card, n_exchanges) in [
        (VirtualCard::fm1208(), 5),
        (school_desfire().random_uid(), 7),
    ] {
        for at_command in 1..=n_exchanges {
            let mut card = card.clone().tear_at_command(at_command);
            let error = read_card(&mut card, &Dialect::STANDARD, &profile(&text));
            let error = error.unwrap_err();
            let gone = matches!(error, ReadError::Transport(TransportError::CardGone));
            assert!(gone, "{at_command}: {error}");
        }
    }
}
