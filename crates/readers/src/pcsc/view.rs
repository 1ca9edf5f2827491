//! What PC/SC says of one field, as a snapshot.

use pcsc::{State, ffi::DWORD};
use xueka_transport::CardPresence;

/// One reader as the watcher sees it over time.
#[derive(Debug)]
pub(super) struct View {
    pub(super) presence: CardPresence,
    /// Arrivals and departures since the reader was first seen.
    pub(super) n_events: u64,
    /// PC/SC's own counter, 16 bits wide; `None` before the first look.
    counter: Option<u16>,
    state: State,
}

impl View {
    /// A reader nobody has looked at.
    pub(super) fn new() -> Self {
        Self {
            presence: CardPresence::Empty,
            n_events: 0,
            counter: None,
            state: State::UNAWARE,
        }
    }

    /// Takes in one look: state bits, counter and ATR.
    ///
    /// Bits that tell neither of a card nor of its absence leave things as
    /// they were: such states turn up every few weeks and pass.
    pub(super) fn look(&mut self, state: State, counter: u32, atr: &[u8]) {
        // The counter is the high word of the state: 16 bits.
        let counter = u16::try_from(counter & 0xFFFF).unwrap_or_default();
        let n_new = counter.wrapping_sub(self.counter.unwrap_or(counter));
        self.counter = Some(counter);
        self.n_events += u64::from(n_new);
        self.state = state;
        if state.contains(State::PRESENT | State::MUTE) {
            self.presence = CardPresence::Mute;
        } else if state.contains(State::PRESENT) {
            let atr = atr.to_vec();
            self.presence = CardPresence::Present { atr };
        } else if state.contains(State::EMPTY) {
            self.presence = CardPresence::Empty;
        }
    }

    /// The state to wait from: presence and counter alone, since a program
    /// that connects or disconnects would end the wait by the other bits, and
    /// the readers of this program do so all the time.
    pub(super) fn known(&self) -> State {
        let counter = DWORD::from(self.counter.unwrap_or_default()) << 16;
        let presence = self.state & (State::EMPTY | State::PRESENT | State::MUTE);
        State::from_bits_retain(presence.bits() | counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: State = State::PRESENT.union(State::CHANGED);

    #[test]
    fn the_counter_goes_on_where_its_sixteen_bits_end() {
        let mut view = View::new();
        let cases = [
            (7, 0, "the first look begins the count"),
            (8, 1, "one event"),
            (10, 3, "a card changed between two looks"),
            (0xFFFF, 65528, "many"),
            (0, 65529, "the counter wraps"),
        ];
        for (counter, expected, why) in cases {
            view.look(CARD, counter, &[0x3B]);
            assert_eq!(view.n_events, expected, "{why}");
        }
    }

    #[test]
    fn bits_tell_of_a_card_or_nothing() {
        let atr = vec![0x3B, 0x80];
        let present = CardPresence::Present { atr: atr.clone() };
        let cases = [
            (State::EMPTY, CardPresence::Empty, "empty"),
            (CARD, present.clone(), "a card"),
            (State::from_bits_retain(0x8A), present.clone(), "impossible"),
            (State::UNAVAILABLE, present.clone(), "no word of a card"),
            (CARD | State::INUSE, present, "somebody uses it"),
            (CARD | State::MUTE, CardPresence::Mute, "mute"),
            (
                State::EMPTY | State::from_bits_retain(0x8000),
                CardPresence::Empty,
                "an unknown bit",
            ),
        ];
        let mut view = View::new();
        for (state, expected, why) in cases {
            view.look(state, 1, &atr);
            assert_eq!(view.presence, expected, "{why}");
        }
    }

    #[test]
    fn a_wait_begins_from_presence_and_counter() {
        let mut view = View::new();
        assert_eq!(view.known(), State::UNAWARE, "nothing is known yet");
        view.look(CARD | State::INUSE | State::EXCLUSIVE, 3, &[0x3B]);
        let bits = State::PRESENT.bits() | 0x0003_0000;
        assert_eq!(view.known().bits(), bits);
    }
}
