//! `PurseService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use xueka_api::v1::{
    ReadBalanceRequest, ReadBalanceResponse, ReadTripsRequest, ReadTripsResponse,
    purse_service_server::PurseService,
};
use xueka_desk::Desk;

use super::{place, served};
use crate::{convert, gate::Call, status::ServiceError};

/// Purses of transit cards.
pub(crate) struct Purses {
    desk: Arc<Desk>,
}

impl Purses {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    async fn balance(
        &self,
        call: Call,
        request: ReadBalanceRequest,
    ) -> Result<ReadBalanceResponse, ServiceError> {
        let place = place(request.in_reader)?;
        let seen = self.desk.read_balance(&call.caller, &place).await?;
        Ok(convert::balance(&seen))
    }

    async fn trips(
        &self,
        call: Call,
        request: ReadTripsRequest,
    ) -> Result<ReadTripsResponse, ServiceError> {
        let place = place(request.in_reader)?;
        let seen = self.desk.read_trips(&call.caller, &place).await?;
        Ok(convert::trips(&seen))
    }
}

#[tonic::async_trait]
impl PurseService for Purses {
    async fn read_balance(
        &self,
        request: Request<ReadBalanceRequest>,
    ) -> Result<Response<ReadBalanceResponse>, Status> {
        served(request, |call, request| self.balance(call, request)).await
    }

    async fn read_trips(
        &self,
        request: Request<ReadTripsRequest>,
    ) -> Result<Response<ReadTripsResponse>, Status> {
        served(request, |call, request| self.trips(call, request)).await
    }
}
