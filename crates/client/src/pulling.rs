//! Bringing a copy up to date from a daemon.

use jiff::Timestamp;
use thiserror::Error;
use tonic::Status;
use xueka_api::v1::{
    AcknowledgeBlacklistRequest, BlacklistMark, GetBlacklistSnapshotRequest, SnapshotPiece,
    WatchBlacklistRequest, distribution_service_client::DistributionServiceClient,
    watch_blacklist_response::Part,
};
use xueka_blacklist::{ListError, Mark};

use crate::{Client, CopyError, ListCopy};

/// The largest snapshot that is taken in: far more than ten million entries
/// need.
const MOST_BYTES: u64 = 1 << 30;

/// Why a copy was not brought up to date, or that was not acknowledged. The file
/// has the last list that was kept.
#[derive(Debug, Error)]
pub enum PullError {
    /// What came was refused, or could not be kept.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The daemon answered with an error, or the connection broke.
    #[error(transparent)]
    Call(Box<Status>),
    /// A snapshot came in pieces that do not fit, or broke off.
    #[error("the list did not come whole; fetch it again")]
    Incomplete,
}

impl From<Status> for PullError {
    fn from(status: Status) -> Self {
        Self::Call(Box::new(status))
    }
}

/// Brings a copy up to date, keeps it in its file and acknowledges it. `clock`
/// tells the time.
///
/// A copy that does not lead on to what the daemon has is fetched anew.
///
/// # Errors
///
/// [`PullError`].
pub async fn pull(
    client: &Client,
    copy: &mut ListCopy,
    clock: impl Fn() -> Timestamp,
) -> Result<(), PullError> {
    if copy.is_long() {
        copy.forget();
    }
    match take_all(client, copy).await {
        Err(PullError::Copy(CopyError::Refused(ListError::Gapped | ListError::Drifted))) => {
            copy.forget();
            take_all(client, copy).await?;
        }
        taken => taken?,
    }
    keep(client, copy, &clock).await
}

/// Keeps a copy up to date as long as the daemon tells of changes: after each it
/// keeps the copy, acknowledges it and calls `told`. Ends well when the daemon
/// ends the stream.
///
/// # Errors
///
/// [`PullError`]; calling again goes on where it was.
pub async fn follow(
    client: &Client,
    copy: &mut ListCopy,
    clock: impl Fn() -> Timestamp,
    mut told: impl FnMut(&ListCopy) -> bool,
) -> Result<(), PullError> {
    let mut incoming = Incoming::open(client, copy, false).await?;
    while incoming.take(copy).await? {
        keep(client, copy, &clock).await?;
        if !told(copy) {
            break;
        }
    }
    Ok(())
}

/// Fetches the daemon's whole list as signed bytes; checks nothing of them.
///
/// # Errors
///
/// [`PullError::Call`] and [`PullError::Incomplete`].
pub async fn fetch(client: &Client) -> Result<Vec<u8>, PullError> {
    let request = client.request(GetBlacklistSnapshotRequest {});
    let stream = DistributionServiceClient::new(client.channel())
        .get_blacklist_snapshot(request)
        .await?;
    let mut stream = stream.into_inner();
    let mut whole = Vec::new();
    while let Some(message) = stream.message().await? {
        let piece = message.piece.ok_or(PullError::Incomplete)?;
        if add(&mut whole, &piece)? {
            return Ok(whole);
        }
    }
    Err(PullError::Incomplete)
}

async fn take_all(client: &Client, copy: &mut ListCopy) -> Result<(), PullError> {
    let mut incoming = Incoming::open(client, copy, true).await?;
    while incoming.take(copy).await? {}
    Ok(())
}

/// Keeps a copy and tells the daemon so.
async fn keep(
    client: &Client,
    copy: &mut ListCopy,
    clock: &impl Fn() -> Timestamp,
) -> Result<(), PullError> {
    copy.store(clock())?;
    let mark = copy.mark().ok_or(CopyError::Missing)?;
    let request = AcknowledgeBlacklistRequest {
        epoch: mark.epoch,
        version: mark.version,
    };
    DistributionServiceClient::new(client.channel())
        .acknowledge_blacklist(client.request(request))
        .await?;
    Ok(())
}

/// What comes from the daemon.
struct Incoming(tonic::Streaming<xueka_api::v1::WatchBlacklistResponse>);

impl Incoming {
    async fn open(client: &Client, copy: &ListCopy, once: bool) -> Result<Self, PullError> {
        let held = copy.mark().map(|mark| of_mark(&mark));
        let request = WatchBlacklistRequest { held, once };
        let stream = DistributionServiceClient::new(client.channel())
            .watch_blacklist(client.request(request))
            .await?;
        Ok(Self(stream.into_inner()))
    }

    /// Takes in the next delta or whole snapshot; says whether there was one.
    async fn take(&mut self, copy: &mut ListCopy) -> Result<bool, PullError> {
        let mut whole = Vec::new();
        loop {
            match self.0.message().await?.map(|message| message.part) {
                None if whole.is_empty() => return Ok(false),
                Some(Some(Part::Delta(delta))) if whole.is_empty() => {
                    copy.take_delta(&delta)?;
                    return Ok(true);
                }
                Some(Some(Part::SnapshotPiece(piece))) => {
                    if add(&mut whole, &piece)? {
                        copy.take_snapshot(whole)?;
                        return Ok(true);
                    }
                }
                _ => return Err(PullError::Incomplete),
            }
        }
    }
}

/// Adds a piece to those before; says whether that makes them whole.
fn add(whole: &mut Vec<u8>, piece: &SnapshotPiece) -> Result<bool, PullError> {
    let end = piece.offset.saturating_add(piece.data.len() as u64);
    let fits = piece.offset == whole.len() as u64
        && !piece.data.is_empty()
        && end <= piece.total_bytes
        && piece.total_bytes <= MOST_BYTES;
    if !fits {
        return Err(PullError::Incomplete);
    }
    whole.extend_from_slice(&piece.data);
    Ok(end == piece.total_bytes)
}

fn of_mark(mark: &Mark) -> BlacklistMark {
    BlacklistMark {
        epoch: mark.epoch,
        version: mark.version,
        made_time: Some(prost_types::Timestamp {
            seconds: mark.made_time.as_second(),
            nanos: 0,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(data: &[u8], offset: u64, total_bytes: u64) -> SnapshotPiece {
        SnapshotPiece {
            data: data.to_vec(),
            offset,
            total_bytes,
        }
    }

    #[test]
    fn pieces_make_a_whole() {
        let mut whole = Vec::new();
        assert!(!add(&mut whole, &piece(b"ab", 0, 5)).unwrap());
        assert!(!add(&mut whole, &piece(b"cd", 2, 5)).unwrap());
        assert!(add(&mut whole, &piece(b"e", 4, 5)).unwrap());
        assert_eq!(whole, b"abcde");
    }

    #[test]
    fn pieces_that_do_not_fit_are_refused() {
        let cases = [
            (piece(b"cd", 3, 5), "one is missing"),
            (piece(b"cd", 1, 5), "one comes twice"),
            (piece(b"", 2, 5), "nothing"),
            (piece(b"cdef", 2, 5), "more than there is"),
            (piece(b"cd", 2, MOST_BYTES + 1), "more than is taken in"),
            (piece(b"cd", u64::MAX, u64::MAX), "beyond all counting"),
        ];
        for (piece, why) in cases {
            let mut whole = b"ab".to_vec();
            let refused = add(&mut whole, &piece);
            assert!(matches!(refused, Err(PullError::Incomplete)), "{why}");
        }
    }
}
