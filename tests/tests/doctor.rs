//! `xueka doctor` against a pcscd that serves, is dead, is held, refuses, and
//! what the daemon says in the same trouble.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use xueka_tests::{Answer, Cli, Counter, FakePcscd, Manner, PrivatePcscd, Setup, until, workspace};

/// Runs the doctor on a machine without files, so that it goes by what pcscd
/// and the daemon say.
fn doctor(cli: &Cli, pcscd: &Path) -> Answer {
    let empty = tempfile::tempdir().unwrap();
    doctor_at(cli, pcscd, empty.path())
}

fn doctor_at(cli: &Cli, pcscd: &Path, root: &Path) -> Answer {
    let words = ["doctor", "--json", "--root", root.to_str().unwrap()];
    let mut command = cli.command(&words);
    let output = command.env("PCSCLITE_CSOCK_NAME", pcscd).output().unwrap();
    Answer {
        line: "xueka doctor".into(),
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The findings of that severity, by id.
fn ids(document: &Value, severity: &str) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["severity"] == severity)
        .map(|finding| finding["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_desk_in_order_is_clean() {
    let pcscd = PrivatePcscd::start(2);
    let daemon = Setup::with_readers_of(&pcscd).start();

    let answer = doctor(&daemon.cli(), &pcscd.socket()).expect(0);

    let document = answer.document();
    assert_eq!(document["outcome"], "GOOD");
    let good = ids(&document, "GOOD");
    assert_eq!(
        good,
        [
            "service.serves",
            "reader.seen",
            "reader.seen",
            "daemon.serves"
        ]
    );
}

#[test]
fn a_daemon_that_is_not_there_is_a_warning_and_hides_nothing() {
    let pcscd = PrivatePcscd::start(2);
    let nobody = Cli::new(Path::new("/nonexistent/xuekad.sock"));

    let answer = doctor(&nobody, &pcscd.socket()).expect(1);

    assert_eq!(ids(&answer.document(), "WARNING"), ["daemon.not-running"]);
    assert_eq!(
        ids(&answer.document(), "GOOD").len(),
        3,
        "pcscd and its readers"
    );
}

#[test]
fn a_pcscd_that_was_killed_is_told_with_how_to_start_it() {
    let pcscd = PrivatePcscd::start(2);
    let daemon = Setup::with_readers_of(&pcscd).start();
    pcscd.kill();

    // Its socket is left, and is looked for below the root.
    let answer = doctor_at(&daemon.cli(), &pcscd.socket(), Path::new("/")).expect(2);

    let document = answer.document();
    assert!(
        ids(&document, "FAULT").contains(&"service.socket-dead".to_owned()),
        "{document}"
    );
    pcscd.restart();
    let _ = doctor(&daemon.cli(), &pcscd.socket()).expect(0);
}

#[test]
fn a_card_that_another_program_holds_is_told_with_its_name() {
    let pcscd = PrivatePcscd::start(2);
    let daemon = Setup::on(&pcscd).start();
    let reader = &pcscd.readers()[0];
    let counter = Counter::new(&daemon, 0, reader);
    counter.tap("transit-cpu number=1000751012345678");
    until("the card to be there", || {
        (counter.state() == "CARD_PRESENT").then_some(())
    });
    let holder = Holder::start(&pcscd.socket(), &[reader]);

    let answer = doctor_at(&daemon.cli(), &pcscd.socket(), Path::new("/")).expect(2);

    let document = answer.document();
    let findings = document["findings"].as_array().unwrap();
    let finding = findings
        .iter()
        .find(|finding| finding["id"] == "reader.in-use");
    let finding = finding.unwrap_or_else(|| panic!("{document}"));
    assert!(
        finding["seen"].as_str().unwrap().contains(reader.as_str()),
        "{finding}"
    );
    let named = format!("({})", holder.0.id());
    assert!(
        finding["why"].as_str().unwrap().contains(&named),
        "{finding}"
    );
}

/// Another program that holds cards for itself, or only a connection.
struct Holder(Child);

impl Holder {
    fn start(pcscd: &Path, readers: &[&str]) -> Self {
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "python3"])
            .arg(workspace().join("tests/python/hold_card.py"))
            .args(readers)
            .env("PCSCLITE_CSOCK_NAME", pcscd)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_pcscd_that_serves_as_many_programs_as_it_may_is_not_taken_for_a_dead_one() {
    let pcscd = PrivatePcscd::serving_at_most(1, 2);
    let _other = Holder::start(&pcscd.socket(), &[]);

    let daemon = Setup::with_readers_of(&pcscd).start();

    until("the daemon to be turned away", || {
        let answer = daemon.cli().run("readers --json");
        (answer.document()["source_state"] == "NOT_PERMITTED").then_some(())
    });
    let refusal = daemon.cli().run("readers").expect(5);
    assert!(
        refusal.stdout.contains("xueka doctor"),
        "{}",
        refusal.stdout
    );
    let read = daemon.cli().run("read --json").expect(5);
    assert_eq!(read.reason(), "PCSC_NOT_PERMITTED");
    assert!(
        read.stderr.contains("end programs"),
        "it says what to do: {}",
        read.stderr
    );
    let answer = doctor(&daemon.cli(), &pcscd.socket()).expect(2);
    let faults = ids(&answer.document(), "FAULT");
    // Which of the two it is depends on when pcscd ends the connection.
    let refused = ["service.turns-away", "service.not-permitted"];
    assert!(refused.contains(&faults[0].as_str()), "{faults:?}");
    assert_eq!(faults[1..], ["daemon.turned-away"]);
}

#[test]
fn a_pcscd_that_refuses_or_hangs_is_told_by_the_doctor_and_by_the_daemon() {
    let cases = [
        (Manner::OtherVersion, "service.version", Some("FAILED")),
        (
            Manner::NotPermitted,
            "service.not-permitted",
            Some("NOT_PERMITTED"),
        ),
        // The daemon's watcher waits for it, as nothing can end that wait.
        (Manner::Silent, "service.hangs", None),
    ];
    for (manner, id, state) in cases {
        let pcscd = FakePcscd::start(manner);
        let nobody = Cli::new(Path::new("/nonexistent/xuekad.sock"));
        let answer = doctor(&nobody, &pcscd.socket()).expect(2);
        assert_eq!(ids(&answer.document(), "FAULT"), [id], "{manner:?}");
        if let Some(state) = state {
            let daemon = Setup::with_pcscd_at(&pcscd.socket()).start();
            until("the daemon to have asked", || {
                let readers = daemon.cli().run("readers --json").document();
                (readers["source_state"] == state).then_some(())
            });
        }
    }
}
