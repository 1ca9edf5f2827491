//! Purses as JSON.

use serde_json::{Value, json};
use xueka_api::v1;

use super::{enum_value, hexadecimal, text};

/// How much is in a purse.
pub(crate) fn balance(answer: &v1::ReadBalanceResponse) -> Value {
    json!({
        "reader": text(&answer.reader),
        "family": enum_value(answer.family().as_str_name(), "CARD_FAMILY_"),
        "card_number": text(&answer.card_number),
        "balance_fen": answer.balance_fen,
    })
}

/// What was done with a purse.
pub(crate) fn trips(answer: &v1::ReadTripsResponse) -> Value {
    json!({
        "reader": text(&answer.reader),
        "family": enum_value(answer.family().as_str_name(), "CARD_FAMILY_"),
        "card_number": text(&answer.card_number),
        "trips": answer.trips.iter().map(trip).collect::<Vec<_>>(),
        "ran_backwards": answer.ran_backwards().map(counter).collect::<Vec<_>>(),
    })
}

fn counter(counter: v1::PurseCounter) -> Option<&'static str> {
    enum_value(counter.as_str_name(), "PURSE_COUNTER_")
}

fn trip(trip: &v1::Trip) -> Value {
    json!({
        "number": trip.number,
        "kind": enum_value(trip.kind().as_str_name(), "TRIP_KIND_"),
        "kind_code": trip.kind_code,
        "amount_fen": trip.amount_fen,
        "terminal": hexadecimal(&trip.terminal),
        "date": text(&trip.date),
        "time_of_day": text(&trip.time_of_day),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::tests::documented;

    #[test]
    fn purses_are_as_documented() {
        let answer = v1::ReadBalanceResponse {
            reader: "Reader 0".to_owned(),
            family: v1::CardFamily::TransitCpu.into(),
            card_number: "1000751012345678".to_owned(),
            balance_fen: 2050,
        };
        assert_eq!(balance(&answer), documented("card balance"));

        let trip = v1::Trip {
            number: 423,
            kind: v1::TripKind::Purchase.into(),
            kind_code: 6,
            amount_fen: 500,
            terminal: vec![0x30, 0x01, 0x02, 0x03, 0x04, 0x05],
            date: "2026-09-01".to_owned(),
            time_of_day: String::new(),
        };
        let answer = v1::ReadTripsResponse {
            reader: answer.reader,
            family: answer.family,
            card_number: answer.card_number,
            trips: vec![trip],
            ran_backwards: vec![v1::PurseCounter::Payments.into()],
        };
        assert_eq!(trips(&answer), documented("card trips"));
    }
}
