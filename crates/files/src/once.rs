//! Rows of which each student has one.

use std::{collections::HashSet, hash::BuildHasher as _};

use hashbrown::{DefaultHashBuilder, HashTable};
use xueka_domain::StudentNumber;

use crate::{ColumnName, RowError, RowProblem};

/// A value and the row where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered<T> {
    /// The row as people count: the header is row 1, blank rows count.
    pub row: u64,
    /// What it says.
    pub value: T,
}

/// Collects rows; keeps the first of equal ones and none of those that
/// contradict each other.
pub(crate) struct OncePerStudent<T> {
    rows: Vec<Numbered<T>>,
    /// Places in `rows`, found by the student's number, so that no number is
    /// kept twice.
    places: HashTable<usize>,
    /// Seeded anew for each list, so that nobody can write one whose numbers
    /// collide.
    hasher: DefaultHashBuilder,
    /// Places in `rows` that do not count.
    refused: HashSet<usize>,
    student: fn(&T) -> &StudentNumber,
}

impl<T: PartialEq> OncePerStudent<T> {
    pub(crate) fn new(student: fn(&T) -> &StudentNumber) -> Self {
        Self {
            rows: Vec::new(),
            places: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            refused: HashSet::new(),
            student,
        }
    }

    /// Adds a row, or says why it does not count, and if so why the earlier one
    /// does not either. `column` is where the student's number stands.
    pub(crate) fn add<C: ColumnName>(
        &mut self,
        row: u64,
        value: T,
        column: C,
        errors: &mut Vec<RowError<C>>,
    ) {
        let Self { rows, hasher, .. } = self;
        let number = (self.student)(&value);
        let hash = |place: &usize| {
            let number = rows.get(*place).map(|kept| (self.student)(&kept.value));
            number.map_or(0, |number| hasher.hash_one(number))
        };
        let is_same = |place: &usize| {
            rows.get(*place)
                .is_some_and(|kept| (self.student)(&kept.value) == number)
        };
        let mut refuse = |row, problem| {
            errors.push(RowError {
                row,
                column: Some(column),
                problem,
            });
        };
        let hashed = hasher.hash_one(number);
        let Some(place) = self.places.find(hashed, is_same).copied() else {
            self.places.insert_unique(hashed, rows.len(), hash);
            rows.push(Numbered { row, value });
            return;
        };
        let Some(first) = rows.get(place) else {
            return;
        };
        if first.value == value {
            refuse(row, RowProblem::Duplicate { first: first.row });
            return;
        }
        refuse(row, RowProblem::Contradiction { other: first.row });
        if self.refused.insert(place) {
            refuse(first.row, RowProblem::Contradiction { other: row });
        }
    }

    /// The rows that count, in the order in which they stood.
    pub(crate) fn finish(self) -> Vec<Numbered<T>> {
        let Self {
            mut rows, refused, ..
        } = self;
        if !refused.is_empty() {
            let mut places = 0..;
            rows.retain(|_| places.next().is_some_and(|place| !refused.contains(&place)));
        }
        rows
    }
}
