//! What holds for every roll that was read.

use std::collections::HashSet;

use xueka_domain::Language;
use xueka_files::{Limits, Roll};

/// Limits at which a small input soon arrives.
pub const SMALL: Limits = Limits {
    max_file_bytes: 64 * 1024,
    max_unpacked_bytes: 256 * 1024,
    max_rows: 100,
    max_columns: 16,
    max_cell_bytes: 256,
};

/// Judges a roll: each row counts once, no student is there twice.
///
/// # Panics
///
/// When that does not hold.
pub fn roll_is_sound(roll: &Roll) {
    assert!(roll.n_rows <= SMALL.max_rows && roll.rows.len() <= roll.n_rows);
    assert!(roll.rows.is_sorted_by_key(|row| row.row));
    assert!(roll.errors.is_sorted_by_key(|error| error.row));
    let mut students = HashSet::new();
    for row in &roll.rows {
        assert!(students.insert(&row.value.student.number));
        assert!(!roll.errors.iter().any(|error| error.row == row.row));
    }
    let verdicts = roll.verdicts(Language::English);
    assert!(verdicts.len() <= roll.n_rows);
}
