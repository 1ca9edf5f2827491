//! The thread of one reader: what it does next, and how.
//!
//! The order is that of urgency: a card whose power is in doubt, the tap that
//! listeners wait for, what somebody asked for, and light and sound when
//! nothing else is to be done.

use std::{
    error::Error,
    sync::{Arc, PoisonError, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use xueka_cards::{CardReading, ReadError, ReadingProfile, confirm_same_card, read_card};
use xueka_transport::{CardReader, Dialect, ReaderIdentity, TransportError};

use super::{Desk, Outcome, Reply, Station, Work};
use crate::{
    ReaderError, Signal,
    exchange::TimedSession,
    signals::{Lights, PendingSignal},
    sync::lock,
    wedge::Wedged,
    who::Who,
};

/// What the thread is to do next.
pub(super) enum Job {
    /// Power the card anew.
    Revive,
    /// Read the card that arrived.
    Tap,
    /// Read the card for the request being served.
    Read { confirm: bool },
    /// Do something else with it for the request being served.
    Visit(Work),
    /// End the connection that the last job kept.
    LetGo,
    /// Show something.
    Show(Signal),
    /// Put the lights back as they were.
    PutBack,
}

/// What becomes of the connection to a card after a job.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// It ends with the job.
    Ends,
    /// It stays for the job that may follow.
    Stays,
}

/// What lasts from one job of a thread to the next.
struct Shift {
    reader: Box<dyn CardReader>,
    who: Arc<Who>,
    /// Whether the reader answered who it is; another program that held it may
    /// have kept it from that.
    is_sure: bool,
    /// Until when the connection to the card is kept, while there is one.
    kept_until: Option<Instant>,
    lights: Lights,
    /// When the lights are put back.
    lit_until: Option<Instant>,
}

impl Station {
    /// How often a reading begins on a card that others keep resetting.
    const N_ATTEMPTS: usize = 3;
    /// How long the connection to a card stays after a job that somebody asked
    /// for: the next one often follows at once, and is spared a connection.
    /// Others, who may want the card for themselves, wait no longer than that
    /// and than a signal that is shown meanwhile.
    const KEEP: Duration = Duration::from_millis(200);

    /// The whole life of a reader's thread: the only place that blocks on the
    /// reader.
    pub(crate) fn serve(&self, mut reader: Box<dyn CardReader>) {
        // Should this thread panic, nobody is to wait for it in vain.
        let _close = CloseOnDrop(self);
        let (who, is_sure) = self.ask_who(&mut *reader);
        let mut shift = Shift {
            reader,
            lights: Lights::new(who.signals),
            who,
            is_sure,
            kept_until: None,
            lit_until: None,
        };
        while let Some(job) = self.next_job(&shift) {
            self.do_job(job, &mut shift);
        }
        if shift.lit_until.is_some() {
            self.do_job(Job::PutBack, &mut shift);
        }
    }

    /// Asks the reader which one it is, and announces it.
    fn ask_who(&self, reader: &mut dyn CardReader) -> (Arc<Who>, bool) {
        let answer = self.exchange.time(|| reader.identity());
        self.close_if(matches!(answer, Err(TransportError::ReaderGone)));
        let is_sure = !matches!(answer, Err(TransportError::InUse));
        let identity = answer.unwrap_or_else(|error| {
            tracing::debug!(reader = %self.name, %error, "the reader does not say which one it is");
            ReaderIdentity::default()
        });
        let who = Arc::new(Who::new(&self.name, identity, &self.common.settings));
        let desk = &mut *lock(&self.desk);
        desk.who = Some(Arc::clone(&who));
        desk.field.introduce(self.teller(Some(&who)));
        if desk.closed.is_none() {
            tracing::info!(
                reader = %self.name,
                alias = who.alias.as_deref(),
                serial = who.identity.serial_number.as_deref(),
                usb_path = who.identity.usb_path.as_deref(),
                model = who.model.key,
                "reader attached"
            );
        }
        self.common.bell.send_replace(());
        (who, is_sure)
    }

    /// Waits for work; `None` once the station is closed.
    ///
    /// A connection that stays is let go when nothing comes for a while, and
    /// lights are put back when their time is over.
    fn next_job(&self, shift: &Shift) -> Option<Job> {
        let is_due = |moment: Option<Instant>| moment.is_some_and(|it| it <= Instant::now());
        let mut desk = lock(&self.desk);
        loop {
            if desk.closed.is_some() {
                return None;
            }
            if desk.field.begin_revival() {
                return Some(Job::Revive);
            }
            if desk.field.begin_tap() {
                return Some(Job::Tap);
            }
            match desk.requests.pop_front() {
                // The caller left while its request queued.
                Some(request) if request.reply.is_closed() => continue,
                Some(request) => {
                    desk.served = Some(request.reply);
                    return Some(request.job);
                }
                None => {}
            }
            // Before the signal: one that follows another is not to keep the card.
            if is_due(shift.kept_until) {
                return Some(Job::LetGo);
            }
            if is_due(desk.signal.map(PendingSignal::due))
                && let Some(signal) = desk.signal.take()
            {
                match signal.unless_stale() {
                    Some(signal) => return Some(Job::Show(signal)),
                    None => continue,
                }
            }
            if is_due(shift.lit_until) {
                return Some(Job::PutBack);
            }
            let signal_due = desk.signal.map(PendingSignal::due);
            let moments = [shift.kept_until, signal_due, shift.lit_until];
            let next = moments.into_iter().flatten().min();
            desk = match next {
                Some(moment) => {
                    let waited = self
                        .work
                        .wait_timeout(desk, moment.saturating_duration_since(Instant::now()));
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.work.wait(desk).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn do_job(&self, job: Job, shift: &mut Shift) {
        let profile = &self.common.settings.profile;
        if !shift.is_sure && matches!(job, Job::Tap) {
            self.ask_again(shift);
        }
        let dialect = shift.who.model.dialect;
        match job {
            Job::Revive => {
                shift.kept_until = None;
                let revived = self.exchange.time(|| shift.reader.power_cycle());
                tracing::info!(reader = %self.name, ok = revived.is_ok(), "card powered anew");
                if lock(&self.desk).field.is_told() {
                    let read =
                        |session: &mut TimedSession<'_>| read_in(session, dialect, profile, false);
                    self.hold_card(shift, Connection::Ends, read, |outcome| {
                        self.finish_second_look(outcome);
                    });
                }
            }
            Job::Tap => {
                shift.kept_until = None;
                let read =
                    |session: &mut TimedSession<'_>| read_in(session, dialect, profile, false);
                self.hold_card(shift, Connection::Ends, read, |outcome| {
                    self.finish_tap(outcome);
                });
            }
            Job::Read { confirm } => {
                let read =
                    |session: &mut TimedSession<'_>| read_in(session, dialect, profile, confirm);
                self.hold_card(shift, Connection::Stays, read, |outcome| {
                    self.finish_read(outcome);
                });
                shift.kept_until = Some(Instant::now() + Self::KEEP);
            }
            Job::Visit(mut work) => {
                let work = |session: &mut TimedSession<'_>| work(session, &dialect, profile);
                self.hold_card(shift, Connection::Stays, work, |outcome| {
                    self.finish_visit(outcome);
                });
                shift.kept_until = Some(Instant::now() + Self::KEEP);
            }
            Job::LetGo => {
                shift.kept_until = None;
                self.exchange.time(|| shift.reader.let_go());
            }
            Job::Show(signal) => {
                let shown = self
                    .exchange
                    .time(|| shift.lights.show(&mut *shift.reader, signal));
                self.count_signal(shown, shift);
                shift.lit_until = Some(Instant::now() + signal.shown_for());
            }
            Job::PutBack => self.put_back(shift),
        }
    }

    /// Asks again which reader it is. What is lit stays so until its time is
    /// over, or is put back by the commands that lit it where others hold now.
    fn ask_again(&self, shift: &mut Shift) {
        (shift.who, shift.is_sure) = self.ask_who(&mut *shift.reader);
        if shift.lights.are_of(shift.who.signals) {
            shift.lights.begin_anew();
        } else {
            self.put_back(shift);
            shift.lights = Lights::new(shift.who.signals);
        }
    }

    fn put_back(&self, shift: &mut Shift) {
        shift.lit_until = None;
        let put_back = self
            .exchange
            .time(|| shift.lights.put_back(&mut *shift.reader));
        self.count_signal(put_back, shift);
    }

    fn finish_tap(&self, outcome: Outcome) {
        let desk = &mut *lock(&self.desk);
        self.show_tap(desk, signal_of(&outcome));
        let tell = self.teller(desk.who.as_deref());
        desk.field.end_tap(outcome, tell);
    }

    fn finish_second_look(&self, outcome: Outcome) {
        let desk = &mut *lock(&self.desk);
        let signal = signal_of(&outcome);
        let tell = self.teller(desk.who.as_deref());
        if desk.field.end_second_look(outcome, tell) {
            tracing::info!(reader = %self.name, "the card was changed for another unseen");
            self.show_tap(desk, signal);
        }
    }

    fn show_tap(&self, desk: &mut Desk, signal: Option<Signal>) {
        let settings = &self.common.settings;
        if settings.signals.shows_taps() && desk.can_show() {
            desk.signal = signal.map(|it| PendingSignal::new(it, settings.signal_grace));
        }
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
        shift: &mut Shift,
        connection: Connection,
        mut work: impl FnMut(&mut TimedSession<'_>) -> Result<T, ReadError>,
        finish: impl FnOnce(Result<T, ReaderError>),
    ) {
        let reader = &mut *shift.reader;
        for n_attempts_left in (0..Self::N_ATTEMPTS).rev() {
            let opened = self.exchange.time(|| match connection {
                Connection::Ends => reader.open(),
                Connection::Stays => reader.open_and_keep(),
            });
            let session = match opened {
                Ok(session) => session,
                Err(TransportError::CardReset) if n_attempts_left > 0 => continue,
                Err(error) => {
                    let is_gone = matches!(error, TransportError::ReaderGone);
                    finish(self.weigh(Err(error.into())));
                    return self.close_if(is_gone);
                }
            };
            let mut session = TimedSession::new(session, &self.exchange);
            match work(&mut session) {
                Err(ReadError::Transport(TransportError::CardReset)) if n_attempts_left > 0 => {}
                outcome => {
                    let is_gone = matches!(
                        outcome,
                        Err(ReadError::Transport(TransportError::ReaderGone))
                    );
                    finish(self.weigh(outcome.map_err(ReaderError::from)));
                    // On a machine with one core to spare the answer goes out
                    // first.
                    thread::yield_now();
                    return self.close_if(is_gone);
                }
            }
        }
    }

    /// The outcome of holding a card, or that the reader is wedged.
    fn weigh<T>(&self, outcome: Result<T, ReaderError>) -> Result<T, ReaderError> {
        let desk = &mut *lock(&self.desk);
        let was_wedged = desk.wedge.is_wedged();
        let has_failed = match &outcome {
            Err(ReaderError::NoCard | ReaderError::CardGone) if desk.field.is_occupied() => {
                desk.wedge.fail((self.common.settings.uptime)());
                true
            }
            Ok(_)
            | Err(
                ReaderError::CardChanged | ReaderError::Unreadable | ReaderError::NothingToCompare,
            ) => {
                desk.wedge.work();
                false
            }
            Err(_) => false,
        };
        let is_wedged = desk.wedge.is_wedged();
        if is_wedged != was_wedged {
            self.common.bell.send_replace(());
        }
        if is_wedged && !was_wedged {
            tracing::warn!(reader = %self.name, "{Wedged}");
        }
        if has_failed && is_wedged {
            return Err(ReaderError::Failed(Arc::new(Wedged)));
        }
        outcome
    }

    /// Closes the station of a reader that is gone: one that comes back, be it
    /// between two looks of the watcher, may be another, and gets its own.
    fn close_if(&self, is_gone: bool) {
        if is_gone {
            self.close(&ReaderError::Gone);
        }
    }

    /// Counts a signal that failed; nobody is told, for nothing is to be done.
    fn count_signal(&self, outcome: Result<(), TransportError>, shift: &Shift) {
        let Err(error) = outcome else { return };
        self.n_failed_signals.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(reader = %self.name, %error, "a signal could not be shown");
        if !shift.lights.can_show() && lock(&self.desk).can_show() {
            tracing::info!(reader = %self.name, "no more signals by light and buzzer: {error}");
            let silent = Who {
                signals: None,
                ..Who::clone(&shift.who)
            };
            lock(&self.desk).who = Some(Arc::new(silent));
        }
    }
}

/// What a tap's reading lets the reader show: nothing for a card that is gone.
fn signal_of(outcome: &Outcome) -> Option<Signal> {
    match outcome {
        Ok(_) => Some(Signal::Ok),
        Err(
            ReaderError::CardMute
            | ReaderError::CardChanged
            | ReaderError::Unreadable
            | ReaderError::InUse
            | ReaderError::Failed(_),
        ) => Some(Signal::Refuse),
        Err(_) => None,
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
