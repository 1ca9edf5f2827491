//! The use cases of the desk: read, verify, hand out, report loss, block.
//!
//! [`Desk`] puts readers, registry and the blacklist in memory together. It is
//! what gRPC services and pages call; it knows neither protobuf nor HTTP nor
//! SQL. Who may do what stands in [`UseCase::is_open_to`].

mod blacklist;
mod caller;
mod clock;
mod error;
mod inspection;
mod issuance;
mod making;
mod numbers;
mod permissions;
mod publication;
mod purse;
mod raw;
mod reading;
mod recording;
mod students;
mod tokens;
mod verify;
mod writing;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{broadcast, watch};
use xueka_blacklist::{Blacklist, Builder, Shared};
use xueka_cards::KeyRing;
use xueka_readers::Readers;
use xueka_registry::{Actor, OpenOptions, Registry, RegistryError, Stamp};

pub use blacklist::{Checked, EntryPage};
pub use caller::Caller;
pub use clock::{Clock, SystemClock};
pub use error::{DeskError, FileFault};
pub use issuance::Collect;
pub use making::{MakingFault, MakingOptions, MakingProblem, MakingResult, MakingSettings};
pub use numbers::{FoundByPrint, NumberForms, Taught};
pub use permissions::UseCase;
pub use publication::{
    BlacklistWatch, Deliveries, Delivery, MarkFileError, PublicationSettings, PublishedState,
    SignedPart,
};
pub use purse::{SeenPurse, SeenTrips};
pub use reading::CardInReader;
pub use students::{
    FoundStudents, RollFault, RollOptions, RollProblem, RollSettings, StudentFile, TakenRoll,
};
pub use tokens::FreshToken;
pub use verify::{Question, Verification, VerifyRequest};
pub use writing::{EndedWrite, InvalidPlanId, PlanId, PlannedWrite, TakenUp};
use writing::{OpenCards, Plans};

/// The desk of one host.
pub struct Desk {
    readers: Readers,
    registry: Registry,
    blacklist: Arc<Shared>,
    /// The version at which the blacklist changed last, of late.
    block_news: watch::Sender<u64>,
    publication: Option<Arc<publication::Publication>>,
    clock: Arc<dyn Clock>,
    numbers: NumberForms,
    /// The keys of cards that are written.
    keys: Arc<KeyRing>,
    plans: Plans,
    open_cards: Arc<OpenCards>,
    allows_raw_exchange: bool,
    rolls: RollSettings,
    making: MakingSettings,
    /// Tells calls under way whose token was revoked.
    revoked: broadcast::Sender<Option<Actor>>,
}

/// How many revocations a call may fall behind before it is ended with them.
const N_REVOCATIONS: usize = 64;

impl Desk {
    /// How long [`close`](Self::close) waits for the registry.
    const GRACE: Duration = Duration::from_secs(2);

    /// Opens the registry at `address` and loads the blacklist from it.
    ///
    /// `simulated` says whether the readers are: a registry made for simulation
    /// takes no others, and the other way round. `numbers` says how cards are
    /// found by what is printed on them.
    ///
    /// # Errors
    ///
    /// Those of [`Registry::open`].
    pub async fn open(
        address: &str,
        simulated: bool,
        readers: Readers,
        clock: Arc<dyn Clock>,
        numbers: NumberForms,
    ) -> Result<Self, RegistryError> {
        let blacklist = Arc::new(Shared::default());
        let followed = Arc::clone(&blacklist);
        let block_news = watch::Sender::new(0);
        let announced = block_news.clone();
        let options = OpenOptions {
            simulated,
            on_commit: Some(Box::new(move |commit| {
                followed.change(|blacklist| {
                    commit
                        .blocks
                        .iter()
                        .for_each(|change| blacklist.apply(change));
                    blacklist.advance_to(commit.version);
                });
                if !commit.blocks.is_empty() {
                    announced.send_replace(commit.version);
                }
            })),
            forms: numbers.all().to_vec(),
            ..OpenOptions::default()
        };
        let registry = Registry::open(address, options).await?;
        // Nobody can change anything before this returns, so the entries need
        // no order with the commits that follow.
        let builder = Arc::new(Mutex::new(Builder::default()));
        let filled = Arc::clone(&builder);
        let version = registry
            .load_blocks(move |entries| {
                let mut builder = filled.lock().unwrap_or_else(PoisonError::into_inner);
                builder.load(entries);
            })
            .await?;
        let builder = std::mem::take(&mut *builder.lock().unwrap_or_else(PoisonError::into_inner));
        blacklist.change(|blacklist| *blacklist = builder.finish(version));
        let desk = Self {
            readers,
            registry,
            blacklist,
            block_news,
            publication: None,
            clock,
            numbers,
            keys: Arc::default(),
            plans: Plans::default(),
            open_cards: Arc::default(),
            allows_raw_exchange: false,
            rolls: RollSettings::default(),
            making: MakingSettings::default(),
            revoked: broadcast::Sender::new(N_REVOCATIONS),
        };
        desk.load_open_writes().await?;
        tracing::info!(n_blocked = desk.index().len(), version, "registry open");
        Ok(desk)
    }

    /// The same, with the keys by which cards are written.
    #[must_use]
    pub fn with_keys(mut self, keys: KeyRing) -> Self {
        self.keys = Arc::new(keys);
        self
    }

    /// The same, with raw commands allowed or not; they are not unless this is
    /// called.
    #[must_use]
    pub fn with_raw_exchange(mut self, is_allowed: bool) -> Self {
        self.allows_raw_exchange = is_allowed;
        self
    }

    /// The same, with what holds for rolls; the defaults do unless this is called.
    #[must_use]
    pub fn with_rolls(mut self, settings: RollSettings) -> Self {
        self.rolls = settings;
        self
    }

    /// The same, with what holds for card-making files; the defaults do unless
    /// this is called.
    #[must_use]
    pub fn with_making(mut self, settings: MakingSettings) -> Self {
        self.making = settings;
        self
    }

    /// Stops the readers, finishes the changes under way and lets go of the
    /// registry. Ends within two seconds even when a reader is stuck or a long
    /// list is being taken in; what is not on the disk by then is lost as a
    /// whole with the end of the process, and nobody was told otherwise.
    pub async fn close(&self) {
        let closing = tokio::time::timeout(Self::GRACE, self.registry.close());
        let ((), closed) = tokio::join!(self.readers.clone().shutdown(), closing);
        if closed.is_err() {
            tracing::warn!("a change takes too long; the end of the process undoes it");
        }
    }

    fn stamp(&self, caller: &Caller) -> Stamp {
        Stamp {
            actor: caller.actor.clone(),
            now: self.clock.now(),
        }
    }

    /// The blacklist as it stands.
    fn index(&self) -> Arc<Blacklist> {
        self.blacklist.now()
    }
}
