//! Text files of a fixed layout: how they are written and taken apart.
//!
//! The layout is data, because those of other systems are not published.

use std::borrow::Cow;

use encoding_rs::GB18030;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;
use xueka_domain::Language;

use crate::{
    ColumnName, FileError, Limits, Mark, Marks, Pattern, RowProblem, TextEncoding, WriteError,
    cell::checked, decode::decode_as, list::encode,
};

/// A column that a layout can have.
pub trait LayoutField: ColumnName + Serialize + DeserializeOwned {
    /// Those without which a row means nothing.
    const NEEDED: &'static [Self];
}

/// How the lines of a kind of file look.
///
/// Read from TOML; `docs/files.md` shows it with our defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts<F>", into = "Parts<F>", bound = "F: LayoutField")]
pub struct TextLayout<F: LayoutField>(Parts<F>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "F: LayoutField")]
pub(crate) struct Parts<F: LayoutField> {
    /// `utf8` or `gb18030`.
    pub(crate) encoding: TextEncoding,
    pub(crate) line_end: LineEnd,
    /// What parts the columns; widths part them when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delimiter: Option<char>,
    pub(crate) file_name: Pattern,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<Pattern>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trailer: Option<Pattern>,
    pub(crate) columns: Vec<LayoutColumn<F>>,
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LineEnd {
    Crlf,
    Lf,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "F: LayoutField")]
pub(crate) struct LayoutColumn<F: LayoutField> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<F>,
    /// What stands there in every row, where there is no field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) constant: Option<String>,
    /// In bytes of the file's encoding; filled up with blanks on the right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) width: Option<usize>,
}

/// Why a layout cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidLayout {
    /// Another encoding than the two.
    #[error("the encoding is utf8 or gb18030")]
    Encoding,
    /// A delimiter that could stand within a value or end a line.
    #[error(
        "a delimiter is a tab or one ASCII character that is no letter, digit, blank or hyphen"
    )]
    Delimiter,
    /// Neither field nor constant, or both; or a constant with the delimiter or
    /// a control character in it.
    #[error("each column is either a field or a constant that holds no delimiter")]
    Column,
    /// The same field twice.
    #[error("a field stands there twice")]
    Repeated,
    /// A field is not there without which a row means nothing.
    #[error("a needed field is missing")]
    Missing,
    /// Widths with a delimiter, or a column without width or of width 0, or
    /// one narrower than its constant.
    #[error("without a delimiter each column has a width of 1 to 4096, with one none has")]
    Width,
    /// A file name with a character that file systems refuse.
    #[error("a file name has no / \\ : * ? \" < > | and no tab")]
    FileName,
}

impl<F: LayoutField> TryFrom<Parts<F>> for TextLayout<F> {
    type Error = InvalidLayout;

    fn try_from(parts: Parts<F>) -> Result<Self, Self::Error> {
        if parts.encoding == TextEncoding::Utf16 {
            return Err(InvalidLayout::Encoding);
        }
        let delimits = |c: char| c == '\t' || (c.is_ascii_punctuation() && c != '-');
        if parts.delimiter.is_some_and(|c| !delimits(c)) {
            return Err(InvalidLayout::Delimiter);
        }
        let name = parts.file_name.to_string();
        if name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\t']) {
            return Err(InvalidLayout::FileName);
        }
        for (place, column) in parts.columns.iter().enumerate() {
            let constant_fits = |text: &String| {
                !text
                    .chars()
                    .any(|c| c.is_control() || Some(c) == parts.delimiter)
                    && text.trim() == text
                    && column
                        .width
                        .is_none_or(|width| n_bytes(parts.encoding, text) <= width)
            };
            match (column.field, &column.constant) {
                (Some(field), None) => {
                    let mut before = parts.columns.iter().take(place);
                    if before.any(|other| other.field == Some(field)) {
                        return Err(InvalidLayout::Repeated);
                    }
                }
                (None, Some(constant)) if constant_fits(constant) => {}
                _ => return Err(InvalidLayout::Column),
            }
            let is_wide = column
                .width
                .is_some_and(|width| (1..=4096).contains(&width));
            if is_wide == parts.delimiter.is_some() || is_wide != column.width.is_some() {
                return Err(InvalidLayout::Width);
            }
        }
        let has = |field: &F| parts.columns.iter().any(|c| c.field == Some(*field));
        if !F::NEEDED.iter().all(has) {
            return Err(InvalidLayout::Missing);
        }
        Ok(Self(parts))
    }
}

impl<F: LayoutField> From<TextLayout<F>> for Parts<F> {
    fn from(layout: TextLayout<F>) -> Self {
        layout.0
    }
}

/// How many bytes a text has in a file.
fn n_bytes(encoding: TextEncoding, text: &str) -> usize {
    if encoding == TextEncoding::Utf8 || text.is_ascii() {
        return text.len();
    }
    GB18030.encode(text).0.len()
}

impl<F: LayoutField> TextLayout<F> {
    /// One that needs no check, because a test reads it back.
    pub(crate) fn ours(parts: Parts<F>) -> Self {
        Self(parts)
    }

    /// The name of a file that says this of itself.
    ///
    /// # Errors
    ///
    /// The mark that the name wants and that is not given.
    pub fn file_name(&self, marks: &Marks) -> Result<String, Mark> {
        self.0.file_name.fill(marks)
    }

    /// What the name of a file says, to be compared by
    /// [`Marks::differences`]; `None` when it is not named like this.
    #[must_use]
    pub fn marks_of_name(&self, name: &str) -> Option<Marks> {
        self.0.file_name.read(name)
    }

    /// Whether the layout has the column.
    #[must_use]
    pub fn has(&self, field: F) -> bool {
        self.0
            .columns
            .iter()
            .any(|column| column.field == Some(field))
    }

    /// Writes header, rows and trailer.
    pub(crate) fn write<'v, R>(
        &self,
        marks: &Marks,
        rows: &'v [R],
        value: impl Fn(&'v R, F) -> Cow<'v, str>,
    ) -> Result<Vec<u8>, WriteError> {
        let missing = |mark| WriteError::MissingMark { mark };
        let line_end = match self.0.line_end {
            LineEnd::Crlf => "\r\n",
            LineEnd::Lf => "\n",
        };
        let mut text = String::new();
        if let Some(header) = &self.0.header {
            text.push_str(&header.fill(marks).map_err(missing)?);
            text.push_str(line_end);
        }
        for (row, index) in rows.iter().zip(1..) {
            for (column, place) in self.0.columns.iter().zip(0..) {
                let cell = match (column.field, &column.constant) {
                    (Some(field), _) => value(row, field),
                    (None, constant) => constant.as_deref().unwrap_or_default().into(),
                };
                let name = column
                    .field
                    .map_or("", |field| field.name(Language::English));
                if let (Some(delimiter), true) = (self.0.delimiter, place > 0) {
                    text.push(delimiter);
                }
                self.put(&mut text, &cell, column.width, index, name)?;
            }
            text.push_str(line_end);
        }
        if let Some(trailer) = &self.0.trailer {
            text.push_str(&trailer.fill(marks).map_err(missing)?);
            text.push_str(line_end);
        }
        if self.0.encoding == TextEncoding::Utf8 {
            return Ok(text.into_bytes());
        }
        let mut bytes = Vec::with_capacity(text.len());
        for (line, index) in text.split_inclusive('\n').zip(0..) {
            let row = index + usize::from(self.0.header.is_none());
            encode(row, line, &mut bytes)?;
        }
        Ok(bytes)
    }

    fn put(
        &self,
        text: &mut String,
        cell: &str,
        width: Option<usize>,
        row: usize,
        column: &'static str,
    ) -> Result<(), WriteError> {
        if self
            .0
            .delimiter
            .is_some_and(|delimiter| cell.contains(delimiter))
        {
            return Err(WriteError::HoldsDelimiter { row, column });
        }
        // What a reader would refuse is not written in the first place.
        checked(cell, crate::MAX_CELL_BYTES)
            .map_err(|problem| WriteError::Refused { row, problem })?;
        text.push_str(cell);
        if let Some(width) = width {
            let n_blanks = width
                .checked_sub(n_bytes(self.0.encoding, cell))
                .ok_or(WriteError::TooWide { row, column })?;
            text.extend(std::iter::repeat_n(' ', n_blanks));
        }
        Ok(())
    }

    /// Takes a file apart: hands over each row with its cells, those of
    /// constants left out, and says what header and trailer say.
    pub(crate) fn read(
        &self,
        bytes: &[u8],
        limits: &Limits,
        mut take: impl FnMut(u64, Result<&[(F, Result<&str, RowProblem>)], RowProblem>),
    ) -> Result<Marks, FileError<F>> {
        let text = self.decode(bytes, limits)?;
        let limit = limits.max_rows;
        let too_many = FileError::TooManyRows { limit };
        let text = text.trim_end_matches(['\r', '\n']);
        // Counted before the lines are kept, header and trailer included.
        if text.matches('\n').count() > limit.saturating_add(1) {
            return Err(too_many);
        }
        let mut lines: Vec<&str> = text
            .split('\n')
            .map(|line| line.strip_suffix('\r').unwrap_or(line))
            .collect();
        if lines.iter().all(|line| line.is_empty()) {
            return Err(FileError::Empty);
        }
        let mut marks = Marks::default();
        let mut first_row = 1;
        if let Some(header) = &self.0.header {
            let line = lines.first().copied().unwrap_or_default();
            marks = header.read(line).ok_or(FileError::WrongLayout)?;
            lines.remove(0);
            first_row = 2;
        }
        if let Some(trailer) = &self.0.trailer {
            let line = lines.pop().unwrap_or_default();
            let said = trailer.read(line).ok_or(FileError::Truncated)?;
            if let Some(&mark) = marks.differences(&said).first() {
                return Err(FileError::Disagreement { mark });
            }
            marks = marks.or(said);
        }
        if lines.len() > limit {
            return Err(too_many);
        }
        let found = lines.len() as u64;
        if let Some(said) = marks.rows.map(u64::from).filter(|said| *said != found) {
            return Err(FileError::CountMismatch { said, found });
        }
        let mut cells = Vec::new();
        for (line, row) in lines.iter().zip(first_row..) {
            match self.split(line, limits, &mut cells) {
                Ok(()) => take(row, Ok(&cells)),
                Err(problem) => take(row, Err(problem)),
            }
        }
        Ok(marks)
    }

    fn decode<'b>(&self, bytes: &'b [u8], limits: &Limits) -> Result<Cow<'b, str>, FileError<F>> {
        if bytes.len() > limits.max_file_bytes {
            let limit = limits.max_file_bytes;
            return Err(FileError::TooLarge { limit });
        }
        let expected = self.0.encoding;
        let other = match expected {
            TextEncoding::Utf8 => TextEncoding::Gb18030,
            TextEncoding::Gb18030 | TextEncoding::Utf16 => TextEncoding::Utf8,
        };
        let wrong = FileError::WrongEncoding { expected };
        let Some(text) = decode_as(expected, bytes) else {
            let is_other = decode_as(other, bytes).is_some();
            return Err(if is_other { wrong } else { FileError::NotText });
        };
        if text.is_ascii() || expected == TextEncoding::Utf8 {
            return Ok(text);
        }
        // Much UTF-8 is GB18030 as well, and means other characters then; a
        // header with Chinese words settles it.
        let Some(as_other) = decode_as(other, bytes) else {
            return Ok(text);
        };
        let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        match self.0.header.as_ref().filter(|header| !header.is_ascii()) {
            None => Err(FileError::AmbiguousEncoding),
            Some(header) if header.read(&first(&text)).is_some() => Ok(text),
            Some(header) if header.read(&first(&as_other)).is_some() => Err(wrong),
            Some(_) => Err(FileError::WrongLayout),
        }
    }

    /// The cells of a line.
    fn split<'l>(
        &self,
        line: &'l str,
        limits: &Limits,
        cells: &mut Vec<(F, Result<&'l str, RowProblem>)>,
    ) -> Result<(), RowProblem> {
        cells.clear();
        let n_columns = self.0.columns.len();
        let mut rest = line;
        if let Some(delimiter) = self.0.delimiter {
            let found = line.matches(delimiter).count() + 1;
            if found != n_columns {
                let expected = n_columns;
                return Err(RowProblem::CellCount { found, expected });
            }
        } else {
            let found = n_bytes(self.0.encoding, line);
            let expected = self
                .0
                .columns
                .iter()
                .filter_map(|column| column.width)
                .sum();
            if found != expected {
                return Err(RowProblem::LineWidth { found, expected });
            }
        }
        for column in &self.0.columns {
            let (cell, after) = match (self.0.delimiter, column.width) {
                (Some(delimiter), _) => rest.split_once(delimiter).unwrap_or((rest, "")),
                (None, width) => {
                    let end = self.end_of(rest, width.unwrap_or_default())?;
                    rest.split_at_checked(end)
                        .ok_or(RowProblem::SplitCharacter)?
                }
            };
            rest = after;
            let cell = checked(cell, limits.max_cell_bytes);
            match (column.field, &column.constant) {
                (Some(field), _) => cells.push((field, cell)),
                (None, constant) => {
                    if cell.ok() != constant.as_deref() {
                        return Err(RowProblem::Constant);
                    }
                }
            }
        }
        Ok(())
    }

    /// Where the given number of the file's bytes ends in the text.
    fn end_of(&self, text: &str, width: usize) -> Result<usize, RowProblem> {
        let mut n = 0;
        for (index, c) in text.char_indices() {
            if n >= width {
                return if n == width {
                    Ok(index)
                } else {
                    Err(RowProblem::SplitCharacter)
                };
            }
            n += n_bytes(self.0.encoding, c.encode_utf8(&mut [0; 4]));
        }
        if n == width {
            Ok(text.len())
        } else {
            Err(RowProblem::SplitCharacter)
        }
    }
}
