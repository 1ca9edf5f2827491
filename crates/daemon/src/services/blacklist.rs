//! `BlacklistService`.

use std::{future::ready, sync::Arc};

use tonic::{Request, Response, Status};
use xueka_api::v1::{
    AddEntryRequest, AddEntryResponse, BlockReason, CheckCardRequest, CheckCardResponse,
    CheckCardsRequest, CheckCardsResponse, GetEntryRequest, GetEntryResponse, ListEntriesRequest,
    ListEntriesResponse, RemoveEntryRequest, RemoveEntryResponse,
    blacklist_service_server::BlacklistService,
};
use xueka_desk::Desk;
use xueka_registry::PageMark;

use super::{page_size, request_id, served};
use crate::{convert, gate::Call, status::ServiceError};

/// The most cards of one question.
const MOST_CARDS: usize = 10_000;

/// Which cards are blocked.
pub(crate) struct Blacklist {
    desk: Arc<Desk>,
}

impl Blacklist {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    async fn add(
        &self,
        call: Call,
        request: AddEntryRequest,
    ) -> Result<AddEntryResponse, ServiceError> {
        let id = request_id(&request.request_id)?;
        let key = convert::key_of(request.card)?;
        let note = request
            .note
            .parse()
            .map_err(|error| ServiceError::argument("note", error))?;
        let entry = self.desk.add_block(&call.caller, id, key, note).await?;
        Ok(AddEntryResponse {
            entry: Some(convert::entry(&entry)),
        })
    }

    async fn remove(
        &self,
        call: Call,
        request: RemoveEntryRequest,
    ) -> Result<RemoveEntryResponse, ServiceError> {
        let id = request_id(&request.request_id)?;
        let key = convert::key_of(request.card)?;
        let version = self.desk.remove_block(&call.caller, id, key).await?;
        Ok(RemoveEntryResponse { version })
    }

    async fn find(&self, request: GetEntryRequest) -> Result<GetEntryResponse, ServiceError> {
        let key = convert::key_of(request.card)?;
        let entry = self.desk.find_block(key).await?;
        let entry = entry.ok_or(ServiceError::EntryNotFound)?;
        Ok(GetEntryResponse {
            entry: Some(convert::entry(&entry)),
        })
    }

    async fn list(&self, request: ListEntriesRequest) -> Result<ListEntriesResponse, ServiceError> {
        let limit = page_size(request.page_size)?;
        let from = match convert::optional(&request.page_token) {
            None => None,
            Some(token) => {
                let mark = u64::from_str_radix(token, 16);
                Some(PageMark(mark.map_err(|_| ServiceError::PageToken)?))
            }
        };
        let page = self.desk.list_blocks(from, limit).await?;
        let next = page.next.map(|PageMark(mark)| format!("{mark:x}"));
        Ok(ListEntriesResponse {
            entries: page.entries.iter().map(convert::entry).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    fn check_one(&self, request: CheckCardRequest) -> Result<CheckCardResponse, ServiceError> {
        let key = convert::key_of(request.card)?;
        let checked = self.desk.check(&[key]);
        let reason = checked.reasons.into_iter().flatten().next();
        Ok(CheckCardResponse {
            blocked: reason.is_some(),
            reason: reason_or_none(reason).into(),
            data_version: checked.version,
        })
    }

    fn check_many(&self, request: CheckCardsRequest) -> Result<CheckCardsResponse, ServiceError> {
        if request.cards.len() > MOST_CARDS {
            return Err(ServiceError::argument("cards", "at most 10,000 at once"));
        }
        let keys = request
            .cards
            .into_iter()
            .map(|card| convert::key_of(Some(card)))
            .collect::<Result<Vec<_>, _>>()?;
        let checked = self.desk.check(&keys);
        let reasons = checked.reasons.into_iter();
        Ok(CheckCardsResponse {
            reasons: reasons
                .map(|reason| reason_or_none(reason).into())
                .collect(),
            data_version: checked.version,
        })
    }
}

/// Why a card is blocked, as the protocol says it also of one that is not.
fn reason_or_none(reason: Option<xueka_domain::BlockReason>) -> BlockReason {
    reason.map_or(BlockReason::Unspecified, convert::block_reason)
}

#[tonic::async_trait]
impl BlacklistService for Blacklist {
    async fn add_entry(
        &self,
        request: Request<AddEntryRequest>,
    ) -> Result<Response<AddEntryResponse>, Status> {
        served(request, |call, request| self.add(call, request)).await
    }

    async fn remove_entry(
        &self,
        request: Request<RemoveEntryRequest>,
    ) -> Result<Response<RemoveEntryResponse>, Status> {
        served(request, |call, request| self.remove(call, request)).await
    }

    async fn get_entry(
        &self,
        request: Request<GetEntryRequest>,
    ) -> Result<Response<GetEntryResponse>, Status> {
        served(request, |_, request| self.find(request)).await
    }

    async fn list_entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<Response<ListEntriesResponse>, Status> {
        served(request, |_, request| self.list(request)).await
    }

    async fn check_card(
        &self,
        request: Request<CheckCardRequest>,
    ) -> Result<Response<CheckCardResponse>, Status> {
        served(request, |_, request| ready(self.check_one(request))).await
    }

    async fn check_cards(
        &self,
        request: Request<CheckCardsRequest>,
    ) -> Result<Response<CheckCardsResponse>, Status> {
        served(request, |_, request| ready(self.check_many(request))).await
    }
}
