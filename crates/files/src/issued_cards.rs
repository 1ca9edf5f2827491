//! The list of cards that were issued before.

use std::str::FromStr;

use csv::StringRecord;
use jiff::civil::{Date, date};
use xueka_domain::{CardNumber, ClassName, InvalidCardNumber, StudentName, StudentNumber, Uid};

use crate::{
    Column, Delimiter, FileError, MAX_FILE_BYTES, MAX_ROWS, RowError, RowProblem, TextEncoding,
    decode::decode,
    table::{Table, checked},
};

/// A list of issued cards: what can be used of it, and what cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCardList {
    /// The encoding that the file turned out to have.
    pub encoding: TextEncoding,
    /// What parts its cells.
    pub delimiter: Delimiter,
    /// The good rows, in the file's order.
    pub cards: Vec<IssuedCard>,
    /// What is wrong with the others, in the file's order; a row can be wrong
    /// in several columns.
    pub errors: Vec<RowError>,
    /// How many rows are not blank, good or bad; the header not counted.
    pub n_rows: usize,
}

/// One card and its holder. `Debug` hides both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCard {
    /// The row as people count: the header is row 1, blank rows count.
    pub row: u64,
    /// The holder's student number.
    pub student_number: StudentNumber,
    /// The holder's name.
    pub name: StudentName,
    /// The holder's class, where given.
    pub class_name: Option<ClassName>,
    /// The card number; there is one where there is no UID.
    pub number: Option<CardNumber>,
    /// The UID, never a random one; there is one where there is no number.
    pub uid: Option<Uid>,
    /// First day of validity, where limited.
    pub valid_from: Option<Date>,
    /// Last day of validity, where limited; never before the first.
    pub valid_until: Option<Date>,
    /// Whether the holder has it already.
    pub state: IssuedState,
}

/// Where a listed card is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IssuedState {
    /// 正常: the student holds it. An empty cell, or no such column, means
    /// this.
    #[default]
    Active,
    /// 已到卡: at the school, still to be collected.
    Delivered,
}

/// Reads a list of issued cards.
///
/// The first row names the columns, in any order, in Chinese or English:
/// student number, name, and card number or UID must be there; class, dates
/// and state may. See [`Column`]. Dates are written `2024-09-01`, `2024/9/1` or
/// `20240901`.
///
/// # Errors
///
/// [`FileError`] when no row can be used. Rows that are wrong by themselves are
/// in [`IssuedCardList::errors`].
pub fn parse_issued_cards(bytes: &[u8]) -> Result<IssuedCardList, FileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLarge);
    }
    let (text, encoding) = decode(bytes).ok_or(FileError::NotText)?;
    let mut table = Table::open(&text)?;
    let columns = table.columns.clone();
    check_columns(&columns)?;

    let mut list = IssuedCardList {
        encoding,
        delimiter: table.delimiter,
        cards: Vec::new(),
        errors: Vec::new(),
        n_rows: 0,
    };
    while let Some((row, record)) = table.next_row() {
        list.n_rows += 1;
        if list.n_rows > MAX_ROWS {
            return Err(FileError::TooManyRows);
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
            student_number: student_number?,
            name: name?,
            class_name,
            number,
            uid,
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
        let judged = match checked(self.record.get(place)?) {
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

fn card_number(text: &str) -> Result<CardNumber, RowProblem> {
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

fn lasting_uid(text: &str) -> Result<Uid, RowProblem> {
    let uid: Uid = text.parse().map_err(RowProblem::Uid)?;
    if uid.is_random() {
        return Err(RowProblem::RandomUid);
    }
    Ok(uid)
}

/// `YYYYMMDD`, or year, month and day parted by `-` or by the `/` that
/// spreadsheets put in their place; these may drop leading zeros.
fn day(text: &str) -> Result<Date, RowProblem> {
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
mod tests {
    use encoding_rs::GB18030;
    use proptest::prelude::*;
    use xueka_domain::InvalidUid;

    use super::*;

    const HEADER: &str = "学籍号,姓名,班级,卡号,UID,有效期起,有效期止,状态";

    fn parse(rows: &str) -> IssuedCardList {
        parse_issued_cards(format!("{HEADER}\n{rows}").as_bytes()).unwrap()
    }

    #[test]
    fn a_full_row_becomes_a_card() {
        let list = parse("007,李雷,高一(3)班,1000751012345678,1ea68671,2024/9/1,20270831,已到卡\n");

        let expected = IssuedCard {
            row: 2,
            student_number: "007".parse().unwrap(),
            name: "李雷".parse().unwrap(),
            class_name: Some("高一(3)班".parse().unwrap()),
            number: Some("1000751012345678".parse().unwrap()),
            uid: Some("1EA68671".parse().unwrap()),
            valid_from: Some(date(2024, 9, 1)),
            valid_until: Some(date(2027, 8, 31)),
            state: IssuedState::Delivered,
        };
        assert_eq!(list.errors, []);
        assert_eq!(list.cards, [expected]);
    }

    #[test]
    fn english_headings_and_few_columns_are_enough() {
        let list = parse_issued_cards(b"uid;name;student_number\n04112233445566;Han;9\n").unwrap();
        assert_eq!(list.delimiter, Delimiter::Semicolon);
        assert_eq!(list.cards[0].state, IssuedState::Active);
        assert_eq!(list.cards[0].number, None);
    }

    #[test]
    fn a_column_that_is_needed_must_be_there() {
        let cases = [
            ("姓名,卡号", Column::StudentNumber, "whose card"),
            ("学籍号,卡号", Column::Name, "whose card"),
            ("学籍号,姓名,班级", Column::CardNumber, "number or UID"),
        ];
        for (header, column, why) in cases {
            let error = parse_issued_cards(header.as_bytes()).unwrap_err();
            assert_eq!(error, FileError::MissingColumn { column }, "{why}");
        }
    }

    #[test]
    fn each_wrong_cell_is_named_with_row_and_column() {
        use Column::{
            CardNumber, ClassName, Name, State, StudentNumber, Uid, ValidFrom, ValidUntil,
        };
        let cases = [
            (
                "1,a,,1234",
                None,
                RowProblem::CellCount {
                    found: 4,
                    expected: 8,
                },
            ),
            (",a,,1234,,,,", Some(StudentNumber), RowProblem::Empty),
            (
                "学1,a,,1234,,,,",
                Some(StudentNumber),
                RowProblem::StudentNumber,
            ),
            ("1, ,,1234,,,,", Some(Name), RowProblem::Empty),
            ("1,=a,,1234,,,,", Some(Name), RowProblem::Formula),
            (
                "1,a\u{202E},,1234,,,,",
                Some(Name),
                RowProblem::InvisibleCharacter,
            ),
            (
                "1,a,\0,1234,,,,",
                Some(ClassName),
                RowProblem::ControlCharacter,
            ),
            ("1,a,,,,,,", None, RowProblem::NoNumberAndNoUid),
            (
                "1,a,,1.00075E+15,,,,",
                Some(CardNumber),
                RowProblem::RoundedNumber,
            ),
            (
                "1,a,,12,,,,",
                Some(CardNumber),
                RowProblem::CardNumber(InvalidCardNumber::Length { n_digits: 2 }),
            ),
            (
                "1,a,,,1EA686,,,",
                Some(Uid),
                RowProblem::Uid(InvalidUid::Length { n_bytes: 3 }),
            ),
            ("1,a,,,08112233,,,", Some(Uid), RowProblem::RandomUid),
            ("1,a,,1234,,2024-02-30,,", Some(ValidFrom), RowProblem::Date),
            ("1,a,,1234,,0024-02-03,,", Some(ValidFrom), RowProblem::Date),
            (
                "1,a,,1234,,20250102,2025-01-01,",
                Some(ValidUntil),
                RowProblem::DatesReversed,
            ),
            ("1,a,,1234,,,,挂失", Some(State), RowProblem::State),
        ];
        for (row, column, problem) in cases {
            let list = parse(&format!("{row}\n1,a,,1234,,,,\n"));
            let expected = RowError {
                row: 2,
                column,
                problem,
            };
            assert_eq!(list.errors, [expected], "{row}");
            assert_eq!(list.cards.len(), 1, "{row}: the good row stays");
        }
    }

    #[test]
    fn all_that_is_wrong_with_a_row_is_told() {
        let list = parse("学,=a,,12,,,,\n");
        assert_eq!(list.errors.len(), 3);
        assert_eq!((list.cards.len(), list.n_rows), (0, 1));
    }

    #[test]
    fn no_error_repeats_what_stands_in_the_cell() {
        let list = parse("秘密1,=秘密,\0秘密,秘密2,秘密3,秘密4,秘密5,秘密6\n");
        assert_eq!(list.errors.len(), 8);
        for error in list.errors {
            assert!(!format!("{error} {error:?}").contains('密'), "{error}");
        }
    }

    #[test]
    fn an_unclosed_quote_is_found_where_it_begins() {
        let list = parse("1,\"a,,1234,,,,\n2,b,,1235,,,,\n");
        assert_eq!(list.errors[0].row, 2);
        assert!(list.cards.is_empty());
    }

    #[test]
    fn a_file_beyond_the_limits_is_refused() {
        let large = vec![b'a'; MAX_FILE_BYTES + 1];
        assert_eq!(parse_issued_cards(&large), Err(FileError::TooLarge));
        let long = format!("学籍号,姓名,卡号\n{}", "1,a,1\n".repeat(MAX_ROWS + 1));
        let error = parse_issued_cards(long.as_bytes()).unwrap_err();
        assert_eq!(error, FileError::TooManyRows);
    }

    #[test]
    fn second_bytes_that_look_like_delimiters_do_not_part_names() {
        // 誠 is D5 5C in GBK, ending in a backslash; 髚 is F3 7C, ending in a bar.
        for name in ["張誠", "髚"] {
            let text = format!("学籍号,姓名,卡号\n1,{name},1234\n");
            let (bytes, _, _) = GB18030.encode(&text);
            assert!(
                bytes.iter().any(|byte| matches!(byte, b'\\' | b'|')),
                "{name}"
            );
            let list = parse_issued_cards(&bytes).unwrap();
            assert_eq!(list.encoding, TextEncoding::Gb18030);
            assert_eq!(list.cards[0].name.reveal(), name);
        }
    }

    #[test]
    fn the_list_in_the_repository_can_be_read() {
        let list =
            parse_issued_cards(include_bytes!("../../../examples/issued-cards.csv")).unwrap();
        assert_eq!(list.errors, []);
        assert!(list.cards.len() >= 6);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
            let _ = parse_issued_cards(&bytes);
        }

        #[test]
        fn no_rows_panic(rows in "[\\PC\r\n\t,;\"=]{0,200}") {
            let _ = parse_issued_cards(format!("{HEADER}\n{rows}").as_bytes());
        }

        #[test]
        fn both_encodings_give_the_same_rows(
            rows in proptest::collection::vec(
                ("[0-9]{1,8}", "[\u{4E00}-\u{9FA5}·]{1,6}", "[0-9]{4,19}"), 1..20),
            line_break in prop_oneof!["\n", "\r\n"],
        ) {
            let mut lines = vec!["学籍号,姓名,卡号".to_owned()];
            lines.extend(rows.iter().map(|(student, name, number)| format!("{student},{name},{number}")));
            let text = lines.join(&line_break);
            let (gb18030, _, had_unmappable) = GB18030.encode(&text);
            prop_assert!(!had_unmappable);
            let from_utf8 = parse_issued_cards(text.as_bytes()).unwrap();
            let from_gb18030 = parse_issued_cards(&gb18030).unwrap();
            prop_assert_eq!(from_utf8.cards.len(), rows.len());
            prop_assert_eq!(from_utf8.cards, from_gb18030.cards);
            prop_assert_eq!(from_utf8.errors, from_gb18030.errors);
        }
    }
}
