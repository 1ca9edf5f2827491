//! `card show`, `collect`, `report-loss` and `cancel-loss`; the others of `card`
//! have files of their own.

use xueka_api::v1::{
    CancelLossRequest, Card, CollectCardRequest, GetCardRequest, LossReason, ReportLossRequest,
    get_card_request, issuance_service_client::IssuanceServiceClient, report_loss_request,
};

use super::{
    Dial,
    found::{self, Found},
    import, in_reader, inspect, purse, request_id, tell_wait, write,
};
use crate::{
    args::{CancelLossArgs, CardCommand, CollectArgs, OnRecordArgs, RequestIdArgs},
    connection::Connection,
    describe,
    exit::Exit,
    failure::Failure,
    output::Output,
    shapes,
    words::Word,
};

/// Does what was typed.
pub(super) async fn run(
    dial: &Dial,
    output: &mut Output,
    command: CardCommand,
) -> Result<Exit, Failure> {
    let (card, headline) = match command {
        // A list that cannot be used is refused before anyone is asked.
        CardCommand::Import(args) => return import::run(dial, output, args).await,
        CardCommand::Find { printed } => {
            return found::list(&dial.connect().await?, output, &printed).await;
        }
        CardCommand::Inspect(args) => {
            return inspect::run(&dial.connect().await?, output, args).await;
        }
        CardCommand::Balance(args) => {
            return purse::balance(&dial.connect().await?, output, args).await;
        }
        CardCommand::Trips(args) => {
            return purse::trips(&dial.connect().await?, output, args).await;
        }
        CardCommand::Write(command) => {
            return write::run(&dial.connect().await?, output, command).await;
        }
        CardCommand::Show(args) => {
            let connection = dial.connect().await?;
            match on_record(&connection, output, args).await? {
                Which::One(args) => (get(&connection, args).await?, None),
                Which::Several(exit) => return Ok(exit),
            }
        }
        CardCommand::Collect(args) => {
            tell_wait(args.in_reader.wait, output);
            let card = collect(&dial.connect().await?, args).await?;
            (card, Some(Word::Collected))
        }
        CardCommand::ReportLoss(args) => {
            let connection = dial.connect().await?;
            let (reason, request) = (args.reason(), args.request);
            match on_record(&connection, output, args.card).await? {
                Which::One(card) => {
                    let card = report_loss(&connection, card, reason, request).await?;
                    (card, Some(Word::LossReported))
                }
                Which::Several(exit) => return Ok(exit),
            }
        }
        CardCommand::CancelLoss(args) => {
            tell_wait(args.in_reader.wait, output);
            let card = cancel_loss(&dial.connect().await?, args).await?;
            (card, Some(Word::LossCancelled))
        }
    };
    let card = card.ok_or(Failure::IncompleteAnswer)?;
    output.answer(&shapes::card_answer(&card), |output| {
        let record = describe::card(&card, output);
        headline.map_or_else(
            || record.clone(),
            |word| format!("{}\n{record}", output.word(word)),
        )
    })?;
    Ok(Exit::Good)
}

/// Which card on record is meant.
enum Which {
    /// One, named by number, UID or holder.
    One(OnRecordArgs),
    /// Several bear the print, and were told.
    Several(Exit),
}

/// Puts the card that bears the print in the print's place.
async fn on_record(
    connection: &Connection,
    output: &mut Output,
    args: OnRecordArgs,
) -> Result<Which, Failure> {
    let Some(printed) = &args.printed else {
        return Ok(Which::One(args));
    };
    Ok(match found::one(connection, output, printed).await? {
        Found::One(card) => Which::One(OnRecordArgs {
            printed: None,
            number: card.number,
            uid: card.uid.filter(|_| card.number.is_none()),
            student: None,
        }),
        Found::Several(exit) => Which::Several(exit),
    })
}

async fn get(connection: &Connection, args: OnRecordArgs) -> Result<Option<Card>, Failure> {
    use get_card_request::Card as Asked;
    let card = match (args.number, args.uid) {
        (Some(number), _) => Asked::CardNumber(number.reveal()),
        (None, Some(uid)) => Asked::Uid(uid.reveal().to_vec()),
        (None, None) => Asked::StudentNumber(args.student.unwrap_or_default()),
    };
    let request = GetCardRequest { card: Some(card) };
    let answer = IssuanceServiceClient::new(connection.channel.clone())
        .get_card(connection.request(request))
        .await
        .map_err(|status| connection.failure(status))?;
    Ok(answer.into_inner().card)
}

async fn collect(connection: &Connection, args: CollectArgs) -> Result<Option<Card>, Failure> {
    let wait = args.in_reader.wait;
    let request = CollectCardRequest {
        request_id: request_id(args.request)?,
        student_number: args.student,
        in_reader: Some(in_reader(args.in_reader)),
    };
    let request_id = request.request_id.clone();
    let answer = IssuanceServiceClient::new(connection.channel.clone())
        .collect_card(connection.request_that_waits(request, wait))
        .await
        .map_err(|status| connection.failure(status).of_request(&request_id))?;
    Ok(answer.into_inner().card)
}

async fn report_loss(
    connection: &Connection,
    card: OnRecordArgs,
    reason: LossReason,
    request: RequestIdArgs,
) -> Result<Option<Card>, Failure> {
    use report_loss_request::Card as Lost;
    let card = match (card.number, card.uid) {
        (Some(number), _) => Lost::CardNumber(number.reveal()),
        (None, Some(uid)) => Lost::Uid(uid.reveal().to_vec()),
        (None, None) => Lost::StudentNumber(card.student.unwrap_or_default()),
    };
    let request = ReportLossRequest {
        request_id: request_id(request)?,
        reason: reason.into(),
        card: Some(card),
    };
    let request_id = request.request_id.clone();
    let answer = IssuanceServiceClient::new(connection.channel.clone())
        .report_loss(connection.request(request))
        .await
        .map_err(|status| connection.failure(status).of_request(&request_id))?;
    Ok(answer.into_inner().card)
}

async fn cancel_loss(
    connection: &Connection,
    args: CancelLossArgs,
) -> Result<Option<Card>, Failure> {
    let wait = args.in_reader.wait;
    let request = CancelLossRequest {
        request_id: request_id(args.request)?,
        in_reader: Some(in_reader(args.in_reader)),
    };
    let request_id = request.request_id.clone();
    let answer = IssuanceServiceClient::new(connection.channel.clone())
        .cancel_loss(connection.request_that_waits(request, wait))
        .await
        .map_err(|status| connection.failure(status).of_request(&request_id))?;
    Ok(answer.into_inner().card)
}
