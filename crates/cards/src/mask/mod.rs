//! Keys and personal data out of a trace, so that it may be shown and shared.
//!
//! What is not known to be harmless is removed. Three kinds of bytes remain:
//!
//! - **kept**: headers and lengths of commands, names of applications, status
//!   words, and those bytes of answers whose layout is published and that say
//!   the same of many cards (`layout.rs`);
//! - **made up**: in place of a UID another one of its length and kind, in
//!   place of a card number another one of as many digits in the same coding,
//!   in place of a day the first of January of its year. One value has one
//!   replacement throughout a trace, wherever and however it is written
//!   (`values.rs`). A replacement does not depend on what it stands for, so
//!   nothing can be computed back;
//! - **removed**: everything else, such as keys, challenges, cryptograms,
//!   names, student numbers, balances and trips.
//!
//! The inspection of a card shows this, and recordings are written from it.

mod answers;
mod commands;
mod layout;
mod values;

use std::fmt;

use xueka_domain::CardNumber;

use crate::trace::{RawExchange, RawOutcome};

/// A trace without keys and personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedTrace {
    /// The answer to reset. Its check byte fits what it now says.
    pub atr: MaskedBytes,
    /// The exchanges in their order.
    pub exchanges: Vec<MaskedExchange>,
    /// How many further exchanges were not kept.
    pub n_dropped: usize,
}

/// One exchange of a [`MaskedTrace`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedExchange {
    /// The C-APDU.
    pub command: MaskedBytes,
    /// What came of it.
    pub outcome: MaskedOutcome,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MaskedOutcome {
    /// Data field and status word; the status word is always kept.
    Response(MaskedBytes),
    /// No answer that could be used.
    Failed(Failure),
}

/// Why a command has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The card left mid-exchange.
    CardGone,
    /// Another program reset the card; the command did not reach it.
    CardReset,
    /// The card or the reader could not be reached.
    Unreachable,
}

/// Bytes of which some were replaced. `Display` writes them in hexadecimal,
/// `**` for each that was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaskedBytes(Vec<MaskedByte>);

/// One byte of a masked trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskedByte {
    /// As it was.
    Kept(u8),
    /// Made up in place of another.
    MadeUp(u8),
    /// Gone.
    Removed,
}

impl MaskedBytes {
    /// The bytes one by one.
    #[must_use]
    pub fn as_slice(&self) -> &[MaskedByte] {
        &self.0
    }

    /// The bytes with `00` for each that was removed: what a replay answers.
    #[must_use]
    pub fn filled(&self) -> Vec<u8> {
        let filled = self.0.iter().map(|byte| byte.value().unwrap_or_default());
        filled.collect()
    }
}

impl MaskedByte {
    /// Its value; `None` for one that was removed.
    #[must_use]
    pub fn value(self) -> Option<u8> {
        match self {
            Self::Kept(value) | Self::MadeUp(value) => Some(value),
            Self::Removed => None,
        }
    }
}

impl FromIterator<MaskedByte> for MaskedBytes {
    fn from_iter<I: IntoIterator<Item = MaskedByte>>(bytes: I) -> Self {
        Self(bytes.into_iter().collect())
    }
}

impl fmt::Display for MaskedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0 {
            match byte.value() {
                Some(value) => write!(f, "{value:02X}")?,
                None => f.write_str("**")?,
            }
        }
        Ok(())
    }
}

/// Masks a trace; see [`Trace::masked`](crate::Trace::masked).
pub(crate) fn mask(
    atr: &[u8],
    exchanges: &[RawExchange],
    numbers: &[CardNumber],
    n_dropped: usize,
) -> MaskedTrace {
    let answers = answers::Answers::gather(atr, exchanges);
    let mut values = values::Values::default();
    for number in numbers {
        values.add_number(&number.reveal());
    }
    answers.learn(&mut values);
    let mut data = answers.mask(&values).into_iter();
    let masked = exchanges.iter().map(|exchange| MaskedExchange {
        command: commands::mask(&exchange.command),
        outcome: match &exchange.outcome {
            RawOutcome::Failed(failure) => MaskedOutcome::Failed(*failure),
            RawOutcome::Response(response) => {
                let (_, status_word) = split(response);
                let data = data.next().unwrap_or_default().into_iter();
                let status_word = status_word.iter().copied().map(MaskedByte::Kept);
                MaskedOutcome::Response(data.chain(status_word).collect())
            }
        },
    });
    MaskedTrace {
        exchanges: masked.collect(),
        atr: layout::atr(atr, &values).into_iter().collect(),
        n_dropped,
    }
}

/// Data field and status word of a response.
fn split(response: &[u8]) -> (&[u8], &[u8]) {
    response
        .split_at_checked(response.len().saturating_sub(2))
        .unwrap_or((&[], response))
}

#[cfg(test)]
mod tests;
