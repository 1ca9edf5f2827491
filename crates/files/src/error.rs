//! What can be wrong with a file as a whole, and with one of its rows.
//!
//! The two are apart because the caller's next step differs: a file that is
//! wrong as a whole gives no rows at all; a wrong row leaves the others usable.
//! No text here repeats what stands in a cell.

use thiserror::Error;
use xueka_domain::{Column, InvalidCardNumber, InvalidUid};

use crate::{MAX_CELL_BYTES, MAX_COLUMNS, MAX_FILE_BYTES, MAX_ROW_BYTES, MAX_ROWS};

/// Why no row of a file can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the file has more than {MAX_FILE_BYTES} bytes; split it")]
    TooLarge,
    /// The bytes are text in none of the encodings that are tried.
    #[error("the file is not text in UTF-8 or GB18030; save it as CSV UTF-8")]
    NotText,
    /// There is no header, or nothing at all.
    #[error("the file is empty; its first row must name the columns")]
    Empty,
    /// More than [`MAX_COLUMNS`] columns.
    #[error("row 1 names more than {MAX_COLUMNS} columns; remove those that do not belong here")]
    TooManyColumns,
    /// A heading that names no known column.
    #[error("row 1: column {position} has an unknown heading; rename or remove it")]
    UnknownColumn {
        /// Which column, counted from 1.
        position: usize,
    },
    /// Two headings name the same column.
    #[error("row 1: column {position} repeats the column {column}; remove one of them")]
    DuplicateColumn {
        /// The place of the second one, counted from 1.
        position: usize,
        /// What both name.
        column: Column,
    },
    /// A column is needed and not there.
    #[error("row 1: the column {column} is missing; add it")]
    MissingColumn {
        /// What is missing. [`Column::CardNumber`] stands for "card number or
        /// UID": one of the two must be there.
        column: Column,
    },
    /// More than [`MAX_ROWS`] rows.
    #[error("the list has more than {MAX_ROWS} rows; split it")]
    TooManyRows,
    /// A row is longer than [`MAX_ROW_BYTES`]. What follows it is not known: it
    /// may have swallowed other rows.
    #[error("row {row} has more than {MAX_ROW_BYTES} bytes; a closing quote may be missing")]
    RowTooLong {
        /// The row as people count: the header is row 1, blank rows count.
        row: u64,
    },
}

/// Why one row cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("row {row}{}: {problem}", in_column(*column))]
pub struct RowError {
    /// The row as people count: the header is row 1, blank rows count.
    pub row: u64,
    /// The column; `None` when the row as a whole is wrong.
    pub column: Option<Column>,
    /// What is wrong.
    pub problem: RowProblem,
}

fn in_column(column: Option<Column>) -> String {
    column.map_or_else(String::new, |column| format!(", column {column}"))
}

/// What is wrong with a row or a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RowProblem {
    /// More or fewer cells than the header has columns.
    #[error("{found} cells instead of {expected}; a delimiter is missing or too many")]
    CellCount {
        /// How many cells the row has.
        found: usize,
        /// How many columns the header has.
        expected: usize,
    },
    /// A cell has more than [`MAX_CELL_BYTES`] bytes.
    #[error("longer than {MAX_CELL_BYTES} bytes; a closing quote may be missing")]
    CellTooLong,
    /// A line break within a cell.
    #[error("a line break within the cell; a closing quote may be missing")]
    LineBreak,
    /// A control character (NUL and tab included).
    #[error("a control character; retype the cell")]
    ControlCharacter,
    /// A character that changes the direction of the text or takes no room.
    #[error("an invisible character; retype the cell")]
    InvisibleCharacter,
    /// U+FFFD: an earlier conversion of the file lost a character for good.
    #[error("a character was lost when the file was converted before; retype the cell")]
    LostCharacter,
    /// The cell begins like a formula (`=`, `+`, `-`, `@`, also full-width).
    #[error("begins like a formula; remove the leading character")]
    Formula,
    /// A cell that must be filled is empty.
    #[error("is empty; fill it in")]
    Empty,
    /// Neither a card number nor a UID.
    #[error("neither a card number nor a UID; give at least one")]
    NoNumberAndNoUid,
    /// A spreadsheet has turned the number into a rounded one, like `1.0E+15`.
    #[error("a spreadsheet has rounded the number; format the column as text and type it anew")]
    RoundedNumber,
    /// Not a card number.
    #[error("is no card number: {0}")]
    CardNumber(InvalidCardNumber),
    /// Not a UID.
    #[error("is no UID: {0}")]
    Uid(InvalidUid),
    /// A UID that its chip makes up anew at each tap.
    #[error("is a random UID (4 bytes beginning 08), which names no card; leave it empty")]
    RandomUid,
    /// Not a student number.
    #[error("is no student number: 1 to 32 letters, digits or hyphens")]
    StudentNumber,
    /// Not a name.
    #[error("is no name: 1 to 64 characters")]
    StudentName,
    /// Not a class.
    #[error("is no class: at most 64 characters")]
    ClassName,
    /// Not a date.
    #[error("is no date; write it as 2024-09-01 or 20240901")]
    Date,
    /// The last day lies before the first.
    #[error("the last day of validity lies before the first")]
    DatesReversed,
    /// Not a state that a list may give.
    #[error("is no state; write 正常 (active) or 已到卡 (delivered)")]
    State,
}

impl RowProblem {
    /// The problem as a stable word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CellCount { .. } => "CELL_COUNT",
            Self::CellTooLong => "CELL_TOO_LONG",
            Self::LineBreak => "LINE_BREAK",
            Self::ControlCharacter => "CONTROL_CHARACTER",
            Self::InvisibleCharacter => "INVISIBLE_CHARACTER",
            Self::LostCharacter => "LOST_CHARACTER",
            Self::Formula => "FORMULA",
            Self::Empty => "EMPTY",
            Self::NoNumberAndNoUid => "NO_NUMBER_AND_NO_UID",
            Self::RoundedNumber => "ROUNDED_NUMBER",
            Self::CardNumber(_) => "CARD_NUMBER_INVALID",
            Self::Uid(_) => "UID_INVALID",
            Self::RandomUid => "RANDOM_UID",
            Self::StudentNumber => "STUDENT_NUMBER_INVALID",
            Self::StudentName => "NAME_INVALID",
            Self::ClassName => "CLASS_NAME_INVALID",
            Self::Date => "DATE_INVALID",
            Self::DatesReversed => "DATES_REVERSED",
            Self::State => "STATE_INVALID",
        }
    }
}
