//! How much a file may ask of us.

use serde::{Deserialize, Serialize};

use crate::{MAX_CELL_BYTES, MAX_COLUMNS, MAX_FILE_BYTES, MAX_ROWS};

/// The bounds of what is taken in. Whoever sends a file chooses its content,
/// so each has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The most bytes a file may have; by default [`MAX_FILE_BYTES`].
    pub max_file_bytes: usize,
    /// The most bytes that all parts of a workbook may have unpacked together;
    /// by default 1 GiB, which a sheet of [`MAX_ROWS`] rows with eight columns
    /// does not reach.
    pub max_unpacked_bytes: u64,
    /// The most rows a list may have that are not blank, its header not
    /// counted; by default [`MAX_ROWS`].
    pub max_rows: usize,
    /// The most columns; by default [`MAX_COLUMNS`].
    pub max_columns: usize,
    /// The most bytes of one cell, counted in UTF-8; by default
    /// [`MAX_CELL_BYTES`].
    pub max_cell_bytes: usize,
}

impl Limits {
    /// The most bytes of one row: as many as all its cells may have.
    #[must_use]
    pub fn max_row_bytes(&self) -> usize {
        self.max_columns.saturating_mul(self.max_cell_bytes)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: MAX_FILE_BYTES,
            max_unpacked_bytes: 1 << 30,
            max_rows: MAX_ROWS,
            max_columns: MAX_COLUMNS,
            max_cell_bytes: MAX_CELL_BYTES,
        }
    }
}
