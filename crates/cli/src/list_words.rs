//! Which word of the catalogue stands for what is wrong with a list.

use xueka_domain::Column;
use xueka_files::{FileError, RowProblem, chinese_heading};

use crate::words::{Language, Word};

/// What is wrong with a file as a whole, in words.
pub(crate) fn of_file_error(error: FileError, language: Language) -> String {
    let say = |word: Word, values: &[(&str, &str)]| word.with(language, values);
    match error {
        FileError::TooLarge => say(Word::FileTooLarge, &[]),
        FileError::NotText => say(Word::FileNotText, &[]),
        FileError::Empty => say(Word::FileEmpty, &[]),
        FileError::TooManyColumns => say(Word::FileTooManyColumns, &[]),
        FileError::UnknownColumn { position } => say(
            Word::FileUnknownColumn,
            &[
                ("position", &position.to_string()),
                ("known", &known_headings(language)),
            ],
        ),
        FileError::DuplicateColumn { position, column } => say(
            Word::FileDuplicateColumn,
            &[
                ("position", &position.to_string()),
                ("column", of_column(column, language)),
            ],
        ),
        FileError::MissingColumn {
            column: Column::CardNumber | Column::Uid,
        } => say(Word::FileMissingNumber, &[]),
        FileError::MissingColumn { column } => say(
            Word::FileMissingColumn,
            &[("column", of_column(column, language))],
        ),
        FileError::TooManyRows => say(Word::FileTooManyRows, &[]),
        FileError::RowTooLong { row } => say(Word::FileRowTooLong, &[("row", &row.to_string())]),
    }
}

/// What is wrong with a row or a cell, in words.
pub(crate) fn of_row_problem(problem: RowProblem, language: Language) -> String {
    let word = match problem {
        RowProblem::CellCount { found, expected } => {
            let [found, expected] = [found, expected].map(|count| count.to_string());
            let values = [("found", found.as_str()), ("expected", &expected)];
            return Word::RowCellCount.with(language, &values);
        }
        RowProblem::CellTooLong => Word::RowCellTooLong,
        RowProblem::LineBreak => Word::RowLineBreak,
        RowProblem::ControlCharacter => Word::RowControlCharacter,
        RowProblem::InvisibleCharacter => Word::RowInvisibleCharacter,
        RowProblem::LostCharacter => Word::RowLostCharacter,
        RowProblem::Formula => Word::RowFormula,
        RowProblem::Empty => Word::RowEmpty,
        RowProblem::NoNumberAndNoUid => Word::RowNoNumberAndNoUid,
        RowProblem::RoundedNumber => Word::RowRoundedNumber,
        RowProblem::CardNumber(_) => Word::RowCardNumber,
        RowProblem::Uid(_) => Word::RowUid,
        RowProblem::RandomUid => Word::RowRandomUid,
        RowProblem::StudentNumber => Word::RowStudentNumber,
        RowProblem::StudentName => Word::RowName,
        RowProblem::ClassName => Word::RowClassName,
        RowProblem::Date => Word::RowDate,
        RowProblem::DatesReversed => Word::RowDatesReversed,
        RowProblem::State => Word::RowState,
    };
    word.text(language).to_owned()
}

/// A column by the heading that the reader of the message writes.
pub(crate) fn of_column(column: Column, language: Language) -> &'static str {
    match language {
        Language::Chinese => chinese_heading(column),
        Language::English => column.field_name(),
    }
}

/// All headings, as the reader of the message writes them.
fn known_headings(language: Language) -> String {
    let headings = Column::ALL.map(|column| of_column(column, language));
    headings.join(match language {
        Language::Chinese => "、",
        Language::English => ", ",
    })
}

#[cfg(test)]
mod tests {
    use xueka_files::{MAX_FILE_BYTES, MAX_ROW_BYTES};

    use super::*;

    #[test]
    fn a_missing_column_is_named_in_the_readers_language() {
        let column = Column::StudentNumber;
        let error = FileError::MissingColumn { column };
        let cases = [
            (Language::Chinese, "第 1 行缺少“学籍号”列，请补上"),
            (
                Language::English,
                "row 1: the column student_number is missing; add it",
            ),
        ];
        for (language, expected) in cases {
            assert_eq!(of_file_error(error, language), expected);
        }
    }

    #[test]
    fn an_unknown_heading_is_answered_with_the_known_ones() {
        let error = FileError::UnknownColumn { position: 3 };
        let cases = [
            (
                Language::Chinese,
                "学籍号、姓名、班级、卡号、UID、有效期起、有效期止、状态",
            ),
            (
                Language::English,
                "student_number, name, class_name, card_number, uid, valid_from, valid_until, state",
            ),
        ];
        for (language, headings) in cases {
            let told = of_file_error(error, language);
            for part in ["3", headings, "CSV UTF-8"] {
                assert!(told.contains(part), "{part}: {told}");
            }
        }
    }

    #[test]
    fn limits_are_told_as_they_are() {
        let cases = [
            (FileError::TooLarge, MAX_FILE_BYTES >> 20, "MiB"),
            (FileError::RowTooLong { row: 2 }, MAX_ROW_BYTES >> 10, "KiB"),
        ];
        for (error, limit, unit) in cases {
            for language in [Language::Chinese, Language::English] {
                let told = of_file_error(error, language);
                assert!(told.contains(&format!(" {limit} {unit}")), "{told}");
            }
        }
    }
}
