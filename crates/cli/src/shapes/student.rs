//! Students and rolls as JSON.

use serde_json::{Value, json};
use xueka_api::v1;

use super::{enum_value, record as card, text};

/// A student on record.
pub(crate) fn student_record(record: &v1::StudentRecord) -> Value {
    let student = record.student.as_ref();
    json!({
        "student_number": student.and_then(|s| text(&s.student_number)),
        "name": student.and_then(|s| text(&s.name)),
        "class_name": student.and_then(|s| text(&s.class_name)),
        "sex": enum_value(record.sex().as_str_name(), "SEX_"),
        "school_code": text(&record.school_code),
        "cohort": (record.cohort != 0).then_some(record.cohort),
        "enrolment": enum_value(record.enrolment().as_str_name(), "ENROLMENT_"),
        "enrolment_since": text(&record.enrolment_since),
        "holding": enum_value(record.holding().as_str_name(), "HOLDING_STATE_"),
        "version": record.version,
    })
}

/// A student with all cards.
pub(crate) fn student_file(answer: &v1::GetStudentResponse) -> Value {
    json!({
        "student": answer.student.as_ref().map(student_record),
        "cards": answer.cards.iter().map(card).collect::<Vec<_>>(),
    })
}

/// A page of students.
pub(crate) fn found_students(answer: &v1::SearchStudentsResponse) -> Value {
    json!({
        "students": answer.students.iter().map(student_record).collect::<Vec<_>>(),
        "next_page_token": text(&answer.next_page_token),
        "more_cards": answer.more_cards,
    })
}

/// What became of a move.
pub(crate) fn moved_students(answer: &v1::MoveStudentsResponse, is_dry_run: bool) -> Value {
    let refused = answer.refused.iter().map(|refused| {
        let allowed = refused
            .allowed()
            .map(|allowed| enum_value(allowed.as_str_name(), "STUDENT_MOVE_"));
        json!({
            "student_number": refused.student_number,
            "reason": refused.reason,
            "message": refused.message,
            "allowed": allowed.collect::<Vec<_>>(),
        })
    });
    json!({
        "dry_run": is_dry_run,
        "moved": answer.moved,
        "unchanged": answer.unchanged,
        "refused": refused.collect::<Vec<_>>(),
        "data_version": answer.data_version,
    })
}

/// What became of a roll.
pub(crate) fn taken_roll(
    seen: &v1::SeenRoll,
    refused: &[v1::RefusedRollRow],
    totals: &v1::ImportTotals,
    is_dry_run: bool,
) -> Value {
    let refused = refused.iter().map(|refused| {
        json!({
            "row": refused.row,
            "column": enum_value(refused.column().as_str_name(), "ROLL_COLUMN_"),
            "reason": refused.reason,
            "message": refused.message,
            "remedy": text(&refused.remedy),
        })
    });
    json!({
        "dry_run": is_dry_run,
        "encoding": enum_value(seen.encoding().as_str_name(), "TEXT_ENCODING_"),
        "delimiter": enum_value(seen.delimiter().as_str_name(), "DELIMITER_"),
        "ignored_columns": seen.ignored_columns,
        "refused": refused.collect::<Vec<_>>(),
        "totals": {
            "received": totals.received,
            "added": totals.added,
            "changed": totals.changed,
            "unchanged": totals.unchanged,
            "refused": totals.refused,
            "taken": totals.taken,
            "data_version": totals.data_version,
        },
    })
}

/// What was written into a file.
pub(crate) fn written_roll(students: u64, file: &str) -> Value {
    json!({ "students": students, "file": file })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::tests::documented;

    fn record() -> v1::StudentRecord {
        v1::StudentRecord {
            student: Some(v1::Student {
                student_number: "20230107".to_owned(),
                name: "李雷".to_owned(),
                class_name: "高一(3)班".to_owned(),
            }),
            sex: v1::Sex::Male.into(),
            school_code: "0106001".to_owned(),
            cohort: 2026,
            enrolment: v1::Enrolment::Enrolled.into(),
            enrolment_since: String::new(),
            holding: v1::HoldingState::NoCard.into(),
            version: 12,
        }
    }

    #[test]
    fn students_are_as_documented() {
        let file = v1::GetStudentResponse {
            student: Some(record()),
            cards: Vec::new(),
        };
        assert_eq!(student_file(&file), documented("student show"));
        let found = v1::SearchStudentsResponse {
            students: vec![record()],
            next_page_token: "3230323330313037".to_owned(),
            more_cards: false,
        };
        assert_eq!(found_students(&found), documented("student find"));
    }

    #[test]
    fn a_move_is_as_documented() {
        let answer = v1::MoveStudentsResponse {
            moved: 0,
            unchanged: 1,
            refused: vec![v1::RefusedMove {
                student_number: "20230107".to_owned(),
                reason: "STUDENT_LEFT".to_owned(),
                message: "the student has left the school; register the return first".to_owned(),
                allowed: vec![v1::StudentMove::Back.into()],
            }],
            data_version: 12,
        };
        let told = moved_students(&answer, false);
        assert_eq!(told, documented("student move, leave and return"));
    }

    #[test]
    fn a_roll_is_as_documented() {
        let seen = v1::SeenRoll {
            rows: 3,
            encoding: v1::TextEncoding::Gb18030.into(),
            delimiter: v1::Delimiter::Comma.into(),
            ignored_columns: vec![4],
        };
        let refused = [v1::RefusedRollRow {
            row: 3,
            column: v1::RollColumn::Name.into(),
            reason: "FORMULA".to_owned(),
            message: "begins like a formula".to_owned(),
            remedy: "remove the leading character".to_owned(),
        }];
        let totals = v1::ImportTotals {
            received: 3,
            added: 2,
            refused: 1,
            data_version: 11,
            ..v1::ImportTotals::default()
        };
        let told = taken_roll(&seen, &refused, &totals, false);
        assert_eq!(told, documented("student import"));
        assert_eq!(written_roll(2, "roll.xlsx"), documented("student export"));
    }
}
