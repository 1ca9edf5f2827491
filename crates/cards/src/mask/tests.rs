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
