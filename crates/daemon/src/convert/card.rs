//! Cards on record, as the protocol says them.

use jiff::civil::Date;
use xueka_api::v1;
use xueka_domain::{
    CardIdentity, CardNumber, CardState, Column, ExitReason, IssuedCard, IssuedState, Language,
    Student,
};
use xueka_registry::{CardRecord, RefusedRow, RowRefusal};

use super::{date_text, optional, reading};

/// A record in the words of the protocol; without the holder for callers that
/// may not know.
pub(crate) fn card(record: &CardRecord, with_person: bool) -> v1::Card {
    let uid = record.uid.as_ref();
    v1::Card {
        card_number: record.number.map(CardNumber::reveal).unwrap_or_default(),
        uid: uid.map(|uid| uid.reveal().to_vec()).unwrap_or_default(),
        family: record
            .family
            .map_or(v1::CardFamily::Unspecified, reading::family)
            .into(),
        state: card_state(record.state).into(),
        valid_from: date_text(record.valid_from),
        valid_until: date_text(record.valid_until),
        student: with_person.then(|| student(&record.student)),
        replaced_by: identity_text(record.replaced_by),
        replaces: identity_text(record.replaces),
        issue_time: Some(super::timestamp(record.issue_time)),
        state_time: Some(super::timestamp(record.state_time)),
        version: record.version,
    }
}

/// Why a card is reported lost.
pub(crate) fn loss_reason(reason: v1::LossReason) -> ExitReason {
    match reason {
        v1::LossReason::Unspecified | v1::LossReason::Lost => ExitReason::Lost,
        v1::LossReason::Stolen => ExitReason::Stolen,
    }
}

/// The number, or for a card known by UID alone its UID in hexadecimal.
fn identity_text(identity: Option<CardIdentity>) -> String {
    let Some(identity) = identity else {
        return String::new();
    };
    match (identity.number(), identity.uid()) {
        (Some(number), _) => number.reveal(),
        (None, Some(uid)) => hex::encode_upper(uid.reveal()),
        (None, None) => String::new(),
    }
}

pub(super) fn student(student: &Student) -> v1::Student {
    let class_name = student.class_name.as_ref();
    v1::Student {
        student_number: student.number.reveal().to_owned(),
        name: student.name.reveal().to_owned(),
        class_name: class_name
            .map(|c| c.reveal().to_owned())
            .unwrap_or_default(),
    }
}

fn card_state(state: CardState) -> v1::CardState {
    match state {
        CardState::Delivered => v1::CardState::Delivered,
        CardState::Active => v1::CardState::Active,
        CardState::Lost => v1::CardState::Lost,
        CardState::Damaged => v1::CardState::Damaged,
        CardState::Replaced => v1::CardState::Replaced,
        CardState::Spoilt => v1::CardState::Spoilt,
        CardState::Cancelled => v1::CardState::Cancelled,
    }
}

/// A row of a list as a value, or the refusal to send back: the field at fault,
/// a stable word and what is wrong with it.
pub(crate) fn issued_card(row: &v1::IssuedCardRow) -> Result<IssuedCard, v1::RefusedRow> {
    let refused = |column: &str, reason: &str, message: String| v1::RefusedRow {
        row: row.row,
        column: column.into(),
        reason: reason.into(),
        message,
    };
    macro_rules! parsed {
        ($column:ident) => {
            row.$column
                .parse()
                .map_err(|error| wrong(row.row, stringify!($column), &error))
        };
    }
    macro_rules! parsed_if_given {
        ($column:ident) => {
            optional(&row.$column)
                .map(str::parse)
                .transpose()
                .map_err(|error| wrong(row.row, stringify!($column), &error))
        };
    }
    let date = |column: &str, text: &str| {
        optional(text).map(parse_date).transpose().map_err(|()| {
            let expected = "a date is written YYYY-MM-DD or YYYYMMDD";
            refused(column, "ARGUMENT_INVALID", expected.into())
        })
    };
    let state = match v1::CardState::try_from(row.state) {
        Ok(v1::CardState::Unspecified | v1::CardState::Active) => IssuedState::Active,
        Ok(v1::CardState::Delivered) => IssuedState::Delivered,
        _ => {
            let expected = "a card is registered as active or as delivered";
            return Err(refused("state", "ARGUMENT_INVALID", expected.into()));
        }
    };
    Ok(IssuedCard {
        row: row.row,
        student: Student {
            number: parsed!(student_number)?,
            name: parsed!(name)?,
            class_name: parsed_if_given!(class_name)?,
        },
        number: parsed_if_given!(card_number)?,
        uid: parsed_if_given!(uid)?,
        family: None,
        valid_from: date("valid_from", &row.valid_from)?,
        valid_until: date("valid_until", &row.valid_until)?,
        state,
    })
}

/// A row that the registry refuses, in the words of the protocol.
pub(crate) fn refused_row(refused: &RefusedRow, language: Language) -> v1::RefusedRow {
    let (english, chinese) = row_words(refused.reason);
    v1::RefusedRow {
        row: refused.row,
        column: refused.column.map_or("", Column::field_name).into(),
        reason: refused.reason.code().into(),
        message: match language {
            Language::English => english.into(),
            Language::Chinese => chinese.into(),
        },
    }
}

fn row_words(reason: RowRefusal) -> (&'static str, &'static str) {
    match reason {
        RowRefusal::NothingNamesTheCard => (
            "a card number or a UID is needed",
            "卡号和 UID 至少要有一项",
        ),
        RowRefusal::RandomUid => (
            "this UID is random and identifies nothing; give the card number",
            "该 UID 为随机值，不能识别卡片，请填写卡号",
        ),
        RowRefusal::NumberTaken => (
            "the card number belongs to another student",
            "该卡号属于另一名学生",
        ),
        RowRefusal::UidTaken => ("the UID belongs to another card", "该 UID 属于另一张卡"),
        RowRefusal::StudentHasCard => (
            "the student holds another live card; report it lost or damaged first",
            "该学生已有在用的卡，请先挂失或登记坏卡",
        ),
        RowRefusal::StudentLeft => ("the student has left the school", "该学生已离校"),
        RowRefusal::NameDiffers => (
            "the student number is on record with another name",
            "该学籍号登记的姓名不同",
        ),
        RowRefusal::DiffersFromRecord => (
            "the card is on record with something else here",
            "与该卡的登记内容不一致",
        ),
        RowRefusal::DatesReversed => (
            "the last day of validity lies before the first",
            "有效期止早于有效期起",
        ),
    }
}

fn wrong(row: u64, column: &str, error: &dyn std::fmt::Display) -> v1::RefusedRow {
    v1::RefusedRow {
        row,
        column: column.into(),
        reason: "ARGUMENT_INVALID".into(),
        message: error.to_string(),
    }
}

/// A date as lists write it: `2026-09-01` or `20260901`.
pub(super) fn parse_date(text: &str) -> Result<Date, ()> {
    let bare = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let hyphenated = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    if bare || hyphenated {
        text.parse().map_err(|_| ())
    } else {
        Err(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> v1::IssuedCardRow {
        v1::IssuedCardRow {
            row: 2,
            student_number: "20230107".into(),
            name: "李雷".into(),
            card_number: "1000751012345678".into(),
            ..v1::IssuedCardRow::default()
        }
    }

    #[test]
    fn a_wrong_cell_is_named_without_its_content() {
        type Spoil = fn(&mut v1::IssuedCardRow);
        let cases: [(Spoil, &str); 8] = [
            (|row| row.student_number = "学9".into(), "student_number"),
            (|row| row.name = String::new(), "name"),
            (|row| row.card_number = "12x4567".into(), "card_number"),
            (|row| row.uid = "04-11".into(), "uid"),
            (|row| row.valid_from = "1.9.2026".into(), "valid_from"),
            (|row| row.valid_until = "20261301".into(), "valid_until"),
            (|row| row.set_state(v1::CardState::Lost), "state"),
            (|row| row.state = 99, "state"),
        ];
        for (spoil, column) in cases {
            let mut row = row();
            spoil(&mut row);
            let refused = issued_card(&row).unwrap_err();
            assert_eq!((refused.row, refused.column.as_str()), (2, column));
            assert!(!refused.message.contains("12x"), "{}", refused.message);
        }
    }

    #[test]
    fn both_forms_of_a_date_are_taken() {
        for text in ["2026-09-01", "20260901"] {
            let mut row = row();
            row.valid_from = text.into();
            let card = issued_card(&row).unwrap();
            assert_eq!(
                card.valid_from,
                Some(jiff::civil::date(2026, 9, 1)),
                "{text}"
            );
        }
    }
}
