//! Conversations with every kind of card, in hexadecimal, malformed commands
//! first. The bytes are written from the sources named in each card's module,
//! not from its constants.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

mod classic;
mod cpu;
mod desfire;
mod fmcos;
mod reader;
mod storage;

use xueka_simulator::VirtualCard;
use xueka_transport::{CardSession, CardTransport};

/// Sends each command in turn and compares each whole response.
fn converse(mut card: VirtualCard, conversation: &[(&str, &str, &str)]) {
    go_on(&mut card, conversation);
}

/// The same with a card that the test goes on using.
fn go_on(card: &mut VirtualCard, conversation: &[(&str, &str, &str)]) {
    for (command, expected, why) in conversation {
        let expected = expected.replace(' ', "").to_uppercase();
        let response = hex::encode_upper(send(card, command));
        assert_eq!(response, expected, "{command}: {why}");
    }
}

/// Sends a command in hexadecimal; the whole response.
fn send(card: &mut VirtualCard, command: &str) -> Vec<u8> {
    let mut response = Vec::new();
    let command = hex::decode(command.replace(' ', "")).unwrap();
    card.transmit(&command, &mut response).unwrap();
    response
}

fn atr(card: &VirtualCard) -> String {
    hex::encode_upper(card.atr())
}
