//! A row of cells, wherever it comes from, and what is refused in any cell.

use csv::StringRecord;
use jiff::civil::Date;

use crate::RowProblem;

/// A cell of a workbook; the cells of a text are all [`Cell::Text`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<S> {
    Text(S),
    /// Text that was longer than may be, and was not kept.
    TooLong,
    Number(f64),
    Date(Date),
    /// Yes or no, a time of day, a duration, a date that no calendar has.
    Other,
    /// `#N/A` and the like.
    Error,
}

/// The cells of one row, from left to right.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Record<'r> {
    Text(&'r StringRecord),
    Sheet(&'r [Cell<String>]),
}

impl<'r> Record<'r> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Text(record) => record.len(),
            Self::Sheet(cells) => cells.len(),
        }
    }

    /// The cell at a place counted from 0; blank where the row of a sheet ends
    /// early.
    pub(crate) fn cell(self, place: usize) -> Cell<&'r str> {
        match self {
            Self::Text(record) => Cell::Text(record.get(place).unwrap_or_default()),
            Self::Sheet(cells) => match cells.get(place) {
                None => Cell::Text(""),
                Some(Cell::Text(text)) => Cell::Text(text.as_str()),
                Some(Cell::TooLong) => Cell::TooLong,
                Some(Cell::Number(number)) => Cell::Number(*number),
                Some(Cell::Date(date)) => Cell::Date(*date),
                Some(Cell::Other) => Cell::Other,
                Some(Cell::Error) => Cell::Error,
            },
        }
    }

    /// The text of a heading; a heading that is no text names nothing.
    pub(crate) fn heading(self, place: usize) -> &'r str {
        match self.cell(place) {
            Cell::Text(text) => text.trim(),
            _ => "",
        }
    }
}

/// Refuses what must not stand in any cell, and takes blanks off both ends.
pub(crate) fn checked(cell: &str, max_bytes: usize) -> Result<&str, RowProblem> {
    if cell.len() > max_bytes {
        return Err(RowProblem::CellTooLong { limit: max_bytes });
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
    if begins_like_a_formula(cell) {
        return Err(RowProblem::Formula);
    }
    Ok(cell)
}

/// Whether a spreadsheet that opens a list would run such a cell, or would after
/// it was saved once more without the apostrophe before it. The full-width
/// forms are taken for the others by some.
///
/// Source: OWASP, "CSV Injection".
pub(crate) fn begins_like_a_formula(cell: &str) -> bool {
    cell.trim_start_matches(|c: char| c == '\'' || c.is_whitespace())
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
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
    use crate::MAX_CELL_BYTES;

    #[test]
    fn cells_that_would_do_harm_are_refused() {
        let long = "长".repeat(MAX_CELL_BYTES / 3 + 1);
        let too_long = RowProblem::CellTooLong {
            limit: MAX_CELL_BYTES,
        };
        let cases = [
            (" 张三\u{3000}", Ok("张三"), "blanks are taken off"),
            ("1-2", Ok("1-2"), "a hyphen within"),
            ("O'Neil", Ok("O'Neil"), "an apostrophe within"),
            ("=1+1", Err(RowProblem::Formula), "formula"),
            ("'=1+1", Err(RowProblem::Formula), "formula made inert"),
            ("' '=1", Err(RowProblem::Formula), "made inert twice"),
            (" @SUM(A1)", Err(RowProblem::Formula), "after a blank"),
            ("＝1", Err(RowProblem::Formula), "full-width formula"),
            ("a\0", Err(RowProblem::ControlCharacter), "NUL"),
            ("\ta", Err(RowProblem::ControlCharacter), "tab"),
            ("a\nb", Err(RowProblem::LineBreak), "line break"),
            ("a\u{202E}b", Err(RowProblem::InvisibleCharacter), "bidi"),
            ("a\u{200B}", Err(RowProblem::InvisibleCharacter), "no width"),
            ("a\u{FFFD}", Err(RowProblem::LostCharacter), "lost before"),
            (&long, Err(too_long), "too long"),
        ];
        for (cell, expected, why) in cases {
            assert_eq!(checked(cell, MAX_CELL_BYTES), expected, "{why}");
        }
    }
}
