//! The entries as they stand in a file: sources, then a section for each kind
//! and length of key, its keys and its terms apart. The changes of a delta stand
//! in the same way, with ends among the terms.

use std::{array, ops::Range, str};

use xueka_domain::CardNumber;

use super::bytes::{Bytes, put_varint};
use crate::{
    Blacklist, Builder, Change, Origin,
    row::{N_NUMBER_LENGTHS, N_TABLES, Packed, Row, UID_LENGTHS, Value},
    source::Sources,
};

/// The kinds of key.
const NUMBER: u8 = 1;
const UID: u8 = 2;

/// The one way in which a list is written.
pub(super) fn encode(list: &Blacklist) -> Vec<u8> {
    let tables = list.tables.iter().map(|table| {
        let mut rows: Vec<Row> = table.rows(list.seed).collect();
        rows.sort_unstable_by_key(place);
        rows
    });
    encode_rows(&list.sources, tables)
}

/// The one way in which changes are written that lead to `list`; of two for the
/// same key and origin the later one is.
pub(super) fn encode_changes(changes: &[Change], list: &Blacklist) -> Vec<u8> {
    let mut tables: [Vec<Row>; N_TABLES] = array::from_fn(|_| Vec::new());
    for (table, row) in changes.iter().map(Row::of) {
        if let Some(rows) = tables.get_mut(table) {
            rows.push(row);
        }
    }
    let tables = tables.into_iter().map(|mut rows| {
        // Stable, so that of one place the last row is the latest.
        rows.reverse();
        rows.sort_by_key(place);
        rows.dedup_by_key(|row| place(row));
        rows
    });
    encode_rows(&list.sources, tables)
}

/// What of a section can stand there once.
fn place(row: &Row) -> (Value, Origin) {
    (row.value, row.packed.origin())
}

fn encode_rows(sources: &Sources, tables: impl Iterator<Item = Vec<Row>>) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(short(sources.len()));
    for name in sources.names() {
        out.extend(u8::try_from(name.len()).unwrap_or(u8::MAX).to_le_bytes());
        out.extend(name.as_bytes());
    }
    for (table, rows) in tables.enumerate() {
        if rows.is_empty() {
            continue;
        }
        let [kind, length] = kind_of(table);
        out.extend([kind, length]);
        out.extend((rows.len() as u64).to_le_bytes());
        put_column(&mut out, &keys(table, &rows));
        put_column(&mut out, &terms(&rows));
    }
    out
}

fn short(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes()
}

fn kind_of(table: usize) -> [u8; 2] {
    let (kind, length) = match table.checked_sub(N_NUMBER_LENGTHS) {
        None => (NUMBER, table + CardNumber::MIN_DIGITS),
        Some(uid) => (UID, UID_LENGTHS.get(uid).copied().unwrap_or_default()),
    };
    [kind, u8::try_from(length).unwrap_or(u8::MAX)]
}

fn table_of(kind: u8, length: u8) -> Option<usize> {
    (0..N_TABLES).find(|table| kind_of(*table) == [kind, length])
}

fn put_column(out: &mut Vec<u8>, column: &[u8]) {
    out.extend((column.len() as u64).to_le_bytes());
    out.extend(column);
}

/// Only the last table's keys do not fit 64 bits.
fn is_long(table: usize) -> bool {
    table + 1 == N_TABLES
}

fn keys(table: usize, rows: &[Row]) -> Vec<u8> {
    let mut column = Vec::with_capacity(rows.len());
    let mut before = 0;
    for row in rows {
        if is_long(table) {
            column.extend(row.value.to_bytes());
        } else {
            put_varint(&mut column, row.value.low - before);
            before = row.value.low;
        }
    }
    column
}

fn terms(rows: &[Row]) -> Vec<u8> {
    let mut column = Vec::new();
    for run in rows.chunk_by(|a, b| a.packed == b.packed) {
        put_varint(&mut column, run.len() as u64);
        if let Some(Row { packed, .. }) = run.first() {
            column.extend(packed.cause.to_le_bytes());
            column.extend(packed.from.to_le_bytes());
            column.extend(packed.until.to_le_bytes());
        }
    }
    column
}

/// The list that was written; `None` unless it is written in the one way.
///
/// What is allocated is at most forty times as long as the body: every entry
/// takes at least a byte there, and room is made only after that was looked at.
pub(super) fn decode(body: &[u8], version: u64) -> Option<Blacklist> {
    let mut bytes = Bytes(body);
    let sources = sources(&mut bytes)?;
    let n_sources = sources.len();
    let mut builder = Builder::with_sources(sources);
    let mut n_keys = [0; N_TABLES];
    let mut free_tables = 0..N_TABLES;
    while !bytes.0.is_empty() {
        let section = Section::find(&mut bytes, &mut free_tables, n_sources, false)?;
        let table = section.table;
        builder.reserve(table, section.n_rows);
        *n_keys.get_mut(table)? = section.read(|row| builder.push(table, row))?;
    }
    Some(builder.finish_distinct(n_keys, version))
}

/// The changes that were written, with their sources; `None` unless they are
/// written in the one way. Allocates as [`decode`] does.
pub(super) fn decode_changes(body: &[u8]) -> Option<(Sources, Vec<(usize, Row)>)> {
    let mut bytes = Bytes(body);
    let sources = sources(&mut bytes)?;
    let mut rows = Vec::new();
    let mut free_tables = 0..N_TABLES;
    while !bytes.0.is_empty() {
        let section = Section::find(&mut bytes, &mut free_tables, sources.len(), true)?;
        let table = section.table;
        rows.reserve(section.n_rows);
        section.read(|row| rows.push((table, row)))?;
    }
    Some((sources, rows))
}

fn sources(bytes: &mut Bytes<'_>) -> Option<Sources> {
    let n_sources = bytes.u16()?;
    let mut names = Vec::new();
    for _ in 0..n_sources {
        let length = bytes.u8()?;
        names.push(str::from_utf8(bytes.take(length.into())?).ok()?);
    }
    Sources::of_names(names.into_iter())
}

fn column<'a>(bytes: &mut Bytes<'a>) -> Option<Bytes<'a>> {
    let length = bytes.u64()?;
    bytes.take(usize::try_from(length).ok()?).map(Bytes)
}

/// A section whose columns were found.
struct Section<'a> {
    table: usize,
    n_rows: usize,
    keys: Bytes<'a>,
    terms: Bytes<'a>,
    n_sources: usize,
    /// Whether ends may stand among the terms.
    has_ends: bool,
}

impl<'a> Section<'a> {
    /// The next section. Sections come in the order of the tables, each once.
    fn find(
        bytes: &mut Bytes<'a>,
        free_tables: &mut Range<usize>,
        n_sources: usize,
        has_ends: bool,
    ) -> Option<Self> {
        let (kind, length) = (bytes.u8()?, bytes.u8()?);
        let table = table_of(kind, length)?;
        free_tables.find(|free| *free == table)?;
        let n_rows = usize::try_from(bytes.u64()?).ok()?;
        let keys = column(bytes)?;
        let terms = column(bytes)?;
        // Every entry takes at least a byte.
        let is_possible = n_rows > 0 && n_rows <= keys.0.len();
        is_possible.then_some(Self {
            table,
            n_rows,
            keys,
            terms,
            n_sources,
            has_ends,
        })
    }

    /// Gives all entries to `take`; answers how many keys they have.
    #[inline]
    fn read(mut self, mut take: impl FnMut(Row)) -> Option<usize> {
        let mut n_keys = 0;
        let mut n_left = self.n_rows;
        let mut before: Option<(Value, Packed)> = None;
        while n_left > 0 {
            let n_run = usize::try_from(self.terms.varint()?).ok()?;
            let packed = self.packed()?;
            let is_same = before.is_some_and(|(_, before)| before == packed);
            if n_run == 0 || n_run > n_left || is_same {
                return None;
            }
            n_left -= n_run;
            for _ in 0..n_run {
                let value = self.next_key(before.map(|(value, _)| value))?;
                if !is_second(before, value, packed)? {
                    n_keys += 1;
                }
                take(Row { value, packed });
                before = Some((value, packed));
            }
        }
        let (last, _) = before?;
        let is_whole = self.keys.0.is_empty() && self.terms.0.is_empty();
        (is_whole && last <= Value::largest(self.table)).then_some(n_keys)
    }

    fn packed(&mut self) -> Option<Packed> {
        let packed = Packed {
            cause: self.terms.u16()?,
            from: self.terms.u16()?,
            until: self.terms.u16()?,
        };
        let is_known = if packed.is_end() {
            // Nothing beside the origin is written of an end.
            self.has_ends && packed == Packed::ended(packed.origin())
        } else {
            usize::from(packed.source().0) < self.n_sources
        };
        is_known.then_some(packed)
    }

    #[inline]
    fn next_key(&mut self, before: Option<Value>) -> Option<Value> {
        if is_long(self.table) {
            return self.keys.long_uid();
        }
        let gap = self.keys.varint()?;
        let before = before.map_or(0, |before| before.low);
        before.checked_add(gap).map(Value::from)
    }
}

/// Whether an entry is the second one of its key: by hand, after one from the
/// state. `None` when the entries are out of order.
#[inline]
fn is_second(before: Option<(Value, Packed)>, value: Value, packed: Packed) -> Option<bool> {
    let Some((value_before, packed_before)) = before else {
        return Some(false);
    };
    if value_before < value {
        return Some(false);
    }
    let origins = (packed_before.origin(), packed.origin());
    (value_before == value && origins == (Origin::State, Origin::Hand)).then_some(true)
}
