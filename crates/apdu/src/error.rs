//! Why bytes are not what they claim to be.

use thiserror::Error;

/// Why something could not be encoded or decoded.
///
/// Positions count bytes from 0. No text carries card bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ApduError {
    /// More data than a short command takes: send it in parts.
    #[error("{n_bytes} bytes of data; a short command takes at most 255")]
    DataTooLong {
        /// How many bytes were given.
        n_bytes: usize,
    },
    /// A response without a whole status word: treat it as a tear.
    #[error("{n_bytes} bytes of response; a status word alone takes 2")]
    ResponseTooShort {
        /// How many bytes there were: 0 or 1.
        n_bytes: usize,
    },
    /// An ATR that does not follow ISO/IEC 7816-3: nothing is known about the
    /// card.
    #[error("ATR, byte {position}: {problem}")]
    Atr {
        /// The byte at which reading stopped.
        position: usize,
        /// What is wrong there.
        problem: AtrProblem,
    },
    /// An ATS that does not follow ISO/IEC 14443-4: take the bytes for the
    /// historical bytes alone, or for nothing.
    #[error("ATS, byte {position}: {problem}")]
    Ats {
        /// The byte at which reading stopped.
        position: usize,
        /// What is wrong there.
        problem: AtsProblem,
    },
    /// BER-TLV that does not follow ISO/IEC 8825-1: ignore the whole object.
    #[error("TLV, byte {position}: {problem}")]
    Tlv {
        /// The byte at which the element begins that could not be read.
        position: usize,
        /// What is wrong with it.
        problem: TlvProblem,
    },
}

/// What is wrong with an ATR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AtrProblem {
    /// The first byte is neither `3B` nor `3F`.
    #[error("not an initial character")]
    InitialCharacter,
    /// The bytes end before the ATR does.
    #[error("ends too early")]
    Truncated,
    /// Bytes follow the end of the ATR.
    #[error("bytes after the end")]
    Trailing,
    /// More than the 33 bytes an ATR can have.
    #[error("longer than 33 bytes")]
    TooLong,
}

/// What is wrong with an ATS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AtsProblem {
    /// The first byte gives a length of zero; it counts itself.
    #[error("a length of zero")]
    Length,
    /// The bytes end before the ATS does.
    #[error("ends too early")]
    Truncated,
    /// Bytes follow the end of the ATS.
    #[error("bytes after the end")]
    Trailing,
}

/// What is wrong with a BER-TLV element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TlvProblem {
    /// The bytes end inside the element.
    #[error("ends too early")]
    Truncated,
    /// A tag of more than three bytes.
    #[error("tag longer than three bytes")]
    Tag,
    /// An indefinite length, or one of more than two bytes.
    #[error("length of an unsupported form")]
    Length,
}
