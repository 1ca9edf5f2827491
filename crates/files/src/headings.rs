//! The headings under which a list has its columns.

use xueka_domain::{Column, Language};

use crate::ColumnName;

impl ColumnName for Column {
    const ALL: &'static [Self] = &Column::ALL;

    fn name(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => chinese_heading(self),
            Language::English => self.field_name(),
        }
    }

    /// One of the two is enough, so the number stands for both.
    fn name_when_missing(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::CardNumber | Self::Uid, Language::Chinese) => "卡号或 UID",
            (Self::CardNumber | Self::Uid, Language::English) => "card_number or uid",
            _ => self.name(language),
        }
    }
}

/// The heading of a column as a clerk writes it.
#[must_use]
pub fn chinese_heading(column: Column) -> &'static str {
    match column {
        Column::StudentNumber => "学籍号",
        Column::Name => "姓名",
        Column::ClassName => "班级",
        Column::CardNumber => "卡号",
        Column::Uid => "UID",
        Column::ValidFrom => "有效期起",
        Column::ValidUntil => "有效期止",
        Column::State => "状态",
    }
}

/// The column that a heading names, in Chinese or by its field; case and blanks
/// around it do not matter. `class` is short for `class_name`.
#[must_use]
pub fn column_of_heading(heading: &str) -> Option<Column> {
    let heading = heading.trim();
    if heading.eq_ignore_ascii_case("class") {
        return Some(Column::ClassName);
    }
    Column::ALL.into_iter().find(|column| {
        heading.eq_ignore_ascii_case(column.field_name())
            || heading.eq_ignore_ascii_case(chinese_heading(*column))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_both_languages() {
        let cases = [
            ("学籍号", Some(Column::StudentNumber), "Chinese"),
            ("Student_Number", Some(Column::StudentNumber), "any case"),
            (" 姓名\u{3000}", Some(Column::Name), "blanks around it"),
            ("班级", Some(Column::ClassName), "Chinese"),
            ("class", Some(Column::ClassName), "short form"),
            ("class_name", Some(Column::ClassName), "the field's name"),
            ("UID", Some(Column::Uid), "as printed"),
            ("uid", Some(Column::Uid), "lower case"),
            ("电话", None, "not a column of this list"),
            ("", None, "empty"),
        ];
        for (heading, expected, why) in cases {
            assert_eq!(column_of_heading(heading), expected, "{heading}: {why}");
        }
    }

    #[test]
    fn every_column_is_found_by_each_of_its_names() {
        for column in Column::ALL {
            assert_eq!(column_of_heading(column.field_name()), Some(column));
            assert_eq!(column_of_heading(chinese_heading(column)), Some(column));
        }
    }
}
