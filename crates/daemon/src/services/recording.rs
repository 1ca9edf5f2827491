//! `RecordingService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use xueka_api::v1::{
    RecordCardRequest, RecordCardResponse, recording_service_server::RecordingService,
};
use xueka_desk::Desk;

use super::{place, served};
use crate::{convert, status::ServiceError};

/// Recordings of cards.
pub(crate) struct Recordings {
    desk: Arc<Desk>,
}

impl Recordings {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    async fn record(&self, request: RecordCardRequest) -> Result<RecordCardResponse, ServiceError> {
        let place = place(request.in_reader)?;
        let (reader, recording) = self.desk.record_card(&place).await?;
        let n_exchanges = recording.trace.exchanges.len();
        Ok(RecordCardResponse {
            reader: reader.to_string(),
            family: convert::family(recording.family).into(),
            n_exchanges: u32::try_from(n_exchanges).unwrap_or(u32::MAX),
            recording: recording.to_string(),
        })
    }
}

#[tonic::async_trait]
impl RecordingService for Recordings {
    async fn record_card(
        &self,
        request: Request<RecordCardRequest>,
    ) -> Result<Response<RecordCardResponse>, Status> {
        served(request, |_, request| self.record(request)).await
    }
}
