//! What lies on one virtual reader: shared by the hand that puts cards there
//! and the thread that plays them.

use std::{
    io,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use xueka_transport::{
    CardSession,
    wire::{Failure, PlayerMessage},
};

use super::{line::Line, panel::Panel};
use crate::{
    Exchange, VirtualCard,
    card::Reaction,
    record::{Outcome, Record},
};

/// How many escape commands are kept; the oldest go first.
const KEPT_ESCAPES: usize = 256;

/// A reader and its field, played over a line that comes and goes.
#[derive(Default)]
pub(super) struct State {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Default)]
struct Inside {
    card: Option<VirtualCard>,
    /// The card that left last.
    last: Option<VirtualCard>,
    /// Counts cards that came and cards that left.
    visit: u64,
    /// Of the card that is or was last in the field.
    kind: &'static str,
    record: Record,
    is_unplugged: bool,
    panel: Panel,
    escapes: Vec<Vec<u8>>,
    line: Option<Line>,
    /// Of the last notice.
    told: u16,
    /// Whether the driver has acknowledged that one.
    is_noticed: bool,
    /// How long the reader waits for an answer.
    patience: Duration,
    is_stopped: bool,
}

/// What a command comes to, over the line.
enum Answer {
    Say(PlayerMessage),
    Nothing,
    /// The card leaves the field.
    Leave,
}

impl State {
    // --- The hand ------------------------------------------------------------

    /// Puts a card into the field; one that lies there leaves first. `false`
    /// when the reader is unplugged.
    pub(super) fn insert(&self, mut card: VirtualCard) -> bool {
        let mut inside = self.lock();
        inside.take_away();
        self.changed.notify_all();
        if inside.is_unplugged {
            return false;
        }
        card.arrive();
        inside.kind = card.kind();
        inside.record = card.record();
        inside.visit += 1;
        inside.card = Some(card);
        inside.notify(PlayerMessage::Insert);
        true
    }

    pub(super) fn remove(&self) {
        self.lock().take_away();
        self.changed.notify_all();
    }

    /// The card that lies there, or lay there last; the field is empty after.
    pub(super) fn take_last(&self) -> Option<VirtualCard> {
        let mut inside = self.lock();
        inside.take_away();
        self.changed.notify_all();
        inside.last.take()
    }

    pub(super) fn set_plugged(&self, is_plugged: bool) {
        let mut inside = self.lock();
        if inside.is_unplugged != is_plugged {
            return;
        }
        inside.take_away();
        inside.is_unplugged = !is_plugged;
        inside.notify(if is_plugged {
            PlayerMessage::PlugIn
        } else {
            PlayerMessage::Unplug
        });
        self.changed.notify_all();
    }

    /// Whether the driver acknowledged the last notice within `limit`.
    pub(super) fn wait_until_noticed(&self, limit: Duration) -> bool {
        let waiting = |inside: &mut Inside| !inside.is_noticed && !inside.is_stopped;
        let (inside, _) = self
            .changed
            .wait_timeout_while(self.lock(), limit, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        inside.is_noticed
    }

    pub(super) fn stop(&self) {
        let mut inside = self.lock();
        inside.is_stopped = true;
        if let Some(line) = inside.line.take() {
            line.cut();
        }
        drop(inside);
        self.changed.notify_all();
    }

    pub(super) fn kind(&self) -> Option<&'static str> {
        let inside = self.lock();
        inside.card.as_ref().map(|_| inside.kind)
    }

    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        self.lock().record.to_vec()
    }

    pub(super) fn escapes(&self) -> Vec<Vec<u8>> {
        self.lock().escapes.clone()
    }

    // --- The thread ----------------------------------------------------------

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// A line to the driver is there, and greeted: tells it how things are.
    pub(super) fn connected(&self, line: Line) {
        let mut inside = self.lock();
        if inside.is_stopped {
            line.cut();
            return;
        }
        inside.line = Some(line);
        if inside.is_unplugged {
            inside.notify(PlayerMessage::Unplug);
        } else if inside.card.is_some() {
            inside.notify(PlayerMessage::Insert);
        } else {
            // A reader is empty and plugged in unless it is told otherwise.
            inside.is_noticed = true;
        }
        self.changed.notify_all();
    }

    /// The line is lost.
    pub(super) fn disconnected(&self) {
        self.lock().line = None;
    }

    pub(super) fn welcomed(&self, patience: Duration) {
        self.lock().patience = patience;
    }

    pub(super) fn noticed(&self, sequence: u16) {
        let mut inside = self.lock();
        if inside.told == sequence {
            inside.is_noticed = true;
            self.changed.notify_all();
        }
    }

    pub(super) fn power_up(&self, question: u16) {
        let mut inside = self.lock();
        let Some(card) = &mut inside.card else {
            // The driver learns that the card has left, and asks no more.
            return;
        };
        card.power_up();
        let atr = if card.is_mute() {
            Vec::new()
        } else {
            card.atr().to_vec()
        };
        inside.say(PlayerMessage::Atr(atr), question);
    }

    pub(super) fn escape(&self, question: u16, command: Vec<u8>) {
        let mut inside = self.lock();
        let answer = match inside.panel.obey(&command) {
            Some(answer) => PlayerMessage::EscapeAnswer(answer),
            None => PlayerMessage::Failed(Failure::Unsupported),
        };
        if inside.escapes.len() == KEPT_ESCAPES {
            inside.escapes.remove(0);
        }
        inside.escapes.push(command);
        inside.say(answer, question);
    }

    /// The card obeys a command, if there is one, and answers in its time.
    pub(super) fn command(&self, question: u16, command: &[u8]) {
        let mut inside = self.lock();
        let visit = inside.visit;
        let (delay, answer) = inside.react(command);
        if !delay.is_zero() {
            inside = self.take_time(inside, question, delay);
        }
        if inside.visit != visit {
            return;
        }
        match answer {
            Answer::Say(message) => inside.say(message, question),
            Answer::Nothing => {}
            Answer::Leave => {
                inside.take_away();
                self.changed.notify_all();
            }
        }
    }

    /// Lets time pass while the card lies there, and asks the reader for more
    /// before its patience ends.
    fn take_time<'a>(
        &'a self,
        mut inside: MutexGuard<'a, Inside>,
        question: u16,
        delay: Duration,
    ) -> MutexGuard<'a, Inside> {
        let visit = inside.visit;
        // Longer than the clock can tell is as long as the card lies there.
        let until = Instant::now().checked_add(delay);
        loop {
            let left = until.map_or(Duration::MAX, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if left.is_zero() || inside.visit != visit || inside.is_stopped {
                return inside;
            }
            // Half of its patience, for the word needs time to arrive.
            let slice = (inside.patience / 2).max(Duration::from_millis(1));
            let is_last = left <= slice;
            (inside, _) = self
                .changed
                .wait_timeout_while(inside, left.min(slice), |inside| {
                    inside.visit == visit && !inside.is_stopped
                })
                .unwrap_or_else(PoisonError::into_inner);
            if !is_last && inside.visit == visit {
                inside.say(PlayerMessage::MoreTime, question);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Each change is one step, so no panic leaves it half done.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn take_away(&mut self) {
        if let Some(card) = self.card.take() {
            self.last = Some(card);
            self.visit += 1;
            self.notify(PlayerMessage::Remove);
        }
    }

    fn react(&mut self, command: &[u8]) -> (Duration, Answer) {
        let Some(card) = &mut self.card else {
            return (Duration::ZERO, Answer::Nothing);
        };
        loop {
            let Reaction { delay, outcome } = card.exchange(command);
            let answer = match outcome {
                // No reader can be told of it, so the command goes to a card
                // that has forgotten everything.
                Outcome::Reset => continue,
                Outcome::Response(response) => Answer::Say(PlayerMessage::Response(response)),
                Outcome::Torn { .. } | Outcome::Unplugged | Outcome::ServiceRestarted => {
                    Answer::Leave
                }
                Outcome::Silent | Outcome::Violation | Outcome::Dead => {
                    Answer::Say(PlayerMessage::Failed(Failure::Silence))
                }
                Outcome::Stuck => Answer::Nothing,
            };
            return (delay, answer);
        }
    }

    fn notify(&mut self, notice: PlayerMessage) {
        self.told = self.told.wrapping_add(1);
        self.is_noticed = false;
        self.say(notice, self.told);
    }

    fn say(&mut self, message: PlayerMessage, sequence: u16) {
        let said = match &mut self.line {
            Some(line) => line.say(message, sequence),
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        // The thread notices a line that is cut, and tells all on the next.
        if said.is_err()
            && let Some(line) = self.line.take()
        {
            line.cut();
        }
    }
}
