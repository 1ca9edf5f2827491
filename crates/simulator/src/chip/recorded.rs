//! A card that says again what a real one said.
//!
//! A recording is exchanges in their order, with keys and personal data taken
//! out when it was made. Each command gets the answer that stands next to it:
//! the first fitting exchange after the last one that was used, or else the
//! first from the beginning. So a program that asks what was asked before, in
//! the order in which it was asked, meets the card as it was; one that asks
//! something new is told that the card does not know it.

use super::{command::refuse, status};
use crate::record::Outcome;

/// The exchanges of one card.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    exchanges: Vec<RecordedExchange>,
    /// The exchange after the last one that was used.
    next: usize,
}

/// One exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordedExchange {
    /// The bytes of the command; `None` for one that was removed, for which
    /// every byte will do.
    pub(crate) command: Vec<Option<u8>>,
    pub(crate) outcome: Outcome,
}

impl Recorded {
    /// A card with these exchanges.
    pub(crate) fn new(exchanges: Vec<RecordedExchange>) -> Self {
        Self { exchanges, next: 0 }
    }

    /// The card begins anew.
    pub(crate) fn power_up(&mut self) {
        self.next = 0;
    }

    /// What came of this command then.
    pub(crate) fn answer(&mut self, command: &[u8]) -> Outcome {
        let n_exchanges = self.exchanges.len();
        let ahead = (self.next..n_exchanges).chain(0..self.next.min(n_exchanges));
        let mut ahead = ahead.filter_map(|place| Some((place, self.exchanges.get(place)?)));
        match ahead.find(|(_, exchange)| exchange.fits(command)) {
            Some((place, exchange)) => {
                let outcome = exchange.outcome.clone();
                self.next = place + 1;
                outcome
            }
            None => Outcome::Response(refuse(status::UNKNOWN_INS)),
        }
    }
}

impl RecordedExchange {
    fn fits(&self, command: &[u8]) -> bool {
        let pairs = self.command.iter().zip(command);
        self.command.len() == command.len()
            && pairs
                .into_iter()
                .all(|(recorded, byte)| recorded.is_none_or(|recorded| recorded == *byte))
    }
}

/// Reads bytes in hexadecimal, `**` for each that was removed.
pub(crate) fn parse_bytes(text: &str) -> Option<Vec<Option<u8>>> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        if pair == b"**" {
            return Some(None);
        }
        let mut byte = [0];
        hex::decode_to_slice(pair, &mut byte).ok()?;
        Some(byte.first().copied())
    };
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exchange(command: &str, response: &str) -> RecordedExchange {
        RecordedExchange {
            command: parse_bytes(command).unwrap(),
            outcome: Outcome::Response(hex::decode(response).unwrap()),
        }
    }

    fn ask(card: &mut Recorded, command: &str) -> String {
        match card.answer(&hex::decode(command).unwrap()) {
            Outcome::Response(response) => hex::encode_upper(response),
            outcome => format!("{outcome:?}"),
        }
    }

    #[test]
    fn one_command_has_the_answer_of_its_place() {
        let mut card = Recorded::new(vec![
            exchange("00B0840020", "6A82"),
            exchange("00A4000002DF01", "9000"),
            exchange("00B0840020", "AA9000"),
        ]);
        assert_eq!(ask(&mut card, "00B0840020"), "6A82", "before the selection");
        assert_eq!(ask(&mut card, "00A4000002DF01"), "9000");
        assert_eq!(ask(&mut card, "00B0840020"), "AA9000", "after it");
        assert_eq!(ask(&mut card, "00B0840020"), "6A82", "from the beginning");
        card.power_up();
        assert_eq!(ask(&mut card, "00B0840020"), "6A82", "as at first");
    }

    #[test]
    fn removed_bytes_fit_every_byte_and_nothing_else_does() {
        let mut card = Recorded::new(vec![exchange("FF82000002****", "9000")]);
        for (command, answer, why) in [
            ("FF82000002A0A1", "9000", "any key"),
            ("FF82000002A0", "6D00", "too short"),
            ("FF82000002A0A1A2", "6D00", "too long"),
            ("FF82000102A0A1", "6D00", "another slot"),
        ] {
            assert_eq!(ask(&mut card, command), answer, "{why}");
        }
    }

    #[test]
    fn only_pairs_are_bytes() {
        for text in ["0", "*", "0*", "*0", "GG", "00 11", "+1", "€"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
        assert_eq!(parse_bytes("0a**"), Some(vec![Some(0x0A), None]));
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String, command: Vec<u8>) {
            if let Some(bytes) = parse_bytes(&text) {
                let outcome = Outcome::Response(vec![0x90, 0x00]);
                let exchange = RecordedExchange { command: bytes, outcome };
                let _ = Recorded::new(vec![exchange]).answer(&command);
            }
        }
    }
}
