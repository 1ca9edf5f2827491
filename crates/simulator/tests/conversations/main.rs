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
mod reader;
mod storage;

use xueka_simulator::VirtualCard;
use xueka_transport::{CardSession, CardTransport};

/// Sends each command in turn and compares each whole response.
fn converse(mut card: VirtualCard, conversation: &[(&str, &str, &str)]) {
    for (command, expected, why) in conversation {
        let mut response = Vec::new();
        card.transmit(
            &hex::decode(command.replace(' ', "")).unwrap(),
            &mut response,
        )
        .unwrap();
        let expected = expected.replace(' ', "").to_uppercase();
        assert_eq!(hex::encode_upper(&response), expected, "{command}: {why}");
    }
}

fn atr(card: &VirtualCard) -> String {
    hex::encode_upper(card.atr())
}
