//! `readers` and `read`.

use xueka_api::v1::{
    ListReadersRequest, ListReadersResponse, ReadCardRequest, ReadCardResponse, Signal,
    SignalReaderRequest, SourceState, reader_service_client::ReaderServiceClient,
};

use super::{span, tell_wait};
use crate::{
    args::{InReaderArgs, SignalArgs},
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
        SourceState::Stalled => Some(Word::ServiceStalled),
        SourceState::Ready | SourceState::Unspecified => {
            answer.readers.is_empty().then_some(Word::NoReaders)
        }
    };
    let rows = answer.readers.iter().map(|reader| {
        let name = describe::reader(&reader.name, &reader.alias);
        let name = if reader.simulated {
            output.with(Word::Simulated, &[("name", &name)])
        } else {
            name
        };
        let state = protocol_words::reader_state(reader.state());
        let device = [
            (Word::SerialNumber, &reader.serial_number),
            (Word::UsbPath, &reader.usb_path),
        ];
        let device = device.iter().filter(|(_, value)| !value.is_empty());
        let device: Vec<_> = device
            .map(|(word, value)| output.with(*word, &[("value", value)]))
            .collect();
        let state = output.word(state).to_owned();
        vec![name, state, device.join(", ")]
    });
    let mut lines = vec![layout::columns(rows.collect())];
    lines.extend(answer.missing_readers.iter().map(|reader| {
        let time = describe::optional_time(reader.missing_since_time.as_ref());
        let values = [
            ("alias", reader.alias.as_str()),
            ("time", &time),
            ("why", &reader.message),
        ];
        layout::printable(&output.with(Word::ReaderMissingSince, &values))
    }));
    lines.extend(trouble.map(|word| output.word(word).to_owned()));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// Has a reader show something.
pub(super) async fn signal(
    connection: &Connection,
    output: &mut Output,
    args: SignalArgs,
) -> Result<Exit, Failure> {
    let request = SignalReaderRequest {
        reader: args.reader.unwrap_or_default(),
        signal: Signal::from(args.signal).into(),
    };
    let answer = ReaderServiceClient::new(connection.channel.clone())
        .signal_reader(connection.request(request))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    let (word, exit) = if answer.shown {
        (Word::SignalShown, Exit::Good)
    } else {
        (Word::SignalNotShown, Exit::Refused)
    };
    output.answer(&shapes::signal(answer), |output| {
        output.word(word).to_owned()
    })?;
    Ok(exit)
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
    let reader = describe::reader(&answer.reader, &answer.reader_alias);
    fields.add(output.word(Word::Reader), reader);
    fields.to_text()
}
