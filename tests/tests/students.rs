//! The roll of students, from files to a registry and back, and what becomes of
//! the students: everything through `xueka` and a daemon.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{fs, path::PathBuf};

use encoding_rs::GB18030;
use rust_xlsxwriter::{Format, Formula, Workbook};
use serde_json::{Value, json};
use xueka_api::v1::{
    ImportOptions, ImportStudentsRequest, import_students_request::Part,
    student_service_client::StudentServiceClient,
};
use xueka_tests::{Answer, Daemon, Setup};

/// Four students of two classes.
const ROLL: &str = "\
学籍号,姓名,性别,学校代码,届,班级
G0001,张三,男,0106001,2026,高一(1)班
G0002,李雷,男,0106001,2026届,高一(1)班
G0003,韩梅梅,女,0106001,2026,高一(2)班
G0004,㑇𠮷,女,0106001,2027,高一(2)班
";

fn put(daemon: &Daemon, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = daemon.folder().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn free(daemon: &Daemon, name: &str) -> (PathBuf, String) {
    let path = daemon.folder().join(name);
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

fn in_gb18030(text: &str) -> Vec<u8> {
    let (bytes, encoding, has_lost) = GB18030.encode(text);
    assert!(encoding == GB18030 && !has_lost);
    bytes.into_owned()
}

/// A workbook whose cells are text.
fn workbook(sheet: &str, rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let written = workbook.add_worksheet().set_name(sheet).unwrap();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            written.write_string(row, column, *cell).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn import(daemon: &Daemon, file: &str, more: &[&str]) -> Answer {
    let words = [&["student", "import", "--json", file], more].concat();
    daemon.cli().run_words(&words)
}

/// Added, changed, unchanged, refused, and whether the rows were taken.
fn totals(answer: &Answer) -> (u64, u64, u64, u64, bool) {
    let document = answer.document();
    let totals = &document["totals"];
    let count = |name: &str| totals[name].as_u64().unwrap();
    (
        count("added"),
        count("changed"),
        count("unchanged"),
        count("refused"),
        totals["taken"].as_bool().unwrap(),
    )
}

/// Row, column and reason of every fault.
fn faults(answer: &Answer) -> Vec<(u64, String, String)> {
    let document = answer.document();
    let refused = document["refused"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    refused
        .map(|fault| {
            assert!(!text(&fault["message"]).is_empty(), "{fault}");
            (
                fault["row"].as_u64().unwrap(),
                text(&fault["column"]),
                text(&fault["reason"]),
            )
        })
        .collect()
}

/// The numbers of the students who are found.
fn found(daemon: &Daemon, conditions: &[&str]) -> Vec<String> {
    let words = [&["student", "find", "--json"], conditions].concat();
    let answer = daemon.cli().run_words(&words);
    let document = answer.document();
    let students = document["students"].as_array().unwrap().iter();
    let numbers = students.map(|student| student["student_number"].as_str().unwrap().to_owned());
    let numbers: Vec<_> = numbers.collect();
    let expected = i32::from(numbers.is_empty());
    let _ = answer.expect(expected);
    numbers
}

/// A daemon with the four students on record.
fn daemon_with_roll() -> Daemon {
    let daemon = Setup::simulated(1).start();
    let file = put(&daemon, "first.csv", ROLL);
    let taken = import(&daemon, &file, &[]).expect(0);
    assert_eq!(totals(&taken), (4, 0, 0, 0, true));
    daemon
}

#[test]
fn a_roll_in_gb18030_is_tried_taken_in_and_then_says_nothing_new() {
    let daemon = Setup::simulated(1).start();
    let file = put(&daemon, "roll.csv", in_gb18030(ROLL));

    let tried = import(&daemon, &file, &["--dry-run"]).expect(0);
    assert_eq!(totals(&tried), (4, 0, 0, 0, false));
    assert_eq!(tried.document()["encoding"], "GB18030");
    assert_eq!(found(&daemon, &[]), [""; 0], "a trial changes nothing");

    let taken = import(&daemon, &file, &[]).expect(0);
    assert_eq!(totals(&taken), (4, 0, 0, 0, true));
    assert_eq!(found(&daemon, &[]), ["G0001", "G0002", "G0003", "G0004"]);
    let shown = daemon.cli().json("student show G0004");
    let expected = json!({
        "student_number": "G0004",
        "name": "㑇𠮷",
        "class_name": "高一(2)班",
        "sex": "FEMALE",
        "school_code": "0106001",
        "cohort": 2027,
        "enrolment": "ENROLLED",
        "enrolment_since": null,
        "holding": "NO_CARD",
        "version": 1,
    });
    assert_eq!(shown["student"], expected);

    let again = import(&daemon, &file, &[]).expect(0);
    assert_eq!(totals(&again), (0, 0, 4, 0, false));
    let words = ["student", "import", &file, "--lang", "zh"];
    let told = daemon.cli().run_words(&words).expect(0).stdout;
    assert!(told.contains("没有改动"), "{told}");
}

#[test]
fn a_workbook_of_another_look_brings_students_up_to_date() {
    let daemon = daemon_with_roll();
    let rows: [&[&str]; 5] = [
        &["第一中学 2026 年学生名册"],
        &["电话", "教育ID", "姓名", "现班级", "学籍状态"],
        &["139", "G0001", "张三", "高一(2)班", "在校"],
        &["138", "G0002", "李雷", "", "休学"],
        &["137", "G0009", "新同学", "高一(2)班", ""],
    ];
    let file = put(&daemon, "roll.xlsx", workbook("学生", &rows));
    let columns = "student_number=教育ID,class_name=4";
    let layout = ["--header-row", "2", "--columns", columns];

    let plain = import(&daemon, &file, &[]).expect(1);
    assert_eq!(plain.reason(), "FILE_NOT_USABLE", "its headings are others");
    let missing = [&layout[..], &["--sheet", "2025"]].concat();
    let missing = import(&daemon, &file, &missing).expect(1);
    let error: Value = serde_json::from_str(&missing.stderr).unwrap();
    assert_eq!(error["metadata"]["cause"], "NO_SHEET", "{error}");

    let taken = import(&daemon, &file, &layout).expect(0);

    assert_eq!(totals(&taken), (1, 2, 0, 0, true));
    assert_eq!(taken.document()["ignored_columns"], json!([1]));
    let moved = daemon.cli().json("student show G0001");
    assert_eq!(moved["student"]["class_name"], "高一(2)班");
    assert_eq!(moved["student"]["cohort"], 2026, "what is left out stays");
    let resting = daemon.cli().json("student show G0002");
    assert_eq!(resting["student"]["enrolment"], "ON_LEAVE");
    assert_eq!(resting["student"]["class_name"], "高一(1)班");
    let again = import(&daemon, &file, &layout).expect(0);
    assert_eq!(totals(&again), (0, 0, 3, 0, false));
}

/// Rows with everything that can be wrong, in the order of the roll's columns,
/// and what is said of each; every other row is good.
fn bad_rows() -> Vec<(String, &'static str, &'static str)> {
    let row = |cells: &str| cells.to_owned();
    let long = "长".repeat(1400);
    vec![
        (row(",无号,男,,,,,"), "STUDENT_NUMBER", "EMPTY"),
        (
            row("学9,甲,男,,,,,"),
            "STUDENT_NUMBER",
            "STUDENT_NUMBER_INVALID",
        ),
        (row("B2,,男,,,,,"), "NAME", "EMPTY"),
        (row("B3,=甲,男,,,,,"), "NAME", "FORMULA"),
        (row("B4,甲\u{7},男,,,,,"), "NAME", "CONTROL_CHARACTER"),
        (
            row("B5,甲\u{202E}乙,男,,,,,"),
            "NAME",
            "INVISIBLE_CHARACTER",
        ),
        (row("B6,甲\u{FFFD},男,,,,,"), "NAME", "LOST_CHARACTER"),
        (row("B7,\"甲\n乙\",男,,,,,"), "NAME", "LINE_BREAK"),
        (
            format!("B8,{},男,,,,,", "名".repeat(65)),
            "NAME",
            "NAME_INVALID",
        ),
        (
            format!("B9,甲,男,,,{long},,"),
            "CLASS_NAME",
            "CELL_TOO_LONG",
        ),
        (row("B10,甲,他,,,,,"), "SEX", "SEX_INVALID"),
        (
            row("B11,甲,男,一中,,,,"),
            "SCHOOL_CODE",
            "SCHOOL_CODE_INVALID",
        ),
        (row("B12,甲,男,,2026级,,,"), "COHORT", "COHORT_INVALID"),
        (
            format!("B13,甲,男,,,{},,", "班".repeat(65)),
            "CLASS_NAME",
            "CLASS_NAME_INVALID",
        ),
        (row("B14,甲,男,,,,毕业,"), "STATE", "ENROLMENT_INVALID"),
        (row("B15,甲,男,,,,,9月1日"), "STATE_SINCE", "DATE_INVALID"),
        (row("B16,甲,男"), "", "CELL_COUNT"),
        (row("G0001,另一人,男,,,,,"), "NAME", "NAME_DIFFERS"),
        (row("G0004,㑇𠮷,女,,,,,"), "STUDENT_NUMBER", "STUDENT_LEFT"),
        (row("A1,好一,男,,,,,"), "STUDENT_NUMBER", "DUPLICATE_ROW"),
    ]
}

#[test]
fn every_kind_of_bad_row_is_told_with_its_row_column_and_reason() {
    let daemon = daemon_with_roll();
    let _ = daemon.cli().run("student leave G0004").expect(0);
    let mut text = "学籍号,姓名,性别,学校代码,届,班级,学籍状态,状态日期\n".to_owned();
    text.push_str("A1,好一,男,,,,,\nA2,好二,女,,,,,\n");
    let mut expected = Vec::new();
    for (row, (cells, column, reason)) in (4..).zip(bad_rows()) {
        expected.push((row, column.to_owned(), reason.to_owned()));
        text.push_str(&cells);
        // A cell with a line break is one row all the same.
        text.push('\n');
    }
    text.push_str("C1,一人,男,,,,,\nC1,两人,男,,,,,\n");
    let n_rows = expected.len() as u64 + 4;
    for row in [n_rows, n_rows + 1] {
        let reason = "CONTRADICTING_ROW".to_owned();
        expected.push((row, "STUDENT_NUMBER".to_owned(), reason));
    }
    let file = put(&daemon, "bad.csv", &text);
    let (verdicts, out) = free(&daemon, "verdicts.csv");

    let stopped = import(&daemon, &file, &["--verdicts", &out]).expect(1);

    assert_eq!(faults(&stopped), expected);
    let n_bad = expected.len() as u64;
    assert_eq!(totals(&stopped), (2, 0, 0, n_bad, false));
    assert_eq!(found(&daemon, &["--number", "A"]), [""; 0]);
    let told = fs::read_to_string(&verdicts).unwrap();
    assert_eq!(
        told.lines().count() as u64,
        1 + n_rows,
        "a line a row: {told}"
    );
    assert!(told.starts_with("\u{FEFF}row,verdict,"), "{told}");
    assert!(told.contains("\n2,accepted,"), "{told}");
    assert!(told.contains("\n7,refused,name,FORMULA,"), "{told}");
    for secret in ["甲", "好一", "G0001", "另一人"] {
        assert!(!told.contains(secret), "{secret} in {told}");
        assert!(!stopped.stdout.contains(secret), "{}", stopped.stdout);
    }

    let taken = import(&daemon, &file, &["--good-rows"]).expect(1);
    assert_eq!(totals(&taken), (2, 0, 0, n_bad, true));
    assert_eq!(found(&daemon, &["--number", "A"]), ["A1", "A2"]);
}

#[test]
fn cells_of_a_workbook_that_lost_something_are_refused() {
    let daemon = Setup::simulated(1).start();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0..).zip(["学籍号", "姓名", "届", "状态日期"]) {
        sheet.write_string(0, column, heading).unwrap();
    }
    let day = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write_string(1, 0, "0007").unwrap();
    sheet.write_string(1, 1, "甲").unwrap();
    sheet.write_number(1, 2, 2026).unwrap();
    sheet.write_number_with_format(1, 3, 46_266, &day).unwrap();
    sheet.write_number(2, 0, 7).unwrap();
    sheet.write_string(2, 1, "乙").unwrap();
    sheet.write_string(3, 0, "0009").unwrap();
    let error = Formula::new("=NA()").set_result("#N/A");
    sheet.write_formula(3, 1, error).unwrap();
    let file = put(&daemon, "roll.xlsx", book.save_to_buffer().unwrap());

    let taken = import(&daemon, &file, &["--good-rows"]).expect(1);

    let fault = |row, column: &str, reason: &str| (row, column.to_owned(), reason.to_owned());
    let expected = [
        fault(3, "STUDENT_NUMBER", "NOT_TEXT"),
        fault(4, "NAME", "SPREADSHEET_ERROR"),
    ];
    assert_eq!(faults(&taken), expected);
    let shown = daemon.cli().json("student show 0007");
    assert_eq!(shown["student"]["cohort"], 2026);
    assert_eq!(shown["student"]["enrolment_since"], "2026-09-01");
}

#[test]
fn students_are_found_by_everything_that_is_known_of_them() {
    let daemon = daemon_with_roll();
    let list = "学籍号,姓名,卡号,UID\nG0003,韩梅梅,1000751012345678,1EA68671\n";
    let list = put(&daemon, "cards.csv", list);
    let _ = daemon.cli().run_words(&["card", "import", &list]).expect(0);
    let all = ["G0001", "G0002", "G0003", "G0004"];
    let cases: [(&[&str], &[&str], &str); 14] = [
        (&[], &all, "everybody"),
        (&["--number", "G0002"], &["G0002"], "a number"),
        (&["--number", "G000"], &all, "the beginning of numbers"),
        (&["--number", "0002"], &[], "no end of numbers"),
        (&["--name", "韩"], &["G0003"], "the beginning of a name"),
        (&["--name", "㑇𠮷"], &["G0004"], "a rare name"),
        (&["--school", "0106001"], &all, "a school"),
        (&["--school", "106001"], &[], "zeros count"),
        (&["--cohort", "2027"], &["G0004"], "a cohort"),
        (&["--class", "高一(1)班"], &["G0001", "G0002"], "a class"),
        (
            &["--class", "高一(2)班", "--cohort", "2026"],
            &["G0003"],
            "both hold",
        ),
        (&["--card", "1000751012345678"], &["G0003"], "a card number"),
        (&["--card", "7186A61E"], &["G0003"], "a UID reversed"),
        (
            &["--card", "0514229873", "--cohort", "2027"],
            &[],
            "not hers",
        ),
    ];
    for (conditions, expected, why) in cases {
        assert_eq!(found(&daemon, conditions), expected, "{why}");
    }
    let decimal = u32::from_str_radix("1EA68671", 16).unwrap().to_string();
    assert_eq!(found(&daemon, &["--card", &decimal]), ["G0003"]);

    let first = daemon.cli().json("student find --page-size 3");
    assert_eq!(first["students"].as_array().unwrap().len(), 3);
    let token = first["next_page_token"].as_str().unwrap();
    assert_eq!(found(&daemon, &["--page-token", token]), ["G0004"]);
    let every = daemon.cli().run("student find --all --page-size 1 --json");
    assert_eq!(every.expect(0).stdout.lines().count(), 4);
    let wrong = daemon.cli().run("student find --page-token zz --json");
    assert_eq!(wrong.expect(2).reason(), "PAGE_TOKEN_INVALID");

    let shown = daemon.cli().json("student show G0003");
    assert_eq!(shown["student"]["holding"], "HOLDING");
    assert_eq!(shown["cards"][0]["card_number"], "1000751012345678");
    let nobody = daemon.cli().run("student show G9 --json");
    assert_eq!(nobody.expect(1).reason(), "STUDENT_NOT_FOUND");
}

#[test]
fn students_move_leave_and_return() {
    let daemon = daemon_with_roll();
    let cli = daemon.cli();
    let list = put(
        &daemon,
        "cards.csv",
        "学籍号,姓名,卡号\nG0001,张三,1000751012345678\n",
    );
    let _ = cli.run_words(&["card", "import", &list]).expect(0);

    let moved = cli.json("student move G0001 G0002 --class 高二(1)班 --school 0106002");
    assert_eq!(
        (&moved["moved"], &moved["unchanged"]),
        (&json!(2), &json!(0))
    );
    let again = cli.json("student move G0001 --class 高二(1)班");
    assert_eq!(
        (&again["moved"], &again["unchanged"]),
        (&json!(0), &json!(1))
    );
    let class = ["--class", "高二(1)班", "--school", "0106002"];
    assert_eq!(found(&daemon, &class), ["G0001", "G0002"]);

    let tried = cli.json("student leave G0001 --since 2026-07-15 --dry-run");
    assert_eq!(tried["moved"], 1);
    assert_eq!(
        cli.json("student show G0001")["student"]["enrolment"],
        "ENROLLED"
    );
    let left = "student leave G0001 --since 2026-07-15 --request-id away-1";
    let first = cli.json(left);
    assert_eq!(cli.json(left), first, "the same request is done once");
    let other = cli.run("student leave G0002 --request-id away-1 --json");
    assert_eq!(other.expect(2).reason(), "REQUEST_ID_REUSED");
    let shown = cli.json("student show G0001");
    assert_eq!(shown["student"]["holding"], "LEFT");
    assert_eq!(shown["student"]["enrolment_since"], "2026-07-15");
    assert_eq!(shown["cards"][0]["state"], "CANCELLED");
    assert_eq!(found(&daemon, &["--number", "G0001"]), [""; 0]);
    assert_eq!(
        found(&daemon, &["--number", "G0001", "--with-left"]),
        ["G0001"]
    );
    assert_eq!(found(&daemon, &["--card", "1000751012345678"]), ["G0001"]);
    let verdict = cli.run("verify --number 1000751012345678 --json").expect(1);
    assert_eq!(verdict.document()["verdict"], "CANCELLED");

    let refused = cli
        .run("student move G0002 G0001 G9999 --class 高三(1)班 --json")
        .expect(1)
        .document();
    assert_eq!(refused["moved"], 0, "all or none");
    assert_eq!(refused["refused"][0]["student_number"], "G0001");
    assert_eq!(refused["refused"][0]["reason"], "STUDENT_LEFT");
    assert_eq!(refused["refused"][0]["allowed"], json!(["BACK"]));
    assert_eq!(refused["refused"][1]["reason"], "UNKNOWN_STUDENT");
    assert_eq!(found(&daemon, &["--class", "高三(1)班"]), [""; 0]);

    let back = cli.json("student return G0001 --since 2026-09-01");
    assert_eq!(back["moved"], 1);
    let shown = cli.json("student show G0001");
    assert_eq!(shown["student"]["holding"], "NO_CARD");
    assert_eq!(shown["cards"][0]["state"], "CANCELLED", "cards stay so");
    let told = cli.run("student show G0001 --lang zh").expect(0).stdout;
    assert!(told.contains("在校") && told.contains("注销"), "{told}");
    let nowhere = cli.run("student move G0001 --json");
    assert_eq!(nowhere.code, 2, "{}", nowhere.stderr);
}

#[test]
fn what_is_exported_is_taken_in_again() {
    let daemon = daemon_with_roll();
    let cli = daemon.cli();
    let _ = cli.run("student leave G0002 --since 2026-07-15").expect(0);
    let other = Setup::simulated(1).start();
    for (n, form) in ["csv", "csv-gb18030", "xlsx"].into_iter().enumerate() {
        let (path, out) = free(&daemon, &format!("roll.{form}"));
        let line = format!("student export {out} --form {form} --with-left --json");
        let written = cli.run(&line).expect(0).document();
        assert_eq!(written["students"], 4, "{form}");
        let same = import(&daemon, &out, &[]).expect(0);
        assert_eq!(totals(&same), (0, 0, 4, 0, false), "{form}");
        let elsewhere = import(&other, &out, &[]).expect(0);
        let expected = if n == 0 {
            (4, 0, 0, 0, true)
        } else {
            (0, 0, 4, 0, false)
        };
        assert_eq!(totals(&elsewhere), expected, "{form}");
        let (copy, out) = free(&other, &format!("roll.{form}"));
        let line = format!("student export {out} --form {form} --with-left");
        let _ = other.cli().run(&line).expect(0);
        let same = fs::read(path).unwrap() == fs::read(copy).unwrap();
        assert!(same, "{form}: the same students give the same bytes");
    }
    let (_, there) = free(&daemon, "roll.csv");
    let again = cli.run(&format!("student export {there} --json"));
    assert_eq!(again.expect(2).reason(), "FILE_NOT_WRITTEN", "it is kept");

    // A class whose name a spreadsheet would run.
    let _ = cli.run("student move G0001 --class =1+1").expect(0);
    let (path, out) = free(&daemon, "inert.csv");
    let _ = cli
        .run(&format!("student export {out} --number G0001"))
        .expect(0);
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(",'=1+1,"), "{text}");
    let back = import(&daemon, &out, &[]).expect(1);
    let fault = (2, "CLASS_NAME".to_owned(), "FORMULA".to_owned());
    assert_eq!(faults(&back), [fault]);
}

#[test]
fn the_configuration_says_how_rolls_look_and_what_they_may_ask() {
    let daemon = Setup::simulated(1)
        .configured(
            "[students.roll]\nheader_row = 0\ndelimiter = \"semicolon\"\n\
             columns.student_number = 1\ncolumns.name = 2\n\
             [students.limits]\nmax_rows = 2\nmax_file_bytes = 60\n",
        )
        .start();
    let cause = |content: &str| {
        let file = put(&daemon, "roll.csv", content);
        let refused = import(&daemon, &file, &[]).expect(1);
        assert_eq!(refused.reason(), "FILE_NOT_USABLE");
        let error: Value = serde_json::from_str(&refused.stderr).unwrap();
        error["metadata"]["cause"].as_str().unwrap().to_owned()
    };
    assert_eq!(cause("1;a\n2;b\n3;c\n"), "TOO_MANY_ROWS");
    assert_eq!(cause(&"1;a\n".repeat(16)), "TOO_LARGE");

    let file = put(&daemon, "roll.csv", "1;a\n2;b\n");
    let taken = import(&daemon, &file, &[]).expect(0);
    assert_eq!(totals(&taken), (2, 0, 0, 0, true));
    assert_eq!(taken.document()["delimiter"], "SEMICOLON");
    let file = put(&daemon, "other.csv", "3;c\n");
    let _ = import(&daemon, &file, &[]).expect(0);
    let (path, out) = free(&daemon, "out.csv");
    let many = daemon.cli().run(&format!("student export {out} --json"));
    assert_eq!(many.expect(1).reason(), "FILE_NOT_MADE");
    assert!(!path.exists(), "nothing is left behind");
}

#[test]
fn the_same_import_under_one_request_is_done_once() {
    let daemon = Setup::simulated(1).start();
    let file = put(&daemon, "roll.csv", ROLL);
    let first = import(&daemon, &file, &["--request-id", "r1"]).expect(0);
    let _ = daemon.cli().run("student leave G0001").expect(0);

    let again = import(&daemon, &file, &["--request-id", "r1"]).expect(0);

    assert_eq!(again.stdout, first.stdout, "answered as before");
    let other = put(&daemon, "other.csv", "学籍号,姓名\nG5,甲\n");
    let other_roll = import(&daemon, &other, &["--request-id", "r1"]).expect(2);
    assert_eq!(other_roll.reason(), "REQUEST_ID_REUSED");
    let wrong = put(&daemon, "wrong.csv", "学籍号,姓名\nG0002,李磊\n");
    let refused = import(&daemon, &wrong, &[]).expect(1);
    assert_eq!(faults(&refused)[0].2, "NAME_DIFFERS");
    let corrected = import(&daemon, &wrong, &["--correct-names"]).expect(0);
    assert_eq!(totals(&corrected), (0, 1, 0, 0, true));
}

/// A stream that ends without its end must not count as a short file.
#[tokio::test]
async fn a_file_that_breaks_off_changes_nothing() {
    let daemon = Setup::simulated(1).start();
    let options = ImportOptions {
        request_id: "broken".into(),
        ..ImportOptions::default()
    };
    let parts = [
        Part::Options(options),
        Part::Content("学籍号,姓名\nG1,甲\n".into()),
    ];
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    for part in parts {
        let message = ImportStudentsRequest { part: Some(part) };
        sender.send(message).await.unwrap();
    }
    let mut client = StudentServiceClient::new(daemon.channel().await);
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let call = tokio::spawn(async move { client.import_students(stream).await });
    // Both messages have been taken from the queue; the stream has not ended.
    while sender.capacity() < 4 {
        tokio::task::yield_now().await;
    }
    call.abort();
    let _ = call.await;

    let whole = put(&daemon, "roll.csv", "学籍号,姓名\nG1,甲\n");
    let taken = import(&daemon, &whole, &[]).expect(0);
    assert_eq!(totals(&taken), (1, 0, 0, 0, true), "nothing was there");
}
