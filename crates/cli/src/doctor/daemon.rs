//! The daemon: reachable, willing, and served itself.

use xueka_api::v1::SourceState;

use super::{Check, Evidence, Finding, Machine};

/// What came of asking the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DaemonAnswer {
    /// It told of its readers, and how it stands with the PC/SC service.
    Serves(SourceState),
    /// There is no socket, or nobody at the port.
    NotRunning,
    /// There is a socket, and nobody listens.
    SocketDead,
    /// The socket may not be opened by this user.
    SocketClosed,
    /// It wants another token, or other rights.
    Refuses,
    /// Anything else, in words.
    Failed(String),
}

pub(super) fn examine(machine: &Machine, evidence: &Evidence) -> Finding {
    let server = ("server", evidence.server.as_str());
    let user = machine.own_user();
    match &evidence.daemon {
        DaemonAnswer::Serves(SourceState::NotPermitted) => {
            let user = daemon_user(machine).unwrap_or_else(|| "xueka".to_owned());
            Finding::fault(Check::DaemonTurnedAway, &[server, ("user", &user)])
        }
        DaemonAnswer::Serves(_) => Finding::good(Check::DaemonServes, &[server]),
        DaemonAnswer::NotRunning => Finding::warning(Check::DaemonNotRunning, &[server]),
        DaemonAnswer::SocketDead => Finding::warning(Check::DaemonSocketDead, &[server]),
        DaemonAnswer::SocketClosed => {
            let socket = evidence.server.trim_start_matches("unix:");
            let values = [server, ("user", user.as_str()), ("socket", socket)];
            Finding::fault(Check::DaemonSocketClosed, &values)
        }
        DaemonAnswer::Refuses => Finding::warning(Check::DaemonRefuses, &[server]),
        DaemonAnswer::Failed(cause) => {
            Finding::fault(Check::DaemonFailed, &[server, ("cause", cause)])
        }
    }
}

/// The user as whom the daemon runs.
fn daemon_user(machine: &Machine) -> Option<String> {
    let mut processes = machine.processes.iter();
    let daemon = processes.find(|process| process.name == "xuekad")?;
    let (uid, _) = daemon.user(&machine.root)?;
    super::processes::user_name(&machine.root, uid)
}
