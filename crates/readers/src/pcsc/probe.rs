//! One look at the PC/SC service and its readers, for those who want to know
//! why something does not work.
//!
//! Nothing is sent to a card, no card is powered, no reader is told anything:
//! the service is asked who is there, and each driver what it can do. Plain
//! and blocking; a service that hangs blocks it for ever.

use std::{
    env,
    ffi::CStr,
    io,
    path::{Path, PathBuf},
};

use pcsc::{Context, Error, Protocols, Scope, ShareMode};

/// What the service said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceProbe {
    /// Whether it serves us.
    pub service: ServiceAnswer,
    /// The readers that it lists.
    pub readers: Vec<ReaderProbe>,
}

/// Whether the PC/SC service serves this program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceAnswer {
    /// It does.
    Serves,
    /// Nobody answers at its socket.
    #[default]
    NoService,
    /// Somebody takes the connection and ends it: the service serves as many
    /// programs as it may, or refuses this user without a word.
    TurnsAway,
    /// It refuses this user (polkit).
    NotPermitted,
    /// It speaks another version of its protocol than the client library.
    VersionMismatch,
    /// It takes the connection and says nothing. Never told by [`probe`],
    /// which would wait; for the caller that gives it up.
    Hangs,
    /// It failed with this PC/SC error code.
    Failed {
        /// The code, as `pcsclite.h` has it.
        code: u32,
    },
}

/// One reader, as the service has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderProbe {
    /// Its PC/SC name.
    pub name: String,
    /// Whether it can be used now.
    pub access: ReaderAccess,
    /// Whether the driver lets escape commands pass; `None` where it does not
    /// tell.
    pub escapes: Option<bool>,
}

/// Whether a reader can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderAccess {
    /// It can, together with others.
    Free,
    /// Another program holds it for itself.
    InUse,
    /// The service refuses it to this user (polkit).
    NotPermitted,
    /// It was listed and is gone.
    Gone,
    /// It failed with this PC/SC error code.
    Failed {
        /// The code, as `pcsclite.h` has it.
        code: u32,
    },
}

/// `CM_IOCTL_GET_FEATURE_REQUEST`: what a driver can do beyond cards.
///
/// Source: PC/SC Part 10, §2.2.
const GET_FEATURES: pcsc::ffi::DWORD = 3400;

/// The tag of the feature "escape commands pass".
///
/// Source: PC/SC Part 10 (revision 2.02.09), §2.3; the CCID driver offers it
/// where `ifdDriverOptions` permits it, LudovicRousseau/CCID:
/// `src/ifdhandler.c`.
const FEATURE_ESCAPE: u8 = 0x13;

/// Tag, length 04, and four bytes of control code.
const FEATURE_LENGTH: usize = 6;

/// The socket at which pcscd is reached.
///
/// `PCSCLITE_CSOCK_NAME` names another one to every client (pcsc-lite,
/// `src/winscard_clnt.c`).
#[must_use]
pub fn service_socket() -> PathBuf {
    env::var_os("PCSCLITE_CSOCK_NAME").map_or_else(|| "/run/pcscd/pcscd.comm".into(), PathBuf::from)
}

/// Asks the PC/SC service and all its drivers. Blocks for as long as they take.
#[must_use]
pub fn probe() -> ServiceProbe {
    let context = match Context::establish(Scope::System) {
        Ok(context) => context,
        Err(error) => {
            return ServiceProbe {
                service: service_answer(error),
                readers: Vec::new(),
            };
        }
    };
    let names = match context.list_readers_owned() {
        Ok(names) => names,
        Err(Error::NoReadersAvailable) => Vec::new(),
        Err(error) => {
            return ServiceProbe {
                service: service_answer(error),
                readers: Vec::new(),
            };
        }
    };
    let readers = names.iter().map(|name| probe_reader(&context, name));
    ServiceProbe {
        service: ServiceAnswer::Serves,
        readers: readers.collect(),
    }
}

/// Whether somebody listens at the service's socket, and so turned a client
/// away rather than not being there.
pub(super) fn service_listens() -> bool {
    listens(&service_socket())
}

fn service_answer(error: Error) -> ServiceAnswer {
    match error {
        Error::NoService | Error::CommError if service_listens() => ServiceAnswer::TurnsAway,
        Error::SecurityViolation | Error::NoAccess => ServiceAnswer::NotPermitted,
        Error::ServiceStopped if cfg!(not(windows)) => ServiceAnswer::VersionMismatch,
        Error::NoService | Error::CommError | Error::ServiceStopped => ServiceAnswer::NoService,
        error => ServiceAnswer::Failed { code: error as u32 },
    }
}

/// Connects to the reader itself, which leaves a card in it alone.
fn probe_reader(context: &Context, name: &CStr) -> ReaderProbe {
    let connected = context.connect(name, ShareMode::Direct, Protocols::UNDEFINED);
    let (access, escapes) = match connected {
        Ok(card) => {
            let mut buffer = [0; 256];
            let features = card.control(pcsc::ctl_code(GET_FEATURES), &[], &mut buffer);
            let escapes = features.ok().map(has_escape);
            // Left as it is: the default would reset a card in it.
            let _ = card.disconnect(pcsc::Disposition::LeaveCard);
            (ReaderAccess::Free, escapes)
        }
        Err(Error::SharingViolation) => (ReaderAccess::InUse, None),
        Err(Error::SecurityViolation | Error::NoAccess) => (ReaderAccess::NotPermitted, None),
        Err(Error::UnknownReader | Error::ReaderUnavailable) => (ReaderAccess::Gone, None),
        Err(error) => (ReaderAccess::Failed { code: error as u32 }, None),
    };
    ReaderProbe {
        name: name.to_string_lossy().into_owned(),
        access,
        escapes,
    }
}

fn has_escape(features: &[u8]) -> bool {
    let mut features = features.chunks_exact(FEATURE_LENGTH);
    features.any(|feature| feature.first() == Some(&FEATURE_ESCAPE))
}

#[cfg(unix)]
fn listens(socket: &Path) -> bool {
    let refused = std::os::unix::net::UnixStream::connect(socket)
        .err()
        .map(|error| error.kind());
    // A full queue of waiting clients is somebody who listens.
    matches!(refused, None | Some(io::ErrorKind::WouldBlock))
}

#[cfg(not(unix))]
fn listens(_socket: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_is_one_feature_among_others() {
        let cases = [
            (vec![], false, "no features"),
            (vec![0x12, 4, 0x42, 0, 0, 1], false, "another one"),
            (vec![0x13, 4, 0x42, 0, 0, 1], true, "alone"),
            (
                vec![0x12, 4, 0x13, 0, 0, 1, 0x13, 4, 0x42, 0, 0, 1],
                true,
                "the second",
            ),
            (vec![0x12, 4, 0x13, 0x13, 0x13, 0x13], false, "its value"),
            (vec![0x13, 4], false, "cut off"),
        ];
        for (features, expected, why) in cases {
            assert_eq!(has_escape(&features), expected, "{why}");
        }
    }

    #[test]
    fn a_socket_without_a_listener_is_nobody() {
        let folder = std::env::temp_dir();
        assert!(!listens(&folder.join("xueka-no-such-socket")));
        assert!(!listens(&folder), "a folder is no socket");
    }

    #[test]
    fn errors_say_what_the_service_did() {
        let cases = [
            (Error::SecurityViolation, ServiceAnswer::NotPermitted),
            (Error::ServiceStopped, ServiceAnswer::VersionMismatch),
            (Error::NoMemory, ServiceAnswer::Failed { code: 0x8010_0006 }),
        ];
        for (error, expected) in cases {
            assert_eq!(service_answer(error), expected, "{error}");
        }
    }
}
