//! Card-making files good and bad, and bytes that are none.

use encoding_rs::GB18030;
use proptest::prelude::*;

use super::*;
use crate::{InvalidLayout, Mark};

fn marks(menu: Menu) -> Marks {
    Marks {
        district: "0106".parse().ok(),
        school: "00123".parse().ok(),
        year: Some(2024),
        menu: Some(menu),
        batch: Some(7),
        rows: None,
    }
}

fn row(number: &str, name: &str) -> MakingRow {
    MakingRow {
        student: Student {
            number: number.parse().unwrap(),
            name: name.parse().unwrap(),
            class_name: "高一(3)班".parse().ok(),
        },
        sex: Some(Sex::Male),
        school: "00123".parse().ok(),
        cohort: "2027".parse().ok(),
        cause: None,
        old_number: None,
    }
}

fn parse(bytes: &[u8]) -> Result<MakingFile, FileError<MakingField>> {
    parse_making_file(bytes, &MakingLayout::default(), &Limits::default())
}

fn parse_text(text: &str) -> Result<MakingFile, FileError<MakingField>> {
    parse(&GB18030.encode(text).0)
}

const HEADER: &str = "学籍卡制卡\t1\t0106\t00123\t2024\txz\t0007\r\n";

#[test]
fn the_default_is_the_documented_one() {
    let documented = include_str!("../../../../docs/files.md");
    let (_, rest) = documented.split_once("```toml card-making\n").unwrap();
    let (toml, _) = rest.split_once("```").unwrap();
    assert_eq!(
        toml::from_str::<MakingLayout>(toml).unwrap(),
        MakingLayout::default()
    );
    let written = toml::to_string(&MakingLayout::default()).unwrap();
    assert_eq!(
        toml::from_str::<MakingLayout>(&written).unwrap(),
        MakingLayout::default()
    );
}

#[test]
fn a_file_is_the_same_whatever_the_order() {
    let layout = MakingLayout::default();
    let rows = [row("2", "髚"), row("1", "张誠")];
    let file = write_making_file(&marks(Menu::New), &rows, &layout).unwrap();
    let expected = format!(
        "{HEADER}1\t张誠\t男\t00123\t2027\t高一(3)班\t\t\r\n2\t髚\t男\t00123\t2027\t高一(3)班\t\t\r\n完\t2\r\n"
    );
    assert_eq!(file, &*GB18030.encode(&expected).0);
    let reversed = [rows[1].clone(), rows[0].clone()];
    assert_eq!(
        write_making_file(&marks(Menu::New), &reversed, &layout).unwrap(),
        file
    );
    let name = layout.file_name(&marks(Menu::New)).unwrap();
    assert_eq!(name, "xjkzk_010600123_2024xz_0007.txt");
    let said = layout.marks_of_name(&name).unwrap();
    assert_eq!(said.differences(&marks(Menu::Reissue)), [Mark::Menu]);
}

#[test]
fn a_file_that_is_wrong_as_a_whole_says_why() {
    let good = "1\ta\t\t\t\t\t\t\r\n";
    let (utf8, ascii) = (format!("{HEADER}{good}完\t1\r\n"), "xjkzk\r\n1\ta\r\n");
    assert_eq!(
        parse(utf8.as_bytes()),
        Err(FileError::WrongEncoding {
            expected: TextEncoding::Gb18030
        })
    );
    let cases = [
        (String::new(), FileError::Empty, "nothing"),
        (ascii.to_owned(), FileError::WrongLayout, "another kind"),
        (format!("{HEADER}{good}"), FileError::Truncated, "no end"),
        (
            format!("{HEADER}{good}完\t2\r\n"),
            FileError::CountMismatch { said: 2, found: 1 },
            "a row is lost",
        ),
    ];
    for (text, expected, why) in cases {
        assert_eq!(parse_text(&text), Err(expected), "{why}");
    }
}

#[test]
fn rows_beyond_the_limit_are_refused() {
    let limits = Limits {
        max_rows: 2,
        ..Limits::default()
    };
    for (n_rows, expected) in [
        (2, None),
        (3, Some(FileError::TooManyRows { limit: 2 })),
        (9, Some(FileError::TooManyRows { limit: 2 })),
    ] {
        let rows = "1\ta\t\t\t\t\t\t\r\n".repeat(n_rows);
        let text = format!("{HEADER}{rows}完\t{n_rows}\r\n");
        let bytes = GB18030.encode(&text).0;
        let found = parse_making_file(&bytes, &MakingLayout::default(), &limits);
        assert_eq!(found.err(), expected, "{n_rows}");
    }
}

#[test]
fn each_wrong_row_is_named() {
    use MakingField::{Cause, Name, OldNumber, StudentNumber};
    let cases = [
        (
            "1\ta",
            None,
            RowProblem::CellCount {
                found: 2,
                expected: 8,
            },
        ),
        ("\ta\t\t\t\t\t\t", Some(StudentNumber), RowProblem::Empty),
        ("1\t=a\t\t\t\t\t\t", Some(Name), RowProblem::Formula),
        ("1\ta\tx\t\t\t\t\t", Some(MakingField::Sex), RowProblem::Sex),
        (
            "1\ta\t\t9\t\t\t\t",
            Some(MakingField::SchoolCode),
            RowProblem::OtherSchool,
        ),
        (
            "1\ta\t\t\t\t\t挂失\t",
            Some(Cause),
            RowProblem::CauseOfNewCard,
        ),
        ("1\ta\t\t\t\t\t丢\t", Some(Cause), RowProblem::Cause),
    ];
    for (line, column, problem) in cases {
        let text = format!("{HEADER}{line}\r\n2\tb\t\t\t\t\t\t\r\n完\t2\r\n");
        let file = parse_text(&text).unwrap();
        let expected = RowError {
            row: 2,
            column,
            problem,
        };
        assert_eq!(file.errors, [expected], "{line:?}");
        assert_eq!(file.rows[0].row, 3, "{line:?}: the good row stays");
    }
    let text = format!("{HEADER}1\ta\t\t\t\t\t\t12\r\n完\t1\r\n");
    assert_eq!(parse_text(&text).unwrap().errors[0].column, Some(OldNumber));
    let twice = format!("{HEADER}1\ta\t\t\t\t\t\t\r\n1\tb\t\t\t\t\t\t\r\n完\t2\r\n");
    let file = parse_text(&twice).unwrap();
    assert_eq!((file.rows.len(), file.errors.len(), file.n_rows), (0, 2, 2));
}

#[test]
fn what_would_not_be_read_back_is_not_written() {
    let layout = MakingLayout::default();
    let mut reissue = row("1", "a");
    reissue.cause = Some(ReissueCause::Lost);
    let refused =
        |menu, rows: &[MakingRow]| write_making_file(&marks(menu), rows, &layout).unwrap_err();
    let with = |problem| WriteError::Refused { row: 1, problem };
    assert_eq!(
        refused(Menu::New, std::slice::from_ref(&reissue)),
        with(RowProblem::CauseOfNewCard)
    );
    assert_eq!(
        refused(Menu::Reissue, &[row("1", "a")]),
        with(RowProblem::Empty)
    );
    assert_eq!(
        refused(Menu::New, &[row("1", "=a")]),
        with(RowProblem::Formula)
    );
    let twice = refused(Menu::New, &[row("1", "a"), row("1", "b")]);
    assert!(
        matches!(twice, WriteError::Refused { row: 2, .. }),
        "{twice}"
    );
    let mark = Mark::School;
    let unmarked = Marks {
        school: None,
        ..marks(Menu::New)
    };
    assert_eq!(
        write_making_file(&unmarked, &[], &layout),
        Err(WriteError::MissingMark { mark })
    );
}

const WIDTHS: &str = "encoding = 'gb18030'\nline_end = 'lf'\nfile_name = 'x.txt'\n\
    columns = [{ field = 'student_number', width = 4 }, { constant = 'A', width = 2 }, \
    { field = 'name', width = 6 }]";

#[test]
fn widths_are_bytes_of_the_file() {
    let layout: MakingLayout = toml::from_str(WIDTHS).unwrap();
    let plain = |number, name| MakingRow {
        student: Student {
            class_name: None,
            ..row(number, name).student
        },
        sex: None,
        school: None,
        cohort: None,
        ..row(number, name)
    };
    let rows = [plain("1", "张誠"), plain("0002", "\u{20000}a")];
    let file = write_making_file(&Marks::default(), &rows, &layout).unwrap();
    assert_eq!(
        file.split(|b| *b == b'\n')
            .map(<[u8]>::len)
            .collect::<Vec<_>>(),
        [12, 12, 0]
    );
    let read = parse_making_file(&file, &layout, &Limits::default()).unwrap();
    assert_eq!(read.errors, []);
    let names = read.rows.iter().map(|row| row.value.student.name.reveal());
    assert_eq!(names.collect::<Vec<_>>(), ["\u{20000}a", "张誠"]);
    let too_wide = write_making_file(&Marks::default(), &[plain("1", "张张张张")], &layout);
    assert_eq!(
        too_wide,
        Err(WriteError::TooWide {
            row: 1,
            column: "name"
        })
    );
    let split = GB18030.encode("123张 张张 ").0;
    let read = parse_making_file(&split, &layout, &Limits::default()).unwrap();
    let problems: Vec<_> = read.errors.iter().map(|error| error.problem).collect();
    let width = RowProblem::LineWidth {
        found: 11,
        expected: 12,
    };
    assert_eq!(problems, [width]);
    let split = GB18030.encode("123张 张张  ").0;
    let read = parse_making_file(&split, &layout, &Limits::default()).unwrap();
    assert_eq!(read.errors[0].problem, RowProblem::SplitCharacter);
}

#[test]
fn without_a_chinese_header_what_could_be_both_is_refused() {
    let layout: MakingLayout = toml::from_str(
        "encoding = 'gb18030'\nline_end = 'lf'\ndelimiter = '|'\nfile_name = 'x.txt'\n\
         columns = [{ field = 'student_number' }, { field = 'name' }]",
    )
    .unwrap();
    let found = parse_making_file("1|李雷\n".as_bytes(), &layout, &Limits::default());
    assert_eq!(found, Err(FileError::AmbiguousEncoding));
    // 髚 ends in the byte of a bar.
    let bytes = GB18030.encode("1|髚\n").0;
    let read = parse_making_file(&bytes, &layout, &Limits::default()).unwrap();
    assert_eq!(read.rows[0].value.student.name.reveal(), "髚");
}

#[test]
fn a_layout_that_cannot_work_is_refused() {
    let cases = [
        ("delimiter = 'a'", "columns = []", InvalidLayout::Delimiter),
        ("", "columns = []", InvalidLayout::Missing),
        ("", "columns = [{ field = 'name' }]", InvalidLayout::Width),
        (
            "delimiter = '|'",
            "columns = [{ width = 2 }]",
            InvalidLayout::Column,
        ),
        (
            "delimiter = '|'",
            "columns = [{ constant = 'a|' }]",
            InvalidLayout::Column,
        ),
        (
            "delimiter = '|'",
            "columns = [{ field = 'name' }, { field = 'name' }]",
            InvalidLayout::Repeated,
        ),
    ];
    for (delimiter, columns, expected) in cases {
        let toml =
            format!("encoding = 'utf8'\nline_end = 'lf'\nfile_name = 'x'\n{delimiter}\n{columns}");
        let error = toml::from_str::<MakingLayout>(&toml).unwrap_err();
        assert!(error.to_string().contains(&expected.to_string()), "{error}");
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(
        students in proptest::collection::btree_map(
            "[0-9A-Z]{1,8}",
            ("[\u{4E00}-\u{9FFF}a-z|,]{1,8}", any::<Option<bool>>(), "[0-9]{4,19}"),
            0..20,
        ),
        is_new: bool,
    ) {
        let menu = if is_new { Menu::New } else { Menu::Reissue };
        let rows: Vec<_> = students
            .iter()
            .map(|(number, (name, loss, old))| MakingRow {
                cause: (!is_new).then_some(match loss {
                    Some(true) => ReissueCause::Lost,
                    _ => ReissueCause::Damaged,
                }),
                old_number: loss.and(old.parse().ok()),
                ..row(number, name)
            })
            .collect();
        let file = write_making_file(&marks(menu), &rows, &MakingLayout::default()).unwrap();
        let read = parse(&file).unwrap();
        prop_assert_eq!(&read.errors, &[]);
        prop_assert_eq!(read.marks.differences(&marks(menu)), []);
        let read: Vec<_> = read.rows.into_iter().map(|row| row.value).collect();
        prop_assert_eq!(read, rows);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512), text in "[\\PC\r\n\t]{0,100}") {
        let widths: MakingLayout = toml::from_str(WIDTHS).unwrap();
        for layout in [MakingLayout::default(), widths] {
            let _ = parse_making_file(&bytes, &layout, &Limits::default());
            let _ = parse_making_file(text.as_bytes(), &layout, &Limits::default());
        }
        let _ = parse_text(&format!("{HEADER}{text}\r\n完\t1\r\n"));
    }
}
