//! Writing cards, and raw exchanges, as JSON.

use serde_json::{Value, json};
use xueka_api::v1;

use super::{enum_value, hexadecimal, text, time};

/// A plan.
pub(crate) fn planned_write(plan: &v1::PlanWriteResponse) -> Value {
    json!({
        "plan_id": text(&plan.plan_id),
        "reader": text(&plan.reader),
        "family": enum_value(plan.family().as_str_name(), "CARD_FAMILY_"),
        "uid": hexadecimal(&plan.uid),
        "card_number": text(&plan.card_number),
        "steps": plan.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &v1::WriteStep) -> Value {
    json!({
        "kind": enum_value(step.kind().as_str_name(), "PLACE_KIND_"),
        "place": text(&step.place),
        "old_content": step.old_content.as_ref().map(content),
        "new_content": step.new_content.as_ref().map(content),
        "key_names": step.key_names,
    })
}

fn content(content: &v1::WriteContent) -> Value {
    use v1::write_content::Content;
    match &content.content {
        None => json!({}),
        Some(Content::Data(bytes)) => json!({ "data": hexadecimal(bytes) }),
        Some(Content::Trailer(trailer)) => json!({
            "trailer": {
                "key_a_name": text(&trailer.key_a_name),
                "access": hexadecimal(&trailer.access),
                "key_b_name": text(&trailer.key_b_name),
            },
        }),
        Some(Content::KeyName(name)) => json!({ "key_name": text(name) }),
        Some(Content::Nothing(_)) => json!({ "nothing": {} }),
    }
}

/// A plan that was carried out, and how that ended.
pub(crate) fn written(
    plan: Option<&v1::PlanWriteResponse>,
    ended: Option<&v1::EndedWrite>,
) -> Value {
    json!({ "plan": plan.map(planned_write), "write": ended.map(self::ended) })
}

/// The answer of every call that ends a write.
pub(crate) fn ended_write(write: &v1::EndedWrite) -> Value {
    json!({ "write": ended(write) })
}

/// What came of taking up a write.
pub(crate) fn recovered(answer: &v1::RecoverCardResponse) -> Value {
    json!({
        "reader": text(&answer.reader),
        "write": answer.write.as_ref().map(ended),
    })
}

fn ended(write: &v1::EndedWrite) -> Value {
    json!({
        "write_id": (write.write_id != 0).then_some(write.write_id),
        "uid": hexadecimal(&write.uid),
        "outcome": enum_value(write.outcome().as_str_name(), "WRITE_OUTCOME_"),
    })
}

/// A page of open writes.
pub(crate) fn open_writes(answer: &v1::ListOpenWritesResponse) -> Value {
    json!({
        "writes": answer.writes.iter().map(open_write).collect::<Vec<_>>(),
        "next_page_token": text(&answer.next_page_token),
    })
}

/// An open write.
pub(crate) fn open_write(write: &v1::OpenWrite) -> Value {
    json!({
        "write_id": write.write_id,
        "uid": hexadecimal(&write.uid),
        "card_number": text(&write.card_number),
        "open_time": write.open_time.as_ref().and_then(time),
    })
}

/// What a card answered to raw commands.
pub(crate) fn exchanged(answer: &v1::ExchangeCommandsResponse) -> Value {
    let responses = answer.responses.iter().map(|bytes| hexadecimal(bytes));
    json!({
        "reader": text(&answer.reader),
        "responses": responses.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use v1::write_content::Content;

    use super::*;
    use crate::shapes::tests::documented;

    const UID: [u8; 4] = [0x9B, 0x27, 0xD4, 0xE6];

    fn step(kind: v1::PlaceKind, place: &str, old: Content, new: Content) -> v1::WriteStep {
        let content = |content| {
            Some(v1::WriteContent {
                content: Some(content),
            })
        };
        v1::WriteStep {
            kind: kind.into(),
            place: place.to_owned(),
            old_content: content(old),
            new_content: content(new),
            key_names: vec!["factory".to_owned()],
        }
    }

    fn plan() -> v1::PlanWriteResponse {
        let trailer = v1::SectorTrailer {
            key_a_name: "school-a".to_owned(),
            access: vec![0x78, 0x77, 0x88, 0x00],
            key_b_name: "school-b".to_owned(),
        };
        v1::PlanWriteResponse {
            plan_id: "00abcdef01234567".to_owned(),
            reader: "Reader 0".to_owned(),
            family: v1::CardFamily::MifareClassic1k.into(),
            uid: UID.to_vec(),
            card_number: String::new(),
            steps: vec![
                step(
                    v1::PlaceKind::ClassicBlock,
                    "4",
                    Content::Data(vec![0x00; 16]),
                    Content::Data(b"1000751012345678".to_vec()),
                ),
                step(
                    v1::PlaceKind::ClassicTrailer,
                    "1",
                    Content::KeyName("factory".to_owned()),
                    Content::Trailer(trailer),
                ),
                step(
                    v1::PlaceKind::DesfireApplication,
                    "F48120",
                    Content::Nothing(v1::NoContent {}),
                    Content::Data(vec![0x0B, 0x82]),
                ),
            ],
        }
    }

    fn ended(outcome: v1::WriteOutcome) -> v1::EndedWrite {
        v1::EndedWrite {
            write_id: 7,
            uid: UID.to_vec(),
            outcome: outcome.into(),
        }
    }

    #[test]
    fn plans_and_ends_are_as_documented() {
        assert_eq!(planned_write(&plan()), documented("card write plan"));
        let written = written(None, Some(&ended(v1::WriteOutcome::Written)));
        assert_eq!(written, documented("card write run"));
        let recovered = recovered(&v1::RecoverCardResponse {
            reader: "Reader 0".to_owned(),
            write: Some(ended(v1::WriteOutcome::RolledBack)),
        });
        assert_eq!(recovered, documented("card write recover"));
        let spoilt = ended_write(&ended(v1::WriteOutcome::Spoilt));
        assert_eq!(spoilt, documented("card write spoilt"));
    }

    #[test]
    fn open_writes_are_as_documented() {
        let write = v1::OpenWrite {
            write_id: 7,
            uid: UID.to_vec(),
            card_number: "1000751012345678".to_owned(),
            open_time: Some(prost_types::Timestamp {
                seconds: 1_790_000_100,
                nanos: 0,
            }),
        };
        assert_eq!(open_write(&write), documented("card write list --all"));
        let page = v1::ListOpenWritesResponse {
            writes: vec![write],
            next_page_token: "7".to_owned(),
        };
        assert_eq!(open_writes(&page), documented("card write list"));
    }

    #[test]
    fn raw_exchanges_are_as_documented() {
        let answer = v1::ExchangeCommandsResponse {
            reader: "Reader 0".to_owned(),
            responses: vec![vec![0x90, 0x00], vec![0x6A, 0x82]],
        };
        assert_eq!(exchanged(&answer), documented("exchange"));
    }
}
