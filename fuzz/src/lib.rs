//! A card that answers with the bytes of a fuzzer.

use xueka_transport::{CardSession, CardTransport, TransportError};

/// A card whose ATR and answers are given: one byte with the length, then the
/// bytes, the ATR first. When they end, the card has left.
///
/// It also judges: no reading may need more commands than
/// [`MAX_COMMANDS`](Self::MAX_COMMANDS), whatever a card answers.
pub struct GivenCard<'a> {
    atr: &'a [u8],
    answers: &'a [u8],
    n_commands: usize,
}

impl<'a> GivenCard<'a> {
    /// Far above what any reading sends: 4 rules with their keys and blocks, or
    /// the files of a profile, each with the exchanges of `61xx` and `6Cxx`.
    pub const MAX_COMMANDS: usize = 1_000;

    /// The card that a fuzzer's input makes.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Self {
        let mut answers = input;
        let atr = take(&mut answers).unwrap_or_default();
        Self {
            atr,
            answers,
            n_commands: 0,
        }
    }
}

impl CardTransport for GivenCard<'_> {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        assert!(command.len() >= 4, "a command has a header");
        self.n_commands += 1;
        assert!(self.n_commands <= Self::MAX_COMMANDS, "no end in sight");
        response.clear();
        // A transport gives no answer without a status word.
        match take(&mut self.answers) {
            Some(answer @ [_, _, ..]) => {
                response.extend_from_slice(answer);
                Ok(())
            }
            _ => Err(TransportError::CardGone),
        }
    }
}

impl CardSession for GivenCard<'_> {
    fn atr(&self) -> &[u8] {
        self.atr
    }
}

/// Takes a length and that many bytes off the front.
fn take<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (&length, rest) = input.split_first()?;
    let (taken, rest) = rest.split_at_checked(length.into())?;
    *input = rest;
    Some(taken)
}
