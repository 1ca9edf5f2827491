//! Commands in one frame, answers in several.
//!
//! The status word of an answer is `91` and the native status; `91 AF` says
//! that the answer goes on, and `90 AF 00 00 00` asks for the next frame.
//!
//! Sources: nfcim/nfsee `assets/read.js`; libfreefare `mifare_desfire.c`.

use xueka_apdu::{Command, StatusWord};
use zeroize::{Zeroize, Zeroizing};

use crate::{ReadError, dialogue::Dialogue};

/// The command completed.
pub(super) const DONE: u16 = 0x9100;
/// The answer goes on, or the card waits for the second half of a proof.
pub(super) const MORE: u16 = 0x91AF;
/// The proof is wrong: the two sides have different keys.
pub(super) const WRONG_PROOF: u16 = 0x91AE;

/// Asks for the next frame, or carries the second half of a proof.
pub(super) const ADDITIONAL_FRAME: u8 = 0xAF;

/// The most frames of one answer. A frame holds 59 bytes at the most in the
/// oldest cards, so this is enough for 1,800 bytes, more than any number stands
/// apart from its dates.
const MAX_FRAMES: usize = 32;

/// The most parameters of one frame.
const FRAME: usize = 59;

/// What the card answered.
pub(super) struct Answer {
    /// The data of all frames.
    pub(super) data: Zeroizing<Vec<u8>>,
    /// The status word of the last one.
    pub(super) status_word: StatusWord,
}

impl Answer {
    /// `content`, or the status word that refused it.
    pub(super) fn when_done<T>(&self, content: T) -> Result<T, StatusWord> {
        if self.ends_with(DONE) {
            Ok(content)
        } else {
            Err(self.status_word)
        }
    }

    /// Whether the status word is this one.
    pub(super) fn ends_with(&self, status: u16) -> bool {
        self.status_word.value() == status
    }
}

/// Sends one frame and gets one.
pub(super) fn ask_once(
    card: &mut Dialogue<'_>,
    instruction: u8,
    parameters: &[u8],
) -> Result<Answer, ReadError> {
    let mut command = Command::native(instruction, parameters);
    let answered = card.ask(&command).map(|response| Answer {
        data: Zeroizing::new(response.data.to_vec()),
        status_word: response.status_word,
    });
    command.zeroize();
    answered
}

/// Sends a command, in as many frames as it takes, and gets the whole answer.
/// One that never ends keeps the status word with which it was left, and reads
/// as refused.
pub(super) fn ask(
    card: &mut Dialogue<'_>,
    instruction: u8,
    parameters: &[u8],
) -> Result<Answer, ReadError> {
    let (first, rest) = parameters.split_at(parameters.len().min(FRAME));
    let mut answer = ask_once(card, instruction, first)?;
    for frame in rest.chunks(FRAME) {
        if !answer.ends_with(MORE) {
            return Ok(answer);
        }
        answer = ask_once(card, ADDITIONAL_FRAME, frame)?;
    }
    for _ in 1..MAX_FRAMES {
        if !answer.ends_with(MORE) {
            break;
        }
        let next = ask_once(card, ADDITIONAL_FRAME, &[])?;
        answer.data.extend_from_slice(&next.data);
        answer.status_word = next.status_word;
    }
    Ok(answer)
}
