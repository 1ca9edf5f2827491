//! `NumberService`.

use std::{future::ready, sync::Arc};

use tonic::{Request, Response, Status};
use xueka_api::v1::{
    CheckShortNumberRequest, CheckShortNumberResponse, FindCardsRequest, FindCardsResponse,
    ListNumberFormsRequest, ListNumberFormsResponse, TaughtCard, TeachNumberFormsRequest,
    TeachNumberFormsResponse, number_service_server::NumberService,
};
use xueka_desk::{Desk, UseCase};
use xueka_domain::{CardIdentity, CardNumber, Lesson, Printed, ShortNumber, StudentNumber, Uid};

use super::served;
use crate::{convert, gate::Call, status::ServiceError};

/// The most cards of one lesson.
const MOST_CARDS: usize = 64;

/// What is printed on cards.
pub(crate) struct Numbers {
    desk: Arc<Desk>,
}

impl Numbers {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    fn list(&self, call: &Call) -> ListNumberFormsResponse {
        let forms = self.desk.number_forms();
        let all = forms.all().iter();
        ListNumberFormsResponse {
            forms: all
                .map(|form| convert::number_form(form, forms, call.language))
                .collect(),
        }
    }

    async fn find(
        &self,
        call: Call,
        request: FindCardsRequest,
    ) -> Result<FindCardsResponse, ServiceError> {
        let printed = printed("printed", &request.printed)?;
        let found = self.desk.find_printed(printed).await?;
        let with_person = UseCase::SeePersons.is_open_to(call.caller.role);
        let forms = self.desk.number_forms();
        Ok(convert::found_by_print(
            &found,
            forms,
            with_person,
            call.language,
        ))
    }

    async fn teach(
        &self,
        call: Call,
        request: TeachNumberFormsRequest,
    ) -> Result<TeachNumberFormsResponse, ServiceError> {
        if !(1..=MOST_CARDS).contains(&request.cards.len()) {
            return Err(ServiceError::argument("cards", "1 to 64 cards"));
        }
        let lessons = request.cards.iter().map(lesson);
        let lessons = lessons.collect::<Result<Vec<_>, _>>()?;
        let taught = self.desk.teach_number_forms(lessons).await?;
        let forms = self.desk.number_forms();
        Ok(convert::taught(&taught, forms, call.language))
    }

    async fn check_short(
        &self,
        call: Call,
        request: CheckShortNumberRequest,
    ) -> Result<CheckShortNumberResponse, ServiceError> {
        let student: StudentNumber = request
            .student_number
            .parse()
            .map_err(|error| ServiceError::argument("student_number", error))?;
        let typed: ShortNumber = request
            .short_number
            .parse()
            .map_err(|error| ServiceError::argument("short_number", error))?;
        let (fit, card) = self.desk.check_short_number(student, typed).await?;
        let with_person = UseCase::SeePersons.is_open_to(call.caller.role);
        Ok(CheckShortNumberResponse {
            fit: convert::short_number_fit(fit).into(),
            card: Some(convert::card(&card, with_person)),
        })
    }
}

fn printed(field: &'static str, text: &str) -> Result<Printed, ServiceError> {
    text.parse()
        .map_err(|error| ServiceError::argument(field, error))
}

/// A card and its print, as a request gives them.
fn lesson(card: &TaughtCard) -> Result<Lesson, ServiceError> {
    let number = convert::optional(&card.card_number).map(str::parse::<CardNumber>);
    let number = number
        .transpose()
        .map_err(|error| ServiceError::argument("cards.card_number", error))?;
    let uid = Some(card.uid.as_slice()).filter(|bytes| !bytes.is_empty());
    let uid = uid
        .map(Uid::try_from)
        .transpose()
        .map_err(|error| ServiceError::argument("cards.uid", error))?;
    if number.is_none() && uid.is_none() {
        let problem = "a card number or a UID is needed";
        return Err(ServiceError::argument("cards", problem));
    }
    Ok(Lesson {
        printed: printed("cards.printed", &card.printed)?,
        card: CardIdentity::new(number, uid).map_err(xueka_desk::DeskError::from)?,
    })
}

#[tonic::async_trait]
impl NumberService for Numbers {
    async fn list_number_forms(
        &self,
        request: Request<ListNumberFormsRequest>,
    ) -> Result<Response<ListNumberFormsResponse>, Status> {
        served(request, |call, _| ready(Ok(self.list(&call)))).await
    }

    async fn find_cards(
        &self,
        request: Request<FindCardsRequest>,
    ) -> Result<Response<FindCardsResponse>, Status> {
        served(request, |call, request| self.find(call, request)).await
    }

    async fn teach_number_forms(
        &self,
        request: Request<TeachNumberFormsRequest>,
    ) -> Result<Response<TeachNumberFormsResponse>, Status> {
        served(request, |call, request| self.teach(call, request)).await
    }

    async fn check_short_number(
        &self,
        request: Request<CheckShortNumberRequest>,
    ) -> Result<Response<CheckShortNumberResponse>, Status> {
        served(request, |call, request| self.check_short(call, request)).await
    }
}
