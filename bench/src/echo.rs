//! A bare unary call: what any gRPC service on a Unix socket must cost.
//!
//! With nothing to do, or around a reading that is made in the very place where
//! the call is answered, without a thread of its own and without a deadline.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
};

use anyhow::Context;
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};
use tokio_stream::{Pending, wrappers::UnixListenerStream};
use tonic::{
    Request, Response, Status,
    transport::{Channel, Endpoint, Server, Uri},
};
use tower::service_fn;
use xueka_api::v1::{
    CardReading, ListReadersRequest, ListReadersResponse, ReadCardRequest, ReadCardResponse,
    SignalReaderRequest, SignalReaderResponse, WatchTapsRequest, WatchTapsResponse,
    reader_service_client::ReaderServiceClient,
    reader_service_server::{ReaderService, ReaderServiceServer},
};
use xueka_cards::ReadingProfile;
use xueka_transport::CardReader;

use crate::{child, reading};

/// Answers every call with the same canned card; when the call names a reader,
/// after reading the card there.
struct Echo {
    readers: Vec<(String, Mutex<Box<dyn CardReader>>)>,
    profile: ReadingProfile,
}

#[tonic::async_trait]
impl ReaderService for Echo {
    type WatchTapsStream = Pending<Result<WatchTapsResponse, Status>>;

    async fn list_readers(
        &self,
        _: Request<ListReadersRequest>,
    ) -> Result<Response<ListReadersResponse>, Status> {
        Err(Status::unimplemented("this service only echoes"))
    }

    async fn read_card(
        &self,
        request: Request<ReadCardRequest>,
    ) -> Result<Response<ReadCardResponse>, Status> {
        let reader = request.into_inner().reader;
        if let Some((_, held)) = self.readers.iter().find(|(name, _)| *name == reader) {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = reading::read_directly(held.as_mut(), &self.profile);
            outcome.map_err(|error| Status::unavailable(error.to_string()))?;
        }
        Ok(Response::new(ReadCardResponse {
            reader,
            reading: Some(CardReading {
                uid: vec![0x3A, 0x5C, 0x7E, 0x91],
                card_number: "1000751012345678".into(),
                valid_from: "2024-09-01".into(),
                valid_until: "2030-08-31".into(),
                atr: vec![0x3B; 16],
                complete: true,
                ..CardReading::default()
            }),
            ..ReadCardResponse::default()
        }))
    }

    async fn signal_reader(
        &self,
        _: Request<SignalReaderRequest>,
    ) -> Result<Response<SignalReaderResponse>, Status> {
        Err(Status::unimplemented("this service only echoes"))
    }

    async fn watch_taps(
        &self,
        _: Request<WatchTapsRequest>,
    ) -> Result<Response<Self::WatchTapsStream>, Status> {
        Err(Status::unimplemented("this service only echoes"))
    }
}

/// The role of the echoing process: serves on `socket` until its input ends,
/// and reads from `readers` when asked to.
pub(crate) fn serve(socket: &Path, readers: &[&str]) -> anyhow::Result<()> {
    let readers = readers.iter().map(|name| {
        let reader = reading::await_card(name)?;
        Ok(((*name).to_owned(), Mutex::new(reader)))
    });
    let echo = Echo {
        readers: readers.collect::<anyhow::Result<_>>()?,
        profile: ReadingProfile::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = UnixListener::bind(socket)
            .with_context(|| format!("{} cannot be listened on", socket.display()))?;
        let (ended, end) = tokio::sync::oneshot::channel::<()>();
        thread::spawn(move || {
            child::say_ready();
            child::wait_for_end();
            ended.send(()).ok();
        });
        Server::builder()
            .add_service(ReaderServiceServer::new(echo))
            .serve_with_incoming_shutdown(UnixListenerStream::new(listener), async {
                end.await.ok();
            })
            .await?;
        Ok(())
    })
}

/// A client on one held connection to a Unix socket.
pub(crate) async fn connect(socket: &Path) -> anyhow::Result<ReaderServiceClient<Channel>> {
    let path = socket.to_path_buf();
    // The address is not used: the connector knows where to go.
    let channel = Endpoint::from_static("http://localhost")
        .connect_with_connector(service_fn(move |_: Uri| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        }))
        .await
        .with_context(|| format!("nothing answers on {}", socket.display()))?;
    Ok(ReaderServiceClient::new(channel))
}
