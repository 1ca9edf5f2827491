//! Rolls good and bad, in every form, and bytes that are no roll at all.

use std::io::{Cursor, Write as _};

use encoding_rs::GB18030;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use xueka_domain::{Enrolment, Language, RollEntry, Sex, Student};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::{
    Delimiter, FileError, Limits, ListFormat, RowError, RowProblem, TextEncoding, write_verdicts,
};

const HEADER: &str = "学籍号,姓名,性别,学校代码,届,班级,学籍状态,状态日期";

fn parse(bytes: &[u8]) -> Result<Roll, FileError<RollColumn>> {
    parse_roll(bytes, &RollLayout::default(), &Limits::default())
}

fn parse_rows(rows: &str) -> Roll {
    parse(format!("{HEADER}\n{rows}").as_bytes()).unwrap()
}

/// A workbook whose sheet `fill` has filled.
fn workbook(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    workbook.save_to_buffer().unwrap()
}

fn headings(sheet: &mut Worksheet) {
    for (heading, column) in HEADER.split(',').zip(0..) {
        sheet.write_string(0, column, heading).unwrap();
    }
}

fn error(row: u64, column: RollColumn, problem: RowProblem) -> RowError<RollColumn> {
    RowError {
        row,
        column: Some(column),
        problem,
    }
}

fn entry() -> RollEntry {
    RollEntry {
        student: Student {
            number: "007".parse().unwrap(),
            name: "张誠".parse().unwrap(),
            class_name: "高一(3)班".parse().ok(),
        },
        sex: Some(Sex::Female),
        school: "00123".parse().ok(),
        cohort: "2027".parse().ok(),
        enrolment: Enrolment::OnLeave,
        enrolment_since: "2024-09-01".parse().ok(),
    }
}

#[test]
fn a_full_row_becomes_a_student() {
    let text = format!("{HEADER}\n007,张誠,女,00123,2027届,高一(3)班,休学,2024/9/1\n");
    let (gb18030, _, _) = GB18030.encode(&text);
    for (bytes, encoding) in [
        (text.as_bytes(), TextEncoding::Utf8),
        (&*gb18030, TextEncoding::Gb18030),
    ] {
        let roll = parse(bytes).unwrap();
        assert_eq!(roll.errors, []);
        assert_eq!(roll.text, Some((encoding, Delimiter::Comma)));
        assert_eq!(roll.rows.len(), 1);
        assert_eq!((roll.rows[0].row, &roll.rows[0].value), (2, &entry()));
    }
}

#[test]
fn other_columns_are_passed_over_and_named_by_their_place() {
    let roll = parse("姓名,身份证号,学籍号\n李雷,110101200001011234,1\n".as_bytes()).unwrap();
    assert_eq!(roll.ignored_columns, [2]);
    assert_eq!(roll.rows[0].value.enrolment, Enrolment::Enrolled);
    assert!(!format!("{roll:?}").contains("1101012000"));
}

#[test]
fn a_layout_places_columns() {
    let by_heading = "header_row = 2\ncolumns.student_number = '教育ID'\ncolumns.class_name = 4";
    let by_place = "header_row = 0\ndelimiter = 'semicolon'\nencoding = 'gb18030'\n\
                    columns.student_number = 2\ncolumns.name = 1";
    let (gb18030, _, _) = GB18030.encode("李雷;1\n韩梅梅;2\n");
    let cases = [
        (
            by_heading,
            "某校学生名册\n学籍号,教育ID,姓名,分组\nx,1,李雷,三班\n".as_bytes(),
            vec!["1"],
            "a title, another number, a class under another name",
        ),
        (by_place, &gb18030, vec!["1", "2"], "no header"),
    ];
    for (layout, bytes, expected, why) in cases {
        let layout: RollLayout = toml::from_str(layout).unwrap();
        let roll = parse_roll(bytes, &layout, &Limits::default()).unwrap();
        assert_eq!(roll.errors, [], "{why}");
        let numbers = roll
            .rows
            .iter()
            .map(|row| row.value.student.number.reveal());
        assert_eq!(numbers.collect::<Vec<_>>(), expected, "{why}");
        let written = toml::to_string(&layout).unwrap();
        assert_eq!(toml::from_str::<RollLayout>(&written).unwrap(), layout);
    }
    assert!(toml::from_str::<RollLayout>("headerrow = 1").is_err());
}

#[test]
fn a_header_that_cannot_be_used_is_refused() {
    let cases = [
        ("", FileError::Empty, "nothing"),
        ("\n学籍号,姓名", FileError::Empty, "a blank first row"),
        (
            "学籍号,班级",
            FileError::MissingColumn {
                column: RollColumn::Name,
            },
            "whom",
        ),
        (
            "学籍号,姓名,name",
            FileError::DuplicateColumn {
                position: 3,
                column: RollColumn::Name,
            },
            "twice",
        ),
    ];
    for (text, expected, why) in cases {
        assert_eq!(parse(text.as_bytes()), Err(expected), "{why}");
    }
    let layout: RollLayout = toml::from_str("columns.sex = 'Geschlecht'").unwrap();
    let found = parse_roll("学籍号,姓名,性别".as_bytes(), &layout, &Limits::default());
    let column = RollColumn::Sex;
    assert_eq!(found, Err(FileError::MissingColumn { column }));
}

#[test]
fn each_wrong_cell_is_named_with_row_and_column() {
    use RollColumn::{ClassName, Cohort, Name, SchoolCode, State, StateSince, StudentNumber};
    let cases = [
        (",a,,,,,,", StudentNumber, RowProblem::Empty),
        ("学1,a,,,,,,", StudentNumber, RowProblem::StudentNumber),
        ("1,,,,,,,", Name, RowProblem::Empty),
        ("1,'=a,,,,,,", Name, RowProblem::Formula),
        ("1,a\u{202E},,,,,,", Name, RowProblem::InvisibleCharacter),
        ("1,a,x,,,,,", RollColumn::Sex, RowProblem::Sex),
        ("1,a,,a b,,,,", SchoolCode, RowProblem::SchoolCode),
        ("1,a,,,2024级,,,", Cohort, RowProblem::Cohort),
        ("1,a,,,,\0,,", ClassName, RowProblem::ControlCharacter),
        ("1,a,,,,,毕业,", State, RowProblem::Enrolment),
        ("1,a,,,,,,2024-02-30", StateSince, RowProblem::Date),
    ];
    for (row, column, problem) in cases {
        let roll = parse_rows(&format!("{row}\n2,b,,,,,,\n"));
        assert_eq!(roll.errors, [error(2, column, problem)], "{row}");
        assert_eq!(
            (roll.rows.len(), roll.n_rows),
            (1, 2),
            "{row}: the good row stays"
        );
    }
    let count = RowProblem::CellCount {
        found: 2,
        expected: 8,
    };
    assert_eq!(parse_rows("1,a").errors[0].problem, count);
}

#[test]
fn a_student_stands_there_once() {
    let roll = parse_rows("1,a,,,,,,\n2,b,,,,,,\n1,a,,,,,,\n2,c,,,,,,\n2,b,,,,,,\n3,d,,,,,,\n");
    let column = RollColumn::StudentNumber;
    let expected = [
        error(3, column, RowProblem::Contradiction { other: 5 }),
        error(4, column, RowProblem::Duplicate { first: 2 }),
        error(5, column, RowProblem::Contradiction { other: 3 }),
        error(6, column, RowProblem::Duplicate { first: 3 }),
    ];
    assert_eq!(roll.errors, expected);
    let rows: Vec<_> = roll.rows.iter().map(|row| row.row).collect();
    assert_eq!(rows, [2, 7], "none of those that contradict each other");
}

#[test]
fn numbers_of_a_workbook_are_not_guessed_at() {
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let bytes = workbook(|sheet| {
        headings(sheet);
        sheet.write_string(1, 0, "007").unwrap();
        sheet.write_string(1, 1, "张誠").unwrap();
        sheet.write_string(1, 2, "女").unwrap();
        sheet.write_string(1, 3, "00123").unwrap();
        sheet.write_number(1, 4, 2027).unwrap();
        sheet.write_string(1, 5, "高一(3)班").unwrap();
        sheet.write_string(1, 6, "休学").unwrap();
        let day = ExcelDateTime::from_ymd(2024, 9, 1).unwrap();
        sheet.write_datetime_with_format(1, 7, &day, &date).unwrap();
        // Row 3 is blank. What follows has lost what it was.
        sheet.write_number(3, 0, 7).unwrap();
        sheet.write_boolean(3, 1, true).unwrap();
        sheet.write_datetime_with_format(3, 3, &day, &date).unwrap();
        sheet.write_number(3, 4, 2027.5).unwrap();
        sheet.write_number(3, 5, 3).unwrap();
        sheet.write_number(3, 7, 45_536).unwrap();
    });
    let roll = parse(&bytes).unwrap();
    assert_eq!(roll.text, None);
    assert_eq!((roll.rows[0].row, &roll.rows[0].value), (2, &entry()));
    let expected = [
        error(4, RollColumn::StudentNumber, RowProblem::NotText),
        error(4, RollColumn::Name, RowProblem::NotText),
        error(4, RollColumn::SchoolCode, RowProblem::NotText),
        error(4, RollColumn::Cohort, RowProblem::Cohort),
        error(4, RollColumn::ClassName, RowProblem::NotText),
        error(4, RollColumn::StateSince, RowProblem::Date),
    ];
    assert_eq!(roll.errors, expected);
}

#[test]
fn cells_of_a_workbook_are_checked_like_those_of_a_text() {
    let bytes = workbook(|sheet| {
        headings(sheet);
        sheet.write_string(1, 0, "1").unwrap();
        sheet.write_string(1, 1, "=cmd()").unwrap();
        sheet.write_string(2, 0, "2").unwrap();
        sheet.write_string(2, 1, "长".repeat(2000)).unwrap();
        sheet.write_string(3, 0, "3").unwrap();
        sheet.write_string(3, 1, "a").unwrap();
        sheet.write_string(3, 9, "one cell too many").unwrap();
    });
    let roll = parse(&bytes).unwrap();
    let problems: Vec<_> = roll.errors.iter().map(|error| error.problem).collect();
    let expected = [
        RowProblem::Formula,
        RowProblem::CellTooLong { limit: 4096 },
        RowProblem::CellCount {
            found: 10,
            expected: 8,
        },
    ];
    assert_eq!(problems, expected);
}

#[test]
fn the_sheet_that_is_asked_for_is_read() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("说明").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_name("名册").unwrap();
    headings(sheet);
    sheet.write_string(1, 0, "1").unwrap();
    sheet.write_string(1, 1, "a").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let cases = [
        ("", Err(FileError::Empty), "the first sheet is blank"),
        ("sheet = '名册'", Ok(1), "the second"),
        ("sheet = '2024'", Err(FileError::NoSheet), "none"),
    ];
    for (layout, expected, why) in cases {
        let layout = toml::from_str(layout).unwrap();
        let roll = parse_roll(&bytes, &layout, &Limits::default());
        assert_eq!(roll.map(|roll| roll.rows.len()), expected, "{why}");
    }
}

#[test]
fn a_file_beyond_the_limits_is_refused() {
    let limits = Limits {
        max_file_bytes: 100_000,
        max_unpacked_bytes: 20_000,
        max_rows: 3,
        max_columns: 8,
        max_cell_bytes: 16,
    };
    let far = workbook(|sheet| {
        sheet.write_string(1_048_575, 16_383, "far").unwrap();
    });
    let bomb = repacked(&far, |name, bytes| {
        if name.ends_with("sheet1.xml") {
            bytes.extend(vec![b' '; 30_000]);
        }
    });
    let many = format!("{HEADER}\n{}", "1,a,,,,,,\n".repeat(4));
    let wide = format!("{HEADER},a\n");
    let long = format!("{HEADER}\n{}", "a".repeat(20_000));
    let large = vec![b'a'; 100_001];
    let cases: [(&[u8], FileError<RollColumn>, &str); 7] = [
        (&large, FileError::TooLarge { limit: 100_000 }, "bytes"),
        (
            &bomb,
            FileError::UnpacksTooLarge { limit: 20_000 },
            "a bomb",
        ),
        (&far, FileError::TooManyColumns { limit: 8 }, "a far cell"),
        (many.as_bytes(), FileError::TooManyRows { limit: 3 }, "rows"),
        (
            wide.as_bytes(),
            FileError::TooManyColumns { limit: 8 },
            "columns",
        ),
        (
            long.as_bytes(),
            FileError::RowTooLong { row: 2, limit: 128 },
            "a row without end",
        ),
        (
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
            FileError::OldWorkbook,
            "XLS, or a password",
        ),
    ];
    for (bytes, expected, why) in cases {
        let found = parse_roll(bytes, &RollLayout::default(), &limits);
        assert_eq!(found, Err(expected), "{why}");
    }
}

/// The parts of a workbook, changed and packed again with right check sums.
fn repacked(bytes: &[u8], mut change: impl FnMut(&str, &mut Vec<u8>)) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut content = Vec::new();
        std::io::copy(&mut part, &mut content).unwrap();
        change(&name, &mut content);
        writer
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn what_would_run_is_made_inert() {
    for name in ["=1+1", "+1", "-1", "@a", "＝1", "'=1"] {
        let mut hostile = entry();
        hostile.student.name = name.parse().unwrap();
        let rows = [hostile];
        let csv = write_roll(&rows, ListFormat::CsvUtf8, Language::Chinese).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        assert!(csv.contains(&format!(",'{name},")), "{csv}");
        for format in [ListFormat::CsvUtf8, ListFormat::Xlsx] {
            let written = write_roll(&rows, format, Language::Chinese).unwrap();
            let roll = parse(&written).unwrap();
            let expected = error(2, RollColumn::Name, RowProblem::Formula);
            assert_eq!(roll.errors, [expected], "{format:?}");
        }
    }
}

#[test]
fn verdicts_are_written_row_by_row() {
    let roll = parse_rows("1,秘密,,,,,,\n2,=秘密,x,,,,,\n");
    let verdicts = roll.verdicts(Language::Chinese);
    let csv = write_verdicts(&verdicts, ListFormat::CsvUtf8, Language::Chinese).unwrap();
    let expected = "\u{FEFF}行,结果,列,代码,问题,处理办法\r\n\
        2,接受,,,,\r\n\
        3,不接受,姓名,FORMULA,开头像公式,请去掉开头的符号\r\n\
        3,不接受,性别,SEX_INVALID,不是性别,请写“男”或“女”\r\n";
    assert_eq!(String::from_utf8(csv).unwrap(), expected);
    let english = roll.verdicts(Language::English);
    for format in [ListFormat::Xlsx, ListFormat::CsvGb18030] {
        let file = write_verdicts(&english, format, Language::English).unwrap();
        assert_eq!(
            write_verdicts(&english, format, Language::English).unwrap(),
            file,
            "the same bytes each time"
        );
    }
}

fn entries() -> impl Strategy<Value = Vec<RollEntry>> {
    let name =
        "[\u{4E00}-\u{9FA5}A-Za-z][\u{4E00}-\u{9FFF}·,;\"|'a-z=]{0,8}[a-z\u{20000}-\u{20010}]";
    let one = (
        ("0{0,3}[0-9A-Za-z]{1,8}", name, proptest::option::of(name)),
        proptest::option::of(prop_oneof![Just(Sex::Male), Just(Sex::Female)]),
        proptest::option::of("[0-9]{1,8}"),
        proptest::option::of(1990u16..=2199),
        prop_oneof![
            Just(Enrolment::Enrolled),
            Just(Enrolment::OnLeave),
            Just(Enrolment::Left)
        ],
        proptest::option::of((2000i16..2100, 1i8..=12, 1i8..=28)),
    );
    let one = one.prop_map(
        |((number, name, class), sex, school, cohort, enrolment, day)| RollEntry {
            student: Student {
                number: number.parse().unwrap(),
                name: name.parse().unwrap(),
                class_name: class.map(|class| class.parse().unwrap()),
            },
            sex,
            school: school.map(|school| school.parse().unwrap()),
            cohort: cohort.map(|year| year.try_into().unwrap()),
            enrolment,
            enrolment_since: day.map(|(y, m, d)| jiff::civil::date(y, m, d)),
        },
    );
    proptest::collection::vec(one, 0..12).prop_map(|mut entries| {
        let mut seen = std::collections::HashSet::new();
        entries.retain(|entry| seen.insert(entry.student.number.clone()));
        entries
    })
}

proptest! {
    // Workbooks are slow to make.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_is_read_back(entries in entries()) {
        for format in [ListFormat::CsvUtf8, ListFormat::CsvGb18030, ListFormat::Xlsx] {
            for language in [Language::Chinese, Language::English] {
                let file = write_roll(&entries, format, language).unwrap();
                let roll = parse(&file).unwrap();
                prop_assert_eq!(&roll.errors, &[]);
                let read: Vec<_> = roll.rows.into_iter().map(|row| row.value).collect();
                prop_assert_eq!(&read, &entries);
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_rows_panic(rows in "[\\PC\r\n\t,;\"='0-9]{0,200}") {
        let _ = parse(format!("{HEADER}\n{rows}").as_bytes());
    }

    #[test]
    fn no_workbook_panics(
        which in 0usize..12,
        at in any::<prop::sample::Index>(),
        piece in prop_oneof![
            any::<Vec<u8>>(),
            "[<>/\"=rstcvis0-9A-Z ]{0,12}".prop_map(String::into_bytes),
        ],
        n_removed in 0usize..20,
    ) {
        let good = write_roll(&[entry()], ListFormat::Xlsx, Language::Chinese).unwrap();
        let mut index = 0;
        let bad = repacked(&good, |_, content| {
            if index == which {
                let from = at.index(content.len() + 1);
                let to = content.len().min(from + n_removed);
                content.splice(from..to, piece.iter().copied());
            }
            index += 1;
        });
        let _ = parse(&bad);
        let mut torn = good;
        torn.truncate(at.index(torn.len()));
        let _ = parse(&torn);
    }
}
