//! What is known of all readers at this moment.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::sync::watch;
use xueka_transport::{ReaderName, ReaderSnapshot, SourceError};

use crate::{
    ReaderError, ReaderInfo, ReaderList, ReaderSettings, SourceState, station::Station, sync::lock,
    taps::TapLog,
};

/// All stations and the state of their source. The watcher writes it; everyone
/// reads it.
pub(crate) struct Hub {
    pub(crate) settings: ReaderSettings,
    pub(crate) taps: Arc<TapLog>,
    board: Mutex<Board>,
    /// Whether the source has answered at all.
    has_answered: watch::Sender<bool>,
}

struct Board {
    source: Source,
    stations: BTreeMap<ReaderName, Arc<Station>>,
}

/// What became of the source.
enum Source {
    /// It has not answered yet.
    Unasked,
    /// It offers readers.
    Ready,
    /// It offers none just now.
    Lost(SourceState, ReaderError),
    /// It will not be asked again.
    Stopped,
}

impl Hub {
    /// How long a call waits for the source's first answer, which comes at
    /// once unless the service hangs.
    const FIRST_ANSWER: Duration = Duration::from_secs(1);

    pub(crate) fn new(settings: ReaderSettings) -> Self {
        let taps = TapLog::new(settings.n_kept_events, settings.clock);
        Self {
            settings,
            taps: Arc::new(taps),
            board: Mutex::new(Board {
                source: Source::Unasked,
                stations: BTreeMap::new(),
            }),
            has_answered: watch::Sender::new(false),
        }
    }

    /// Takes in an answer of the source; `attach` makes the station of a
    /// reader that is new, and starts its thread.
    pub(crate) fn observe(
        &self,
        snapshots: &[ReaderSnapshot],
        mut attach: impl FnMut(&ReaderSnapshot) -> Option<Arc<Station>>,
    ) {
        let mut board = lock(&self.board);
        match board.source {
            Source::Stopped => return,
            Source::Ready => {}
            Source::Unasked | Source::Lost(..) => tracing::info!("watching readers"),
        }
        board.source = Source::Ready;
        board.stations.retain(|name, station| {
            let is_listed = snapshots.iter().any(|snapshot| snapshot.name == *name);
            if !is_listed {
                tracing::info!(reader = %name, "reader detached");
                station.close(&ReaderError::Gone);
            }
            // One whose thread ended by itself gets a new one below.
            is_listed && !station.is_closed()
        });
        for snapshot in snapshots {
            if let Some(station) = board.stations.get(&snapshot.name) {
                station.observe(snapshot);
            } else if let Some(station) = attach(snapshot) {
                tracing::info!(reader = %snapshot.name, "reader attached");
                board.stations.insert(snapshot.name.clone(), station);
            }
        }
        drop(board);
        self.has_answered.send_replace(true);
    }

    /// The source offers no readers just now: all are detached.
    pub(crate) fn lose(&self, error: SourceError) {
        let state = SourceState::from(&error);
        let mut board = lock(&self.board);
        match &board.source {
            Source::Stopped => return,
            Source::Lost(known, _) if *known == state => {}
            _ => tracing::warn!(%error, "no reader can be watched; trying again"),
        }
        let error = ReaderError::from(error);
        board.source = Source::Lost(state, error.clone());
        for station in std::mem::take(&mut board.stations).into_values() {
            station.close(&error);
        }
        drop(board);
        self.has_answered.send_replace(true);
    }

    /// Ends all stations and all listeners, for good.
    pub(crate) fn stop(&self) {
        let mut board = lock(&self.board);
        board.source = Source::Stopped;
        for station in std::mem::take(&mut board.stations).into_values() {
            station.close(&ReaderError::Stopped);
        }
        drop(board);
        self.taps.end();
        self.has_answered.send_replace(true);
    }

    /// What is known of all readers.
    pub(crate) fn list(&self) -> ReaderList {
        let board = lock(&self.board);
        let readers = board.stations.values();
        ReaderList {
            readers: readers
                .map(|station| ReaderInfo {
                    name: station.name().clone(),
                    state: station.state(),
                })
                .collect(),
            source: match &board.source {
                Source::Ready => SourceState::Ready,
                Source::Lost(state, _) => *state,
                Source::Unasked | Source::Stopped => SourceState::NoService,
            },
        }
    }

    /// The reader that has this name now.
    pub(crate) fn find(&self, name: &ReaderName) -> Option<Arc<Station>> {
        lock(&self.board).stations.get(name).cloned()
    }

    /// The reader of this name, or the only one.
    pub(crate) async fn choose(&self, name: Option<&str>) -> Result<Arc<Station>, ReaderError> {
        if !*self.has_answered.borrow() {
            let mut answer = self.has_answered.subscribe();
            let first = answer.wait_for(|has_answered| *has_answered);
            // In vain or not: the board says what is known.
            tokio::time::timeout(Self::FIRST_ANSWER, first).await.ok();
        }
        let board = lock(&self.board);
        match &board.source {
            Source::Ready => {}
            Source::Unasked => return Err(ReaderError::ServiceUnavailable),
            Source::Lost(_, error) => return Err(error.clone()),
            Source::Stopped => return Err(ReaderError::Stopped),
        }
        let mut stations = board.stations.values();
        match (name, stations.len()) {
            (Some(name), _) => stations
                .find(|station| station.name().as_str() == name)
                .cloned()
                .ok_or_else(|| ReaderError::NotFound {
                    name: name.to_owned(),
                }),
            (None, 0 | 1) => stations.next().cloned().ok_or(ReaderError::NoReader),
            (None, _) => Err(ReaderError::Ambiguous {
                names: board.stations.keys().cloned().collect(),
            }),
        }
    }
}
