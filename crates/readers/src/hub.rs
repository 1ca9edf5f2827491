//! What is known of all readers at this moment.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::watch, time::timeout_at};
use xueka_domain::CardIdentity;
use xueka_transport::{ReaderName, ReaderSnapshot, SourceError};

use crate::{
    MissingReader, ReaderError, ReaderList, ReaderSettings, SourceState, TapChange, random,
    station::{Address, Common, Station},
    sync::lock,
    taps::TapLog,
    who::is_left_out,
};

/// All stations and the state of their source. The watcher writes it; everyone
/// reads it.
pub(crate) struct Hub {
    common: Arc<Common>,
    board: Mutex<Board>,
}

struct Board {
    source: Source,
    /// The uptime at which the source was asked what it has not answered yet.
    asked: Option<Duration>,
    stations: BTreeMap<ReaderName, Arc<Station>>,
    /// The expected readers that nobody sees.
    absent: BTreeMap<String, Absence>,
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

/// An expected reader that nobody sees.
struct Absence {
    /// Since this uptime.
    since: Duration,
    /// The same, by the clock of events.
    since_time: Timestamp,
    is_reported: bool,
}

impl Hub {
    /// How long a call waits for the source's first answer and for readers to
    /// say which ones they are. Both come at once unless something hangs.
    const FIRST_ANSWER: Duration = Duration::from_secs(1);
    /// How long the source may take to answer before it counts as stalled.
    const PATIENCE: Duration = Duration::from_secs(5);

    pub(crate) fn new(mut settings: ReaderSettings) -> Self {
        settings.profile = settings.profile.with_randomness(random::of_system);
        let taps = TapLog::new(settings.n_kept_events, settings.clock);
        Self {
            common: Arc::new(Common {
                settings,
                taps: Arc::new(taps),
                bell: watch::Sender::new(()),
            }),
            board: Mutex::new(Board {
                source: Source::Unasked,
                asked: None,
                stations: BTreeMap::new(),
                absent: BTreeMap::new(),
            }),
        }
    }

    /// What all stations share.
    pub(crate) fn common(&self) -> &Arc<Common> {
        &self.common
    }

    /// The source is asked what happens, and answers with one of the next
    /// three.
    pub(crate) fn ask(&self) {
        lock(&self.board).asked = Some((self.common.settings.uptime)());
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
        board.asked = None;
        let settings = &self.common.settings;
        let is_watched = |snapshot: &&ReaderSnapshot| !is_left_out(&snapshot.name, settings);
        board.stations.retain(|name, station| {
            let is_listed = snapshots.iter().any(|snapshot| snapshot.name == *name);
            if !is_listed {
                tracing::info!(reader = %name, "reader detached");
                station.close(&ReaderError::Gone);
            }
            // One whose thread ended by itself gets a new one below.
            is_listed && !station.is_closed()
        });
        for snapshot in snapshots.iter().filter(is_watched) {
            if let Some(station) = board.stations.get(&snapshot.name) {
                station.observe(snapshot);
            } else if let Some(station) = attach(snapshot) {
                board.stations.insert(snapshot.name.clone(), station);
            }
        }
        drop(board);
        self.common.bell.send_replace(());
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
        board.asked = None;
        // Who is missing is known when the list is; until then time does not
        // count against anybody.
        board.absent.clear();
        for station in std::mem::take(&mut board.stations).into_values() {
            station.close(&error);
        }
        drop(board);
        self.common.bell.send_replace(());
    }

    /// Ends all stations and all listeners, for good.
    pub(crate) fn stop(&self) {
        let mut board = lock(&self.board);
        board.source = Source::Stopped;
        for station in std::mem::take(&mut board.stations).into_values() {
            station.close(&ReaderError::Stopped);
        }
        drop(board);
        self.common.taps.end();
        self.common.bell.send_replace(());
    }

    /// The wait for the source took this much longer than it may: the machine
    /// slept, or the service stood still. Cards that were powered then may have
    /// lost their power.
    pub(crate) fn doubt(&self, stood_still: Duration) {
        let seconds = stood_still.as_secs();
        tracing::warn!(
            seconds,
            "the machine slept or the smart-card service stood still"
        );
        for station in lock(&self.board).stations.values() {
            station.doubt();
        }
    }

    /// Reports expected readers that have been missing for too long.
    pub(crate) fn look_for_missing(&self) {
        let Common {
            settings,
            taps,
            bell,
        } = &*self.common;
        let now = (settings.uptime)();
        let board = &mut *lock(&self.board);
        let Source::Ready = board.source else { return };
        let attached: Vec<_> = board
            .stations
            .values()
            .filter_map(|it| it.alias())
            .collect();
        for expected in settings.desk_readers.iter().filter(|it| it.is_expected) {
            let alias = &expected.alias;
            if attached.iter().any(|it| **it == **alias) {
                if board.absent.remove(alias).is_some_and(|it| it.is_reported) {
                    tracing::info!(alias, "the missing reader is back");
                    bell.send_replace(());
                }
                continue;
            }
            let absence = board
                .absent
                .entry(alias.clone())
                .or_insert_with(|| Absence {
                    since: now,
                    since_time: (settings.clock)(),
                    is_reported: false,
                });
            let is_long = now.saturating_sub(absence.since) >= MissingReader::PATIENCE;
            if is_long && !absence.is_reported {
                absence.is_reported = true;
                tracing::warn!(
                    alias,
                    "an expected reader is missing: plug it in, or into the socket it is bound to; \
                     if it is plugged in, pull it out for ten seconds"
                );
                taps.publish(None, Some(&alias.as_str().into()), TapChange::Missing);
                bell.send_replace(());
            }
        }
    }

    /// What is known of all readers.
    pub(crate) fn list(&self) -> ReaderList {
        let board = lock(&self.board);
        let expected = self.common.settings.desk_readers.iter();
        let missing = expected.filter_map(|reader| {
            let absence = board.absent.get(&reader.alias)?;
            absence.is_reported.then(|| MissingReader {
                alias: reader.alias.as_str().into(),
                since: absence.since_time,
            })
        });
        let now = (self.common.settings.uptime)();
        let waits = |asked| now.saturating_sub(asked) > Self::PATIENCE;
        let is_stalled = board.asked.is_some_and(waits);
        ReaderList {
            readers: board.stations.values().map(|it| it.info()).collect(),
            missing: missing.collect(),
            source: match &board.source {
                _ if is_stalled => SourceState::Stalled,
                Source::Ready => SourceState::Ready,
                Source::Lost(state, _) => *state,
                Source::Unasked | Source::Stopped => SourceState::NoService,
            },
        }
    }

    /// What the configuration calls a reader.
    pub(crate) fn alias(&self, name: &ReaderName) -> Option<Arc<str>> {
        lock(&self.board).stations.get(name)?.alias()
    }

    /// The reader that is found by this now.
    pub(crate) fn find(&self, address: &Address) -> Option<Arc<Station>> {
        let board = lock(&self.board);
        board.named(address.as_str()).ok()
    }

    /// The readers but one whose card is, as far as listeners know, this one.
    pub(crate) fn others_showing(&self, but: &ReaderName, card: &CardIdentity) -> Vec<ReaderName> {
        let board = lock(&self.board);
        let others = board.stations.values();
        others
            .filter(|station| station.name() != but && station.shows(card))
            .map(|station| station.name().clone())
            .collect()
    }

    /// The reader of this name or alias, or the only one, as far as is known
    /// now.
    pub(crate) fn choose_now(&self, name: Option<&str>) -> Result<Arc<Station>, ReaderError> {
        lock(&self.board).choose(name, &self.common.settings)
    }

    /// The reader of this name or alias, or the only one.
    pub(crate) async fn choose(&self, name: Option<&str>) -> Result<Arc<Station>, ReaderError> {
        let deadline = tokio::time::Instant::now() + Self::FIRST_ANSWER;
        let mut bell = self.common.bell.subscribe();
        loop {
            let chosen = {
                let board = lock(&self.board);
                let chosen = board.choose(name, &self.common.settings);
                if chosen.is_ok() || board.is_settled() {
                    return chosen;
                }
                chosen
            };
            if timeout_at(deadline, bell.changed()).await.is_err() {
                return chosen;
            }
        }
    }
}

impl Board {
    /// Whether all is known that will be: the source has answered, and every
    /// reader was asked which one it is.
    fn is_settled(&self) -> bool {
        let mut stations = self.stations.values();
        !matches!(self.source, Source::Unasked) && stations.all(|it| it.is_introduced())
    }

    fn choose(
        &self,
        name: Option<&str>,
        settings: &ReaderSettings,
    ) -> Result<Arc<Station>, ReaderError> {
        match &self.source {
            Source::Ready => {}
            Source::Unasked => return Err(ReaderError::ServiceUnavailable),
            Source::Lost(_, error) => return Err(error.clone()),
            Source::Stopped => return Err(ReaderError::Stopped),
        }
        let Some(name) = name else {
            let mut stations = self.stations.values();
            return match self.stations.len() {
                0 | 1 => stations.next().cloned().ok_or(ReaderError::NoReader),
                _ => Err(ReaderError::Ambiguous {
                    names: self.stations.keys().cloned().collect(),
                }),
            };
        };
        let is_alias = settings.desk_readers.iter().any(|it| it.alias == name);
        match self.named(name) {
            Ok(station) => Ok(station),
            Err(names) if names.is_empty() && is_alias => Err(ReaderError::AliasMissing {
                alias: name.to_owned(),
            }),
            Err(names) if names.is_empty() => Err(ReaderError::NotFound {
                name: name.to_owned(),
            }),
            Err(names) => Err(ReaderError::AliasAmbiguous {
                alias: name.to_owned(),
                names,
            }),
        }
    }

    /// The reader of this name, or else the only one of this alias; otherwise
    /// all of this alias.
    fn named(&self, name: &str) -> Result<Arc<Station>, Vec<ReaderName>> {
        let mut stations = self.stations.values();
        if let Some(station) = stations.find(|it| it.name().as_str() == name) {
            return Ok(Arc::clone(station));
        }
        let has_alias = |it: &&Arc<Station>| it.alias().is_some_and(|alias| *alias == *name);
        let found: Vec<_> = self.stations.values().filter(has_alias).collect();
        match found.as_slice() {
            [only] => Ok(Arc::clone(only)),
            several => Err(several.iter().map(|it| it.name().clone()).collect()),
        }
    }
}
