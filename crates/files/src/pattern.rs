//! A line or a file name in which some places are filled with [`Marks`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Mark, Marks, Menu};

/// Text with places such as `{district}`: the name, the first or the last line
/// of a file.
///
/// Written with `{district}` (four digits), `{school}` (1 to 16 letters, digits
/// or hyphens), `{year}` (four digits), `{menu}` (`xz` or `bz`), `{batch}` (at
/// least four digits) and `{rows}` (digits).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Mark(Mark),
}

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidPattern {
    /// A brace without its other half, or a place that has no meaning.
    #[error("knows the places {{district}}, {{school}}, {{year}}, {{menu}}, {{batch}}, {{rows}}")]
    Place,
    /// One place twice.
    #[error("the same place stands there twice")]
    Repeated,
    /// Where a place ends could not be known.
    #[error("a place of no fixed length must be followed by other than letters and digits")]
    Ambiguous,
    /// A line break or another control character.
    #[error("a control character")]
    Control,
}

impl Mark {
    fn place(self) -> &'static str {
        match self {
            Self::District => "district",
            Self::School => "school",
            Self::Year => "year",
            Self::Menu => "menu",
            Self::Batch => "batch",
            Self::Rows => "rows",
        }
    }

    /// How many characters the place takes, when that is fixed.
    fn width(self) -> Option<usize> {
        match self {
            Self::District | Self::Year => Some(4),
            Self::Menu => Some(2),
            Self::School | Self::Batch | Self::Rows => None,
        }
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(InvalidPattern::Control);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(place) = rest.strip_prefix('{') {
                let (name, after) = place.split_once('}').ok_or(InvalidPattern::Place)?;
                let mark = Mark::ALL.into_iter().find(|mark| mark.place() == name);
                let part = Part::Mark(mark.ok_or(InvalidPattern::Place)?);
                if parts.contains(&part) {
                    return Err(InvalidPattern::Repeated);
                }
                parts.push(part);
                rest = after;
            } else {
                let end = rest.find('{').unwrap_or(rest.len());
                let (literal, after) = rest.split_at(end);
                if literal.contains('}') {
                    return Err(InvalidPattern::Place);
                }
                parts.push(Part::Text(literal.to_owned()));
                rest = after;
            }
        }
        let ends_unknown = |pair: &[Part]| match pair {
            [Part::Mark(mark), next] if mark.width().is_none() => match next {
                Part::Mark(_) => true,
                Part::Text(text) => {
                    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
                }
            },
            _ => false,
        };
        if parts.windows(2).any(ends_unknown) {
            return Err(InvalidPattern::Ambiguous);
        }
        Ok(Self(parts))
    }
}

impl Pattern {
    /// Fills the places.
    ///
    /// # Errors
    ///
    /// The mark that the pattern wants and that is not given.
    pub fn fill(&self, marks: &Marks) -> Result<String, Mark> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Mark(mark) => text.push_str(&marks.text(*mark).ok_or(*mark)?),
            }
        }
        Ok(text)
    }

    /// What a text says in the places; `None` when it does not fit the pattern.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Marks> {
        let mut marks = Marks::default();
        let mut rest = text;
        for part in &self.0 {
            match part {
                Part::Text(literal) => rest = rest.strip_prefix(literal.as_str())?,
                Part::Mark(mark) => {
                    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
                    let end = mark
                        .width()
                        .or_else(|| rest.find(|c| !allowed(c)))
                        .unwrap_or(rest.len());
                    let (value, after) = rest.split_at_checked(end)?;
                    marks.set(*mark, value)?;
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(marks)
    }

    pub(crate) fn is_ascii(&self) -> bool {
        let is_ascii = |part: &Part| !matches!(part, Part::Text(text) if !text.is_ascii());
        self.0.iter().all(is_ascii)
    }
}

impl Marks {
    fn text(&self, mark: Mark) -> Option<String> {
        match mark {
            Mark::District => self.district.map(|district| district.to_string()),
            Mark::School => self.school.as_ref().map(ToString::to_string),
            Mark::Year => self.year.map(|year| format!("{year:04}")),
            Mark::Menu => self.menu.map(|menu| menu.letters().to_owned()),
            Mark::Batch => self.batch.map(|batch| format!("{batch:04}")),
            Mark::Rows => self.rows.map(|rows| rows.to_string()),
        }
    }

    /// Takes a value over, if it is written just as it would be filled in.
    fn set(&mut self, mark: Mark, value: &str) -> Option<()> {
        match mark {
            Mark::District => self.district = Some(value.parse().ok()?),
            Mark::School => self.school = Some(value.parse().ok()?),
            Mark::Year => {
                let year = value.parse().ok();
                self.year = Some(year.filter(|year| (1990..=2199).contains(year))?);
            }
            Mark::Menu => {
                let menu = Menu::ALL.into_iter().find(|menu| menu.letters() == value);
                self.menu = Some(menu?);
            }
            Mark::Batch => {
                let batch = value.parse().ok();
                self.batch = Some(batch.filter(|batch| (1..=999_999_999).contains(batch))?);
            }
            Mark::Rows => self.rows = Some(value.parse().ok()?),
        }
        (self.text(mark).as_deref() == Some(value)).then_some(())
    }
}

impl TryFrom<String> for Pattern {
    type Error = InvalidPattern;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Mark(mark) => write!(f, "{{{}}}", mark.place())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "xjkzk_{district}{school}_{year}{menu}_{batch}.txt";

    #[test]
    fn a_pattern_says_where_each_place_ends() {
        let cases = [
            (NAME, None, "ours"),
            ("{district", Some(InvalidPattern::Place), "no other half"),
            ("a}", Some(InvalidPattern::Place), "no first half"),
            (
                "{name}",
                Some(InvalidPattern::Place),
                "names do not belong there",
            ),
            ("{rows}-{rows}", Some(InvalidPattern::Repeated), "twice"),
            (
                "{school}{year}",
                Some(InvalidPattern::Ambiguous),
                "where it ends",
            ),
            ("{batch}a", Some(InvalidPattern::Ambiguous), "where it ends"),
            ("a\n", Some(InvalidPattern::Control), "a line break"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(text.parse::<Pattern>().err(), expected, "{why}");
        }
    }

    #[test]
    fn a_name_of_another_form_says_nothing() {
        let pattern: Pattern = NAME.parse().unwrap();
        let marks = pattern.read("xjkzk_0106001_2024xz_0007.txt").unwrap();
        assert_eq!(marks.district, "0106".parse().ok());
        assert_eq!(marks.school, "001".parse().ok());
        assert_eq!(
            (marks.year, marks.menu, marks.batch),
            (Some(2024), Some(Menu::New), Some(7))
        );
        for text in [
            "xjkzk_0106001_2024xz_7.txt",
            "xjkzk_0106001_2024xx_0007.txt",
            "xjkzk_0106001_1024xz_0007.txt",
            "xjkzk_0106_2024xz_0007.txt",
            "xjkzk_0106001_2024xz_0007.txt.txt",
            "xjkzk_01学",
            "",
        ] {
            assert_eq!(pattern.read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_filled_in_is_read_back(
            district in "[0-9]{4}", school in "[0-9A-Za-z-]{1,16}",
            year in 1990u16..=2199, batch in 1u32..=999_999_999, is_new: bool,
        ) {
            let marks = Marks {
                district: district.parse().ok(),
                school: school.parse().ok(),
                year: Some(year),
                menu: Some(if is_new { Menu::New } else { Menu::Reissue }),
                batch: Some(batch),
                rows: None,
            };
            let pattern: Pattern = NAME.parse().unwrap();
            prop_assert_eq!(pattern.read(&pattern.fill(&marks).unwrap()), Some(marks));
            prop_assert_eq!(pattern.to_string(), NAME);
        }

        #[test]
        fn no_text_panics(pattern in "[{}a-z\\PC]{0,40}", text in ".*") {
            let ours: Pattern = NAME.parse().unwrap();
            let _ = ours.read(&text);
            if let Ok(pattern) = pattern.parse::<Pattern>() {
                let _ = pattern.read(&text);
            }
        }
    }
}
