//! `DistributionService`.

use std::{pin::Pin, sync::Arc};

use tokio::sync::{mpsc, watch};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};
use xueka_api::v1::{
    AcknowledgeBlacklistRequest, AcknowledgeBlacklistResponse, GetBlacklistSnapshotRequest,
    GetBlacklistSnapshotResponse, GetBlacklistStateRequest, GetBlacklistStateResponse,
    ListDeliveriesRequest, ListDeliveriesResponse, SnapshotPiece, WatchBlacklistRequest,
    WatchBlacklistResponse, distribution_service_server::DistributionService,
    watch_blacklist_response::Part,
};
use xueka_desk::{BlacklistWatch, Desk, SignedPart};
use xueka_registry::Held;

use super::{call_of, page_size, served};
use crate::{
    convert,
    gate::Call,
    status::{Denial, ServiceError},
};

/// The bytes of a snapshot that one message carries.
const PIECE: usize = 64 * 1024;

/// How many messages wait in memory for one subscriber's connection.
const QUEUE: usize = 4;

/// How many blocks are told with who has them, when none are asked for.
const USUAL_DELIVERIES: usize = 20;

/// The blacklist for those who keep a copy.
pub(crate) struct Distribution {
    desk: Arc<Desk>,
    shutdown: watch::Receiver<bool>,
}

impl Distribution {
    /// Streams end on `shutdown`.
    pub(crate) fn new(desk: Arc<Desk>, shutdown: watch::Receiver<bool>) -> Self {
        Self { desk, shutdown }
    }

    fn state(&self) -> Result<GetBlacklistStateResponse, ServiceError> {
        let state = self.desk.published_state()?;
        Ok(GetBlacklistStateResponse {
            mark: Some(convert::mark(state.mark)),
            key_count: state.n_keys as u64,
            fingerprint: state.fingerprint.to_bytes().to_vec(),
            fresh_for: Some(convert::duration(state.fresh_for)),
            public_key: state.public_key.to_vec(),
        })
    }

    async fn snapshot(&self) -> Result<SnapshotPieces, ServiceError> {
        let snapshot = self.desk.blacklist_snapshot().await?;
        let pieces = pieces(snapshot).map(|piece| {
            let piece = Some(piece);
            Ok(GetBlacklistSnapshotResponse { piece })
        });
        Ok(Box::pin(tokio_stream::iter(pieces)))
    }

    async fn acknowledge(
        &self,
        call: Call,
        request: AcknowledgeBlacklistRequest,
    ) -> Result<AcknowledgeBlacklistResponse, ServiceError> {
        let held = Held {
            epoch: request.epoch,
            version: request.version,
        };
        self.desk.acknowledge_blacklist(&call.caller, held).await?;
        Ok(AcknowledgeBlacklistResponse {})
    }

    async fn deliveries(
        &self,
        request: ListDeliveriesRequest,
    ) -> Result<ListDeliveriesResponse, ServiceError> {
        let limit = match request.page_size {
            0 => USUAL_DELIVERIES,
            asked => page_size(asked)?,
        };
        let card = request.card;
        let key = card.map(|card| convert::key_of(Some(card))).transpose()?;
        let deliveries = self.desk.deliveries(key, limit).await?;
        if key.is_some() && deliveries.deliveries.is_empty() {
            return Err(ServiceError::EntryNotFound);
        }
        Ok(convert::deliveries(&deliveries))
    }
}

type SnapshotPieces =
    Pin<Box<dyn Stream<Item = Result<GetBlacklistSnapshotResponse, Status>> + Send>>;

/// A snapshot in pieces, made one by one.
fn pieces(snapshot: Arc<SignedPart>) -> impl Iterator<Item = SnapshotPiece> + Send {
    let total = snapshot.bytes.len();
    (0..total).step_by(PIECE).map(move |offset| {
        let end = total.min(offset + PIECE);
        SnapshotPiece {
            data: snapshot.bytes.get(offset..end).unwrap_or_default().to_vec(),
            offset: offset as u64,
            total_bytes: total as u64,
        }
    })
}

#[tonic::async_trait]
impl DistributionService for Distribution {
    async fn get_blacklist_state(
        &self,
        request: Request<GetBlacklistStateRequest>,
    ) -> Result<Response<GetBlacklistStateResponse>, Status> {
        served(request, |_, _| async { self.state() }).await
    }

    type GetBlacklistSnapshotStream = SnapshotPieces;

    async fn get_blacklist_snapshot(
        &self,
        request: Request<GetBlacklistSnapshotRequest>,
    ) -> Result<Response<Self::GetBlacklistSnapshotStream>, Status> {
        served(request, |_, _| self.snapshot()).await
    }

    type WatchBlacklistStream = ReceiverStream<Result<WatchBlacklistResponse, Status>>;

    async fn watch_blacklist(
        &self,
        request: Request<WatchBlacklistRequest>,
    ) -> Result<Response<Self::WatchBlacklistStream>, Status> {
        let call = call_of(&request)?;
        let WatchBlacklistRequest { held, once } = request.into_inner();
        let watch = held.map(convert::held_mark).transpose();
        let watch = watch.and_then(|held| Ok(self.desk.watch_blacklist(held, once)?));
        let watch = watch.map_err(|error| error.into_status(call.language))?;
        let (parts, subscriber) = mpsc::channel(QUEUE);
        let revocation = self.desk.revocation(&call.caller);
        let mut shutdown = self.shutdown.clone();
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = tell(watch, &parts) => ended,
                _ = shutdown.wait_for(|stop| *stop) => Ok(()),
                () = parts.closed() => Ok(()),
                () = revocation => Err(Denial::WrongToken.into()),
            };
            if let Err(error) = ended {
                // A subscriber that is gone needs no reason.
                parts.send(Err(error.into_status(call.language))).await.ok();
            }
        });
        Ok(Response::new(ReceiverStream::new(subscriber)))
    }

    async fn acknowledge_blacklist(
        &self,
        request: Request<AcknowledgeBlacklistRequest>,
    ) -> Result<Response<AcknowledgeBlacklistResponse>, Status> {
        served(request, |call, request| self.acknowledge(call, request)).await
    }

    async fn list_deliveries(
        &self,
        request: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        served(request, |_, request| self.deliveries(request)).await
    }
}

/// Tells a subscriber everything that comes, until there is no more or it is
/// gone.
async fn tell(
    mut watch: BlacklistWatch,
    parts: &mpsc::Sender<Result<WatchBlacklistResponse, Status>>,
) -> Result<(), ServiceError> {
    while let Some(part) = watch.next().await? {
        let messages: Box<dyn Iterator<Item = Part> + Send> = match part.base {
            None => Box::new(pieces(part).map(Part::SnapshotPiece)),
            Some(_) => Box::new(std::iter::once(Part::Delta(part.bytes.clone()))),
        };
        for part in messages {
            let message = WatchBlacklistResponse { part: Some(part) };
            if parts.send(Ok(message)).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_comes_in_pieces_that_follow_each_other() {
        let mark = xueka_blacklist::Mark {
            epoch: 1,
            version: 2,
            made_time: jiff::Timestamp::UNIX_EPOCH,
        };
        for n_bytes in [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let bytes: Vec<u8> = (0..n_bytes).map(|n| n.to_le_bytes()[0]).collect();
            let part = SignedPart {
                base: None,
                mark,
                bytes: bytes.clone(),
            };
            let mut whole = Vec::new();
            for piece in pieces(Arc::new(part)) {
                assert_eq!(piece.offset, whole.len() as u64);
                assert_eq!(piece.total_bytes, n_bytes as u64);
                assert!(piece.data.len() <= PIECE);
                whole.extend(piece.data);
            }
            assert_eq!(whole, bytes, "{n_bytes} bytes");
        }
    }
}
