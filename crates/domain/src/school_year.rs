//! The school year, for which a card is registered.

use std::fmt;

use jiff::civil::Date;

/// A school year (学年), which begins on 1 September.
///
/// `Display` gives both calendar years, such as `2026-2027`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchoolYear(i16);

impl SchoolYear {
    /// The school year in which a day lies.
    #[must_use]
    pub fn of(day: Date) -> Self {
        let has_begun = day.month() >= 9;
        Self(if has_begun {
            day.year()
        } else {
            day.year() - 1
        })
    }

    /// The calendar year in which it begins.
    #[must_use]
    pub fn begins_in(self) -> i16 {
        self.0
    }
}

impl fmt::Display for SchoolYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_begins_in_september() {
        let cases = [
            ("2026-08-31", "2025-2026"),
            ("2026-09-01", "2026-2027"),
            ("2027-01-15", "2026-2027"),
            ("-009999-01-01", "-10000--9999"),
            ("9999-12-31", "9999-10000"),
        ];
        for (day, expected) in cases {
            let year = SchoolYear::of(day.parse().unwrap());
            assert_eq!(year.to_string(), expected, "{day}");
        }
    }
}
