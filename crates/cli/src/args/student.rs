//! What may be typed after `xueka student`.

use std::{path::PathBuf, str::FromStr};

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use thiserror::Error;
use xueka_domain::Printed;
use xueka_files::{Place, RollColumn};

use super::{ListArgs, RequestIdArgs};

/// What to do with students.
#[derive(Debug, Subcommand)]
pub(crate) enum StudentCommand {
    /// Take in a roll (学籍名册): CSV in UTF-8 or GB18030, or XLSX. For registrars.
    ///
    /// The headings name the columns, in Chinese or English. Required: 学籍号
    /// (`student_number`) and 姓名 (`name`). Optional: 性别 (`sex`), 学校代码
    /// (`school_code`), 届 (`cohort`), 班级 (`class_name`), 学籍状态 (`state`), 状态日期
    /// (`state_since`). What the roll leaves out stays as it is.
    Import(RollImportArgs),
    /// Write students into a roll, a new file. For registrars; the look is put on
    /// record.
    Export(RollExportArgs),
    /// Show a student with all cards.
    Show {
        /// The student number.
        student: String,
    },
    /// Find students.
    Find(FindStudentsArgs),
    /// Let students move to another class or school. For registrars.
    Move(MoveArgs),
    /// Let students leave the school (离校): every card of theirs is cancelled. For
    /// registrars.
    Leave(EnrolmentArgs),
    /// Let students return to the school (返校); the cards of old stay cancelled.
    /// For registrars.
    Return(EnrolmentArgs),
}

/// Which roll to take in, and how.
#[derive(Debug, Args)]
pub(crate) struct RollImportArgs {
    /// The roll.
    pub(crate) file: PathBuf,
    /// Judge the rows and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take the rows that can be taken though others are refused.
    #[arg(long, alias = "accept-good-rows")]
    pub(crate) good_rows: bool,
    /// Let a row give a student on record another name. Without it such a row is
    /// refused, for it is more often a wrong student number.
    #[arg(long)]
    pub(crate) correct_names: bool,
    /// Write to this new file what became of each row, without names and numbers.
    #[arg(long, value_name = "OUT")]
    pub(crate) verdicts: Option<PathBuf>,
    /// Form of the file of verdicts [default: by its ending, `.xlsx` or CSV].
    #[arg(long, value_enum, value_name = "FORM", requires = "verdicts")]
    pub(crate) verdicts_form: Option<ListForm>,
    /// Columns that are named otherwise or stand at a known place, such as
    /// `student_number=教育ID,class_name=5`.
    #[arg(long, value_name = "COLUMN=PLACE", value_delimiter = ',')]
    pub(crate) columns: Vec<ColumnPlace>,
    /// The row with the headings, from 1; 0 when there are none.
    #[arg(long, value_name = "N")]
    pub(crate) header_row: Option<u32>,
    /// What parts the cells of a text; found when left out.
    #[arg(long, value_enum, value_name = "MARK")]
    pub(crate) delimiter: Option<CellMark>,
    /// Encoding of a text; found when left out.
    #[arg(long, value_enum, value_name = "NAME")]
    pub(crate) encoding: Option<Encoding>,
    /// The sheet of a workbook; the first one when left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Option<String>,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

/// Which students to write, and where.
#[derive(Debug, Args)]
pub(crate) struct RollExportArgs {
    /// The file to write; it must not exist.
    pub(crate) file: PathBuf,
    /// Form of the file [default: by its ending, `.xlsx` or CSV].
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) form: Option<ListForm>,
    #[command(flatten)]
    pub(crate) conditions: ConditionArgs,
}

/// Which students are looked for.
#[derive(Debug, Args)]
pub(crate) struct FindStudentsArgs {
    /// A card of theirs bears this print: a number or UID in any form in use (see
    /// `xueka number forms`). Who left is found, too.
    #[arg(long, value_name = "PRINTED")]
    pub(crate) card: Option<Printed>,
    #[command(flatten)]
    pub(crate) conditions: ConditionArgs,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// What holds for the students who are meant: all of it.
#[derive(Debug, Args)]
pub(crate) struct ConditionArgs {
    /// What the student number begins with, or is.
    #[arg(long, value_name = "S")]
    pub(crate) number: Option<String>,
    /// What the name begins with, or is.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The code of the school.
    #[arg(long, value_name = "CODE")]
    pub(crate) school: Option<String>,
    /// The cohort (届), by its year.
    #[arg(long, value_name = "YEAR")]
    pub(crate) cohort: Option<u32>,
    /// The class.
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<String>,
    /// Also those who left.
    #[arg(long)]
    pub(crate) with_left: bool,
}

/// Who moves where.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("place").required(true).multiple(true))]
pub(crate) struct MoveArgs {
    /// Their student numbers.
    #[arg(required = true)]
    pub(crate) students: Vec<String>,
    /// Code of the school to which they move.
    #[arg(long, value_name = "CODE", group = "place")]
    pub(crate) school: Option<String>,
    /// The cohort (届) into which they move, by its year.
    #[arg(long, value_name = "YEAR", group = "place")]
    pub(crate) cohort: Option<u32>,
    /// The class into which they move.
    #[arg(long, value_name = "CLASS", group = "place")]
    pub(crate) class: Option<String>,
    /// Judge the students and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

/// Who leaves or returns, and since when.
#[derive(Debug, Args)]
pub(crate) struct EnrolmentArgs {
    /// Their student numbers.
    #[arg(required = true)]
    pub(crate) students: Vec<String>,
    /// Since when, as `2026-07-15`; today when left out.
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<Date>,
    /// Judge the students and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

/// In what form a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListForm {
    /// CSV in UTF-8 with byte order mark.
    Csv,
    /// CSV in GB18030, for older programs.
    CsvGb18030,
    /// An XLSX workbook.
    Xlsx,
}

impl ListForm {
    /// The form that was asked for, or else the one that a file's name ends in.
    pub(crate) fn of_file(asked: Option<Self>, file: &std::path::Path) -> Self {
        let is_workbook = file
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx"));
        asked.unwrap_or(if is_workbook { Self::Xlsx } else { Self::Csv })
    }
}

/// What parts the cells of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CellMark {
    /// `,`
    Comma,
    /// A tab.
    Tab,
    /// `;`
    Semicolon,
}

/// Encoding of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Encoding {
    /// UTF-8.
    Utf8,
    /// GB18030, also GBK and GB2312.
    Gb18030,
    /// UTF-16 with byte order mark.
    Utf16,
}

/// A column of a roll, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnPlace {
    /// Which column.
    pub(crate) column: RollColumn,
    /// Where: a number from 1, or a heading.
    pub(crate) place: Place,
}

/// Why a text says no column and place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidPlace {
    /// No `=`, or nothing after it.
    #[error("write COLUMN=PLACE, such as student_number=教育ID or class_name=5")]
    Form,
    /// No column of a roll has that name.
    #[error(
        "no column of a roll; they are student_number, name, sex, school_code, cohort, class_name, \
         state and state_since"
    )]
    Column,
}

impl FromStr for ColumnPlace {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (column, place) = text.split_once('=').ok_or(InvalidPlace::Form)?;
        let column = RollColumn::of_heading(column).ok_or(InvalidPlace::Column)?;
        let place = match (place.trim(), place.trim().parse()) {
            ("", _) | (_, Ok(0)) => return Err(InvalidPlace::Form),
            (_, Ok(number)) => Place::Number(number),
            (heading, Err(_)) => Place::Heading(heading.to_owned()),
        };
        Ok(Self { column, place })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_column_stands_under_a_heading_or_at_a_number() {
        let cases = [
            (
                "student_number=教育ID",
                Ok((RollColumn::StudentNumber, Place::Heading("教育ID".into()))),
                "a heading",
            ),
            (
                "班级=5",
                Ok((RollColumn::ClassName, Place::Number(5))),
                "a Chinese column at a number",
            ),
            ("name", Err(InvalidPlace::Form), "no place"),
            ("name= ", Err(InvalidPlace::Form), "an empty place"),
            ("name=0", Err(InvalidPlace::Form), "counted from 1"),
            ("phone=3", Err(InvalidPlace::Column), "no such column"),
        ];
        for (text, expected, why) in cases {
            let expected = expected.map(|(column, place)| ColumnPlace { column, place });
            assert_eq!(text.parse(), expected, "{why}");
        }
    }

    #[test]
    fn the_ending_of_a_file_says_its_form() {
        let of = |asked, file| ListForm::of_file(asked, Path::new(file));
        assert_eq!(of(None, "a.XLSX"), ListForm::Xlsx);
        assert_eq!(of(None, "a.csv"), ListForm::Csv);
        assert_eq!(of(None, "a"), ListForm::Csv);
        let asked = Some(ListForm::CsvGb18030);
        assert_eq!(of(asked, "a.xlsx"), ListForm::CsvGb18030);
    }
}
