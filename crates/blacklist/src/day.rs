//! Days as the index keeps them: two bytes each.

use std::num::NonZeroU16;

use jiff::{ToSpan, civil::Date};

use crate::BlacklistError;

/// A day between 2000-01-01 and 2179-06-05, on which a block begins or ends.
///
/// Kept as the number of days since 1999-12-31 in two bytes, so that `Option`
/// of it takes two bytes as well. Which day it is where the school stands is
/// for the caller to say; nothing here reads a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(NonZeroU16);

impl Day {
    /// The day before the first one that can be kept.
    const ZERO: Date = Date::constant(1999, 12, 31);

    /// The calendar date.
    #[must_use]
    pub fn date(self) -> Date {
        Self::ZERO.saturating_add(i32::from(self.0.get()).days())
    }

    /// The day as it is kept; 0 stands for none.
    pub(crate) fn to_raw(day: Option<Self>) -> u16 {
        day.map_or(0, |day| day.0.get())
    }

    /// The day from what was kept; 0 stands for none.
    pub(crate) fn from_raw(raw: u16) -> Option<Self> {
        NonZeroU16::new(raw).map(Self)
    }
}

impl TryFrom<Date> for Day {
    type Error = BlacklistError;

    /// # Errors
    ///
    /// [`BlacklistError::DayOutOfRange`].
    fn try_from(date: Date) -> Result<Self, Self::Error> {
        let days = Self::ZERO
            .until(date)
            .map_or(0, |span| span.get_days().max(0));
        u16::try_from(days)
            .ok()
            .and_then(NonZeroU16::new)
            .map(Self)
            .ok_or(BlacklistError::DayOutOfRange)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_are_kept_from_2000_to_2179() {
        let cases = [
            (date(1999, 12, 31), None, "stands for none"),
            (date(1970, 1, 1), None, "before"),
            (date(2000, 1, 1), Some(1), "the first"),
            (date(2000, 3, 1), Some(61), "2000 was a leap year"),
            (date(2179, 6, 5), Some(u16::MAX), "the last"),
            (date(2179, 6, 6), None, "after"),
            (date(9999, 12, 31), None, "the end of the calendar"),
            (date(-9999, 1, 1), None, "the beginning of the calendar"),
        ];
        for (date, raw, why) in cases {
            let day = Day::try_from(date).ok();
            assert_eq!(day.map(|day| Day::to_raw(Some(day))), raw, "{date}: {why}");
            if let Some(day) = day {
                assert_eq!(day.date(), date, "{why}");
            }
        }
    }

    #[test]
    fn every_kept_day_is_a_date() {
        for raw in 1..=u16::MAX {
            let day = Day::from_raw(raw).unwrap();
            assert_eq!(Day::try_from(day.date()), Ok(day));
        }
        assert_eq!(Day::from_raw(0), None);
        assert_eq!(size_of::<Option<Day>>(), 2);
    }
}
