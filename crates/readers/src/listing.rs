//! What is known of readers without talking to a card.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use xueka_transport::{ReaderIdentity, ReaderName, SourceError};

/// All readers, and whether readers can be seen at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderList {
    /// The readers, sorted by name; empty while the source is not
    /// [`Ready`](SourceState::Ready).
    pub readers: Vec<ReaderInfo>,
    /// The expected readers that are missing, in the order of the
    /// configuration; empty while the source is not
    /// [`Ready`](SourceState::Ready).
    pub missing: Vec<MissingReader>,
    /// Whether readers can be seen.
    pub source: SourceState,
}

/// A reader that the configuration expects and nobody sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingReader {
    /// What the configuration calls it.
    pub alias: Arc<str>,
    /// When it was first found missing, since readers can be seen.
    pub since: Timestamp,
}

impl MissingReader {
    /// How long a reader may be away before it counts as missing: longer than
    /// replugging it takes. Only time in which readers can be seen counts.
    pub const PATIENCE: Duration = Duration::from_secs(10);
}

/// One reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderInfo {
    /// Its name.
    pub name: ReaderName,
    /// What the configuration calls it, if it does.
    pub alias: Option<Arc<str>>,
    /// What it tells of itself; empty until it was asked.
    pub identity: ReaderIdentity,
    /// The [`key`](crate::ReaderModel::key) of its model.
    pub model: &'static str,
    /// Whether it can show signals.
    pub has_signals: bool,
    /// How many signals have failed since it was attached.
    pub n_failed_signals: u64,
    /// What it is doing.
    pub state: ReaderState,
}

/// What a reader is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReaderState {
    /// The field is empty.
    Empty,
    /// A card is in the field.
    CardPresent,
    /// A card is in the field and does not answer.
    CardMute,
    /// An exchange has lasted longer than it may; the reader serves nobody
    /// until it ends.
    ///
    /// Another program that keeps a transaction open looks the same: nothing
    /// tells from outside what the exchange waits for.
    Stalled,
    /// One exchange after the other failed although a card stays listed. It is
    /// tried again when asked; what helps is to unplug it for a while.
    Wedged,
}

/// Whether readers can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceState {
    /// They can.
    Ready,
    /// The service is not running, or was not reached yet; it is asked again
    /// at least every second.
    NoService,
    /// The service refuses this user; it is asked again all the same.
    NotPermitted,
    /// The service does not work; it is asked again all the same.
    Failed,
    /// The service has not answered for five seconds. Nothing but its end or
    /// its answer ends that.
    Stalled,
}

impl From<&SourceError> for SourceState {
    fn from(error: &SourceError) -> Self {
        match error {
            SourceError::NoService => Self::NoService,
            SourceError::NotPermitted => Self::NotPermitted,
            _ => Self::Failed,
        }
    }
}
