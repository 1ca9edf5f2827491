//! The ways into the daemon: Unix socket, loopback TCP with a token, gRPC-Web
//! from listed origins; and how it ends.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure"
)]

use std::{net::SocketAddr, time::Duration};

use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    sync::watch,
    task::JoinHandle,
};
use tokio_stream::StreamExt;
use tonic::{
    Code, Request, Status,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;
use xueka_api::v1::{
    BlockedCard, CardInReader, CheckCardRequest, CreateTokenRequest, InsertCardRequest,
    ListReadersRequest, ListTokensRequest, RevokeTokenRequest, Role, Verdict, VerifyCardRequest,
    WatchTapsRequest, blacklist_service_client::BlacklistServiceClient, blocked_card,
    issuance_service_client::IssuanceServiceClient, reader_service_client::ReaderServiceClient,
    simulator_service_client::SimulatorServiceClient, token_service_client::TokenServiceClient,
    verify_card_request,
};
use xueka_daemon::{Config, Daemon, Simulation};

struct Running {
    folder: TempDir,
    tcp: SocketAddr,
    stop: watch::Sender<bool>,
    ended: JoinHandle<anyhow::Result<()>>,
}

/// A port that was free a moment ago.
fn free_port() -> SocketAddr {
    let probe = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    probe.local_addr().unwrap()
}

impl Running {
    async fn start(origins: &[&str]) -> Self {
        let simulation = Simulation {
            simulate: Some(1),
            ..Simulation::default()
        };
        Self::start_with(origins, simulation).await
    }

    async fn start_with(origins: &[&str], simulation: Simulation) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tcp = free_port();
        let mut config = Config::default();
        config.listen.socket = folder.path().join("xuekad.sock");
        config.listen.tcp = Some(tcp);
        config.registry.path = folder.path().join("registry.db");
        config.web.origins = origins.iter().map(ToString::to_string).collect();
        let daemon = Daemon::start(&config, &simulation).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let ended = tokio::spawn(daemon.run(stopped));
        Self {
            folder,
            tcp,
            stop,
            ended,
        }
    }

    async fn unix(&self) -> Channel {
        let path = self.folder.path().join("xuekad.sock");
        let connect = tower::service_fn(move |_| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        });
        let endpoint = Endpoint::from_static("http://daemon");
        endpoint.connect_with_connector(connect).await.unwrap()
    }

    async fn tcp(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.tcp)).unwrap();
        endpoint.connect().await.unwrap()
    }

    async fn token(&self, name: &str, role: Role) -> String {
        let mut tokens = TokenServiceClient::new(self.unix().await);
        let request = CreateTokenRequest {
            name: name.into(),
            role: role.into(),
            lifetime: None,
        };
        tokens
            .create_token(request)
            .await
            .unwrap()
            .into_inner()
            .secret
    }

    /// One HTTP/1.1 exchange; everything until the daemon closes.
    async fn http(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.tcp).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A daemon that speaks no HTTP/1.1 may close the connection roughly.
        stream.read_to_end(&mut answer).await.ok();
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn end(self) {
        self.stop.send(true).unwrap();
        self.ended.await.unwrap().unwrap();
    }
}

fn with_token<T>(message: T, secret: &str) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {secret}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

fn check() -> CheckCardRequest {
    CheckCardRequest {
        card: Some(BlockedCard {
            card: Some(blocked_card::Card::CardNumber("1000751012345678".into())),
        }),
    }
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

#[tokio::test]
async fn tcp_asks_for_a_token_and_the_token_says_what_is_open() {
    let daemon = Running::start(&[]).await;
    let mut blacklist = BlacklistServiceClient::new(daemon.tcp().await);
    let mut readers = ReaderServiceClient::new(daemon.tcp().await);

    let none = blacklist.check_card(check()).await.unwrap_err();
    assert_eq!(none.code(), Code::Unauthenticated);
    let wrong = with_token(check(), &"0".repeat(64));
    let wrong = blacklist.check_card(wrong).await.unwrap_err();
    assert_eq!(reason(&wrong), "NOT_AUTHENTICATED");

    let secret = daemon.token("gate-1", Role::Verifier).await;
    let answer = blacklist.check_card(with_token(check(), &secret)).await;
    assert!(!answer.unwrap().into_inner().blocked);
    let beyond = with_token(ListReadersRequest {}, &secret);
    let beyond = readers.list_readers(beyond).await.unwrap_err();
    assert_eq!(reason(&beyond), "NOT_PERMITTED");
    daemon.end().await;
}

#[tokio::test]
async fn a_verifier_gets_a_verdict_and_nothing_of_the_card() {
    let daemon = Running::start(&[]).await;
    let card = InsertCardRequest {
        slot: 0,
        description: "kind = \"transit-cpu\"".into(),
    };
    let mut simulator = SimulatorServiceClient::new(daemon.unix().await);
    simulator.insert_card(card).await.unwrap();
    let question = VerifyCardRequest {
        card: Some(verify_card_request::Card::InReader(CardInReader {
            reader: String::new(),
            wait: Some(Duration::from_secs(10).try_into().unwrap()),
        })),
        minimum_assurance: 0,
    };
    let callers = [("gate", Role::Verifier, false), ("desk", Role::Clerk, true)];
    for (name, role, may_read) in callers {
        let secret = daemon.token(name, role).await;
        let mut issuance = IssuanceServiceClient::new(daemon.tcp().await);
        let asked = with_token(question.clone(), &secret);
        let answer = issuance.verify_card(asked).await.unwrap().into_inner();
        assert_eq!(answer.verdict(), Verdict::NotIssued, "{role:?}");
        assert_eq!(answer.reading.is_some(), may_read, "{role:?}");
    }
    daemon.end().await;
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once() {
    let daemon = Running::start(&[]).await;
    let secret = daemon.token("gate-1", Role::Verifier).await;
    let clerk = daemon.token("desk-2", Role::Clerk).await;
    let mut readers = ReaderServiceClient::new(daemon.tcp().await);
    let watch = with_token(WatchTapsRequest::default(), &clerk);
    let mut taps = readers.watch_taps(watch).await.unwrap().into_inner();
    let mut tokens = TokenServiceClient::new(daemon.unix().await);
    let listed = tokens.list_tokens(ListTokensRequest {}).await.unwrap();
    assert_eq!(listed.into_inner().tokens.len(), 2);

    for name in ["gate-1", "desk-2"] {
        let name = name.into();
        let revoked = tokens.revoke_token(RevokeTokenRequest { name }).await;
        revoked.unwrap();
    }

    let mut blacklist = BlacklistServiceClient::new(daemon.tcp().await);
    let refused = blacklist.check_card(with_token(check(), &secret)).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
    let end = taps.next().await.unwrap().unwrap_err();
    assert_eq!(end.code(), Code::Unauthenticated, "open streams end too");
    daemon.end().await;
}

#[tokio::test]
async fn a_token_counts_on_the_unix_socket_too() {
    let daemon = Running::start(&[]).await;
    let secret = daemon.token("gate-1", Role::Verifier).await;
    let mut tokens = TokenServiceClient::new(daemon.unix().await);

    let refused = tokens
        .list_tokens(with_token(ListTokensRequest {}, &secret))
        .await;

    assert_eq!(reason(&refused.unwrap_err()), "NOT_PERMITTED");
    daemon.end().await;
}

const WEB_CALL: &str = "/xueka.v1.ReaderService/ListReaders";

fn preflight(origin: &str) -> String {
    format!(
        "OPTIONS {WEB_CALL} HTTP/1.1\r\nhost: daemon\r\norigin: {origin}\r\n\
         access-control-request-method: POST\r\n\
         access-control-request-headers: content-type,x-grpc-web,authorization\r\n\
         connection: close\r\n\r\n"
    )
}

/// An empty message in a gRPC-Web text frame.
fn web_call(origin: &str, secret: &str) -> String {
    format!(
        "POST {WEB_CALL} HTTP/1.1\r\nhost: daemon\r\norigin: {origin}\r\n\
         content-type: application/grpc-web-text\r\nx-grpc-web: 1\r\n\
         authorization: Bearer {secret}\r\nconnection: close\r\n\
         content-length: 8\r\n\r\nAAAAAAA="
    )
}

#[tokio::test]
async fn browsers_are_let_in_from_listed_origins_only() {
    let daemon = Running::start(&["https://desk.example"]).await;
    let secret = daemon.token("desk-page", Role::Clerk).await;
    let allowed = "access-control-allow-origin: https://desk.example";

    let preflighted = daemon.http(&preflight("https://desk.example")).await;
    assert!(preflighted.contains(allowed), "{preflighted}");
    let called = daemon
        .http(&web_call("https://desk.example", &secret))
        .await;
    assert!(called.starts_with("HTTP/1.1 200"), "{called}");
    assert!(called.contains(allowed), "{called}");

    for stranger in ["https://evil.example", "https://desk.example.evil", "null"] {
        let answer = daemon.http(&preflight(stranger)).await;
        assert!(!answer.contains("access-control-allow-origin"), "{answer}");
        let call = daemon.http(&web_call(stranger, &secret)).await;
        assert!(
            call.contains("grpc-status: 7"),
            "not even with a token: {call}"
        );
    }
    daemon.end().await;
}

#[tokio::test]
async fn browsers_are_kept_out_when_no_origin_is_listed() {
    let daemon = Running::start(&[]).await;
    let secret = daemon.token("desk-page", Role::Clerk).await;

    let answer = daemon
        .http(&web_call("https://desk.example", &secret))
        .await;

    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    daemon.end().await;
}

#[tokio::test]
async fn an_open_stream_ends_with_the_daemon() {
    let daemon = Running::start(&[]).await;
    let mut readers = ReaderServiceClient::new(daemon.unix().await);
    let taps = readers.watch_taps(WatchTapsRequest::default()).await;
    let mut taps = taps.unwrap().into_inner();

    let end = tokio::time::timeout(Duration::from_secs(5), daemon.end());

    end.await.expect("the daemon ends though somebody listens");
    while let Some(Ok(_)) = taps.next().await {}
}

#[tokio::test]
async fn the_simulator_service_exists_only_when_simulating() {
    let daemon = Running::start(&[]).await;
    let mut simulator = SimulatorServiceClient::new(daemon.unix().await);
    let slots = simulator
        .list_slots(xueka_api::v1::ListSlotsRequest {})
        .await;
    assert_eq!(slots.unwrap().into_inner().slots.len(), 1);
    daemon.end().await;

    let daemon = Running::start_with(&[], Simulation::default()).await;
    let mut simulator = SimulatorServiceClient::new(daemon.unix().await);
    let slots = simulator
        .list_slots(xueka_api::v1::ListSlotsRequest {})
        .await;
    assert_eq!(slots.unwrap_err().code(), Code::Unimplemented);
    daemon.end().await;
}
