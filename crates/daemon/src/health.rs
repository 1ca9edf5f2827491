//! What the health service of gRPC says of the others.
//!
//! The daemon as a whole (the empty name) serves as long as it runs: nothing
//! that is wrong with readers ends with its restart. Of the services those that
//! need a reader serve while readers can be seen at all; one that is missing does
//! not keep clients from the others, so each reader that is expected has a name of
//! its own, `xueka.v1.ReaderService/<alias>`.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::watch;
use tonic_health::{ServingStatus, server::HealthReporter};
use xueka_api::v1::{
    exchange_service_server, inspection_service_server, purse_service_server,
    reader_service_server, recording_service_server,
};
use xueka_desk::Desk;
use xueka_readers::{ReaderList, ReaderState, SourceState};

/// The services that can do nothing without a reader.
const WITH_READERS: [&str; 5] = [
    reader_service_server::SERVICE_NAME,
    inspection_service_server::SERVICE_NAME,
    purse_service_server::SERVICE_NAME,
    recording_service_server::SERVICE_NAME,
    exchange_service_server::SERVICE_NAME,
];

/// How long a change that nobody tells of, such as the beginning of a stall, goes
/// unnoticed.
const PAUSE: Duration = Duration::from_secs(1);

/// What is reported of the readers.
pub(crate) struct ReaderHealth {
    desk: Arc<Desk>,
    expected: Arc<[String]>,
    health: HealthReporter,
    reported: BTreeMap<String, ServingStatus>,
}

impl ReaderHealth {
    /// Reports how the readers are. `expected` are the aliases of those that are
    /// to be there.
    pub(crate) async fn report(
        desk: &Arc<Desk>,
        expected: &Arc<[String]>,
        health: &HealthReporter,
    ) -> Self {
        let mut readers = Self {
            desk: Arc::clone(desk),
            expected: Arc::clone(expected),
            health: health.clone(),
            reported: BTreeMap::new(),
        };
        readers.report_changes().await;
        readers
    }

    /// Reports what becomes of them until `shutdown` becomes true.
    pub(crate) async fn follow(mut self, mut shutdown: watch::Receiver<bool>) {
        let mut bell = self.desk.reader_changes();
        loop {
            self.report_changes().await;
            tokio::select! {
                _ = shutdown.wait_for(|stop| *stop) => return,
                rung = bell.changed() => if rung.is_err() { return },
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Whoever watches is told of changes alone.
    async fn report_changes(&mut self) {
        for (service, status) in statuses(&self.desk.readers(), &self.expected) {
            if self.reported.insert(service.clone(), status) != Some(status) {
                self.health.set_service_status(service, status).await;
            }
        }
    }
}

fn statuses(list: &ReaderList, expected: &[String]) -> BTreeMap<String, ServingStatus> {
    let are_seen = list.source == SourceState::Ready;
    let services = WITH_READERS.map(|service| (service.to_owned(), serving_if(are_seen)));
    let readers = expected.iter().map(|alias| {
        let can_serve = are_seen && can_serve(list, alias);
        (name_of(alias), serving_if(can_serve))
    });
    services.into_iter().chain(readers).collect()
}

/// Whether a call that names this reader would be served.
fn can_serve(list: &ReaderList, alias: &str) -> bool {
    let mut named = list
        .readers
        .iter()
        .filter(|it| it.alias.as_deref() == Some(alias));
    // An alias that fits several readers is nobody's.
    match (named.next(), named.next()) {
        (Some(only), None) => !matches!(only.state, ReaderState::Stalled | ReaderState::Wedged),
        _ => false,
    }
}

fn serving_if(can_serve: bool) -> ServingStatus {
    if can_serve {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    }
}

fn name_of(alias: &str) -> String {
    format!("{}/{alias}", reader_service_server::SERVICE_NAME)
}

#[cfg(test)]
mod tests {
    use tonic::Request;
    use tonic_health::{
        pb::{HealthCheckRequest, health_server::Health},
        server::HealthService,
    };
    use xueka_desk::{NumberForms, SystemClock};
    use xueka_readers::{DeskReader, ReaderSettings, Readers};
    use xueka_simulator::{ServiceState, Simulator, VirtualReader, VirtualService};

    use super::*;

    const ALIAS: &str = "entry desk";

    struct Checked {
        health: HealthService,
        service: VirtualService,
        stop: watch::Sender<bool>,
        desk: Arc<Desk>,
        _folder: tempfile::TempDir,
    }

    impl Checked {
        async fn begin() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("registry.db");
            let reader = VirtualReader::named("Some Reader 00 00").serial_number("A1");
            let (_, source) = Simulator::with_readers([reader]);
            let service = source.service();
            let desk_reader = DeskReader {
                serial_number: Some("A1".to_owned()),
                ..DeskReader::new(ALIAS)
            };
            let settings = ReaderSettings {
                desk_readers: vec![desk_reader],
                ..ReaderSettings::default()
            };
            let readers = Readers::start(Box::new(source), settings).unwrap();
            let numbers = NumberForms::default();
            let clock = Arc::new(SystemClock);
            let desk = Desk::open(path.to_str().unwrap(), true, readers, clock, numbers).await;
            let desk = Arc::new(desk.unwrap());
            let reporter = HealthReporter::new();
            let health = HealthService::from_health_reporter(reporter.clone());
            let (stop, stopped) = watch::channel(false);
            let expected = [ALIAS.to_owned()].into();
            let readers = ReaderHealth::report(&desk, &expected, &reporter).await;
            tokio::spawn(readers.follow(stopped));
            Self {
                health,
                service,
                stop,
                desk,
                _folder: folder,
            }
        }

        async fn status(&self, service: &str) -> Option<ServingStatus> {
            let request = HealthCheckRequest {
                service: service.to_owned(),
            };
            let answer = self.health.check(Request::new(request)).await.ok()?;
            Some(match answer.into_inner().status {
                1 => ServingStatus::Serving,
                2 => ServingStatus::NotServing,
                _ => ServingStatus::Unknown,
            })
        }

        async fn until(&self, service: &str, status: ServingStatus) {
            let becomes = async {
                while self.status(service).await != Some(status) {
                    tokio::task::yield_now().await;
                }
            };
            let waited = tokio::time::timeout(Duration::from_secs(10), becomes).await;
            assert!(waited.is_ok(), "{service:?} never became {status}");
        }

        async fn end(self) {
            self.stop.send(true).unwrap();
            self.desk.close().await;
        }
    }

    #[tokio::test]
    async fn services_that_need_readers_serve_while_readers_can_be_seen() {
        let checked = Checked::begin().await;
        for service in WITH_READERS {
            checked.until(service, ServingStatus::Serving).await;
        }
        checked.service.set_state(ServiceState::Away);
        for service in WITH_READERS {
            checked.until(service, ServingStatus::NotServing).await;
        }
        let alias = name_of(ALIAS);
        checked.until(&alias, ServingStatus::NotServing).await;
        let daemon = checked.status("").await;
        assert_eq!(daemon, Some(ServingStatus::Serving), "a restart is no cure");

        checked.service.set_state(ServiceState::Running);
        for service in WITH_READERS {
            checked.until(service, ServingStatus::Serving).await;
        }
        checked.until(&alias, ServingStatus::Serving).await;
        checked.end().await;
    }

    #[tokio::test]
    async fn a_reader_that_is_expected_has_a_name_of_its_own() {
        let checked = Checked::begin().await;
        let alias = name_of(ALIAS);
        checked.until(&alias, ServingStatus::Serving).await;
        checked.service.unplug(0).unwrap();
        checked.until(&alias, ServingStatus::NotServing).await;
        let others = checked.status(reader_service_server::SERVICE_NAME).await;
        assert_eq!(others, Some(ServingStatus::Serving), "others can be read");
        assert_eq!(checked.status(&name_of("library")).await, None);
        checked.service.plug_in(0).unwrap();
        checked.until(&alias, ServingStatus::Serving).await;
        checked.end().await;
    }

    #[test]
    fn a_reader_serves_when_it_is_there_alone_and_answers() {
        use xueka_readers::ReaderInfo;
        use xueka_transport::ReaderIdentity;

        let reader = |name: &str, state| ReaderInfo {
            name: name.into(),
            alias: Some(ALIAS.into()),
            identity: ReaderIdentity::default(),
            model: "",
            has_signals: false,
            n_failed_signals: 0,
            state,
        };
        let (empty, stalled) = (ReaderState::Empty, ReaderState::Stalled);
        let wedged = ReaderState::Wedged;
        let cases = [
            (vec![], false, "missing"),
            (vec![reader("a", empty)], true, "there"),
            (vec![reader("a", stalled)], false, "stalled"),
            (vec![reader("a", wedged)], false, "wedged"),
            (
                vec![reader("a", empty), reader("b", empty)],
                false,
                "the alias fits two",
            ),
        ];
        for (readers, can_serve, why) in cases {
            let list = ReaderList {
                readers,
                missing: vec![],
                source: SourceState::Ready,
            };
            let statuses = statuses(&list, &[ALIAS.to_owned()]);
            let is_serving = statuses[&name_of(ALIAS)] == ServingStatus::Serving;
            assert_eq!(is_serving, can_serve, "{why}");
        }
    }
}
