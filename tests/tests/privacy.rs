//! That nothing personal gets into the log, however much is logged, nor into
//! the text of errors.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::fs;

use xueka_tests::{Counter, Daemon, Setup};

/// Values that occur nowhere else, in the forms in which they could slip out.
const CANARIES: &[(&str, &str)] = &[
    ("1000751077665544", "a card number"),
    ("77665544", "a short number"),
    ("1000751077665599", "the number of another card"),
    ("G209912345678", "a student number"),
    ("欧阳测试甲", "a name"),
    ("六年级测试班", "a class"),
    ("D4E5F607", "a UID"),
    ("07F6E5D4", "a UID reversed"),
    ("3571840519", "a UID as a decimal number"),
    ("G209987654321", "the student number of a roll"),
    (
        "473230393938373635343332",
        "a student number as a page token",
    ),
    ("司马测试乙", "a name of a roll"),
    ("五年级测试班", "a class of a roll"),
];

fn assert_clean(text: &str, place: &str) {
    let lower = text.to_lowercase();
    for (canary, what) in CANARIES {
        let found = lower.find(&canary.to_lowercase());
        if let Some(at) = found {
            let line = lower.get(..at).unwrap_or_default().lines().count();
            panic!("{what} stands in {place}, line {line}");
        }
    }
    // Bytes as Rust shows a slice, and as octets with blanks.
    for form in ["[212, 229, 246, 7]", "d4 e5 f6 07", "d4:e5:f6:07"] {
        assert!(!lower.contains(form), "a UID stands in {place} as {form}");
    }
}

/// A student of a roll, through everything that a roll goes through.
fn roll_of_students(daemon: &Daemon) {
    let cli = daemon.cli();
    let row = "G209987654321,司马测试乙,五年级测试班";
    let roll = daemon.folder().join("roll.csv");
    let put = |rows: &str| {
        fs::write(&roll, format!("student_number,name,class\n{rows}\n")).unwrap();
        cli.run_words(&["student", "import", roll.to_str().unwrap()])
    };
    let taken = put(row).expect(0);
    assert_clean(&taken.stdout, "what is told of a roll");
    let _ = cli.run("student show G209987654321").expect(0);
    let _ = cli.run("student find --name 司马测试乙").expect(0);
    let _ = cli.run("student find --class 五年级测试班").expect(0);
    let _ = cli
        .run("student find --number G2099 --page-size 1")
        .expect(0);
    let _ = cli.run("student find --card 3571840519").expect(0);
    let _ = cli
        .run("student move G209987654321 --cohort 2030")
        .expect(0);
    let out = daemon.folder().join("out.xlsx");
    let out = out.to_str().unwrap();
    let _ = cli.run(&format!("student export {out}")).expect(0);
    let _ = cli.run("student leave G209987654321").expect(0);
    let left = cli
        .run("student move G209987654321 --cohort 2031")
        .expect(1);
    assert_clean(&left.stderr, "the refusal of a move");

    // Rows that are wrong by themselves, beside each other, and on record.
    let name = "司马测试乙";
    for rows in [
        format!("G209987654321,={name},五年级测试班"),
        format!("G209987654321{name},{name},"),
        format!("{row}\nG209987654321,{name},"),
        row.to_owned(),
        format!("{row},{row}"),
    ] {
        let refused = put(&rows).expect(1);
        assert_clean(&refused.stdout, "a refused row");
        assert_clean(&refused.stderr, "a refused row");
    }
    fs::write(&roll, format!("{row}\n")).unwrap();
    let no_roll = cli.run_words(&["student", "import", roll.to_str().unwrap()]);
    assert_clean(&no_roll.expect(1).stderr, "a file without headings");
    let _ = cli.run("student return G209987654321").expect(0);
}

#[test]
fn nothing_personal_is_logged_or_told_by_errors() {
    let daemon = Setup::simulated(1).log("trace").start();
    let cli = daemon.cli();
    let slots = cli.json("sim list");
    let reader = slots["slots"][0]["attached_to"]
        .as_str()
        .unwrap()
        .to_owned();
    let counter = Counter::new(&daemon, 0, &reader);
    let list = daemon.folder().join("list.csv");
    let row = "G209912345678,欧阳测试甲,六年级测试班,1000751077665544,D4E5F607";
    fs::write(
        &list,
        format!("student_number,name,class,card_number,UID\n{row}\n"),
    )
    .unwrap();
    let list = list.to_str().unwrap();
    let _ = cli.run_words(&["card", "import", list]).expect(0);

    // What succeeds, through every path that carries these values.
    counter.tap("transit-cpu number=1000751077665544 uid=D4E5F607");
    let _ = counter.at_reader("read").expect(0);
    assert_eq!(counter.verdict(0), "VALID");
    let _ = cli.run("card show --student G209912345678").expect(0);
    let _ = cli.run("card find 3571840519").expect(0);
    let _ = cli.run("verify 07F6E5D4").expect(0);
    let _ = cli.run("number teach 3571840519 --uid D4E5F607").expect(0);
    let _ = cli
        .run("number short 77665544 --student G209912345678")
        .expect(0);
    let _ = cli
        .run("card report-loss --number 1000751077665544")
        .expect(0);
    let _ = counter.at_reader("card cancel-loss").expect(0);
    let _ = cli
        .run("blacklist add --uid D4E5F607 --note canary")
        .expect(0);
    let _ = cli.run("blacklist check --uid D4E5F607").expect(1);
    let _ = cli.run("blacklist remove --uid D4E5F607").expect(0);

    roll_of_students(&daemon);

    // What fails, and is told.
    let refused = [
        "card show --number 1000751077665599",
        "card report-loss --number 1000751077665599",
        "card show 1000751077665599",
        "verify 1000751077665599",
        "card collect --student G209912345678",
        "card cancel-loss",
        "blacklist remove --number 1000751077665544",
        "sim insert transit-cpu number=1000751077665544X",
        "student show G20998765432",
        "student move G209987654321学 --class 五年级测试班",
        "student find --number G209987654321/ --name 司马测试乙",
        "student find --page-token 4732303939383736353433323131z",
    ];
    for line in refused {
        let answer = cli.run(line);
        assert_ne!(answer.code, 0, "{line} is refused");
        assert_clean(&answer.stderr, line);
    }
    fs::write(
        daemon.folder().join("bad.csv"),
        format!("student_number,name,class,card_number,UID\n{row}Z\n{row},{row}\n"),
    )
    .unwrap();
    let bad = daemon.folder().join("bad.csv");
    let answer = cli.run_words(&["card", "import", bad.to_str().unwrap()]);
    assert_ne!(answer.code, 0, "the list is refused");
    assert_clean(&answer.stderr, "the refusal of a list");
    assert_clean(&answer.stdout, "the refusal of a list");

    let log = daemon.log();
    assert!(log.len() > 1000, "the log was on: {log}");
    assert_clean(&log, "the log");
}
