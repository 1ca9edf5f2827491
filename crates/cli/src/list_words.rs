//! A list's columns and faults in the language of the reader.
//!
//! The words themselves stand in `xueka-files`, beside what they are about.

use xueka_domain::Column;
use xueka_files::{ColumnName as _, FileError, RowProblem};

use crate::words::Language;

/// What is wrong with a file as a whole, in words.
pub(crate) fn of_file_error(error: FileError, language: Language) -> String {
    error.told(language)
}

/// What is wrong with a row or a cell, in words.
pub(crate) fn of_row_problem(problem: RowProblem, language: Language) -> String {
    problem.told(language)
}

/// A column by the heading that the reader of the message writes.
pub(crate) fn of_column(column: Column, language: Language) -> &'static str {
    column.name(language)
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
        let too_large = FileError::TooLarge {
            limit: MAX_FILE_BYTES,
        };
        let too_long = FileError::RowTooLong {
            row: 2,
            limit: MAX_ROW_BYTES,
        };
        let cases = [
            (too_large, MAX_FILE_BYTES >> 20, "MiB"),
            (too_long, MAX_ROW_BYTES >> 10, "KiB"),
        ];
        for (error, limit, unit) in cases {
            for language in [Language::Chinese, Language::English] {
                let told = of_file_error(error, language);
                assert!(told.contains(&format!(" {limit} {unit}")), "{told}");
            }
        }
    }
}
