//! `BlacklistService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use xueka_api::v1::{
    AddEntryRequest, AddEntryResponse, BlacklistEntry, BlockReason, CheckCardRequest,
    CheckCardResponse, CheckCardsRequest, CheckCardsResponse, GetEntryRequest, GetEntryResponse,
    ListEntriesRequest, ListEntriesResponse, RemoveEntryRequest, RemoveEntryResponse,
    blacklist_service_server::BlacklistService,
};
use xueka_desk::{Caller, Desk};
use xueka_registry::PageMark;

use super::{call_of, request_id};
use crate::{convert, status::ServiceError};

/// The most cards of one question.
const MOST_CARDS: usize = 10_000;

/// The most entries of one page, and how many when none are asked for.
const LARGEST_PAGE: usize = 1_000;
const USUAL_PAGE: usize = 100;

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
        caller: &Caller,
        request: AddEntryRequest,
    ) -> Result<BlacklistEntry, ServiceError> {
        let id = request_id(&request.request_id)?;
        let key = convert::key_of(request.card)?;
        let note = request
            .note
            .parse()
            .map_err(|error| ServiceError::argument("note", error))?;
        let entry = self.desk.add_block(caller, id, key, note).await?;
        Ok(convert::entry(&entry))
    }

    async fn remove(
        &self,
        caller: &Caller,
        request: RemoveEntryRequest,
    ) -> Result<u64, ServiceError> {
        let id = request_id(&request.request_id)?;
        let key = convert::key_of(request.card)?;
        Ok(self.desk.remove_block(caller, id, key).await?)
    }

    async fn find(&self, request: GetEntryRequest) -> Result<BlacklistEntry, ServiceError> {
        let key = convert::key_of(request.card)?;
        let entry = self.desk.find_block(key).await?;
        let entry = entry.ok_or(ServiceError::EntryNotFound)?;
        Ok(convert::entry(&entry))
    }

    async fn list(&self, request: ListEntriesRequest) -> Result<ListEntriesResponse, ServiceError> {
        let limit = match usize::try_from(request.page_size) {
            Ok(0) => USUAL_PAGE,
            Ok(size) if size <= LARGEST_PAGE => size,
            _ => return Err(ServiceError::argument("page_size", "1 to 1,000, or 0")),
        };
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

    fn check(&self, cards: CheckCardsRequest) -> Result<CheckCardsResponse, ServiceError> {
        if cards.cards.len() > MOST_CARDS {
            return Err(ServiceError::argument("cards", "at most 10,000 at once"));
        }
        let keys = cards
            .cards
            .into_iter()
            .map(|card| convert::key_of(Some(card)))
            .collect::<Result<Vec<_>, _>>()?;
        let checked = self.desk.check(&keys);
        let reason =
            |reason: Option<_>| reason.map_or(BlockReason::Unspecified, convert::block_reason);
        Ok(CheckCardsResponse {
            reasons: checked
                .reasons
                .into_iter()
                .map(|found| reason(found).into())
                .collect(),
            data_version: checked.version,
        })
    }
}

#[tonic::async_trait]
impl BlacklistService for Blacklist {
    async fn add_entry(
        &self,
        request: Request<AddEntryRequest>,
    ) -> Result<Response<AddEntryResponse>, Status> {
        let (caller, language) = call_of(&request)?;
        let answer = self.add(&caller, request.into_inner()).await;
        let entry = answer.map_err(|error| error.into_status(language))?;
        Ok(Response::new(AddEntryResponse { entry: Some(entry) }))
    }

    async fn remove_entry(
        &self,
        request: Request<RemoveEntryRequest>,
    ) -> Result<Response<RemoveEntryResponse>, Status> {
        let (caller, language) = call_of(&request)?;
        let answer = self.remove(&caller, request.into_inner()).await;
        let version = answer.map_err(|error| error.into_status(language))?;
        Ok(Response::new(RemoveEntryResponse { version }))
    }

    async fn get_entry(
        &self,
        request: Request<GetEntryRequest>,
    ) -> Result<Response<GetEntryResponse>, Status> {
        let (_, language) = call_of(&request)?;
        let answer = self.find(request.into_inner()).await;
        let entry = answer.map_err(|error| error.into_status(language))?;
        Ok(Response::new(GetEntryResponse { entry: Some(entry) }))
    }

    async fn list_entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<Response<ListEntriesResponse>, Status> {
        let (_, language) = call_of(&request)?;
        let answer = self.list(request.into_inner()).await;
        let page = answer.map_err(|error| error.into_status(language))?;
        Ok(Response::new(page))
    }

    async fn check_card(
        &self,
        request: Request<CheckCardRequest>,
    ) -> Result<Response<CheckCardResponse>, Status> {
        let (_, language) = call_of(&request)?;
        let answer = convert::key_of(request.into_inner().card);
        let key = answer.map_err(|error| error.into_status(language))?;
        let checked = self.desk.check(&[key]);
        let reason = checked.reasons.into_iter().flatten().next();
        Ok(Response::new(CheckCardResponse {
            blocked: reason.is_some(),
            reason: reason
                .map_or(BlockReason::Unspecified, convert::block_reason)
                .into(),
            data_version: checked.version,
        }))
    }

    async fn check_cards(
        &self,
        request: Request<CheckCardsRequest>,
    ) -> Result<Response<CheckCardsResponse>, Status> {
        let (_, language) = call_of(&request)?;
        let answer = self.check(request.into_inner());
        let checked = answer.map_err(|error| error.into_status(language))?;
        Ok(Response::new(checked))
    }
}
