//! `number`: in which forms cards bear their UID or number.

use std::time::Duration;

use tonic::Streaming;
use xueka_api::v1::{
    CardReading, CheckShortNumberRequest, FittingForm, ListNumberFormsRequest,
    ListNumberFormsResponse, ReadCardRequest, ShortNumberFit, TaughtCard, TeachNumberFormsRequest,
    TeachNumberFormsResponse, WatchTapsRequest, WatchTapsResponse, card_arrived::Outcome,
    clashing_card, number_service_client::NumberServiceClient,
    reader_service_client::ReaderServiceClient, watch_taps_response::Event,
};
use xueka_domain::Printed;

use super::{span, tell_wait};
use crate::{
    args::{InReaderArgs, NumberCommand, TeachArgs},
    connection::Connection,
    describe,
    exit::Exit,
    failure::Failure,
    layout,
    output::{self, Output, Tone},
    protocol_words, shapes,
    taught::taught,
    words::Word,
};

/// How long to wait beyond the usual: all cards on record are gone through.
const GOING_THROUGH_ALL: Duration = Duration::from_mins(2);

/// Does what was typed.
pub(super) async fn run(
    connection: &Connection,
    output: &mut Output,
    command: NumberCommand,
) -> Result<Exit, Failure> {
    match command {
        NumberCommand::Teach(args) => teach(connection, output, args).await,
        NumberCommand::Forms => forms(connection, output).await,
        NumberCommand::Short {
            short_number,
            student,
        } => short(connection, output, short_number, student).await,
    }
}

async fn teach(
    connection: &Connection,
    output: &mut Output,
    args: TeachArgs,
) -> Result<Exit, Failure> {
    let mut cards: Vec<TaughtCard> = Vec::new();
    if let Some(printed) = &args.printed {
        if args.number.is_some() || args.uid.is_some() {
            cards.push(taught(printed, args.number, args.uid));
        } else {
            read_all(connection, output, printed, &args, &mut cards).await?;
        }
    }
    cards.extend(args.pairs.iter().map(TaughtCard::from));
    let request = TeachNumberFormsRequest { cards };
    let answer = NumberServiceClient::new(connection.channel.clone())
        .teach_number_forms(connection.request_that_waits(request, Some(GOING_THROUGH_ALL)))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::taught(&answer), |output| {
        taught_text(&answer, output)
    })?;
    Ok(if answer.forms.is_empty() {
        Exit::Refused
    } else {
        Exit::Good
    })
}

/// Reads the card in the reader, then each further one as it is placed.
async fn read_all(
    connection: &Connection,
    output: &Output,
    first: &Printed,
    args: &TeachArgs,
    cards: &mut Vec<TaughtCard>,
) -> Result<(), Failure> {
    let (reader, reading) = read(connection, output, &args.in_reader).await?;
    cards.push(as_taught(first, &reading));
    if args.next.is_empty() {
        return Ok(());
    }
    // From here on no tap is missed, however fast the cards change.
    let mut taps = watch(connection, reader).await?;
    for printed in &args.next {
        let values = [("printed", printed.reveal())];
        output::remark(&output.with(Word::PlaceNext, &values));
        let reading = next_card(connection, output, &mut taps).await?;
        cards.push(as_taught(printed, &reading));
    }
    Ok(())
}

async fn read(
    connection: &Connection,
    output: &Output,
    place: &InReaderArgs,
) -> Result<(String, CardReading), Failure> {
    tell_wait(place.wait, output);
    let request = ReadCardRequest {
        reader: place.reader.clone().unwrap_or_default(),
        wait: place.wait.map(span),
    };
    let answer = ReaderServiceClient::new(connection.channel.clone())
        .read_card(connection.request_that_waits(request, place.wait))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    let reading = answer.reading.ok_or(Failure::IncompleteAnswer)?;
    Ok((answer.reader, reading))
}

async fn watch(
    connection: &Connection,
    reader: String,
) -> Result<Streaming<WatchTapsResponse>, Failure> {
    let request = WatchTapsRequest {
        reader,
        ..WatchTapsRequest::default()
    };
    let taps = ReaderServiceClient::new(connection.channel.clone())
        .watch_taps(connection.endless_request(request))
        .await
        .map_err(|status| connection.failure(status))?;
    Ok(taps.into_inner())
}

/// The next card that is placed and can be read; Ctrl-C ends the waiting.
async fn next_card(
    connection: &Connection,
    output: &Output,
    taps: &mut Streaming<WatchTapsResponse>,
) -> Result<CardReading, Failure> {
    while let Some(event) = taps
        .message()
        .await
        .map_err(|status| connection.failure(status))?
    {
        let Some(Event::CardArrived(arrived)) = event.event else {
            continue;
        };
        match arrived.outcome {
            Some(Outcome::Reading(reading)) => return Ok(reading),
            Some(Outcome::Failure(failure)) => {
                let values = [("why", failure.message.as_str())];
                output::remark(&output.with(Word::NotReadTryAgain, &values));
            }
            None => return Err(Failure::IncompleteAnswer),
        }
    }
    Err(Failure::WatchEnded)
}

fn as_taught(printed: &Printed, reading: &CardReading) -> TaughtCard {
    TaughtCard {
        printed: printed.reveal().to_owned(),
        card_number: reading.card_number.clone(),
        uid: reading.uid.clone(),
    }
}

fn taught_text(answer: &TeachNumberFormsResponse, output: &Output) -> String {
    let tried = answer.tried.to_string();
    let cards = answer.cards_on_record.to_string();
    let values = [("tried", tried.as_str()), ("cards", &cards)];
    if answer.forms.is_empty() {
        let word = match answer.tried {
            0 => Word::NoFormTried,
            _ => Word::NoFormFits,
        };
        return output.with(word, &values);
    }
    let mut parts = vec![output.with(Word::FormsFit, &values)];
    let forms = answer.forms.iter().zip(1_u32..);
    parts.extend(forms.map(|(form, place)| fitting_text(form, place, output)));
    if answer.more {
        parts.push(output.word(Word::MoreFormsFit).to_owned());
    }
    parts.push(output.word(Word::FormPaste).to_owned());
    parts.join("\n\n")
}

/// A form, what speaks for and against it, and its lines.
fn fitting_text(fitting: &FittingForm, place: u32, output: &Output) -> String {
    let form = fitting.form.clone().unwrap_or_default();
    let mut lines = vec![format!("{place}. {}", form.description)];
    let clash = clash_text(fitting, output);
    let tone = match fitting.clashing_cards {
        0 => Tone::Good,
        _ => Tone::Bad,
    };
    lines.push(format!("   {}", output.toned(tone, &clash)));
    if fitting.cards_without > 0 {
        let count = fitting.cards_without.to_string();
        let without = output.with(Word::FormWithout, &[("count", &count)]);
        lines.push(format!("   {without}"));
    }
    if form.in_use {
        lines.push(format!("   {}", output.word(Word::FormInUse)));
    } else {
        // Not moved in, so that they can be copied as they are.
        lines.push(String::new());
        lines.push(form.configuration.trim_end().to_owned());
    }
    lines.join("\n")
}

fn clash_text(fitting: &FittingForm, output: &Output) -> String {
    let named = |place: usize| {
        let card = fitting
            .example
            .get(place)
            .and_then(|card| card.card.as_ref());
        match card {
            Some(clashing_card::Card::CardNumber(number)) => number.clone(),
            Some(clashing_card::Card::Uid(uid)) => format!("UID {}", hex::encode_upper(uid)),
            None => "?".to_owned(),
        }
    };
    if fitting.clashing_cards == 0 && !fitting.clashing_at_least {
        return output.word(Word::FormTellsApart).to_owned();
    }
    let word = if fitting.clashing_at_least {
        Word::FormClashesAtLeast
    } else {
        Word::FormClashes
    };
    let (count, one, other) = (fitting.clashing_cards.to_string(), named(0), named(1));
    output.with(word, &[("count", &count), ("one", &one), ("other", &other)])
}

async fn forms(connection: &Connection, output: &mut Output) -> Result<Exit, Failure> {
    let answer = NumberServiceClient::new(connection.channel.clone())
        .list_number_forms(connection.request(ListNumberFormsRequest {}))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::forms(&answer), |output| {
        forms_text(&answer, output)
    })?;
    Ok(Exit::Good)
}

fn forms_text(answer: &ListNumberFormsResponse, output: &Output) -> String {
    let rows = answer.forms.iter().map(|form| {
        let origin = if form.standard {
            Word::FormStandard
        } else {
            Word::FormConfigured
        };
        vec![output.word(origin).to_owned(), form.description.clone()]
    });
    layout::columns(rows.collect())
}

async fn short(
    connection: &Connection,
    output: &mut Output,
    short_number: String,
    student_number: String,
) -> Result<Exit, Failure> {
    let request = CheckShortNumberRequest {
        student_number,
        short_number,
    };
    let answer = NumberServiceClient::new(connection.channel.clone())
        .check_short_number(connection.request(request))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    let (tone, exit) = match answer.fit() {
        ShortNumberFit::Fits => (Tone::Good, Exit::Good),
        ShortNumberFit::Clash => (Tone::Bad, Exit::Refused),
        ShortNumberFit::NothingToCompare | ShortNumberFit::Unspecified => {
            (Tone::Doubtful, Exit::CannotVerify)
        }
    };
    output.answer(&shapes::short_number(&answer), |output| {
        let word = output.word(protocol_words::short_number_fit(answer.fit()));
        let headline = output.toned(tone, word);
        match &answer.card {
            Some(card) => format!("{headline}\n{}", describe::card(card, output)),
            None => headline,
        }
    })?;
    Ok(exit)
}
