//! `exchange`: commands sent to a card as they are.

use xueka_api::v1::{
    ExchangeCommandsRequest, ExchangeCommandsResponse,
    exchange_service_client::ExchangeServiceClient,
};

use super::{in_reader, tell_wait};
use crate::{
    args::{ExchangeArgs, RawCommand},
    connection::Connection,
    exit::Exit,
    failure::Failure,
    output::Output,
    shapes,
};

/// Sends commands to the card in a reader and shows what it answers.
pub(super) async fn run(
    connection: &Connection,
    output: &mut Output,
    args: ExchangeArgs,
) -> Result<Exit, Failure> {
    tell_wait(args.in_reader.wait, output);
    let wait = args.in_reader.wait;
    let commands: Vec<Vec<u8>> = args
        .commands
        .into_iter()
        .map(RawCommand::into_bytes)
        .collect();
    let request = ExchangeCommandsRequest {
        in_reader: Some(in_reader(args.in_reader)),
        commands: commands.clone(),
    };
    let answer = ExchangeServiceClient::new(connection.channel.clone())
        .exchange_commands(connection.request_that_waits(request, wait))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::exchanged(&answer), |_| text(&commands, &answer))?;
    Ok(Exit::Good)
}

/// Command and response below each other, as `card inspect --trace` shows them.
fn text(commands: &[Vec<u8>], answer: &ExchangeCommandsResponse) -> String {
    let pairs = commands.iter().zip(&answer.responses);
    let lines = pairs.map(|(command, response)| {
        let [command, response] = [command, response].map(hex::encode_upper);
        format!("> {command}\n< {response}")
    });
    lines.collect::<Vec<_>>().join("\n")
}
