//! `IssuanceService`.

use std::{pin::Pin, sync::Arc};

use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};
use xueka_api::v1::{
    CancelLossRequest, CancelLossResponse, CollectCardRequest, CollectCardResponse, GetCardRequest,
    GetCardResponse, RegisterIssuedCardsRequest, RegisterIssuedCardsResponse, ReportLossRequest,
    ReportLossResponse, VerifyCardRequest, VerifyCardResponse, get_card_request,
    issuance_service_server::IssuanceService, report_loss_request, verify_card_request,
};
use xueka_desk::{Caller, Collect, Desk, Question, UseCase, VerifyRequest};
use xueka_domain::{AssuranceLevel, StudentNumber};
use xueka_registry::WhichCard;

use super::{call_of, place, register, request_id};
use crate::{convert, status::ServiceError};

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
        caller: &Caller,
        request: VerifyCardRequest,
    ) -> Result<xueka_desk::Verification, ServiceError> {
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
        Ok(self.desk.verify(caller, request).await?)
    }

    async fn find(
        &self,
        request: GetCardRequest,
    ) -> Result<xueka_registry::CardRecord, ServiceError> {
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
        card.ok_or(ServiceError::CardNotFound)
    }

    async fn collect(
        &self,
        caller: &Caller,
        request: CollectCardRequest,
    ) -> Result<xueka_registry::CardRecord, ServiceError> {
        let id = request_id(&request.request_id)?;
        let collect = Collect {
            student: student_number(&request.student_number)?,
            place: place(request.in_reader)?,
        };
        Ok(self.desk.collect(caller, id, collect).await?)
    }

    async fn report(
        &self,
        caller: &Caller,
        request: ReportLossRequest,
    ) -> Result<xueka_registry::CardRecord, ServiceError> {
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
        Ok(self.desk.report_loss(caller, id, which, reason).await?)
    }

    async fn cancel(
        &self,
        caller: &Caller,
        request: CancelLossRequest,
    ) -> Result<xueka_registry::CardRecord, ServiceError> {
        let id = request_id(&request.request_id)?;
        let place = place(request.in_reader)?;
        Ok(self.desk.cancel_loss(caller, id, &place).await?)
    }
}

fn student_number(text: &str) -> Result<StudentNumber, ServiceError> {
    text.parse()
        .map_err(|error| ServiceError::argument("student_number", error))
}

fn no_card_named(field: &'static str) -> ServiceError {
    ServiceError::argument(field, "say which card is meant")
}

fn sees_persons(caller: &Caller) -> bool {
    UseCase::SeePersons.is_open_to(caller.role)
}

#[tonic::async_trait]
impl IssuanceService for Issuance {
    async fn verify_card(
        &self,
        request: Request<VerifyCardRequest>,
    ) -> Result<Response<VerifyCardResponse>, Status> {
        let (caller, language) = call_of(&request)?;
        let answer = self.verify(&caller, request.into_inner()).await;
        let verification = answer.map_err(|error| error.into_status(language))?;
        let told = convert::verification(&verification, language, caller.role);
        Ok(Response::new(told))
    }

    async fn get_card(
        &self,
        request: Request<GetCardRequest>,
    ) -> Result<Response<GetCardResponse>, Status> {
        let (caller, language) = call_of(&request)?;
        let answer = self.find(request.into_inner()).await;
        let card = answer.map_err(|error| error.into_status(language))?;
        Ok(Response::new(GetCardResponse {
            card: Some(convert::card(&card, sees_persons(&caller))),
        }))
    }

    type RegisterIssuedCardsStream =
        Pin<Box<dyn Stream<Item = Result<RegisterIssuedCardsResponse, Status>> + Send>>;

    async fn register_issued_cards(
        &self,
        request: Request<Streaming<RegisterIssuedCardsRequest>>,
    ) -> Result<Response<Self::RegisterIssuedCardsStream>, Status> {
        let (caller, language) = call_of(&request)?;
        let answers = register::take_in(
            Arc::clone(&self.desk),
            caller,
            language,
            request.into_inner(),
        );
        Ok(Response::new(Box::pin(answers)))
    }

    async fn collect_card(
        &self,
        request: Request<CollectCardRequest>,
    ) -> Result<Response<CollectCardResponse>, Status> {
        let (caller, language) = call_of(&request)?;
        let answer = self.collect(&caller, request.into_inner()).await;
        let card = answer.map_err(|error| error.into_status(language))?;
        Ok(Response::new(CollectCardResponse {
            card: Some(convert::card(&card, sees_persons(&caller))),
        }))
    }

    async fn report_loss(
        &self,
        request: Request<ReportLossRequest>,
    ) -> Result<Response<ReportLossResponse>, Status> {
        let (caller, language) = call_of(&request)?;
        let answer = self.report(&caller, request.into_inner()).await;
        let card = answer.map_err(|error| error.into_status(language))?;
        Ok(Response::new(ReportLossResponse {
            card: Some(convert::card(&card, sees_persons(&caller))),
        }))
    }

    async fn cancel_loss(
        &self,
        request: Request<CancelLossRequest>,
    ) -> Result<Response<CancelLossResponse>, Status> {
        let (caller, language) = call_of(&request)?;
        let answer = self.cancel(&caller, request.into_inner()).await;
        let card = answer.map_err(|error| error.into_status(language))?;
        Ok(Response::new(CancelLossResponse {
            card: Some(convert::card(&card, sees_persons(&caller))),
        }))
    }
}
