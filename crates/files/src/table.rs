//! A delimited text as rows of checked cells.
//!
//! Knows the delimiter, the header and the limits; what the cells mean is for
//! the caller.

use std::io::{self, Read};

use csv::{Reader, ReaderBuilder, StringRecord};
use serde::{Deserialize, Serialize};
use xueka_domain::Column;

use crate::{FileError, Limits, column_of_heading};

/// What parts the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// `,`
    Comma,
    /// A tab.
    Tab,
    /// `;`
    Semicolon,
}

impl Delimiter {
    const ALL: [Self; 3] = [Self::Comma, Self::Tab, Self::Semicolon];

    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
            Self::Semicolon => b';',
        }
    }
}

/// A text as rows of cells, whatever they mean.
pub(crate) struct TextRows<'t> {
    text: &'t str,
    reader: Reader<Rationed<'t>>,
    record: StringRecord,
    /// Of the row last read, as people count.
    row: u64,
    max_row_bytes: usize,
}

impl<'t> TextRows<'t> {
    pub(crate) fn new(text: &'t str, delimiter: Delimiter, limits: &Limits) -> Self {
        let max_row_bytes = limits.max_row_bytes();
        Self {
            text,
            reader: reader(text, delimiter, max_row_bytes),
            record: StringRecord::new(),
            row: 0,
            max_row_bytes,
        }
    }

    /// The next row that is not blank: its number and its cells.
    ///
    /// # Errors
    ///
    /// [`FileError::RowTooLong`], after which no row is to be had any more.
    pub(crate) fn next_row<C>(&mut self) -> Result<Option<(u64, &StringRecord)>, FileError<C>> {
        loop {
            self.reader.get_mut().ration = self.max_row_bytes;
            // Bytes that are no UTF-8 would be the other failure, and they come
            // from a `str`.
            let read = self.reader.read_record(&mut self.record);
            self.row += 1 + self.n_blank_rows_before();
            let too_long = FileError::RowTooLong {
                row: self.row,
                limit: self.max_row_bytes,
            };
            if !read.map_err(|_| too_long)? {
                return Ok(None);
            }
            if self.record.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(Some((self.row, &self.record)));
            }
        }
    }

    /// How many empty lines the reader skipped to reach the record.
    fn n_blank_rows_before(&self) -> u64 {
        let start = self.record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let (before, mut rest) = self.text.split_at_checked(start).unwrap_or_default();
        if before.ends_with('\r') {
            // The second half of the line break that ended the row before.
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        let mut n_blank = 0;
        while let Some(next) = ["\r\n", "\n", "\r"]
            .into_iter()
            .find_map(|line_break| rest.strip_prefix(line_break))
        {
            rest = next;
            n_blank += 1;
        }
        n_blank
    }
}

/// A text on its way to the reader, which takes only so much of it for one row.
///
/// Without an end to what it takes, a row that has none would be kept in whole,
/// with the place of each of its cells: many times the size of the file.
struct Rationed<'t> {
    rest: &'t [u8],
    /// How many bytes may still be taken. Line breaks are free, because blank
    /// rows are skipped on the way to the next.
    ration: usize,
}

impl Read for Rationed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ration == 0 && !self.rest.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let n_taken = self.rest.read(buffer)?;
        let taken = buffer.iter().take(n_taken);
        let n_counted = taken.filter(|byte| !matches!(byte, b'\r' | b'\n')).count();
        self.ration = self.ration.saturating_sub(n_counted);
        Ok(n_taken)
    }
}

fn reader(text: &str, delimiter: Delimiter, ration: usize) -> Reader<Rationed<'_>> {
    ReaderBuilder::new()
        .delimiter(delimiter.byte())
        .has_headers(false)
        // Rows of another length are reported with their number, by us.
        .flexible(true)
        .from_reader(Rationed {
            rest: text.as_bytes(),
            ration,
        })
}

/// The delimiter under which most cells of the first row are known headings; a
/// comma when none is.
pub(crate) fn delimiter_of_header(
    text: &str,
    limits: &Limits,
    header_row: u64,
    is_known: impl Fn(&str) -> bool,
) -> Delimiter {
    let n_known = |delimiter| {
        let mut rows = TextRows::new(text, delimiter, limits);
        while let Ok(Some((row, record))) = rows.next_row::<Column>() {
            if row >= header_row {
                return record.iter().filter(|heading| is_known(heading)).count();
            }
        }
        0
    };
    Delimiter::ALL
        .into_iter()
        .rev()
        .max_by_key(|delimiter| n_known(*delimiter))
        .unwrap_or(Delimiter::Comma)
}

/// The rows below the header of a list of cards.
pub(crate) struct Table<'t> {
    rows: TextRows<'t>,
    /// What the columns are, from left to right.
    pub(crate) columns: Vec<Column>,
    /// What parts them.
    pub(crate) delimiter: Delimiter,
}

impl<'t> Table<'t> {
    /// Reads the header: finds the delimiter under which most headings are
    /// known, and what the columns are.
    pub(crate) fn open(text: &'t str, limits: &Limits) -> Result<Self, FileError> {
        // The reader skips blank rows, but row 1 has to be the header.
        if text.is_empty() || text.starts_with(['\r', '\n']) {
            return Err(FileError::Empty);
        }
        let is_known = |heading: &str| column_of_heading(heading).is_some();
        let delimiter = delimiter_of_header(text, limits, 1, is_known);
        let mut rows = TextRows::new(text, delimiter, limits);
        let (_, header) = rows.next_row()?.ok_or(FileError::Empty)?;
        let columns = columns(header, limits)?;
        Ok(Self {
            rows,
            columns,
            delimiter,
        })
    }

    /// See [`TextRows::next_row`].
    pub(crate) fn next_row(&mut self) -> Result<Option<(u64, &StringRecord)>, FileError> {
        self.rows.next_row()
    }
}

fn columns(header: &StringRecord, limits: &Limits) -> Result<Vec<Column>, FileError> {
    let limit = limits.max_columns;
    if header.len() > limit {
        return Err(FileError::TooManyColumns { limit });
    }
    let mut columns = Vec::with_capacity(header.len());
    for (heading, position) in header.iter().zip(1..) {
        let column = column_of_heading(heading).ok_or(FileError::UnknownColumn { position })?;
        if columns.contains(&column) {
            return Err(FileError::DuplicateColumn { position, column });
        }
        columns.push(column);
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_COLUMNS;

    #[test]
    fn the_delimiter_is_found_from_the_header() {
        let cases = [
            ("姓名,卡号\n", Delimiter::Comma, "comma"),
            ("姓名\t卡号\n", Delimiter::Tab, "tab"),
            ("姓名;卡号\n", Delimiter::Semicolon, "semicolon"),
            ("姓名\n", Delimiter::Comma, "one column only"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(
                Table::open(text, &Limits::default()).unwrap().delimiter,
                expected,
                "{why}"
            );
        }
    }

    #[test]
    fn rows_are_counted_as_people_count_them() {
        for line_break in ["\n", "\r\n", "\r"] {
            let text = ["姓名,卡号", "a,1", "", "", "b,2", ",", "c,3"].join(line_break);
            let mut table = Table::open(&text, &Limits::default()).unwrap();
            let mut rows = Vec::new();
            while let Some((row, cells)) = table.next_row().unwrap() {
                rows.push((row, cells.get(0).unwrap_or_default().to_owned()));
            }
            let expected = [(2, "a"), (5, "b"), (7, "c")].map(|(row, name)| (row, name.to_owned()));
            assert_eq!(rows, expected, "{line_break:?}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_used_is_refused() {
        let many = vec!["姓名"; MAX_COLUMNS + 1].join(",");
        let cases = [
            ("", FileError::Empty, "nothing"),
            ("\n姓名\n", FileError::Empty, "a blank first row"),
            (", ,\n", FileError::Empty, "a first row without headings"),
            (
                "姓名,电话",
                FileError::UnknownColumn { position: 2 },
                "unknown",
            ),
            (
                "姓名,卡号,name",
                FileError::DuplicateColumn {
                    position: 3,
                    column: Column::Name,
                },
                "the same in two languages",
            ),
            (
                &many,
                FileError::TooManyColumns { limit: MAX_COLUMNS },
                "too many",
            ),
        ];
        for (text, expected, why) in cases {
            assert_eq!(
                Table::open(text, &Limits::default()).err(),
                Some(expected),
                "{why}"
            );
        }
    }
}
