//! `card balance` and `card trips`.

use xueka_api::v1::{
    CardFamily, PurseCounter, ReadBalanceRequest, ReadBalanceResponse, ReadTripsRequest,
    ReadTripsResponse, Trip, TripKind, purse_service_client::PurseServiceClient,
};

use super::{in_reader, tell_wait};
use crate::{
    args::InReaderArgs,
    connection::Connection,
    exit::Exit,
    failure::Failure,
    layout::{self, Fields},
    output::Output,
    protocol_words, shapes,
    words::Word,
};

/// Shows how much is in the purse of the card in a reader.
pub(super) async fn balance(
    connection: &Connection,
    output: &mut Output,
    args: InReaderArgs,
) -> Result<Exit, Failure> {
    tell_wait(args.wait, output);
    let wait = args.wait;
    let request = ReadBalanceRequest {
        in_reader: Some(in_reader(args)),
    };
    let answer = PurseServiceClient::new(connection.channel.clone())
        .read_balance(connection.request_that_waits(request, wait))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::balance(&answer), |output| {
        balance_text(&answer, output)
    })?;
    Ok(Exit::Good)
}

/// Shows what was last done with the purse of the card in a reader.
pub(super) async fn trips(
    connection: &Connection,
    output: &mut Output,
    args: InReaderArgs,
) -> Result<Exit, Failure> {
    tell_wait(args.wait, output);
    let wait = args.wait;
    let request = ReadTripsRequest {
        in_reader: Some(in_reader(args)),
    };
    let answer = PurseServiceClient::new(connection.channel.clone())
        .read_trips(connection.request_that_waits(request, wait))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::trips(&answer), |output| {
        trips_text(&answer, output)
    })?;
    Ok(Exit::Good)
}

fn balance_text(answer: &ReadBalanceResponse, output: &Output) -> String {
    let mut fields = card(answer.family(), &answer.card_number, output);
    let amount = yuan(answer.balance_fen, output);
    fields.add(output.word(Word::Balance), amount);
    fields.to_text()
}

fn trips_text(answer: &ReadTripsResponse, output: &Output) -> String {
    let card = card(answer.family(), &answer.card_number, output).to_text();
    let trips = if answer.trips.is_empty() {
        output.word(Word::NoTrips).to_owned()
    } else {
        let rows = answer.trips.iter().map(|trip| row(trip, output));
        layout::columns(rows.collect())
    };
    let warnings = answer.ran_backwards().filter_map(|counter| match counter {
        PurseCounter::Unspecified => None,
        PurseCounter::Loads => Some(output.word(Word::FewerLoads)),
        PurseCounter::Payments => Some(output.word(Word::FewerPayments)),
    });
    let mut parts = vec![card, trips];
    parts.extend(warnings.map(str::to_owned));
    parts.join("\n")
}

fn card(family: CardFamily, number: &str, output: &Output) -> Fields {
    let mut fields = Fields::default();
    let family = output.word(protocol_words::family(family));
    fields
        .add(output.word(Word::Family), family)
        .add(output.word(Word::Number), number);
    fields
}

/// When, what, how much, and at which terminal.
fn row(trip: &Trip, output: &Output) -> Vec<String> {
    let amount = match trip.kind() {
        TripKind::Load => trip.amount_fen,
        _ => -trip.amount_fen,
    };
    vec![
        format!("{} {}", trip.date, trip.time_of_day),
        output
            .word(protocol_words::trip_kind(trip.kind()))
            .to_owned(),
        yuan(amount, output),
        hex::encode_upper(&trip.terminal),
    ]
}

/// An amount with two decimals, as `-3.00`, in yuan.
fn yuan(fen: i64, output: &Output) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let (yuan, rest) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
    let amount = format!("{sign}{yuan}.{rest:02}");
    output.with(Word::Yuan, &[("amount", &amount)])
}

#[cfg(test)]
mod tests {
    use xueka_domain::Language;

    use super::*;

    #[test]
    fn amounts_have_two_decimals_and_a_sign() {
        let cases = [
            (0, "0.00 yuan"),
            (5, "0.05 yuan"),
            (2000, "20.00 yuan"),
            (-30, "-0.30 yuan"),
            (-1250, "-12.50 yuan"),
            (i64::MIN, "-92233720368547758.08 yuan"),
        ];
        let output = Output::new(true, Language::English);
        for (fen, expected) in cases {
            assert_eq!(yuan(fen, &output), expected);
        }
    }
}
