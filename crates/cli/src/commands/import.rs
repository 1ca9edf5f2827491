//! `card import`: a list of issued cards, judged here and by the daemon.
//!
//! The file is judged first, by itself; then its good rows are sent. Unless
//! the good rows are wanted alone, one bad row means that nothing is sent. The
//! answer names every refused row, whoever refused it.

use std::{fs::File, io::Read as _, path::Path};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use xueka_api::v1::{
    CardState, IssuedCardRow, RefusedRow, RegisterIssuedCardsRequest, RegisterOptions,
    RegisterTotals, issuance_service_client::IssuanceServiceClient, register_issued_cards_request,
    register_issued_cards_response::Part,
};
use xueka_domain::{CardNumber, Column, IssuedCard, IssuedState};
use xueka_files::{
    IssuedCardList, MAX_FILE_BYTES, RowError, column_of_heading, parse_issued_cards,
};

use super::{Dial, request_id};
use crate::{
    args::ImportArgs,
    connection::Connection,
    exit::Exit,
    failure::Failure,
    layout::{self, Fields},
    list_words,
    output::Output,
    words::{Language, Word},
};

/// What became of a list.
#[derive(Debug, Default)]
struct Outcome {
    /// The rows that were refused, by their place in the list.
    refused: Vec<RefusedRow>,
    /// Counts over the whole list; the version is 0 when nothing was sent.
    totals: RegisterTotals,
}

/// Takes in a list.
pub(super) async fn run(
    dial: &Dial,
    output: &mut Output,
    args: ImportArgs,
) -> Result<Exit, Failure> {
    let is_dry_run = args.dry_run;
    let list = parse_issued_cards(&content(&args.file)?).map_err(Failure::List)?;
    let n_rows = list.n_rows as u64;
    let encoding = list.encoding.name();
    let refused_here = refused_rows(&list.errors, output.language);
    let n_bad = n_rows.saturating_sub(list.cards.len() as u64);

    let is_sent = n_bad == 0 || args.accept_good_rows || is_dry_run;
    let mut outcome = if is_sent {
        send(&dial.connect().await?, list, args, output).await?
    } else {
        Outcome::default()
    };
    outcome.refused.extend(refused_here);
    outcome.refused.sort_by_key(|refused| refused.row);
    outcome.totals.received = n_rows;
    outcome.totals.refused += n_bad;

    output.answer(&shape(&outcome, encoding, is_dry_run), |output| {
        text(&outcome, encoding, is_dry_run, output)
    })?;
    Ok(if outcome.totals.refused == 0 {
        Exit::Good
    } else {
        Exit::Refused
    })
}

/// The file's bytes, as far as a list may be long, and one more, by which a
/// longer one is noticed.
fn content(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| {
            let limit = MAX_FILE_BYTES as u64 + 1;
            open.take(limit).read_to_end(&mut bytes)
        })
        .map_err(|cause| Failure::ReadFile {
            file: file.into(),
            cause,
        })?;
    Ok(bytes)
}

/// Sends the good rows and gathers what the daemon says of them.
async fn send(
    connection: &Connection,
    list: IssuedCardList,
    args: ImportArgs,
    output: &Output,
) -> Result<Outcome, Failure> {
    let request_id = request_id(args.request)?;
    let options = RegisterOptions {
        request_id: request_id.clone(),
        accept_good_rows: args.accept_good_rows,
        dry_run: args.dry_run,
    };
    let progress = progress_bar(list.cards.len(), output);
    let gathered = exchange(connection, options, list.cards, &progress).await;
    progress.finish_and_clear();
    gathered.map_err(|failure| failure.of_request(&request_id))
}

async fn exchange(
    connection: &Connection,
    options: RegisterOptions,
    cards: Vec<IssuedCard>,
    progress: &ProgressBar,
) -> Result<Outcome, Failure> {
    use register_issued_cards_request::Part as Asked;
    let parts = std::iter::once(Asked::Options(options))
        .chain(cards.into_iter().map(|card| Asked::Row(row(&card))))
        .map(|part| RegisterIssuedCardsRequest { part: Some(part) });
    let requests = connection.endless_request(tokio_stream::iter(parts));
    let mut answers = IssuanceServiceClient::new(connection.channel.clone())
        .register_issued_cards(requests)
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    let mut refused = Vec::new();
    while let Some(answer) = answers
        .message()
        .await
        .map_err(|status| connection.failure(status))?
    {
        match answer.part {
            Some(Part::Progress(judged)) => progress.set_position(judged.judged),
            Some(Part::Refused(row)) => refused.push(row),
            Some(Part::Totals(totals)) => return Ok(Outcome { refused, totals }),
            None => {}
        }
    }
    Err(Failure::IncompleteAnswer)
}

/// Shown on standard error, and there only to a person.
fn progress_bar(n_rows: usize, output: &Output) -> ProgressBar {
    let bar = ProgressBar::new(n_rows as u64);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len}") {
        bar.set_style(style);
    }
    bar.set_message(output.word(Word::Importing));
    bar
}

/// A good row as the protocol carries it.
fn row(card: &IssuedCard) -> IssuedCardRow {
    let state = match card.state {
        IssuedState::Active => CardState::Active,
        IssuedState::Delivered => CardState::Delivered,
    };
    let student = &card.student;
    let class_name = student.class_name.as_ref();
    let day = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string());
    IssuedCardRow {
        row: card.row,
        student_number: student.number.reveal().to_owned(),
        name: student.name.reveal().to_owned(),
        class_name: class_name.map_or_else(String::new, |name| name.reveal().to_owned()),
        card_number: card.number.map_or_else(String::new, CardNumber::reveal),
        uid: card
            .uid
            .map_or_else(String::new, |uid| hex::encode_upper(uid.reveal())),
        valid_from: day(card.valid_from).unwrap_or_default(),
        valid_until: day(card.valid_until).unwrap_or_default(),
        state: state.into(),
    }
}

/// What was refused here, told as the daemon tells it.
fn refused_rows(errors: &[RowError], language: Language) -> Vec<RefusedRow> {
    let refused = errors.iter().map(|error| RefusedRow {
        row: error.row,
        column: error.column.map_or("", Column::field_name).to_owned(),
        reason: error.problem.code().to_owned(),
        message: list_words::of_row_problem(error.problem, language),
    });
    refused.collect()
}

/// The answer as JSON, documented in `json.md`.
fn shape(outcome: &Outcome, encoding: &str, is_dry_run: bool) -> Value {
    let refused = outcome.refused.iter().map(|refused| {
        let column = (!refused.column.is_empty()).then_some(&refused.column);
        json!({
            "row": refused.row,
            "column": column,
            "reason": refused.reason,
            "message": refused.message,
        })
    });
    let totals = &outcome.totals;
    json!({
        "encoding": encoding,
        "dry_run": is_dry_run,
        "refused": refused.collect::<Vec<_>>(),
        "totals": {
            "received": totals.received,
            "registered": totals.registered,
            "unchanged": totals.unchanged,
            "refused": totals.refused,
            "data_version": (totals.data_version != 0).then_some(totals.data_version),
        },
    })
}

fn text(outcome: &Outcome, encoding: &str, is_dry_run: bool, output: &Output) -> String {
    let mut parts = Vec::new();
    if !outcome.refused.is_empty() {
        parts.push(refused_text(&outcome.refused, output));
    }
    let totals = &outcome.totals;
    let (heading, registered) = if is_dry_run {
        (Word::WouldRegister, would_register(totals))
    } else {
        (Word::Registered, totals.registered)
    };
    let mut fields = Fields::default();
    fields
        .add(output.word(Word::Encoding), encoding)
        .add(output.word(Word::Rows), totals.received.to_string())
        .add(output.word(heading), registered.to_string())
        .add(output.word(Word::Unchanged), totals.unchanged.to_string())
        .add(output.word(Word::Refused), totals.refused.to_string());
    parts.push(fields.to_text());
    let registered = registered.to_string();
    parts.push(if is_dry_run {
        output.with(Word::ImportChecked, &[("registered", &registered)])
    } else if totals.refused > 0 && totals.registered == 0 {
        output.word(Word::ImportStopped).to_owned()
    } else {
        output.with(Word::Imported, &[("registered", &registered)])
    });
    parts.join("\n")
}

/// How many cards the rows that were only judged would add.
fn would_register(totals: &RegisterTotals) -> u64 {
    totals
        .received
        .saturating_sub(totals.refused)
        .saturating_sub(totals.unchanged)
}

fn refused_text(refused: &[RefusedRow], output: &Output) -> String {
    let heading = [Word::Row, Word::Column, Word::Problem];
    let heading = heading.map(|word| output.word(word).to_owned()).to_vec();
    let rows = refused.iter().map(|refused| {
        let heading = column_of_heading(&refused.column);
        let column = heading.map_or(refused.column.as_str(), |column| {
            list_words::of_column(column, output.language)
        });
        vec![
            refused.row.to_string(),
            column.to_owned(),
            refused.message.clone(),
        ]
    });
    layout::columns(std::iter::once(heading).chain(rows).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::tests::documented;

    #[test]
    fn a_row_of_the_list_becomes_a_row_of_the_protocol() {
        let text = "学籍号,姓名,班级,卡号,UID,有效期起,有效期止,状态\n\
                    007,李雷,高一(3)班,0012,1e:a6:86:71,20240901,2027/8/31,已到卡\n\
                    008,韩,,1234,,,,\n";
        let list = parse_issued_cards(text.as_bytes()).unwrap();
        let rows: Vec<_> = list.cards.iter().map(row).collect();
        let expected = [
            IssuedCardRow {
                row: 2,
                student_number: "007".to_owned(),
                name: "李雷".to_owned(),
                class_name: "高一(3)班".to_owned(),
                card_number: "0012".to_owned(),
                uid: "1EA68671".to_owned(),
                valid_from: "2024-09-01".to_owned(),
                valid_until: "2027-08-31".to_owned(),
                state: CardState::Delivered.into(),
            },
            IssuedCardRow {
                row: 3,
                student_number: "008".to_owned(),
                name: "韩".to_owned(),
                card_number: "1234".to_owned(),
                state: CardState::Active.into(),
                ..IssuedCardRow::default()
            },
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn the_answer_is_as_documented() {
        let text = "学籍号,姓名,卡号\n1,a,1234\n2,=b,1235\n";
        let list = parse_issued_cards(text.as_bytes()).unwrap();
        let outcome = Outcome {
            refused: refused_rows(&list.errors, Language::English),
            totals: RegisterTotals {
                received: 2,
                refused: 1,
                ..RegisterTotals::default()
            },
        };
        let answer = shape(&outcome, list.encoding.name(), false);
        assert_eq!(answer, documented("card import"));
    }

    #[test]
    fn a_dry_run_says_how_many_would_be_registered() {
        let totals = |received, unchanged, refused| RegisterTotals {
            received,
            unchanged,
            refused,
            ..RegisterTotals::default()
        };
        let output = Output::new(false, Language::English);
        let cases = [
            (
                totals(5, 1, 1),
                "3 cards would",
                "the rest is known or wrong",
            ),
            (totals(1, 1, 1), "0 cards would", "never below none"),
        ];
        for (totals, expected, why) in cases {
            let refused = Vec::new();
            let told = text(&Outcome { refused, totals }, "UTF-8", true, &output);
            assert!(told.contains(expected), "{why}: {told}");
        }
    }

    #[test]
    fn what_is_refused_here_is_told_as_the_daemon_tells_it() {
        let text = "学籍号,姓名,卡号\n1,=a,1234\n";
        let list = parse_issued_cards(text.as_bytes()).unwrap();
        let refused = refused_rows(&list.errors, Language::English);
        let expected = RefusedRow {
            row: 2,
            column: "name".to_owned(),
            reason: "FORMULA".to_owned(),
            message: "begins like a formula; remove the leading character".to_owned(),
        };
        assert_eq!(refused, [expected]);
    }
}
