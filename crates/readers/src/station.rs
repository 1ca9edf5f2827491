//! One reader between three parties: the watcher that sees its field, the
//! thread that serves it, and those who want something from it.

use std::{
    collections::VecDeque,
    error::Error,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use xueka_cards::{CardReading, ReadError, ReadingProfile, confirm_same_card, read_card};
use xueka_transport::{
    CardReader, CardSession, Dialect, ReaderName, ReaderSnapshot, TransportError,
};

use crate::{
    ReaderError, ReaderState, TapChange,
    exchange::{ExchangeClock, TimedSession},
    field::Field,
    stall_watch::StallWatch,
    sync::lock,
    taps::TapLog,
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
    taps: Arc<TapLog>,
    queue_length: usize,
}

/// What lies between the three parties.
struct Desk {
    field: Field,
    requests: VecDeque<Request>,
    /// Who waits for the request being served, kept here to be answered even
    /// when the exchange for it never ends.
    served: Option<Reply>,
    /// Why nobody is served any more.
    closed: Option<ReaderError>,
}

/// Something to be done with the card that somebody waits for.
struct Request {
    job: Job,
    reply: Reply,
}

/// What the thread is to do next.
enum Job {
    /// Read the card that arrived.
    Tap,
    /// Read the card for the request being served.
    Read { confirm: bool },
    /// Do something else with it for the request being served.
    Visit(Work),
    /// End the connection that the last job kept.
    LetGo,
}

/// What becomes of the connection to a card after a job.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// It ends with the job.
    Ends,
    /// It stays for the job that may follow.
    Stays,
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
    /// How often a reading begins on a card that others keep resetting.
    const N_ATTEMPTS: usize = 3;
    /// How long the connection to a card stays after a job that somebody asked
    /// for: the next one often follows at once, and is spared a connection.
    /// Others, who may want the card for themselves, wait no longer than that.
    const KEEP: Duration = Duration::from_millis(200);

    /// Opens the station of a reader just attached, and announces it.
    pub(crate) fn open(
        snapshot: &ReaderSnapshot,
        stall_limit: Duration,
        queue_length: usize,
        taps: Arc<TapLog>,
    ) -> Self {
        taps.publish(&snapshot.name, TapChange::Attached);
        Self {
            name: snapshot.name.clone(),
            desk: Mutex::new(Desk {
                field: Field::new(&snapshot.presence, snapshot.n_events),
                requests: VecDeque::new(),
                served: None,
                closed: None,
            }),
            work: Condvar::new(),
            exchange: ExchangeClock::new(stall_limit),
            stall_watch: StallWatch::default(),
            taps,
            queue_length,
        }
    }

    /// Takes in what the watcher saw.
    pub(crate) fn observe(&self, snapshot: &ReaderSnapshot) {
        let mut desk = lock(&self.desk);
        if desk.closed.is_some() {
            return;
        }
        let tell = |change| self.taps.publish(&self.name, change);
        desk.field
            .observe(&snapshot.presence, snapshot.n_events, tell);
        if desk.field.is_unread() {
            self.work.notify_one();
        }
    }

    /// Ends the station: answers all who wait, tells listeners that the reader
    /// is detached, and lets the thread end, when it can.
    pub(crate) fn close(&self, why: &ReaderError) {
        let mut desk = lock(&self.desk);
        if desk.closed.is_some() {
            return;
        }
        desk.closed = Some(why.clone());
        desk.answer_all(why);
        let tell = |change| self.taps.publish(&self.name, change);
        desk.field.detach(why, tell);
        tell(TapChange::Detached);
        self.work.notify_one();
    }

    /// Whether it serves nobody any more.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.desk).closed.is_some()
    }

    /// The reader's name.
    pub(crate) fn name(&self) -> &ReaderName {
        &self.name
    }

    /// What the reader is doing.
    pub(crate) fn state(&self) -> ReaderState {
        if self.exchange.is_stalled() {
            return ReaderState::Stalled;
        }
        lock(&self.desk).field.state()
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
        if self.exchange.is_stalled() {
            return Err(ReaderError::Stalled);
        }
        let (reply, answer) = oneshot::channel();
        self.enqueue(Request {
            job: Job::Read { confirm },
            reply: Reply::Reading(reply),
        })?;
        self.stall_watch.keep(self);
        answer.await.unwrap_or_else(|_| Err(self.ended()))
    }

    /// Does `work` with the card now in the field, on the reader's thread.
    ///
    /// A future that is dropped gives its place in the queue back.
    pub(crate) async fn visit(self: &Arc<Self>, work: Work) -> Result<(), ReaderError> {
        if self.exchange.is_stalled() {
            return Err(ReaderError::Stalled);
        }
        let (reply, answer) = oneshot::channel();
        self.enqueue(Request {
            job: Job::Visit(work),
            reply: Reply::Visit(reply),
        })?;
        self.stall_watch.keep(self);
        answer.await.unwrap_or_else(|_| Err(self.ended()))
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

    fn enqueue(&self, request: Request) -> Result<(), ReaderError> {
        let mut desk = lock(&self.desk);
        if let Some(why) = &desk.closed {
            return Err(why.clone());
        }
        if desk.requests.len() >= self.queue_length {
            desk.requests.retain(|waiting| !waiting.reply.is_closed());
        }
        if desk.requests.len() >= self.queue_length {
            return Err(ReaderError::Busy);
        }
        desk.requests.push_back(request);
        drop(desk);
        self.work.notify_one();
        Ok(())
    }

    /// Why the station serves nobody any more.
    fn ended(&self) -> ReaderError {
        lock(&self.desk).closed.clone().unwrap_or(ReaderError::Gone)
    }

    /// The whole life of a reader's thread: the only place that blocks on the
    /// reader.
    pub(crate) fn serve(
        &self,
        mut reader: Box<dyn CardReader>,
        dialect: Dialect,
        profile: &ReadingProfile,
    ) {
        // Should this thread panic, nobody is to wait for it in vain.
        let _close = CloseOnDrop(self);
        let mut connection = Connection::Ends;
        while let Some(job) = self.next_job(connection) {
            connection = match job {
                Job::Tap | Job::LetGo => Connection::Ends,
                Job::Read { .. } | Job::Visit(_) => Connection::Stays,
            };
            match job {
                Job::Tap => {
                    let read =
                        |session: &mut TimedSession<'_>| read_in(session, dialect, profile, false);
                    let tell = |outcome| self.finish_tap(outcome);
                    self.hold_card(&mut *reader, connection, read, tell);
                }
                Job::Read { confirm } => {
                    let read = |session: &mut TimedSession<'_>| {
                        read_in(session, dialect, profile, confirm)
                    };
                    let answer = |outcome| self.finish_read(outcome);
                    self.hold_card(&mut *reader, connection, read, answer);
                }
                Job::Visit(mut work) => {
                    let work = |session: &mut TimedSession<'_>| work(session, &dialect, profile);
                    let answer = |outcome| self.finish_visit(outcome);
                    self.hold_card(&mut *reader, connection, work, answer);
                }
                Job::LetGo => self.exchange.time(|| reader.let_go()),
            }
        }
    }

    /// Waits for work; `None` once the station is closed. A card that arrived
    /// goes first: its tap is what listeners wait for.
    ///
    /// A `connection` that stays is let go when nothing comes for a while.
    fn next_job(&self, connection: Connection) -> Option<Job> {
        let mut desk = lock(&self.desk);
        loop {
            if desk.closed.is_some() {
                return None;
            }
            if desk.field.is_unread() {
                desk.field.begin_tap();
                return Some(Job::Tap);
            }
            match desk.requests.pop_front() {
                // The caller left while its request queued.
                Some(request) if request.reply.is_closed() => {}
                Some(request) => {
                    desk.served = Some(request.reply);
                    return Some(request.job);
                }
                None if connection == Connection::Stays => {
                    let waited = self.work.wait_timeout(desk, Self::KEEP);
                    let (back, end) = waited.unwrap_or_else(PoisonError::into_inner);
                    if end.timed_out() {
                        return Some(Job::LetGo);
                    }
                    desk = back;
                }
                None => {
                    desk = self.work.wait(desk).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn finish_tap(&self, outcome: Outcome) {
        let tell = |change| self.taps.publish(&self.name, change);
        lock(&self.desk).field.end_tap(outcome, tell);
    }

    fn finish_read(&self, outcome: Outcome) {
        let served = lock(&self.desk).served.take();
        if let Some(Reply::Reading(reply)) = served {
            // The caller may have left during the reading; that is fine.
            reply.send(outcome).ok();
        }
    }

    fn finish_visit(&self, outcome: Result<(), ReaderError>) {
        let served = lock(&self.desk).served.take();
        if let Some(Reply::Visit(reply)) = served {
            // The caller may have left meanwhile; that is fine.
            reply.send(outcome).ok();
        }
    }

    /// Does `work` with the card, anew when another program reset it meanwhile:
    /// such work changes nothing on the card, so it may begin again.
    ///
    /// `finish` gets the outcome before the card is let go, for which nobody
    /// needs to wait.
    fn hold_card<T>(
        &self,
        reader: &mut dyn CardReader,
        connection: Connection,
        mut work: impl FnMut(&mut TimedSession<'_>) -> Result<T, ReadError>,
        finish: impl FnOnce(Result<T, ReaderError>),
    ) {
        for n_attempts_left in (0..Self::N_ATTEMPTS).rev() {
            let opened = self.exchange.time(|| match connection {
                Connection::Ends => reader.open(),
                Connection::Stays => reader.open_and_keep(),
            });
            let session = match opened {
                Ok(session) => session,
                Err(TransportError::CardReset) if n_attempts_left > 0 => continue,
                Err(error) => return finish(Err(error.into())),
            };
            let mut session = TimedSession::new(session, &self.exchange);
            match work(&mut session) {
                Err(ReadError::Transport(TransportError::CardReset)) if n_attempts_left > 0 => {}
                outcome => {
                    finish(outcome.map_err(ReaderError::from));
                    // On a machine with one core to spare the answer goes out
                    // first.
                    thread::yield_now();
                    return;
                }
            }
        }
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
}

/// Reads a card that is held.
fn read_in(
    session: &mut TimedSession<'_>,
    dialect: Dialect,
    profile: &ReadingProfile,
    confirm: bool,
) -> Result<CardReading, ReadError> {
    let reading = read_card(session, &dialect, profile)?;
    if confirm {
        confirm_same_card(session, &dialect, &reading)?;
    }
    Ok(reading)
}

/// Closes a station when its thread ends, however it ends.
struct CloseOnDrop<'a>(&'a Station);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close(&ReaderError::Failed(Arc::from(Box::<
            dyn Error + Send + Sync,
        >::from(
            "its thread ended"
        ))));
    }
}
