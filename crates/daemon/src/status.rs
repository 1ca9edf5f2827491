//! From failures to what clients are told: code, reason, words.
//!
//! The words of each reason stand in `reasons`. What only operators may see
//! goes to the log from here, once.

use std::fmt::Display;

use thiserror::Error;
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt};
use xueka_api::{ERROR_DOMAIN, v1::ErrorReason as R};
use xueka_cards::{NoPurse, RawRefusal, WriteError};
use xueka_desk::DeskError;
use xueka_domain::{CardEvent, Language, NoIdentity, Role};
use xueka_readers::ReaderError;
use xueka_registry::{Refusal, RegistryError, StepRefusal};
use xueka_simulator::SimulatorError;
use xueka_transport::ReaderName;

use crate::reasons;

/// Why a call is not answered.
#[derive(Debug, Error)]
pub(crate) enum ServiceError {
    /// The use case failed.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The caller may not call.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The simulator failed.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    /// A field of the request is wrong.
    #[error("{field}: {problem}")]
    Argument {
        /// The field, by its name in the protocol.
        field: &'static str,
        /// What is wrong with it; never its content.
        problem: String,
    },
    /// The page token was not given by this daemon.
    #[error("the page token is unknown")]
    PageToken,
    /// No card on record has this number or UID.
    #[error("no such card")]
    CardNotFound,
    /// It is not blocked.
    #[error("no such entry")]
    EntryNotFound,
    /// The system gave no random bytes, or a worker thread died.
    #[error("{0}")]
    Internal(&'static str),
}

/// Why a caller may not call.
#[derive(Debug, Error)]
pub(crate) enum Denial {
    /// Neither a peer of the Unix socket nor a token.
    #[error("no identity was shown")]
    NoIdentity,
    /// The token is unknown, or has ended.
    #[error("the token is unknown or has ended")]
    WrongToken,
    /// The role may not do this.
    #[error("the role {role:?} may not do this")]
    NotPermitted {
        /// The caller's role.
        role: Role,
    },
    /// A page of an origin that is not listed calls.
    #[error("the origin is not listed")]
    Origin,
    /// The table of rights has no such method.
    #[error("there is no such method")]
    UnknownMethod,
    /// The token could not be looked up.
    #[error(transparent)]
    Desk(DeskError),
}

/// What a client is told.
struct Told {
    reason: R,
    /// Appended to the reason's words.
    particulars: Option<String>,
    /// Repeated for programs.
    metadata: Vec<(&'static str, String)>,
}

impl ServiceError {
    /// A field of the request that is wrong.
    pub(crate) fn argument(field: &'static str, problem: impl Display) -> Self {
        Self::Argument {
            field,
            problem: problem.to_string(),
        }
    }

    /// Logs what only operators may see and tells the client the rest.
    pub(crate) fn into_status(self, language: Language) -> Status {
        if let Self::Denied(Denial::UnknownMethod) = self {
            return Status::unimplemented("there is no such method");
        }
        let field = match &self {
            Self::Argument { field, problem } => Some((*field, problem.clone())),
            _ => None,
        };
        let told = self.told(language);
        let words = reasons::row(told.reason);
        let message = match told.particulars {
            Some(particulars) => format!("{}: {particulars}", words.text(language)),
            None => words.text(language).to_owned(),
        };
        let metadata = told.metadata.into_iter().map(|(k, v)| (k.to_owned(), v));
        let mut details = ErrorDetails::with_error_info(
            told.reason.as_reason(),
            ERROR_DOMAIN,
            metadata.collect::<std::collections::HashMap<_, _>>(),
        );
        if let Some((field, problem)) = field {
            details.add_bad_request_violation(field, problem);
        }
        Status::with_error_details(words.code, message, details)
    }

    fn told(self, language: Language) -> Told {
        match self {
            Self::Desk(error) | Self::Denied(Denial::Desk(error)) => desk(error, language),
            Self::Denied(Denial::NoIdentity | Denial::WrongToken | Denial::UnknownMethod) => {
                R::NotAuthenticated.into()
            }
            Self::Denied(Denial::NotPermitted { .. } | Denial::Origin) => R::NotPermitted.into(),
            Self::Simulator(error) => simulator(error),
            Self::Argument { field, problem } => Told {
                reason: R::ArgumentInvalid,
                particulars: Some(format!("{field}: {problem}")),
                metadata: vec![("field", field.to_owned())],
            },
            Self::PageToken => R::PageTokenInvalid.into(),
            Self::CardNotFound => R::CardNotFound.into(),
            Self::EntryNotFound => R::EntryNotFound.into(),
            Self::Internal(cause) => {
                tracing::error!(cause, "a call failed");
                R::Unspecified.into()
            }
        }
    }
}

impl From<R> for Told {
    fn from(reason: R) -> Self {
        Self {
            reason,
            particulars: None,
            metadata: Vec::new(),
        }
    }
}

fn desk(error: DeskError, language: Language) -> Told {
    match error {
        DeskError::Reader(error) => reader(error),
        DeskError::Registry(error) => registry(error),
        DeskError::NoPurse(NoPurse::Refused(status_word)) => {
            let word = format!("{status_word:04X}");
            Told {
                reason: R::NoPurse,
                particulars: Some(word.clone()),
                metadata: vec![("status_word", word)],
            }
        }
        DeskError::NoPurse(NoPurse::Family | NoPurse::Nonsense) => R::NoPurse.into(),
        DeskError::Write(error) => write(error),
        DeskError::WriteOpen { id } => Told {
            reason: R::WriteUnderWay,
            particulars: Some(id.0.to_string()),
            metadata: vec![("write_id", id.0.to_string())],
        },
        DeskError::NoSuchPlan => R::PlanOutdated.into(),
        DeskError::FileNotUsable(fault) => Told {
            reason: R::FileNotUsable,
            particulars: Some(fault.told(language).to_owned()),
            metadata: vec![("cause", fault.cause.to_owned())],
        },
        DeskError::FileNotMade(error) => Told {
            reason: R::FileNotMade,
            particulars: Some(error.told(language)),
            metadata: Vec::new(),
        },
        DeskError::RawExchangeOff => R::RawExchangeOff.into(),
        DeskError::CommandRefused { position, refusal } => command(position, refusal),
        DeskError::NotPublished => R::BlacklistNotSigned.into(),
        DeskError::NotYetPublished => R::RegistryUnavailable.into(),
        DeskError::TooManySubscribers => R::TooManySubscribers.into(),
        DeskError::NoSuchVersion => Told {
            reason: R::ArgumentInvalid,
            particulars: Some("version: it was not published".to_owned()),
            metadata: vec![("field", "version".to_owned())],
        },
        error @ (DeskError::MarkFile(_) | DeskError::Stopped) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, "a call failed");
            R::Unspecified.into()
        }
        DeskError::NoIdentity(NoIdentity::RandomUid) => R::RandomUid.into(),
        DeskError::NoIdentity(NoIdentity::NothingRead) => R::CardUnreadable.into(),
    }
}

/// Why nothing was written, with its cause as a stable word for programs.
fn write(error: WriteError) -> Told {
    use WriteError as E;
    let told = |reason, cause: &str, detail: Option<String>| Told {
        reason,
        particulars: Some(match &detail {
            Some(detail) => format!("{cause} {detail}"),
            None => cause.to_owned(),
        }),
        metadata: vec![("cause", cause.to_owned())],
    };
    let hex = |word: u16| Some(format!("{word:04X}"));
    match error {
        E::Transport(error) => reader(error.into()),
        E::TransitCard => told(R::CardNotWritable, "TRANSIT_CARD", None),
        E::NotWritable => told(R::CardNotWritable, "FAMILY_NOT_WRITABLE", None),
        E::NoFixedUid => told(R::CardNotWritable, "NO_FIXED_UID", None),
        E::NotPermitted => told(R::CardNotWritable, "NOT_PERMITTED", None),
        E::NotOpened { status_word } => told(R::CardNotWritable, "NOT_OPENED", hex(status_word)),
        E::Refused { status_word } => told(R::CardNotWritable, "REFUSED", hex(status_word)),
        E::DoesNotFit => told(R::WriteNotPossible, "DOES_NOT_FIT", None),
        E::NoPassThrough => told(R::WriteNotPossible, "NO_PASS_THROUGH", None),
        E::LocksOut => told(R::WriteNotPossible, "LOCKS_OUT", None),
        E::NoSuchKey { name } => told(R::WriteNotPossible, "NO_SUCH_KEY", Some(name)),
        E::NoSuchPlace => told(R::WriteNotPossible, "NO_SUCH_PLACE", None),
        E::OtherCard => told(R::PlanOutdated, "OTHER_CARD", None),
        E::NotAsPlanned | E::NotConfirmed => told(R::PlanOutdated, "NOT_AS_PLANNED", None),
        error => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, "a card could not be written");
            R::Unspecified.into()
        }
    }
}

/// Which raw command is not sent, and why, as a stable word for programs.
fn command(position: usize, refusal: RawRefusal) -> Told {
    let cause = match refusal {
        RawRefusal::NotShort => "NOT_SHORT",
        RawRefusal::NotListed => "NOT_LISTED",
        RawRefusal::Dangerous(danger) => danger.code(),
    };
    Told {
        reason: R::CommandRefused,
        particulars: Some(format!("{position} {cause}")),
        metadata: vec![
            ("command", position.to_string()),
            ("cause", cause.to_owned()),
        ],
    }
}

fn reader(error: ReaderError) -> Told {
    match error {
        ReaderError::Ambiguous { names } | ReaderError::AliasAmbiguous { names, .. } => {
            let names: Vec<&str> = names.iter().map(ReaderName::as_str).collect();
            Told {
                reason: R::ReaderAmbiguous,
                particulars: Some(names.join(", ")),
                metadata: vec![("readers", names.join("\n"))],
            }
        }
        other => reader_reason(&other).into(),
    }
}

/// The reason of a failure at a reader, also told with taps.
pub(crate) fn reader_reason(error: &ReaderError) -> R {
    match error {
        ReaderError::NoReader => R::NoReader,
        ReaderError::NotFound { .. } => R::ReaderNotFound,
        ReaderError::Ambiguous { .. } | ReaderError::AliasAmbiguous { .. } => R::ReaderAmbiguous,
        ReaderError::Gone | ReaderError::AliasMissing { .. } => R::ReaderGone,
        ReaderError::Stalled => R::ReaderStalled,
        ReaderError::Failed(cause) => {
            tracing::error!(%cause, "a reader failed");
            R::ReaderFailed
        }
        ReaderError::Busy => R::ReaderBusy,
        ReaderError::ServiceUnavailable => R::PcscUnavailable,
        ReaderError::ServiceMismatch => {
            tracing::error!("pcscd and libpcsclite are of different versions");
            R::PcscUnavailable
        }
        ReaderError::NotPermitted => R::PcscNotPermitted,
        ReaderError::NoCard => R::NoCard,
        ReaderError::CardGone => R::CardGone,
        ReaderError::CardChanged => R::CardChanged,
        ReaderError::CardMute => R::CardMute,
        ReaderError::InUse => R::CardInUse,
        ReaderError::Unreadable => R::CardUnreadable,
        ReaderError::NothingToCompare => R::RandomUid,
        ReaderError::Stopped => R::ShuttingDown,
    }
}

fn registry(error: RegistryError) -> Told {
    match error {
        RegistryError::Refused(refusal) => refused(refusal),
        RegistryError::RequestIdReused => R::RequestIdReused.into(),
        RegistryError::Closed => R::ShuttingDown.into(),
        RegistryError::Full => {
            tracing::error!("no change can be made: the disk is full");
            R::RegistryFull.into()
        }
        RegistryError::ReadOnly => {
            tracing::error!("no change can be made: the database is read-only");
            R::RegistryReadOnly.into()
        }
        error @ (RegistryError::Unavailable { .. }
        | RegistryError::NewerVersion { .. }
        | RegistryError::InUse
        | RegistryError::NotForSimulation
        | RegistryError::ForSimulationOnly
        | RegistryError::NotADatabase
        | RegistryError::Corrupt { .. }
        | RegistryError::NetworkFilesystem { .. }
        | RegistryError::UnknownBackend
        | RegistryError::BadAddress(_)) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, "the registry failed");
            R::RegistryUnavailable.into()
        }
    }
}

fn refused(refusal: Refusal) -> Told {
    let reason = match refusal {
        Refusal::CardNotFound => R::CardNotFound,
        Refusal::StudentNotFound => R::StudentNotFound,
        Refusal::BatchNotFound => R::BatchNotFound,
        Refusal::NumberTaken => R::NumberTaken,
        Refusal::UidTaken => R::UidTaken,
        Refusal::StudentHasCard => R::StudentHasCard,
        Refusal::NoLiveCard => R::NoLiveCard,
        Refusal::NotTheSameCard => R::NotTheSameCard,
        Refusal::WriteUnderWay => R::WriteUnderWay,
        Refusal::WriteNotFound => R::WriteNotFound,
        Refusal::EntryExists => R::EntryExists,
        Refusal::EntryNotFound => R::EntryNotFound,
        Refusal::EntryFromState => R::EntryFromState,
        Refusal::TokenExists => R::TokenExists,
        Refusal::TokenNotFound => R::TokenNotFound,
        Refusal::Step(StepRefusal::StudentLeft) => R::StudentLeft,
        Refusal::Step(step) => {
            let (state, allowed) = step.standing().unwrap_or((step.code(), Vec::new()));
            let allowed = allowed.join(", ");
            return Told {
                reason: R::IllegalTransition,
                particulars: Some(format!("{state} → {allowed}")),
                metadata: vec![("state", state.to_owned()), ("allowed", allowed)],
            };
        }
        Refusal::IllegalTransition(transition) => {
            let allowed: Vec<_> = transition.state.allowed().map(CardEvent::code).collect();
            let (state, allowed) = (transition.state.code(), allowed.join(", "));
            return Told {
                reason: R::IllegalTransition,
                particulars: Some(format!("{state} → {allowed}")),
                metadata: vec![("state", state.to_owned()), ("allowed", allowed)],
            };
        }
    };
    reason.into()
}

fn simulator(error: SimulatorError) -> Told {
    match error {
        SimulatorError::SlotNotFound { .. } => R::SlotNotFound.into(),
        SimulatorError::Description(problem) => Told {
            reason: R::CardDescriptionInvalid,
            particulars: Some(problem.to_string()),
            metadata: vec![("line", problem.line().to_string())],
        },
        SimulatorError::VirtualReaderGone { attached_to } => Told {
            reason: R::VirtualReaderGone,
            particulars: Some(attached_to.clone()),
            metadata: vec![("attached_to", attached_to)],
        },
        other => {
            tracing::error!(error = %other, "the simulator failed");
            R::Unspecified.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use xueka_domain::CardState;

    use super::*;

    fn status(error: impl Into<ServiceError>) -> Status {
        error.into().into_status(Language::English)
    }

    #[test]
    fn a_failure_names_its_reason_and_what_to_do() {
        let status = status(DeskError::from(ReaderError::NoCard));
        let info = status.get_details_error_info().unwrap();
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            ("NO_CARD", "xueka")
        );
        assert!(
            status.message().contains("place one"),
            "{}",
            status.message()
        );
    }

    #[test]
    fn an_illegal_transition_says_what_is_allowed() {
        let refusal = CardState::Cancelled
            .after(CardEvent::ReportLoss)
            .unwrap_err();
        let refusal = Refusal::from(refusal);
        let status = status(DeskError::from(RegistryError::from(refusal)));
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.metadata["state"], "CANCELLED");
        assert!(info.metadata.contains_key("allowed"));
    }

    #[test]
    fn several_readers_are_listed() {
        let names = vec!["A 00".into(), "B 01".into()];
        let status = status(DeskError::from(ReaderError::Ambiguous { names }));
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.metadata["readers"], "A 00\nB 01");
        assert!(
            status.message().contains("A 00, B 01"),
            "{}",
            status.message()
        );
    }

    #[test]
    fn a_wrong_field_is_named() {
        let status = status(ServiceError::argument("wait", "a wait is not negative"));
        let violations = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(violations[0].field, "wait");
    }
}
