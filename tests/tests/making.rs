//! How students come by cards, from the roll to the replacement: a school and a
//! district, two daemons, that exchange files; everything through `xueka`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "in a test a panic is the failure, and the procedure is one walk"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use encoding_rs::GB18030;
use serde_json::Value;
use xueka_tests::{Answer, Counter, Daemon, Setup, Signal};

const SCHOOL: &str = "[making]\ndistrict = \"0106\"\nschool = \"0106001\"\n";
const DISTRICT: &str = "[making]\ndistrict = \"0106\"\n";

/// The school's roll, in which one name is wrong.
const ROLL: &str = "\
学籍号,姓名,性别,学校代码,届,班级
G0001,张三,男,0106001,2026,高一(1)班
G0002,李雷,男,0106001,2026,高一(1)班
G0003,韩梅,女,0106001,2026,高一(1)班
G0004,赵敏,女,0106001,2026,高一(1)班
";

/// Cards of old: that of G0004 is known to both, that of G0002 to the district.
const ISSUED: &str = "学籍号,姓名,卡号,状态\nG0004,赵敏,1000751012340004,正常\n";
const ISSUED_AT_DISTRICT: &str = "学籍号,姓名,卡号,状态\nG0002,李雷,1000751012340002,正常\n";

fn put(daemon: &Daemon, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = daemon.folder().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A folder of a daemon's for the files that are written.
fn folder(daemon: &Daemon, name: &str) -> String {
    let path = daemon.folder().join(name);
    fs::create_dir(&path).unwrap();
    path.to_str().unwrap().to_owned()
}

fn making(daemon: &Daemon, words: &[&str]) -> Answer {
    let words = [&["making", "--json", "--lang", "en"], words].concat();
    daemon.cli().run_words(&words)
}

fn known(daemon: &Daemon, roll: &str, issued: &[&str]) {
    let roll = put(daemon, "roll.csv", roll);
    let words = ["student", "import", "--json", &roll];
    let _ = daemon.cli().run_words(&words).expect(0);
    for list in issued {
        let list = put(daemon, "issued.csv", list);
        let words = ["card", "import", "--json", &list];
        let _ = daemon.cli().run_words(&words).expect(0);
    }
}

/// Student, reason and card of every refusal.
fn refusals(answer: &Answer) -> Vec<(String, String, String)> {
    let document = answer.document();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = document["refused_rows"].as_array().unwrap().iter();
    rows.map(|row| {
        assert!(!text(&row["message"]).is_empty(), "{row}");
        (
            text(&row["student_number"]),
            text(&row["reason"]),
            text(&row["card_number"]),
        )
    })
    .collect()
}

fn refusal(student: &str, reason: &str, card: &str) -> (String, String, String) {
    (student.to_owned(), reason.to_owned(), card.to_owned())
}

/// Good, refused, whether it was done, whether it was done before.
fn totals(answer: &Answer) -> (u64, u64, bool, bool) {
    let document = answer.document();
    (
        document["good"].as_u64().unwrap(),
        document["refused"].as_u64().unwrap(),
        document["done"].as_bool().unwrap(),
        document["already"].as_bool().unwrap(),
    )
}

/// The file that was written to a folder.
fn written(answer: &Answer, folder: &str) -> PathBuf {
    let document = answer.document();
    Path::new(folder).join(document["file_name"].as_str().unwrap())
}

fn text_of(file: &Path) -> String {
    let bytes = fs::read(file).unwrap();
    let (text, has_lost) = GB18030.decode_without_bom_handling(&bytes);
    assert!(!has_lost);
    text.into_owned()
}

/// The states of a batch's requests, by student.
fn states(daemon: &Daemon, batch: &str) -> Vec<(String, String)> {
    let shown = making(daemon, &["show", batch]).expect(0).document();
    let requests = shown["requests"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    requests
        .map(|request| (text(&request["student_number"]), text(&request["state"])))
        .collect()
}

fn state(student: &str, state: &str) -> (String, String) {
    (student.to_owned(), state.to_owned())
}

/// What the factory returns for the district's batch 1.
fn result_file(daemon: &Daemon, name: &str, year: &str, rows: &[&str]) -> String {
    let rows_text = rows.join("\r\n");
    let n_rows = rows.len();
    let text = format!("学籍卡制卡结果\t1\t0106\t{year}\t0001\r\n{rows_text}\r\n完\t{n_rows}\r\n");
    put(daemon, name, GB18030.encode(&text).0)
}

fn assert_private(daemon: &Daemon) {
    let log = daemon.log();
    for canary in ["G000", "10007510123", "韩梅", "张三", "赵敏"] {
        assert!(!log.contains(canary), "{canary} stands in the log");
    }
}

#[test]
fn cards_are_made_from_the_school_to_the_factory_and_back() {
    let registry = tempfile::tempdir().unwrap();
    let start = || {
        let path = registry.path().join("school.db");
        let setup = Setup::simulated(1).configured(SCHOOL).log("debug");
        setup.registry(path).start()
    };
    let mut school = start();
    known(&school, ROLL, &[ISSUED]);
    let district = Setup::simulated(1)
        .configured(DISTRICT)
        .log("debug")
        .start();
    let right = ROLL.replace("韩梅,", "韩梅梅,");
    known(&district, &right, &[ISSUED, ISSUED_AT_DISTRICT]);

    // The school tries it, and is told who has a card.
    let class = ["new", "--class", "高一(1)班"];
    let holds = refusal("G0004", "HOLDS_CARD", "1000751012340004");
    let tried = making(&school, &[&["preview"], &class[..]].concat()).expect(1);
    assert_eq!(refusals(&tried), std::slice::from_ref(&holds));
    assert_eq!(totals(&tried), (3, 1, false, false));
    let out = folder(&school, "out");
    let stopped = making(&school, &[&["make", "--folder", &out], &class[..]].concat());
    assert_eq!(totals(&stopped.expect(1)), (3, 1, false, false));
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "no file is left");

    let good = ["make", "--accept-good", "--request-id", "m1", "--folder"];
    let made = making(&school, &[&good[..], &[&out], &class].concat()).expect(1);
    assert_eq!(totals(&made), (3, 1, true, false));
    let file = written(&made, &out);
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let year = &name["xjkzk_01060106001_".len()..][..4];
    assert_eq!(name, format!("xjkzk_01060106001_{year}xz_0001.txt"));
    assert_eq!(
        text_of(&file),
        format!(
            "学籍卡制卡\t1\t0106\t0106001\t{year}\txz\t0001\r\n\
             G0001\t张三\t男\t0106001\t2026\t高一(1)班\t\t\r\n\
             G0002\t李雷\t男\t0106001\t2026\t高一(1)班\t\t\r\n\
             G0003\t韩梅\t女\t0106001\t2026\t高一(1)班\t\t\r\n\
             完\t3\r\n"
        )
    );

    // The same request is the same file, after a restart too.
    school.stop(Signal::TERM);
    let school = start();
    let again = folder(&school, "again");
    let repeated = making(&school, &[&good[..], &[&again], &class].concat()).expect(1);
    assert_eq!(repeated.document(), made.document());
    let second = written(&repeated, &again);
    assert_eq!(fs::read(second).unwrap(), fs::read(&file).unwrap());

    // The district says what is the matter with each row, and takes none.
    let path = file.to_str().unwrap();
    let expected = [
        refusal("G0002", "HOLDS_CARD", "1000751012340002"),
        refusal("G0003", "NAME_DIFFERS", ""),
    ];
    let checked = making(&district, &["check", "new", path]).expect(1);
    assert_eq!(refusals(&checked), expected);
    let refused = making(&district, &["take", "new", path]).expect(1);
    assert_eq!(refusals(&refused), expected);
    assert_eq!(totals(&refused), (1, 2, false, false));
    let wrong_menu = making(&district, &["take", "reissue", path]).expect(1);
    assert_eq!(wrong_menu.reason(), "FILE_NOT_USABLE");
    let spoilt = text_of(&file).replace("\t女\t", "\t雌\t");
    let spoilt = put(&district, &name, GB18030.encode(&spoilt).0);
    let malformed = making(&district, &["check", "new", &spoilt]).expect(1);
    let row = &malformed.document()["refused_rows"][1];
    assert_eq!(row["reason"], "SEX_INVALID", "{row}");
    assert_eq!(
        (row["row"].as_u64(), row["column"].as_str()),
        (Some(4), Some("sex"))
    );

    // The school corrects it and sends it again.
    let withdrawn = making(&school, &["withdraw", "1"]).expect(0);
    assert_eq!(totals(&withdrawn), (3, 0, true, false));
    let roll = put(&school, "right.csv", &right);
    let words = ["student", "import", "--correct-names", &roll];
    let _ = school.cli().run_words(&words).expect(0);
    let words = ["make", "new", "G0001", "G0003", "--folder", &out];
    let corrected = making(&school, &words).expect(0);
    let file = written(&corrected, &out);
    let path = file.to_str().unwrap();
    let taken = making(&district, &["take", "new", path]).expect(0);
    assert_eq!(totals(&taken), (2, 0, true, false));
    let twice = making(&district, &["take", "new", path]).expect(0);
    assert_eq!(totals(&twice), (0, 0, false, true));
    assert_eq!(twice.document()["batch"], 1);
    let missing = making(&district, &["confirm", "9"]).expect(1);
    assert_eq!(missing.reason(), "BATCH_NOT_FOUND");
    let confirmed = making(&district, &["confirm", "1"]).expect(0);
    assert_eq!(totals(&confirmed), (2, 0, true, false));

    // The factory ruins two cards, one of which was all that G0003 had.
    let out = folder(&district, "out");
    let sent = making(&district, &["factory", "1", "--folder", &out]).expect(0);
    let order = text_of(&written(&sent, &out));
    assert!(
        order.contains("G0001") && order.contains("G0003"),
        "{order}"
    );
    let resent = making(&district, &["factory", "1", "--folder", &out]).expect(0);
    assert_eq!(totals(&resent), (0, 0, false, true), "the same file again");
    let rows = [
        "G0001\t1000751012349001\t\t废卡",
        "G0001\t1000751012349011\tA1A2A3A4\t成功",
        "G0003\t1000751012349003\t\t废卡",
    ];
    let result = result_file(&district, "r1.txt", year, &rows);
    let told = making(&district, &["result", &result]).expect(0);
    assert_eq!(totals(&told), (3, 0, true, false));
    let told = making(&district, &["result", &result]).expect(0);
    assert_eq!(totals(&told), (0, 0, false, true), "the same result again");
    let expected = [state("G0001", "IN_PRODUCTION"), state("G0003", "CONFIRMED")];
    assert_eq!(states(&district, "1"), expected);
    let out = folder(&district, "out2");
    let sent = making(&district, &["factory", "1", "--folder", &out]).expect(0);
    let order = text_of(&written(&sent, &out));
    assert!(
        !order.contains("G0001") && order.contains("G0003"),
        "{order}"
    );
    let rows = ["G0003\t1000751012349001\t\t成功"];
    let result = result_file(&district, "r2.txt", year, &rows);
    let another = making(&district, &["result", &result]).expect(1);
    let expected = [refusal("G0003", "NUMBER_TAKEN", "")];
    assert_eq!(refusals(&another), expected, "a spoilt number is nobody's");
    let rows = ["G0003\t1000751012349013\tB1B2B3B4\t成功"];
    let result = result_file(&district, "r3.txt", year, &rows);
    let _ = making(&district, &["result", &result]).expect(0);

    // The delivery, and the hand-out at the school.
    let delivered = making(&district, &["deliver", "1", "--folder", &out]).expect(0);
    assert_eq!(totals(&delivered), (2, 0, true, false));
    let delivery = written(&delivered, &out);
    let delivery = delivery.to_str().unwrap();
    let received = making(&school, &["receive", delivery]).expect(0);
    assert_eq!(totals(&received), (2, 0, true, false));
    let received = making(&school, &["receive", delivery]).expect(0);
    assert_eq!(
        totals(&received),
        (0, 0, false, true),
        "the same delivery again"
    );
    let reader = school.cli().json("readers")["readers"][0]["name"].clone();
    let story = Counter::new(&school, 0, reader.as_str().unwrap());
    story.tap("transit-cpu number=1000751012349011 uid=A1A2A3A4");
    let _ = story.at_reader("card collect --student G0001").expect(0);
    let expected = [state("G0001", "COLLECTED"), state("G0003", "DELIVERED")];
    assert_eq!(states(&school, "2"), expected);

    // A loss, and the reissue.
    let early = making(&school, &["preview", "reissue", "G0001", "G0004"]).expect(1);
    let expected = [
        refusal("G0001", "NOTHING_TO_REPLACE", "1000751012349011"),
        refusal("G0004", "NOTHING_TO_REPLACE", "1000751012340004"),
    ];
    assert_eq!(refusals(&early), expected);
    let loss = "card report-loss 1000751012340004";
    let _ = school.cli().run(loss).expect(0);
    let mixed = making(&school, &["preview", "new", "G0004"]).expect(1);
    let expected = [refusal("G0004", "NEEDS_REISSUE", "1000751012340004")];
    assert_eq!(refusals(&mixed), expected, "the menus are told apart");
    let out = folder(&school, "reissue");
    let made = making(&school, &["make", "reissue", "G0004", "--folder", &out]).expect(0);
    let file = written(&made, &out);
    assert!(text_of(&file).contains("\t挂失\t1000751012340004\r\n"));
    let path = file.to_str().unwrap();
    let refused = making(&district, &["take", "reissue", path]).expect(1);
    let expected = [refusal("G0004", "NOTHING_TO_REPLACE", "1000751012340004")];
    assert_eq!(refusals(&refused), expected, "not registered there");
    let _ = district.cli().run(loss).expect(0);
    let taken = making(&district, &["take", "reissue", path]).expect(0);
    assert_eq!(totals(&taken), (1, 0, true, false));
    let shown = making(&district, &["show", "2"]).expect(0).document();
    assert_eq!(shown["batch"]["fee_due_fen"], 2_000, "{shown}");

    let listed = making(&district, &["list"]).expect(0).document();
    assert_eq!(listed["batches"].as_array().unwrap().len(), 2);
    assert_private(&school);
    assert_private(&district);
}

#[test]
fn a_clerk_makes_no_card_making_files() {
    let daemon = Setup::simulated(1).start();
    let secret = daemon.folder().join("token");
    let secret = secret.to_str().unwrap();
    let create = format!("token create desk --role clerk --save {secret}");
    let _ = daemon.cli().run(&create).expect(0);
    for words in [["making", "list"], ["making", "preview"]] {
        let more: &[&str] = if words[1] == "preview" {
            &["new", "G1"]
        } else {
            &[]
        };
        let words = [&words[..], more, &["--json", "--token-file", secret]].concat();
        let refused = daemon.cli().run_words(&words);
        assert_eq!(refused.reason(), "NOT_PERMITTED", "{}", refused.line);
    }
}
