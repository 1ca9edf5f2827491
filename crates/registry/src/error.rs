//! What can go wrong, by what the caller does next.

use thiserror::Error;
use xueka_domain::{CardState, IllegalTransition};

use crate::StepRefusal;

/// Why the registry gave no answer, or made no change.
///
/// Whatever the variant, nothing was changed, with the one exception that
/// [`Unavailable`](Self::Unavailable) states. No text holds personal data.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// A rule forbids the change: the caller is told which.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request id was used for another request: take a new one.
    #[error("this request id was used for another request; take a new one")]
    RequestIdReused,
    /// No room on the disk. Reading goes on; a change can be tried again when
    /// there is room, without a restart.
    #[error("there is no room for a change on the disk; make room and try again")]
    Full,
    /// The database cannot be written to. Reading goes on.
    #[error("the database cannot be written to; check who owns it and how its disk is mounted")]
    ReadOnly,
    /// The database does not answer. When this follows a change, whether the
    /// change was made is unknown: send it again with the same request id.
    #[error("the database does not answer: {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// The cause, for the operator.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The registry is shutting down.
    #[error("the registry is closed")]
    Closed,
    /// The database was written by a newer version of this program.
    #[error(
        "the database has schema version {found}, newer than the {known} that this program knows; \
         install the newer program again or restore a backup"
    )]
    NewerVersion {
        /// The version in the database.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// Another process has the database open.
    #[error("another process uses this database; stop it, or name another database")]
    InUse,
    /// Simulated readers on a registry that was not created for simulation.
    #[error(
        "the database was not created for simulation, and simulated readers would put made-up \
         cards into it; name another database"
    )]
    NotForSimulation,
    /// Real readers on a registry that was created for simulation.
    #[error(
        "the database was created for simulation and holds made-up cards; name another one, \
         or remove it if it was only for a trial"
    )]
    ForSimulationOnly,
    /// The file is no database of this program.
    #[error("the file is not a database of this program; check its name")]
    NotADatabase,
    /// The database is damaged.
    #[error("the database is damaged; restore a backup: {detail}")]
    Corrupt {
        /// What the check found.
        detail: String,
    },
    /// The database lies on a network file system, where locks cannot be
    /// trusted and the file would be damaged sooner or later.
    #[error("the database lies on a network file system ({kind}); put it on a local disk")]
    NetworkFilesystem {
        /// The kind, such as `nfs`.
        kind: &'static str,
    },
    /// The address names a kind of database that this program does not know.
    #[error(
        "no database of this kind is known; write sqlite:PATH, a path, or postgresql://USER@HOST/DATABASE"
    )]
    UnknownBackend,
    /// The address of a PostgreSQL server cannot be used.
    #[error("the address of the PostgreSQL server cannot be used: {0}")]
    BadAddress(&'static str),
}

/// Why a rule forbids a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No card on record has this number or UID; or the UID names several live
    /// cards, so that only a number can say which is meant.
    #[error("no single card on record has this number or UID")]
    CardNotFound,
    /// No student has this number.
    #[error("no student has this student number")]
    StudentNotFound,
    /// No batch has this name.
    #[error("no batch has this number")]
    BatchNotFound,
    /// The card number is another student's, for ever.
    #[error("the card number is another student's")]
    NumberTaken,
    /// The UID is another card's that is known by its UID alone.
    #[error("the UID is another card's")]
    UidTaken,
    /// The student holds a live card.
    #[error("the student has a card already; report it lost or damaged first")]
    StudentHasCard,
    /// The student holds no live card.
    #[error("the student has no card that is in use")]
    NoLiveCard,
    /// The state of the card does not allow this.
    #[error(transparent)]
    IllegalTransition(#[from] IllegalTransition),
    /// The procedure does not allow this step now.
    #[error(transparent)]
    Step(#[from] StepRefusal),
    /// The number is on record with another chip than the one in hand.
    #[error("the card in hand is another chip than the one on record")]
    NotTheSameCard,
    /// It is blocked by hand already.
    #[error("it is blocked by hand already")]
    EntryExists,
    /// It is not blocked.
    #[error("it is not on the blacklist")]
    EntryNotFound,
    /// It is blocked because of its card's state.
    #[error("it is blocked because of the state of its card and goes with that state")]
    EntryFromState,
    /// A write to the card was begun and has not ended.
    #[error("a write to this card has not ended; put the card on a reader to have it finished")]
    WriteUnderWay,
    /// No open write has this name.
    #[error("no open card write has this number")]
    WriteNotFound,
    /// A live token has this name.
    #[error("a live token has this name")]
    TokenExists,
    /// No live token has this name.
    #[error("no live token has this name")]
    TokenNotFound,
}

impl Refusal {
    /// The refusal as the stable upper-case word of the API's table of errors.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CardNotFound => "CARD_NOT_FOUND",
            Self::StudentNotFound => "STUDENT_NOT_FOUND",
            Self::BatchNotFound => "BATCH_NOT_FOUND",
            Self::NumberTaken => "NUMBER_TAKEN",
            Self::UidTaken => "UID_TAKEN",
            Self::StudentHasCard => "STUDENT_HAS_CARD",
            Self::NoLiveCard => "NO_LIVE_CARD",
            Self::IllegalTransition(_) => "ILLEGAL_TRANSITION",
            Self::Step(step) => step.code(),
            Self::NotTheSameCard => "NOT_THE_SAME_CARD",
            Self::EntryExists => "ENTRY_EXISTS",
            Self::EntryNotFound => "ENTRY_NOT_FOUND",
            Self::EntryFromState => "ENTRY_FROM_STATE",
            Self::WriteUnderWay => "WRITE_UNDER_WAY",
            Self::WriteNotFound => "WRITE_NOT_FOUND",
            Self::TokenExists => "TOKEN_EXISTS",
            Self::TokenNotFound => "TOKEN_NOT_FOUND",
        }
    }

    /// The state that forbids it, when one does.
    #[must_use]
    pub fn state(&self) -> Option<CardState> {
        match self {
            Self::IllegalTransition(transition) => Some(transition.state),
            _ => None,
        }
    }
}
