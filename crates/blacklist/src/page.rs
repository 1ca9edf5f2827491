//! Some hundreds of entries that are copied as one when one of them changes.

use crate::{
    Origin,
    row::{Packed, Row, Value, mix, unmix},
};

/// Cells of a page; a cell is what a look-up scans.
pub(crate) const CELL_BITS: u32 = 6;
pub(crate) const N_CELLS: usize = 1 << CELL_BITS;

/// An entry, its key mixed so that keys spread evenly whatever numbers a city
/// gives out. Mixing is one to one, so that equal mixed keys are equal keys.
#[derive(Clone, Copy)]
pub(crate) struct Stored {
    pub(crate) mixed: u64,
    high: u16,
    pub(crate) packed: Packed,
}

impl Stored {
    /// Fills room that is about to be overwritten.
    pub(crate) const BLANK: Self = Self {
        mixed: 0,
        high: 0,
        packed: Packed {
            cause: 0,
            from: 0,
            until: 0,
        },
    };

    #[inline]
    pub(crate) fn new(row: Row, seed: u64) -> Self {
        Self {
            mixed: mixed(row.value, seed),
            high: row.value.high,
            packed: row.packed,
        }
    }

    pub(crate) fn row(&self, seed: u64) -> Row {
        let low = unmix(self.mixed) ^ seed ^ u64::from(self.high);
        Row {
            value: Value {
                high: self.high,
                low,
            },
            packed: self.packed,
        }
    }

    fn has_key_of(&self, other: &Self) -> bool {
        self.mixed == other.mixed && self.high == other.high
    }
}

/// A key as it is looked up.
#[inline]
pub(crate) fn mixed(value: Value, seed: u64) -> u64 {
    mix(value.low ^ seed ^ u64::from(value.high))
}

/// What an edit did to the counts of a table.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) n_rows: isize,
    pub(crate) n_keys: isize,
    /// What is to be added to the fingerprint.
    pub(crate) print: u128,
}

/// Rows of a page that share their key with an earlier one.
#[derive(Clone, Copy, Default)]
pub(crate) struct SharedKeys {
    /// With another origin, so that both hold.
    pub(crate) n_twins: usize,
    /// With the same origin, so that the later one counts.
    pub(crate) n_repeats: usize,
}

/// The entries of one page, cell by cell.
#[derive(Clone)]
pub(crate) struct Page {
    /// Where each cell begins, and where the last one ends.
    starts: [u32; N_CELLS + 1],
    rows: Box<[Stored]>,
}

impl Page {
    /// A page of rows that lie cell by cell; `starts` says where each begins,
    /// counted from the first row.
    pub(crate) fn new(starts: &[u32; N_CELLS + 1], rows: &[Stored]) -> Self {
        Self {
            starts: *starts,
            rows: rows.into(),
        }
    }

    /// What is known of one key: from its card's state and by hand.
    #[inline]
    pub(crate) fn find(&self, cell: usize, mixed: u64, high: u16) -> [Option<Packed>; 2] {
        let mut found = [None; 2];
        for stored in self.cell(cell) {
            if stored.mixed == mixed && stored.high == high {
                let [by_state, by_hand] = &mut found;
                match stored.packed.origin() {
                    Origin::State => *by_state = Some(stored.packed),
                    Origin::Hand => *by_hand = Some(stored.packed),
                }
            }
        }
        found
    }

    #[inline]
    fn cell(&self, cell: usize) -> &[Stored] {
        match (self.starts.get(cell), self.starts.get(cell + 1)) {
            (Some(start), Some(end)) => self
                .rows
                .get(*start as usize..*end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
    }

    pub(crate) fn rows(&self) -> &[Stored] {
        &self.rows
    }

    /// Counts rows that share their key with an earlier row.
    pub(crate) fn count_shared(&self) -> SharedKeys {
        let mut counts = SharedKeys::default();
        for cell in 0..N_CELLS {
            let rows = self.cell(cell);
            for (at, row) in rows.iter().enumerate() {
                let before = rows.iter().take(at).filter(|other| other.has_key_of(row));
                for other in before {
                    if other.packed.origin() == row.packed.origin() {
                        counts.n_repeats += 1;
                    } else {
                        counts.n_twins += 1;
                    }
                }
            }
        }
        counts
    }

    /// The page after some changes, which are sorted by cell; of two for the
    /// same key and origin the later one counts. `print` is what a row adds to
    /// the fingerprint.
    pub(crate) fn edited(
        &self,
        edits: &[Stored],
        cell_of: impl Fn(u64) -> usize,
        print: impl Fn(&Stored) -> u128,
        tally: &mut Tally,
    ) -> Self {
        let mut rows = Vec::with_capacity(self.rows.len() + edits.len());
        let mut starts = [0; N_CELLS + 1];
        let mut edits = edits.iter().peekable();
        for (cell, end) in starts.iter_mut().skip(1).enumerate() {
            let first = rows.len();
            rows.extend_from_slice(self.cell(cell));
            while let Some(edit) = edits.next_if(|edit| cell_of(edit.mixed) <= cell) {
                edit_cell(&mut rows, first, edit, &print, tally);
            }
            *end = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        }
        Self {
            starts,
            rows: rows.into_boxed_slice(),
        }
    }
}

/// Makes one change in the cell that begins at `first` and is the last one.
fn edit_cell(
    rows: &mut Vec<Stored>,
    first: usize,
    edit: &Stored,
    print: impl Fn(&Stored) -> u128,
    tally: &mut Tally,
) {
    let origin = edit.packed.origin();
    let mut same = None;
    let mut has_other = false;
    for (at, row) in rows.iter_mut().enumerate().skip(first) {
        if row.has_key_of(edit) {
            if row.packed.origin() == origin {
                same = Some((at, row));
            } else {
                has_other = true;
            }
        }
    }
    let is_only = isize::from(!has_other);
    if let Some((_, row)) = &same {
        tally.print = tally.print.wrapping_sub(print(row));
    }
    match (same, edit.packed.is_end()) {
        (None, true) => {}
        (None, false) => {
            rows.push(*edit);
            tally.n_rows += 1;
            tally.n_keys += is_only;
            tally.print = tally.print.wrapping_add(print(edit));
        }
        (Some((_, row)), false) => {
            *row = *edit;
            tally.print = tally.print.wrapping_add(print(edit));
        }
        (Some((at, _)), true) => {
            // The cell is the last one, so the row that takes the place is of
            // the same cell.
            rows.swap_remove(at);
            tally.n_rows -= 1;
            tally.n_keys -= is_only;
        }
    }
}
