//! What can go wrong, and in which words it is said.
//!
//! [`Report`] is what a person or a program is told of it in the end.

use std::{
    collections::BTreeMap,
    error::Error,
    io,
    path::{Path, PathBuf},
};

use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use xueka_api::v1::ErrorReason;
use xueka_blacklist::ListError;
use xueka_client::CopyError;

use crate::{
    exit::Exit,
    next_step,
    report::{Report, code_name},
    words::{Language, Word},
};

/// Why a command did not do what it says.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing could be reached at the daemon's address.
    Unreachable {
        /// The address.
        server: String,
        /// What the system said.
        cause: io::Error,
    },
    /// `XUEKA_SERVER` holds no address.
    Variable,
    /// Something answered there that does not speak gRPC.
    NotADaemon {
        /// The address.
        server: String,
    },
    /// The time to wait was over.
    NoAnswer {
        /// The address.
        server: String,
    },
    /// The connection broke during the call.
    ConnectionLost {
        /// The address.
        server: String,
    },
    /// The daemon answered with an error.
    Answered(Box<Status>),
    /// The daemon does not know who asks.
    NotAuthenticated {
        /// What it answered.
        status: Box<Status>,
        /// Where the token that was sent came from; `None` when none was.
        token_file: Option<PathBuf>,
    },
    /// A change was asked for and whether it was made is unknown: no answer
    /// came, or the daemon does not know it either.
    OutcomeUnknown {
        /// What happened.
        cause: Box<Failure>,
        /// The name under which it may be asked for again.
        request_id: String,
    },
    /// The daemon ended a stream that has no end.
    WatchEnded,
    /// The daemon's answer lacks what the protocol promises.
    IncompleteAnswer,
    /// The simulator was called in a daemon that has none.
    NotSimulating,
    /// A file cannot be read.
    ReadFile {
        /// Which.
        file: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A copy of the blacklist does not answer.
    Copy(CopyError),
    /// A file does not hold the key that is needed.
    KeyFile {
        /// Which.
        file: PathBuf,
    },
    /// A file cannot be written.
    WriteFile {
        /// Which.
        file: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The secret of a new token could not be kept.
    TokenLost {
        /// The token's name.
        name: String,
        /// Why.
        cause: Box<Failure>,
    },
    /// The token file holds no token.
    TokenFile {
        /// Which.
        file: PathBuf,
    },
    /// A token would be sent to another machine in the clear.
    TokenExposed {
        /// The address.
        server: String,
    },
    /// The list as a whole cannot be used.
    List(xueka_files::FileError),
    /// An item of a card's description is not of the form `key=value`.
    Description {
        /// Which item, counted from 1.
        place: usize,
    },
    /// No card that is known bears the print.
    PrintUnknown,
    /// What was asked for wants a person to agree, and none can be asked.
    NobodyToAsk,
    /// The person who was asked did not agree.
    Declined,
    /// Standard output cannot be written.
    Output(io::Error),
    /// The system gives no random numbers.
    Random,
    /// The program cannot start.
    Start(io::Error),
}

impl Failure {
    /// What the daemon at `server` answered, or what became of the call.
    pub(crate) fn of_status(status: Status, server: &str) -> Self {
        let server = server.to_owned();
        let is_local = status.source().is_some() && status.get_details_error_info().is_none();
        match status.code() {
            // The client reports its own expired deadline as cancelled.
            Code::DeadlineExceeded | Code::Cancelled => Self::NoAnswer { server },
            Code::Unavailable | Code::Unknown | Code::Internal if is_local => {
                Self::ConnectionLost { server }
            }
            _ => Self::Answered(Box::new(status)),
        }
    }

    /// The same of a caller who sent the token in this file, or none: one whom
    /// the daemon does not know is told what to do about it.
    pub(crate) fn of_caller(self, token_file: Option<&Path>) -> Self {
        match self {
            Self::Answered(status)
                if status.get_details_error_info().is_some_and(|info| {
                    info.reason == ErrorReason::NotAuthenticated.as_reason()
                }) =>
            {
                Self::NotAuthenticated {
                    status,
                    token_file: token_file.map(Path::to_owned),
                }
            }
            other => other,
        }
    }

    /// The same of a request that changes something, which may have been done.
    pub(crate) fn of_request(self, request_id: &str) -> Self {
        let may_be_done = match &self {
            Self::NoAnswer { .. } | Self::ConnectionLost { .. } => true,
            Self::Answered(status) => status
                .get_details_error_info()
                .is_some_and(|info| info.reason == ErrorReason::RegistryUnavailable.as_reason()),
            _ => false,
        };
        if !may_be_done {
            return self;
        }
        Self::OutcomeUnknown {
            cause: Box::new(self),
            request_id: request_id.to_owned(),
        }
    }

    /// What is told of it.
    pub(crate) fn report(&self, language: Language) -> Report {
        match self {
            Self::Answered(status) => return Report::of_status(status, language),
            Self::NotAuthenticated { status, token_file } => {
                let told = next_step::of_not_authenticated(token_file.as_deref(), language);
                return Report {
                    for_people: Some(told),
                    ..Report::of_status(status, language)
                };
            }
            Self::OutcomeUnknown { cause, .. } => {
                let message = self.message(language);
                return Report {
                    message,
                    ..cause.report(language)
                };
            }
            _ => {}
        }
        let (exit, code, reason) = self.kind();
        Report {
            exit,
            code: code_name(code),
            reason: reason.to_owned(),
            message: self.message(language),
            for_people: None,
            metadata: BTreeMap::new(),
            fields: BTreeMap::new(),
        }
    }

    fn kind(&self) -> (Exit, Code, &'static str) {
        match self {
            Self::Unreachable { cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => (
                Exit::NotPermitted,
                Code::PermissionDenied,
                "SOCKET_NOT_PERMITTED",
            ),
            Self::Unreachable { .. } => {
                (Exit::Unreachable, Code::Unavailable, "DAEMON_UNREACHABLE")
            }
            Self::Variable => (Exit::Usage, Code::InvalidArgument, "SERVER_INVALID"),
            Self::NotADaemon { .. } => (Exit::Unreachable, Code::Unavailable, "NOT_A_DAEMON"),
            Self::NoAnswer { .. } => (Exit::Unreachable, Code::DeadlineExceeded, "NO_ANSWER"),
            Self::ConnectionLost { .. } | Self::WatchEnded => {
                (Exit::Unreachable, Code::Unavailable, "CONNECTION_LOST")
            }
            Self::OutcomeUnknown { cause, .. } => cause.kind(),
            Self::Answered(status) | Self::NotAuthenticated { status, .. } => {
                (Exit::Other, status.code(), "")
            }
            Self::IncompleteAnswer => (Exit::Other, Code::Internal, "ANSWER_INCOMPLETE"),
            Self::NotSimulating => (Exit::Other, Code::Unimplemented, "NOT_SIMULATING"),
            Self::ReadFile { .. } => (Exit::Usage, Code::InvalidArgument, "FILE_NOT_READ"),
            Self::WriteFile { .. } => (Exit::Usage, Code::InvalidArgument, "FILE_NOT_WRITTEN"),
            Self::Copy(CopyError::File { .. }) => {
                (Exit::Usage, Code::InvalidArgument, "FILE_NOT_USED")
            }
            Self::Copy(error) => (
                Exit::CannotVerify,
                Code::FailedPrecondition,
                copy_reason(error).1,
            ),
            Self::KeyFile { .. } => (Exit::Usage, Code::InvalidArgument, "KEY_FILE_INVALID"),
            Self::TokenLost { .. } => (Exit::Other, Code::DataLoss, "TOKEN_LOST"),
            Self::TokenFile { .. } => (Exit::Usage, Code::InvalidArgument, "TOKEN_FILE_INVALID"),
            Self::TokenExposed { .. } => (Exit::Usage, Code::InvalidArgument, "TOKEN_EXPOSED"),
            Self::List(_) => (Exit::Refused, Code::InvalidArgument, "LIST_INVALID"),
            Self::Description { .. } => (
                Exit::Usage,
                Code::InvalidArgument,
                ErrorReason::CardDescriptionInvalid.as_reason(),
            ),
            Self::PrintUnknown => (
                Exit::Refused,
                Code::NotFound,
                ErrorReason::CardNotFound.as_reason(),
            ),
            Self::NobodyToAsk => (Exit::Usage, Code::InvalidArgument, "NOT_AGREED"),
            Self::Declined => (Exit::Refused, Code::FailedPrecondition, "NOT_AGREED"),
            Self::Output(_) => (Exit::Other, Code::Internal, "OUTPUT_FAILED"),
            Self::Random => (Exit::Other, Code::Internal, "NO_RANDOM_NUMBERS"),
            Self::Start(_) => (Exit::Other, Code::Internal, "START_FAILED"),
        }
    }

    fn message(&self, language: Language) -> String {
        let say = |word: Word, values: &[(&str, &str)]| word.with(language, values);
        match self {
            Self::Unreachable { server, cause } => {
                let word = match cause.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                        Word::FailNotRunning
                    }
                    io::ErrorKind::PermissionDenied => Word::FailSocketNotPermitted,
                    _ => Word::FailUnreachable,
                };
                say(word, &[("server", server), ("cause", &cause.to_string())])
            }
            Self::Variable => say(Word::FailVariable, &[]),
            Self::NotADaemon { server } => say(Word::FailNotADaemon, &[("server", server)]),
            Self::NoAnswer { server } => say(Word::FailNoAnswer, &[("server", server)]),
            Self::ConnectionLost { server } => say(Word::FailConnectionLost, &[("server", server)]),
            Self::OutcomeUnknown { cause, request_id } => {
                let message = cause.report(language).message;
                say(
                    Word::FailOutcomeUnknown,
                    &[("message", &message), ("id", request_id)],
                )
            }
            Self::Answered(status) | Self::NotAuthenticated { status, .. } => say(
                Word::FailStatus,
                &[
                    ("code", code_name(status.code())),
                    ("message", status.message()),
                ],
            ),
            Self::WatchEnded => say(Word::FailWatchEnded, &[]),
            Self::IncompleteAnswer => say(Word::FailAnswer, &[]),
            Self::NotSimulating => say(Word::FailNotSimulating, &[]),
            Self::ReadFile { file, cause } => {
                said_of_file(Word::FailReadFile, language, file, cause)
            }
            Self::WriteFile { file, cause } if cause.kind() == io::ErrorKind::AlreadyExists => {
                said_of_file(Word::FailTokenFileExists, language, file, cause)
            }
            Self::WriteFile { file, cause } => {
                said_of_file(Word::FailWriteFile, language, file, cause)
            }
            Self::Copy(CopyError::File { path, source }) => {
                said_of_file(Word::FailWriteFile, language, path, source)
            }
            Self::Copy(error) => {
                let file = match error {
                    CopyError::MarkFile(path) => path.to_string_lossy(),
                    _ => "".into(),
                };
                say(copy_reason(error).0, &[("file", &file)])
            }
            Self::KeyFile { file } => say(Word::FailKeyFile, &[("file", &file.to_string_lossy())]),
            Self::TokenLost { name, cause } => {
                let cause = cause.message(language);
                say(Word::FailTokenLost, &[("name", name), ("cause", &cause)])
            }
            Self::TokenFile { file } => {
                say(Word::FailTokenFile, &[("file", &file.to_string_lossy())])
            }
            Self::TokenExposed { server } => say(Word::FailTokenExposed, &[("server", server)]),
            Self::List(error) => crate::list_words::of_file_error(*error, language),
            Self::Description { place } => {
                say(Word::FailDescription, &[("place", &place.to_string())])
            }
            Self::PrintUnknown => say(Word::FailPrintUnknown, &[]),
            Self::NobodyToAsk => say(Word::FailNobodyToAsk, &[]),
            Self::Declined => say(Word::FailDeclined, &[]),
            Self::Output(cause) => say(Word::FailOutput, &[("cause", &cause.to_string())]),
            Self::Random => say(Word::FailRandom, &[]),
            Self::Start(cause) => say(Word::FailStart, &[("cause", &cause.to_string())]),
        }
    }
}

/// What is said of a copy that does not answer, and its reason for programs.
fn copy_reason(error: &CopyError) -> (Word, &'static str) {
    use ListError as E;
    match error {
        CopyError::Missing => (Word::FailListMissing, "LIST_MISSING"),
        CopyError::MarkFile(_) => (Word::FailListMark, "LIST_MARK_INVALID"),
        CopyError::File { .. } => (Word::FailWriteFile, "FILE_NOT_USED"),
        CopyError::Refused(refused) => match refused {
            E::NotAList => (Word::FailListNotAList, "LIST_NOT_A_LIST"),
            E::Length => (Word::FailListLength, "LIST_INCOMPLETE"),
            E::UnknownKey => (Word::FailListKey, "LIST_KEY_UNKNOWN"),
            E::Forged => (Word::FailListForged, "LIST_FORGED"),
            E::Malformed => (Word::FailListMalformed, "LIST_MALFORMED"),
            E::RolledBack => (Word::FailListRolledBack, "LIST_ROLLED_BACK"),
            E::Gapped => (Word::FailListGapped, "LIST_GAPPED"),
            E::Drifted => (Word::FailListDrifted, "LIST_DRIFTED"),
            E::Stale => (Word::FailListStale, "LIST_STALE"),
            E::FromTheFuture => (Word::FailListFuture, "LIST_FROM_THE_FUTURE"),
        },
    }
}

fn said_of_file(word: Word, language: Language, file: &Path, cause: &io::Error) -> String {
    let values = [
        ("file", &*file.to_string_lossy()),
        ("cause", &cause.to_string()),
    ];
    word.with(language, &values)
}

#[cfg(test)]
mod tests {
    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;

    fn no_card() -> Failure {
        let details = ErrorDetails::with_error_info(
            "NO_CARD",
            xueka_api::ERROR_DOMAIN,
            [("reader".to_owned(), "A".to_owned())],
        );
        let status =
            Status::with_error_details(Code::FailedPrecondition, "put a card there", details);
        Failure::of_status(status, "unix:/s")
    }

    #[test]
    fn what_the_daemon_says_is_passed_on() {
        let report = no_card().report(Language::English);
        assert_eq!(report.exit, Exit::NoCard);
        assert_eq!(report.to_text(), "xueka: put a card there\n  reader: A");
        let expected = crate::shapes::tests::documented("error");
        assert_eq!(report.to_json(), expected);
    }

    #[test]
    fn people_are_not_told_twice() {
        let readers = ("readers".to_owned(), "A\nB".to_owned());
        let step = ("allowed".to_owned(), "C\nD".to_owned());
        let details = ErrorDetails::with_error_info(
            "VIRTUAL_READER_GONE",
            xueka_api::ERROR_DOMAIN,
            [readers, step],
        );
        let code = Code::FailedPrecondition;
        let status = Status::with_error_details(code, "name one: A, B", details);
        let report = Failure::of_status(status, "unix:/s").report(Language::English);
        assert_eq!(report.to_text(), "xueka: name one: A, B\n  allowed: C, D");
        assert_eq!(report.metadata["readers"], "A\nB");
    }

    #[test]
    fn fields_that_are_wrong_are_named() {
        let mut details = ErrorDetails::with_bad_request_violation("note", "too long");
        details.set_error_info("ARGUMENT_INVALID", xueka_api::ERROR_DOMAIN, []);
        let status = Status::with_error_details(Code::InvalidArgument, "wrong", details);
        let report = Failure::of_status(status, "unix:/s").report(Language::English);
        assert_eq!(report.exit, Exit::Usage);
        assert_eq!(report.to_text(), "xueka: wrong\n  note: too long");
    }

    #[test]
    fn the_next_step_is_said_in_both_languages() {
        let failure = |kind: io::ErrorKind| Failure::Unreachable {
            server: "unix:/s".to_owned(),
            cause: kind.into(),
        };
        let cases = [
            (
                io::ErrorKind::NotFound,
                Exit::Unreachable,
                "xuekad --config",
            ),
            (
                io::ErrorKind::ConnectionRefused,
                Exit::Unreachable,
                "xuekad --config",
            ),
            (
                io::ErrorKind::PermissionDenied,
                Exit::NotPermitted,
                "--token-file",
            ),
            (
                io::ErrorKind::HostUnreachable,
                Exit::Unreachable,
                "--server",
            ),
        ];
        for (kind, exit, advice) in cases {
            for language in [Language::Chinese, Language::English] {
                let report = failure(kind).report(language);
                assert_eq!(report.exit, exit, "{kind}");
                assert!(report.message.contains(advice), "{}", report.message);
                assert!(report.message.contains("unix:/s"), "{}", report.message);
            }
        }
    }

    #[test]
    fn a_change_without_an_answer_may_be_asked_for_again() {
        let lost = Failure::of_status(Status::cancelled("Timeout expired"), "unix:/s");
        let report = lost.of_request("a1").report(Language::English);
        assert_eq!(report.exit, Exit::Unreachable);
        assert!(
            report.message.contains("--request-id a1"),
            "{}",
            report.message
        );

        let refused = no_card().of_request("a1").report(Language::English);
        assert!(!refused.message.contains("a1"), "it was answered");
    }

    #[test]
    fn a_change_that_the_registry_may_have_made_may_be_asked_for_again() {
        let reason = ErrorReason::RegistryUnavailable.as_reason();
        let details = ErrorDetails::with_error_info(reason, xueka_api::ERROR_DOMAIN, []);
        let status = Status::with_error_details(Code::Unavailable, "no registry", details);
        let failure = Failure::of_status(status, "unix:/s").of_request("a1");
        let report = failure.report(Language::English);
        assert_eq!((report.exit, report.reason.as_str()), (Exit::Other, reason));
        assert!(report.message.starts_with("no registry; "));
        assert!(
            report.message.contains("--request-id a1"),
            "{}",
            report.message
        );
    }
}
