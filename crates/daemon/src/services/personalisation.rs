//! `PersonalisationService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use xueka_api::v1::{
    self, DeclareSpoiltRequest, DeclareSpoiltResponse, ListOpenWritesRequest,
    ListOpenWritesResponse, PlanWriteRequest, PlanWriteResponse, RecoverCardRequest,
    RecoverCardResponse, WriteCardRequest, WriteCardResponse,
    personalisation_service_server::PersonalisationService,
};
use xueka_desk::Desk;
use xueka_registry::CardWriteId;

use super::{page_size, place, request_id, served};
use crate::{convert, gate::Call, status::ServiceError};

/// Writing cards of the school.
pub(crate) struct Personalisation {
    desk: Arc<Desk>,
}

impl Personalisation {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    async fn plan(&self, request: PlanWriteRequest) -> Result<PlanWriteResponse, ServiceError> {
        let content = convert::card_content(&request)?;
        let place = place(request.in_reader)?;
        let planned = self.desk.plan_write(&place, content).await?;
        Ok(convert::planned_write(&planned))
    }

    async fn write(
        &self,
        call: Call,
        request: WriteCardRequest,
    ) -> Result<WriteCardResponse, ServiceError> {
        let id = request_id(&request.request_id)?;
        let plan = request.plan_id.parse();
        let plan = plan.map_err(|error| ServiceError::argument("plan_id", error))?;
        let place = place(request.in_reader)?;
        let ended = self.desk.write_card(&call.caller, id, &place, plan).await?;
        Ok(WriteCardResponse {
            write: Some(convert::ended_write(&ended)),
        })
    }

    async fn recover(
        &self,
        call: Call,
        request: RecoverCardRequest,
    ) -> Result<RecoverCardResponse, ServiceError> {
        let side: v1::WriteSide = convert::known("side", request.side)?;
        let place = place(request.in_reader)?;
        let taken_up = self
            .desk
            .recover_card(&call.caller, &place, convert::side(side))
            .await?;
        Ok(convert::taken_up(&taken_up))
    }

    async fn list(
        &self,
        request: ListOpenWritesRequest,
    ) -> Result<ListOpenWritesResponse, ServiceError> {
        let limit = page_size(request.page_size)?;
        let after = match convert::optional(&request.page_token) {
            None => None,
            Some(token) => {
                let id = u64::from_str_radix(token, 16);
                Some(CardWriteId(id.map_err(|_| ServiceError::PageToken)?))
            }
        };
        let writes = self.desk.list_open_writes(after, limit).await?;
        // A page that is full may be the last: then an empty one follows.
        let next = writes.last().filter(|_| writes.len() == limit);
        let next = next.map(|last| format!("{:x}", last.id.0));
        Ok(ListOpenWritesResponse {
            writes: writes.iter().map(convert::open_write).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    async fn spoil(
        &self,
        call: Call,
        request: DeclareSpoiltRequest,
    ) -> Result<DeclareSpoiltResponse, ServiceError> {
        let id = CardWriteId(request.write_id);
        let ended = self.desk.declare_spoilt(&call.caller, id).await?;
        Ok(DeclareSpoiltResponse {
            write: Some(convert::ended_write(&ended)),
        })
    }
}

#[tonic::async_trait]
impl PersonalisationService for Personalisation {
    async fn plan_write(
        &self,
        request: Request<PlanWriteRequest>,
    ) -> Result<Response<PlanWriteResponse>, Status> {
        served(request, |_, request| self.plan(request)).await
    }

    async fn write_card(
        &self,
        request: Request<WriteCardRequest>,
    ) -> Result<Response<WriteCardResponse>, Status> {
        served(request, |call, request| self.write(call, request)).await
    }

    async fn recover_card(
        &self,
        request: Request<RecoverCardRequest>,
    ) -> Result<Response<RecoverCardResponse>, Status> {
        served(request, |call, request| self.recover(call, request)).await
    }

    async fn list_open_writes(
        &self,
        request: Request<ListOpenWritesRequest>,
    ) -> Result<Response<ListOpenWritesResponse>, Status> {
        served(request, |_, request| self.list(request)).await
    }

    async fn declare_spoilt(
        &self,
        request: Request<DeclareSpoiltRequest>,
    ) -> Result<Response<DeclareSpoiltResponse>, Status> {
        served(request, |call, request| self.spoil(call, request)).await
    }
}
