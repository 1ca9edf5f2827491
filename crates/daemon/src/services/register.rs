//! Bulk registration: a stream of rows in, progress, refusals and totals out.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::{Status, Streaming};
use xueka_api::v1::{
    RefusedRow, RegisterIssuedCardsRequest, RegisterIssuedCardsResponse, RegisterOptions,
    RegisterProgress, RegisterTotals, register_issued_cards_request as asked,
    register_issued_cards_response::Part,
};
use xueka_desk::Desk;
use xueka_domain::IssuedCard;
use xueka_registry::Registration;

use super::request_id;
use crate::{convert, gate::Call, status::ServiceError};

/// The most rows of one registration.
const MOST_ROWS: u64 = 1_000_000;

/// After how many rows progress is told.
const PROGRESS_STEP: u64 = 5_000;

type Answers = mpsc::Sender<Result<RegisterIssuedCardsResponse, Status>>;

/// The rows as they came in.
#[derive(Default)]
struct List {
    received: u64,
    good: Vec<IssuedCard>,
    refused: Vec<RefusedRow>,
}

/// Why the work ended before its totals.
enum End {
    /// The caller is to be told.
    Failed(ServiceError),
    /// The connection failed with this.
    Broken(Status),
    /// The caller does not listen any more.
    Deserted,
}

impl<E: Into<ServiceError>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes in the rows and answers while doing so.
pub(crate) fn take_in(
    desk: Arc<Desk>,
    call: Call,
    rows: Streaming<RegisterIssuedCardsRequest>,
) -> impl Stream<Item = Result<RegisterIssuedCardsResponse, Status>> + Send {
    let (answers, stream) = mpsc::channel(64);
    tokio::spawn(async move {
        let status = match register(&desk, &call, rows, &answers).await {
            Ok(()) | Err(End::Deserted) => return,
            Err(End::Failed(error)) => error.into_status(call.language),
            Err(End::Broken(status)) => status,
        };
        // Whoever went away does not need to hear it.
        answers.send(Err(status)).await.ok();
    });
    ReceiverStream::new(stream)
}

async fn register(
    desk: &Desk,
    call: &Call,
    mut rows: Streaming<RegisterIssuedCardsRequest>,
    answers: &Answers,
) -> Result<(), End> {
    let options = options(&mut rows).await?;
    let request = request_id(&options.request_id)?;
    let list = receive(&mut rows, answers).await?;
    let registration = Registration {
        rows: list.good,
        accept_good_rows: options.accept_good_rows,
        // Rows that make no sense stop the others, which are judged all the
        // same so that the caller hears of every mistake at once.
        dry_run: options.dry_run || (!list.refused.is_empty() && !options.accept_good_rows),
    };
    let outcome = desk
        .register_issued(&call.caller, request, registration)
        .await?;
    let n_senseless = u64::try_from(list.refused.len()).unwrap_or(u64::MAX);
    let n_unfit = u64::try_from(outcome.refused.len()).unwrap_or(u64::MAX);
    for row in list.refused {
        tell(answers, Part::Refused(row)).await?;
    }
    for row in &outcome.refused {
        let told = convert::refused_row(row, call.language);
        tell(answers, Part::Refused(told)).await?;
    }
    let totals = RegisterTotals {
        received: list.received,
        registered: outcome.registered,
        unchanged: outcome.unchanged,
        refused: n_senseless.saturating_add(n_unfit),
        data_version: outcome.version,
    };
    tell(answers, Part::Totals(totals)).await
}

/// The first message.
async fn options(rows: &mut Streaming<RegisterIssuedCardsRequest>) -> Result<RegisterOptions, End> {
    match next(rows).await? {
        Some(asked::Part::Options(options)) => Ok(options),
        _ => Err(ServiceError::argument("options", "the first message carries them").into()),
    }
}

async fn receive(
    rows: &mut Streaming<RegisterIssuedCardsRequest>,
    answers: &Answers,
) -> Result<List, End> {
    let mut list = List::default();
    while let Some(part) = next(rows).await? {
        let asked::Part::Row(row) = part else {
            return Err(ServiceError::argument("options", "they come once, at first").into());
        };
        list.received += 1;
        if list.received > MOST_ROWS {
            return Err(ServiceError::argument("row", "at most 1,000,000 rows at once").into());
        }
        match convert::issued_card(&row) {
            Ok(card) => list.good.push(card),
            Err(refused) => list.refused.push(refused),
        }
        if list.received.is_multiple_of(PROGRESS_STEP) {
            let judged = list.received;
            tell(answers, Part::Progress(RegisterProgress { judged })).await?;
        }
    }
    Ok(list)
}

async fn next(
    rows: &mut Streaming<RegisterIssuedCardsRequest>,
) -> Result<Option<asked::Part>, End> {
    match rows.next().await {
        None => Ok(None),
        Some(Err(status)) => Err(End::Broken(status)),
        Some(Ok(message)) => message
            .part
            .map(Some)
            .ok_or_else(|| ServiceError::argument("part", "an empty message").into()),
    }
}

async fn tell(answers: &Answers, part: Part) -> Result<(), End> {
    let message = RegisterIssuedCardsResponse { part: Some(part) };
    answers.send(Ok(message)).await.map_err(|_| End::Deserted)
}
