//! Purses, as the protocol says them.

use xueka_api::v1;
use xueka_cards::{Balance, Trip, TripKind};
use xueka_desk::SeenPurse;
use xueka_domain::CardNumber;

use super::{date_text, reading::family};

/// A balance in the words of the protocol.
pub(crate) fn balance(seen: &SeenPurse<Balance>) -> v1::ReadBalanceResponse {
    v1::ReadBalanceResponse {
        reader: seen.reader.to_string(),
        family: family(seen.reading.family).into(),
        card_number: number(seen),
        balance_fen: seen.content.fen(),
    }
}

/// The log of a purse in the words of the protocol.
pub(crate) fn trips(seen: &SeenPurse<Vec<Trip>>) -> v1::ReadTripsResponse {
    v1::ReadTripsResponse {
        reader: seen.reader.to_string(),
        family: family(seen.reading.family).into(),
        card_number: number(seen),
        trips: seen.content.iter().map(trip).collect(),
    }
}

fn number<T>(seen: &SeenPurse<T>) -> String {
    let number = seen.reading.number;
    number.map(CardNumber::reveal).unwrap_or_default()
}

fn trip(trip: &Trip) -> v1::Trip {
    let kind = match trip.kind() {
        TripKind::Load => v1::TripKind::Load,
        TripKind::Purchase => v1::TripKind::Purchase,
        TripKind::CompoundPurchase => v1::TripKind::CompoundPurchase,
        TripKind::Other => v1::TripKind::Other,
    };
    v1::Trip {
        number: trip.number.into(),
        kind: kind.into(),
        kind_code: trip.kind_code.into(),
        amount_fen: trip.amount.into(),
        terminal: trip.terminal.to_vec(),
        date: date_text(trip.date),
        time_of_day: trip.time.map(|time| time.to_string()).unwrap_or_default(),
    }
}
