//! The columns of a roll and their headings.

use serde::{Deserialize, Serialize};
use xueka_domain::Language;

use crate::ColumnName;

/// A column of a roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollColumn {
    /// 学籍号, the student number; needed.
    StudentNumber,
    /// 姓名, the name; needed.
    Name,
    /// 性别, the sex: 男 or 女.
    Sex,
    /// 学校代码, the code of the school.
    SchoolCode,
    /// 届, the cohort: `2024` or `2024届`.
    Cohort,
    /// 班级, the class.
    ClassName,
    /// 学籍状态: 在校, 休学 or 离校; empty means 在校.
    State,
    /// 状态日期, the day since when the state holds.
    StateSince,
}

impl RollColumn {
    /// The headings that name the column, beside its two names.
    fn other_headings(self) -> &'static [&'static str] {
        match self {
            Self::StudentNumber => &[],
            Self::Name => &["学生姓名"],
            Self::Sex => &["gender"],
            Self::SchoolCode => &["学校标识码", "school"],
            Self::Cohort => &["届别"],
            Self::ClassName => &["班", "班级名称", "class"],
            Self::State => &["状态", "在校状态"],
            Self::StateSince => &["异动日期"],
        }
    }

    /// The column that a heading names, in Chinese or by its field; case and
    /// blanks around it do not matter.
    #[must_use]
    pub fn of_heading(heading: &str) -> Option<Self> {
        let heading = heading.trim();
        let is = |name: &str| heading.eq_ignore_ascii_case(name);
        <Self as ColumnName>::ALL.iter().copied().find(|column| {
            is(column.name(Language::Chinese))
                || is(column.name(Language::English))
                || column.other_headings().iter().any(|name| is(name))
        })
    }

    /// The place in an array with a place for each column.
    pub(super) fn index(self) -> usize {
        self as usize
    }
}

impl ColumnName for RollColumn {
    const ALL: &'static [Self] = &[
        Self::StudentNumber,
        Self::Name,
        Self::Sex,
        Self::SchoolCode,
        Self::Cohort,
        Self::ClassName,
        Self::State,
        Self::StateSince,
    ];

    fn name(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::StudentNumber, Language::Chinese) => "学籍号",
            (Self::StudentNumber, Language::English) => "student_number",
            (Self::Name, Language::Chinese) => "姓名",
            (Self::Name, Language::English) => "name",
            (Self::Sex, Language::Chinese) => "性别",
            (Self::Sex, Language::English) => "sex",
            (Self::SchoolCode, Language::Chinese) => "学校代码",
            (Self::SchoolCode, Language::English) => "school_code",
            (Self::Cohort, Language::Chinese) => "届",
            (Self::Cohort, Language::English) => "cohort",
            (Self::ClassName, Language::Chinese) => "班级",
            (Self::ClassName, Language::English) => "class_name",
            (Self::State, Language::Chinese) => "学籍状态",
            (Self::State, Language::English) => "state",
            (Self::StateSince, Language::Chinese) => "状态日期",
            (Self::StateSince, Language::English) => "state_since",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heading_names_one_column() {
        let mut seen = std::collections::BTreeSet::new();
        for &column in <RollColumn as ColumnName>::ALL {
            let names = [Language::Chinese, Language::English].map(|l| column.name(l));
            for heading in names.iter().chain(column.other_headings()) {
                assert!(seen.insert(*heading), "{heading} names two columns");
                let padded = format!(" {}\u{3000}", heading.to_uppercase());
                assert_eq!(RollColumn::of_heading(&padded), Some(column));
            }
        }
        assert_eq!(RollColumn::of_heading("身份证号"), None);
        assert_eq!(RollColumn::of_heading(""), None);
    }
}
