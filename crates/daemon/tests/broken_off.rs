//! A list that breaks off on its way in is not taken for a shorter one.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use std::path::Path;

use hyper_util::rt::TokioIo;
use tokio::{
    net::UnixStream,
    sync::{mpsc, watch},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use xueka_api::v1::{
    IssuedCardRow, ListReadersRequest, RegisterIssuedCardsRequest, RegisterOptions,
    issuance_service_client::IssuanceServiceClient, reader_service_client::ReaderServiceClient,
    register_issued_cards_request::Part, register_issued_cards_response,
};
use xueka_daemon::{Config, Daemon, Simulation};
use xueka_domain::CardKey;
use xueka_registry::{OpenOptions, Registry, WhichCard};

const NUMBER: &str = "1000751012345678";

/// After so many rows the daemon tells that it has them.
const UNTIL_PROGRESS: u64 = 5_000;

async fn connect(socket: &Path) -> Channel {
    let socket = socket.to_owned();
    let connect = tower::service_fn(move |_| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from_static("http://daemon");
    endpoint.connect_with_connector(connect).await.unwrap()
}

fn message(part: Part) -> RegisterIssuedCardsRequest {
    RegisterIssuedCardsRequest { part: Some(part) }
}

/// The first row can be taken; the rest is there to be told of progress.
fn row(row: u64) -> IssuedCardRow {
    IssuedCardRow {
        row,
        student_number: "20230107".into(),
        name: "李雷".into(),
        card_number: if row == 1 {
            NUMBER.into()
        } else {
            String::new()
        },
        ..IssuedCardRow::default()
    }
}

#[tokio::test]
async fn nothing_is_registered_of_a_list_whose_caller_cancels() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.listen.socket = folder.path().join("xuekad.sock");
    config.registry.path = folder.path().join("registry.db");
    let simulation = Simulation {
        simulate: Some(1),
        ..Simulation::default()
    };
    let daemon = Daemon::start(&config, &simulation).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let ended = tokio::spawn(daemon.run(stopped));
    let channel = connect(&config.listen.socket).await;

    let (rows, list) = mpsc::channel(64);
    let mut issuance = IssuanceServiceClient::new(channel.clone());
    let sending = tokio::spawn(async move {
        let options = RegisterOptions {
            request_id: "cut".into(),
            accept_good_rows: true,
            dry_run: false,
        };
        rows.send(message(Part::Options(options))).await.unwrap();
        for n in 1..=UNTIL_PROGRESS {
            rows.send(message(Part::Row(row(n)))).await.unwrap();
        }
        // Kept, so that the list does not end.
        rows
    });
    let answers = issuance.register_issued_cards(ReceiverStream::new(list));
    let mut answers = answers.await.unwrap().into_inner();
    let progress = answers.message().await.unwrap().unwrap().part;
    assert!(
        matches!(
            progress,
            Some(register_issued_cards_response::Part::Progress(_))
        ),
        "the daemon has the rows"
    );
    drop(answers);
    drop(sending.await.unwrap());
    // The answer comes on the same connection, after the cancelling.
    let mut readers = ReaderServiceClient::new(channel);
    readers.list_readers(ListReadersRequest {}).await.unwrap();
    stop.send(true).unwrap();
    ended.await.unwrap().unwrap();

    let path = config.registry.path.to_str().unwrap();
    let options = OpenOptions {
        simulated: true,
        ..OpenOptions::default()
    };
    let registry = Registry::open(path, options).await.unwrap();
    let card = CardKey::Number(NUMBER.parse().unwrap());
    let found = registry.find_card(WhichCard::Key(card)).await.unwrap();
    assert!(found.is_none(), "half a list was registered");
}
