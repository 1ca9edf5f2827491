//! One virtual reader: who plays it, and what lies in its field.
//!
//! pcscd asks after a card whenever it likes, on several threads, and compares
//! the answer with the one before. So that no state escapes it, the field takes
//! at most one step (a card comes, a card leaves, the reader is unplugged or
//! plugged in) each time pcscd's own thread for this reader has waited, and the
//! question that follows every wait sees it. A card that leaves during an
//! exchange counts as absent at once, and the next card enters no sooner than a
//! step later.

use std::{
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use xueka_transport::wire::{DriverMessage, Refusal};

use crate::{
    link::{Link, Notice},
    listener::Listener,
    settings::Settings,
    watch::Watch,
};

/// One reader, from the opening of its channel to the closing.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) settings: Settings,
    /// Its number among the readers of this library.
    pub(crate) number: u16,
    pub(crate) watch: Watch,
    /// Whether the field may take a step: pcscd has waited since the last one.
    may_step: AtomicBool,
    inside: Mutex<Inside>,
}

/// What one exchange at a time works on.
#[derive(Debug)]
pub(crate) struct Inside {
    listener: Listener,
    pub(crate) link: Option<Link>,
    pub(crate) field: Field,
    is_unplugged: bool,
    /// What the card said when it was powered up.
    pub(crate) atr: Vec<u8>,
    /// Of the last question.
    pub(crate) sequence: u16,
    /// Notices that took effect, and are acknowledged when pcscd has done all
    /// that follows from them.
    owed: Vec<u16>,
}

/// What lies in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Empty,
    Card,
    /// A card has left, and pcscd is yet to be told.
    Left,
}

/// What pcscd is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Present,
    Absent,
    /// The reader itself is not there.
    Unplugged,
}

impl Reader {
    /// Begins to listen for a player.
    pub(crate) fn open(number: u16, settings: Settings) -> io::Result<Self> {
        let listener = Listener::bind(&settings.address, settings.mode)?;
        let watch = Watch::new()?;
        watch.add(&listener)?;
        let inside = Inside {
            listener,
            link: None,
            field: Field::Empty,
            is_unplugged: false,
            atr: Vec::new(),
            sequence: 0,
            owed: Vec::new(),
        };
        Ok(Self {
            settings,
            number,
            watch,
            may_step: AtomicBool::new(false),
            inside: Mutex::new(inside),
        })
    }

    /// Waits until something happens to the reader, `limit` at most.
    ///
    /// That pcscd waits again shows that it has powered up the card that came,
    /// and told its clients.
    pub(crate) fn wait(&self, limit: Duration) {
        // An exchange may be under way; it nudges this thread when it ends.
        if let Ok(mut inside) = self.inside.try_lock() {
            inside.acknowledge();
        }
        self.watch.wait(limit);
        self.may_step.store(true, Ordering::Release);
    }

    /// What there is to be told now.
    pub(crate) fn presence(&self) -> Presence {
        let mut inside = self.lock();
        if self.may_step.swap(false, Ordering::AcqRel) && inside.step(self) {
            // There may be more; the next step has to wait for a wait.
            self.watch.nudge();
        }
        inside.presence()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inside> {
        // A panic is caught at the edge of the library; each change is one
        // assignment, so none is half done.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    pub(crate) fn presence(&self) -> Presence {
        match self.field {
            _ if self.is_unplugged => Presence::Unplugged,
            Field::Card => Presence::Present,
            Field::Empty | Field::Left => Presence::Absent,
        }
    }

    /// Whether an acknowledgement is due.
    pub(crate) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    fn acknowledge(&mut self) {
        if let Some(link) = &mut self.link {
            for sequence in self.owed.drain(..) {
                link.tell(DriverMessage::Noticed, sequence);
            }
        }
    }

    /// Takes the next step, if there is one to take.
    fn step(&mut self, reader: &Reader) -> bool {
        if self.field == Field::Left {
            self.field = Field::Empty;
            return true;
        }
        loop {
            if self.follow(reader.settings.patience) {
                return true;
            }
            if !self.accept(&reader.watch) {
                return false;
            }
        }
    }

    /// Does what the player says until something has changed.
    fn follow(&mut self, patience: Duration) -> bool {
        let Some(link) = &mut self.link else {
            return false;
        };
        link.receive();
        while let Some((sequence, notice)) = link.next_notice(patience) {
            let before = (self.field, self.is_unplugged);
            match notice {
                // The one that lies there leaves first.
                Notice::Insert if self.field == Field::Card => {
                    link.put_back(sequence, Notice::Insert);
                    self.field = Field::Empty;
                    return true;
                }
                // There is no field to put it into, and nothing to be noticed.
                Notice::Insert if self.is_unplugged => continue,
                Notice::Insert => self.field = Field::Card,
                Notice::Remove => self.field = Field::Empty,
                Notice::Unplug => {
                    self.field = Field::Empty;
                    self.is_unplugged = true;
                }
                Notice::PlugIn => self.is_unplugged = false,
            }
            self.owed.push(sequence);
            if (self.field, self.is_unplugged) != before {
                return true;
            }
        }
        if link.is_ended() {
            // Whatever it had done to the reader is over.
            self.link = None;
            self.owed.clear();
            self.field = Field::Empty;
            self.is_unplugged = false;
            return true;
        }
        false
    }

    /// Lets the next player in, if there is one and there is room for it.
    fn accept(&mut self, watch: &Watch) -> bool {
        while let Ok(Some(stream)) = self.listener.accept() {
            let mut link = Link::new(stream);
            // One that has not said who it is does not keep others out.
            if self.link.as_ref().is_some_and(Link::is_greeted) {
                link.refuse(Refusal::Occupied);
            } else if watch.add(&link).is_ok() {
                self.link = Some(link);
                self.owed.clear();
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use xueka_transport::wire::PlayerMessage;

    use super::*;
    use crate::testing::Place;

    #[test]
    fn every_state_is_told_in_its_turn_however_fast_it_passes() {
        let place = Place::with_patience(1000);
        let mut player = place.player();
        player.greet();
        let notices = [
            PlayerMessage::Insert,
            PlayerMessage::Insert,
            PlayerMessage::Remove,
            PlayerMessage::Insert,
            PlayerMessage::Unplug,
            PlayerMessage::Insert,
            PlayerMessage::PlugIn,
            PlayerMessage::Insert,
        ];
        for (sequence, notice) in (1..).zip(notices) {
            player.say(notice, sequence);
        }
        let mut told = vec![place.look()];
        while told.len() < 8 {
            let next = place.look();
            if told.last() != Some(&next) {
                told.push(next);
            }
        }
        let expected = [
            (Presence::Present, "the first card"),
            (Presence::Absent, "which leaves for the second"),
            (Presence::Present, "the second"),
            (Presence::Absent, "removed"),
            (Presence::Present, "the third"),
            (Presence::Unplugged, "pulled out with it"),
            (Presence::Absent, "plugged in, and empty"),
            (Presence::Present, "the one after, not the one before"),
        ];
        for (told, (expected, why)) in told.iter().zip(expected) {
            assert_eq!(*told, expected, "{why}");
        }
        place.look();
        let mut acknowledged = Vec::new();
        place.reader.wait(Duration::ZERO);
        while acknowledged.last() != Some(&8) {
            if let Some((sequence, DriverMessage::Noticed)) = player.hear() {
                acknowledged.push(sequence);
            }
        }
        assert_eq!(
            acknowledged,
            [1, 2, 3, 4, 5, 7, 8],
            "all but the one in vain"
        );
    }

    #[test]
    fn nothing_changes_between_two_waits_whoever_asks() {
        let place = Place::with_patience(1000);
        let mut player = place.with_card();
        player.say(PlayerMessage::Remove, 2);
        player.say(PlayerMessage::Insert, 3);
        for _ in 0..3 {
            assert_eq!(place.reader.presence(), Presence::Present);
        }
        assert_eq!(place.look(), Presence::Absent);
        for _ in 0..3 {
            assert_eq!(place.reader.presence(), Presence::Absent, "not yet");
        }
        assert_eq!(place.look(), Presence::Present);
    }

    #[test]
    fn what_a_player_did_ends_with_its_connection() {
        let place = Place::with_patience(1000);
        let player = place.with_card();
        drop(player);
        assert_eq!(place.look(), Presence::Absent);

        let mut player = place.player();
        player.greet();
        player.say(PlayerMessage::Unplug, 1);
        while place.look() != Presence::Unplugged {}
        drop(player);
        assert_eq!(place.look(), Presence::Absent, "plugged in again");
    }

    #[test]
    fn a_card_whose_player_has_gone_already_was_there() {
        let place = Place::with_patience(1000);
        let mut player = place.player();
        player.greet();
        player.say(PlayerMessage::Insert, 1);
        drop(player);
        assert_eq!(place.look(), Presence::Present);
        assert_eq!(place.look(), Presence::Absent);
    }

    #[test]
    fn the_next_player_plays_when_the_last_has_gone() {
        let place = Place::with_patience(1000);
        let first = place.with_card();
        let mut second = place.player();
        second.greet();
        assert_eq!(place.look(), Presence::Present);
        assert!(second.hear() == Some((0, DriverMessage::Refused(Refusal::Occupied))));
        drop(first);
        let mut third = place.player();
        third.greet();
        third.say(PlayerMessage::Insert, 1);
        assert_eq!(place.look(), Presence::Absent, "the card of the first");
        while place.look() != Presence::Present {}
    }

    #[test]
    fn an_oversized_frame_ends_the_connection_and_its_card() {
        let place = Place::with_patience(1000);
        let mut player = place.with_card();
        player.say_bytes(&[0x00, 0x21, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(place.look(), Presence::Absent);
        let refused = std::iter::from_fn(|| player.hear()).last();
        assert!(refused == Some((0, DriverMessage::Refused(Refusal::Misunderstood))));
    }
}
