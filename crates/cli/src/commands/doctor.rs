//! `doctor`: why readers do not work. The one command that needs no daemon.

use std::{io, path::PathBuf, sync::mpsc, thread, time::Duration};

use tonic::Code;
use xueka_api::v1::{ListReadersRequest, reader_service_client::ReaderServiceClient};
use xueka_readers::{ServiceAnswer, ServiceProbe};

use super::Dial;
use crate::{
    doctor::{self, DaemonAnswer, Evidence, Finding, Severity},
    exit::Exit,
    failure::Failure,
    layout::printable,
    output::{Output, Tone},
    words::Word,
};

/// How long the PC/SC service may take to answer; a healthy one takes
/// milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at everything and tells what it found. Its exit code is 0 when all is
/// well, 1 for warnings, 2 for faults.
pub(super) async fn run(dial: &Dial, output: &mut Output, root: PathBuf) -> Result<Exit, Failure> {
    output.tell_waiting(Word::Examining);
    let (daemon, server) = ask_daemon(dial).await?;
    let evidence = Evidence {
        root,
        service: within(PATIENCE, xueka_readers::probe),
        socket: xueka_readers::service_socket(),
        daemon,
        server,
    };
    let findings = doctor::examine(&evidence);
    let worst = doctor::worst(&findings);
    let document = doctor::document(&findings, output.language);
    output.answer(&document, |output| text(&findings, worst, output))?;
    // This command has codes of its own: how bad it is.
    Ok(match worst {
        Severity::Good => Exit::Good,
        Severity::Warning => Exit::Refused,
        Severity::Fault => Exit::Usage,
    })
}

/// Asks the PC/SC service on a thread of its own, which is left behind when
/// the service hangs.
fn within(
    patience: Duration,
    probe: impl FnOnce() -> ServiceProbe + Send + 'static,
) -> ServiceProbe {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(probe()));
    told.recv_timeout(patience).unwrap_or(ServiceProbe {
        service: ServiceAnswer::Hangs,
        readers: Vec::new(),
    })
}

/// Asks the daemon for its readers.
async fn ask_daemon(dial: &Dial) -> Result<(DaemonAnswer, String), Failure> {
    let address = dial.address()?;
    let server = address.to_string();
    let is_socket = address.is_socket();
    let connection = match dial.connect().await {
        Ok(connection) => connection,
        Err(failure) => return Ok((no_connection(failure, is_socket, dial)?, server)),
    };
    let request = connection.request(ListReadersRequest {});
    let answer = ReaderServiceClient::new(connection.channel.clone())
        .list_readers(request)
        .await;
    let answer = match answer {
        Ok(answer) => DaemonAnswer::Serves(answer.into_inner().source_state()),
        Err(status) => match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => DaemonAnswer::Refuses,
            _ => failed(&connection.failure(status), dial),
        },
    };
    Ok((answer, server))
}

/// Why there is no connection. What the caller did wrong stays a failure.
fn no_connection(failure: Failure, is_socket: bool, dial: &Dial) -> Result<DaemonAnswer, Failure> {
    match failure {
        Failure::Unreachable { cause, .. } => Ok(match cause.kind() {
            io::ErrorKind::PermissionDenied => DaemonAnswer::SocketClosed,
            io::ErrorKind::ConnectionRefused if is_socket => DaemonAnswer::SocketDead,
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => DaemonAnswer::NotRunning,
            _ => DaemonAnswer::Failed(cause.to_string()),
        }),
        failure @ (Failure::NotADaemon { .. } | Failure::NoAnswer { .. }) => {
            Ok(failed(&failure, dial))
        }
        failure => Err(failure),
    }
}

fn failed(failure: &Failure, dial: &Dial) -> DaemonAnswer {
    DaemonAnswer::Failed(failure.report(dial.language).message)
}

fn text(findings: &[Finding], worst: Severity, output: &Output) -> String {
    let mut paragraphs: Vec<_> = findings
        .iter()
        .map(|found| paragraph(found, output))
        .collect();
    let summary = match worst {
        Severity::Good => output.toned(Tone::Good, output.word(Word::AllIsWell)),
        Severity::Warning => output.toned(Tone::Doubtful, output.word(Word::SomeWarnings)),
        Severity::Fault => output.toned(Tone::Bad, output.word(Word::SomeFaults)),
    };
    paragraphs.push(summary);
    paragraphs.join("\n")
}

/// One finding: what was seen, and below it why and what to do.
fn paragraph(finding: &Finding, output: &Output) -> String {
    let (tone, word) = match finding.severity {
        Severity::Good => (Tone::Good, Word::SeverityGood),
        Severity::Warning => (Tone::Doubtful, Word::SeverityWarning),
        Severity::Fault => (Tone::Bad, Word::SeverityFault),
    };
    let language = output.language;
    let head = output.toned(tone, output.word(word));
    let mut lines = vec![format!(
        "{head}  {}  [{}]",
        printable(&finding.seen(language)),
        finding.check.id()
    )];
    let below = [finding.why(language), finding.cure(language)];
    for part in below.iter().filter(|part| !part.is_empty()) {
        lines.extend(part.lines().map(|line| format!("  {}", printable(line))));
    }
    if lines.len() > 1 {
        lines.push(String::new());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_never_answers_hangs() {
        let (_held, never) = mpsc::channel::<()>();
        let probe = within(Duration::from_millis(1), move || {
            never.recv().ok();
            ServiceProbe::default()
        });
        assert_eq!(probe.service, ServiceAnswer::Hangs);
    }

    #[test]
    fn a_service_that_answers_is_heard() {
        let probe = within(PATIENCE, ServiceProbe::default);
        assert_eq!(probe.service, ServiceAnswer::NoService);
    }
}
