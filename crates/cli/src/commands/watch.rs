//! `watch`: readers and cards as they come and go.

use tonic::Streaming;
use xueka_api::v1::{
    WatchTapsRequest, WatchTapsResponse, card_arrived::Outcome,
    reader_service_client::ReaderServiceClient, watch_taps_response::Event,
};

use crate::{
    args::WatchArgs, connection::Connection, describe, exit::Exit, failure::Failure, layout,
    output::Output, shapes, words::Word,
};

/// Tells of every event until Ctrl-C, or until nobody reads any more.
pub(super) async fn run(
    connection: &Connection,
    output: &mut Output,
    args: WatchArgs,
) -> Result<Exit, Failure> {
    // Listens from the beginning, so that Ctrl-C never finds nobody.
    let interrupt = tokio::signal::ctrl_c();
    tokio::select! {
        biased;
        interrupted = interrupt => interrupted.map(|()| Exit::Good).map_err(Failure::Start),
        ended = tell(connection, output, args) => ended,
    }
}

async fn tell(
    connection: &Connection,
    output: &mut Output,
    args: WatchArgs,
) -> Result<Exit, Failure> {
    let request = WatchTapsRequest {
        reader: args.reader.unwrap_or_default(),
        after_sequence: args.after.unwrap_or_default(),
        epoch: args.epoch.unwrap_or_default(),
    };
    let mut events: Streaming<WatchTapsResponse> =
        ReaderServiceClient::new(connection.channel.clone())
            .watch_taps(connection.endless_request(request))
            .await
            .map_err(|status| connection.failure(status))?
            .into_inner();
    output.tell_waiting(Word::Watching);
    while let Some(event) = events
        .message()
        .await
        .map_err(|status| connection.failure(status))?
    {
        output.answer(&shapes::event(&event), |output| line(&event, output))?;
        if output.is_closed() {
            return Ok(Exit::Good);
        }
    }
    Err(Failure::WatchEnded)
}

fn line(event: &WatchTapsResponse, output: &Output) -> String {
    let what = match &event.event {
        None => return String::new(),
        Some(Event::ReaderAttached(_)) => output.word(Word::ReaderAttached).to_owned(),
        Some(Event::ReaderDetached(_)) => output.word(Word::ReaderDetached).to_owned(),
        Some(Event::CardLeft(_)) => output.word(Word::CardLeft).to_owned(),
        Some(Event::ReaderMissing(missing)) => {
            output.with(Word::ReaderMissing, &[("why", &missing.message)])
        }
        Some(Event::Missed(missed)) => {
            output.with(Word::EventsMissed, &[("count", &missed.count.to_string())])
        }
        Some(Event::CardArrived(arrived)) => match &arrived.outcome {
            Some(Outcome::Reading(reading)) => {
                let card = describe::reading_in_short(reading, output);
                output.with(Word::CardArrived, &[("card", &card)])
            }
            Some(Outcome::Failure(failure)) => {
                output.with(Word::CardFailed, &[("why", &failure.message)])
            }
            None => output.with(Word::CardFailed, &[("why", "")]),
        },
    };
    let time = describe::optional_time(event.event_time.as_ref());
    let reader = describe::reader(&event.reader, &event.reader_alias);
    layout::printable(&format!("{time}  {reader}  {what}"))
}
