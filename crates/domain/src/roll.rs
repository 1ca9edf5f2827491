//! The roll: who is a student of which school, cohort and class.
//!
//! Only what a roll says about a student; which cards the student holds is told
//! elsewhere.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use thiserror::Error;

use crate::{Language, Student};

/// What a roll says about one student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollEntry {
    /// Number, name and class.
    pub student: Student,
    /// The sex, when the roll says it.
    pub sex: Option<Sex>,
    /// The school, when the roll says it; a roll of one school need not.
    pub school: Option<SchoolCode>,
    /// The cohort, when the roll says it.
    pub cohort: Option<Cohort>,
    /// Whether the student attends. A roll that says nothing means 在校.
    pub enrolment: Enrolment,
    /// The day since when that is so, when the roll says it.
    pub enrolment_since: Option<Date>,
}

/// The sex, as it is printed on a photo card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
}

impl Sex {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Male, Self::Female];

    /// The word on cards and in lists.
    #[must_use]
    pub fn word(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Male, Language::Chinese) => "男",
            (Self::Male, Language::English) => "male",
            (Self::Female, Language::Chinese) => "女",
            (Self::Female, Language::English) => "female",
        }
    }

    /// The value that a word of either language names, in any case.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|sex| is_word(word, |language| sex.word(language)))
    }
}

/// Whether a student attends the school (学籍状态).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Enrolment {
    /// 在校: attends.
    #[default]
    Enrolled,
    /// 休学: keeps the place and will return.
    OnLeave,
    /// 离校: left for good.
    Left,
}

impl Enrolment {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Enrolled, Self::OnLeave, Self::Left];

    /// The word in lists.
    #[must_use]
    pub fn word(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Enrolled, Language::Chinese) => "在校",
            (Self::Enrolled, Language::English) => "enrolled",
            (Self::OnLeave, Language::Chinese) => "休学",
            (Self::OnLeave, Language::English) => "on_leave",
            (Self::Left, Language::Chinese) => "离校",
            (Self::Left, Language::English) => "left",
        }
    }

    /// The value that a word of either language names, in any case.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|state| is_word(word, |language| state.word(language)))
    }
}

fn is_word(given: &str, word: impl Fn(Language) -> &'static str) -> bool {
    given == word(Language::Chinese) || given.eq_ignore_ascii_case(word(Language::English))
}

/// A code is not what it should be. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidCode {
    /// Not a school code.
    #[error("no school code: 1 to 16 letters, digits or hyphens")]
    School,
    /// Not a district code.
    #[error("no district code: four digits")]
    District,
    /// Not a cohort.
    #[error("no cohort: a year from 1990 to 2199, such as 2024 or 2024届")]
    Cohort,
}

/// The code of a school (学校代码): 1 to 16 ASCII letters, digits or hyphens;
/// text, so leading zeros count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchoolCode(Box<str>);

impl SchoolCode {
    /// The most characters a code has.
    pub const MAX_CHARS: usize = 16;

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SchoolCode {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let fits = (1..=Self::MAX_CHARS).contains(&text.len()) && text.bytes().all(allowed);
        fits.then(|| Self(text.into())).ok_or(InvalidCode::School)
    }
}

impl fmt::Display for SchoolCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The code of a district (区县代码): four digits, such as `0106`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DistrictCode(u16);

impl FromStr for DistrictCode {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidCode::District);
        }
        text.parse().map(Self).map_err(|_| InvalidCode::District)
    }
}

impl fmt::Display for DistrictCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

/// A cohort (届), named by its year.
///
/// Schools also say 级, which counts from the other end of school life, so
/// `2024级` is no cohort: which year is meant nobody but the school can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cohort(u16);

impl Cohort {
    /// The year.
    #[must_use]
    pub fn year(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Cohort {
    type Error = InvalidCode;

    fn try_from(year: u16) -> Result<Self, Self::Error> {
        // A year outside these is a slip of the hand.
        let sensible = (1990..=2199).contains(&year);
        sensible.then_some(Self(year)).ok_or(InvalidCode::Cohort)
    }
}

/// Reads `2024` and `2024届`.
impl FromStr for Cohort {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let year = text.strip_suffix('届').unwrap_or(text);
        if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidCode::Cohort);
        }
        let year: u16 = year.parse().map_err(|_| InvalidCode::Cohort)?;
        year.try_into()
    }
}

impl fmt::Display for Cohort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_of_both_languages_are_read_back() {
        for language in [Language::Chinese, Language::English] {
            for sex in Sex::ALL {
                assert_eq!(Sex::of_word(sex.word(language)), Some(sex));
            }
            for state in Enrolment::ALL {
                assert_eq!(Enrolment::of_word(state.word(language)), Some(state));
            }
        }
        assert_eq!(Sex::of_word("FEMALE"), Some(Sex::Female));
        assert_eq!(Sex::of_word("未知"), None);
        assert_eq!(Enrolment::of_word("毕业"), None);
    }

    #[test]
    fn a_cohort_is_a_year_and_no_entry_year() {
        let cases = [
            ("2024", Ok(2024), "the year"),
            ("2024届", Ok(2024), "with its word"),
            (
                "2024级",
                Err(InvalidCode::Cohort),
                "counts from the other end",
            ),
            ("24", Err(InvalidCode::Cohort), "two digits"),
            ("1824", Err(InvalidCode::Cohort), "before there were cards"),
            ("+202", Err(InvalidCode::Cohort), "a sign"),
            ("", Err(InvalidCode::Cohort), "empty"),
        ];
        for (text, expected, why) in cases {
            let year = text.parse::<Cohort>().map(Cohort::year);
            assert_eq!(year, expected, "{text}: {why}");
        }
    }

    #[test]
    fn codes_keep_their_zeros() {
        assert_eq!("0106".parse::<DistrictCode>().unwrap().to_string(), "0106");
        assert_eq!("0007".parse::<SchoolCode>().unwrap().as_str(), "0007");
        for text in ["106", "01067", "01a6", "０１０６", "+106"] {
            assert_eq!(text.parse::<DistrictCode>(), Err(InvalidCode::District));
        }
        for text in ["", "a b", "学校", "12345678901234567"] {
            assert_eq!(text.parse::<SchoolCode>(), Err(InvalidCode::School));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<SchoolCode>();
            let _ = text.parse::<DistrictCode>();
            let _ = text.parse::<Cohort>();
            let _ = (Sex::of_word(&text), Enrolment::of_word(&text));
        }
    }
}
