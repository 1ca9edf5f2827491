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
        let answer = self.converse(link, question, sequence, is_for_card);
        // What came behind the answer, nobody is woken for.
        while let Some(received) = link.next(self.settings.patience) {
            if let Received::Notice(sequence, notice) = received {
                link.put_by(sequence, notice);
            }
        }
        self.watch.set_in_view(&*link, true);
        let is_to_be_seen_to = link.is_ended() || link.has_notices();
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
                        match notice {
                            Notice::Unplug => return Err(Trouble::ReaderGone),
                            Notice::Insert | Notice::Remove if is_for_card => {
                                return Err(Trouble::Broken);
                            }
                            Notice::Insert | Notice::Remove | Notice::PlugIn => {}
                        }
                    }
                }
            }
            if link.is_ended() {
                return Err(Trouble::Broken);
            }
            if !self.watch.wait_for(link.as_fd(), false, until) {
                return Err(Trouble::Silence);
            }
            link.receive();
        }
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
