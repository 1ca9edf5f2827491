//! Whole traces, masked.

use proptest::prelude::*;
use xueka_domain::CardNumber;
use xueka_simulator::VirtualCard;
use xueka_transport::{CardTransport, Dialect};

use super::*;
use crate::{CardReading, ReadingProfile, TracedSession, read_card, trace::RawOutcome};

/// Reads a card and masks what passed.
fn read(card: &mut VirtualCard) -> (CardReading, MaskedTrace) {
    let mut session = TracedSession::new(card);
    let reading = read_card(&mut session, &Dialect::STANDARD, &ReadingProfile::default()).unwrap();
    let numbers = Vec::from_iter(reading.number);
    (reading, session.into_trace().masked(&numbers))
}

/// Sends these commands and masks what passed.
fn send(card: &mut VirtualCard, commands: &[&str], numbers: &[&str]) -> Vec<String> {
    let mut session = TracedSession::new(card);
    let mut response = Vec::new();
    for command in commands {
        let command = hex::decode(command).unwrap();
        session.transmit(&command, &mut response).ok();
    }
    let numbers: Vec<CardNumber> = numbers.iter().map(|text| text.parse().unwrap()).collect();
    shown(&session.into_trace().masked(&numbers))
}

fn shown(trace: &MaskedTrace) -> Vec<String> {
    let lines = trace
        .exchanges
        .iter()
        .map(|exchange| match &exchange.outcome {
            MaskedOutcome::Response(response) => format!("{} > {response}", exchange.command),
            MaskedOutcome::Failed(failure) => format!("{} > {failure:?}", exchange.command),
        });
    lines.collect()
}

#[test]
fn a_transit_card_keeps_its_form_and_loses_its_identity() {
    let mut card = VirtualCard::transit("1000751012345678");
    let (_, trace) = read(&mut card);
    assert_eq!(trace.atr.to_string(), "3B8B80012090000000000000000000BA");
    assert_eq!(
        shown(&trace),
        [
            "FFCA000000 > 5A5A00029000",
            "00B0840020 > 1000100000000001010000**************************20200101204901019000",
        ]
    );
}

/// The keys, numbers, names and UIDs that the cards below carry.
const KEY: &str = "A0A1A2A3A4A5";

#[test]
fn a_key_is_in_no_byte_of_a_trace() {
    let key = hex::decode(KEY).unwrap().try_into().unwrap();
    let mut card = VirtualCard::mifare_classic_1k().keys(1, key, key);
    let load = format!("FF82000006{KEY}");
    let lines = send(
        &mut card,
        &[&load, "FF860000050100076000", "FFB0000710"],
        &[],
    );
    assert_eq!(
        lines,
        [
            "FF82000006************ > 9000",
            "FF860000050100076000 > 9000",
            "FFB0000710 > ************FF078069************9000",
        ]
    );
}

#[test]
fn a_number_behind_a_key_is_replaced_where_the_reading_found_it() {
    let mut block = [0xFF; 16];
    block[0..6].copy_from_slice(&[0x17, 0x2B, 0x20, 0x24, 0x00, 0x17]);
    let mut card = VirtualCard::mifare_classic_1k().block(4, block);
    let commands = [
        "FFCA000000",
        "FF82000006FFFFFFFFFFFF",
        "FF860000050100046000",
        "FFB0000410",
    ];
    let lines = send(&mut card, &commands, &["20240017"]);
    assert_eq!(
        lines[3],
        "FFB0000410 > ****10000001FFFFFFFFFFFFFFFFFFFF9000"
    );
}

#[test]
fn a_name_and_a_student_number_are_removed() {
    let name = [0xD5, 0xC5, 0xC8, 0xFD];
    let mut card = VirtualCard::campus("20240017")
        .name_gbk(name)
        .student_number("2024000199");
    let application = "00A4040009A00000000386980701";
    let lines = send(&mut card, &[application, "00B0960026"], &[]);
    assert!(lines[1].ends_with("9000"), "{lines:?}");
    for line in lines {
        assert!(!line.contains("D5C5"), "{line}");
        assert!(!line.contains(&hex::encode("2024000199")), "{line}");
    }
}

#[test]
fn balance_and_trips_are_removed() {
    let mut card = VirtualCard::transit("1000751012345678")
        .balance(0x1234)
        .log_record([0x77; 23]);
    let commands = ["00A40000021001", "805C000204", "00B201C417"];
    let lines = send(&mut card, &commands, &[]);
    assert_eq!(lines[1], "805C000204 > ********9000");
    assert_eq!(lines[2], format!("00B201C417 > {}9000", "**".repeat(23)));
}

#[test]
fn the_pages_of_a_tag_keep_their_form() {
    // An NDEF text, `en`, `N20240017`, over pages 4 to 8.
    let text = hex::decode("0310D1010C5402656E4E3230323430303137FE00").unwrap();
    let mut card = VirtualCard::ntag213().page(3, [0xE1, 0x10, 0x12, 0x00]);
    for (page, bytes) in (4..).zip(text.chunks(4)) {
        card = card.page(page, bytes.try_into().unwrap());
    }
    let commands = [
        "FFCA000000",
        "FFB0000004",
        "FFB0000104",
        "FFB0000204",
        "FFB0000304",
        "FFB0000404",
        "FFB0000504",
        "FFB0000604",
        "FFB0000704",
        "FFB0000804",
        "FFB0000904",
    ];
    let lines = send(&mut card, &commands, &["20240017"]);
    let answers: Vec<_> = lines
        .iter()
        .map(|line| line.split_once(" > ").unwrap().1)
        .collect();
    assert_eq!(
        answers,
        [
            "045A5A5A5A00029000",
            // The UID with both of its check bytes, made up to fit.
            "045A5A8C9000",
            "5A5A00029000",
            "020000009000",
            "E11012009000",
            "0310D1019000",
            "0C5402659000",
            "6E**31309000",
            "303030309000",
            "3031FE**9000",
            "000000009000",
        ]
    );
}

#[test]
fn a_desfires_version_keeps_all_but_uid_and_production() {
    let mut card = VirtualCard::desfire();
    let lines = send(&mut card, &["9060000000", "90AF000000", "90AF000000"], &[]);
    let answers: Vec<_> = lines
        .iter()
        .map(|line| line.split_once(" > ").unwrap().1)
        .collect();
    assert!(
        answers[0].ends_with("91AF") && !answers[0].contains('*'),
        "{answers:?}"
    );
    assert!(
        answers[1].ends_with("91AF") && !answers[1].contains('*'),
        "{answers:?}"
    );
    assert_eq!(answers[2], format!("045A5A5A5A0001{}9100", "**".repeat(7)));
}

#[test]
fn a_number_that_select_offers_is_the_one_of_the_file() {
    let mut info = vec![0; 30];
    info[10..20].copy_from_slice(&hex::decode("03104870012345678901").unwrap());
    info[20..28].copy_from_slice(&hex::decode("2021091320270829").unwrap());
    let mut answer = hex::decode("6F2BA529").unwrap();
    answer.extend(hex::decode("9F0801029F0C1E").unwrap());
    answer[1] = 2 + 4 + 3 + 30;
    answer[3] = 4 + 3 + 30;
    answer.extend(&info);
    let mut card = VirtualCard::t_union("3104870012345678901")
        .file(21, info)
        .select_answer(answer);
    let lines = send(
        &mut card,
        &["00A4040008A00000063201010500", "00B095001E"],
        &[],
    );
    for line in &lines {
        assert!(line.contains("03104100000000000001"), "{line}");
        assert!(line.contains("2021010120270101"), "{line}");
        assert!(!line.contains("0913"), "{line}");
    }
    assert!(
        lines[0].contains("> 6F27A5259F0801029F0C1E"),
        "{}",
        lines[0]
    );
}

#[test]
fn a_part_of_a_file_is_masked_as_what_it_is_a_part_of() {
    let mut card = VirtualCard::t_union("3104870012345678901");
    let lines = send(
        &mut card,
        &[
            "00A4040008A00000063201010500",
            "00B0950A0A",
            "00B0951408",
            "00B0970A01",
        ],
        &[],
    );
    assert_eq!(lines[1], "00B0950A0A > 031041000000000000019000");
    assert_eq!(lines[2], "00B0951408 > 20200101204901019000");
    assert_eq!(lines[3], "00B0970A01 > 029000", "a student");
}

proptest! {
    #[test]
    fn no_exchange_panics(
        atr: Vec<u8>,
        exchanges: Vec<(Vec<u8>, Vec<u8>)>,
        numbers in prop::collection::vec(4_u64..u64::MAX, 0..3),
    ) {
        let exchanges: Vec<_> = exchanges.into_iter().map(|(command, response)| RawExchange {
            command,
            outcome: RawOutcome::Response(response),
        }).collect();
        let numbers: Vec<CardNumber> = numbers
            .iter()
            .filter_map(|number| number.to_string().parse().ok())
            .collect();
        let masked = mask(&atr, &exchanges, &numbers, 0);
        prop_assert_eq!(masked.exchanges.len(), exchanges.len());
        prop_assert_eq!(masked.atr.as_slice().len(), atr.len());
        for (masked, raw) in masked.exchanges.iter().zip(&exchanges) {
            prop_assert_eq!(masked.command.as_slice().len(), raw.command.len());
            let (MaskedOutcome::Response(masked), RawOutcome::Response(raw)) =
                (&masked.outcome, &raw.outcome) else { panic!() };
            prop_assert_eq!(masked.as_slice().len(), raw.len());
        }
    }
}
