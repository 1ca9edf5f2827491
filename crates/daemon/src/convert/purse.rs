//! Purses, as the protocol says them.

use xueka_api::v1;
use xueka_cards::{Balance, Trip, TripKind};
use xueka_desk::{SeenPurse, SeenTrips};
use xueka_domain::{CardNumber, Counter};

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
pub(crate) fn trips(seen: &SeenPurse<SeenTrips>) -> v1::ReadTripsResponse {
    v1::ReadTripsResponse {
        reader: seen.reader.to_string(),
        family: family(seen.reading.family).into(),
        card_number: number(seen),
        trips: seen.content.trips.iter().map(trip).collect(),
        ran_backwards: counters(&seen.content.ran_backwards),
    }
}

fn number<T>(seen: &SeenPurse<T>) -> String {
    let number = seen.reading.number;
    number.map(CardNumber::reveal).unwrap_or_default()
}

/// The counts of a purse; others are told by verification.
fn counters(counters: &[Counter]) -> Vec<i32> {
    let counters = counters.iter().filter_map(|counter| match counter {
        Counter::RecordWrites => None,
        Counter::PurseLoads => Some(v1::PurseCounter::Loads.into()),
        Counter::PursePayments => Some(v1::PurseCounter::Payments.into()),
    });
    counters.collect()
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
