//! The entries as they stand in a file: sources, then a section for each kind
//! and length of key, its keys and its terms apart.

use std::str;

use xueka_domain::CardNumber;

use super::bytes::{Bytes, put_varint};
use crate::{
    Blacklist, Builder, Origin,
    row::{N_NUMBER_LENGTHS, N_TABLES, Packed, Row, UID_LENGTHS, Value},
    source::Sources,
};

/// The kinds of key.
const NUMBER: u8 = 1;
const UID: u8 = 2;

/// The one way in which a list is written.
pub(super) fn encode(list: &Blacklist) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(short(list.sources.len()));
    for name in list.sources.names() {
        out.extend(u8::try_from(name.len()).unwrap_or(u8::MAX).to_le_bytes());
        out.extend(name.as_bytes());
    }
    for (table, rows) in list.tables.iter().enumerate() {
        let mut rows: Vec<Row> = rows.rows(list.seed).collect();
        if rows.is_empty() {
            continue;
        }
        rows.sort_unstable_by_key(|row| (row.value, row.packed.origin()));
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
    let n_sources = bytes.u16()?;
    let mut names = Vec::new();
    for _ in 0..n_sources {
        let length = bytes.u8()?;
        names.push(str::from_utf8(bytes.take(length.into())?).ok()?);
    }
    let mut builder = Builder::with_sources(Sources::of_names(names.into_iter())?);
    let mut n_keys = [0; N_TABLES];
    let mut free_tables = 0..N_TABLES;
    while !bytes.0.is_empty() {
        let (kind, length) = (bytes.u8()?, bytes.u8()?);
        let table = table_of(kind, length)?;
        // Sections come in the order of the tables, each once.
        free_tables.find(|free| *free == table)?;
        let n_rows = usize::try_from(bytes.u64()?).ok()?;
        let keys = column(&mut bytes)?;
        let terms = column(&mut bytes)?;
        let section = Section {
            table,
            n_rows,
            keys,
            terms,
            n_sources,
        };
        *n_keys.get_mut(table)? = section.read(&mut builder)?;
    }
    Some(builder.finish_distinct(n_keys, version))
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
    n_sources: u16,
}

impl Section<'_> {
    /// Puts all entries into the builder; gives how many keys they have.
    fn read(mut self, builder: &mut Builder) -> Option<usize> {
        if self.n_rows == 0 || self.n_rows > self.keys.0.len() {
            return None;
        }
        builder.reserve(self.table, self.n_rows);
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
                builder.push(self.table, Row { value, packed });
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
        let is_known = !packed.is_end() && packed.source().0 < self.n_sources;
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
