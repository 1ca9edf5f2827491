//! Questions to the player, and what becomes of them.

use std::{os::fd::AsFd, time::Instant};

use xueka_transport::wire::{DriverMessage, Failure, PlayerMessage};

use crate::{
    abi::{self, MAX_ATR_SIZE, ResponseCode},
    link::{Link, Notice, Received},
    reader::{Field, Inside, Presence, Reader},
};

/// The shortest response: a status word.
const STATUS_WORD: usize = 2;

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There was no card to ask.
    NoCard,
    /// The card left, or what it sent made no sense.
    Broken,
    /// Nobody answered in time.
    Silence,
    /// There is no such command.
    Unsupported,
    /// The reader was unplugged.
    ReaderGone,
}

impl From<Trouble> for ResponseCode {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NoCard => Self::ICC_NOT_PRESENT,
            Trouble::Broken => Self::COMMUNICATION_ERROR,
            Trouble::Silence => Self::RESPONSE_TIMEOUT,
            Trouble::Unsupported => Self::ERROR_NOT_SUPPORTED,
            Trouble::ReaderGone => Self::NO_SUCH_DEVICE,
        }
    }
}

impl Reader {
    /// Powers the card up, or resets it; returns its ATR.
    pub(crate) fn power_up(&self, is_reset: bool) -> Result<Vec<u8>, Trouble> {
        let question = if is_reset {
            DriverMessage::Reset
        } else {
            DriverMessage::PowerUp
        };
        let mut inside = self.lock();
        inside.atr.clear();
        match self.ask_card(&mut inside, question)? {
            PlayerMessage::Atr(atr) if (1..=MAX_ATR_SIZE).contains(&atr.len()) => {
                inside.atr.clone_from(&atr);
                Ok(atr)
            }
            // Silence is what a mute card is known by.
            PlayerMessage::Atr(_) => Err(Trouble::Silence),
            other => Err(trouble_of(&other)),
        }
    }

    /// Takes the power from the card, if there is one.
    pub(crate) fn power_down(&self) {
        let mut inside = self.lock();
        inside.atr.clear();
        if inside.presence() == Presence::Present
            && let Some(link) = &mut inside.link
        {
            link.tell(DriverMessage::PowerDown, 0);
        }
    }

    /// One command to the card, one response of at least two bytes from it.
    pub(crate) fn transmit(&self, command: &[u8]) -> Result<Vec<u8>, Trouble> {
        let question = DriverMessage::Command(command.to_vec());
        match self.ask_card(&mut self.lock(), question)? {
            PlayerMessage::Response(response) if response.len() >= STATUS_WORD => Ok(response),
            other => Err(trouble_of(&other)),
        }
    }

    /// One command to the reader itself; needs no card, but somebody who plays
    /// the reader.
    pub(crate) fn control(&self, code: u32, data: &[u8]) -> Result<Vec<u8>, Trouble> {
        let mut inside = self.lock();
        if inside.presence() == Presence::Unplugged {
            return Err(Trouble::ReaderGone);
        }
        if !inside.link.as_ref().is_some_and(Link::is_greeted) {
            return Err(Trouble::Unsupported);
        }
        if code == abi::GET_FEATURE_REQUEST {
            let [a, b, c, d] = abi::ESCAPE_CODE.to_be_bytes();
            return Ok(vec![abi::FEATURE_ESCAPE, 4, a, b, c, d]);
        }
        let data = data.to_vec();
        match self.ask(&mut inside, DriverMessage::Escape { code, data }, false)? {
            PlayerMessage::EscapeAnswer(answer) => Ok(answer),
            other => Err(trouble_of(&other)),
        }
    }

    fn ask_card(
        &self,
        inside: &mut Inside,
        question: DriverMessage,
    ) -> Result<PlayerMessage, Trouble> {
        match inside.presence() {
            Presence::Present => self.ask(inside, question, true),
            Presence::Absent => Err(Trouble::NoCard),
            Presence::Unplugged => Err(Trouble::ReaderGone),
        }
    }

    /// Asks, and waits for the answer as long as the reader's patience lasts.
    fn ask(
        &self,
        inside: &mut Inside,
        question: DriverMessage,
        is_for_card: bool,
    ) -> Result<PlayerMessage, Trouble> {
        inside.sequence = inside.sequence.wrapping_add(1);
        let sequence = inside.sequence;
        let Some(link) = &mut inside.link else {
            return Err(Trouble::NoCard);
        };
        // The thread that waits for events has nothing to do with the answer.
        self.watch.set_in_view(&*link, false);
        let mut notices = link.notices();
        let trouble = notices.find_map(|notice| trouble_from(notice, is_for_card));
        drop(notices);
        let answer = match trouble {
            // It came behind the last answer and has taken no effect yet. The
            // player knows of no such card any more and would stay silent.
            Some(trouble) => Err(trouble),
            None => self.converse(link, question, sequence, is_for_card),
        };
        // What came behind the answer, nobody is woken for.
        while let Some(received) = link.next(self.settings.patience) {
            if let Received::Notice(sequence, notice) = received {
                link.put_by(sequence, notice);
            }
        }
        self.watch.set_in_view(&*link, true);
        let is_to_be_seen_to = link.is_ended() || link.notices().next().is_some();
        if is_to_be_seen_to || inside.owes() {
            self.watch.nudge();
        }
        let has_left = matches!(answer, Err(Trouble::Broken | Trouble::ReaderGone));
        if has_left && inside.field == Field::Card {
            inside.field = Field::Left;
        }
        answer
    }

    fn converse(
        &self,
        link: &mut Link,
        question: DriverMessage,
        sequence: u16,
        is_for_card: bool,
    ) -> Result<PlayerMessage, Trouble> {
        let patience = self.settings.patience;
        if !link.ask(question, sequence, &self.watch) {
            return Err(Trouble::Broken);
        }
        let mut until = Instant::now() + patience;
        loop {
            while let Some(received) = link.next(patience) {
                match received {
                    Received::Answer(to, PlayerMessage::MoreTime) if to == sequence => {
                        until = Instant::now() + patience;
                    }
                    Received::Answer(to, answer) if to == sequence => return Ok(answer),
                    // It comes too late: that question was given up.
                    Received::Answer(..) => {}
                    Received::Notice(number, notice) => {
                        link.put_by(number, notice);
                        if let Some(trouble) = trouble_from(notice, is_for_card) {
                            return Err(trouble);
                        }
                    }
                }
            }
            if link.is_ended() {
                return Err(Trouble::Broken);
            }
            // One that sends something else all the time is no less silent.
            let is_over = until <= Instant::now();
            if is_over || !self.watch.wait_for(link.as_fd(), false, until) {
                return Err(Trouble::Silence);
            }
            link.receive();
        }
    }
}

/// What a notice does to a question that is under way.
fn trouble_from(notice: Notice, is_for_card: bool) -> Option<Trouble> {
    match notice {
        Notice::Unplug => Some(Trouble::ReaderGone),
        // One that comes takes the place of the one that was asked.
        Notice::Insert | Notice::Remove => is_for_card.then_some(Trouble::Broken),
        Notice::PlugIn => None,
    }
}

/// What an answer that is not the expected one comes to.
fn trouble_of(answer: &PlayerMessage) -> Trouble {
    match answer {
        PlayerMessage::Failed(Failure::Silence) => Trouble::Silence,
        PlayerMessage::Failed(Failure::Unsupported) => Trouble::Unsupported,
        _ => Trouble::Broken,
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread, time::Duration};

    use super::*;
    use crate::testing::{Place, Player};

    /// Transmits while the player does `act` with the command.
    fn transmit(place: &Place, act: impl FnOnce(u16) + Send) -> Result<Vec<u8>, Trouble> {
        let mut player = place.with_card();
        transmit_with(place, &mut player, |_, sequence| act(sequence))
    }

    fn transmit_with(
        place: &Place,
        player: &mut Player,
        act: impl FnOnce(&mut Player, u16) + Send,
    ) -> Result<Vec<u8>, Trouble> {
        thread::scope(|scope| {
            let asked = scope.spawn(|| place.reader.transmit(&[0xFF, 0xCA, 0, 0, 0]));
            let (sequence, question) = player.question();
            assert!(question == DriverMessage::Command(vec![0xFF, 0xCA, 0, 0, 0]));
            act(player, sequence);
            asked.join().unwrap()
        })
    }

    #[test]
    fn an_answer_is_what_follows_its_own_question() {
        let place = Place::with_patience(10_000);
        let mut player = place.with_card();
        let answer = transmit_with(&place, &mut player, |player, sequence| {
            let other = PlayerMessage::Response(vec![0xAA, 0x90, 0]);
            player.say(other, sequence.wrapping_add(1));
            player.say(PlayerMessage::Response(vec![0x90, 0]), sequence);
        });
        assert_eq!(answer, Ok(vec![0x90, 0]));
        assert_eq!(place.reader.presence(), Presence::Present);
    }

    #[test]
    fn what_is_no_response_is_an_error_and_never_a_success() {
        let cases = [
            (PlayerMessage::Response(vec![]), Trouble::Broken, "empty"),
            (
                PlayerMessage::Response(vec![0x90]),
                Trouble::Broken,
                "one byte",
            ),
            (
                PlayerMessage::Atr(vec![0x3B, 0x00]),
                Trouble::Broken,
                "an ATR",
            ),
            (
                PlayerMessage::Failed(Failure::Transmission),
                Trouble::Broken,
                "not understood",
            ),
            (
                PlayerMessage::Failed(Failure::Silence),
                Trouble::Silence,
                "silent",
            ),
        ];
        for (message, trouble, why) in cases {
            let place = Place::with_patience(10_000);
            let mut player = place.with_card();
            let answer = transmit_with(&place, &mut player, |player, sequence| {
                player.say(message, sequence);
            });
            assert_eq!(answer, Err(trouble), "{why}");
            assert_eq!(place.reader.presence(), Presence::Present, "{why}");
        }
    }

    #[test]
    fn a_card_that_leaves_ends_the_exchange_and_is_absent_at_once() {
        for notice in [PlayerMessage::Remove, PlayerMessage::Insert] {
            let place = Place::with_patience(60_000);
            let mut player = place.with_card();
            let answer = transmit_with(&place, &mut player, |player, sequence| {
                player.say(notice, 2);
                player.say(PlayerMessage::Response(vec![0x90, 0]), sequence);
            });
            assert_eq!(answer, Err(Trouble::Broken));
            assert_eq!(place.reader.presence(), Presence::Absent);
            let again = place.reader.transmit(&[0xFF, 0xCA, 0, 0, 0]);
            assert_eq!(again, Err(Trouble::NoCard), "nothing is sent any more");
        }
    }

    #[test]
    fn a_card_that_leaves_behind_its_answer_has_answered() {
        let place = Place::with_patience(60_000);
        let mut player = place.with_card();
        let answer = transmit_with(&place, &mut player, |player, sequence| {
            let mut both = PlayerMessage::Response(vec![0x90, 0]).encode(sequence);
            both.extend(PlayerMessage::Remove.encode(2));
            player.say_bytes(&both);
        });
        assert_eq!(answer, Ok(vec![0x90, 0]));
        assert_eq!(place.look(), Presence::Absent, "and it is not forgotten");
    }

    #[test]
    fn a_card_that_left_behind_its_last_answer_is_not_waited_for() {
        let cases = [
            (PlayerMessage::Remove, Trouble::Broken, "removed"),
            (PlayerMessage::Insert, Trouble::Broken, "replaced"),
            (PlayerMessage::Unplug, Trouble::ReaderGone, "unplugged"),
        ];
        for (notice, trouble, why) in cases {
            let place = Place::with_patience(100);
            let mut player = place.with_card();
            let answer = transmit_with(&place, &mut player, |player, sequence| {
                let mut both = PlayerMessage::Response(vec![0x90, 0]).encode(sequence);
                both.extend(notice.encode(2));
                player.say_bytes(&both);
            });
            assert_eq!(answer, Ok(vec![0x90, 0]), "{why}");
            // pcscd has not looked since; the player would not answer.
            let next = place.reader.transmit(&[0xFF, 0xCA, 0, 0, 0]);
            assert_eq!(next, Err(trouble), "{why}");
            assert_eq!(place.reader.presence(), Presence::Absent, "{why}");
        }
    }

    #[test]
    fn an_unplugged_reader_and_a_broken_line_end_the_exchange() {
        let place = Place::with_patience(60_000);
        let mut player = place.with_card();
        let answer = transmit_with(&place, &mut player, |player, _| {
            player.say(PlayerMessage::Unplug, 2);
        });
        assert_eq!(answer, Err(Trouble::ReaderGone));

        let place = Place::with_patience(60_000);
        let mut player = Some(place.with_card());
        let answer = thread::scope(|scope| {
            let asked = scope.spawn(|| place.reader.transmit(&[0; 5]));
            player.as_mut().unwrap().question();
            player.take();
            asked.join().unwrap()
        });
        assert_eq!(answer, Err(Trouble::Broken));
    }

    #[test]
    fn silence_lasts_as_long_as_the_patience_and_more_time_renews_it() {
        let place = Place::with_patience(150);
        let began = Instant::now();
        assert_eq!(transmit(&place, |_| {}), Err(Trouble::Silence));
        assert!(began.elapsed().as_millis() >= 150);

        let place = Place::with_patience(10_000);
        let mut player = place.with_card();
        let answer = transmit_with(&place, &mut player, |player, sequence| {
            player.say(PlayerMessage::MoreTime, sequence.wrapping_sub(1));
            player.say(PlayerMessage::MoreTime, sequence);
            player.say(PlayerMessage::Response(vec![0x90, 0]), sequence);
        });
        assert_eq!(answer, Ok(vec![0x90, 0]));
    }

    #[test]
    fn a_player_that_sends_without_end_is_as_good_as_silent() {
        let place = Place::with_patience(150);
        let mut player = place.with_card();
        let flood = PlayerMessage::Response(vec![0; 50_000]).encode(0);
        let (told, answer) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                // None of it answers the question. The line ends with the test.
                while player.try_to_say_bytes(&flood).is_ok() {}
            });
            let reader = &place.reader;
            scope.spawn(move || told.send(reader.transmit(&[0xFF, 0xCA, 0, 0, 0])));
            let answer = answer.recv_timeout(Duration::from_secs(10));
            // Also where the answer is late, both threads are to end.
            reader.watch.stop();
            assert_eq!(answer, Ok(Err(Trouble::Silence)));
            reader.lock().link = None;
        });
    }

    #[test]
    fn closing_the_reader_ends_the_exchange() {
        let place = Place::with_patience(600_000);
        let mut player = place.with_card();
        let answer = transmit_with(&place, &mut player, |_, _| place.reader.watch.stop());
        assert_eq!(answer, Err(Trouble::Silence));
    }

    #[test]
    fn an_atr_is_kept_while_the_card_is_powered() {
        let place = Place::with_patience(10_000);
        let mut player = place.with_card();
        let mut power = |atr: Vec<u8>| {
            thread::scope(|scope| {
                let asked = scope.spawn(|| place.reader.power_up(false));
                let (sequence, _) = player.question();
                player.say(PlayerMessage::Atr(atr), sequence);
                asked.join().unwrap()
            })
        };
        assert_eq!(power(vec![0x3B, 0x00]), Ok(vec![0x3B, 0x00]));
        assert_eq!(place.reader.lock().atr, [0x3B, 0x00]);
        assert_eq!(power(vec![]), Err(Trouble::Silence), "mute");
        assert_eq!(power(vec![0; 34]), Err(Trouble::Silence), "longer than any");
        assert_eq!(power(vec![0; 33]), Ok(vec![0; 33]), "the longest");
        place.reader.power_down();
        assert_eq!(place.reader.lock().atr, []);
        assert!(player.question().1 == DriverMessage::PowerDown);
    }

    #[test]
    fn the_reader_itself_is_asked_with_and_without_a_card() {
        let place = Place::with_patience(10_000);
        let nobody = place.reader.control(abi::ESCAPE_CODE, &[1]);
        assert_eq!(nobody, Err(Trouble::Unsupported));
        let mut player = place.player();
        player.greet();
        place.look();
        let answer = thread::scope(|scope| {
            let asked = scope.spawn(|| place.reader.control(abi::ESCAPE_CODE, &[0xE0]));
            let (sequence, question) = player.question();
            let code = abi::ESCAPE_CODE;
            let data = vec![0xE0];
            assert!(question == DriverMessage::Escape { code, data });
            // A card that comes meanwhile has nothing to do with it.
            player.say(PlayerMessage::Insert, 1);
            player.say(PlayerMessage::EscapeAnswer(vec![0xE1]), sequence);
            asked.join().unwrap()
        });
        assert_eq!(answer, Ok(vec![0xE1]));
        assert_eq!(place.look(), Presence::Present);
        let features = place.reader.control(abi::GET_FEATURE_REQUEST, &[]);
        assert_eq!(features, Ok(vec![0x13, 4, 0x42, 0, 0, 1]));
    }
}
