//! Cards by what is printed on them, through the two programs: taught from
//! cards in the reader, configured, found by.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::Stdio,
};

use serde_json::Value;
use xueka_tests::{Counter, Daemon, Setup};

/// Two cards whose prints are the last three bytes of the UID, as facility and
/// number, and a third that ends like the second.
const LIST: &str = "\
student_number,name,class,card_number,UID
G202401001,李小雨,高一(1)班,1000751012345678,04A1B2C34D7603
G202401002,王子涵,高一(1)班,1000751012345679,04A1B2C3000102
G202401003,陈思远,高一(2)班,,04FFEEDD000102
";

fn counter(daemon: &Daemon) -> Counter {
    let slots = daemon.cli().json("sim list");
    let reader = slots["slots"][0]["attached_to"].as_str().unwrap();
    Counter::new(daemon, 0, reader)
}

fn import(daemon: &Daemon) {
    let list = daemon.folder().join("list.csv");
    fs::write(&list, LIST).unwrap();
    let words = ["card", "import", list.to_str().unwrap()];
    let _ = daemon.cli().run_words(&words).expect(0);
}

/// Teaches from two cards, the second placed when it is asked for.
fn teach_from_two_taps(daemon: &Daemon, counter: &Counter) -> Value {
    counter.tap("ultralight uid=04A1B2C34D7603");
    let words = [
        "number",
        "teach",
        "077,30211",
        "--next",
        "000,00258",
        "--wait",
        "10s",
        "--json",
    ];
    let mut teaching = daemon
        .cli()
        .command(&words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut asked = String::new();
    let mut told = BufReader::new(teaching.stderr.take().unwrap());
    told.read_line(&mut asked).unwrap();
    assert!(asked.contains("000,00258"), "{asked}");
    counter.tap("ultralight uid=04A1B2C3000102");
    let mut answer = String::new();
    let mut output = teaching.stdout.take().unwrap();
    output.read_to_string(&mut answer).unwrap();
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert_eq!(teaching.wait().unwrap().code(), Some(0), "{rest}");
    serde_json::from_str(&answer).unwrap()
}

#[test]
fn a_form_is_taught_from_cards_configured_and_found_by() {
    let folder = tempfile::tempdir().unwrap();
    let registry = folder.path().join("registry.db");
    let daemon = Setup::simulated(1).registry(&registry).start();
    import(&daemon);
    let unknown = daemon.cli().run("card show 077,30211 --json").expect(1);
    assert_eq!(unknown.reason(), "CARD_NOT_FOUND");

    let taught = teach_from_two_taps(&daemon, &counter(&daemon));

    let best = &taught["forms"][0];
    assert_eq!(taught["cards_on_record"], 3);
    assert_eq!(best["clashing_cards"], 2, "the second and third end alike");
    assert_eq!(best["example"].as_array().unwrap().len(), 2);
    assert_eq!(best["form"]["in_use"], false);
    let lines = best["form"]["configuration"].as_str().unwrap().to_owned();
    drop(daemon);

    let daemon = Setup::simulated(1)
        .registry(&registry)
        .configured(&lines)
        .start();
    let cli = daemon.cli();
    let forms = cli.json("number forms");
    assert_eq!(forms["forms"].as_array().unwrap().len(), 6);
    for printed in ["077,30211", "07730211", "77.30211"] {
        let card = cli.json(&format!("card show {printed}"));
        assert_eq!(card["card"]["card_number"], "1000751012345678", "{printed}");
    }
    assert_eq!(cli.json("verify 077,30211")["verdict"], "VALID");

    // Two cards bear the other print: both are shown, and neither is touched.
    let both = cli.run("card report-loss 000,00258 --json").expect(1);
    let found = both.document();
    let uids: Vec<_> = found["cards"].as_array().unwrap().iter().collect();
    assert_eq!(uids.len(), 2, "{found}");
    assert!(uids.iter().all(|card| card["card"]["state"] == "ACTIVE"));

    // In any standard form, without any setting: 04A1B2C34D7603 turned round.
    let lost = cli.json("card report-loss 03764DC3B2A104");
    assert_eq!(lost["card"]["state"], "LOST");
    let checked = cli.run("blacklist check 077,30211 --json").expect(1);
    assert_eq!(checked.document()["reason"], "LOST");
}

#[test]
fn a_short_number_is_compared_with_the_students_card() {
    let daemon = Setup::simulated(1).start();
    import(&daemon);
    let cli = daemon.cli();
    let cases = [
        ("12345678 --student G202401001", 0, "FITS"),
        ("1234567 --student G202401001", 0, "FITS"),
        ("12345678 --student G202401002", 1, "CLASH"),
        ("12345678 --student G202401003", 6, "NOTHING_TO_COMPARE"),
    ];
    for (arguments, code, fit) in cases {
        let answer = cli.run(&format!("number short {arguments} --json"));
        assert_eq!(answer.expect(code).document()["fit"], fit, "{arguments}");
    }
    let nobody = cli
        .run("number short 12345678 --student G0 --json")
        .expect(1);
    assert_eq!(nobody.reason(), "STUDENT_NOT_FOUND");
}

#[test]
fn a_clerk_finds_and_compares_and_does_not_teach() {
    let daemon = Setup::simulated(1)
        .configured("[numbers.short]\nprinted = \"number\"\n")
        .start();
    import(&daemon);
    let token = daemon.folder().join("token");
    let words = ["token", "create", "desk-1", "--role", "clerk", "--save"];
    let saved = [&words[..], &[token.to_str().unwrap()]].concat();
    let _ = daemon.cli().run_words(&saved).expect(0);
    let as_clerk = |line: &str| {
        let token = token.to_str().unwrap();
        let words: Vec<_> = line.split(' ').chain(["--token-file", token]).collect();
        daemon.cli().run_words(&words)
    };
    let _ = as_clerk("card find 04A1B2C34D7603").expect(0);
    let _ = as_clerk("number forms").expect(0);
    let _ = as_clerk("number short 1234567 --student G202401001").expect(0);
    let _ = as_clerk("number short 12345678 --student G202401001").expect(1);
    let _ = as_clerk("number teach 077,30211 --uid 04A1B2C34D7603").expect(5);
}
