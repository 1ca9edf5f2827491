//! `ReaderService`.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use xueka_api::v1::{
    self, ListReadersRequest, ListReadersResponse, ReadCardRequest, ReadCardResponse,
    SignalReaderRequest, SignalReaderResponse, WatchTapsRequest, WatchTapsResponse,
    reader_service_server::ReaderService,
};
use xueka_desk::{CardInReader, Desk};
use xueka_readers::{ReaderInfo, ReaderState, Signal, SourceState, TapEvent};

use super::{call_of, served};
use crate::{
    convert,
    gate::Call,
    status::{Denial, ServiceError},
};

/// How many events wait in memory for one listener's connection; what is
/// beyond stays in the ring of all taps.
const LISTENER_QUEUE: usize = 16;

/// Readers, the cards in their fields, and the taps on them.
pub(crate) struct Readers {
    desk: Arc<Desk>,
    simulated: bool,
    shutdown: watch::Receiver<bool>,
}

impl Readers {
    /// `simulated` says whether all readers are; streams end on `shutdown`.
    pub(crate) fn new(desk: Arc<Desk>, simulated: bool, shutdown: watch::Receiver<bool>) -> Self {
        Self {
            desk,
            simulated,
            shutdown,
        }
    }

    async fn read(&self, request: ReadCardRequest) -> Result<ReadCardResponse, ServiceError> {
        let place = CardInReader {
            reader: convert::optional(&request.reader).map(str::to_owned),
            wait: convert::wait("wait", request.wait)?,
        };
        let (reader, reading) = self.desk.read_card(&place).await?;
        Ok(ReadCardResponse {
            reader_alias: alias(self.desk.reader_alias(&reader).as_deref()),
            reader: reader.to_string(),
            reading: Some(convert::reading(&reading)),
        })
    }
}

impl Readers {
    async fn signal(
        &self,
        request: SignalReaderRequest,
    ) -> Result<SignalReaderResponse, ServiceError> {
        let signal = match request.signal() {
            v1::Signal::Ok => Signal::Ok,
            v1::Signal::Refuse => Signal::Refuse,
            v1::Signal::Busy => Signal::Busy,
            v1::Signal::Unspecified => {
                let problem = "say what to show: ok, refuse or busy";
                return Err(ServiceError::argument("signal", problem));
            }
        };
        let reader = convert::optional(&request.reader);
        let shown = self.desk.signal_reader(reader, signal).await?;
        Ok(SignalReaderResponse { shown })
    }

    fn listed(&self, reader: ReaderInfo) -> v1::Reader {
        let identity = reader.identity;
        v1::Reader {
            name: reader.name.to_string(),
            state: reader_state(reader.state).into(),
            simulated: self.simulated,
            alias: alias(reader.alias.as_deref()),
            serial_number: identity.serial_number.unwrap_or_default(),
            usb_path: identity.usb_path.unwrap_or_default(),
            vendor: identity.vendor.unwrap_or_default(),
            product: identity.model.unwrap_or_default(),
            model: reader.model.to_owned(),
            shows_signals: reader.has_signals,
            failed_signals: reader.n_failed_signals,
        }
    }
}

/// An alias in the words of the protocol.
fn alias(alias: Option<&str>) -> String {
    alias.unwrap_or_default().to_owned()
}

#[tonic::async_trait]
impl ReaderService for Readers {
    async fn list_readers(
        &self,
        request: Request<ListReadersRequest>,
    ) -> Result<Response<ListReadersResponse>, Status> {
        let Call { language, .. } = call_of(&request)?;
        let list = self.desk.readers();
        let missing = list.missing.iter().map(|reader| v1::MissingReader {
            alias: reader.alias.to_string(),
            missing_since_time: Some(convert::timestamp(reader.since)),
            message: convert::missing_reader(language).into(),
        });
        let readers = list.readers.into_iter();
        Ok(Response::new(ListReadersResponse {
            missing_readers: missing.collect(),
            readers: readers.map(|reader| self.listed(reader)).collect(),
            source_state: source_state(list.source).into(),
        }))
    }

    async fn signal_reader(
        &self,
        request: Request<SignalReaderRequest>,
    ) -> Result<Response<SignalReaderResponse>, Status> {
        served(request, |_, request| self.signal(request)).await
    }

    async fn read_card(
        &self,
        request: Request<ReadCardRequest>,
    ) -> Result<Response<ReadCardResponse>, Status> {
        served(request, |_, request| self.read(request)).await
    }

    type WatchTapsStream = ReceiverStream<Result<WatchTapsResponse, Status>>;

    async fn watch_taps(
        &self,
        request: Request<WatchTapsRequest>,
    ) -> Result<Response<Self::WatchTapsStream>, Status> {
        let Call { caller, language } = call_of(&request)?;
        let request = request.into_inner();
        let mut taps = self.desk.watch_taps(request.after_sequence, request.epoch);
        let mut revocation = Box::pin(self.desk.revocation(&caller));
        let (events, listener) = mpsc::channel(LISTENER_QUEUE);
        let mut shutdown = self.shutdown.clone();
        tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    event = taps.next() => event.map(Ok),
                    _ = shutdown.wait_for(|stop| *stop) => None,
                    () = events.closed() => None,
                    () = &mut revocation => Some(Err(Denial::WrongToken)),
                };
                let told = match event {
                    None => return,
                    Some(Ok(event)) if !is_of(&event, &request.reader) => continue,
                    Some(Ok(event)) => Ok(convert::tap_event(event, language)),
                    Some(Err(denial)) => Err(ServiceError::from(denial).into_status(language)),
                };
                let is_last = told.is_err();
                if events.send(told).await.is_err() || is_last {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(listener)))
    }
}

/// Whether a listener that asked for `reader` is to hear this; what was missed,
/// and who is missing, concerns everyone.
fn is_of(event: &TapEvent, reader: &str) -> bool {
    reader.is_empty()
        || event
            .reader
            .as_ref()
            .is_none_or(|name| name.as_str() == reader)
        || event.alias.as_deref() == Some(reader)
}

fn reader_state(state: ReaderState) -> v1::ReaderState {
    match state {
        ReaderState::Empty => v1::ReaderState::Empty,
        ReaderState::CardPresent => v1::ReaderState::CardPresent,
        ReaderState::CardMute => v1::ReaderState::CardMute,
        ReaderState::Stalled => v1::ReaderState::Stalled,
        ReaderState::Wedged => v1::ReaderState::Wedged,
    }
}

fn source_state(state: SourceState) -> v1::SourceState {
    match state {
        SourceState::Ready => v1::SourceState::Ready,
        SourceState::NoService => v1::SourceState::NoService,
        SourceState::NotPermitted => v1::SourceState::NotPermitted,
        SourceState::Failed => v1::SourceState::Failed,
        SourceState::Stalled => v1::SourceState::Stalled,
    }
}
