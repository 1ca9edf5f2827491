//! `verify`: is this card good?

use xueka_api::v1::{
    AssuranceLevel, Verdict, VerifyCardRequest, VerifyCardResponse,
    issuance_service_client::IssuanceServiceClient, verify_card_request::Card,
};

use super::{
    found::{self, Found},
    in_reader, tell_wait,
};
use crate::{
    args::VerifyArgs,
    connection::Connection,
    describe,
    exit::{self, Exit},
    failure::Failure,
    layout::Fields,
    output::{Output, Tone},
    protocol_words, shapes,
    words::Word,
};

/// Asks for the verdict; the exit code says it too.
pub(super) async fn run(
    connection: &Connection,
    output: &mut Output,
    mut args: VerifyArgs,
) -> Result<Exit, Failure> {
    if let Some(printed) = args.printed.take() {
        match found::one(connection, output, &printed).await? {
            Found::One(card) => (args.number, args.uid) = (card.number, card.uid),
            Found::Several(exit) => return Ok(exit),
        }
    }
    let wait = args.in_reader.wait;
    tell_wait(wait, output);
    let answer = IssuanceServiceClient::new(connection.channel.clone())
        .verify_card(connection.request_that_waits(request(args), wait))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::verdict(&answer), |output| text(&answer, output))?;
    Ok(exit::of_verdict(answer.verdict()))
}

fn request(args: VerifyArgs) -> VerifyCardRequest {
    let card = match (args.number, args.uid) {
        (Some(number), _) => Card::CardNumber(number.reveal()),
        (None, Some(uid)) => Card::Uid(uid.reveal().to_vec()),
        (None, None) => Card::InReader(in_reader(args.in_reader)),
    };
    let minimum = args.min_assurance.map(AssuranceLevel::from);
    VerifyCardRequest {
        card: Some(card),
        minimum_assurance: minimum.unwrap_or_default().into(),
    }
}

fn text(answer: &VerifyCardResponse, output: &Output) -> String {
    let verdict = answer.verdict();
    let tone = match exit::of_verdict(verdict) {
        Exit::Good => Tone::Good,
        Exit::Refused => Tone::Bad,
        _ => Tone::Doubtful,
    };
    let headline = output.toned(tone, output.word(protocol_words::verdict(verdict)));
    format!("{headline}\n{}", details(answer, output))
}

fn details(answer: &VerifyCardResponse, output: &Output) -> String {
    let mut fields = Fields::default();
    fields.add(output.word(Word::Why), answer.message.as_str());
    if answer.verdict() != Verdict::Valid {
        fields.add(output.word(Word::Reason), answer.reason.as_str());
    }
    if let Some(reading) = &answer.reading {
        describe::reading(&mut fields, reading, output);
    }
    let age = answer
        .data_age
        .as_ref()
        .map_or_else(|| "?".to_owned(), |age| age.seconds.to_string());
    let version = answer.data_version.to_string();
    let data = output.with(Word::DataAge, &[("version", &version), ("age", &age)]);
    let assurance = protocol_words::assurance(answer.assurance());
    fields
        .add(output.word(Word::ReplacedBy), answer.replaced_by.as_str())
        .add(output.word(Word::AssuranceLabel), output.word(assurance))
        .add(output.word(Word::Data), data);
    fields.to_text()
}
