//! The state machine of one reader's field.
//!
//! Pure: it is told what was seen and how readings ended, and says which
//! events follow. The picture stands in the crate's documentation.

use xueka_cards::CardReading;
use xueka_transport::CardPresence;

use crate::{ReaderError, ReaderState, TapChange};

/// What is in a field, and how much of it was told.
#[derive(Debug)]
pub(crate) struct Field {
    stay: Stay,
    is_mute: bool,
    /// The source's count of arrivals and departures when it was last asked.
    n_events: u64,
}

/// How far the card in the field has come.
#[derive(Debug, PartialEq, Eq)]
enum Stay {
    /// There is none.
    Empty,
    /// It arrived; nobody has read it or been told.
    Unread,
    /// Its tap is being read.
    Reading {
        /// It has left since.
        has_left: bool,
        /// After that another one came.
        has_successor: bool,
    },
    /// Listeners know what its reading gave.
    Told,
}

impl Field {
    /// The field of a reader just attached; a card in it has just arrived.
    pub(crate) fn new(presence: &CardPresence, n_events: u64) -> Self {
        let mut field = Self {
            stay: Stay::Empty,
            is_mute: false,
            n_events,
        };
        if *presence != CardPresence::Empty {
            field.arrive();
        }
        field.is_mute = *presence == CardPresence::Mute;
        field
    }

    /// Takes in what the source saw, and tells what follows from it.
    ///
    /// A count that rose by two or more while a card is there tells of one
    /// taken away and one put there between two looks; a count that fell, of a
    /// reader that was replugged.
    pub(crate) fn observe(
        &mut self,
        presence: &CardPresence,
        n_events: u64,
        mut tell: impl FnMut(TapChange),
    ) {
        let is_there = *presence != CardPresence::Empty;
        let was_changed = n_events < self.n_events || n_events - self.n_events >= 2;
        self.n_events = n_events;
        match (self.is_occupied(), is_there) {
            (true, true) if was_changed => {
                self.depart(&mut tell);
                self.arrive();
            }
            // Too short a visit for anyone to have seen it.
            (false, false) if was_changed => {
                self.arrive();
                self.depart(&mut tell);
            }
            (false, true) => self.arrive(),
            (true, false) => self.depart(&mut tell),
            (true, true) | (false, false) => {}
        }
        self.is_mute = *presence == CardPresence::Mute;
    }

    /// Whether a card waits for its reading.
    pub(crate) fn is_unread(&self) -> bool {
        self.stay == Stay::Unread
    }

    /// Whether a card was seen that listeners will be told of.
    pub(crate) fn is_being_told(&self) -> bool {
        matches!(self.stay, Stay::Unread | Stay::Reading { .. })
    }

    /// The reading of the unread card begins.
    pub(crate) fn begin_tap(&mut self) {
        self.stay = Stay::Reading {
            has_left: false,
            has_successor: false,
        };
    }

    /// The reading begun by [`Self::begin_tap`] has ended.
    pub(crate) fn end_tap(
        &mut self,
        outcome: Result<CardReading, ReaderError>,
        mut tell: impl FnMut(TapChange),
    ) {
        let Stay::Reading {
            has_left,
            has_successor,
        } = self.stay
        else {
            return;
        };
        tell(TapChange::CardArrived(outcome));
        if has_left {
            tell(TapChange::CardLeft);
        }
        self.stay = match (has_left, has_successor) {
            (false, _) => Stay::Told,
            (true, false) => Stay::Empty,
            (true, true) => Stay::Unread,
        };
    }

    /// The reader is detached: the card that is there leaves with it.
    pub(crate) fn detach(&mut self, why: &ReaderError, mut tell: impl FnMut(TapChange)) {
        if self.is_being_told() {
            tell(TapChange::CardArrived(Err(why.clone())));
        }
        if self.stay != Stay::Empty {
            tell(TapChange::CardLeft);
        }
        self.stay = Stay::Empty;
    }

    /// What to show of this field, stalls aside.
    pub(crate) fn state(&self) -> ReaderState {
        match (self.is_occupied(), self.is_mute) {
            (false, _) => ReaderState::Empty,
            (true, false) => ReaderState::CardPresent,
            (true, true) => ReaderState::CardMute,
        }
    }

    fn is_occupied(&self) -> bool {
        match self.stay {
            Stay::Empty => false,
            Stay::Unread | Stay::Told => true,
            Stay::Reading {
                has_left,
                has_successor,
            } => !has_left || has_successor,
        }
    }

    fn arrive(&mut self) {
        match &mut self.stay {
            Stay::Reading { has_successor, .. } => *has_successor = true,
            stay => *stay = Stay::Unread,
        }
    }

    fn depart(&mut self, mut tell: impl FnMut(TapChange)) {
        match &mut self.stay {
            // A successor that leaves before its turn is not told: while a
            // reading hangs, a hovering card could otherwise pile up events
            // without end.
            Stay::Reading {
                has_left,
                has_successor,
            } => {
                *has_left = true;
                *has_successor = false;
            }
            stay => {
                if *stay == Stay::Unread {
                    tell(TapChange::CardArrived(Err(ReaderError::CardGone)));
                }
                tell(TapChange::CardLeft);
                *stay = Stay::Empty;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done to a field.
    enum Step {
        /// The source saw a card, with this count of events.
        Card(u64),
        /// The source saw a card that does not answer.
        Mute(u64),
        /// The source saw no card.
        Empty(u64),
        /// The reading of the tap begins.
        Begin,
        /// It ends.
        End,
        /// The reader is detached.
        Detach,
    }

    use Step::{Begin, Card, Detach, Empty, End, Mute};

    /// The events that follow: `A` arrived and read, `E` arrived and not read,
    /// `L` left.
    fn told(steps: &[Step]) -> String {
        let mut field = Field::new(&CardPresence::Empty, 0);
        let mut events = String::new();
        let mut tell = |change: TapChange| {
            events.push(match change {
                TapChange::CardArrived(Err(ReaderError::NoCard)) => 'A',
                TapChange::CardArrived(_) => 'E',
                TapChange::CardLeft => 'L',
                other => panic!("a field never tells {other:?}"),
            });
        };
        let card = CardPresence::Present { atr: vec![0x3B] };
        for step in steps {
            match step {
                Card(n_events) => field.observe(&card, *n_events, &mut tell),
                Mute(n_events) => field.observe(&CardPresence::Mute, *n_events, &mut tell),
                Empty(n_events) => field.observe(&CardPresence::Empty, *n_events, &mut tell),
                Begin => {
                    assert!(field.is_unread());
                    field.begin_tap();
                }
                // An outcome that no other step gives, to know it by.
                End => field.end_tap(Err(ReaderError::NoCard), &mut tell),
                Detach => field.detach(&ReaderError::Gone, &mut tell),
            }
        }
        events
    }

    #[test]
    fn a_visit_is_one_arrival_and_one_departure() {
        let cases: [(&[Step], &str, &str); 15] = [
            (&[Empty(0), Empty(0)], "", "nothing came"),
            (&[Card(1)], "", "told once it was read"),
            (&[Card(1), Begin, End], "A", "read and still there"),
            (&[Card(1), Begin, End, Card(1)], "A", "a card that stays"),
            (&[Card(1), Begin, End, Mute(1)], "A", "stays, fell silent"),
            (&[Card(1), Begin, End, Empty(2)], "AL", "taken away"),
            (
                &[Card(1), Begin, Empty(2), End],
                "AL",
                "left while being read",
            ),
            (&[Card(1), Empty(2)], "EL", "left before its reading began"),
            (&[Empty(2)], "EL", "came and went between two looks"),
            (
                &[Card(1), Begin, End, Card(3), Begin, End],
                "ALA",
                "changed between two looks",
            ),
            (
                &[Card(3), Begin, End, Card(1), Begin, End],
                "ALA",
                "a count that fell is a replugged reader",
            ),
            (
                &[Card(1), Begin, Empty(2), Card(3), End, Begin, End],
                "ALA",
                "another came during the reading",
            ),
            (
                &[Card(1), Begin, Card(3), Empty(4), End],
                "AL",
                "a successor that left unseen",
            ),
            (&[Card(1), Begin, End, Detach, End], "AL", "detached"),
            (
                &[Card(1), Begin, Detach, End],
                "EL",
                "detached while being read",
            ),
        ];
        for (steps, expected, why) in cases {
            assert_eq!(told(steps), expected, "{why}");
        }
    }

    #[test]
    fn the_state_follows_the_field() {
        let mut field = Field::new(&CardPresence::Mute, 5);
        assert!(field.is_unread());
        assert_eq!(field.state(), ReaderState::CardMute);
        let atr = vec![0x3B, 0x00];
        field.observe(&CardPresence::Present { atr }, 5, |_| ());
        assert_eq!(field.state(), ReaderState::CardPresent);
        field.observe(&CardPresence::Empty, 6, |_| ());
        assert_eq!(field.state(), ReaderState::Empty);
    }
}
