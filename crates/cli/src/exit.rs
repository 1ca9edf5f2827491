//! The exit codes, and the one table from what the daemon answers to them.
//!
//! No match here has a catch-all arm: a new reason, code or verdict does not
//! compile until someone decides what a script is to make of it.

use std::process::ExitCode;

use tonic::Code;
use xueka_api::v1::{ErrorReason, Verdict};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command did what it says; the card is valid.
    Good = 0,
    /// Refused, or the card is not valid.
    Refused = 1,
    /// The command was given in a way that cannot work.
    Usage = 2,
    /// The daemon cannot be reached or gave no answer in time.
    Unreachable = 3,
    /// There is no card or no reader to work with.
    NoCard = 4,
    /// The caller may not do this.
    NotPermitted = 5,
    /// The data or the card does not allow an answer.
    CannotVerify = 6,
    /// Anything else.
    Other = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The exit code for an error: by its reason, else by its gRPC code.
pub(crate) fn of_error(code: Code, reason: Option<ErrorReason>) -> Exit {
    reason.map_or_else(|| of_code(code), of_reason)
}

fn of_reason(reason: ErrorReason) -> Exit {
    match reason {
        ErrorReason::CardNotFound
        | ErrorReason::StudentNotFound
        | ErrorReason::StudentLeft
        | ErrorReason::FileNotUsable
        | ErrorReason::FileNotMade
        | ErrorReason::NumberTaken
        | ErrorReason::UidTaken
        | ErrorReason::StudentHasCard
        | ErrorReason::NoLiveCard
        | ErrorReason::IllegalTransition
        | ErrorReason::NotTheSameCard
        | ErrorReason::WriteUnderWay
        | ErrorReason::WriteNotFound
        | ErrorReason::CardNotWritable
        | ErrorReason::WriteNotPossible
        | ErrorReason::PlanOutdated
        | ErrorReason::RawExchangeOff
        | ErrorReason::RandomUid
        | ErrorReason::NoPurse
        | ErrorReason::EntryExists
        | ErrorReason::EntryNotFound
        | ErrorReason::EntryFromState
        | ErrorReason::TokenExists
        | ErrorReason::TokenNotFound
        | ErrorReason::BlacklistNotSigned
        | ErrorReason::BatchNotFound => Exit::Refused,
        // Several readers and none named: the command has to say more.
        ErrorReason::ReaderAmbiguous
        | ErrorReason::ArgumentInvalid
        | ErrorReason::RequestIdReused
        | ErrorReason::PageTokenInvalid
        | ErrorReason::CommandRefused
        | ErrorReason::CardDescriptionInvalid => Exit::Usage,
        ErrorReason::ShuttingDown => Exit::Unreachable,
        ErrorReason::NoReader
        | ErrorReason::ReaderNotFound
        | ErrorReason::ReaderGone
        | ErrorReason::ReaderStalled
        | ErrorReason::ReaderFailed
        | ErrorReason::ReaderBusy
        | ErrorReason::PcscUnavailable
        | ErrorReason::NoCard
        | ErrorReason::CardGone
        | ErrorReason::CardChanged
        | ErrorReason::CardMute
        | ErrorReason::CardInUse
        | ErrorReason::SlotNotFound
        | ErrorReason::VirtualReaderGone => Exit::NoCard,
        ErrorReason::NotAuthenticated
        | ErrorReason::NotPermitted
        | ErrorReason::PcscNotPermitted => Exit::NotPermitted,
        ErrorReason::CardUnreadable => Exit::CannotVerify,
        ErrorReason::RegistryUnavailable
        | ErrorReason::RegistryFull
        | ErrorReason::RegistryReadOnly
        | ErrorReason::TooManySubscribers
        | ErrorReason::Unspecified => Exit::Other,
    }
}

fn of_code(code: Code) -> Exit {
    match code {
        Code::Ok => Exit::Good,
        Code::NotFound | Code::AlreadyExists | Code::FailedPrecondition | Code::Aborted => {
            Exit::Refused
        }
        Code::InvalidArgument | Code::OutOfRange => Exit::Usage,
        // The client reports its own expired deadline as cancelled.
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Exit::Unreachable,
        Code::PermissionDenied | Code::Unauthenticated => Exit::NotPermitted,
        Code::Unknown
        | Code::ResourceExhausted
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss => Exit::Other,
    }
}

/// The exit code for a verdict.
pub(crate) fn of_verdict(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Valid => Exit::Good,
        Verdict::NotIssued
        | Verdict::NotCollected
        | Verdict::Lost
        | Verdict::Damaged
        | Verdict::Replaced
        | Verdict::Blacklisted
        | Verdict::Expired
        | Verdict::NotYetValid
        | Verdict::Cancelled
        | Verdict::Suspect => Exit::Refused,
        Verdict::Unreadable | Verdict::CannotVerify => Exit::CannotVerify,
        // A daemon newer than this program may conclude what we do not know.
        Verdict::Unspecified => Exit::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_decides_and_without_one_the_code() {
        let cases = [
            (
                Code::FailedPrecondition,
                Some(ErrorReason::NoCard),
                4,
                "tap",
            ),
            (
                Code::FailedPrecondition,
                Some(ErrorReason::IllegalTransition),
                1,
                "the same code, another step",
            ),
            (
                Code::FailedPrecondition,
                Some(ErrorReason::ReaderAmbiguous),
                2,
                "name a reader",
            ),
            (
                Code::Unavailable,
                Some(ErrorReason::PcscUnavailable),
                4,
                "the daemon answers, the readers do not",
            ),
            (Code::Unavailable, None, 3, "nobody answers"),
            (Code::Cancelled, None, 3, "our own deadline"),
            (
                Code::Unavailable,
                Some(ErrorReason::ShuttingDown),
                3,
                "no longer there",
            ),
            (
                Code::FailedPrecondition,
                Some(ErrorReason::PcscNotPermitted),
                5,
                "polkit",
            ),
            (Code::Unauthenticated, None, 5, "no token"),
            (
                Code::FailedPrecondition,
                Some(ErrorReason::CardUnreadable),
                6,
                "a card that says nothing",
            ),
            (
                Code::ResourceExhausted,
                Some(ErrorReason::RegistryFull),
                7,
                "disk",
            ),
            (Code::Unimplemented, None, 7, "no simulator"),
            (Code::NotFound, None, 1, "an older daemon"),
        ];
        for (code, reason, expected, why) in cases {
            assert_eq!(of_error(code, reason) as u8, expected, "{reason:?}: {why}");
        }
    }

    #[test]
    fn an_error_is_never_good() {
        for number in 0..200 {
            if let Ok(reason) = ErrorReason::try_from(number) {
                assert_ne!(of_reason(reason), Exit::Good, "{reason:?}");
            }
            if number > 0 {
                let code = Code::from_i32(number);
                assert_ne!(of_code(code), Exit::Good, "{code:?}");
            }
        }
    }

    #[test]
    fn only_a_valid_card_is_good() {
        let cases = [
            (Verdict::Valid, 0),
            (Verdict::NotIssued, 1),
            (Verdict::NotCollected, 1),
            (Verdict::Lost, 1),
            (Verdict::Damaged, 1),
            (Verdict::Replaced, 1),
            (Verdict::Blacklisted, 1),
            (Verdict::Expired, 1),
            (Verdict::NotYetValid, 1),
            (Verdict::Cancelled, 1),
            (Verdict::Suspect, 1),
            (Verdict::Unreadable, 6),
            (Verdict::CannotVerify, 6),
            (Verdict::Unspecified, 7),
        ];
        for (verdict, expected) in cases {
            assert_eq!(of_verdict(verdict) as u8, expected, "{verdict:?}");
        }
    }
}
