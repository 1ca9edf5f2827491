//! Close looks at cards as JSON.

use serde_json::{Value, json};
use xueka_api::v1;

use super::{enum_value, hexadecimal, reading, text};

/// What a close look found; without `--trace` the exchanges are null.
pub(crate) fn inspected(
    found: &v1::InspectCardResponse,
    trace: Option<&v1::TraceCardResponse>,
) -> Value {
    let exchanges = trace.map(|trace| trace.exchanges.iter().map(exchange).collect::<Vec<_>>());
    json!({
        "reader": text(&found.reader),
        "reading": found.reading.as_ref().map(reading),
        "atr_parts": found.atr_parts.iter().map(atr_part).collect::<Vec<_>>(),
        "clues": found.clues.iter().map(clue).collect::<Vec<_>>(),
        "ats": hexadecimal(&found.ats),
        "applications": found.applications.iter().map(application).collect::<Vec<_>>(),
        "findings": found.findings.iter().map(finding).collect::<Vec<_>>(),
        "hints": found.hints.iter().map(hint).collect::<Vec<_>>(),
        "exchanges": exchanges,
        "dropped_count": trace.map(|trace| trace.dropped_count),
    })
}

fn atr_part(part: &v1::AtrPart) -> Value {
    json!({
        "name": text(&part.name),
        "position": part.position,
        "value": hexadecimal(&part.value),
        "message": text(&part.message),
    })
}

fn clue(clue: &v1::Clue) -> Value {
    json!({
        "code": text(&clue.code),
        "message": text(&clue.message),
        "weight": enum_value(clue.weight().as_str_name(), "CLUE_WEIGHT_"),
        "bearing": enum_value(clue.bearing().as_str_name(), "CLUE_BEARING_"),
    })
}

fn application(probe: &v1::ApplicationProbe) -> Value {
    json!({
        "code": text(&probe.code),
        "message": text(&probe.message),
        "aid": hexadecimal(&probe.aid),
        "state": enum_value(probe.state().as_str_name(), "APPLICATION_STATE_"),
        "status_word": format!("{:04X}", probe.status_word),
    })
}

fn finding(finding: &v1::Finding) -> Value {
    json!({
        "code": text(&finding.code),
        "message": text(&finding.message),
    })
}

fn hint(hint: &v1::CopyHint) -> Value {
    json!({
        "code": text(&hint.code),
        "message": text(&hint.message),
        "grade": enum_value(hint.grade().as_str_name(), "HINT_GRADE_"),
    })
}

fn exchange(exchange: &v1::MaskedExchange) -> Value {
    json!({
        "command": text(&exchange.command),
        "response": text(&exchange.response),
        "failure": enum_value(exchange.failure().as_str_name(), "EXCHANGE_FAILURE_"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::tests::documented;

    #[test]
    fn a_close_look_is_as_documented() {
        let found = v1::InspectCardResponse {
            reader: "Reader 0".to_owned(),
            reading: None,
            atr_parts: vec![v1::AtrPart {
                name: "TS".to_owned(),
                position: 0,
                value: vec![0x3B],
                message: "direct convention".to_owned(),
            }],
            clues: vec![v1::Clue {
                code: "ATS".to_owned(),
                message: "The card has an ATS of its own, so it has a processor.".to_owned(),
                weight: v1::ClueWeight::Strong.into(),
                bearing: v1::ClueBearing::Against.into(),
            }],
            ats: vec![0xDA, 0xBC, 0x19, 0x10],
            applications: vec![v1::ApplicationProbe {
                code: "T_UNION".to_owned(),
                message: "T-Union transit".to_owned(),
                aid: vec![0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05],
                state: v1::ApplicationState::Absent.into(),
                status_word: 0x6A82,
            }],
            findings: vec![v1::Finding {
                code: "PROVES_UID".to_owned(),
                message: "This proves little: chips with any UID are sold.".to_owned(),
            }],
            hints: vec![v1::CopyHint {
                code: "BLANK_UID".to_owned(),
                message: "The UID is the one of blank cards made for copying.".to_owned(),
                grade: v1::HintGrade::Strong.into(),
            }],
        };
        let trace = v1::TraceCardResponse {
            inspection: None,
            exchanges: vec![v1::MaskedExchange {
                command: "FFCA000000".to_owned(),
                response: "5D18A3C29000".to_owned(),
                failure: v1::ExchangeFailure::Unspecified.into(),
            }],
            dropped_count: 0,
        };
        assert_eq!(inspected(&found, Some(&trace)), documented("card inspect"));

        let without = inspected(&found, None);
        assert_eq!(without["exchanges"], Value::Null);
        assert_eq!(without["dropped_count"], Value::Null);
    }
}
