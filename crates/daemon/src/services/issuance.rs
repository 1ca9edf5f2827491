//! `IssuanceService`.

use std::{pin::Pin, sync::Arc};

use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};
use xueka_api::v1::{
    CancelLossRequest, CancelLossResponse, Card, CollectCardRequest, CollectCardResponse,
    GetCardRequest, GetCardResponse, RegisterIssuedCardsRequest, RegisterIssuedCardsResponse,
    ReportLossRequest, ReportLossResponse, VerifyCardRequest, VerifyCardResponse, get_card_request,
    issuance_service_server::IssuanceService, report_loss_request, verify_card_request,
};
use xueka_desk::{Collect, Desk, Question, UseCase, VerifyRequest};
use xueka_domain::{AssuranceLevel, StudentNumber};
use xueka_registry::{CardRecord, WhichCard};

use super::{call_of, place, register, request_id, served};
use crate::{convert, gate::Call, status::ServiceError};

/// Who was issued which card, and whether a card is good.
pub(crate) struct Issuance {
    desk: Arc<Desk>,
}

impl Issuance {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    async fn verify(
        &self,
        call: Call,
        request: VerifyCardRequest,
    ) -> Result<VerifyCardResponse, ServiceError> {
        use verify_card_request::Card;
        let minimum = convert::known("minimum_assurance", request.minimum_assurance)?;
        let minimum = convert::minimum_assurance(minimum);
        let question = match request.card {
            Some(Card::CardNumber(text)) => {
                Question::Key(convert::card_number("card_number", &text)?)
            }
            Some(Card::Uid(bytes)) => Question::Key(convert::uid("uid", &bytes)?),
            Some(Card::InReader(in_reader)) => Question::InReader(place(Some(in_reader))?),
            None => return Err(no_card_named("card")),
        };
        let request = VerifyRequest {
            question,
            minimum_assurance: minimum.unwrap_or(AssuranceLevel::NothingRead),
        };
        let verification = self.desk.verify(&call.caller, request).await?;
        let role = call.caller.role;
        Ok(convert::verification(&verification, call.language, role))
    }

    async fn find(
        &self,
        call: Call,
        request: GetCardRequest,
    ) -> Result<GetCardResponse, ServiceError> {
        use get_card_request::Card;
        let which = match request.card {
            Some(Card::CardNumber(text)) => {
                WhichCard::Key(convert::card_number("card_number", &text)?)
            }
            Some(Card::Uid(bytes)) => WhichCard::Key(convert::uid("uid", &bytes)?),
            Some(Card::StudentNumber(text)) => WhichCard::LiveCardOf(student_number(&text)?),
            None => return Err(no_card_named("card")),
        };
        let card = self.desk.find_card(which).await?;
        let card = card.ok_or(ServiceError::CardNotFound)?;
        Ok(GetCardResponse {
            card: Some(told(&call, &card)),
        })
    }

    async fn collect(
        &self,
        call: Call,
        request: CollectCardRequest,
    ) -> Result<CollectCardResponse, ServiceError> {
        let id = request_id(&request.request_id)?;
        let collect = Collect {
            student: student_number(&request.student_number)?,
            place: place(request.in_reader)?,
        };
        let card = self.desk.collect(&call.caller, id, collect).await?;
        Ok(CollectCardResponse {
            card: Some(told(&call, &card)),
        })
    }

    async fn report(
        &self,
        call: Call,
        request: ReportLossRequest,
    ) -> Result<ReportLossResponse, ServiceError> {
        use report_loss_request::Card;
        let id = request_id(&request.request_id)?;
        let reason = convert::loss_reason(convert::known("reason", request.reason)?);
        let which = match request.card {
            Some(Card::CardNumber(text)) => {
                WhichCard::Key(convert::card_number("card_number", &text)?)
            }
            Some(Card::Uid(bytes)) => WhichCard::Key(convert::uid("uid", &bytes)?),
            Some(Card::StudentNumber(text)) => WhichCard::LiveCardOf(student_number(&text)?),
            None => return Err(no_card_named("card")),
        };
        let card = self
            .desk
            .report_loss(&call.caller, id, which, reason)
            .await?;
        Ok(ReportLossResponse {
            card: Some(told(&call, &card)),
        })
    }

    async fn cancel(
        &self,
        call: Call,
        request: CancelLossRequest,
    ) -> Result<CancelLossResponse, ServiceError> {
        let id = request_id(&request.request_id)?;
        let place = place(request.in_reader)?;
        let card = self.desk.cancel_loss(&call.caller, id, &place).await?;
        Ok(CancelLossResponse {
            card: Some(told(&call, &card)),
        })
    }
}

fn student_number(text: &str) -> Result<StudentNumber, ServiceError> {
    text.parse()
        .map_err(|error| ServiceError::argument("student_number", error))
}

fn no_card_named(field: &'static str) -> ServiceError {
    ServiceError::argument(field, "say which card is meant")
}

/// A card's record, with its holder for callers that may know.
fn told(call: &Call, card: &CardRecord) -> Card {
    convert::card(card, UseCase::SeePersons.is_open_to(call.caller.role))
}

#[tonic::async_trait]
impl IssuanceService for Issuance {
    async fn verify_card(
        &self,
        request: Request<VerifyCardRequest>,
    ) -> Result<Response<VerifyCardResponse>, Status> {
        served(request, |call, request| self.verify(call, request)).await
    }

    async fn get_card(
        &self,
        request: Request<GetCardRequest>,
    ) -> Result<Response<GetCardResponse>, Status> {
        served(request, |call, request| self.find(call, request)).await
    }

    type RegisterIssuedCardsStream =
        Pin<Box<dyn Stream<Item = Result<RegisterIssuedCardsResponse, Status>> + Send>>;

    async fn register_issued_cards(
        &self,
        request: Request<Streaming<RegisterIssuedCardsRequest>>,
    ) -> Result<Response<Self::RegisterIssuedCardsStream>, Status> {
        let call = call_of(&request)?;
        let answers = register::take_in(Arc::clone(&self.desk), call, request.into_inner());
        Ok(Response::new(Box::pin(answers)))
    }

    async fn collect_card(
        &self,
        request: Request<CollectCardRequest>,
    ) -> Result<Response<CollectCardResponse>, Status> {
        served(request, |call, request| self.collect(call, request)).await
    }

    async fn report_loss(
        &self,
        request: Request<ReportLossRequest>,
    ) -> Result<Response<ReportLossResponse>, Status> {
        served(request, |call, request| self.report(call, request)).await
    }

    async fn cancel_loss(
        &self,
        request: Request<CancelLossRequest>,
    ) -> Result<Response<CancelLossResponse>, Status> {
        served(request, |call, request| self.cancel(call, request)).await
    }
}
