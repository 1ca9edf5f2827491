//! XLSX workbooks: rows of one sheet in, rows of one sheet out.
//!
//! A workbook is a ZIP archive of XML. Its cells are read one after the other,
//! never into a grid: one cell in the last corner of a sheet would make a grid
//! of sixteen thousand million.

use std::io::{Cursor, Read as _};

use calamine::{DataRef, Reader as _, Xlsx};
use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};
use serde::{Deserialize, Serialize};
use zip::ZipArchive;

use crate::{FileError, Limits, WriteError, cell::Cell};

/// In what form a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListFormat {
    /// CSV in UTF-8 with byte order mark, by which spreadsheets know it.
    CsvUtf8,
    /// CSV in GB18030, for older programs.
    CsvGb18030,
    /// An XLSX workbook of one sheet, all cells text.
    Xlsx,
}

/// The most rows that a sheet has, its header counted.
///
/// Source: ECMA-376-1:2016, §18.3.1.73; the limit is that of Excel 2007 and later.
const MAX_SHEET_ROWS: usize = 1_048_576;

/// Whether the bytes are a workbook of the kind that is read here.
pub(crate) fn is_workbook<C>(bytes: &[u8]) -> Result<bool, FileError<C>> {
    // A compound file: XLS, and also an XLSX with a password ([MS-CFB] §2.2).
    if bytes.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Err(FileError::OldWorkbook);
    }
    // The local header of a ZIP archive (APPNOTE 4.3.7).
    Ok(bytes.starts_with(b"PK\x03\x04"))
}

/// Hands over each row that is not blank: its number, the first being 1, and
/// its cells up to the last that is not blank.
pub(crate) fn for_each_row<C>(
    bytes: &[u8],
    sheet: Option<&str>,
    limits: &Limits,
    mut take: impl FnMut(u64, &[Cell<String>]) -> Result<(), FileError<C>>,
) -> Result<(), FileError<C>> {
    check_unpacked_size(bytes, limits)?;
    let broken = |_| FileError::BrokenWorkbook;
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let names = workbook.sheet_names();
    let name = match sheet {
        Some(wanted) => names.into_iter().find(|name| name == wanted),
        None => names.into_iter().next(),
    };
    let name = name.ok_or(FileError::NoSheet)?;
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(broken)?;

    let mut row: Vec<Cell<String>> = Vec::new();
    let mut row_number = 0;
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let (y, x) = cell.get_position();
        let number = u64::from(y) + 1;
        let value = owned(cell.get_value(), limits.max_cell_bytes);
        if is_blank(&value) {
            continue;
        }
        if number != row_number {
            if number < row_number {
                return Err(FileError::BrokenWorkbook);
            }
            if !row.is_empty() {
                take(row_number, &row)?;
            }
            row.clear();
            row_number = number;
        }
        let x = usize::try_from(x).unwrap_or(usize::MAX);
        if x >= limits.max_columns {
            let limit = limits.max_columns;
            return Err(FileError::TooManyColumns { limit });
        }
        while row.len() <= x {
            row.push(Cell::Text(String::new()));
        }
        if let Some(place) = row.get_mut(x) {
            *place = value;
        }
    }
    if !row.is_empty() {
        take(row_number, &row)?;
    }
    Ok(())
}

/// Unpacks every part once, keeping nothing, because a few bytes can unpack to
/// more than there is memory for, and what an archive says of its sizes may be
/// a lie.
fn check_unpacked_size<C>(bytes: &[u8], limits: &Limits) -> Result<(), FileError<C>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| FileError::BrokenWorkbook)?;
    let limit = limits.max_unpacked_bytes;
    let mut left = limit;
    for index in 0..archive.len() {
        let part = archive
            .by_index(index)
            .map_err(|_| FileError::BrokenWorkbook)?;
        let mut part = part.take(left.saturating_add(1));
        let n_bytes = std::io::copy(&mut part, &mut std::io::sink())
            .map_err(|_| FileError::BrokenWorkbook)?;
        left = left
            .checked_sub(n_bytes)
            .ok_or(FileError::UnpacksTooLarge { limit })?;
    }
    Ok(())
}

fn is_blank(cell: &Cell<String>) -> bool {
    matches!(cell, Cell::Text(text) if text.trim().is_empty())
}

fn owned(value: &DataRef<'_>, max_cell_bytes: usize) -> Cell<String> {
    let text = |text: &str| {
        if text.len() > max_cell_bytes {
            Cell::TooLong
        } else {
            Cell::Text(text.to_owned())
        }
    };
    match value {
        DataRef::Empty => Cell::Text(String::new()),
        DataRef::String(value) => text(value),
        DataRef::SharedString(value) => text(value),
        #[allow(
            clippy::cast_precision_loss,
            reason = "a number so large is refused wherever it stands"
        )]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::DateTime(value) if value.is_datetime() => {
            date_of_serial(value.as_f64(), || value.to_ymd_hms_milli())
        }
        DataRef::DateTimeIso(value) => date_of_iso(value),
        DataRef::Bool(_) | DataRef::DateTime(_) | DataRef::DurationIso(_) => Cell::Other,
        DataRef::Error(_) => Cell::Error,
    }
}

/// The day of a date that a workbook keeps as a count of days. A time of day
/// says that something else is meant.
fn date_of_serial(
    days: f64,
    split: impl FnOnce() -> (u16, u8, u8, u8, u8, u8, u16),
) -> Cell<String> {
    // Under both counts this is from before 1990 to after 2199.
    if days.fract() != 0.0 || !(30_000.0..120_000.0).contains(&days) {
        return Cell::Other;
    }
    let (year, month, day, ..) = split();
    let parts = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let (Ok(year), Ok(month), Ok(day)) = parts else {
        return Cell::Other;
    };
    Date::new(year, month, day).map_or(Cell::Other, Cell::Date)
}

/// The day of `2024-09-01` or `2024-09-01T00:00:00`.
fn date_of_iso(text: &str) -> Cell<String> {
    let day = text.strip_suffix("T00:00:00").unwrap_or(text);
    match day.parse::<Date>() {
        Ok(date) if day.len() == 10 => Cell::Date(date),
        _ => Cell::Other,
    }
}

/// Writes a workbook of one sheet with all cells text, which no spreadsheet
/// runs or takes zeros from. The same cells give the same bytes.
pub(crate) fn write_sheet<'c>(
    name: &str,
    headings: &[&str],
    rows: impl Iterator<Item = Vec<std::borrow::Cow<'c, str>>>,
) -> Result<Vec<u8>, WriteError> {
    let fails = |_| WriteError::Workbook;
    let mut workbook = Workbook::new();
    // Else it would ask the clock.
    let epoch = ExcelDateTime::from_ymd(2000, 1, 1).map_err(fails)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&epoch));
    let text = Format::new().set_num_format("@").set_quote_prefix();
    let bold = Format::new().set_bold();
    let sheet = workbook.add_worksheet();
    sheet.set_name(name).map_err(fails)?;
    sheet.set_freeze_panes(1, 0).map_err(fails)?;
    for (heading, column) in headings.iter().zip(0..) {
        sheet
            .write_string_with_format(0, column, *heading, &bold)
            .map_err(fails)?;
        sheet.set_column_width(column, 18).map_err(fails)?;
    }
    for (cells, row) in rows.zip(1..) {
        if row >= MAX_SHEET_ROWS {
            let limit = MAX_SHEET_ROWS - 1;
            return Err(WriteError::TooManyRows { limit });
        }
        let row = u32::try_from(row).map_err(|_| WriteError::Workbook)?;
        for (cell, column) in cells.iter().zip(0..) {
            if !cell.is_empty() {
                sheet
                    .write_string_with_format(row, column, cell.as_ref(), &text)
                    .map_err(fails)?;
            }
        }
    }
    workbook.save_to_buffer().map_err(fails)
}
