//! A list for people, as CSV or as a workbook.

use std::borrow::Cow;

use csv::{QuoteStyle, Terminator, WriterBuilder};
use encoding_rs::{EncoderResult, GB18030};

use crate::{ListFormat, WriteError, cell::begins_like_a_formula, sheet};

/// Writes headings and rows; the same cells give the same bytes.
pub(crate) fn write_list<'c>(
    format: ListFormat,
    sheet: &str,
    headings: &[&'c str],
    rows: impl Iterator<Item = Vec<Cow<'c, str>>>,
) -> Result<Vec<u8>, WriteError> {
    match format {
        ListFormat::Xlsx => sheet::write_sheet(sheet, headings, rows),
        ListFormat::CsvUtf8 => {
            let mut file = b"\xEF\xBB\xBF".to_vec();
            write_csv(headings, rows, |_, line| {
                file.extend(line.as_bytes());
                Ok(())
            })?;
            Ok(file)
        }
        ListFormat::CsvGb18030 => {
            let mut file = Vec::new();
            write_csv(headings, rows, |row, line| encode(row, line, &mut file))?;
            Ok(file)
        }
    }
}

/// Hands over each line with the place of its row, the header being 0.
fn write_csv<'c>(
    headings: &[&'c str],
    rows: impl Iterator<Item = Vec<Cow<'c, str>>>,
    mut put: impl FnMut(usize, &str) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    let headings = headings.iter().map(|heading| Cow::Borrowed(*heading));
    let all = std::iter::once(headings.collect()).chain(rows);
    for (row, cells) in all.enumerate() {
        let mut writer = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .quote_style(QuoteStyle::Necessary)
            .from_writer(Vec::with_capacity(128));
        // Writing to memory does not fail, and only text is written; the value
        // tells which row it was all the same.
        let fails = WriteError::Unencodable { row };
        writer
            .write_record(cells.iter().map(|cell| inert(cell).into_owned()))
            .map_err(|_| fails)?;
        let line = writer.into_inner().map_err(|_| fails)?;
        put(row, std::str::from_utf8(&line).map_err(|_| fails)?)?;
    }
    Ok(())
}

/// The cell with an apostrophe before it when a spreadsheet would run it.
fn inert(cell: &str) -> Cow<'_, str> {
    if begins_like_a_formula(cell.trim_start()) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

/// Adds text in GB18030.
///
/// # Errors
///
/// [`WriteError::Unencodable`] naming the row: U+E5E5 is no GB18030.
pub(crate) fn encode(row: usize, text: &str, file: &mut Vec<u8>) -> Result<(), WriteError> {
    let mut encoder = GB18030.new_encoder();
    let mut rest = text;
    loop {
        // Four bytes are the most that a character takes.
        file.reserve(4 * rest.len().max(1));
        let (result, n_read) =
            encoder.encode_from_utf8_to_vec_without_replacement(rest, file, true);
        rest = rest.get(n_read..).unwrap_or_default();
        match result {
            EncoderResult::InputEmpty => return Ok(()),
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(_) => return Err(WriteError::Unencodable { row }),
        }
    }
}
