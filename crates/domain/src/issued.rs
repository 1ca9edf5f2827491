//! Cards that were issued before, as the rows of a list give them.
//!
//! Whoever reads lists makes these values, and whoever keeps cards takes them;
//! neither has to know the other, nor how a list is written or stored.

use std::fmt;

use jiff::civil::Date;

use crate::{CardFamily, CardNumber, CardState, Student, Uid};

/// One card that was issued before, and its holder: one row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCard {
    /// The row's number in its list, as people count; refusals repeat it.
    pub row: u64,
    /// The holder.
    pub student: Student,
    /// The card number; may be absent when a UID is given.
    pub number: Option<CardNumber>,
    /// The UID; may be absent when a number is given.
    pub uid: Option<Uid>,
    /// What kind of card it is, when the list says so.
    pub family: Option<CardFamily>,
    /// First day of validity, where limited.
    pub valid_from: Option<Date>,
    /// Last day of validity, where limited.
    pub valid_until: Option<Date>,
    /// Whether the holder has it already.
    pub state: IssuedState,
}

/// How far a card of a list has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IssuedState {
    /// 正常: the student holds it. A list that says nothing means this.
    #[default]
    Active,
    /// 已到卡: it waits at the school to be collected.
    Delivered,
}

/// A column of a list of issued cards.
///
/// A fault of a row lies in one of them; where it lies in the row as a whole,
/// there is none to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// The holder's student number.
    StudentNumber,
    /// The holder's name.
    Name,
    /// The holder's class.
    ClassName,
    /// The card number.
    CardNumber,
    /// The chip's UID.
    Uid,
    /// First day of validity.
    ValidFrom,
    /// Last day of validity.
    ValidUntil,
    /// Whether the holder has the card already.
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
}

/// The name of the field.
impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field_name())
    }
}

/// The state in which the card enters the registry.
impl From<IssuedState> for CardState {
    fn from(state: IssuedState) -> Self {
        match state {
            IssuedState::Active => Self::Active,
            IssuedState::Delivered => Self::Delivered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_field_of_its_own() {
        let mut names = Column::ALL.map(Column::field_name);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn a_listed_card_is_its_holders_card() {
        for state in [IssuedState::Active, IssuedState::Delivered] {
            assert!(CardState::from(state).is_live(), "{state:?}");
        }
    }
}
