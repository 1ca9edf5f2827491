//! Every shape against the document that scripts are written by.

use v1::{card_arrived::Outcome, watch_taps_response::Event};

use super::*;

/// The JSON that `json.md` shows below a heading.
pub(crate) fn documented(heading: &str) -> Value {
    let document = include_str!("../../json.md");
    let section = document
        .split("\n## ")
        .find(|section| section.lines().next() == Some(heading))
        .unwrap_or_else(|| panic!("json.md has no section {heading}"));
    let (_, block) = section.split_once("```json\n").unwrap();
    let (json, _) = block.split_once("```").unwrap();
    serde_json::from_str(json).unwrap()
}

fn at(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}

fn student_card() -> v1::CardReading {
    v1::CardReading {
        family: v1::CardFamily::TUnion.into(),
        uid: vec![0x5D, 0x18, 0xA3, 0xC2],
        uid_random: false,
        card_number: "3104870012345678901".to_owned(),
        number_source: v1::NumberSource::PlainFile.into(),
        number_location: 21,
        kind: v1::CardKind::Student.into(),
        valid_from: "2020-01-01".to_owned(),
        valid_until: String::new(),
        assurance: v1::AssuranceLevel::NumberRead.into(),
        atr: vec![0x3B, 0x80, 0x80, 0x01, 0x01],
        complete: false,
        missing: vec![v1::MissingPart {
            part: v1::ReadingPart::ValidUntil.into(),
            status_word: 0x6A82,
        }],
        chip_authentication: v1::ChipAuthentication::Refused.into(),
        chip_status_word: 0x6A88,
        shown_uid: Vec::new(),
        layout_version: "01.0000".to_owned(),
    }
}

fn tap(event: Event) -> v1::WatchTapsResponse {
    v1::WatchTapsResponse {
        sequence: 7,
        epoch: 1_790_000_000,
        event_time: Some(at(1_790_000_100)),
        reader: "Reader 0".to_owned(),
        reader_alias: String::new(),
        event: Some(event),
    }
}

fn lost_card() -> v1::Card {
    v1::Card {
        card_number: "1000751012345678".to_owned(),
        uid: vec![0x3A, 0x5C, 0x7E, 0x91],
        family: v1::CardFamily::TransitCpu.into(),
        state: v1::CardState::Lost.into(),
        valid_from: "2020-01-01".to_owned(),
        valid_until: "2049-12-31".to_owned(),
        student: Some(v1::Student {
            student_number: "G202401001".to_owned(),
            name: "李小雨".to_owned(),
            class_name: "高一(1)班".to_owned(),
        }),
        replaced_by: String::new(),
        replaces: String::new(),
        issue_time: Some(at(1_790_000_000)),
        state_time: Some(at(1_790_000_100)),
        version: 12,
    }
}

pub(crate) fn lost_entry() -> v1::BlacklistEntry {
    let number = "1000751012345678".to_owned();
    v1::BlacklistEntry {
        card: Some(v1::BlockedCard {
            card: Some(v1::blocked_card::Card::CardNumber(number)),
        }),
        reason: v1::BlockReason::Lost.into(),
        note: String::new(),
        create_time: Some(at(1_790_000_100)),
        version: 12,
    }
}

#[test]
fn readings_are_as_documented() {
    let readers = v1::ListReadersResponse {
        readers: vec![v1::Reader {
            name: "ACS ACR122U PICC Interface 00 00".to_owned(),
            state: v1::ReaderState::CardPresent.into(),
            simulated: false,
            alias: "entry desk".to_owned(),
            serial_number: String::new(),
            usb_path: "1-1.3:1.0".to_owned(),
            vendor: "ACS".to_owned(),
            product: "ACR122U PICC Interface".to_owned(),
            model: "acs-acr122u".to_owned(),
            shows_signals: true,
            failed_signals: 0,
        }],
        missing_readers: vec![v1::MissingReader {
            alias: "library".to_owned(),
            missing_since_time: Some(at(1_790_000_100)),
            message: "plug the reader in".to_owned(),
        }],
        source_state: v1::SourceState::Ready.into(),
    };
    assert_eq!(super::readers(&readers), documented("readers"));

    let answer = v1::ReadCardResponse {
        reader: "Reader 0".to_owned(),
        reading: Some(student_card()),
        reader_alias: "entry desk".to_owned(),
    };
    assert_eq!(read(&answer), documented("read"));
    let answer = v1::SignalReaderResponse { shown: true };
    assert_eq!(signal(answer), documented("signal"));
}

#[test]
fn events_are_as_documented() {
    let failure = v1::ReadFailure {
        reason: "CARD_MUTE".to_owned(),
        message: "The card does not answer. Place it again.".to_owned(),
    };
    let arrived = |outcome| Event::CardArrived(v1::CardArrived { outcome });
    let cases = [
        (
            arrived(Some(Outcome::Reading(student_card()))),
            "watch: card arrived",
        ),
        (
            arrived(Some(Outcome::Failure(failure))),
            "watch: card arrived and could not be read",
        ),
        (Event::CardLeft(v1::CardLeft {}), "watch: card left"),
        (
            Event::ReaderAttached(v1::ReaderAttached {}),
            "watch: reader attached",
        ),
        (
            Event::ReaderDetached(v1::ReaderDetached {}),
            "watch: reader detached",
        ),
    ];
    for (what, heading) in cases {
        assert_eq!(event(&tap(what)), documented(heading), "{heading}");
    }
    let missing = v1::WatchTapsResponse {
        reader: String::new(),
        reader_alias: "library".to_owned(),
        ..tap(Event::ReaderMissing(v1::ReaderMissing {
            message: "plug the reader in".to_owned(),
        }))
    };
    assert_eq!(event(&missing), documented("watch: reader missing"));
    let missed = v1::WatchTapsResponse {
        sequence: 0,
        reader: String::new(),
        ..tap(Event::Missed(v1::EventsMissed { count: 40 }))
    };
    assert_eq!(event(&missed), documented("watch: events missed"));
}

#[test]
fn verdicts_and_records_are_as_documented() {
    let answer = v1::VerifyCardResponse {
        verdict: v1::Verdict::Lost.into(),
        reason: "LOSS_REPORTED".to_owned(),
        message: "This card is reported lost.".to_owned(),
        assurance: v1::AssuranceLevel::NothingRead.into(),
        data_version: 12,
        data_time: Some(at(1_790_000_100)),
        data_age: Some(prost_types::Duration {
            seconds: 0,
            nanos: 250_000_000,
        }),
        replaced_by: String::new(),
        reading: None,
    };
    assert_eq!(verdict(&answer), documented("verify"));
    assert_eq!(card_answer(&lost_card()), documented("card show"));
}

#[test]
fn the_blacklist_is_as_documented() {
    let by_hand = v1::BlacklistEntry {
        card: Some(v1::BlockedCard {
            card: Some(v1::blocked_card::Card::Uid(vec![0x9B, 0x27, 0xD4, 0xE6])),
        }),
        reason: v1::BlockReason::ByHand.into(),
        note: "found in the yard".to_owned(),
        ..lost_entry()
    };
    assert_eq!(entry_answer(&by_hand), documented("blacklist show"));
    assert_eq!(entry(&lost_entry()), documented("blacklist list --all"));
    let page = v1::ListEntriesResponse {
        entries: vec![lost_entry()],
        next_page_token: "p2".to_owned(),
    };
    assert_eq!(entries(&page), documented("blacklist list"));
    let answer = v1::CheckCardResponse {
        blocked: true,
        reason: v1::BlockReason::Lost.into(),
        data_version: 12,
    };
    assert_eq!(check(&answer), documented("blacklist check"));
}

#[test]
fn printed_numbers_are_as_documented() {
    let form = v1::NumberForm {
        description: "UID, decimal".to_owned(),
        configuration: "[[numbers.form]]\nof = \"uid\"\ncoding = \"decimal\"\n".to_owned(),
        standard: true,
        in_use: true,
        whole: true,
    };
    let forms = v1::ListNumberFormsResponse {
        forms: vec![form.clone()],
    };
    assert_eq!(super::forms(&forms), documented("number forms"));

    let found = v1::FindCardsResponse {
        cards: vec![v1::FoundCard {
            uid: vec![0x1E, 0xA6, 0x86, 0x71],
            forms: vec!["UID, decimal".to_owned()],
            ..v1::FoundCard::default()
        }],
        more: false,
    };
    assert_eq!(super::found(&found), documented("card find"));

    let clashing = |card| v1::ClashingCard { card: Some(card) };
    let number = "1000751012345678".to_owned();
    let taught = v1::TeachNumberFormsResponse {
        forms: vec![v1::FittingForm {
            form: Some(form),
            clashing_cards: 2,
            clashing_at_least: false,
            cards_without: 1,
            example: vec![
                clashing(v1::clashing_card::Card::Uid(vec![0x1E, 0xA6, 0x86, 0x71])),
                clashing(v1::clashing_card::Card::CardNumber(number)),
            ],
        }],
        more: false,
        tried: 120,
        cards_on_record: 7,
    };
    assert_eq!(super::taught(&taught), documented("number teach"));

    let short = v1::CheckShortNumberResponse {
        fit: v1::ShortNumberFit::NothingToCompare.into(),
        card: None,
    };
    assert_eq!(short_number(&short), documented("number short"));
}

#[test]
fn tokens_and_slots_are_as_documented() {
    let token = v1::Token {
        name: "gate-1".to_owned(),
        role: v1::Role::Verifier.into(),
        create_time: Some(at(1_790_000_000)),
        expire_time: Some(at(1_797_776_000)),
    };
    let created = v1::CreateTokenResponse {
        token: Some(token.clone()),
        secret: "secret".to_owned(),
    };
    let shown = created_token(&created, Some(&created.secret));
    assert_eq!(shown, documented("token create"));
    let tokens = v1::ListTokensResponse {
        tokens: vec![token],
    };
    assert_eq!(super::tokens(&tokens), documented("token list"));

    let slot = v1::SimulatorSlot {
        slot: 0,
        attached_to: "Simulated reader 0".to_owned(),
        card_kind: "transit-cpu".to_owned(),
    };
    assert_eq!(slot_answer(&slot), documented("sim insert"));
    let slots = v1::ListSlotsResponse { slots: vec![slot] };
    assert_eq!(super::slots(&slots), documented("sim list"));
}

#[test]
fn a_recording_is_told_by_its_file() {
    let answer = v1::RecordCardResponse {
        reader: "Reader 0".to_owned(),
        family: v1::CardFamily::TransitCpu.into(),
        n_exchanges: 3,
        recording: "kind = \"recording\"".to_owned(),
    };
    assert_eq!(recorded(&answer, "card.toml"), documented("record"));
}

#[test]
fn what_is_absent_is_null() {
    let nothing = verdict(&v1::VerifyCardResponse::default());
    for field in ["verdict", "reason", "assurance", "data_time", "reading"] {
        assert!(nothing[field].is_null(), "{field}");
    }
}

#[test]
fn durations_keep_their_decimals_and_sign() {
    let cases = [
        ((0, 0), "0s"),
        ((90, 0), "90s"),
        ((1, 50_000_000), "1.05s"),
        ((0, 1), "0.000000001s"),
        ((-1, -500_000_000), "-1.5s"),
        ((0, -500_000_000), "-0.5s"),
        ((i64::MIN, i32::MIN), "-9223372036854775808.2147483648s"),
    ];
    for ((seconds, nanos), expected) in cases {
        let given = prost_types::Duration { seconds, nanos };
        assert_eq!(duration(&given), expected);
    }
}
