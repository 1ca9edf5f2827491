//! Writing cards and raw commands: what is asked of the daemon, what is shown,
//! and every question that is put to a person.

use serde_json::json;

use crate::{
    canned::{Answer, CannedDaemon},
    terminal::{End, Terminal},
};

const PLAN: [&str; 5] = ["card", "write", "plan", "--number", "1000751012345678"];
const RUN: [&str; 5] = ["card", "write", "run", "--number", "1000751012345678"];
const SPOILT: [&str; 4] = ["card", "write", "spoilt", "7"];

fn words<'w>(some: &[&'w str], more: &[&'w str]) -> Vec<&'w str> {
    [some, more].concat()
}

#[test]
fn a_plan_is_shown_place_by_place() {
    let daemon = CannedDaemon::start();
    let validity = ["--valid-from", "2026-09-01", "--valid-until", "2029-07-31"];

    let english = daemon.run(&words(&PLAN, &validity));
    assert_eq!(english.code, 0, "{english:?}");
    assert_eq!(
        english.stdout,
        "\
card         MIFARE Classic 1K
UID          9B27D4E6
card number  1000751012345678
reader       Reader 0
plan         00abcdef01234567
block 4 (keys factory, school-b)
  - 00000000
  + 10007510
keys and access bits of sector 1
  - key factory
  + key A school-a, access bits 78778800, key B school-b
application F48120
  - nothing
  + 0B82
"
    );
    assert_eq!(
        daemon.seen.all("plan: "),
        ["1000751012345678 2026-09-01 2029-07-31"]
    );
    assert!(daemon.seen.all("write: ").is_empty(), "only planned");

    let chinese = daemon.run(&words(&PLAN, &["--lang", "zh"]));
    assert!(
        chinese.stdout.contains(
            "扇区 1 的密钥与存取控制位\n  - 密钥 factory\n  \
             + 密钥 A school-a，存取控制位 78778800，密钥 B school-b\n"
        ),
        "{}",
        chinese.stdout
    );

    let json = daemon.run(&words(&PLAN, &["--json"])).json();
    assert_eq!(json["plan_id"], "00abcdef01234567");
    assert_eq!(json["steps"][2]["old_content"], json!({ "nothing": {} }));
}

#[test]
fn what_is_on_the_card_already_is_not_asked_about() {
    let daemon = CannedDaemon::start();
    let run = ["card", "write", "run", "--number", "1111"];
    for (more, expected) in [
        (&[][..], "The card holds all of it already"),
        (&["--lang", "zh"], "卡上已是这些内容"),
    ] {
        let answer = daemon.run(&words(&run, more));
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(answer.stdout.contains(expected), "{answer:?}");
    }
    let json = daemon.run(&words(&run, &["--json"])).json();
    assert_eq!(json["write"], json!(null));
    assert_eq!(json["plan"]["steps"], json!([]));
    assert!(daemon.seen.all("write: ").is_empty());
}

#[test]
fn a_card_is_written_without_question_when_told_so() {
    let daemon = CannedDaemon::start();

    let named = daemon.run(&words(&RUN, &["--yes", "--request-id", "a1"]));
    assert_eq!(named.code, 0, "{named:?}");
    assert!(named.stdout.ends_with("Written, and read back.\n"));
    assert!(named.stdout.contains("block 4"), "the plan is shown");
    // Where the plan found the card, whatever was asked for.
    assert_eq!(daemon.seen.all("write: "), ["00abcdef01234567 Reader 0"]);
    assert_eq!(daemon.seen.all("request: "), ["a1"]);

    let json = daemon.run(&words(&RUN, &["--yes", "--json"])).json();
    assert_eq!(
        json["write"],
        json!({ "write_id": 7, "uid": "9B27D4E6", "outcome": "WRITTEN" })
    );
    assert_eq!(json["plan"]["card_number"], "1000751012345678");
}

#[test]
fn a_plan_that_was_shown_is_carried_out_and_its_end_told() {
    let daemon = CannedDaemon::start();
    let run = |plan: &str, more: &[&str]| -> Answer {
        daemon.run(&words(&["card", "write", "run", "--plan", plan], more))
    };
    let cases = [
        ("p1", "en", 0, "Written, and read back.\n"),
        ("p1", "zh", 0, "已写入，并已读回核对。\n"),
        (
            "tried",
            "en",
            1,
            "The card is spoilt: it is out of use and on the blacklist.\n",
        ),
        (
            "tried",
            "zh",
            1,
            "卡片已损坏，不能再用：已停用并列入黑名单。\n",
        ),
    ];
    for (plan, language, code, expected) in cases {
        let answer = run(plan, &["--lang", language, "--reader", "desk"]);
        assert_eq!(
            (answer.code, answer.stdout.as_str()),
            (code, expected),
            "{plan}: {answer:?}"
        );
    }
    assert_eq!(daemon.seen.all("write: ")[0], "p1 desk");

    let json = run("tried", &["--json"]);
    assert_eq!(json.code, 1);
    assert_eq!(json.json()["plan"], json!(null));
    assert_eq!(json.json()["write"]["outcome"], "SPOILT");

    let torn = run("torn", &["--json", "--request-id", "b2"]);
    assert_eq!(torn.code, 4, "{torn:?}");
    assert_eq!(torn.error_json()["reason"], "CARD_GONE");
    let late = run("late", &[]);
    assert_eq!((late.code, late.stdout.as_str()), (1, ""), "{late:?}");
}

#[test]
fn open_writes_are_listed_page_by_page() {
    let daemon = CannedDaemon::start();
    let list = |more: &[&str]| daemon.run(&words(&["card", "write", "list"], more));

    assert_eq!(
        list(&[]).stdout,
        "7  2026-09-21 14:15:07  9B27D4E6  1000751012345678\n\
         There is more; go on with: --page-token 7\n"
    );
    let all = list(&["--all"]).stdout;
    assert_eq!(
        all,
        "7  2026-09-21 14:15:07  9B27D4E6  1000751012345678\n\
         12  2026-09-21 14:15:12  9B27D4E6\n"
    );
    let none = ["--page-token", "none"];
    assert_eq!(list(&none).stdout, "There are no open writes.\n");
    let none = [&none[..], &["--lang", "zh"]].concat();
    assert_eq!(list(&none).stdout, "没有未完成的写入。\n");

    let json = list(&["--json"]).json();
    assert_eq!(json["next_page_token"], "7");
    assert_eq!(json["writes"][0]["open_time"], "2026-09-21T14:15:07Z");
    let lines = list(&["--json", "--all"]).stdout;
    let ids = lines.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        (line["write_id"].as_u64(), line["card_number"].is_null())
    });
    assert_eq!(
        ids.collect::<Vec<_>>(),
        [(Some(7), false), (Some(12), true)]
    );
}

#[test]
fn a_torn_card_is_taken_up_to_the_side_that_was_chosen() {
    let daemon = CannedDaemon::start();
    let cases: [(&[&str], i32, &str, &str); 5] = [
        (
            &[],
            0,
            "UNSPECIFIED",
            "The card holds what it held before.\n",
        ),
        (
            &["--to", "old"],
            0,
            "OLD",
            "The card holds what it held before.\n",
        ),
        (
            &["--to", "new", "--lang", "zh"],
            0,
            "NEW",
            "卡片保持原有内容。\n",
        ),
        (
            &["--reader", "whole"],
            0,
            "UNSPECIFIED",
            "This card has no open write.\n",
        ),
        (
            &["--reader", "broken"],
            1,
            "UNSPECIFIED",
            "The card is spoilt: it is out of use and on the blacklist.\n",
        ),
    ];
    for (more, code, side, expected) in cases {
        let answer = daemon.run(&words(&["card", "write", "recover"], more));
        assert_eq!((answer.code, answer.stdout.as_str()), (code, expected));
        let asked = daemon.seen.all("side: WRITE_SIDE_");
        assert_eq!(asked.last().map(String::as_str), Some(side));
    }
    let whole = ["card", "write", "recover", "--reader", "whole", "--json"];
    let json = daemon.run(&whole).json();
    assert_eq!(json, json!({ "reader": "Reader 0", "write": null }));
}

#[test]
fn a_card_is_given_up_by_the_number_of_its_write() {
    let daemon = CannedDaemon::start();
    let text = daemon.run(&words(&SPOILT, &["--yes"]));
    assert_eq!(text.code, 0, "{text:?}");
    assert!(text.stdout.starts_with("The card is spoilt"), "{text:?}");
    let chinese = daemon.run(&words(&SPOILT, &["--yes", "--lang", "zh"]));
    assert!(chinese.stdout.starts_with("卡片已损坏"), "{chinese:?}");
    let json = daemon.run(&words(&SPOILT, &["--yes", "--json"])).json();
    assert_eq!(
        json,
        json!({ "write": { "write_id": 7, "uid": "9B27D4E6", "outcome": "SPOILT" } })
    );
    let unknown = daemon.run(&["card", "write", "spoilt", "9", "--yes", "--json"]);
    assert_eq!(unknown.error_json()["reason"], "WRITE_NOT_FOUND");
    assert_eq!(daemon.seen.all("spoilt: "), ["7"; 3]);
}

#[test]
fn raw_commands_are_shown_with_what_answers_them() {
    let daemon = CannedDaemon::start();
    let text = daemon.run(&["exchange", "00B0840020", "00b0950000"]);
    assert_eq!(
        (text.code, text.stdout.as_str()),
        (0, "> 00B0840020\n< 01029000\n> 00B0950000\n< 6A82\n")
    );
    let json = daemon.run(&["exchange", "00B0840020", "--json"]).json();
    assert_eq!(
        json,
        json!({ "reader": "Reader 0", "responses": ["01029000"] })
    );
    assert_eq!(
        daemon.seen.all("command: "),
        ["00B0840020", "00B0950000", "00B0840020"]
    );
    let off = [
        "exchange",
        "00B0840020",
        "--reader",
        "RAW_EXCHANGE_OFF",
        "--json",
    ];
    let off = daemon.run(&off);
    assert_eq!((off.code, off.stdout.as_str()), (1, ""), "{off:?}");
    assert_eq!(off.error_json()["reason"], "RAW_EXCHANGE_OFF");
    let odd = daemon.run(&["exchange", "00B"]);
    assert_eq!(odd.code, 2, "half a byte: {odd:?}");
}

/// Each question, what was noted once it was agreed to, and what is said then.
const QUESTIONS: [(&[&str], &str, &str); 2] = [
    (&RUN, "write: ", "Written, and read back."),
    (&SPOILT, "spoilt: ", "The card is spoilt"),
];

#[test]
fn only_a_yes_on_a_terminal_is_an_agreement() {
    // Ctrl-D ends the input; behind letters it only hands them over.
    let keys = [
        ("y\n", true),
        ("yes\n", true),
        ("是\n", true),
        ("n\n", false),
        ("no\n", false),
        ("\n", false),
        ("yesterday\n", false),
        ("\u{4}", false),
    ];
    for (asking, noted, done) in QUESTIONS {
        for (pressed, agrees) in keys {
            let daemon = CannedDaemon::start();
            let mut terminal = Terminal::start(&daemon.command(asking));
            terminal.wait_for("[y/N] ");
            assert!(daemon.seen.all(noted).is_empty(), "asked first");

            terminal.press(pressed);

            let (code, said) = if agrees {
                (0, done)
            } else {
                (1, "nobody agreed, and nothing was done")
            };
            assert_eq!(terminal.end(), End::Code(code), "{pressed:?}");
            let shown = terminal.shown();
            assert!(shown.contains(said), "{pressed:?}: {shown}");
            // Not behind the question, when no key has ended its line.
            let lines: Vec<_> = shown.lines().collect();
            assert!(!lines.last().unwrap().contains("[y/N]"), "{shown}");
            let n_done = daemon.seen.all(noted).len();
            assert_eq!(n_done, usize::from(agrees), "{pressed:?}: {shown}");
        }
    }
}

#[test]
fn the_question_is_put_in_the_language_of_the_answer() {
    for (asking, _, _) in QUESTIONS {
        let daemon = CannedDaemon::start();
        let command = daemon.command(&words(asking, &["--lang", "zh"]));
        let mut terminal = Terminal::start(&command);
        terminal.wait_for("这张卡？");
        terminal.wait_for("[y/N] ");
        terminal.press("否\n");
        assert_eq!(terminal.end(), End::Code(1));
        let shown = terminal.shown();
        assert!(shown.contains("没有做任何改动"), "{shown}");
    }
}

#[test]
fn ctrl_c_at_a_question_changes_nothing() {
    for (asking, noted, _) in QUESTIONS {
        let daemon = CannedDaemon::start();
        let mut terminal = Terminal::start(&daemon.command(asking));
        terminal.wait_for("[y/N] ");
        terminal.press("\u{3}");
        // SIGINT: a shell shows 130.
        assert_eq!(terminal.end(), End::Signal(2), "{}", terminal.shown());
        assert!(daemon.seen.all(noted).is_empty());
    }
}

#[test]
fn without_a_person_to_ask_nothing_is_done() {
    for (asking, noted, _) in QUESTIONS {
        let daemon = CannedDaemon::start();
        let piped = daemon.run(asking);
        assert_eq!(piped.code, 2, "{piped:?}");
        assert!(piped.stderr.contains("--yes"), "{piped:?}");
        // Programs are not asked, even where a person sits before them.
        let command = daemon.command(&words(asking, &["--json"]));
        let mut terminal = Terminal::start(&command);
        assert_eq!(terminal.end(), End::Code(2), "{}", terminal.shown());
        assert!(terminal.shown().contains("NOT_AGREED"));
        assert!(daemon.seen.all(noted).is_empty());
    }
}
