//! Card-making files and batches as JSON.

use serde_json::{Value, json};
use xueka_api::v1;

use super::{enum_value, text, time};

/// What became of a batch or a file; its content is in a file.
pub(crate) fn making_outcome(outcome: &v1::MakingOutcome, is_dry_run: bool) -> Value {
    let refused = outcome.refused_rows.iter().map(|row| {
        json!({
            "row": row.row,
            "column": text(&row.column),
            "reason": row.reason,
            "message": row.message,
            "remedy": text(&row.remedy),
            "student_number": text(&row.student_number),
            "card_number": text(&row.card_number),
        })
    });
    json!({
        "dry_run": is_dry_run,
        "batch": (outcome.batch != 0).then_some(outcome.batch),
        "received": outcome.received,
        "good": outcome.good,
        "refused": outcome.refused,
        "refused_rows": refused.collect::<Vec<_>>(),
        "already": outcome.already,
        "done": outcome.done,
        "file_name": text(&outcome.file_name),
        "data_version": outcome.data_version,
    })
}

/// A batch.
pub(crate) fn making_batch(batch: &v1::MakingBatch) -> Value {
    let counts = batch.counts.iter().map(|count| {
        json!({
            "state": enum_value(count.state().as_str_name(), "MAKING_STATE_"),
            "count": count.count,
        })
    });
    json!({
        "batch": batch.batch,
        "side": enum_value(batch.side().as_str_name(), "BATCH_SIDE_"),
        "menu": enum_value(batch.menu().as_str_name(), "MAKING_MENU_"),
        "district_code": text(&batch.district_code),
        "school_code": text(&batch.school_code),
        "year": (batch.year != 0).then_some(batch.year),
        "file_number": (batch.file_number != 0).then_some(batch.file_number),
        "counts": counts.collect::<Vec<_>>(),
        "spoilt": batch.spoilt,
        "fee_due_fen": batch.fee_due_fen,
        "open_time": batch.open_time.as_ref().and_then(time),
    })
}

/// A batch with its students.
pub(crate) fn batch_file(answer: &v1::GetBatchResponse) -> Value {
    let requests = answer.requests.iter().map(|request| {
        json!({
            "request": request.request,
            "student_number": request.student_number,
            "name": request.name,
            "class_name": text(&request.class_name),
            "state": enum_value(request.state().as_str_name(), "MAKING_STATE_"),
            "card_number": text(&request.card_number),
            "fee_fen": request.fee_fen,
        })
    });
    json!({
        "batch": answer.batch.as_ref().map(making_batch),
        "requests": requests.collect::<Vec<_>>(),
    })
}

/// A page of batches.
pub(crate) fn batches(answer: &v1::ListBatchesResponse) -> Value {
    json!({
        "batches": answer.batches.iter().map(making_batch).collect::<Vec<_>>(),
        "next_page_token": text(&answer.next_page_token),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::tests::documented, *};

    fn batch() -> v1::MakingBatch {
        v1::MakingBatch {
            batch: 3,
            side: v1::BatchSide::Taken.into(),
            menu: v1::MakingMenu::Reissue.into(),
            district_code: "0106".to_owned(),
            school_code: "0106001".to_owned(),
            year: 2026,
            file_number: 12,
            counts: vec![v1::MakingCount {
                state: v1::MakingState::Confirmed.into(),
                count: 2,
            }],
            spoilt: 0,
            fee_due_fen: 2_000,
            open_time: Some(prost_types::Timestamp {
                seconds: 1_790_000_000,
                nanos: 0,
            }),
        }
    }

    #[test]
    fn what_became_of_a_file_is_as_documented() {
        let outcome = v1::MakingOutcome {
            received: 2,
            good: 1,
            refused: 1,
            refused_rows: vec![v1::RefusedMakingRow {
                row: 3,
                reason: "HOLDS_CARD".to_owned(),
                message: "the student holds a card already".to_owned(),
                remedy: "if it is lost or damaged, register that first and report it as a reissue"
                    .to_owned(),
                student_number: "20230107".to_owned(),
                card_number: "1000751012345678".to_owned(),
                ..v1::RefusedMakingRow::default()
            }],
            data_version: 12,
            ..v1::MakingOutcome::default()
        };
        let shown = making_outcome(&outcome, false);
        assert_eq!(
            shown,
            documented("making: what became of a file or a batch")
        );
    }

    #[test]
    fn batches_are_as_documented() {
        let page = v1::ListBatchesResponse {
            batches: vec![batch()],
            next_page_token: "3".to_owned(),
        };
        assert_eq!(batches(&page), documented("making list"));
        let file = v1::GetBatchResponse {
            batch: Some(batch()),
            requests: vec![v1::MakingRequest {
                request: 9,
                student_number: "20230107".to_owned(),
                name: "张三".to_owned(),
                class_name: "高一(1)班".to_owned(),
                state: v1::MakingState::Confirmed.into(),
                card_number: String::new(),
                fee_fen: 2_000,
            }],
        };
        assert_eq!(batch_file(&file), documented("making show"));
    }
}
