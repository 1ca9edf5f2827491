//! `CardMakingService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use xueka_api::v1::{
    DeliverBatchRequest, DeliverBatchResponse, GetBatchRequest, GetBatchResponse,
    ListBatchesRequest, ListBatchesResponse, MakeCardMakingFileRequest, MakeCardMakingFileResponse,
    MakeFactoryFileRequest, MakeFactoryFileResponse, MakingOutcome, StepBatchRequest,
    StepBatchResponse, StudentConditions, TakeCardMakingFileRequest, TakeCardMakingFileResponse,
    TakeDeliveryRequest, TakeDeliveryResponse, TakeFactoryResultRequest, TakeFactoryResultResponse,
    card_making_service_server::CardMakingService, make_card_making_file_request::Students,
};
use xueka_desk::{Desk, DeskError, MakingOptions, MakingResult, MakingSettings};
use xueka_registry::BatchId;

use super::{call_of, page_size, request_id};
use crate::{convert, gate::Call, status::ServiceError};

/// Having cards made.
pub(crate) struct CardMaking {
    desk: Arc<Desk>,
}

impl CardMaking {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    async fn make(
        &self,
        call: &Call,
        request: MakeCardMakingFileRequest,
    ) -> Result<MakingResult, ServiceError> {
        let id = request_id(&request.request_id)?;
        let kind = convert::request_kind(request.menu)?;
        let (students, school) = match request.students {
            Some(Students::Conditions(asked)) => {
                if asked == StudentConditions::default() {
                    let problem = "at least one condition has to be given";
                    return Err(ServiceError::argument("conditions", problem));
                }
                let mut filter = convert::conditions(&asked)?;
                filter.with_left = false;
                let school = filter.school.clone();
                (self.desk.students_of(filter).await?, school)
            }
            Some(Students::Chosen(chosen)) => {
                let numbers = chosen.student_numbers;
                if !(1..=MakingSettings::MOST_ROWS).contains(&numbers.len()) {
                    let problem = "1 to 10,000 student numbers";
                    return Err(ServiceError::argument("chosen", problem));
                }
                let numbers = numbers.iter().map(|number| {
                    let number = number.parse();
                    number.map_err(|error| ServiceError::argument("chosen", error))
                });
                (numbers.collect::<Result<_, _>>()?, None)
            }
            None => return Err(ServiceError::argument("students", "has to be given")),
        };
        let options = MakingOptions {
            accept_good: request.accept_good,
            dry_run: request.dry_run,
        };
        let made =
            self.desk
                .make_card_making_file(&call.caller, id, kind, students, school, options);
        Ok(made.await?)
    }

    async fn take(
        &self,
        call: &Call,
        request: TakeCardMakingFileRequest,
    ) -> Result<MakingResult, ServiceError> {
        let id = request_id(&request.request_id)?;
        let kind = convert::request_kind(request.menu)?;
        let options = MakingOptions {
            accept_good: request.accept_good_rows,
            dry_run: request.dry_run,
        };
        let name = convert::optional(&request.file_name);
        let taken =
            self.desk
                .take_card_making_file(&call.caller, id, kind, name, request.content, options);
        Ok(taken.await?)
    }

    async fn step(
        &self,
        call: &Call,
        request: StepBatchRequest,
    ) -> Result<MakingResult, ServiceError> {
        let id = request_id(&request.request_id)?;
        let step = convert::batch_step(request.step)?;
        let batch = BatchId(request.batch);
        Ok(self.desk.step_batch(&call.caller, id, batch, step).await?)
    }

    async fn factory_result(
        &self,
        call: &Call,
        request: TakeFactoryResultRequest,
    ) -> Result<MakingResult, ServiceError> {
        let id = request_id(&request.request_id)?;
        let batch = Some(BatchId(request.batch)).filter(|batch| batch.0 != 0);
        let options = MakingOptions {
            accept_good: request.accept_good_rows,
            dry_run: request.dry_run,
        };
        let name = convert::optional(&request.file_name);
        let taken =
            self.desk
                .take_factory_result(&call.caller, id, batch, name, request.content, options);
        Ok(taken.await?)
    }

    async fn delivery(
        &self,
        call: &Call,
        request: TakeDeliveryRequest,
    ) -> Result<MakingResult, ServiceError> {
        let id = request_id(&request.request_id)?;
        let options = MakingOptions {
            accept_good: request.accept_good_rows,
            dry_run: request.dry_run,
        };
        let taken = self
            .desk
            .take_delivery(&call.caller, id, request.content, options);
        Ok(taken.await?)
    }

    async fn get(&self, request: GetBatchRequest) -> Result<GetBatchResponse, DeskError> {
        let (batch, requests) = self.desk.look_up_batch(BatchId(request.batch)).await?;
        Ok(GetBatchResponse {
            batch: Some(convert::making_batch(&batch)),
            requests: requests.iter().map(convert::making_request).collect(),
        })
    }

    async fn list(&self, request: ListBatchesRequest) -> Result<ListBatchesResponse, ServiceError> {
        let after = convert::optional(&request.page_token).map(str::parse);
        let after = after.transpose().map_err(|_| ServiceError::PageToken)?;
        let limit = page_size(request.page_size)?;
        let batches = self.desk.list_batches(after.map(BatchId), limit).await?;
        let last = batches.last().filter(|_| batches.len() == limit);
        Ok(ListBatchesResponse {
            next_page_token: last.map(|last| last.id.0.to_string()).unwrap_or_default(),
            batches: batches.iter().map(convert::making_batch).collect(),
        })
    }
}

/// Does what is asked and tells what became of it, in the caller's language.
async fn told<Q, A, E: Into<ServiceError>>(
    request: Request<Q>,
    work: impl AsyncFnOnce(&Call, Q) -> Result<MakingResult, E>,
    answer: impl FnOnce(Option<MakingOutcome>) -> A,
) -> Result<Response<A>, Status> {
    let call = call_of(&request)?;
    match work(&call, request.into_inner()).await {
        Ok(result) => {
            let outcome = convert::making_outcome(result, call.language);
            Ok(Response::new(answer(Some(outcome))))
        }
        Err(error) => Err(error.into().into_status(call.language)),
    }
}

#[tonic::async_trait]
impl CardMakingService for CardMaking {
    async fn make_card_making_file(
        &self,
        request: Request<MakeCardMakingFileRequest>,
    ) -> Result<Response<MakeCardMakingFileResponse>, Status> {
        let work = async |call: &Call, request| self.make(call, request).await;
        told(request, work, |outcome| MakeCardMakingFileResponse {
            outcome,
        })
        .await
    }

    async fn take_card_making_file(
        &self,
        request: Request<TakeCardMakingFileRequest>,
    ) -> Result<Response<TakeCardMakingFileResponse>, Status> {
        let work = async |call: &Call, request| self.take(call, request).await;
        told(request, work, |outcome| TakeCardMakingFileResponse {
            outcome,
        })
        .await
    }

    async fn step_batch(
        &self,
        request: Request<StepBatchRequest>,
    ) -> Result<Response<StepBatchResponse>, Status> {
        let work = async |call: &Call, request| self.step(call, request).await;
        told(request, work, |outcome| StepBatchResponse { outcome }).await
    }

    async fn make_factory_file(
        &self,
        request: Request<MakeFactoryFileRequest>,
    ) -> Result<Response<MakeFactoryFileResponse>, Status> {
        let work = async |call: &Call, request: MakeFactoryFileRequest| {
            let id = request_id(&request.request_id)?;
            let batch = BatchId(request.batch);
            let sent = self.desk.send_batch_to_factory(&call.caller, id, batch);
            Ok::<_, ServiceError>(sent.await?)
        };
        told(request, work, |outcome| MakeFactoryFileResponse { outcome }).await
    }

    async fn take_factory_result(
        &self,
        request: Request<TakeFactoryResultRequest>,
    ) -> Result<Response<TakeFactoryResultResponse>, Status> {
        let work = async |call: &Call, request| self.factory_result(call, request).await;
        told(request, work, |outcome| TakeFactoryResultResponse {
            outcome,
        })
        .await
    }

    async fn deliver_batch(
        &self,
        request: Request<DeliverBatchRequest>,
    ) -> Result<Response<DeliverBatchResponse>, Status> {
        let work = async |call: &Call, request: DeliverBatchRequest| {
            let id = request_id(&request.request_id)?;
            let batch = BatchId(request.batch);
            let delivered = self.desk.deliver_batch(&call.caller, id, batch);
            Ok::<_, ServiceError>(delivered.await?)
        };
        told(request, work, |outcome| DeliverBatchResponse { outcome }).await
    }

    async fn take_delivery(
        &self,
        request: Request<TakeDeliveryRequest>,
    ) -> Result<Response<TakeDeliveryResponse>, Status> {
        let work = async |call: &Call, request| self.delivery(call, request).await;
        told(request, work, |outcome| TakeDeliveryResponse { outcome }).await
    }

    async fn get_batch(
        &self,
        request: Request<GetBatchRequest>,
    ) -> Result<Response<GetBatchResponse>, Status> {
        super::served(request, async |_, request| Ok(self.get(request).await?)).await
    }

    async fn list_batches(
        &self,
        request: Request<ListBatchesRequest>,
    ) -> Result<Response<ListBatchesResponse>, Status> {
        super::served(request, |_, request| self.list(request)).await
    }
}
