//! `InspectionService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use xueka_api::v1::{
    InspectCardRequest, InspectCardResponse, TraceCardRequest, TraceCardResponse,
    inspection_service_server::InspectionService,
};
use xueka_desk::Desk;

use super::{place, served};
use crate::{convert, gate::Call, status::ServiceError};

/// Close looks at cards.
pub(crate) struct Inspections {
    desk: Arc<Desk>,
}

impl Inspections {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    async fn inspect(
        &self,
        call: Call,
        request: InspectCardRequest,
    ) -> Result<InspectCardResponse, ServiceError> {
        let place = place(request.in_reader)?;
        let (reader, inspection) = self.desk.inspect_card(&place).await?;
        Ok(convert::inspection(&reader, &inspection, call.language))
    }

    async fn trace(
        &self,
        call: Call,
        request: TraceCardRequest,
    ) -> Result<TraceCardResponse, ServiceError> {
        let place = place(request.in_reader)?;
        let (reader, inspection) = self.desk.inspect_card(&place).await?;
        Ok(convert::trace(&reader, &inspection, call.language))
    }
}

#[tonic::async_trait]
impl InspectionService for Inspections {
    async fn inspect_card(
        &self,
        request: Request<InspectCardRequest>,
    ) -> Result<Response<InspectCardResponse>, Status> {
        served(request, |call, request| self.inspect(call, request)).await
    }

    async fn trace_card(
        &self,
        request: Request<TraceCardRequest>,
    ) -> Result<Response<TraceCardResponse>, Status> {
        served(request, |call, request| self.trace(call, request)).await
    }
}
