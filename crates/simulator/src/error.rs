//! What a caller of the simulator can get wrong or find missing.

use std::ops::Range;

use thiserror::Error;

/// Why the simulator did not do what it was asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SimulatorError {
    /// There is no slot of that number.
    #[error("there is no slot {slot}; the slots are numbered from 0 and there are {n_slots}")]
    SlotNotFound {
        /// The number asked for.
        slot: usize,
        /// How many slots there are.
        n_slots: usize,
    },
    /// The virtual reader does not accept the card: it was unplugged, or
    /// pcscd's virtual reader cannot be connected to.
    #[error(
        "the virtual reader {attached_to} does not accept a card; \
         check that it is plugged in, or that pcscd runs and serves it"
    )]
    VirtualReaderGone {
        /// The reader's name or the address of pcscd's virtual reader.
        attached_to: String,
    },
    /// Readers of this kind cannot be plugged and asked like that.
    #[error("only readers of Xueka's own driver for pcscd can do this; start pcscd with it")]
    NotByThisReader,
    /// A description of a card or a scenario has a mistake.
    #[error(transparent)]
    Description(#[from] DescriptionError),
}

/// Where a description of a card or a scenario is wrong, and why.
///
/// The text never repeats a value, only its key, its length or a position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct DescriptionError {
    line: usize,
    reason: String,
}

impl DescriptionError {
    /// Places `reason` at the line in which the byte `offset` of `text` lies.
    pub(crate) fn at(text: &str, offset: usize, reason: impl Into<String>) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        Self {
            line: 1 + before.split(|&byte| byte == b'\n').skip(1).count(),
            reason: reason.into(),
        }
    }

    /// Takes over what the TOML parser found.
    pub(crate) fn from_toml(text: &str, error: &toml::de::Error) -> Self {
        let Range { start, .. } = error.span().unwrap_or_default();
        Self::at(text, start, error.message().replace('\n', "; "))
    }

    /// The line that is wrong, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong there and what would be right.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}
