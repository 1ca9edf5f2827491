//! What the factory (卡厂) returns: which card became whose, and which were
//! spoilt.

use std::{borrow::Cow, collections::HashMap};

use serde::{Deserialize, Serialize};
use xueka_domain::{CardNumber, Language, StudentNumber, Uid};

use crate::{
    ColumnName, FileError, LayoutField, Limits, Marks, Numbered, RowError, RowProblem,
    TextEncoding, TextLayout, WriteError,
    issued_cards::{card_number, lasting_uid},
    text_layout::{LayoutColumn, LineEnd, Parts},
};

/// A column of a factory result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactoryField {
    /// 学籍号, whose card it is; may be empty for a spoilt one.
    StudentNumber,
    /// 卡号, the card number.
    CardNumber,
    /// UID in hexadecimal. Number or UID must be there.
    Uid,
    /// 制卡结果: 成功 or 废卡; needed.
    Outcome,
}

impl ColumnName for FactoryField {
    const ALL: &'static [Self] = &[
        Self::StudentNumber,
        Self::CardNumber,
        Self::Uid,
        Self::Outcome,
    ];

    fn name(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::StudentNumber => ("学籍号", "student_number"),
            Self::CardNumber => ("卡号", "card_number"),
            Self::Uid => ("UID", "uid"),
            Self::Outcome => ("制卡结果", "outcome"),
        };
        match language {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }
}

impl LayoutField for FactoryField {
    const NEEDED: &'static [Self] = &[Self::StudentNumber, Self::Outcome];
}

/// How factory results look. The default is ours: no other is published.
pub type FactoryLayout = TextLayout<FactoryField>;

impl Default for FactoryLayout {
    fn default() -> Self {
        let column = |field: &FactoryField| LayoutColumn {
            field: Some(*field),
            constant: None,
            width: None,
        };
        Self::ours(Parts {
            encoding: TextEncoding::Gb18030,
            line_end: LineEnd::Crlf,
            delimiter: Some('\t'),
            file_name: "xjkjg_{district}_{year}_{batch}.txt"
                .parse()
                .unwrap_or_default(),
            header: "学籍卡制卡结果\t1\t{district}\t{year}\t{batch}"
                .parse()
                .ok(),
            trailer: "完\t{rows}".parse().ok(),
            columns: FactoryField::ALL.iter().map(column).collect(),
        })
    }
}

/// One card that the factory made or ruined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactoryRow {
    /// Whose card it is, or was to be; a card that was made has a holder.
    pub student: Option<StudentNumber>,
    /// The card number; number or UID is there.
    pub number: Option<CardNumber>,
    /// The UID, never a random one.
    pub uid: Option<Uid>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a card in production.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// 成功: it will be delivered.
    Made,
    /// 废卡: ruined; its number must never be given to anybody.
    Spoilt,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Made => "成功",
            Self::Spoilt => "废卡",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Made, Self::Spoilt]
            .into_iter()
            .find(|outcome| outcome.word() == word)
    }
}

/// A factory result: what can be used of it, and what cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactoryResult {
    /// What the file says about itself.
    pub marks: Marks,
    /// The good rows in the file's order. No card is there twice, and no
    /// student has two cards that were made.
    pub rows: Vec<Numbered<FactoryRow>>,
    /// What is wrong with the others, by row.
    pub errors: Vec<RowError<FactoryField>>,
    /// How many rows there are, good or bad.
    pub n_rows: usize,
}

/// Writes a factory result, in the order given. How many rows there are is
/// counted here, whatever `marks` says.
///
/// # Errors
///
/// [`WriteError`]; nothing is written then.
pub fn write_factory_result(
    marks: &Marks,
    rows: &[FactoryRow],
    layout: &FactoryLayout,
) -> Result<Vec<u8>, WriteError> {
    let mut unique = Unique::default();
    for (row, index) in rows.iter().zip(1_usize..) {
        let clashing = unique.clashing(row);
        let clash = clashing
            .first()
            .map(|(column, other)| problem_of(*column, *other));
        if let Some(problem) = incomplete(row).map(|(_, problem)| problem).or(clash) {
            return Err(WriteError::Refused {
                row: index,
                problem,
            });
        }
        unique.add(index as u64, row);
    }
    let limit = u32::MAX as usize;
    let n_rows = u32::try_from(rows.len()).map_err(|_| WriteError::TooManyRows { limit })?;
    let marks = Marks {
        rows: Some(n_rows),
        ..marks.clone()
    };
    layout.write(&marks, rows, |row, field| -> Cow<'_, str> {
        match field {
            FactoryField::StudentNumber => {
                let student = row.student.as_ref();
                student.map_or("", StudentNumber::reveal).into()
            }
            FactoryField::CardNumber => row
                .number
                .map(CardNumber::reveal)
                .unwrap_or_default()
                .into(),
            FactoryField::Uid => {
                let bytes = row.uid.iter().flat_map(|uid| uid.reveal().to_vec());
                bytes.map(|byte| format!("{byte:02X}")).collect()
            }
            FactoryField::Outcome => row.outcome.word().into(),
        }
    })
}

/// Takes a factory result apart. A student with two cards that were made, and
/// a card that stands there twice, count in none of their rows; equal rows
/// count once.
///
/// # Errors
///
/// [`FileError`] when no row can be used; rows that are wrong by themselves are
/// in [`FactoryResult::errors`].
pub fn parse_factory_result(
    bytes: &[u8],
    layout: &FactoryLayout,
    limits: &Limits,
) -> Result<FactoryResult, FileError<FactoryField>> {
    let mut errors = Vec::new();
    let mut rows: Vec<Numbered<FactoryRow>> = Vec::new();
    let mut unique = Unique::default();
    // Rows that turned out to clash with a later one.
    let mut refused = std::collections::HashSet::new();
    let mut n_rows = 0;
    let marks = layout.read(bytes, limits, |row, cells| {
        n_rows += 1;
        let mut refuse = |row, column, problem| {
            errors.push(RowError {
                row,
                column,
                problem,
            });
        };
        let cells = match cells {
            Ok(cells) => cells,
            Err(problem) => return refuse(row, None, problem),
        };
        let Some(value) = factory_row(cells, |column, problem| refuse(row, Some(column), problem))
        else {
            return;
        };
        if let Some((column, problem)) = incomplete(&value) {
            return refuse(row, column, problem);
        }
        let clashing = unique.clashing(&value);
        let Some(&(column, earlier)) = clashing.first() else {
            unique.add(row, &value);
            rows.push(Numbered { row, value });
            return;
        };
        let same = rows
            .binary_search_by_key(&earlier, |kept| kept.row)
            .ok()
            .and_then(|place| rows.get(place));
        if same.is_some_and(|kept| kept.value == value) {
            let first = earlier;
            return refuse(row, Some(column), RowProblem::Duplicate { first });
        }
        refuse(row, Some(column), problem_of(column, earlier));
        // Its student may stand in one row and its card in another.
        for (column, other) in clashing {
            if refused.insert(other) {
                refuse(other, Some(column), problem_of(column, row));
            }
        }
    })?;
    rows.retain(|kept| !refused.contains(&kept.row));
    errors.sort_by_key(|error| error.row);
    Ok(FactoryResult {
        marks,
        rows,
        errors,
        n_rows,
    })
}

/// Where each student and each card stands first.
#[derive(Default)]
struct Unique {
    students: HashMap<StudentNumber, u64>,
    numbers: HashMap<CardNumber, u64>,
    uids: HashMap<Uid, u64>,
}

impl Unique {
    /// The earlier rows that a row cannot stand beside. UIDs of four bytes
    /// repeat, so one counts only where there is no number.
    fn clashing(&self, row: &FactoryRow) -> Vec<(FactoryField, u64)> {
        let made = row
            .student
            .as_ref()
            .filter(|_| row.outcome == Outcome::Made);
        let student = made.and_then(|student| self.students.get(student));
        let number = row.number.and_then(|number| self.numbers.get(&number));
        let lone = row.uid.filter(|_| row.number.is_none());
        let uid = lone.and_then(|uid| self.uids.get(&uid));
        [
            (FactoryField::StudentNumber, student),
            (FactoryField::CardNumber, number),
            (FactoryField::Uid, uid),
        ]
        .into_iter()
        .filter_map(|(field, row)| Some((field, *row?)))
        .collect()
    }

    fn add(&mut self, row: u64, value: &FactoryRow) {
        if let (Some(student), Outcome::Made) = (&value.student, value.outcome) {
            self.students.insert(student.clone(), row);
        }
        if let Some(number) = value.number {
            self.numbers.insert(number, row);
        } else if let Some(uid) = value.uid {
            self.uids.insert(uid, row);
        }
    }
}

/// What a row is told about another that it cannot stand beside.
fn problem_of(column: FactoryField, other: u64) -> RowProblem {
    match column {
        FactoryField::StudentNumber => RowProblem::Contradiction { other },
        FactoryField::CardNumber | FactoryField::Uid | FactoryField::Outcome => {
            RowProblem::CardTwice { other }
        }
    }
}

/// What a row lacks.
fn incomplete(row: &FactoryRow) -> Option<(Option<FactoryField>, RowProblem)> {
    if row.number.is_none() && row.uid.is_none() {
        return Some((None, RowProblem::NoNumberAndNoUid));
    }
    if row.uid.is_some_and(|uid| uid.is_random()) {
        return Some((Some(FactoryField::Uid), RowProblem::RandomUid));
    }
    let lacks_holder = row.outcome == Outcome::Made && row.student.is_none();
    lacks_holder.then_some((Some(FactoryField::StudentNumber), RowProblem::Empty))
}

/// The card of a row; `None` when anything in it was refused.
fn factory_row(
    cells: &[(FactoryField, Result<&str, RowProblem>)],
    mut refuse: impl FnMut(FactoryField, RowProblem),
) -> Option<FactoryRow> {
    let mut is_good = true;
    let mut student = None;
    let mut number = None;
    let mut uid = None;
    let mut outcome = None;
    for &(field, cell) in cells {
        let judged = cell.and_then(|text| match field {
            FactoryField::Outcome if text.is_empty() => Err(RowProblem::Empty),
            _ if text.is_empty() => Ok(()),
            FactoryField::StudentNumber => text
                .parse()
                .map(|value| student = Some(value))
                .map_err(|_| RowProblem::StudentNumber),
            FactoryField::CardNumber => card_number(text).map(|value| number = Some(value)),
            FactoryField::Uid => lasting_uid(text).map(|value| uid = Some(value)),
            FactoryField::Outcome => Outcome::of_word(text)
                .map(|value| outcome = Some(value))
                .ok_or(RowProblem::Outcome),
        });
        if let Err(problem) = judged {
            refuse(field, problem);
            is_good = false;
        }
    }
    let outcome = outcome?;
    is_good.then_some(FactoryRow {
        student,
        number,
        uid,
        outcome,
    })
}

#[cfg(test)]
mod tests {
    use encoding_rs::GB18030;
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = "学籍卡制卡结果\t1\t0106\t2024\t0007\r\n";

    fn parse(lines: &[&str]) -> FactoryResult {
        let rows = lines.join("\r\n");
        let text = format!("{HEADER}{rows}\r\n完\t{}\r\n", lines.len());
        let bytes = GB18030.encode(&text).0;
        parse_factory_result(&bytes, &FactoryLayout::default(), &Limits::default()).unwrap()
    }

    fn marks() -> Marks {
        Marks {
            district: "0106".parse().ok(),
            year: Some(2024),
            batch: Some(7),
            ..Marks::default()
        }
    }

    #[test]
    fn the_default_is_the_documented_one() {
        let documented = include_str!("../../../docs/files.md");
        let (_, rest) = documented.split_once("```toml factory-result\n").unwrap();
        let (toml, _) = rest.split_once("```").unwrap();
        let layout: FactoryLayout = toml::from_str(toml).unwrap();
        assert_eq!(layout, FactoryLayout::default());
        assert_eq!(
            layout.file_name(&marks()).unwrap(),
            "xjkjg_0106_2024_0007.txt"
        );
    }

    #[test]
    fn each_wrong_row_is_named() {
        use FactoryField::{CardNumber, StudentNumber, Uid};
        let cases = [
            ("1\t\t\t成功", None, RowProblem::NoNumberAndNoUid),
            ("\t1234\t\t成功", Some(StudentNumber), RowProblem::Empty),
            (
                "1\t1.0E+15\t\t成功",
                Some(CardNumber),
                RowProblem::RoundedNumber,
            ),
            ("1\t\t08112233\t成功", Some(Uid), RowProblem::RandomUid),
            (
                "1\t1234\t\t",
                Some(FactoryField::Outcome),
                RowProblem::Empty,
            ),
            (
                "1\t1234\t\t好",
                Some(FactoryField::Outcome),
                RowProblem::Outcome,
            ),
        ];
        for (line, column, problem) in cases {
            let result = parse(&[line, "2\t1235\t\t成功", "\t1236\t\t废卡"]);
            let expected = RowError {
                row: 2,
                column,
                problem,
            };
            assert_eq!(result.errors, [expected], "{line:?}");
            assert_eq!(result.rows.len(), 2, "{line:?}: the good rows stay");
        }
    }

    #[test]
    fn no_card_and_no_holder_is_there_twice() {
        let cases: [(&[&str], &[u64], &str); 6] = [
            (
                &["1\t1234\t\t成功", "1\t1235\t\t成功"],
                &[],
                "two cards made",
            ),
            (
                &["1\t1234\t\t废卡", "1\t1235\t\t成功"],
                &[2, 3],
                "one was ruined first",
            ),
            (&["1\t1234\t\t成功", "2\t1234\t\t成功"], &[], "one number"),
            (
                &["1\t1234\t\t成功", "1\t1234\t\t成功"],
                &[2],
                "the same row",
            ),
            (
                &["1\t\t11223344\t成功", "2\t\t11223344\t成功"],
                &[],
                "a lone UID",
            ),
            (
                &["1\t1234\t11223344\t成功", "2\t1235\t11223344\t成功"],
                &[2, 3],
                "short UIDs repeat",
            ),
        ];
        for (lines, expected, why) in cases {
            let result = parse(lines);
            let rows: Vec<_> = result.rows.iter().map(|row| row.row).collect();
            assert_eq!(rows, expected, "{why}");
            assert_eq!(result.errors.is_empty(), rows.len() == 2, "{why}");
        }
    }

    #[test]
    fn what_would_not_be_read_back_is_not_written() {
        let row = FactoryRow {
            student: "1".parse().ok(),
            number: "1234".parse().ok(),
            uid: None,
            outcome: Outcome::Made,
        };
        let write =
            |rows: &[FactoryRow]| write_factory_result(&marks(), rows, &FactoryLayout::default());
        let nobody = FactoryRow {
            student: None,
            ..row.clone()
        };
        let problem = RowProblem::Empty;
        assert_eq!(
            write(&[nobody]),
            Err(WriteError::Refused { row: 1, problem })
        );
        let problem = RowProblem::Contradiction { other: 1 };
        assert_eq!(
            write(&[row.clone(), row]),
            Err(WriteError::Refused { row: 2, problem })
        );
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(
            cards in proptest::collection::btree_map(
                "[0-9]{4,19}",
                ("[0-9A-Z]{1,8}", proptest::option::of(proptest::array::uniform7(any::<u8>())), any::<bool>()),
                0..20,
            ),
        ) {
            let mut students = std::collections::HashSet::new();
            let rows: Vec<_> = cards
                .iter()
                .map(|(number, (student, uid, is_made))| FactoryRow {
                    student: student.parse().ok(),
                    number: number.parse().ok(),
                    uid: uid.and_then(|bytes| bytes.as_slice().try_into().ok()),
                    outcome: if *is_made && students.insert(student) {
                        Outcome::Made
                    } else {
                        Outcome::Spoilt
                    },
                })
                .collect();
            let layout = FactoryLayout::default();
            let file = write_factory_result(&marks(), &rows, &layout).unwrap();
            let read = parse_factory_result(&file, &layout, &Limits::default()).unwrap();
            prop_assert_eq!(&read.errors, &[]);
            prop_assert_eq!(read.marks.differences(&marks()), []);
            let read: Vec<_> = read.rows.into_iter().map(|row| row.value).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn no_lines_panic(bytes in any::<Vec<u8>>(), text in "[\\PC\r\n\t]{0,60}") {
            let _ = parse_factory_result(&bytes, &FactoryLayout::default(), &Limits::default());
            let _ = parse(&[&text.replace(['\r', '\n'], "")]);
        }
    }
}
