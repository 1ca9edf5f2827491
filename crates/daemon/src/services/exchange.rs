//! `ExchangeService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use xueka_api::v1::{
    ExchangeCommandsRequest, ExchangeCommandsResponse, exchange_service_server::ExchangeService,
};
use xueka_desk::Desk;

use super::{place, served};
use crate::{gate::Call, status::ServiceError};

/// The most commands of one call: while they are sent, nobody else has the card.
const MOST_COMMANDS: usize = 64;

/// Commands sent to cards as they are.
pub(crate) struct Exchanges {
    desk: Arc<Desk>,
}

impl Exchanges {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    async fn exchange(
        &self,
        call: Call,
        request: ExchangeCommandsRequest,
    ) -> Result<ExchangeCommandsResponse, ServiceError> {
        if !(1..=MOST_COMMANDS).contains(&request.commands.len()) {
            return Err(ServiceError::argument("commands", "1 to 64 at once"));
        }
        let place = place(request.in_reader)?;
        let (reader, responses) = self
            .desk
            .exchange_raw(&call.caller, &place, &request.commands)
            .await?;
        Ok(ExchangeCommandsResponse {
            reader: reader.to_string(),
            responses,
        })
    }
}

#[tonic::async_trait]
impl ExchangeService for Exchanges {
    async fn exchange_commands(
        &self,
        request: Request<ExchangeCommandsRequest>,
    ) -> Result<Response<ExchangeCommandsResponse>, Status> {
        served(request, |call, request| self.exchange(call, request)).await
    }
}
