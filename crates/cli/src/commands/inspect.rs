//! `card inspect`.

use xueka_api::v1::{
    ApplicationProbe, ApplicationState, AtrPart, Clue, CopyHint, InspectCardRequest,
    InspectCardResponse, MaskedExchange, TraceCardRequest, TraceCardResponse,
    inspection_service_client::InspectionServiceClient,
};

use super::{in_reader, tell_wait};
use crate::{
    args::InspectArgs,
    connection::Connection,
    describe,
    exit::Exit,
    failure::Failure,
    layout::{self, Fields},
    output::{Output, Tone},
    protocol_words, shapes,
    words::Word,
};

/// Explains the card in a reader.
pub(super) async fn run(
    connection: &Connection,
    output: &mut Output,
    args: InspectArgs,
) -> Result<Exit, Failure> {
    tell_wait(args.in_reader.wait, output);
    let wait = args.in_reader.wait;
    let in_reader = Some(in_reader(args.in_reader));
    let mut client = InspectionServiceClient::new(connection.channel.clone());
    let (found, trace) = if args.trace {
        let request = TraceCardRequest { in_reader };
        let answer = client
            .trace_card(connection.request_that_waits(request, wait))
            .await
            .map_err(|status| connection.failure(status))?
            .into_inner();
        let found = answer.inspection.clone().ok_or(Failure::IncompleteAnswer)?;
        (found, Some(answer))
    } else {
        let request = InspectCardRequest { in_reader };
        let answer = client
            .inspect_card(connection.request_that_waits(request, wait))
            .await
            .map_err(|status| connection.failure(status))?;
        (answer.into_inner(), None)
    };
    output.answer(&shapes::inspected(&found, trace.as_ref()), |output| {
        text(&found, trace.as_ref(), output)
    })?;
    Ok(Exit::Good)
}

/// What was found, a section each, from what most people want to know to what
/// few do.
fn text(found: &InspectCardResponse, trace: Option<&TraceCardResponse>, output: &Output) -> String {
    let mut sections = vec![card(found, output)];
    let mut add = |heading: Word, body: String| {
        if !body.is_empty() {
            sections.push(format!("{}\n{}", output.word(heading), indented(&body)));
        }
    };
    let findings = found
        .findings
        .iter()
        .map(|it| layout::printable(&it.message));
    add(Word::InspectRead, findings.collect::<Vec<_>>().join("\n"));
    add(Word::InspectHints, hints(&found.hints, output));
    add(Word::InspectWhy, clues(&found.clues, output));
    add(
        Word::InspectApplications,
        applications(&found.applications, output),
    );
    add(Word::InspectAtr, atr(&found.atr_parts));
    if let Some(trace) = trace {
        add(Word::InspectExchanges, exchanges(trace, output));
    }
    sections.join("\n\n")
}

fn card(found: &InspectCardResponse, output: &Output) -> String {
    let mut fields = Fields::default();
    if let Some(reading) = &found.reading {
        describe::reading(&mut fields, reading, output);
        describe::reading_details(&mut fields, reading, output);
    }
    fields
        .add(output.word(Word::Ats), hex::encode_upper(&found.ats))
        .add(output.word(Word::Reader), found.reader.as_str());
    fields.to_text()
}

fn hints(hints: &[CopyHint], output: &Output) -> String {
    if hints.is_empty() {
        return output.word(Word::InspectNoHints).to_owned();
    }
    let rows = hints.iter().map(|hint| {
        let grade = output.word(protocol_words::hint_grade(hint.grade()));
        vec![grade.to_owned(), hint.message.clone()]
    });
    output.toned(Tone::Doubtful, &layout::columns(rows.collect()))
}

fn clues(clues: &[Clue], output: &Output) -> String {
    let rows = clues.iter().map(|clue| {
        let bearing = output.word(protocol_words::clue_bearing(clue.bearing()));
        let weight = output.word(protocol_words::clue_weight(clue.weight()));
        vec![bearing.to_owned(), weight.to_owned(), clue.message.clone()]
    });
    layout::columns(rows.collect())
}

fn applications(probes: &[ApplicationProbe], output: &Output) -> String {
    let rows = probes.iter().map(|probe| {
        let state = output.word(protocol_words::application_state(probe.state()));
        let state = match probe.state() {
            ApplicationState::Found => state.to_owned(),
            _ => format!("{state} ({:04X})", probe.status_word),
        };
        vec![state, hex::encode_upper(&probe.aid), probe.message.clone()]
    });
    layout::columns(rows.collect())
}

fn atr(parts: &[AtrPart]) -> String {
    let rows = parts.iter().map(|part| {
        let name = if part.name.is_empty() {
            "-"
        } else {
            &part.name
        };
        vec![
            part.position.to_string(),
            name.to_owned(),
            hex::encode_upper(&part.value),
            part.message.clone(),
        ]
    });
    layout::columns(rows.collect())
}

/// Command and response below each other, as engineers read them.
fn exchanges(trace: &TraceCardResponse, output: &Output) -> String {
    let mut lines: Vec<_> = trace
        .exchanges
        .iter()
        .flat_map(|exchange| {
            [
                format!("> {}", layout::printable(&exchange.command)),
                format!("< {}", answer(exchange, output)),
            ]
        })
        .collect();
    if trace.dropped_count > 0 {
        let count = trace.dropped_count.to_string();
        lines.push(output.with(Word::ExchangesDropped, &[("count", &count)]));
    }
    lines.push(output.word(Word::InspectMasked).to_owned());
    lines.join("\n")
}

fn answer(exchange: &MaskedExchange, output: &Output) -> String {
    match protocol_words::exchange_failure(exchange.failure()) {
        Some(failure) => output.word(failure).to_owned(),
        None => layout::printable(&exchange.response),
    }
}

/// Lines that stand below a heading.
fn indented(body: &str) -> String {
    let lines = body.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}
