//! `card write`: planned, shown, asked about, written; and what is done about
//! cards that left too early.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use jiff::civil::Date;
use xueka_api::v1::{
    DeclareSpoiltRequest, EndedWrite, ListOpenWritesRequest, ListOpenWritesResponse, OpenWrite,
    PlanWriteRequest, PlanWriteResponse, RecoverCardRequest, RecoverCardResponse, WriteCardRequest,
    WriteContent, WriteOutcome, WriteStep,
    personalisation_service_client::PersonalisationServiceClient, write_content::Content,
};
use xueka_domain::CardNumber;

use super::{in_reader, request_id, tell_wait};
use crate::{
    args::{InReaderArgs, ListArgs, RecoverArgs, ValidityArgs, WriteCommand, WriteRunArgs},
    connection::Connection,
    describe,
    exit::Exit,
    failure::Failure,
    layout::{self, Fields},
    output::{Output, Tone},
    protocol_words, shapes,
    words::Word,
};

/// Does what was typed.
pub(super) async fn run(
    connection: &Connection,
    output: &mut Output,
    command: WriteCommand,
) -> Result<Exit, Failure> {
    match command {
        WriteCommand::Plan {
            number,
            validity,
            in_reader,
        } => {
            let plan = plan(connection, output, number, validity, in_reader).await?;
            output.answer(&shapes::planned_write(&plan), |output| {
                plan_text(&plan, output)
            })?;
            Ok(Exit::Good)
        }
        WriteCommand::Run(args) => write(connection, output, args).await,
        WriteCommand::List(args) => list(connection, output, args).await,
        WriteCommand::Recover(args) => recover(connection, output, args).await,
        WriteCommand::Spoilt { write_id, yes } => spoil(connection, output, write_id, yes).await,
    }
}

async fn plan(
    connection: &Connection,
    output: &Output,
    number: CardNumber,
    validity: ValidityArgs,
    place: InReaderArgs,
) -> Result<PlanWriteResponse, Failure> {
    tell_wait(place.wait, output);
    let wait = place.wait;
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let request = PlanWriteRequest {
        in_reader: Some(in_reader(place)),
        card_number: number.reveal(),
        valid_from: day(validity.valid_from),
        valid_until: day(validity.valid_until),
    };
    let answer = PersonalisationServiceClient::new(connection.channel.clone())
        .plan_write(connection.request_that_waits(request, wait))
        .await
        .map_err(|status| connection.failure(status))?;
    Ok(answer.into_inner())
}

/// Plans and writes, with a question in between; or writes by a plan that was
/// shown before, which needs none.
async fn write(
    connection: &Connection,
    output: &mut Output,
    args: WriteRunArgs,
) -> Result<Exit, Failure> {
    let id = request_id(args.request)?;
    let (plan, place, plan_id) = if let Some(number) = args.number {
        let plan = plan(connection, output, number, args.validity, args.in_reader).await?;
        if !output.is_json() {
            output.line(&plan_text(&plan, output))?;
        }
        if plan.steps.is_empty() {
            if output.is_json() {
                output.answer(&shapes::written(Some(&plan), None), |_| String::new())?;
            }
            return Ok(Exit::Good);
        }
        if !args.yes {
            ask(output, Word::WriteQuestion)?;
        }
        // The card that was planned for lies there.
        let place = InReaderArgs {
            reader: Some(plan.reader.clone()),
            wait: None,
        };
        let plan_id = plan.plan_id.clone();
        (Some(plan), place, plan_id)
    } else {
        tell_wait(args.in_reader.wait, output);
        (None, args.in_reader, args.plan.unwrap_or_default())
    };
    let wait = place.wait;
    let request = WriteCardRequest {
        request_id: id.clone(),
        in_reader: Some(in_reader(place)),
        plan_id,
    };
    let answer = PersonalisationServiceClient::new(connection.channel.clone())
        .write_card(connection.request_that_waits(request, wait))
        .await
        .map_err(|status| connection.failure(status).of_request(&id))?;
    let ended = answer.into_inner().write.ok_or(Failure::IncompleteAnswer)?;
    output.answer(&shapes::written(plan.as_ref(), Some(&ended)), |output| {
        ended_text(&ended, output)
    })?;
    Ok(exit_of(&ended))
}

async fn list(
    connection: &Connection,
    output: &mut Output,
    args: ListArgs,
) -> Result<Exit, Failure> {
    let mut page_token = args.page_token.unwrap_or_default();
    let mut is_first = true;
    loop {
        let request = ListOpenWritesRequest {
            page_size: args.page_size,
            page_token,
        };
        let answer = PersonalisationServiceClient::new(connection.channel.clone())
            .list_open_writes(connection.request(request))
            .await
            .map_err(|status| connection.failure(status))?
            .into_inner();
        if args.all && output.is_json() {
            for write in &answer.writes {
                output.answer(&shapes::open_write(write), |_| String::new())?;
            }
        } else if is_first || !answer.writes.is_empty() {
            output.answer(&shapes::open_writes(&answer), |output| {
                list_text(&answer, args.all, output)
            })?;
        }
        if !args.all || answer.next_page_token.is_empty() || output.is_closed() {
            return Ok(Exit::Good);
        }
        (page_token, is_first) = (answer.next_page_token, false);
    }
}

async fn recover(
    connection: &Connection,
    output: &mut Output,
    args: RecoverArgs,
) -> Result<Exit, Failure> {
    tell_wait(args.in_reader.wait, output);
    let wait = args.in_reader.wait;
    let request = RecoverCardRequest {
        side: args.side(),
        in_reader: Some(in_reader(args.in_reader)),
    };
    let answer = PersonalisationServiceClient::new(connection.channel.clone())
        .recover_card(connection.request_that_waits(request, wait))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::recovered(&answer), |output| {
        recovered_text(&answer, output)
    })?;
    Ok(answer.write.as_ref().map_or(Exit::Good, exit_of))
}

async fn spoil(
    connection: &Connection,
    output: &mut Output,
    write_id: u64,
    yes: bool,
) -> Result<Exit, Failure> {
    if !yes {
        ask(output, Word::SpoilQuestion)?;
    }
    let request = DeclareSpoiltRequest { write_id };
    let answer = PersonalisationServiceClient::new(connection.channel.clone())
        .declare_spoilt(connection.request(request))
        .await
        .map_err(|status| connection.failure(status))?;
    let ended = answer.into_inner().write.ok_or(Failure::IncompleteAnswer)?;
    output.answer(&shapes::ended_write(&ended), |output| {
        ended_text(&ended, output)
    })?;
    Ok(Exit::Good)
}

/// Asks a person; anything but yes, or nobody to ask, is no.
fn ask(output: &Output, question: Word) -> Result<(), Failure> {
    if output.is_json() || !io::stdin().is_terminal() {
        return Err(Failure::NobodyToAsk);
    }
    let _ = write!(io::stderr().lock(), "{} ", output.word(question));
    let mut answer = String::new();
    let _ = io::stdin().lock().read_line(&mut answer);
    if !answer.ends_with('\n') {
        // Nobody ended the line of the question.
        let _ = writeln!(io::stderr().lock());
    }
    if is_yes(&answer) {
        Ok(())
    } else {
        Err(Failure::Declined)
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim(), "y" | "Y" | "yes" | "是")
}

/// A card that is spoilt is not what was asked for.
fn exit_of(ended: &EndedWrite) -> Exit {
    match ended.outcome() {
        WriteOutcome::Written | WriteOutcome::RolledBack => Exit::Good,
        WriteOutcome::Spoilt => Exit::Refused,
        WriteOutcome::Unspecified => Exit::Other,
    }
}

/// The card, then each place with what goes and what comes.
fn plan_text(plan: &PlanWriteResponse, output: &Output) -> String {
    let mut fields = Fields::default();
    fields
        .add(
            output.word(Word::Family),
            output.word(protocol_words::family(plan.family())),
        )
        .add(output.word(Word::Uid), hex::encode_upper(&plan.uid))
        .add(output.word(Word::Number), plan.card_number.as_str())
        .add(output.word(Word::Reader), plan.reader.as_str())
        .add(output.word(Word::Plan), plan.plan_id.as_str());
    let mut parts = vec![fields.to_text()];
    if plan.steps.is_empty() {
        parts.push(output.word(Word::NothingToWrite).to_owned());
    }
    parts.extend(plan.steps.iter().map(|step| step_text(step, output)));
    parts.join("\n")
}

fn step_text(step: &WriteStep, output: &Output) -> String {
    let place = output.with(
        protocol_words::place_kind(step.kind()),
        &[("place", &step.place)],
    );
    let old = content_text(step.old_content.as_ref(), output);
    let new = content_text(step.new_content.as_ref(), output);
    let place = match step.key_names.as_slice() {
        [] => place,
        names => output.with(
            Word::PlaceWithKeys,
            &[("place", &place), ("keys", &names.join(", "))],
        ),
    };
    format!("{}\n  - {old}\n  + {new}", layout::printable(&place))
}

fn content_text(content: Option<&WriteContent>, output: &Output) -> String {
    match content.and_then(|content| content.content.as_ref()) {
        Some(Content::Data(bytes)) => hex::encode_upper(bytes),
        Some(Content::Trailer(trailer)) => layout::printable(&output.with(
            Word::ContentTrailer,
            &[
                ("key_a", &trailer.key_a_name),
                ("access", &hex::encode_upper(&trailer.access)),
                ("key_b", &trailer.key_b_name),
            ],
        )),
        Some(Content::KeyName(name)) => {
            layout::printable(&output.with(Word::ContentKey, &[("name", name)]))
        }
        Some(Content::Nothing(_)) | None => output.word(Word::ContentNothing).to_owned(),
    }
}

fn ended_text(ended: &EndedWrite, output: &Output) -> String {
    let (tone, word) = match ended.outcome() {
        WriteOutcome::Written => (Tone::Good, Word::WriteWritten),
        WriteOutcome::RolledBack => (Tone::Doubtful, Word::WriteRolledBack),
        WriteOutcome::Spoilt => (Tone::Bad, Word::WriteSpoilt),
        WriteOutcome::Unspecified => (Tone::Doubtful, Word::WriteUnknown),
    };
    output.toned(tone, output.word(word))
}

fn recovered_text(answer: &RecoverCardResponse, output: &Output) -> String {
    match &answer.write {
        Some(ended) => ended_text(ended, output),
        None => output.word(Word::NoOpenWrite).to_owned(),
    }
}

fn list_text(answer: &ListOpenWritesResponse, is_all: bool, output: &Output) -> String {
    if answer.writes.is_empty() {
        return output.word(Word::NoOpenWrites).to_owned();
    }
    let rows = answer.writes.iter().map(row);
    let mut text = layout::columns(rows.collect());
    if !is_all && !answer.next_page_token.is_empty() {
        let token = [("token", answer.next_page_token.as_str())];
        text.push('\n');
        text.push_str(&output.with(Word::NextPage, &token));
    }
    text
}

/// Its number, since when, and which card.
fn row(write: &OpenWrite) -> Vec<String> {
    vec![
        write.write_id.to_string(),
        describe::optional_time(write.open_time.as_ref()),
        hex::encode_upper(&write.uid),
        write.card_number.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_one() {
        for (answer, expected) in [
            ("y\n", true),
            ("yes\r\n", true),
            ("是\n", true),
            ("\n", false),
            ("", false),
            ("no\n", false),
            ("yesterday\n", false),
        ] {
            assert_eq!(is_yes(answer), expected, "{answer:?}");
        }
    }
}
