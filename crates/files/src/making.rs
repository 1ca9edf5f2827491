//! Card-making files (制卡文件): whom a school wants cards for.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use xueka_domain::{CardNumber, Cohort, Language, SchoolCode, Sex, Student, StudentNumber};

use crate::{
    ColumnName, FileError, LayoutField, Limits, Marks, Menu, Numbered, RowError, RowProblem,
    TextEncoding, TextLayout, WriteError,
    once::OncePerStudent,
    text_layout::{LayoutColumn, LineEnd, Parts},
};

/// A column of a card-making file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MakingField {
    /// 学籍号, the student number; needed.
    StudentNumber,
    /// 姓名, the name; needed.
    Name,
    /// 性别, the sex: 男 or 女.
    Sex,
    /// 学校代码, the code of the school.
    SchoolCode,
    /// 届, the cohort.
    Cohort,
    /// 班级, the class.
    ClassName,
    /// 补制原因, why a card is reissued: 挂失 or 坏卡; empty for a new card.
    Cause,
    /// 原卡号, the number of the card that is replaced, where it is known.
    OldNumber,
}

impl ColumnName for MakingField {
    const ALL: &'static [Self] = &[
        Self::StudentNumber,
        Self::Name,
        Self::Sex,
        Self::SchoolCode,
        Self::Cohort,
        Self::ClassName,
        Self::Cause,
        Self::OldNumber,
    ];

    fn name(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::StudentNumber => ("学籍号", "student_number"),
            Self::Name => ("姓名", "name"),
            Self::Sex => ("性别", "sex"),
            Self::SchoolCode => ("学校代码", "school_code"),
            Self::Cohort => ("届", "cohort"),
            Self::ClassName => ("班级", "class_name"),
            Self::Cause => ("补制原因", "cause"),
            Self::OldNumber => ("原卡号", "old_number"),
        };
        match language {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }
}

impl LayoutField for MakingField {
    const NEEDED: &'static [Self] = &[Self::StudentNumber, Self::Name];
}

/// How card-making files look. The default is ours: no other is published.
pub type MakingLayout = TextLayout<MakingField>;

impl Default for MakingLayout {
    fn default() -> Self {
        let header = "学籍卡制卡\t1\t{district}\t{school}\t{year}\t{menu}\t{batch}";
        let column = |field: &MakingField| LayoutColumn {
            field: Some(*field),
            constant: None,
            width: None,
        };
        Self::ours(Parts {
            encoding: TextEncoding::Gb18030,
            line_end: LineEnd::Crlf,
            delimiter: Some('\t'),
            file_name: "xjkzk_{district}{school}_{year}{menu}_{batch}.txt"
                .parse()
                .unwrap_or_default(),
            header: header.parse().ok(),
            trailer: "完\t{rows}".parse().ok(),
            columns: MakingField::ALL.iter().map(column).collect(),
        })
    }
}

/// Why a card is reissued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReissueCause {
    /// 挂失: lost or stolen.
    Lost,
    /// 坏卡: damaged.
    Damaged,
}

impl ReissueCause {
    fn word(self) -> &'static str {
        match self {
            Self::Lost => "挂失",
            Self::Damaged => "坏卡",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Lost, Self::Damaged]
            .into_iter()
            .find(|cause| cause.word() == word)
    }
}

/// One student who is to have a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakingRow {
    /// Number, name and class.
    pub student: Student,
    /// The sex.
    pub sex: Option<Sex>,
    /// The school.
    pub school: Option<SchoolCode>,
    /// The cohort.
    pub cohort: Option<Cohort>,
    /// Why the card is reissued; `None` for a new card.
    pub cause: Option<ReissueCause>,
    /// The number of the card that is replaced, where it is known.
    pub old_number: Option<CardNumber>,
}

/// A card-making file: what can be used of it, and what cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakingFile {
    /// What the file says about itself.
    pub marks: Marks,
    /// The good rows in the file's order; no student is there twice.
    pub rows: Vec<Numbered<MakingRow>>,
    /// What is wrong with the others, by row.
    pub errors: Vec<RowError<MakingField>>,
    /// How many rows there are, good or bad.
    pub n_rows: usize,
}

/// Writes a card-making file. The rows are put in the order of their student
/// numbers, so that the same students under the same marks are the same bytes.
/// How many there are is counted here, whatever `marks` says.
///
/// # Errors
///
/// [`WriteError`], its row counted in that order; nothing is written then.
pub fn write_making_file(
    marks: &Marks,
    rows: &[MakingRow],
    layout: &MakingLayout,
) -> Result<Vec<u8>, WriteError> {
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by(|one, other| one.student.number.cmp(&other.student.number));
    for (pair, row) in sorted.windows(2).zip(2..) {
        if matches!(pair, [one, other] if one.student.number == other.student.number) {
            let problem = RowProblem::Contradiction { other: row - 1 };
            let row = usize::try_from(row).unwrap_or(usize::MAX);
            return Err(WriteError::Refused { row, problem });
        }
    }
    for (row, index) in sorted.iter().zip(1..) {
        if let Some((_, problem)) = mixed_up(row, marks, layout) {
            return Err(WriteError::Refused {
                row: index,
                problem,
            });
        }
    }
    let limit = u32::MAX as usize;
    let n_rows = u32::try_from(sorted.len()).map_err(|_| WriteError::TooManyRows { limit })?;
    let marks = Marks {
        rows: Some(n_rows),
        ..marks.clone()
    };
    layout.write(&marks, &sorted, |row, field| value(row, field))
}

fn value(row: &MakingRow, field: MakingField) -> Cow<'_, str> {
    let none = Cow::Borrowed("");
    match field {
        MakingField::StudentNumber => row.student.number.reveal().into(),
        MakingField::Name => row.student.name.reveal().into(),
        MakingField::Sex => row.sex.map_or("", |sex| sex.word(Language::Chinese)).into(),
        MakingField::SchoolCode => row.school.as_ref().map_or("", SchoolCode::as_str).into(),
        MakingField::Cohort => row.cohort.map_or(none, |cohort| cohort.to_string().into()),
        MakingField::ClassName => {
            let class = row.student.class_name.as_ref();
            class.map_or("", |class| class.reveal()).into()
        }
        MakingField::Cause => row.cause.map_or("", ReissueCause::word).into(),
        MakingField::OldNumber => row.old_number.map_or(none, |number| number.reveal().into()),
    }
}

/// Takes a card-making file apart.
///
/// # Errors
///
/// [`FileError`] when no row can be used; rows that are wrong by themselves are
/// in [`MakingFile::errors`].
pub fn parse_making_file(
    bytes: &[u8],
    layout: &MakingLayout,
    limits: &Limits,
) -> Result<MakingFile, FileError<MakingField>> {
    let mut errors = Vec::new();
    let mut good = Vec::new();
    let mut n_rows = 0;
    let marks = layout.read(bytes, limits, |row, cells| {
        n_rows += 1;
        let mut refuse = |column, problem| {
            errors.push(RowError {
                row,
                column,
                problem,
            });
        };
        match cells {
            Ok(cells) => good.extend(making_row(cells, &mut refuse).map(|value| (row, value))),
            Err(problem) => refuse(None, problem),
        }
    })?;
    let mut kept = OncePerStudent::new(|row: &MakingRow| -> &StudentNumber { &row.student.number });
    for (row, value) in good {
        if let Some((field, problem)) = mixed_up(&value, &marks, layout) {
            let column = Some(field);
            errors.push(RowError {
                row,
                column,
                problem,
            });
        } else {
            kept.add(row, value, MakingField::StudentNumber, &mut errors);
        }
    }
    errors.sort_by_key(|error| error.row);
    Ok(MakingFile {
        marks,
        rows: kept.finish(),
        errors,
        n_rows,
    })
}

/// What does not go together with what the file says about itself.
fn mixed_up(
    row: &MakingRow,
    marks: &Marks,
    layout: &MakingLayout,
) -> Option<(MakingField, RowProblem)> {
    match (marks.menu, row.cause) {
        (Some(Menu::New), Some(_)) => {
            return Some((MakingField::Cause, RowProblem::CauseOfNewCard));
        }
        (Some(Menu::Reissue), None) if layout.has(MakingField::Cause) => {
            return Some((MakingField::Cause, RowProblem::Empty));
        }
        _ => {}
    }
    let is_other = marks
        .school
        .as_ref()
        .zip(row.school.as_ref())
        .is_some_and(|(of_file, of_row)| of_file != of_row);
    is_other.then_some((MakingField::SchoolCode, RowProblem::OtherSchool))
}

/// The student of a row; `None` when anything in it was refused.
fn making_row(
    cells: &[(MakingField, Result<&str, RowProblem>)],
    refuse: &mut impl FnMut(Option<MakingField>, RowProblem),
) -> Option<MakingRow> {
    let mut is_good = true;
    let mut number = None;
    let mut name = None;
    let mut row = (None, None, None, None, None, None);
    for &(field, cell) in cells {
        let needed = MakingField::NEEDED.contains(&field);
        let judged = match cell {
            Ok("") if needed => Err(RowProblem::Empty),
            Ok("") => Ok(()),
            Err(problem) => Err(problem),
            Ok(text) => match field {
                MakingField::StudentNumber => {
                    set(&mut number, text.parse().ok(), RowProblem::StudentNumber)
                }
                MakingField::Name => set(&mut name, text.parse().ok(), RowProblem::StudentName),
                MakingField::Sex => set(&mut row.0, Sex::of_word(text), RowProblem::Sex),
                MakingField::SchoolCode => {
                    set(&mut row.1, text.parse().ok(), RowProblem::SchoolCode)
                }
                MakingField::Cohort => set(&mut row.2, text.parse().ok(), RowProblem::Cohort),
                MakingField::ClassName => set(&mut row.3, text.parse().ok(), RowProblem::ClassName),
                MakingField::Cause => {
                    set(&mut row.4, ReissueCause::of_word(text), RowProblem::Cause)
                }
                MakingField::OldNumber => text
                    .parse()
                    .map(|number| row.5 = Some(number))
                    .map_err(RowProblem::CardNumber),
            },
        };
        if let Err(problem) = judged {
            refuse(Some(field), problem);
            is_good = false;
        }
    }
    let (sex, school, cohort, class_name, cause, old_number) = row;
    is_good.then_some(MakingRow {
        student: Student {
            number: number?,
            name: name?,
            class_name,
        },
        sex,
        school,
        cohort,
        cause,
        old_number,
    })
}

fn set<T>(slot: &mut Option<T>, value: Option<T>, problem: RowProblem) -> Result<(), RowProblem> {
    *slot = Some(value.ok_or(problem)?);
    Ok(())
}

#[cfg(test)]
mod tests;
