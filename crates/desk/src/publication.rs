//! The blacklist as it is published: signed snapshots, and signed deltas to
//! whoever follows.
//!
//! One task signs: after a change it takes the list as it stands, signs what
//! changed since the last time and keeps that among the latest deltas, for as
//! many subscribers as there are. What is older is put together from the
//! registry's feed for the one who asks.

mod latest;
mod mark_file;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::spawn_blocking,
    time::{Instant, sleep_until},
};
use xueka_blacklist::{Blacklist, Change, Delta, Issue, ListSigner, Mark, Snapshot};
use xueka_registry::{BlacklistEntry, Held, ListReceipt, Registry, Subscriber};

use self::latest::{Latest, Next};
pub use self::mark_file::MarkFileError;
use crate::{Caller, Clock, Desk, DeskError};

/// How the blacklist is published.
#[derive(Debug)]
pub struct PublicationSettings {
    /// Who signs.
    pub signer: ListSigner,
    /// How long after it was made a list may be relied on.
    pub fresh_for: Duration,
    /// Where the largest mark that was published is kept, in a place that is not
    /// part of a backup: by it a registry is known that went back to one.
    pub mark_file: PathBuf,
}

/// The most changes of one delta; whoever missed more gets a snapshot.
const MOST_CHANGES: usize = 65_536;

/// How many versions are read from the feed at a time.
const FEED_PAGE: usize = 1_000;

/// How many may follow the list at a time.
const MOST_SUBSCRIBERS: usize = 1_024;

/// How long a change may take to be published.
const PATIENCE: Duration = Duration::from_secs(5);

/// At the latest after this time the list is signed anew though nothing changed.
const LONGEST_SILENCE: Duration = Duration::from_mins(1);

/// Which snapshot will do in place of a new one.
#[derive(Clone, Copy)]
enum Kept {
    /// One of the list as it is published.
    AsPublished,
    /// One from which deltas at hand lead on.
    ToBeFollowed,
}

/// What is published, and what is known of those who have it.
#[derive(Debug)]
pub(crate) struct Publication {
    signer: ListSigner,
    fresh_for: Duration,
    mark_file: PathBuf,
    epoch: u64,
    latest: Mutex<Latest>,
    /// Rises with everything that is published.
    news: watch::Sender<u64>,
    /// The version at which the blacklist changed last.
    changed: watch::Receiver<u64>,
    /// The last snapshot; held while one is made, so that it is made once.
    snapshot: tokio::sync::Mutex<Option<Arc<SignedPart>>>,
    places: Arc<Semaphore>,
}

/// A snapshot or delta, signed.
#[derive(Debug, PartialEq, Eq)]
pub struct SignedPart {
    /// The version that a delta follows; `None` for a snapshot.
    pub base: Option<u64>,
    /// How far it leads.
    pub mark: Mark,
    /// The bytes, as `docs/blacklist-format.md` says.
    pub bytes: Vec<u8>,
}

/// Which list is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedState {
    /// How far it has come.
    pub mark: Mark,
    /// How many numbers and UIDs have entries.
    pub n_keys: usize,
    /// The fingerprint of the entries.
    pub fingerprint: xueka_blacklist::Fingerprint,
    /// How long after it was made a list may be relied on.
    pub fresh_for: Duration,
    /// The public key of whoever signs.
    pub public_key: [u8; 32],
}

/// A block and who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The block.
    pub entry: BlacklistEntry,
    /// Who has it, since when.
    pub receipts: Vec<ListReceipt>,
}

/// What is known of deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliveries {
    /// How far the published list has come.
    pub mark: Mark,
    /// Everyone who ever acknowledged a version, by name.
    pub subscribers: Vec<Subscriber>,
    /// The blocks, the latest first.
    pub deliveries: Vec<Delivery>,
}

impl Desk {
    /// The same, with a published blacklist; it is not published unless this is
    /// called. Starts the task that signs, which ends with the desk.
    ///
    /// # Errors
    ///
    /// [`DeskError::MarkFile`] when the file with the mark cannot be read or
    /// written.
    pub async fn with_publication(
        mut self,
        settings: PublicationSettings,
    ) -> Result<Self, DeskError> {
        let list = self.index();
        let now = self.clock.now();
        let path = settings.mark_file.clone();
        let version = list.version();
        let opening = spawn_blocking(move || mark_file::open(&path, version, now));
        let epoch = opening.await.map_err(|_| DeskError::Stopped)??;
        let publication = Arc::new(Publication {
            signer: settings.signer,
            fresh_for: settings.fresh_for,
            mark_file: settings.mark_file,
            epoch,
            latest: Mutex::new(Latest::new(list, seconds(now))),
            news: watch::Sender::new(0),
            changed: self.block_news.subscribe(),
            snapshot: tokio::sync::Mutex::default(),
            places: Arc::new(Semaphore::new(MOST_SUBSCRIBERS)),
        });
        tokio::spawn(publish(
            Arc::clone(&publication),
            self.registry.clone(),
            Arc::clone(&self.blacklist),
            Arc::clone(&self.clock),
            self.block_news.subscribe(),
        ));
        self.publication = Some(publication);
        Ok(self)
    }

    fn publication(&self) -> Result<&Arc<Publication>, DeskError> {
        self.publication.as_ref().ok_or(DeskError::NotPublished)
    }

    /// Which list is published.
    ///
    /// # Errors
    ///
    /// [`DeskError::NotPublished`].
    pub fn published_state(&self) -> Result<PublishedState, DeskError> {
        let publication = self.publication()?;
        let latest = publication.latest();
        Ok(PublishedState {
            mark: publication.mark_of(&latest),
            n_keys: latest.list().len(),
            fingerprint: latest.list().fingerprint(),
            fresh_for: publication.fresh_for,
            public_key: publication.signer.public(),
        })
    }

    /// The published list as a signed snapshot, with every block that was
    /// acknowledged before. Those who ask at the same time share one.
    ///
    /// # Errors
    ///
    /// [`DeskError::NotPublished`] and [`DeskError::NotYetPublished`].
    pub async fn blacklist_snapshot(&self) -> Result<Arc<SignedPart>, DeskError> {
        let publication = Arc::clone(self.publication()?);
        publication.settled().await?;
        publication
            .snapshot(self.clock.now(), Kept::AsPublished)
            .await
    }

    /// Follows the published list from what is `held`; ends once everything was
    /// told when `once` is set.
    ///
    /// # Errors
    ///
    /// [`DeskError::NotPublished`] and [`DeskError::TooManySubscribers`].
    pub fn watch_blacklist(
        &self,
        held: Option<Mark>,
        once: bool,
    ) -> Result<BlacklistWatch, DeskError> {
        let publication = Arc::clone(self.publication()?);
        let place = Arc::clone(&publication.places).try_acquire_owned();
        Ok(BlacklistWatch {
            news: publication.news.subscribe(),
            publication,
            registry: self.registry.clone(),
            clock: Arc::clone(&self.clock),
            held,
            queue: Vec::new().into_iter(),
            once,
            is_first: true,
            _place: place.map_err(|_| DeskError::TooManySubscribers)?,
        })
    }

    /// Notes in the ledger that the caller holds a version, and keeps it so that
    /// it outlives a crash.
    ///
    /// # Errors
    ///
    /// [`DeskError::NotPublished`], [`DeskError::NoSuchVersion`] when nothing like
    /// that was published, and [`DeskError::Registry`].
    pub async fn acknowledge_blacklist(
        &self,
        caller: &Caller,
        held: Held,
    ) -> Result<(), DeskError> {
        let mark = self.published_state()?.mark;
        if (held.epoch, held.version) > (mark.epoch, mark.version) {
            return Err(DeskError::NoSuchVersion);
        }
        let stamp = self.stamp(caller);
        Ok(self.registry.acknowledge_list(stamp, held).await?)
    }

    /// Who has which blocks: the one of `key`, or the `limit` that were made last.
    ///
    /// # Errors
    ///
    /// [`DeskError::NotPublished`] and [`DeskError::Registry`].
    pub async fn deliveries(
        &self,
        key: Option<xueka_domain::CardKey>,
        limit: usize,
    ) -> Result<Deliveries, DeskError> {
        let mark = self.published_state()?.mark;
        let entries = match key {
            Some(key) => self.registry.find_block(key).await?.into_iter().collect(),
            None => self.registry.latest_blocks(limit).await?,
        };
        let mut deliveries = Vec::with_capacity(entries.len());
        for entry in entries {
            let held = Held {
                epoch: mark.epoch,
                version: entry.version,
            };
            let receipts = self.registry.list_receipts(held).await?;
            deliveries.push(Delivery { entry, receipts });
        }
        Ok(Deliveries {
            mark,
            subscribers: self.registry.list_subscribers().await?,
            deliveries,
        })
    }
}

impl Publication {
    fn latest(&self) -> std::sync::MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark_of(&self, latest: &Latest) -> Mark {
        Mark {
            epoch: self.epoch,
            version: latest.list().version(),
            made_time: latest.made_time(),
        }
    }

    /// Waits until every change made by now is published, so that nobody is told
    /// after a block that the list without it still stands.
    async fn settled(&self) -> Result<(), DeskError> {
        let wanted = *self.changed.borrow();
        let mut news = self.news.subscribe();
        let is_there = || self.latest().list().version() >= wanted;
        let waiting = async { while !is_there() && news.changed().await.is_ok() {} };
        let in_time = tokio::time::timeout(PATIENCE, waiting).await;
        in_time.map_err(|_| DeskError::NotYetPublished)
    }

    fn issue(&self, now: Timestamp) -> Issue {
        Issue {
            epoch: self.epoch,
            made_time: seconds(now),
            fresh_for: self.fresh_for,
        }
    }

    /// How long the list may go without being signed anew.
    fn silence(&self) -> Duration {
        let quarter = self.fresh_for / 4;
        quarter.clamp(Duration::from_secs(1), LONGEST_SILENCE)
    }

    fn sign(&self, base: u64, changes: &[Change], list: &Blacklist, now: Timestamp) -> SignedPart {
        let issue = self.issue(now);
        SignedPart {
            base: Some(base),
            mark: Mark {
                epoch: self.epoch,
                version: list.version(),
                made_time: issue.made_time,
            },
            bytes: Delta::sign(base, changes, list, &issue, &self.signer),
        }
    }

    /// The snapshot that was made last, when it will do, or one made now.
    async fn snapshot(
        self: Arc<Self>,
        now: Timestamp,
        wanted: Kept,
    ) -> Result<Arc<SignedPart>, DeskError> {
        let mut kept = self.snapshot.lock().await;
        if let Some(snapshot) = kept.as_ref() {
            let age = now.duration_since(snapshot.mark.made_time).unsigned_abs();
            let (next, version) = {
                let latest = self.latest();
                (latest.after(&snapshot.mark), latest.list().version())
            };
            let is_good = match wanted {
                Kept::AsPublished => snapshot.mark.version == version,
                Kept::ToBeFollowed => next != Next::Gone,
            };
            if age < self.silence() && is_good {
                return Ok(Arc::clone(snapshot));
            }
        }
        let list = Arc::clone(self.latest().list());
        let publication = Arc::clone(&self);
        let making = spawn_blocking(move || {
            let issue = publication.issue(now);
            SignedPart {
                base: None,
                mark: Mark {
                    epoch: publication.epoch,
                    version: list.version(),
                    made_time: issue.made_time,
                },
                bytes: Snapshot::sign(&list, &issue, &publication.signer),
            }
        });
        let made = Arc::new(making.await.map_err(|_| DeskError::Stopped)?);
        *kept = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Signs what changed up to the list as it stands now.
    async fn publish(
        self: &Arc<Self>,
        registry: &Registry,
        list: Arc<Blacklist>,
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let base = self.latest().list().version();
        let changes = changes_between(registry, base, list.version()).await?;
        let publication = Arc::clone(self);
        let signing = spawn_blocking(move || {
            let held = Held {
                epoch: publication.epoch,
                version: list.version(),
            };
            // A subscriber that waits for a block matters more than to know of
            // a restored backup later.
            if let Err(error) = mark_file::write(&publication.mark_file, held) {
                tracing::error!(%error, "the mark of the blacklist was not kept");
            }
            let part = changes.map(|changes| publication.sign(base, &changes, &list, now));
            publication.latest().publish(list, part, seconds(now));
        });
        signing.await.map_err(|_| DeskError::Stopped)?;
        self.news.send_modify(|n| *n += 1);
        Ok(())
    }
}

/// Signs after every change of the list, and at times without; ends with the
/// desk.
async fn publish(
    publication: Arc<Publication>,
    registry: Registry,
    shared: Arc<xueka_blacklist::Shared>,
    clock: Arc<dyn Clock>,
    mut changed: watch::Receiver<u64>,
) {
    loop {
        let latest = Instant::now() + publication.silence();
        tokio::select! {
            still_open = changed.changed() => if still_open.is_err() {
                return;
            },
            () = sleep_until(latest) => {}
        }
        // The list as it stands holds all that was announced by now.
        changed.mark_unchanged();
        let published = publication
            .publish(&registry, shared.now(), clock.now())
            .await;
        match published {
            Ok(()) => {}
            Err(DeskError::Registry(xueka_registry::RegistryError::Closed)) => return,
            Err(error) => {
                tracing::error!(%error, "the blacklist was not signed; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
                changed.mark_changed();
            }
        }
    }
}

/// The changes after `base` up to `version`, in order; `None` when there are more
/// than one delta takes.
async fn changes_between(
    registry: &Registry,
    base: u64,
    version: u64,
) -> Result<Option<Vec<Change>>, DeskError> {
    let mut changes = Vec::new();
    let mut after = base;
    while after < version {
        let page = registry.block_changes(after, FEED_PAGE).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = last.version;
        let page = page.iter().filter(|change| change.version <= version);
        changes.extend(page.map(Change::from));
        if changes.len() > MOST_CHANGES {
            return Ok(None);
        }
    }
    Ok(Some(changes))
}

/// As the signed form keeps it.
fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// One subscriber's way along the published list.
pub struct BlacklistWatch {
    publication: Arc<Publication>,
    registry: Registry,
    clock: Arc<dyn Clock>,
    news: watch::Receiver<u64>,
    held: Option<Mark>,
    queue: std::vec::IntoIter<Arc<SignedPart>>,
    once: bool,
    is_first: bool,
    _place: OwnedSemaphorePermit,
}

impl BlacklistWatch {
    /// What comes next: a delta that follows what came before, or a snapshot that
    /// takes its place. Waits for changes; `None` when everything was told to one
    /// who asked only for that, or the desk closes.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`] and [`DeskError::NotYetPublished`]; asking again
    /// goes on where it was.
    pub async fn next(&mut self) -> Result<Option<Arc<SignedPart>>, DeskError> {
        loop {
            if let Some(part) = self.queue.next() {
                self.held = Some(part.mark);
                return Ok(Some(part));
            }
            self.news.borrow_and_update();
            let is_first = std::mem::take(&mut self.is_first);
            if let Some(part) = self.look(is_first).await? {
                self.queue = part.into_iter();
                continue;
            }
            if self.once || self.news.changed().await.is_err() {
                return Ok(None);
            }
        }
    }

    /// What there is to be told now; `None` for nothing.
    async fn look(&self, is_first: bool) -> Result<Option<Vec<Arc<SignedPart>>>, DeskError> {
        let publication = &self.publication;
        publication.settled().await?;
        let now = self.clock.now();
        let held = self.held.filter(|held| held.epoch == publication.epoch);
        let Some(held) = held else {
            let snapshot = Arc::clone(publication)
                .snapshot(now, Kept::ToBeFollowed)
                .await?;
            return Ok(Some(vec![snapshot]));
        };
        let (next, list) = {
            let latest = publication.latest();
            (latest.after(&held), Arc::clone(latest.list()))
        };
        match next {
            Next::Parts(parts) => Ok(Some(parts)),
            // Whoever comes back with the list as it is hears that it still is.
            Next::Nothing if is_first && held.made_time < seconds(now) => {
                let still = publication.sign(held.version, &[], &list, now);
                Ok(Some(vec![Arc::new(still)]))
            }
            Next::Nothing => Ok(None),
            Next::Gone => {
                let changes = if held.version < list.version() {
                    changes_between(&self.registry, held.version, list.version()).await?
                } else {
                    None
                };
                let part = match changes {
                    Some(changes) => Arc::new(publication.sign(held.version, &changes, &list, now)),
                    None => {
                        Arc::clone(publication)
                            .snapshot(now, Kept::ToBeFollowed)
                            .await?
                    }
                };
                Ok(Some(vec![part]))
            }
        }
    }
}
