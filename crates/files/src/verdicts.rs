//! The file that says of each row what became of it.
//!
//! It holds rows, columns and words, no name and no number: it can be sent to
//! whoever has the list.

use std::borrow::Cow;

use xueka_domain::Language;

use crate::{ColumnName, ListFormat, RowError, WriteError, list::write_list};

/// What became, or would become, of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowVerdict {
    /// The row as people count: the header is row 1, blank rows count.
    pub row: u64,
    /// Whether it is taken.
    pub accepted: bool,
    /// What there is to say about it: why it is not taken, or what taking it
    /// changes. May be empty.
    pub findings: Vec<Finding>,
}

/// One thing about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The heading of the column; empty when it is about the row as a whole.
    pub column: Cow<'static, str>,
    /// A stable word for programs, such as `NOT_TEXT`.
    pub code: &'static str,
    /// What is the matter, without personal data.
    pub what: Cow<'static, str>,
    /// What to do; empty when nothing is to be done.
    pub remedy: Cow<'static, str>,
}

impl Finding {
    /// What is wrong with a row, as something to say about it.
    #[must_use]
    pub fn of_error<C: ColumnName>(error: &RowError<C>, language: Language) -> Self {
        Self {
            column: error.column.map_or("", |c| c.name(language)).into(),
            code: error.problem.code(),
            what: error.problem.what(language).into(),
            remedy: error.problem.remedy(language).into(),
        }
    }
}

impl RowVerdict {
    /// A verdict for each row of a file: those that are good, and those with
    /// errors. Both are given by row, rising.
    #[must_use]
    pub fn of_rows<C: ColumnName>(
        good: impl IntoIterator<Item = u64>,
        errors: &[RowError<C>],
        language: Language,
    ) -> Vec<Self> {
        let accepted = |row| Self {
            row,
            accepted: true,
            findings: Vec::new(),
        };
        let refused = errors
            .chunk_by(|one, next| one.row == next.row)
            .filter_map(|of_row| {
                Some(Self {
                    row: of_row.first()?.row,
                    accepted: false,
                    findings: of_row
                        .iter()
                        .map(|error| Finding::of_error(error, language))
                        .collect(),
                })
            });
        let mut verdicts: Vec<_> = good.into_iter().map(accepted).chain(refused).collect();
        verdicts.sort_by_key(|verdict| verdict.row);
        verdicts
    }
}

/// Writes verdicts as a list: a line per finding, and one for a row without any.
///
/// # Errors
///
/// [`WriteError`]; nothing is written then.
pub fn write_verdicts(
    verdicts: &[RowVerdict],
    format: ListFormat,
    language: Language,
) -> Result<Vec<u8>, WriteError> {
    let (sheet, headings, accepted, refused) = match language {
        Language::Chinese => (
            "结果",
            ["行", "结果", "列", "代码", "问题", "处理办法"],
            "接受",
            "不接受",
        ),
        Language::English => (
            "verdicts",
            ["row", "verdict", "column", "code", "what", "what_to_do"],
            "accepted",
            "refused",
        ),
    };
    let nothing = Finding {
        column: "".into(),
        code: "",
        what: "".into(),
        remedy: "".into(),
    };
    let lines = verdicts.iter().flat_map(|verdict| {
        let word = if verdict.accepted { accepted } else { refused };
        let one = verdict.findings.is_empty().then_some(&nothing);
        verdict.findings.iter().chain(one).map(move |finding| {
            let cells: Vec<Cow<'_, str>> = vec![
                verdict.row.to_string().into(),
                word.into(),
                finding.column.as_ref().into(),
                finding.code.into(),
                finding.what.as_ref().into(),
                finding.remedy.as_ref().into(),
            ];
            cells
        })
    });
    write_list(format, sheet, &headings, lines)
}
