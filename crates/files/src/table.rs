//! A delimited text as rows of checked cells.
//!
//! Knows the delimiter, the header and the limits; what the cells mean is for
//! the caller.

use std::io::{self, Read};

use csv::{Reader, ReaderBuilder, StringRecord};
use xueka_domain::Column;

use crate::{FileError, MAX_CELL_BYTES, MAX_COLUMNS, MAX_ROW_BYTES, RowProblem, column_of_heading};

/// What parts the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
            Self::Semicolon => b';',
        }
    }
}

/// The rows below the header of a text.
pub(crate) struct Table<'t> {
    text: &'t str,
    reader: Reader<Rationed<'t>>,
    record: StringRecord,
    /// Of the row last read, as people count.
    row: u64,
    /// What the columns are, from left to right.
    pub(crate) columns: Vec<Column>,
    /// What parts them.
    pub(crate) delimiter: Delimiter,
}

impl<'t> Table<'t> {
    /// Reads the header: finds the delimiter under which most headings are
    /// known, and what the columns are.
    pub(crate) fn open(text: &'t str) -> Result<Self, FileError> {
        // The reader skips blank rows, but row 1 has to be the header.
        if text.is_empty() || text.starts_with(['\r', '\n']) {
            return Err(FileError::Empty);
        }
        let delimiter = Delimiter::ALL
            .into_iter()
            .rev()
            .max_by_key(|delimiter| n_known_headings(text, *delimiter))
            .unwrap_or(Delimiter::Comma);
        let mut table = Self {
            text,
            reader: reader(text, delimiter),
            record: StringRecord::new(),
            row: 0,
            columns: Vec::new(),
            delimiter,
        };
        if table.next_row()?.is_none() {
            return Err(FileError::Empty);
        }
        table.columns = columns(&table.record)?;
        Ok(table)
    }

    /// The next row that is not blank: its number and its cells.
    ///
    /// # Errors
    ///
    /// [`FileError::RowTooLong`], after which no row is to be had any more.
    pub(crate) fn next_row(&mut self) -> Result<Option<(u64, &StringRecord)>, FileError> {
        loop {
            self.reader.get_mut().ration = MAX_ROW_BYTES;
            // Bytes that are no UTF-8 would be the other failure, and they come
            // from a `str`.
            let read = self.reader.read_record(&mut self.record);
            self.row += 1 + self.n_blank_rows_before();
            if !read.map_err(|_| FileError::RowTooLong { row: self.row })? {
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

fn reader(text: &str, delimiter: Delimiter) -> Reader<Rationed<'_>> {
    ReaderBuilder::new()
        .delimiter(delimiter.byte())
        .has_headers(false)
        // Rows of another length are reported with their number, by us.
        .flexible(true)
        .from_reader(Rationed {
            rest: text.as_bytes(),
            ration: MAX_ROW_BYTES,
        })
}

fn n_known_headings(text: &str, delimiter: Delimiter) -> usize {
    let mut header = StringRecord::new();
    if !reader(text, delimiter)
        .read_record(&mut header)
        .unwrap_or(false)
    {
        return 0;
    }
    header
        .iter()
        .filter(|heading| column_of_heading(heading).is_some())
        .count()
}

fn columns(header: &StringRecord) -> Result<Vec<Column>, FileError> {
    if header.len() > MAX_COLUMNS {
        return Err(FileError::TooManyColumns);
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

/// Refuses what must not stand in any cell, and takes blanks off both ends.
pub(crate) fn checked(cell: &str) -> Result<&str, RowProblem> {
    if cell.len() > MAX_CELL_BYTES {
        return Err(RowProblem::CellTooLong);
    }
    for c in cell.chars() {
        match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => return Err(RowProblem::LineBreak),
            '\u{FFFD}' => return Err(RowProblem::LostCharacter),
            c if c.is_control() => return Err(RowProblem::ControlCharacter),
            c if is_invisible(c) => return Err(RowProblem::InvisibleCharacter),
            _ => {}
        }
    }
    let cell = cell.trim();
    // A spreadsheet that opens the list later would run such a cell; the
    // full-width forms are taken for the others by some.
    // OWASP, "CSV Injection".
    if cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        return Err(RowProblem::Formula);
    }
    Ok(cell)
}

/// Marks that change the direction of text, and characters without width.
///
/// Variation selectors are not among them: rare characters of names use them.
///
/// Source: Unicode 16.0, UAX #9 §2 (explicit directional formatting); general
/// category Cf.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_found_from_the_header() {
        let cases = [
            ("姓名,卡号\n", Delimiter::Comma, "comma"),
            ("姓名\t卡号\n", Delimiter::Tab, "tab"),
            ("姓名;卡号\n", Delimiter::Semicolon, "semicolon"),
            ("姓名\n", Delimiter::Comma, "one column only"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(Table::open(text).unwrap().delimiter, expected, "{why}");
        }
    }

    #[test]
    fn rows_are_counted_as_people_count_them() {
        for line_break in ["\n", "\r\n", "\r"] {
            let text = ["姓名,卡号", "a,1", "", "", "b,2", ",", "c,3"].join(line_break);
            let mut table = Table::open(&text).unwrap();
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
            (&many, FileError::TooManyColumns, "too many"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(Table::open(text).err(), Some(expected), "{why}");
        }
    }

    #[test]
    fn cells_that_would_do_harm_are_refused() {
        let long = "长".repeat(MAX_CELL_BYTES / 3 + 1);
        let cases = [
            (" 张三\u{3000}", Ok("张三"), "blanks are taken off"),
            ("1-2", Ok("1-2"), "a hyphen within"),
            ("=1+1", Err(RowProblem::Formula), "formula"),
            (
                " @SUM(A1)",
                Err(RowProblem::Formula),
                "formula after a blank",
            ),
            ("＝1", Err(RowProblem::Formula), "full-width formula"),
            ("a\0", Err(RowProblem::ControlCharacter), "NUL"),
            ("\ta", Err(RowProblem::ControlCharacter), "tab"),
            ("a\nb", Err(RowProblem::LineBreak), "line break"),
            ("a\u{202E}b", Err(RowProblem::InvisibleCharacter), "bidi"),
            ("a\u{200B}", Err(RowProblem::InvisibleCharacter), "no width"),
            ("a\u{FFFD}", Err(RowProblem::LostCharacter), "lost before"),
            (&long, Err(RowProblem::CellTooLong), "too long"),
        ];
        for (cell, expected, why) in cases {
            assert_eq!(checked(cell), expected, "{why}");
        }
    }
}
