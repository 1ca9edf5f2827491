//! What PC/SC error codes mean: one table, and the errors made of it.

use pcsc::Error;
use xueka_transport::{SourceError, TransportError};

use super::probe::service_listens;

/// What an error code tells, whichever call gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The context has lost its service and never finds it again.
    ContextDead,
    /// The service refuses this user (polkit), or serves as many programs as
    /// it can.
    NotPermitted,
    /// The reader is not there, or none is.
    ReaderGone,
    /// The card is not there any more, or never was.
    CardGone,
    /// An exchange failed; the driver's answer to whatever went wrong.
    ExchangeFailed,
    /// Another program reset the card.
    CardReset,
    /// The card has no power; it can be given some.
    CardUnpowered,
    /// The card does not answer, or answers nothing the reader understands.
    CardMute,
    /// The card speaks no protocol that was asked for, or none yet.
    ProtocolUnfit,
    /// Another program holds the card or the reader.
    InUse,
    /// A wait ended without anything to tell.
    NothingHappened,
    /// Anything else.
    Other,
}

/// The table. The numbers are those of pcsc-lite's `pcsclite.h`.
pub(super) fn meaning(error: Error) -> Meaning {
    match error {
        // 8010001D, 8010001E, 80100013, 80100003: which of them comes depends
        // on what the service was doing when it went away.
        Error::NoService | Error::ServiceStopped | Error::CommError | Error::InvalidHandle => {
            Meaning::ContextDead
        }
        // 8010006A, 80100027.
        Error::SecurityViolation | Error::NoAccess => Meaning::NotPermitted,
        // 80100017, 80100009, 8010002E.
        Error::ReaderUnavailable | Error::UnknownReader | Error::NoReadersAvailable => {
            Meaning::ReaderGone
        }
        // 80100069, 8010000C.
        Error::RemovedCard | Error::NoSmartcard => Meaning::CardGone,
        // 80100016, 8010002F: drivers say so of any failed exchange.
        Error::NotTransacted | Error::CommDataLost => Meaning::ExchangeFailed,
        // 80100068.
        Error::ResetCard => Meaning::CardReset,
        // 80100067.
        Error::UnpoweredCard => Meaning::CardUnpowered,
        // 80100066, 80100065.
        Error::UnresponsiveCard | Error::UnsupportedCard => Meaning::CardMute,
        // 8010000F.
        Error::ProtoMismatch => Meaning::ProtocolUnfit,
        // 8010000B.
        Error::SharingViolation => Meaning::InUse,
        // 8010000A, 80100002.
        Error::Timeout | Error::Cancelled => Meaning::NothingHappened,
        _ => Meaning::Other,
    }
}

/// The error of a call that asks for readers.
pub(super) fn source_error(error: Error) -> SourceError {
    match meaning(error) {
        Meaning::ContextDead => SourceError::NoService,
        Meaning::NotPermitted => SourceError::NotPermitted,
        _ => SourceError::Failed(error.into()),
    }
}

/// The error of the call that reaches for the service.
pub(super) fn establish_error(error: Error) -> SourceError {
    match error {
        // The service takes the connection and ends it: it serves as many
        // programs as it may (seen on pcsc-lite 1.9.9), or refuses this user
        // without a word.
        Error::NoService | Error::CommError if service_listens() => SourceError::NotPermitted,
        // 8010001E here is pcsc-lite's answer to a client library that speaks
        // another version of its protocol. Windows says so of a service that
        // is not running.
        Error::ServiceStopped if cfg!(not(windows)) => SourceError::VersionMismatch,
        error => source_error(error),
    }
}

/// The error of opening a card: nothing has been sent to it.
pub(super) fn open_error(error: Error) -> TransportError {
    match meaning(error) {
        Meaning::CardGone | Meaning::ExchangeFailed => TransportError::NoCard,
        Meaning::CardReset => TransportError::CardReset,
        Meaning::CardUnpowered | Meaning::CardMute | Meaning::ProtocolUnfit => {
            TransportError::CardMute
        }
        _ => common_error(error),
    }
}

/// The error of an exchange: the card may have obeyed.
pub(super) fn exchange_error(error: Error) -> TransportError {
    match meaning(error) {
        Meaning::CardGone | Meaning::ExchangeFailed => TransportError::CardGone,
        // Nothing selected or authenticated before holds after any of these.
        // A reset by another program while this one connects leaves the new
        // connection without a protocol (seen on pcsc-lite 1.9.9).
        Meaning::CardReset | Meaning::CardUnpowered | Meaning::ProtocolUnfit => {
            TransportError::CardReset
        }
        Meaning::CardMute => TransportError::CardMute,
        _ => common_error(error),
    }
}

/// The error of something asked of the reader itself.
///
/// Drivers refuse a control code that they do not know, or do not permit, each
/// with a code of its own: 8010001F (libccid), 80100004 (older ones).
pub(super) fn control_error(error: Error) -> TransportError {
    match error {
        Error::UnsupportedFeature | Error::InvalidParameter => TransportError::Unsupported,
        error => common_error(error),
    }
}

/// Where opening and exchanging mean the same.
fn common_error(error: Error) -> TransportError {
    match meaning(error) {
        Meaning::ContextDead | Meaning::NotPermitted => source_error(error).into(),
        Meaning::ReaderGone => TransportError::ReaderGone,
        Meaning::InUse => TransportError::InUse,
        _ => TransportError::Failed(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_the_field_reports_has_its_meaning() {
        let cases = [
            (Error::RemovedCard, 0x8010_0069, Meaning::CardGone),
            (Error::NoSmartcard, 0x8010_000C, Meaning::CardGone),
            (Error::ResetCard, 0x8010_0068, Meaning::CardReset),
            (Error::UnpoweredCard, 0x8010_0067, Meaning::CardUnpowered),
            (Error::UnresponsiveCard, 0x8010_0066, Meaning::CardMute),
            (Error::UnsupportedCard, 0x8010_0065, Meaning::CardMute),
            (Error::ProtoMismatch, 0x8010_000F, Meaning::ProtocolUnfit),
            (Error::NotTransacted, 0x8010_0016, Meaning::ExchangeFailed),
            (Error::CommDataLost, 0x8010_002F, Meaning::ExchangeFailed),
            (Error::ReaderUnavailable, 0x8010_0017, Meaning::ReaderGone),
            (Error::UnknownReader, 0x8010_0009, Meaning::ReaderGone),
            (Error::NoReadersAvailable, 0x8010_002E, Meaning::ReaderGone),
            (Error::NoService, 0x8010_001D, Meaning::ContextDead),
            (Error::ServiceStopped, 0x8010_001E, Meaning::ContextDead),
            (Error::CommError, 0x8010_0013, Meaning::ContextDead),
            (Error::InvalidHandle, 0x8010_0003, Meaning::ContextDead),
            (Error::SharingViolation, 0x8010_000B, Meaning::InUse),
            (Error::SecurityViolation, 0x8010_006A, Meaning::NotPermitted),
            (Error::NoAccess, 0x8010_0027, Meaning::NotPermitted),
            (Error::Timeout, 0x8010_000A, Meaning::NothingHappened),
            (Error::Cancelled, 0x8010_0002, Meaning::NothingHappened),
            // pcsc-lite has one number for "unexpected" and "unsupported".
            (Error::UnsupportedFeature, 0x8010_001F, Meaning::Other),
            (Error::InsufficientBuffer, 0x8010_0008, Meaning::Other),
        ];
        for (error, code, expected) in cases {
            assert_eq!(error as u32, code, "{error}");
            assert_eq!(meaning(error), expected, "{error}");
        }
    }

    #[test]
    fn a_card_that_left_before_anything_was_sent_is_no_tear() {
        assert!(matches!(
            open_error(Error::RemovedCard),
            TransportError::NoCard
        ));
        assert!(matches!(
            exchange_error(Error::RemovedCard),
            TransportError::CardGone
        ));
    }

    #[test]
    fn a_connection_that_lost_its_protocol_was_reset() {
        assert!(matches!(
            exchange_error(Error::ProtoMismatch),
            TransportError::CardReset
        ));
        assert!(matches!(
            open_error(Error::ProtoMismatch),
            TransportError::CardMute
        ));
    }

    #[test]
    fn a_control_that_a_driver_does_not_know_is_not_asked_for_again() {
        for error in [Error::UnsupportedFeature, Error::InvalidParameter] {
            assert!(matches!(control_error(error), TransportError::Unsupported));
        }
        // Drivers say so of any exchange that failed, be it the next that works.
        let passing = control_error(Error::NotTransacted);
        assert!(matches!(passing, TransportError::Failed(_)));
    }

    #[test]
    fn a_dead_context_is_a_service_that_went_away() {
        for error in [Error::NoService, Error::CommError, Error::InvalidHandle] {
            assert!(matches!(source_error(error), SourceError::NoService));
            assert!(matches!(
                exchange_error(error),
                TransportError::Source(SourceError::NoService)
            ));
        }
    }
}
