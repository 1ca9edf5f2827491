//! The program as a process: what it asks, what it writes, how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

mod canned;
mod terminal;
mod writing;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use canned::{Answer, CannedDaemon, xueka};
use serde_json::json;

#[test]
fn readers_are_listed_in_columns() {
    let daemon = CannedDaemon::start();
    let answer = daemon.run(&["readers"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let expected = "\
entry desk (Long name of a reader)  card present  serial S1
Short (simulated)                   empty
library: missing since 2026-09-21 14:13:20; plug it in
";
    assert_eq!(answer.stdout, expected);
    assert!(daemon.seen.has("accept-language: en"));
}

#[test]
fn a_signal_is_shown_or_said_not_to_be() {
    let daemon = CannedDaemon::start();
    let shown = daemon.run(&["signal", "refuse"]);
    assert_eq!(
        (shown.code, shown.stdout.as_str()),
        (0, "The reader shows it.\n")
    );
    let silent = daemon.run(&["signal", "refuse", "--reader", "silent desk", "--json"]);
    assert_eq!(silent.code, 1, "{silent:?}");
    assert_eq!(silent.json(), json!({ "shown": false }));
}

#[test]
fn a_reading_is_shown_in_both_languages_and_as_json() {
    let daemon = CannedDaemon::start();

    let english = daemon.run(&["read", "--wait", "1s"]);
    assert_eq!(english.code, 0, "{english:?}");
    for part in [
        "Beijing transit CPU card",
        "3A5C7E91",
        "1000751012345678",
        "failed to prove its key",
    ] {
        assert!(english.stdout.contains(part), "{part}: {}", english.stdout);
    }
    assert!(!english.stdout.contains('\u{1B}'), "no colour in a pipe");

    let chinese = daemon.run(&["read", "--lang", "zh"]);
    assert!(
        chinese.stdout.contains("市政交通一卡通"),
        "{}",
        chinese.stdout
    );

    let json = daemon.run(&["--json", "read"]).json();
    assert_eq!(json["reading"]["family"], "TRANSIT_CPU");
    assert_eq!(json["reading"]["uid"], "3A5C7E91");
    assert_eq!(json["reading"]["kind"], json!(null));
}

#[test]
fn the_exit_code_tells_what_went_wrong() {
    let daemon = CannedDaemon::start();
    let cases: [(&[&str], i32, &str); 27] = [
        (&["verify", "--number", "3333"], 0, "valid"),
        (&["verify", "--number", "1111"], 1, "lost"),
        (&["verify", "--number", "2222"], 6, "cannot verify"),
        (
            &["verify", "--reader", "CARD_UNREADABLE"],
            6,
            "says nothing",
        ),
        (&["read", "--reader", "NO_CARD"], 4, "no card"),
        (&["read", "--reader", "READER_NOT_FOUND"], 4, "no reader"),
        (&["read", "--reader", "READER_AMBIGUOUS"], 2, "name one"),
        (&["read", "--reader", "PCSC_NOT_PERMITTED"], 5, "polkit"),
        (&["watch", "--reader", "NOT_AUTHENTICATED"], 5, "no token"),
        (&["watch", "--reader", "short"], 3, "the stream ended"),
        (&["card", "show", "--student", "x"], 1, "nobody"),
        (
            &["card", "cancel-loss", "--reader", "NOT_THE_SAME_CARD"],
            1,
            "another chip",
        ),
        (&["blacklist", "check", "--number", "1111"], 1, "blocked"),
        (
            &["blacklist", "check", "--number", "3333"],
            0,
            "not blocked",
        ),
        (
            &["blacklist", "remove", "--number", "1111"],
            1,
            "from its state",
        ),
        (&["token", "revoke", "gate"], 5, "not permitted"),
        (&["sim", "remove", "--slot", "9"], 4, "no such slot"),
        (&["verify", "--number", "12"], 2, "too short a number"),
        (&["verify", "1111"], 1, "the one with this print is lost"),
        (&["verify", "2222"], 1, "two bear this print"),
        (&["verify", "3333"], 1, "nobody knows this print"),
        (&["card", "find", "2222"], 0, "all that bear it"),
        (&["blacklist", "check", "1111"], 1, "blocked by its number"),
        (&["number", "teach", "9999"], 1, "no form fits"),
        (
            &["number", "short", "87654321", "--student", "G1"],
            1,
            "another card",
        ),
        (
            &["number", "short", "87654321", "--student", "G2"],
            6,
            "nothing to compare",
        ),
        (&["number", "teach"], 2, "nothing was typed"),
    ];
    for (words, expected, why) in cases {
        let answer = daemon.run(words);
        assert_eq!(answer.code, expected, "{words:?} ({why}): {answer:?}");
    }
}

#[test]
fn a_card_is_explained_section_by_section() {
    let daemon = CannedDaemon::start();
    let looked = daemon.run(&["card", "inspect"]);
    assert_eq!(looked.code, 0, "{looked:?}");
    let sections: Vec<_> = looked.stdout.trim_end().split("\n\n").skip(1).collect();
    let expected = [
        "What could be read:\n  This proves little.",
        "Signs of a copy (for information; `xueka verify` judges):\n  \
         strong  The UID is the one of blank cards.",
        "Why it was recognised so:\n  against  strong  The card has an ATS of its own.",
        "Applications that were looked for:\n  absent (6A82)  A000000632010105  T-Union transit",
        "The ATR byte by byte (position, name, value, meaning):\n  \
         0  TS  3B  direct convention",
    ];
    assert_eq!(sections, expected);

    let traced = daemon.run(&["card", "inspect", "--trace"]);
    let exchanges = traced.stdout.trim_end().rsplit("\n\n").next();
    let expected = "\
Every exchange (> command, < response):
  > FFCA000000
  < 0102****9000
  > FFCA000000
  < no answer: the card left
  3 further exchanges were not kept.
  Keys and personal data are removed (**) or replaced by made-up ones.";
    assert_eq!(exchanges, Some(expected));

    let none = daemon.run(&["card", "inspect", "--reader", "NO_CARD"]);
    assert_eq!(none.code, 4, "{none:?}");
}

#[test]
fn a_purse_is_shown_in_yuan() {
    let daemon = CannedDaemon::start();
    let balance = daemon.run(&["card", "balance"]);
    assert_eq!(balance.code, 0, "{balance:?}");
    assert!(balance.stdout.contains("-3.50 yuan"), "{}", balance.stdout);

    let trips = daemon.run(&["card", "trips"]);
    let lines: Vec<_> = trips.stdout.lines().skip(2).collect();
    let expected = [
        "2026-09-01 07:30:05  ride  -4.00 yuan   300102030405",
        "2026-09-01 07:30:05  load  100.00 yuan  300102030405",
        "This purse counts fewer loads than it did before, so the card may be a copy. \
         Keep it and ask the registrar.",
    ];
    assert_eq!(lines, expected);

    let none = daemon.run(&["card", "trips", "--reader", "NO_PURSE"]);
    assert_eq!(none.code, 1, "{none:?}");
}

#[test]
fn an_error_is_one_json_document_on_standard_error() {
    let daemon = CannedDaemon::start();
    let answer = daemon.run(&["read", "--reader", "NO_CARD", "--json"]);
    assert_eq!(answer.stdout, "");
    let expected = json!({
        "code": "FAILED_PRECONDITION",
        "reason": "NO_CARD",
        "message": "what to do now",
        "metadata": {},
        "fields": {},
    });
    assert_eq!(answer.error_json(), expected);
}

#[test]
fn a_daemon_that_is_not_there_is_named_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("none.sock");
    let answer = Answer::of(xueka(&socket, &["readers"]));
    assert_eq!(answer.code, 3);
    for part in ["none.sock", "xuekad --config", "--server"] {
        assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
    }
    let json = Answer::of(xueka(&socket, &["readers", "--json"])).error_json();
    assert_eq!(json["reason"], "DAEMON_UNREACHABLE");
    let chinese = Answer::of(xueka(&socket, &["readers", "--lang", "zh"]));
    assert!(chinese.stderr.contains("守护进程"), "{}", chinese.stderr);
}

#[test]
fn a_silent_daemon_is_given_up_and_the_change_named() {
    let daemon = CannedDaemon::start();
    let words = ["card", "collect", "--student", "G1", "--reader", "silent"];
    let more = ["--timeout", "1s", "--request-id", "a1"];
    let answer = daemon.run(&[&words[..], &more[..]].concat());
    assert_eq!(answer.code, 3, "{answer:?}");
    assert!(
        answer.stderr.contains("--request-id a1"),
        "{}",
        answer.stderr
    );
    assert!(daemon.seen.has("request: a1"));
}

#[test]
fn changes_have_a_name_of_their_own() {
    let daemon = CannedDaemon::start();
    for words in [
        &["card", "report-loss", "--number", "1111"][..],
        &["card", "report-loss", "--uid", "3A5C7E91", "--stolen"],
    ] {
        let answer = daemon.run(words);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(answer.stdout.contains("lost"), "{}", answer.stdout);
    }
    let names = daemon.seen.all("request: ");
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1]);
    let reasons = daemon.seen.all("loss: ");
    assert_eq!(reasons, ["LOSS_REASON_LOST", "LOSS_REASON_STOLEN"]);
}

#[test]
fn the_token_is_read_from_its_file() {
    let daemon = CannedDaemon::start();
    let file = daemon.directory.path().join("token");
    fs::write(&file, "abc.123\n").unwrap();
    let answer = daemon.run(&["readers", "--token-file", file.to_str().unwrap()]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(daemon.seen.has("authorization: Bearer abc.123"));

    let ended = [
        "read",
        "--reader",
        "NOT_AUTHENTICATED",
        "--token-file",
        file.to_str().unwrap(),
    ];
    let answer = daemon.run(&ended);
    assert!(answer.stderr.contains("has ended"), "{answer:?}");
    let answer = daemon.run(&ended[..3]);
    assert!(answer.stderr.contains("--token-file FILE"), "{answer:?}");

    let answer = daemon.run(&["readers", "--token-file", "/nowhere/token"]);
    assert_eq!(answer.code, 2, "{answer:?}");
}

#[test]
fn a_list_is_taken_in_and_every_refused_row_is_named() {
    let daemon = CannedDaemon::start();
    let file = daemon.directory.path().join("list.csv");
    let import = |text: &str, more: &[&str]| {
        fs::write(&file, text).unwrap();
        let words = ["card", "import", file.to_str().unwrap(), "--json"];
        daemon.run(&[&words[..], more].concat())
    };

    let good = import("学籍号,姓名,卡号\n1,李雷,1234\n2,韩梅梅,1235\n", &[]);
    assert_eq!(good.code, 0, "{good:?}");
    assert_eq!(good.json()["totals"]["registered"], 2);
    assert_eq!(daemon.seen.all("row: "), ["2 李雷", "3 韩梅梅"]);
    assert_eq!(daemon.seen.all("options: "), ["false false"]);

    let mixed = "学籍号,姓名,卡号\n1,=李,1234\nTAKEN,韩梅梅,1235\n3,张三,1236\n";
    let stopped = import(mixed, &[]);
    assert_eq!(stopped.code, 1, "{stopped:?}");
    assert_eq!(stopped.json()["totals"]["data_version"], json!(null));
    assert_eq!(daemon.seen.all("options: ").len(), 1, "nothing was sent");

    let taken = import(mixed, &["--accept-good-rows"]);
    assert_eq!(taken.code, 1, "{taken:?}");
    let json = taken.json();
    let reasons = [&json["refused"][0]["reason"], &json["refused"][1]["reason"]];
    assert_eq!(reasons, ["FORMULA", "NUMBER_TAKEN"]);
    assert_eq!(json["totals"]["received"], 3);
    assert_eq!(json["totals"]["registered"], 1);

    let wrong = import("姓名,卡号\n", &[]);
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert_eq!(wrong.error_json()["reason"], "LIST_INVALID");
}

#[test]
fn refused_rows_are_told_to_people_without_their_content() {
    let daemon = CannedDaemon::start();
    let file = daemon.directory.path().join("list.csv");
    fs::write(&file, "学籍号,姓名,卡号\n1,=秘密,1234\n").unwrap();
    let answer = daemon.run(&["card", "import", file.to_str().unwrap(), "--lang", "zh"]);
    assert_eq!(answer.code, 1);
    assert!(
        answer.stdout.contains("2   姓名  开头像公式"),
        "{}",
        answer.stdout
    );
    let all = format!("{}{}", answer.stdout, answer.stderr);
    assert!(!all.contains("秘密"), "{all}");
}

#[test]
fn all_pages_of_the_blacklist_are_one_entry_a_line() {
    let daemon = CannedDaemon::start();
    let page = daemon.run(&["blacklist", "list"]);
    assert!(page.stdout.contains("--page-token p2"), "{}", page.stdout);
    let all = daemon.run(&["blacklist", "list", "--all", "--json"]);
    let entries = all.stdout.lines().map(|line| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        entry["card"]["card_number"].as_str().unwrap().to_owned()
    });
    assert_eq!(entries.collect::<Vec<_>>(), ["1111", "2222"]);
}

#[test]
fn the_secret_of_a_token_is_alone_on_standard_output() {
    let daemon = CannedDaemon::start();
    let answer = daemon.run(&["token", "create", "gate", "--role", "verifier"]);
    assert_eq!(answer.stdout, "s3cret\n");
    assert!(answer.stderr.contains("--token-file"), "{}", answer.stderr);
}

#[test]
fn the_secret_of_a_token_goes_to_a_new_private_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let daemon = CannedDaemon::start();
    let file = daemon.directory.path().join("token");
    let path = file.to_str().unwrap();
    let create =
        |name: &str| daemon.run(&["token", "create", name, "--role", "clerk", "--save", path]);

    let refused = create("twice");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(!file.exists(), "nothing is left behind");

    let answer = create("gate");
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!answer.stdout.contains("s3cret"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "s3cret\n");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let again = create("gate");
    assert_eq!(again.code, 2, "{again:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "s3cret\n");
}

#[test]
fn a_virtual_card_is_described_by_kind_and_fields() {
    let daemon = CannedDaemon::start();
    let words = ["sim", "insert", "transit-cpu", "number=1000751012345678"];
    let answer = daemon.run(&words);
    assert_eq!(answer.code, 0, "{answer:?}");
    let described = "kind = \"transit-cpu\"\nnumber = \"1000751012345678\"\n";
    assert!(daemon.seen.has(described));
}

#[test]
fn a_daemon_without_simulator_says_how_to_have_one() {
    let daemon = CannedDaemon::start_without_simulator();
    let answer = daemon.run(&["sim", "list"]);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(
        answer.stderr.contains("xuekad --simulate"),
        "{}",
        answer.stderr
    );
}

#[test]
fn ctrl_c_ends_watching_well() {
    let daemon = CannedDaemon::start();
    let mut watch = daemon
        .command(&["watch", "--after", "6", "--epoch", "5", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(watch.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&event["sequence"], &event["epoch"]),
        (&json!(7), &json!(5))
    );
    assert_eq!(event["card_arrived"]["reading"]["uid"], "3A5C7E91");

    let pid = rustix::process::Pid::from_child(&watch);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reader_that_goes_away_ends_watching_well() {
    let daemon = CannedDaemon::start();
    let mut watch = daemon
        .command(&["watch", "--reader", "busy"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(watch.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains("card arrived"), "{line}");
    drop(stdout);
    let output = watch.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}

#[test]
fn completions_and_help_need_no_daemon() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("none.sock");
    let completions = Answer::of(xueka(&socket, &["completions", "bash"]));
    assert_eq!(completions.code, 0);
    assert!(completions.stdout.contains("report-loss"));
    let help = Answer::of(xueka(&socket, &["--help"]));
    assert_eq!(help.code, 0);
    assert!(help.stdout.contains("Exit codes:"));
}

#[test]
fn all_cards_that_bear_a_print_are_shown_and_none_is_chosen() {
    let daemon = CannedDaemon::start();
    for words in [
        &["verify", "2222"][..],
        &["card", "show", "2222"],
        &["card", "report-loss", "2222"],
        &["blacklist", "check", "2222"],
    ] {
        let answer = daemon.run(words);
        assert_eq!(answer.code, 1, "{words:?}: {answer:?}");
        for part in ["2222", "5555", "active", "lost", "UID, decimal"] {
            assert!(answer.stdout.contains(part), "{words:?}: {}", answer.stdout);
        }
        let remark = "2 cards bear this print; name one with --number or --uid.";
        assert!(answer.stderr.contains(remark), "{}", answer.stderr);
    }
    assert!(daemon.seen.all("report-loss").is_empty());
    let document = daemon.run(&["--json", "verify", "2222"]).json();
    assert_eq!(document["cards"][1]["card_number"], "5555");
}

#[test]
fn a_card_is_asked_about_under_the_name_that_its_print_led_to() {
    let daemon = CannedDaemon::start();
    let lost = daemon.run(&["--json", "verify", "1111"]).json();
    assert_eq!(lost["verdict"], "LOST");
    let blocked = daemon.run(&["--json", "blacklist", "check", "1111"]).json();
    assert_eq!(blocked["blocked"], true);
    let unknown = daemon.run(&["--json", "verify", "3333"]);
    assert_eq!(unknown.error_json()["reason"], "CARD_NOT_FOUND");
    let found = daemon.run(&["card", "find", "4444"]);
    assert!(found.stdout.contains("not on record"), "{}", found.stdout);
}

#[test]
fn forms_that_fit_are_told_with_their_lines() {
    let daemon = CannedDaemon::start();
    let words = ["number", "teach", "0514229873", "--pair", "77=uid:1EA68671"];
    let refused = daemon.run(&words);
    assert_eq!(refused.code, 2, "too short a print: {refused:?}");

    let answer = daemon.run(&[
        "number",
        "teach",
        "0514229873",
        "--pair",
        "1234=number:1111",
    ]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let expected = "\
Forms that fit, the simplest first (120 were tried; 7 cards are on record):

1. UID, decimal
   tells all cards on record apart
   in use already

2. UID, decimal
   3 cards share their print with another, such as 1111 and 5555
   1 cards have no such print

[[numbers.form]]
of = \"uid\"
coding = \"decimal\"

More forms fit. Show further cards: --next PRINTED

Put the lines of one form into the daemon's configuration and restart the daemon.
";
    assert_eq!(answer.stdout, expected);
    assert_eq!(
        daemon.seen.all("taught: "),
        ["0514229873 1000751012345678 3A5C7E91", "1234 1111 "],
        "what the reader read, then what was typed"
    );

    let by_hand = daemon.run(&["number", "teach", "514229873", "--uid", "1EA68671"]);
    assert_eq!(by_hand.code, 0, "{by_hand:?}");
    let taught = daemon.seen.all("taught: ");
    assert_eq!(taught.last().unwrap(), "514229873  1EA68671");
}

#[test]
fn when_no_form_fits_it_is_said_why_and_what_to_do() {
    let daemon = CannedDaemon::start();
    let differing = daemon.run(&["number", "teach", "9999"]);
    assert!(differing.stdout.contains("120 were tried"), "{differing:?}");
    let foreign = daemon.run(&["number", "teach", "8888"]);
    assert_eq!(foreign.code, 1, "{foreign:?}");
    assert!(foreign.stdout.contains("tap the card"), "{foreign:?}");
    assert!(!foreign.stdout.contains('0'), "{foreign:?}");
}

#[test]
fn further_cards_are_read_as_they_are_placed() {
    let daemon = CannedDaemon::start();
    let answer = daemon.run(&["number", "teach", "0514229873", "--next", "1234567890"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer.stderr.contains("place the one that says 1234567890"),
        "{}",
        answer.stderr
    );
    let taught = daemon.seen.all("taught: ");
    assert_eq!(taught.len(), 2, "{taught:?}");
}

#[test]
fn forms_in_use_are_listed() {
    let daemon = CannedDaemon::start();
    let answer = daemon.run(&["number", "forms"]);
    let expected = "\
standard    UID, decimal
configured  card number, digits 9 to 2 from the right
";
    assert_eq!(answer.stdout, expected);
}
