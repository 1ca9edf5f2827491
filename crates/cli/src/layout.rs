//! Text in columns for people.
//!
//! Widths are those of a terminal, where a Chinese character takes two places.

use unicode_width::UnicodeWidthStr as _;

/// Between two columns.
const GAP: &str = "  ";

/// Labels with their values, one pair a line; the values stand below each
/// other.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Adds a pair, unless there is no value.
    pub(crate) fn add(&mut self, label: &str, value: impl Into<String>) -> &mut Self {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((label.to_owned(), value));
        }
        self
    }

    /// The lines.
    pub(crate) fn to_text(&self) -> String {
        columns(
            self.0
                .iter()
                .map(|(label, value)| vec![label.clone(), value.clone()])
                .collect(),
        )
    }
}

/// Rows of cells as lines; the last column is not padded, so no line ends in
/// blanks.
pub(crate) fn columns(rows: Vec<Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| row.iter().map(|cell| printable(cell)).collect())
        .collect();
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..n_columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or_default()
        })
        .collect();
    let lines = rows.iter().map(|row| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width())));
            line.push_str(GAP);
        }
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text with a mark in place of what would steer the terminal: the name of
/// a reader is whatever the device says.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_below_each_other_in_both_scripts() {
        let mut fields = Fields::default();
        fields
            .add("UID", "1EA68671")
            .add("卡号", "1234")
            .add("x", "");
        assert_eq!(fields.to_text(), "UID   1EA68671\n卡号  1234");
    }

    #[test]
    fn rows_of_different_length_are_laid_out() {
        let rows = [vec!["a", "bb", "c"], vec!["张三"], vec!["", "b"]];
        let rows = rows
            .map(|row| row.into_iter().map(str::to_owned).collect())
            .to_vec();
        assert_eq!(columns(rows), "a     bb  c\n张三\n      b");
        assert_eq!(columns(Vec::new()), "");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable("a\u{1B}[31m\nb"), "a\u{FFFD}[31m\u{FFFD}b");
    }
}
