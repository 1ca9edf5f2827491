//! Serving: the gRPC services on their listeners, until told to stop.

use std::{io, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue, Request, header};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream, UnixListener},
    sync::watch,
    task::JoinSet,
};
use tokio_stream::{
    Stream, StreamExt,
    wrappers::{TcpListenerStream, UnixListenerStream},
};
use tonic::{body::Body, service::Routes, transport::Server};
use tonic_web::GrpcWebLayer;
use tower::{
    layer::util::{Identity, Stack},
    util::MapRequestLayer,
};
use tower_http::cors::{AllowOrigin, CorsLayer};
use xueka_api::v1::{
    blacklist_service_server::BlacklistServiceServer,
    card_making_service_server::CardMakingServiceServer,
    distribution_service_server::DistributionServiceServer,
    exchange_service_server::ExchangeServiceServer,
    inspection_service_server::InspectionServiceServer,
    issuance_service_server::IssuanceServiceServer, number_service_server::NumberServiceServer,
    personalisation_service_server::PersonalisationServiceServer,
    purse_service_server::PurseServiceServer, reader_service_server::ReaderServiceServer,
    recording_service_server::RecordingServiceServer,
    simulator_service_server::SimulatorServiceServer, student_service_server::StudentServiceServer,
    token_service_server::TokenServiceServer,
};
use xueka_desk::Desk;
use xueka_simulator::Simulator;

use crate::{
    config::{SocketRole, WebConfig},
    gate::GateLayer,
    health::ReaderHealth,
    listen::Listeners,
    services::{
        Blacklist, CardMaking, Distribution, Exchanges, Inspections, Issuance, Numbers,
        Personalisation, Purses, Readers, Recordings, Simulation, Students, Tokens,
    },
    whole::whole_request,
};

/// Turns a request into the one that is passed on.
type MapRequest = MapRequestLayer<fn(Request<Body>) -> Request<Body>>;

/// How long calls that are under way may go on after a stop was asked for.
const DRAIN: Duration = Duration::from_secs(2);

/// How long to wait after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(250);

/// One message is never larger; longer lists go by pages and streams.
const MESSAGE_LIMIT: usize = 4 * 1024 * 1024;

/// Why serving ended other than by being told to.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The descriptors of the protocol cannot be reflected.
    #[error("the protocol's descriptors are damaged: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// A listener failed.
    #[error("a listener failed: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// The task of a listener ended by a panic.
    #[error("a listener died: {0}")]
    Died(#[from] tokio::task::JoinError),
}

/// What is served.
pub struct Served {
    /// The use cases behind the services.
    pub desk: Arc<Desk>,
    /// The simulator, when there is one.
    pub simulator: Option<Simulator>,
    /// Whether all readers are the simulator's own.
    pub readers_are_simulated: bool,
    /// What callers on the Unix socket may do.
    pub socket_role: SocketRole,
    /// Who may call from a browser.
    pub web: WebConfig,
    /// The aliases of the readers that are to be there.
    pub expected_readers: Arc<[String]>,
}

/// Serves until `shutdown` becomes true, then lets calls under way end, for
/// at most two seconds.
///
/// # Errors
///
/// [`ServeError`] when serving cannot begin or a listener fails for good.
pub async fn run(
    listeners: Listeners,
    served: Served,
    mut shutdown: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let routes = routes(&served, &shutdown).await?;
    let gate = GateLayer::new(
        Arc::clone(&served.desk),
        served.socket_role,
        &served.web.origins,
    );
    let mut servers = JoinSet::new();
    let stop = stopped(shutdown.clone());
    servers.spawn(serve_unix(
        listeners.unix,
        routes.clone(),
        gate.clone(),
        stop,
    ));
    if let Some(tcp) = listeners.tcp {
        let stop = stopped(shutdown.clone());
        match cors(&served.web) {
            None => servers.spawn(serve_tcp(tcp, routes, gate, stop)),
            Some(cors) => servers.spawn(serve_web(tcp, routes, gate, cors, stop)),
        };
    }
    tokio::select! {
        _ = shutdown.wait_for(|stop| *stop) => {}
        Some(ended) = servers.join_next() => return ended?.map_err(Into::into),
    }
    let drained = async { while servers.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!("some calls did not end in time and are cut off");
    }
    Ok(())
}

/// Ends when a stop is asked for, or when nobody is left who could ask.
async fn stopped(mut shutdown: watch::Receiver<bool>) {
    shutdown.wait_for(|stop| *stop).await.ok();
}

async fn routes(
    served: &Served,
    shutdown: &watch::Receiver<bool>,
) -> Result<Routes, tonic_reflection::server::Error> {
    let desk = &served.desk;
    let (health, health_service) = tonic_health::server::health_reporter();
    let readers = Readers::new(
        Arc::clone(desk),
        served.readers_are_simulated,
        shutdown.clone(),
    );
    let readers = ReaderServiceServer::new(readers);
    let issuance = IssuanceServiceServer::new(Issuance::new(Arc::clone(desk)))
        .max_decoding_message_size(MESSAGE_LIMIT);
    let blacklist = BlacklistServiceServer::new(Blacklist::new(Arc::clone(desk)))
        .max_decoding_message_size(MESSAGE_LIMIT);
    let distribution = Distribution::new(Arc::clone(desk), shutdown.clone());
    let distribution = DistributionServiceServer::new(distribution);
    let numbers = NumberServiceServer::new(Numbers::new(Arc::clone(desk)));
    let students = StudentServiceServer::new(Students::new(Arc::clone(desk)))
        .max_decoding_message_size(MESSAGE_LIMIT);
    let making = CardMakingServiceServer::new(CardMaking::new(Arc::clone(desk)))
        .max_decoding_message_size(MESSAGE_LIMIT);
    let tokens = TokenServiceServer::new(Tokens::new(Arc::clone(desk)));
    let inspections = InspectionServiceServer::new(Inspections::new(Arc::clone(desk)));
    let personalisation = PersonalisationServiceServer::new(Personalisation::new(Arc::clone(desk)));
    let exchanges = ExchangeServiceServer::new(Exchanges::new(Arc::clone(desk)));
    let purses = PurseServiceServer::new(Purses::new(Arc::clone(desk)));
    let recordings = RecordingServiceServer::new(Recordings::new(Arc::clone(desk)));
    let reader_health = ReaderHealth::report(desk, &served.expected_readers, &health).await;
    tokio::spawn(reader_health.follow(shutdown.clone()));
    health
        .set_serving::<IssuanceServiceServer<Issuance>>()
        .await;
    health
        .set_serving::<BlacklistServiceServer<Blacklist>>()
        .await;
    health
        .set_serving::<DistributionServiceServer<Distribution>>()
        .await;
    health.set_serving::<NumberServiceServer<Numbers>>().await;
    health.set_serving::<StudentServiceServer<Students>>().await;
    health
        .set_serving::<CardMakingServiceServer<CardMaking>>()
        .await;
    health.set_serving::<TokenServiceServer<Tokens>>().await;
    health
        .set_serving::<PersonalisationServiceServer<Personalisation>>()
        .await;
    let mut routes = Routes::new(readers)
        .add_service(issuance)
        .add_service(blacklist)
        .add_service(distribution)
        .add_service(numbers)
        .add_service(students)
        .add_service(making)
        .add_service(tokens)
        .add_service(purses)
        .add_service(recordings)
        .add_service(inspections)
        .add_service(personalisation)
        .add_service(exchanges)
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    if let Some(simulator) = &served.simulator {
        let simulation = Simulation::new(simulator.clone());
        health
            .set_serving::<SimulatorServiceServer<Simulation>>()
            .await;
        routes = routes.add_service(SimulatorServiceServer::new(simulation));
    }
    Ok(routes.prepare())
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(xueka_api::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// What holds on every connection: its limits, and that a request which breaks
/// off has not ended.
fn server() -> Server<Stack<MapRequest, Identity>> {
    Server::builder()
        .max_concurrent_streams(256)
        .http2_max_header_list_size(16 * 1024)
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .layer(MapRequestLayer::new(whole_request as fn(_) -> _))
}

async fn serve_unix(
    listener: UnixListener,
    routes: Routes,
    gate: GateLayer,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), tonic::transport::Error> {
    let incoming = paced(UnixListenerStream::new(listener));
    server()
        .layer(gate)
        .serve_with_incoming_shutdown(routes, incoming, stop)
        .await
}

async fn serve_tcp(
    listener: TcpListener,
    routes: Routes,
    gate: GateLayer,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), tonic::transport::Error> {
    let incoming = paced(TcpListenerStream::new(listener)).map(without_delay);
    server()
        .layer(gate)
        .serve_with_incoming_shutdown(routes, incoming, stop)
        .await
}

async fn serve_web(
    listener: TcpListener,
    routes: Routes,
    gate: GateLayer,
    cors: CorsLayer,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), tonic::transport::Error> {
    let incoming = paced(TcpListenerStream::new(listener)).map(without_delay);
    server()
        .accept_http1(true)
        .layer(cors)
        .layer(GrpcWebLayer::new())
        .layer(gate)
        .serve_with_incoming_shutdown(routes, incoming, stop)
        .await
}

/// Connections as they come, with a pause after each that cannot be taken.
///
/// Without file descriptors the listener fails at once and again, for as long
/// as somebody knocks; calls on the connections that are open must not have to
/// share the processor with that.
fn paced<C>(incoming: impl Stream<Item = io::Result<C>>) -> impl Stream<Item = io::Result<C>> {
    incoming.then(|taken| async move {
        if let Err(error) = &taken {
            tracing::warn!(%error, "a connection could not be taken");
            tokio::time::sleep(PAUSE).await;
        }
        taken
    })
}

/// Small answers leave at once: tonic sets this only on sockets it opened.
fn without_delay(stream: io::Result<TcpStream>) -> io::Result<TcpStream> {
    let stream = stream?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Which pages of other origins may call; `None` when gRPC-Web is off.
fn cors(web: &WebConfig) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = web
        .origins
        .iter()
        .filter_map(|origin| origin.parse().ok())
        .collect();
    if origins.is_empty() {
        return None;
    }
    let names = |list: &[&'static str]| -> Vec<HeaderName> {
        list.iter()
            .map(|name| HeaderName::from_static(name))
            .collect()
    };
    let allowed = names(&["x-grpc-web", "x-user-agent", "grpc-timeout"]);
    let exposed = names(&["grpc-status", "grpc-message", "grpc-status-details-bin"]);
    Some(
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods([http::Method::POST])
            .allow_headers(
                [
                    header::CONTENT_TYPE,
                    header::AUTHORIZATION,
                    header::ACCEPT_LANGUAGE,
                ]
                .into_iter()
                .chain(allowed)
                .collect::<Vec<_>>(),
            )
            .expose_headers(exposed),
    )
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn a_listener_that_fails_does_not_spin() {
        let exhausted = io::Error::from(rustix::io::Errno::MFILE);
        let incoming = tokio_stream::iter([Ok(1), Ok(2), Err(exhausted), Ok(3)]);
        let mut incoming = pin!(paced(incoming));
        // Asks once and does not wait.
        let mut ready = async || tokio::time::timeout(Duration::ZERO, incoming.next()).await;

        assert!(matches!(ready().await, Ok(Some(Ok(1)))));
        assert!(matches!(ready().await, Ok(Some(Ok(2)))));
        assert!(ready().await.is_err(), "there is a pause");
    }
}
