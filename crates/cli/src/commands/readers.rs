//! `readers` and `read`.

use xueka_api::v1::{
    ListReadersRequest, ListReadersResponse, ReadCardRequest, ReadCardResponse, SourceState,
    reader_service_client::ReaderServiceClient,
};

use super::{span, tell_wait};
use crate::{
    args::InReaderArgs,
    connection::Connection,
    describe,
    exit::Exit,
    failure::Failure,
    layout::{self, Fields},
    output::Output,
    protocol_words, shapes,
    words::Word,
};

/// Lists the readers. Where there is none, the exit code says so.
pub(super) async fn list(connection: &Connection, output: &mut Output) -> Result<Exit, Failure> {
    let mut client = ReaderServiceClient::new(connection.channel.clone());
    let answer = client
        .list_readers(connection.request(ListReadersRequest {}))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::readers(&answer), |output| {
        list_text(&answer, output)
    })?;
    Ok(match (answer.readers.is_empty(), answer.source_state()) {
        (false, _) => Exit::Good,
        (true, SourceState::NotPermitted) => Exit::NotPermitted,
        (true, _) => Exit::NoCard,
    })
}

fn list_text(answer: &ListReadersResponse, output: &Output) -> String {
    let trouble = match answer.source_state() {
        SourceState::NoService => Some(Word::NoService),
        SourceState::NotPermitted => Some(Word::ServiceNotPermitted),
        SourceState::Failed => Some(Word::ServiceFailed),
        SourceState::Ready | SourceState::Unspecified => {
            answer.readers.is_empty().then_some(Word::NoReaders)
        }
    };
    let rows = answer.readers.iter().map(|reader| {
        let name = if reader.simulated {
            output.with(Word::Simulated, &[("name", &reader.name)])
        } else {
            reader.name.clone()
        };
        let state = protocol_words::reader_state(reader.state());
        vec![name, output.word(state).to_owned()]
    });
    let mut lines = vec![layout::columns(rows.collect())];
    lines.extend(trouble.map(|word| output.word(word).to_owned()));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// Reads the card in a reader's field.
pub(super) async fn read(
    connection: &Connection,
    output: &mut Output,
    args: InReaderArgs,
) -> Result<Exit, Failure> {
    tell_wait(args.wait, output);
    let request = ReadCardRequest {
        reader: args.reader.unwrap_or_default(),
        wait: args.wait.map(span),
    };
    let answer = ReaderServiceClient::new(connection.channel.clone())
        .read_card(connection.request_that_waits(request, args.wait))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::read(&answer), |output| read_text(&answer, output))?;
    Ok(Exit::Good)
}

fn read_text(answer: &ReadCardResponse, output: &Output) -> String {
    let mut fields = Fields::default();
    if let Some(reading) = &answer.reading {
        describe::reading(&mut fields, reading, output);
        describe::reading_details(&mut fields, reading, output);
    }
    fields.add(output.word(Word::Reader), answer.reader.as_str());
    fields.to_text()
}
