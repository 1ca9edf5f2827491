//! Where a roll has its columns, when its headings do not say it by themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::RollColumn;
use crate::{ColumnName as _, Delimiter, FileError, TextEncoding, cell::Record};

/// How a school's rolls differ from what is found without being told; by
/// default in nothing.
///
/// ```toml
/// header_row = 2
/// columns.student_number = "教育ID"
/// columns.class_name = 5
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RollLayout {
    /// The row with the headings, counted from 1; rows above it, such as a
    /// title, are passed over. 0 when there are none, and then every column is
    /// given by its place.
    pub header_row: u64,
    /// Columns that are named otherwise, or stand at a known place. They go
    /// before what a heading says by itself.
    pub columns: BTreeMap<RollColumn, Place>,
    /// What parts the cells of a text; found from the headings when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// The encoding of a text; found from the bytes when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<TextEncoding>,
    /// The sheet of a workbook; the first one when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

impl Default for RollLayout {
    fn default() -> Self {
        Self {
            header_row: 1,
            columns: BTreeMap::new(),
            delimiter: None,
            encoding: None,
            sheet: None,
        }
    }
}

/// Where a column stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    /// At this place, counted from 1.
    Number(usize),
    /// Under this heading; case and blanks around it do not matter.
    Heading(String),
}

/// Where each column stands in one file.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// For each column of a roll its place counted from 0, if it is there.
    pub(super) of: [Option<usize>; 8],
    /// How many cells a row has; `None` without header.
    pub(super) n_cells: Option<usize>,
    /// The places, counted from 1, of headings that name nothing that a roll
    /// needs.
    pub(super) ignored: Vec<usize>,
}

impl RollLayout {
    /// Whether a heading names a column under this layout.
    pub(super) fn knows(&self, heading: &str) -> bool {
        self.given_for(heading).is_some() || RollColumn::of_heading(heading).is_some()
    }

    fn given_for(&self, heading: &str) -> Option<RollColumn> {
        let heading = heading.trim();
        let names = |place: &Place| matches!(place, Place::Heading(name) if name.trim().eq_ignore_ascii_case(heading));
        let given = self.columns.iter().find(|(_, place)| names(place));
        given.map(|(column, _)| *column)
    }

    /// Where the columns stand, by the places that are given alone.
    pub(super) fn places_without_header(&self) -> Result<Places, FileError<RollColumn>> {
        self.places(0, |_| "").map(|places| Places {
            n_cells: None,
            ..places
        })
    }

    /// Where the columns stand under a row of headings.
    pub(super) fn places_under(
        &self,
        header: Record<'_>,
        max_columns: usize,
    ) -> Result<Places, FileError<RollColumn>> {
        if header.len() > max_columns {
            return Err(FileError::TooManyColumns { limit: max_columns });
        }
        self.places(header.len(), |place| header.heading(place))
    }

    fn places<'h>(
        &self,
        n_cells: usize,
        heading: impl Fn(usize) -> &'h str,
    ) -> Result<Places, FileError<RollColumn>> {
        let mut found = Places {
            of: [None; 8],
            n_cells: Some(n_cells),
            ignored: Vec::new(),
        };
        for (column, place) in &self.columns {
            if let (Place::Number(number), Some(slot)) = (place, found.of.get_mut(column.index())) {
                // A place 0 does not exist, so the column is missing.
                *slot = number.checked_sub(1);
            }
        }
        for place in 0..n_cells {
            if found.of.contains(&Some(place)) {
                continue;
            }
            let heading = heading(place);
            let given = self.given_for(heading);
            let known = RollColumn::of_heading(heading)
                // A column that the layout places elsewhere is not meant here.
                .filter(|column| !self.columns.contains_key(column));
            let Some(column) = given.or(known) else {
                found.ignored.push(place + 1);
                continue;
            };
            let Some(slot @ None) = found.of.get_mut(column.index()) else {
                let position = place + 1;
                return Err(FileError::DuplicateColumn { position, column });
            };
            *slot = Some(place);
        }
        found.check(self)?;
        Ok(found)
    }
}

impl Places {
    /// Every column that is needed or that the layout speaks of must be there.
    fn check(&self, layout: &RollLayout) -> Result<(), FileError<RollColumn>> {
        for &column in RollColumn::ALL {
            let is_wanted = matches!(column, RollColumn::StudentNumber | RollColumn::Name)
                || layout.columns.contains_key(&column);
            let place = self.of.get(column.index()).copied().flatten();
            let is_there = match (place, self.n_cells) {
                (Some(place), Some(n_cells)) if layout.header_row > 0 => place < n_cells,
                (place, _) => place.is_some(),
            };
            if is_wanted && !is_there {
                return Err(FileError::MissingColumn { column });
            }
        }
        Ok(())
    }
}
