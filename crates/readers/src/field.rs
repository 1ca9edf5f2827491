//! The state machine of one reader and its field.
//!
//! Pure: it is told what was seen and how readings ended, and says which
//! events follow. The picture stands in the crate's documentation.

use xueka_cards::CardReading;
use xueka_domain::CardIdentity;
use xueka_transport::CardPresence;

use crate::{ReaderError, ReaderState, TapChange};

/// One reader: how far it and the card in its field have come.
#[derive(Debug)]
pub(crate) struct Field {
    stay: Stay,
    is_mute: bool,
    /// The source's count of arrivals and departures when it was last asked.
    n_events: u64,
    /// The card may have lost its power unseen; it is powered anew before
    /// anything else is done.
    is_doubtful: bool,
    /// By what the card that listeners were told of is named.
    told: Option<CardIdentity>,
}

/// How far they have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stay {
    /// The reader is being asked which one it is; nobody was told of it.
    Attaching {
        /// A card lies there.
        has_card: bool,
    },
    /// There is no card.
    Empty,
    /// A card arrived; nobody has read it or been told.
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
    /// The reader is gone; nothing happens any more.
    Detached,
}

impl Field {
    /// The field of a reader that the source has just begun to list.
    pub(crate) fn new(presence: &CardPresence, n_events: u64) -> Self {
        Self {
            stay: Stay::Attaching {
                has_card: *presence != CardPresence::Empty,
            },
            is_mute: *presence == CardPresence::Mute,
            n_events,
            is_doubtful: false,
            told: None,
        }
    }

    /// The reader was asked which one it is; a card in it has just arrived.
    pub(crate) fn introduce(&mut self, mut tell: impl FnMut(TapChange)) {
        if let Stay::Attaching { has_card } = self.stay {
            tell(TapChange::Attached);
            self.stay = if has_card { Stay::Unread } else { Stay::Empty };
        }
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

    /// The source's count of arrivals and departures when it was last asked.
    pub(crate) fn n_events(&self) -> u64 {
        self.n_events
    }

    /// Whether a card waits for its reading.
    pub(crate) fn is_unread(&self) -> bool {
        self.stay == Stay::Unread
    }

    /// Whether a card was seen that listeners will be told of.
    pub(crate) fn is_being_told(&self) -> bool {
        matches!(
            self.stay,
            Stay::Attaching { has_card: true } | Stay::Unread | Stay::Reading { .. }
        )
    }

    /// Begins the reading of the unread card; whether there is one.
    pub(crate) fn begin_tap(&mut self) -> bool {
        let is_unread = self.is_unread();
        if is_unread {
            self.stay = Stay::Reading {
                has_left: false,
                has_successor: false,
            };
        }
        is_unread
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
        self.told = outcome.as_ref().ok().and_then(identity);
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

    /// Whether the card in the field is, as far as listeners know, this one.
    pub(crate) fn shows(&self, card: &CardIdentity) -> bool {
        self.stay == Stay::Told && self.told.as_ref() == Some(card)
    }

    /// The machine slept or the service stood still: nobody knows whether the
    /// card that is listed still has its power.
    pub(crate) fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// Begins to power the card anew; whether that is to be done.
    pub(crate) fn begin_revival(&mut self) -> bool {
        std::mem::take(&mut self.is_doubtful) && self.is_occupied()
    }

    /// Whether listeners know what lies there.
    pub(crate) fn is_told(&self) -> bool {
        self.stay == Stay::Told
    }

    /// The card that listeners know was read again; tells when it is another
    /// one, which took its place unseen. Whether it is.
    ///
    /// A reading that failed says nothing of that; whoever asks next hears why.
    pub(crate) fn end_second_look(
        &mut self,
        outcome: Result<CardReading, ReaderError>,
        mut tell: impl FnMut(TapChange),
    ) -> bool {
        let Ok(reading) = &outcome else { return false };
        let found = identity(reading);
        // A random UID names nobody, before and after.
        if !self.is_told() || found == self.told {
            return false;
        }
        self.told = found;
        tell(TapChange::CardLeft);
        tell(TapChange::CardArrived(outcome));
        true
    }

    /// The reader is detached: the card that is there leaves with it.
    pub(crate) fn detach(&mut self, why: &ReaderError, mut tell: impl FnMut(TapChange)) {
        match self.stay {
            // Nobody was told that it came.
            Stay::Attaching { .. } | Stay::Detached => {}
            Stay::Empty => tell(TapChange::Detached),
            Stay::Unread | Stay::Reading { .. } => {
                tell(TapChange::CardArrived(Err(why.clone())));
                tell(TapChange::CardLeft);
                tell(TapChange::Detached);
            }
            Stay::Told => {
                tell(TapChange::CardLeft);
                tell(TapChange::Detached);
            }
        }
        self.stay = Stay::Detached;
    }

    /// What to show of this field, stalls aside.
    pub(crate) fn state(&self) -> ReaderState {
        match (self.is_occupied(), self.is_mute) {
            (false, _) => ReaderState::Empty,
            (true, false) => ReaderState::CardPresent,
            (true, true) => ReaderState::CardMute,
        }
    }

    /// Whether a card lies there, as far as is known.
    pub(crate) fn is_occupied(&self) -> bool {
        match self.stay {
            Stay::Empty | Stay::Detached => false,
            Stay::Attaching { has_card } => has_card,
            Stay::Unread | Stay::Told => true,
            Stay::Reading {
                has_left,
                has_successor,
            } => !has_left || has_successor,
        }
    }

    fn arrive(&mut self) {
        match &mut self.stay {
            Stay::Attaching { has_card } => *has_card = true,
            Stay::Reading { has_successor, .. } => *has_successor = true,
            Stay::Detached => {}
            stay @ (Stay::Empty | Stay::Unread | Stay::Told) => *stay = Stay::Unread,
        }
    }

    fn depart(&mut self, mut tell: impl FnMut(TapChange)) {
        match &mut self.stay {
            Stay::Attaching { has_card } => *has_card = false,
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
            Stay::Empty | Stay::Detached => {}
            stay @ (Stay::Unread | Stay::Told) => {
                if *stay == Stay::Unread {
                    tell(TapChange::CardArrived(Err(ReaderError::CardGone)));
                }
                tell(TapChange::CardLeft);
                *stay = Stay::Empty;
            }
        }
    }
}

/// By what a card is named that was read.
fn identity(reading: &CardReading) -> Option<CardIdentity> {
    CardIdentity::new(reading.number, reading.uid).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done to a field.
    #[derive(Clone, Copy)]
    enum Step {
        /// The reader was asked which one it is.
        Introduce,
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

    use Step::{Begin, Card, Detach, Empty, End, Introduce, Mute};

    /// The events that follow: `+` attached, `A` arrived and read, `E` arrived
    /// and not read, `L` left, `-` detached.
    fn take(field: &mut Field, step: Step) -> String {
        let mut events = String::new();
        let tell = |change: TapChange| {
            events.push(match change {
                TapChange::Attached => '+',
                TapChange::CardArrived(Err(ReaderError::NoCard)) => 'A',
                TapChange::CardArrived(_) => 'E',
                TapChange::CardLeft => 'L',
                TapChange::Detached => '-',
                other => panic!("a field never tells {other:?}"),
            });
        };
        let card = CardPresence::Present { atr: vec![0x3B] };
        match step {
            Introduce => field.introduce(tell),
            Card(n_events) => field.observe(&card, n_events, tell),
            Mute(n_events) => field.observe(&CardPresence::Mute, n_events, tell),
            Empty(n_events) => field.observe(&CardPresence::Empty, n_events, tell),
            Begin => {
                field.begin_tap();
            }
            // An outcome that no other step gives, to know it by.
            End => field.end_tap(Err(ReaderError::NoCard), tell),
            Detach => field.detach(&ReaderError::Gone, tell),
        }
        events
    }

    fn told(steps: &[Step]) -> String {
        let mut field = Field::new(&CardPresence::Empty, 0);
        steps.iter().map(|step| take(&mut field, *step)).collect()
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
            (&[Card(1), Begin, End, Detach, End], "AL-", "detached"),
            (
                &[Card(1), Begin, Detach, End],
                "EL-",
                "detached while being read",
            ),
        ];
        for (steps, expected, why) in cases {
            let steps = [&[Introduce], steps].concat();
            assert_eq!(told(&steps), format!("+{expected}"), "{why}");
        }
    }

    #[test]
    fn nothing_is_told_of_a_reader_before_it_was_asked_which_one_it_is() {
        let cases: [(&[Step], &str, &str); 4] = [
            (&[Card(1), Empty(2), Card(3)], "", "still asking"),
            (
                &[Card(1), Introduce, Begin, End],
                "+A",
                "its card arrives then",
            ),
            (
                &[Card(1), Empty(2), Introduce, Begin, End],
                "+",
                "it has left by then",
            ),
            (&[Card(1), Detach, Introduce], "", "it came and went unseen"),
        ];
        for (steps, expected, why) in cases {
            assert_eq!(told(steps), expected, "{why}");
        }
    }

    /// The states, each with the letter that the table below has for it.
    const STAYS: [(char, Stay); 9] = [
        ('a', Stay::Attaching { has_card: false }),
        ('A', Stay::Attaching { has_card: true }),
        ('e', Stay::Empty),
        ('u', Stay::Unread),
        ('r', reading(false, false)),
        ('l', reading(true, false)),
        ('f', reading(true, true)),
        ('t', Stay::Told),
        ('d', Stay::Detached),
    ];

    const fn reading(has_left: bool, has_successor: bool) -> Stay {
        Stay::Reading {
            has_left,
            has_successor,
        }
    }

    /// Every state, and what each step makes of it and tells: the whole of the
    /// drawing in the crate's documentation.
    #[test]
    fn every_step_in_every_state_does_what_is_drawn() {
        // The count of events stands at 10: 11 is one more, 12 a jump.
        let steps = [
            Introduce,
            Card(10),
            Card(11),
            Card(12),
            Empty(10),
            Empty(11),
            Empty(12),
            Begin,
            End,
            Detach,
        ];
        // intro. card +1  +2   none +1   +2   begin end  detach
        let table = [
            "a e+   A    A    A    a    a    a    a     a    d",
            "A u+   A    A    A    a    a    a    A     A    d",
            "e e    u    u    u    e    e    eEL  e     e    d-",
            "u u    u    u    uEL  eEL  eEL  eEL  r     u    dEL-",
            "r r    r    r    f    l    l    l    r     tA   dEL-",
            "l l    f    f    f    l    l    l    l     eAL  dEL-",
            "f f    f    f    f    l    l    l    f     uAL  dEL-",
            "t t    t    t    uL   eL   eL   eL   t     t    dL-",
            "d d    d    d    d    d    d    d    d     d    d",
        ];
        let letter_of = |stay| STAYS.iter().find(|(_, it)| *it == stay).unwrap().0;
        for ((letter, stay), row) in STAYS.into_iter().zip(table) {
            let mut cells = row.split_whitespace();
            assert_eq!(cells.next(), Some(letter.to_string().as_str()));
            assert_eq!(cells.clone().count(), steps.len());
            for (index, (step, expected)) in steps.into_iter().zip(cells).enumerate() {
                let mut field = Field {
                    stay,
                    is_mute: false,
                    n_events: 10,
                    is_doubtful: false,
                    told: None,
                };
                let told = take(&mut field, step);
                let became = format!("{}{told}", letter_of(field.stay));
                assert_eq!(became, expected, "step {index} in {stay:?}");
            }
        }
    }

    #[test]
    fn a_card_is_powered_anew_once_for_each_doubt_and_only_where_there_is_one() {
        let mut field = Field::new(&CardPresence::Empty, 0);
        field.introduce(|_| ());
        field.doubt();
        assert!(
            !field.begin_revival(),
            "an empty field has nothing to revive"
        );
        field.observe(&CardPresence::Mute, 1, |_| ());
        assert!(!field.begin_revival(), "the doubt was about what lay there");
        field.doubt();
        assert!(field.begin_revival());
        assert!(!field.begin_revival());
    }

    #[test]
    fn the_state_follows_the_field() {
        let mut field = Field::new(&CardPresence::Mute, 5);
        assert_eq!(field.state(), ReaderState::CardMute);
        let atr = vec![0x3B, 0x00];
        field.observe(&CardPresence::Present { atr }, 5, |_| ());
        assert_eq!(field.state(), ReaderState::CardPresent);
        field.introduce(|_| ());
        assert!(field.is_unread());
        field.observe(&CardPresence::Empty, 6, |_| ());
        assert_eq!(field.state(), ReaderState::Empty);
    }
}
