//! The list of cards that were issued before.

use std::str::FromStr;

use csv::StringRecord;
use jiff::civil::{Date, date};
use xueka_domain::{CardNumber, Column, InvalidCardNumber, IssuedCard, IssuedState, Student, Uid};

use crate::{
    Delimiter, FileError, Limits, MAX_CELL_BYTES, RowError, RowProblem, TextEncoding,
    cell::checked, decode::decode, table::Table,
};

/// A list of issued cards: what can be used of it, and what cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCardList {
    /// The encoding that the file turned out to have.
    pub encoding: TextEncoding,
    /// What parts its cells.
    pub delimiter: Delimiter,
    /// The good rows, in the file's order: the header is row 1, blank rows
    /// count. Each has a number or a UID, the UID is never a random one, and
    /// the dates are never reversed. What kind of card it is no list says.
    pub cards: Vec<IssuedCard>,
    /// What is wrong with the others, in the file's order; a row can be wrong
    /// in several columns.
    pub errors: Vec<RowError>,
    /// How many rows are not blank, good or bad; the header not counted.
    pub n_rows: usize,
}

/// Reads a list of issued cards.
///
/// The first row names the columns, in any order, in Chinese or English:
/// student number, name, and card number or UID must be there; class, dates
/// and state may. See [`column_of_heading`](crate::column_of_heading). An empty
/// state, or no such column, means 正常 (active). Dates are written `2024-09-01`,
/// `2024/9/1` or `20240901`.
///
/// # Errors
///
/// [`FileError`] when no row can be used. Rows that are wrong by themselves are
/// in [`IssuedCardList::errors`].
pub fn parse_issued_cards(bytes: &[u8]) -> Result<IssuedCardList, FileError> {
    let limits = Limits::default();
    if bytes.len() > limits.max_file_bytes {
        let limit = limits.max_file_bytes;
        return Err(FileError::TooLarge { limit });
    }
    let (text, encoding) = decode(bytes).ok_or(FileError::NotText)?;
    let mut table = Table::open(&text, &limits)?;
    let columns = table.columns.clone();
    check_columns(&columns)?;

    let mut list = IssuedCardList {
        encoding,
        delimiter: table.delimiter,
        cards: Vec::new(),
        errors: Vec::new(),
        n_rows: 0,
    };
    while let Some((row, record)) = table.next_row()? {
        list.n_rows += 1;
        if list.n_rows > limits.max_rows {
            let limit = limits.max_rows;
            return Err(FileError::TooManyRows { limit });
        }
        let mut cells = Cells {
            row,
            columns: &columns,
            record,
            errors: &mut list.errors,
        };
        list.cards.extend(cells.issued_card());
    }
    Ok(list)
}

fn check_columns(columns: &[Column]) -> Result<(), FileError> {
    for column in [Column::StudentNumber, Column::Name] {
        if !columns.contains(&column) {
            return Err(FileError::MissingColumn { column });
        }
    }
    if !columns.contains(&Column::CardNumber) && !columns.contains(&Column::Uid) {
        let column = Column::CardNumber;
        return Err(FileError::MissingColumn { column });
    }
    Ok(())
}

/// One row under judgement; what is wrong is added to `errors`.
struct Cells<'a> {
    row: u64,
    columns: &'a [Column],
    record: &'a StringRecord,
    errors: &'a mut Vec<RowError>,
}

impl Cells<'_> {
    /// The row's card; `None` when anything in the row is wrong.
    fn issued_card(&mut self) -> Option<IssuedCard> {
        let found = self.record.len();
        let expected = self.columns.len();
        if found != expected {
            // Which cell belongs where cannot be known.
            self.refuse(None, RowProblem::CellCount { found, expected });
            return None;
        }
        let n_errors = self.errors.len();
        let student_number = self.needed(Column::StudentNumber, |_| RowProblem::StudentNumber);
        let name = self.needed(Column::Name, |_| RowProblem::StudentName);
        let class_name = self.parsed(Column::ClassName, |_| RowProblem::ClassName);
        let number = self.cell(Column::CardNumber, card_number);
        let uid = self.cell(Column::Uid, lasting_uid);
        let valid_from = self.cell(Column::ValidFrom, day);
        let valid_until = self.cell(Column::ValidUntil, day);
        let state = self.cell(Column::State, state).unwrap_or_default();
        if self.errors.len() == n_errors {
            self.check_together(number, uid, valid_from, valid_until);
        }
        if self.errors.len() > n_errors {
            return None;
        }
        Some(IssuedCard {
            row: self.row,
            student: Student {
                number: student_number?,
                name: name?,
                class_name,
            },
            number,
            uid,
            family: None,
            valid_from,
            valid_until,
            state,
        })
    }

    /// What no cell shows by itself.
    fn check_together(
        &mut self,
        number: Option<CardNumber>,
        uid: Option<Uid>,
        valid_from: Option<Date>,
        valid_until: Option<Date>,
    ) {
        if number.is_none() && uid.is_none() {
            self.refuse(None, RowProblem::NoNumberAndNoUid);
        }
        if valid_from
            .zip(valid_until)
            .is_some_and(|(from, until)| until < from)
        {
            self.refuse(Some(Column::ValidUntil), RowProblem::DatesReversed);
        }
    }

    /// The value of a cell that must be filled.
    fn needed<T: FromStr>(
        &mut self,
        column: Column,
        problem: impl FnOnce(T::Err) -> RowProblem,
    ) -> Option<T> {
        let n_errors = self.errors.len();
        let value = self.parsed(column, problem);
        if value.is_none() && self.errors.len() == n_errors {
            self.refuse(Some(column), RowProblem::Empty);
        }
        value
    }

    fn parsed<T: FromStr>(
        &mut self,
        column: Column,
        problem: impl FnOnce(T::Err) -> RowProblem,
    ) -> Option<T> {
        self.cell(column, |text| text.parse().map_err(problem))
    }

    /// The value of a cell; `None` when it is empty, not there, or wrong.
    fn cell<T>(
        &mut self,
        column: Column,
        value: impl FnOnce(&str) -> Result<T, RowProblem>,
    ) -> Option<T> {
        let place = self.columns.iter().position(|known| *known == column)?;
        let judged = match checked(self.record.get(place)?, MAX_CELL_BYTES) {
            Ok("") => return None,
            Ok(text) => value(text),
            Err(problem) => Err(problem),
        };
        judged
            .map_err(|problem| self.refuse(Some(column), problem))
            .ok()
    }

    fn refuse(&mut self, column: Option<Column>, problem: RowProblem) {
        self.errors.push(RowError {
            row: self.row,
            column,
            problem,
        });
    }
}

pub(crate) fn card_number(text: &str) -> Result<CardNumber, RowProblem> {
    text.parse().map_err(|invalid| match invalid {
        InvalidCardNumber::NotADigit { .. } if is_rounded(text) => RowProblem::RoundedNumber,
        invalid => RowProblem::CardNumber(invalid),
    })
}

/// Whether a spreadsheet shows a long number this way: `1.00075E+15`.
fn is_rounded(text: &str) -> bool {
    text.split_once(['E', 'e'])
        .is_some_and(|(mantissa, exponent)| {
            mantissa.parse::<f64>().is_ok() && exponent.parse::<i16>().is_ok()
        })
}

pub(crate) fn lasting_uid(text: &str) -> Result<Uid, RowProblem> {
    let uid: Uid = text.parse().map_err(RowProblem::Uid)?;
    if uid.is_random() {
        return Err(RowProblem::RandomUid);
    }
    Ok(uid)
}

/// `YYYYMMDD`, or year, month and day parted by `-` or by the `/` that
/// spreadsheets put in their place; these may drop leading zeros.
pub(crate) fn day(text: &str) -> Result<Date, RowProblem> {
    let mut parts = text.split(['-', '/']);
    let (year, month, day) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day), None) => (year, month, day),
        (Some(_), None, None, None) => text
            .split_at_checked(4)
            .and_then(|(year, rest)| {
                let (month, day) = rest.split_at_checked(2)?;
                (day.len() == 2).then_some((year, month, day))
            })
            .ok_or(RowProblem::Date)?,
        _ => return Err(RowProblem::Date),
    };
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        let fits = lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse::<i16>().ok()).flatten()
    };
    let year = digits(year, 4..=4).ok_or(RowProblem::Date)?;
    let [month, day] = [month, day].map(|part| {
        digits(part, 1..=2)
            .and_then(|value| i8::try_from(value).ok())
            .unwrap_or_default()
    });
    let date = Date::new(year, month, day).map_err(|_| RowProblem::Date)?;
    // A year outside these is a slip of the hand.
    let sensible = date_range();
    sensible
        .contains(&date)
        .then_some(date)
        .ok_or(RowProblem::Date)
}

fn date_range() -> std::ops::RangeInclusive<Date> {
    date(1990, 1, 1)..=date(2199, 12, 31)
}

fn state(text: &str) -> Result<IssuedState, RowProblem> {
    match text {
        "正常" => Ok(IssuedState::Active),
        "已到卡" => Ok(IssuedState::Delivered),
        _ if text.eq_ignore_ascii_case("active") => Ok(IssuedState::Active),
        _ if text.eq_ignore_ascii_case("delivered") => Ok(IssuedState::Delivered),
        _ => Err(RowProblem::State),
    }
}

#[cfg(test)]
mod tests;
