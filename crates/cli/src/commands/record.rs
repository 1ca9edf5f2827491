//! `record`: a card's reading as a file that tests replay.

use std::{fs::OpenOptions, io::Write as _, path::Path};

use xueka_api::v1::{RecordCardRequest, recording_service_client::RecordingServiceClient};

use super::{in_reader, tell_wait};
use crate::{
    args::RecordArgs, connection::Connection, exit::Exit, failure::Failure, output::Output, shapes,
    words::Word,
};

/// Has a card recorded and writes the recording to a new file.
pub(super) async fn run(
    connection: &Connection,
    output: &mut Output,
    args: RecordArgs,
) -> Result<Exit, Failure> {
    let wait = args.in_reader.wait;
    tell_wait(wait, output);
    let request = RecordCardRequest {
        in_reader: Some(in_reader(args.in_reader)),
    };
    let answer = RecordingServiceClient::new(connection.channel.clone())
        .record_card(connection.request_that_waits(request, wait))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    write_new(&args.file, &answer.recording)?;
    let file = args.file.display().to_string();
    output.answer(&shapes::recorded(&answer, &file), |output| {
        let n_exchanges = answer.n_exchanges.to_string();
        let values = [("n_exchanges", n_exchanges.as_str()), ("file", &file)];
        output.with(Word::Recorded, &values)
    })?;
    Ok(Exit::Good)
}

/// Never over another file: it may be a recording that nobody can make again.
fn write_new(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |cause| Failure::WriteFile {
        file: file.into(),
        cause,
    };
    let opened = OpenOptions::new().write(true).create_new(true).open(file);
    let mut opened = opened.map_err(failed)?;
    opened.write_all(text.as_bytes()).map_err(failed)
}
