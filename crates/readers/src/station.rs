//! One reader between three parties: the watcher that sees its field, the
//! thread that serves it, and those who want something from it.

mod serving;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{oneshot, watch};
use xueka_cards::{CardReading, ReadError, ReadingProfile};
use xueka_domain::CardIdentity;
use xueka_transport::{CardSession, Dialect, ReaderName, ReaderSnapshot};

use self::serving::Job;
use crate::{
    ReaderError, ReaderInfo, ReaderSettings, ReaderState, Signal, TapChange, TapEvent,
    exchange::ExchangeClock, field::Field, signals::PendingSignal, stall_watch::StallWatch,
    sync::lock, taps::TapLog, wedge::Wedge, who::Who,
};

/// What a reading gives.
type Outcome = Result<CardReading, ReaderError>;

/// A reader that is attached.
///
/// Waking its thread is one notification, answering a caller another; nothing
/// stands between.
pub(crate) struct Station {
    name: ReaderName,
    desk: Mutex<Desk>,
    work: Condvar,
    exchange: ExchangeClock,
    stall_watch: StallWatch,
    n_failed_signals: AtomicU64,
    common: Arc<Common>,
}

/// What all stations share.
pub(crate) struct Common {
    pub(crate) settings: ReaderSettings,
    pub(crate) taps: Arc<TapLog>,
    /// Rings when more is known of which readers there are.
    pub(crate) bell: watch::Sender<()>,
}

/// What lies between the three parties.
struct Desk {
    field: Field,
    wedge: Wedge,
    /// Which reader it is; `None` until it was asked.
    who: Option<Arc<Who>>,
    requests: VecDeque<Request>,
    /// Who waits for the request being served, kept here to be answered even
    /// when the exchange for it never ends.
    served: Option<Reply>,
    /// What the reader is to show when nothing else is to be done.
    signal: Option<PendingSignal>,
    /// Why nobody is served any more.
    closed: Option<ReaderError>,
}

/// Something to be done with the card that somebody waits for.
struct Request {
    job: Job,
    reply: Reply,
}

/// Something other than a reading to be done with a card that is held. It
/// begins anew when another program resets the card meanwhile, so it changes
/// nothing on the card.
pub(crate) type Work =
    Box<dyn FnMut(&mut dyn CardSession, &Dialect, &ReadingProfile) -> Result<(), ReadError> + Send>;

/// How whoever waits is answered.
enum Reply {
    Reading(oneshot::Sender<Outcome>),
    Visit(oneshot::Sender<Result<(), ReaderError>>),
}

/// By what a reader is found again after it was replugged, perhaps under
/// another name.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    name: ReaderName,
    alias: Option<Arc<str>>,
}

impl Address {
    /// What [`Hub::choose`](crate::hub::Hub::choose) finds it by.
    pub(crate) fn as_str(&self) -> &str {
        self.alias.as_deref().unwrap_or(self.name.as_str())
    }

    /// Whether an event is about this reader.
    pub(crate) fn is_of(&self, event: &TapEvent) -> bool {
        match &self.alias {
            Some(alias) => event.alias.as_ref() == Some(alias),
            None => event.reader.as_ref() == Some(&self.name),
        }
    }
}

impl Reply {
    /// Whether nobody waits any more.
    fn is_closed(&self) -> bool {
        match self {
            Self::Reading(reply) => reply.is_closed(),
            Self::Visit(reply) => reply.is_closed(),
        }
    }

    /// Says that it came to nothing. The caller may have left; that is fine.
    fn fail(self, why: &ReaderError) {
        match self {
            Self::Reading(reply) => drop(reply.send(Err(why.clone()))),
            Self::Visit(reply) => drop(reply.send(Err(why.clone()))),
        }
    }
}

impl Station {
    /// Opens the station of a reader that the source has begun to list. Its
    /// thread announces it.
    pub(crate) fn open(
        snapshot: &ReaderSnapshot,
        stall_limit: Duration,
        common: Arc<Common>,
    ) -> Self {
        Self {
            name: snapshot.name.clone(),
            desk: Mutex::new(Desk {
                field: Field::new(&snapshot.presence, snapshot.n_events),
                wedge: Wedge::default(),
                who: None,
                requests: VecDeque::new(),
                served: None,
                signal: None,
                closed: None,
            }),
            work: Condvar::new(),
            exchange: ExchangeClock::new(stall_limit),
            stall_watch: StallWatch::default(),
            n_failed_signals: AtomicU64::new(0),
            common,
        }
    }

    /// Takes in what the watcher saw.
    pub(crate) fn observe(&self, snapshot: &ReaderSnapshot) {
        let desk = &mut *lock(&self.desk);
        if desk.field.n_events() != snapshot.n_events {
            let was_wedged = desk.wedge.is_wedged();
            desk.wedge.stir((self.common.settings.uptime)());
            if was_wedged && !desk.wedge.is_wedged() {
                self.common.bell.send_replace(());
            }
        }
        let tell = self.teller(desk.who.as_deref());
        desk.field
            .observe(&snapshot.presence, snapshot.n_events, tell);
        if desk.field.is_unread() {
            self.work.notify_one();
        }
    }

    /// Tells that the machine slept or the service stood still.
    pub(crate) fn doubt(&self) {
        lock(&self.desk).field.doubt();
        self.work.notify_one();
    }

    /// Ends the station: answers all who wait, tells listeners that the reader
    /// is detached, and lets the thread end, when it can.
    pub(crate) fn close(&self, why: &ReaderError) {
        let desk = &mut *lock(&self.desk);
        if desk.closed.is_some() {
            return;
        }
        desk.closed = Some(why.clone());
        desk.answer_all(why);
        let tell = self.teller(desk.who.as_deref());
        desk.field.detach(why, tell);
        self.work.notify_one();
        self.common.bell.send_replace(());
    }

    /// Whether it serves nobody any more.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.desk).closed.is_some()
    }

    /// Whether the reader was asked which one it is.
    pub(crate) fn is_introduced(&self) -> bool {
        lock(&self.desk).who.is_some()
    }

    /// The reader's name.
    pub(crate) fn name(&self) -> &ReaderName {
        &self.name
    }

    /// Whether the card in the field is, as far as listeners know, this one.
    pub(crate) fn shows(&self, card: &CardIdentity) -> bool {
        lock(&self.desk).field.shows(card)
    }

    /// What the configuration calls the reader.
    pub(crate) fn alias(&self) -> Option<Arc<str>> {
        lock(&self.desk).who.as_ref()?.alias.clone()
    }

    /// By what the reader is found again.
    pub(crate) fn address(&self) -> Address {
        Address {
            name: self.name.clone(),
            alias: self.alias(),
        }
    }

    /// What is known of the reader.
    pub(crate) fn info(&self) -> ReaderInfo {
        let desk = lock(&self.desk);
        let who = desk.who.as_deref();
        ReaderInfo {
            name: self.name.clone(),
            alias: who.and_then(|who| who.alias.clone()),
            identity: who.map(|who| who.identity.clone()).unwrap_or_default(),
            model: who.map_or("", |who| who.model.key),
            has_signals: who.is_some_and(|who| who.signals.is_some()),
            n_failed_signals: self.n_failed_signals.load(Ordering::Relaxed),
            state: if self.exchange.is_stalled() {
                ReaderState::Stalled
            } else if desk.wedge.is_wedged() {
                ReaderState::Wedged
            } else {
                desk.field.state()
            },
        }
    }

    /// Whether a tap is being read that listeners will be told of.
    pub(crate) fn is_reading_tap(&self) -> bool {
        lock(&self.desk).field.is_being_told()
    }

    /// What tells callers of a stall.
    pub(crate) fn stall_watch(&self) -> &StallWatch {
        &self.stall_watch
    }

    /// How long exchanges on the reader take.
    pub(crate) fn exchange(&self) -> &ExchangeClock {
        &self.exchange
    }

    /// Reads the card now in the field.
    ///
    /// A future that is dropped gives its place in the queue back.
    pub(crate) async fn read(self: &Arc<Self>, confirm: bool) -> Outcome {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Request {
            job: Job::Read { confirm },
            reply: Reply::Reading(reply),
        })?;
        answer.await.unwrap_or_else(|_| Err(self.ended()))
    }

    /// Does `work` with the card now in the field, on the reader's thread.
    ///
    /// A future that is dropped gives its place in the queue back.
    pub(crate) async fn visit(self: &Arc<Self>, work: Work) -> Result<(), ReaderError> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Request {
            job: Job::Visit(work),
            reply: Reply::Visit(reply),
        })?;
        answer.await.unwrap_or_else(|_| Err(self.ended()))
    }

    /// Has the reader show a signal once nothing else is to be done and the
    /// grace is over; one that is not shown by then is replaced. Whether the
    /// reader can show any.
    pub(crate) fn signal(&self, signal: Signal, grace: Duration) -> Result<bool, ReaderError> {
        if self.exchange.is_stalled() {
            return Err(ReaderError::Stalled);
        }
        let mut desk = lock(&self.desk);
        if let Some(why) = &desk.closed {
            return Err(why.clone());
        }
        let can_show = desk.can_show();
        if can_show {
            desk.signal = Some(PendingSignal::new(signal, grace));
            self.work.notify_one();
        }
        Ok(can_show)
    }

    /// Answers all who wait when the exchange has stalled. Gives the moment to
    /// look again; `None` when nobody waits, and `end` is called before anybody
    /// else can begin to.
    pub(crate) fn tell_of_stall(&self, end: impl FnOnce()) -> Option<Instant> {
        let mut desk = lock(&self.desk);
        if self.exchange.is_stalled() {
            desk.answer_all(&ReaderError::Stalled);
        }
        if desk.served.is_none() && desk.requests.is_empty() {
            end();
            return None;
        }
        Some(self.exchange.next_look())
    }

    fn enqueue(self: &Arc<Self>, request: Request) -> Result<(), ReaderError> {
        if self.exchange.is_stalled() {
            return Err(ReaderError::Stalled);
        }
        let queue_length = self.common.settings.queue_length;
        let mut desk = lock(&self.desk);
        if let Some(why) = &desk.closed {
            return Err(why.clone());
        }
        if desk.requests.len() >= queue_length {
            desk.requests.retain(|waiting| !waiting.reply.is_closed());
        }
        if desk.requests.len() >= queue_length {
            return Err(ReaderError::Busy);
        }
        desk.requests.push_back(request);
        drop(desk);
        self.work.notify_one();
        self.stall_watch.keep(self);
        Ok(())
    }

    /// Why the station serves nobody any more.
    fn ended(&self) -> ReaderError {
        lock(&self.desk).closed.clone().unwrap_or(ReaderError::Gone)
    }

    /// What tells listeners of changes on this reader.
    fn teller<'a>(&'a self, who: Option<&'a Who>) -> impl FnMut(TapChange) + 'a {
        let alias = who.and_then(|who| who.alias.as_ref());
        move |change| self.common.taps.publish(Some(&self.name), alias, change)
    }
}

impl Desk {
    /// Answers the request being served and all that queue.
    fn answer_all(&mut self, why: &ReaderError) {
        let queued = std::mem::take(&mut self.requests);
        let replies = queued.into_iter().map(|request| request.reply);
        for reply in self.served.take().into_iter().chain(replies) {
            reply.fail(why);
        }
    }

    fn can_show(&self) -> bool {
        let who = self.who.as_ref();
        who.is_some_and(|who| who.signals.is_some())
    }
}
