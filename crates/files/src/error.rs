//! What can be wrong with a file as a whole, with one of its rows, and with
//! what is to be written.
//!
//! The first two are apart because the caller's next step differs: a file that
//! is wrong as a whole gives no rows at all; a wrong row leaves the others
//! usable. No text here repeats what stands in a cell. The words, in both
//! languages, are in `words.rs`.

use thiserror::Error;
use xueka_domain::{Column, InvalidCardNumber, InvalidUid, Language};

use crate::{ColumnName, Mark, TextEncoding};

/// Why no row of a file can be used. `C` is what its columns are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError<C = Column> {
    /// The file has more bytes than may be.
    TooLarge {
        /// How many may be.
        limit: usize,
    },
    /// The bytes are text in none of the encodings that are tried.
    NotText,
    /// The text is not in the encoding that the layout asks for.
    WrongEncoding {
        /// What the layout asks for.
        expected: TextEncoding,
    },
    /// The bytes are text in two encodings and nothing says which is meant.
    AmbiguousEncoding,
    /// A workbook of the kind before XLSX, or one with a password.
    OldWorkbook,
    /// A workbook that cannot be read.
    BrokenWorkbook,
    /// A workbook that unpacks to more bytes than may be.
    UnpacksTooLarge {
        /// How many may be.
        limit: u64,
    },
    /// The workbook has no such sheet, or none at all.
    NoSheet,
    /// There is no header, or nothing at all.
    Empty,
    /// More columns than may be.
    TooManyColumns {
        /// How many may be.
        limit: usize,
    },
    /// A heading that names no known column.
    UnknownColumn {
        /// Which column, counted from 1.
        position: usize,
    },
    /// Two headings name the same column.
    DuplicateColumn {
        /// The place of the second one, counted from 1.
        position: usize,
        /// What both name.
        column: C,
    },
    /// A column is needed and not there.
    MissingColumn {
        /// What is missing. [`Column::CardNumber`] stands for "card number or
        /// UID": one of the two must be there.
        column: C,
    },
    /// More rows than may be.
    TooManyRows {
        /// How many may be.
        limit: usize,
    },
    /// A row is longer than may be. What follows it is not known: it may have
    /// swallowed other rows.
    RowTooLong {
        /// The row as people count: the header is row 1, blank rows count.
        row: u64,
        /// How many bytes it may have.
        limit: usize,
    },
    /// The first line is not the header of the layout: another kind of file, or
    /// another version of it.
    WrongLayout,
    /// The last line is not the trailer of the layout: the end is missing.
    Truncated,
    /// Header and trailer say different things.
    Disagreement {
        /// About what.
        mark: Mark,
    },
    /// The file says how many rows it has and has another number.
    CountMismatch {
        /// What it says.
        said: u64,
        /// What it has.
        found: u64,
    },
}

impl<C> FileError<C> {
    /// The error as a stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::NotText => "NOT_TEXT",
            Self::WrongEncoding { .. } => "WRONG_ENCODING",
            Self::AmbiguousEncoding => "AMBIGUOUS_ENCODING",
            Self::OldWorkbook => "OLD_WORKBOOK",
            Self::BrokenWorkbook => "BROKEN_WORKBOOK",
            Self::UnpacksTooLarge { .. } => "UNPACKS_TOO_LARGE",
            Self::NoSheet => "NO_SHEET",
            Self::Empty => "NO_HEADER",
            Self::TooManyColumns { .. } => "TOO_MANY_COLUMNS",
            Self::UnknownColumn { .. } => "UNKNOWN_COLUMN",
            Self::DuplicateColumn { .. } => "DUPLICATE_COLUMN",
            Self::MissingColumn { .. } => "MISSING_COLUMN",
            Self::TooManyRows { .. } => "TOO_MANY_ROWS",
            Self::RowTooLong { .. } => "ROW_TOO_LONG",
            Self::WrongLayout => "WRONG_LAYOUT",
            Self::Truncated => "TRUNCATED",
            Self::Disagreement { .. } => "DISAGREEMENT",
            Self::CountMismatch { .. } => "COUNT_MISMATCH",
        }
    }
}

/// In English.
impl<C: ColumnName> std::fmt::Display for FileError<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.told(Language::English))
    }
}

impl<C: ColumnName> std::error::Error for FileError<C> {}

/// Why one row cannot be used. `C` is what the columns of the file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowError<C = Column> {
    /// The row as people count: the header is row 1, blank rows count.
    pub row: u64,
    /// The column; `None` when the row as a whole is wrong.
    pub column: Option<C>,
    /// What is wrong.
    pub problem: RowProblem,
}

/// In English.
impl<C: ColumnName> std::fmt::Display for RowError<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.told(Language::English))
    }
}

impl<C: ColumnName> std::error::Error for RowError<C> {}

/// What is wrong with a row or a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowProblem {
    /// More or fewer cells than the header or the layout has columns.
    CellCount {
        /// How many cells the row has.
        found: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// A line of fixed widths is too short or too long.
    LineWidth {
        /// How many bytes it has, in the encoding of the file.
        found: usize,
        /// How many the widths add up to.
        expected: usize,
    },
    /// The end of a fixed width lies within a character.
    SplitCharacter,
    /// A cell has more bytes than may be.
    CellTooLong {
        /// How many may be.
        limit: usize,
    },
    /// A line break within a cell.
    LineBreak,
    /// A control character (NUL and tab included).
    ControlCharacter,
    /// A character that changes the direction of the text or takes no room.
    InvisibleCharacter,
    /// U+FFFD: an earlier conversion of the file lost a character for good.
    LostCharacter,
    /// The cell begins like a formula (`=`, `+`, `-`, `@`, also full-width, also
    /// behind the apostrophe by which a spreadsheet keeps it from running).
    Formula,
    /// A cell that must be filled is empty.
    Empty,
    /// The cell of a workbook is a number, a date or a yes or no where text
    /// belongs: leading zeros may be lost.
    NotText,
    /// The cell of a workbook holds an error, such as `#N/A`.
    SpreadsheetError,
    /// Neither a card number nor a UID.
    NoNumberAndNoUid,
    /// A spreadsheet has turned the number into a rounded one, like `1.0E+15`.
    RoundedNumber,
    /// Not a card number.
    CardNumber(InvalidCardNumber),
    /// Not a UID.
    Uid(InvalidUid),
    /// A UID that its chip makes up anew at each tap.
    RandomUid,
    /// Not a student number.
    StudentNumber,
    /// Not a name.
    StudentName,
    /// Not a class.
    ClassName,
    /// Not a date.
    Date,
    /// The last day lies before the first.
    DatesReversed,
    /// Not a state that a list of cards may give.
    State,
    /// Neither 男 nor 女.
    Sex,
    /// Not a school code.
    SchoolCode,
    /// Not a cohort.
    Cohort,
    /// Not a state that a roll may give.
    Enrolment,
    /// Not a cause of a reissue.
    Cause,
    /// Not an outcome of production.
    Outcome,
    /// A cause of a reissue in a file of new cards: the menus are mixed up.
    CauseOfNewCard,
    /// Another school than the one that the file is of.
    OtherSchool,
    /// A column that always holds the same text holds another one.
    Constant,
    /// The same row stands there already; it counts once.
    Duplicate {
        /// The row that counts.
        first: u64,
    },
    /// Another row says something else of the same student; neither counts.
    Contradiction {
        /// The other row.
        other: u64,
    },
    /// Another row gives the same card number, or the same UID where there is
    /// no number; neither counts.
    CardTwice {
        /// The other row.
        other: u64,
    },
}

/// In English.
impl std::fmt::Display for RowProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.told(Language::English))
    }
}

impl RowProblem {
    /// The problem as a stable word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CellCount { .. } => "CELL_COUNT",
            Self::LineWidth { .. } => "LINE_WIDTH",
            Self::SplitCharacter => "SPLIT_CHARACTER",
            Self::CellTooLong { .. } => "CELL_TOO_LONG",
            Self::LineBreak => "LINE_BREAK",
            Self::ControlCharacter => "CONTROL_CHARACTER",
            Self::InvisibleCharacter => "INVISIBLE_CHARACTER",
            Self::LostCharacter => "LOST_CHARACTER",
            Self::Formula => "FORMULA",
            Self::Empty => "EMPTY",
            Self::NotText => "NOT_TEXT",
            Self::SpreadsheetError => "SPREADSHEET_ERROR",
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
            Self::Sex => "SEX_INVALID",
            Self::SchoolCode => "SCHOOL_CODE_INVALID",
            Self::Cohort => "COHORT_INVALID",
            Self::Enrolment => "ENROLMENT_INVALID",
            Self::Cause => "CAUSE_INVALID",
            Self::Outcome => "OUTCOME_INVALID",
            Self::CauseOfNewCard => "CAUSE_OF_NEW_CARD",
            Self::OtherSchool => "OTHER_SCHOOL",
            Self::Constant => "CONSTANT_DIFFERS",
            Self::Duplicate { .. } => "DUPLICATE_ROW",
            Self::Contradiction { .. } => "CONTRADICTING_ROW",
            Self::CardTwice { .. } => "CARD_TWICE",
        }
    }
}

/// Why a file cannot be written. `row` is the place of the value among those
/// that were given, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// More rows than the format can hold.
    #[error("more than {limit} rows; divide them, or write CSV")]
    TooManyRows {
        /// How many it can hold.
        limit: usize,
    },
    /// A value has a character that the encoding has not.
    #[error("row {row}: a character that the encoding has not; write UTF-8")]
    Unencodable {
        /// Which value.
        row: usize,
    },
    /// A value holds the character that parts the columns.
    #[error("row {row}: the {column} holds the delimiter; choose another in the layout")]
    HoldsDelimiter {
        /// Which value.
        row: usize,
        /// The English name of the column.
        column: &'static str,
    },
    /// A value is longer than its column.
    #[error("row {row}: the {column} is longer than its column; widen it in the layout")]
    TooWide {
        /// Which value.
        row: usize,
        /// The English name of the column.
        column: &'static str,
    },
    /// A value would not be read back as it is, for this reason: a new card
    /// with a cause of a reissue, a student twice, and the like.
    #[error("row {row}: {problem}")]
    Refused {
        /// Which value.
        row: usize,
        /// What a reader would say.
        problem: RowProblem,
    },
    /// The name or the header of the file says something that was not given.
    #[error("the layout wants the {}, which was not given", mark.name(Language::English))]
    MissingMark {
        /// What was not given.
        mark: Mark,
    },
    /// The library that writes workbooks refused.
    #[error("the workbook could not be made; write CSV")]
    Workbook,
}

impl WriteError {
    /// What is wrong and what to do, as one sentence.
    #[must_use]
    pub fn told(&self, language: Language) -> String {
        match language {
            Language::Chinese => self.in_chinese(),
            Language::English => self.to_string(),
        }
    }

    fn in_chinese(&self) -> String {
        match *self {
            Self::TooManyRows { limit } => format!("超过 {limit} 行，请分成几个，或改用 CSV"),
            Self::Unencodable { row } => {
                format!("第 {row} 行有该编码没有的字符，请改用 UTF-8")
            }
            Self::HoldsDelimiter { row, column } => {
                format!("第 {row} 行的 {column} 含有分隔符，请在版式中换一个")
            }
            Self::TooWide { row, column } => {
                format!("第 {row} 行的 {column} 超过列宽，请在版式中加宽")
            }
            Self::Refused { row, problem } => {
                format!("第 {row} 行：{}", problem.told(Language::Chinese))
            }
            Self::MissingMark { mark } => {
                format!("版式需要“{}”，但没有给出", mark.name(Language::Chinese))
            }
            Self::Workbook => "无法生成工作簿，请改用 CSV".to_owned(),
        }
    }
}
