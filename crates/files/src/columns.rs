//! The columns of a list of issued cards, and their headings.

use std::fmt;

/// A column of a list of issued cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// 学籍号, `student_number`: the holder's student number.
    StudentNumber,
    /// 姓名, `name`: the holder's name.
    Name,
    /// 班级, `class`: the holder's class.
    ClassName,
    /// 卡号, `card_number`: the card number.
    CardNumber,
    /// `UID`: the chip's UID in hexadecimal pairs.
    Uid,
    /// 有效期起, `valid_from`: first day of validity.
    ValidFrom,
    /// 有效期止, `valid_until`: last day of validity.
    ValidUntil,
    /// 状态, `state`: 正常 (active) or 已到卡 (delivered).
    State,
}

impl Column {
    /// Every column.
    pub const ALL: [Self; 8] = [
        Self::StudentNumber,
        Self::Name,
        Self::ClassName,
        Self::CardNumber,
        Self::Uid,
        Self::ValidFrom,
        Self::ValidUntil,
        Self::State,
    ];

    /// The column by the name of its field in the protocol's `IssuedCardRow`.
    #[must_use]
    pub fn field_name(self) -> &'static str {
        match self {
            Self::StudentNumber => "student_number",
            Self::Name => "name",
            Self::ClassName => "class_name",
            Self::CardNumber => "card_number",
            Self::Uid => "uid",
            Self::ValidFrom => "valid_from",
            Self::ValidUntil => "valid_until",
            Self::State => "state",
        }
    }

    /// The heading as a clerk writes it.
    #[must_use]
    pub fn chinese(self) -> &'static str {
        match self {
            Self::StudentNumber => "学籍号",
            Self::Name => "姓名",
            Self::ClassName => "班级",
            Self::CardNumber => "卡号",
            Self::Uid => "UID",
            Self::ValidFrom => "有效期起",
            Self::ValidUntil => "有效期止",
            Self::State => "状态",
        }
    }

    /// The column that a heading names; case and blanks around it do not
    /// matter.
    #[must_use]
    pub fn from_heading(heading: &str) -> Option<Self> {
        let heading = heading.trim();
        if heading.eq_ignore_ascii_case("class") {
            return Some(Self::ClassName);
        }
        Self::ALL.into_iter().find(|column| {
            heading.eq_ignore_ascii_case(column.field_name())
                || heading.eq_ignore_ascii_case(column.chinese())
        })
    }
}

/// The name of the field.
impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field_name())
    }
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
            assert_eq!(Column::from_heading(heading), expected, "{heading}: {why}");
        }
    }

    #[test]
    fn every_column_is_found_by_each_of_its_names() {
        for column in Column::ALL {
            assert_eq!(Column::from_heading(column.field_name()), Some(column));
            assert_eq!(Column::from_heading(column.chinese()), Some(column));
        }
    }
}
