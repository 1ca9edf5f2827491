//! What a card-making file says about itself: in its name, its first line and
//! its last.

use serde::{Deserialize, Serialize};
use xueka_domain::{DistrictCode, Language, SchoolCode};

/// A thing that a file says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The district.
    District,
    /// The school.
    School,
    /// The year.
    Year,
    /// New cards or reissues.
    Menu,
    /// The number of the batch.
    Batch,
    /// How many rows there are.
    Rows,
}

impl Mark {
    /// Every mark.
    pub const ALL: [Self; 6] = [
        Self::District,
        Self::School,
        Self::Year,
        Self::Menu,
        Self::Batch,
        Self::Rows,
    ];

    /// The mark in words.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::District, Language::Chinese) => "区县代码",
            (Self::District, Language::English) => "district",
            (Self::School, Language::Chinese) => "学校代码",
            (Self::School, Language::English) => "school",
            (Self::Year, Language::Chinese) => "年度",
            (Self::Year, Language::English) => "year",
            (Self::Menu, Language::Chinese) => "新制或补制",
            (Self::Menu, Language::English) => "menu",
            (Self::Batch, Language::Chinese) => "批次号",
            (Self::Batch, Language::English) => "batch",
            (Self::Rows, Language::Chinese) => "行数",
            (Self::Rows, Language::English) => "rows",
        }
    }
}

/// Under which menu a file is made and taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Menu {
    /// 新制: students without a card.
    New,
    /// 补制: students whose card is lost or damaged.
    Reissue,
}

impl Menu {
    /// Every menu.
    pub const ALL: [Self; 2] = [Self::New, Self::Reissue];

    /// The two letters in names and headers: 新制 xīnzhì, 补制 bǔzhì.
    #[must_use]
    pub fn letters(self) -> &'static str {
        match self {
            Self::New => "xz",
            Self::Reissue => "bz",
        }
    }
}

/// What a file says about itself, as far as it says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The district.
    pub district: Option<DistrictCode>,
    /// The school.
    pub school: Option<SchoolCode>,
    /// The year, 1990 to 2199.
    pub year: Option<u16>,
    /// New cards or reissues.
    pub menu: Option<Menu>,
    /// The number of the batch, 1 to 999,999,999.
    pub batch: Option<u32>,
    /// How many rows there are.
    pub rows: Option<u32>,
}

impl Marks {
    /// What two files, or a file and its name, say differently; what only one
    /// of them says is no difference.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Mark> {
        fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_some_and(|(one, other)| one != other)
        }
        let differs = |mark: &Mark| match mark {
            Mark::District => differ(self.district.as_ref(), other.district.as_ref()),
            Mark::School => differ(self.school.as_ref(), other.school.as_ref()),
            Mark::Year => differ(self.year.as_ref(), other.year.as_ref()),
            Mark::Menu => differ(self.menu.as_ref(), other.menu.as_ref()),
            Mark::Batch => differ(self.batch.as_ref(), other.batch.as_ref()),
            Mark::Rows => differ(self.rows.as_ref(), other.rows.as_ref()),
        };
        Mark::ALL.into_iter().filter(differs).collect()
    }

    /// What this says, and what the other says beside.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            district: self.district.or(other.district),
            school: self.school.or(other.school),
            year: self.year.or(other.year),
            menu: self.menu.or(other.menu),
            batch: self.batch.or(other.batch),
            rows: self.rows.or(other.rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_both_say_can_differ() {
        let expected = Marks {
            district: "0106".parse().ok(),
            year: Some(2024),
            menu: Some(Menu::New),
            ..Marks::default()
        };
        let found = Marks {
            district: "0108".parse().ok(),
            year: Some(2024),
            menu: Some(Menu::Reissue),
            batch: Some(1),
            ..Marks::default()
        };
        assert_eq!(found.differences(&expected), [Mark::District, Mark::Menu]);
        assert_eq!(found.differences(&found), []);
        assert_eq!(found.differences(&Marks::default()), []);
    }
}
