//! A bare unary call: what any gRPC service on a Unix socket must cost.

use std::{path::Path, thread};

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
    WatchTapsRequest, WatchTapsResponse,
    reader_service_client::ReaderServiceClient,
    reader_service_server::{ReaderService, ReaderServiceServer},
};

use crate::child;

/// Answers every reading with the same canned card.
struct Echo;

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
        Ok(Response::new(ReadCardResponse {
            reader: request.into_inner().reader,
            reading: Some(CardReading {
                uid: vec![0x3A, 0x5C, 0x7E, 0x91],
                card_number: "1000751012345678".into(),
                valid_from: "2024-09-01".into(),
                valid_until: "2030-08-31".into(),
                atr: vec![0x3B; 16],
                complete: true,
                ..CardReading::default()
            }),
        }))
    }

    async fn watch_taps(
        &self,
        _: Request<WatchTapsRequest>,
    ) -> Result<Response<Self::WatchTapsStream>, Status> {
        Err(Status::unimplemented("this service only echoes"))
    }
}

/// The role of the echoing process: serves on `socket` until its input ends.
pub(crate) fn serve(socket: &Path) -> anyhow::Result<()> {
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
            .add_service(ReaderServiceServer::new(Echo))
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
