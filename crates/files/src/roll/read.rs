//! From a file to the students it names.

use std::borrow::Cow;

use xueka_domain::{Cohort, Enrolment, RollEntry, Sex, Student, StudentNumber};

use super::{RollColumn, RollLayout, layout::Places};
use crate::{
    Delimiter, FileError, Limits, Numbered, RowError, RowProblem, RowVerdict, TextEncoding,
    cell::{Cell, Record, checked},
    decode::{decode, decode_as},
    issued_cards::day,
    once::OncePerStudent,
    sheet,
    table::{TextRows, delimiter_of_header},
};

/// A roll: what can be used of it, and what cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    /// The encoding that the file turned out to have and what parts its cells;
    /// `None` for a workbook.
    pub text: Option<(TextEncoding, Delimiter)>,
    /// The places, counted from 1, of columns that are no part of a roll. What
    /// stands in them was not looked at.
    pub ignored_columns: Vec<usize>,
    /// The good rows in the file's order; no student is there twice.
    pub rows: Vec<Numbered<RollEntry>>,
    /// What is wrong with the others, by row; a row can be wrong in several
    /// columns.
    pub errors: Vec<RowError<RollColumn>>,
    /// How many rows below the header are not blank, good or bad.
    pub n_rows: usize,
}

impl Roll {
    /// What became of each row, in the file's order, for
    /// [`write_verdicts`](crate::write_verdicts).
    #[must_use]
    pub fn verdicts(&self, language: xueka_domain::Language) -> Vec<RowVerdict> {
        let good = self.rows.iter().map(|row| row.row);
        RowVerdict::of_rows(good, &self.errors, language)
    }
}

/// Reads a roll from text (comma, tab or semicolon) or from an XLSX workbook.
///
/// Student number and name must be there; see [`RollColumn`] for the others
/// and [`RollLayout`] for other headings. A student who stands there twice
/// counts once when both rows say the same, else not at all.
///
/// # Errors
///
/// [`FileError`] when no row can be used. Rows that are wrong by themselves are
/// in [`Roll::errors`].
pub fn parse_roll(
    bytes: &[u8],
    layout: &RollLayout,
    limits: &Limits,
) -> Result<Roll, FileError<RollColumn>> {
    if bytes.len() > limits.max_file_bytes {
        let limit = limits.max_file_bytes;
        return Err(FileError::TooLarge { limit });
    }
    let mut reading = Reading::new(layout, limits)?;
    let text = if sheet::is_workbook(bytes)? {
        let sheet = layout.sheet.as_deref();
        sheet::for_each_row(bytes, sheet, limits, |row, cells| {
            reading.take(row, Record::Sheet(cells))
        })?;
        None
    } else {
        Some(read_text(bytes, layout, limits, &mut reading)?)
    };
    reading.finish(text)
}

fn read_text(
    bytes: &[u8],
    layout: &RollLayout,
    limits: &Limits,
    reading: &mut Reading<'_>,
) -> Result<(TextEncoding, Delimiter), FileError<RollColumn>> {
    let (text, encoding) = match layout.encoding {
        Some(expected) => {
            let text = decode_as(expected, bytes).ok_or(FileError::WrongEncoding { expected })?;
            (text, expected)
        }
        None => decode(bytes).ok_or(FileError::NotText)?,
    };
    let delimiter = layout.delimiter.unwrap_or_else(|| {
        delimiter_of_header(&text, limits, layout.header_row, |heading| {
            layout.knows(heading)
        })
    });
    let mut rows = TextRows::new(&text, delimiter, limits);
    while let Some((row, record)) = rows.next_row()? {
        reading.take(row, Record::Text(record))?;
    }
    Ok((encoding, delimiter))
}

/// A roll while its rows come in.
struct Reading<'a> {
    layout: &'a RollLayout,
    limits: &'a Limits,
    /// Known from the header on.
    places: Option<Places>,
    kept: OncePerStudent<RollEntry>,
    errors: Vec<RowError<RollColumn>>,
    n_rows: usize,
}

impl<'a> Reading<'a> {
    fn new(layout: &'a RollLayout, limits: &'a Limits) -> Result<Self, FileError<RollColumn>> {
        let places = match layout.header_row {
            0 => Some(layout.places_without_header()?),
            _ => None,
        };
        Ok(Self {
            layout,
            limits,
            places,
            kept: OncePerStudent::new(|entry: &RollEntry| -> &StudentNumber {
                &entry.student.number
            }),
            errors: Vec::new(),
            n_rows: 0,
        })
    }

    fn take(&mut self, row: u64, record: Record<'_>) -> Result<(), FileError<RollColumn>> {
        if row < self.layout.header_row {
            return Ok(());
        }
        let Some(places) = &self.places else {
            if row > self.layout.header_row {
                return Err(FileError::Empty);
            }
            let max_columns = self.limits.max_columns;
            self.places = Some(self.layout.places_under(record, max_columns)?);
            return Ok(());
        };
        self.n_rows += 1;
        if self.n_rows > self.limits.max_rows {
            let limit = self.limits.max_rows;
            return Err(FileError::TooManyRows { limit });
        }
        let mut cells = Cells {
            row,
            places,
            record,
            max_cell_bytes: self.limits.max_cell_bytes,
            errors: &mut self.errors,
        };
        if let Some(entry) = cells.entry() {
            let column = RollColumn::StudentNumber;
            self.kept.add(row, entry, column, &mut self.errors);
        }
        Ok(())
    }

    fn finish(
        mut self,
        text: Option<(TextEncoding, Delimiter)>,
    ) -> Result<Roll, FileError<RollColumn>> {
        let places = self.places.ok_or(FileError::Empty)?;
        // A contradiction is noticed at the later of its rows.
        self.errors.sort_by_key(|error| error.row);
        Ok(Roll {
            text,
            ignored_columns: places.ignored,
            rows: self.kept.finish(),
            errors: self.errors,
            n_rows: self.n_rows,
        })
    }
}

/// One row under judgement; what is wrong is added to `errors`.
struct Cells<'a> {
    row: u64,
    places: &'a Places,
    record: Record<'a>,
    max_cell_bytes: usize,
    errors: &'a mut Vec<RowError<RollColumn>>,
}

impl Cells<'_> {
    /// What the row says of a student; `None` when anything in it is wrong.
    fn entry(&mut self) -> Option<RollEntry> {
        self.check_count()?;
        let n_errors = self.errors.len();
        let number = self.needed(RollColumn::StudentNumber, |text| {
            text.parse().map_err(|_| RowProblem::StudentNumber)
        });
        let name = self.needed(RollColumn::Name, |text| {
            text.parse().map_err(|_| RowProblem::StudentName)
        });
        let sex = self.value(RollColumn::Sex, |text| {
            Sex::of_word(text).ok_or(RowProblem::Sex)
        });
        let school = self.value(RollColumn::SchoolCode, |text| {
            text.parse().map_err(|_| RowProblem::SchoolCode)
        });
        let cohort = self.value(RollColumn::Cohort, |text| {
            text.parse::<Cohort>().map_err(|_| RowProblem::Cohort)
        });
        let class_name = self.value(RollColumn::ClassName, |text| {
            text.parse().map_err(|_| RowProblem::ClassName)
        });
        let enrolment = self.value(RollColumn::State, |text| {
            Enrolment::of_word(text).ok_or(RowProblem::Enrolment)
        });
        let enrolment_since = self.value(RollColumn::StateSince, day);
        if self.errors.len() > n_errors {
            return None;
        }
        Some(RollEntry {
            student: Student {
                number: number?,
                name: name?,
                class_name,
            },
            sex,
            school,
            cohort,
            enrolment: enrolment.unwrap_or_default(),
            enrolment_since,
        })
    }

    /// A text has in each row as many cells as its header; a sheet leaves out
    /// the last ones when they are blank.
    fn check_count(&mut self) -> Option<()> {
        let found = self.record.len();
        let Some(expected) = self.places.n_cells else {
            return Some(());
        };
        let fits = match self.record {
            Record::Text(_) => found == expected,
            Record::Sheet(_) => found <= expected,
        };
        if !fits {
            // Which cell belongs where cannot be known.
            self.refuse(None, RowProblem::CellCount { found, expected });
        }
        fits.then_some(())
    }

    /// The value of a cell that must be filled.
    fn needed<T>(
        &mut self,
        column: RollColumn,
        value: impl FnOnce(&str) -> Result<T, RowProblem>,
    ) -> Option<T> {
        let n_errors = self.errors.len();
        let value = self.value(column, value);
        if value.is_none() && self.errors.len() == n_errors {
            self.refuse(Some(column), RowProblem::Empty);
        }
        value
    }

    /// The value of a cell; `None` when it is empty, not there, or wrong.
    fn value<T>(
        &mut self,
        column: RollColumn,
        value: impl FnOnce(&str) -> Result<T, RowProblem>,
    ) -> Option<T> {
        let place = self.places.of.get(column.index()).copied().flatten()?;
        let text = match text_of(column, self.record.cell(place), self.max_cell_bytes) {
            Ok(text) => text,
            Err(problem) => {
                self.refuse(Some(column), problem);
                return None;
            }
        };
        let judged = match checked(&text, self.max_cell_bytes) {
            Ok("") => return None,
            Ok(text) => value(text),
            Err(problem) => Err(problem),
        };
        judged
            .map_err(|problem| self.refuse(Some(column), problem))
            .ok()
    }

    fn refuse(&mut self, column: Option<RollColumn>, problem: RowProblem) {
        self.errors.push(RowError {
            row: self.row,
            column,
            problem,
        });
    }
}

/// The text of a cell. A number or a date stands for text only where nothing
/// can have been lost: a year and a day have no leading zeros.
fn text_of(
    column: RollColumn,
    cell: Cell<&str>,
    max_cell_bytes: usize,
) -> Result<Cow<'_, str>, RowProblem> {
    let is_year_or_day = matches!(column, RollColumn::Cohort | RollColumn::StateSince);
    match cell {
        Cell::Text(text) => Ok(text.into()),
        Cell::TooLong => Err(RowProblem::CellTooLong {
            limit: max_cell_bytes,
        }),
        Cell::Error => Err(RowProblem::SpreadsheetError),
        Cell::Number(number)
            if is_year_or_day && number.fract() == 0.0 && (0.0..1e9).contains(&number) =>
        {
            Ok(format!("{number:.0}").into())
        }
        Cell::Date(date) if column == RollColumn::StateSince => Ok(date.to_string().into()),
        Cell::Number(_) | Cell::Date(_) | Cell::Other => Err(match column {
            RollColumn::StateSince => RowProblem::Date,
            RollColumn::Cohort => RowProblem::Cohort,
            _ => RowProblem::NotText,
        }),
    }
}
