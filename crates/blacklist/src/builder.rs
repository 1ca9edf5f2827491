//! Filling an index with millions of entries.

use std::fmt;

use xueka_domain::BlockEntry;

use crate::{
    Blacklist, BlacklistError, Change, Entry, Fingerprint,
    page::Stored,
    row::{N_TABLES, Row},
    source::Sources,
    table::{Parts, Spread, Table},
};

/// Gathers entries, then puts all in place at once.
///
/// That is many times as fast as one after the other, because nothing is copied
/// twice and the processor overlaps the waits for memory.
#[derive(Default)]
pub struct Builder {
    empty: Blacklist,
    rows: [Parts; N_TABLES],
    prints: [u128; N_TABLES],
}

impl Builder {
    /// A builder whose entries may name these sources: those of an existing
    /// list, by the same numbers.
    #[must_use]
    pub fn with_sources_of(list: &Blacklist) -> Self {
        Self::with_sources(list.sources.clone())
    }

    pub(crate) fn with_sources(sources: Sources) -> Self {
        let mut builder = Self::default();
        builder.empty.sources = sources;
        builder
    }

    /// Takes in entries. A key may come twice, with a reason by hand and one
    /// from a card's state; if it comes again, the later one counts.
    ///
    /// # Errors
    ///
    /// [`BlacklistError::UnknownSource`]; the entries before that one were taken
    /// in.
    pub fn extend(
        &mut self,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<(), BlacklistError> {
        for entry in entries {
            if !self.empty.sources.has(entry.terms.source) {
                return Err(BlacklistError::UnknownSource);
            }
            let (table, row) = Row::of(&Change::Block(entry));
            self.push(table, row);
        }
        Ok(())
    }

    /// Takes in entries of the registry, which have neither beginning nor end.
    pub fn load(&mut self, entries: &[BlockEntry]) {
        for entry in entries {
            let (table, row) = Row::of(&Change::Block(Entry::from(entry)));
            self.push(table, row);
        }
    }

    /// Makes room for rows of one table.
    pub(crate) fn reserve(&mut self, table: usize, n_rows: usize) {
        if let Some(rows) = self.rows.get_mut(table) {
            rows.reserve(n_rows);
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, table: usize, row: Row) {
        if let Some(rows) = self.rows.get_mut(table) {
            rows.push(Stored::new(row, self.empty.seed));
        }
        if let Some(print) = self.prints.get_mut(table) {
            *print = print.wrapping_add(row.print(table));
        }
    }

    /// The index at the registry's `version`.
    #[must_use]
    pub fn finish(self, version: u64) -> Blacklist {
        let seed = self.empty.seed;
        let mut list = self.empty;
        let mut total = 0_u128;
        let filled = self.rows.into_iter().zip(self.prints).enumerate();
        for ((table, (rows, print)), place) in filled.zip(&mut list.tables) {
            let (filled, print) = Table::of_rows(rows, print, Spread { seed, table });
            *place = filled;
            total = total.wrapping_add(print);
        }
        list.version = version;
        list.fingerprint = Fingerprint(total);
        list
    }

    /// The same of rows of which no two have the same key and origin, when it is
    /// known how many keys each table has.
    pub(crate) fn finish_distinct(self, n_keys: [usize; N_TABLES], version: u64) -> Blacklist {
        let mut list = self.empty;
        for ((place, rows), n_keys) in list.tables.iter_mut().zip(self.rows).zip(n_keys) {
            *place = Table::of_distinct(rows, n_keys);
        }
        list.version = version;
        list.fingerprint = Fingerprint(self.prints.into_iter().fold(0, u128::wrapping_add));
        list
    }
}

/// Says how much there is, and no key.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_rows: usize = self.rows.iter().map(Parts::len).sum();
        f.debug_struct("Builder")
            .field("n_rows", &n_rows)
            .finish_non_exhaustive()
    }
}
