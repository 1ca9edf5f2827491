//! Lists good and bad, and bytes that are no list at all.

use encoding_rs::GB18030;
use proptest::prelude::*;
use xueka_domain::InvalidUid;

use super::*;
use crate::{MAX_FILE_BYTES, MAX_ROW_BYTES, MAX_ROWS};

const HEADER: &str = "学籍号,姓名,班级,卡号,UID,有效期起,有效期止,状态";

fn parse(rows: &str) -> IssuedCardList {
    parse_issued_cards(format!("{HEADER}\n{rows}").as_bytes()).unwrap()
}

#[test]
fn a_full_row_becomes_a_card() {
    let list = parse("007,李雷,高一(3)班,1000751012345678,1ea68671,2024/9/1,20270831,已到卡\n");

    let expected = IssuedCard {
        row: 2,
        student: Student {
            number: "007".parse().unwrap(),
            name: "李雷".parse().unwrap(),
            class_name: Some("高一(3)班".parse().unwrap()),
        },
        number: Some("1000751012345678".parse().unwrap()),
        uid: Some("1EA68671".parse().unwrap()),
        family: None,
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
    use Column::{CardNumber, ClassName, Name, State, StudentNumber, Uid, ValidFrom, ValidUntil};
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
    let large = vec![0; MAX_FILE_BYTES + 1];
    assert_eq!(
        parse_issued_cards(&large),
        Err(FileError::TooLarge {
            limit: MAX_FILE_BYTES
        })
    );
    let long = format!("学籍号,姓名,卡号\n{}", "1,a,1\n".repeat(MAX_ROWS + 1));
    let error = parse_issued_cards(long.as_bytes()).unwrap_err();
    assert_eq!(error, FileError::TooManyRows { limit: MAX_ROWS });
}

#[test]
fn a_list_of_real_rows_meets_the_row_limit_first() {
    let example = include_bytes!("../../../../examples/issued-cards.csv");
    let list = parse_issued_cards(example).unwrap();
    assert!(example.len() / list.n_rows * MAX_ROWS < MAX_FILE_BYTES);
}

#[test]
fn a_row_without_end_is_not_read_to_the_end() {
    let much = 2 * MAX_ROW_BYTES;
    let cases = [
        (",".repeat(much), Some(1), "a header"),
        (format!("{HEADER}\n{}", ",".repeat(much)), Some(2), "cells"),
        (
            format!("{HEADER}\n\n1,\"{}", "a".repeat(much)),
            Some(3),
            "an open quote, after a blank row",
        ),
        (
            format!("{HEADER}{}1,a,,1234,,,,\n", "\r\n".repeat(much)),
            None,
            "many blank rows",
        ),
        (
            format!("{HEADER}\n{}", "1,a,,1234,,,,\n".repeat(much / 8)),
            None,
            "many good rows",
        ),
    ];
    for (text, row, why) in cases {
        let error = parse_issued_cards(text.as_bytes()).err();
        let expected = row.map(|row| FileError::RowTooLong {
            row,
            limit: MAX_ROW_BYTES,
        });
        assert_eq!(error, expected, "{why}");
    }
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
        assert_eq!(list.cards[0].student.name.reveal(), name);
    }
}

#[test]
fn the_list_in_the_repository_can_be_read() {
    let list = parse_issued_cards(include_bytes!("../../../../examples/issued-cards.csv")).unwrap();
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
