//! The thread of one virtual reader: connect, answer, connect again.

use std::{io, sync::Arc, time::Duration};

use xueka_transport::wire::{Address, DriverMessage, PlayerMessage, Refusal, VERSION};

use super::{
    connect::{self, Cancel},
    line::{Heard, Line},
    state::State,
};

/// Between two attempts on a reader that another program plays: no event tells
/// when it stops.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// A reader to be played.
pub(super) struct Player {
    address: Address,
    state: Arc<State>,
    cancel: Arc<Cancel>,
}

impl Player {
    pub(super) fn new(address: Address, state: Arc<State>, cancel: Arc<Cancel>) -> Self {
        Self {
            address,
            state,
            cancel,
        }
    }

    /// The whole life of the thread.
    pub(super) fn run(self) {
        while let Some(line) = connect::wait_for(&self.address, &self.cancel) {
            let refusal = self.play(line);
            self.state.disconnected();
            if self.state.is_stopped() {
                return;
            }
            if let Ok(refusal) = refusal {
                tracing::debug!(address = %self.address, ?refusal, "the reader refuses");
                self.cancel.wait(REFUSED_PAUSE);
            }
        }
    }

    /// One connection, until it is lost or refused.
    fn play(&self, mut line: Line) -> io::Result<Refusal> {
        let mut heard = Heard::new(line.try_clone()?);
        line.say(PlayerMessage::Hello { version: VERSION }, 0)?;
        self.state.connected(line);
        loop {
            let (sequence, message) = heard.next()?;
            match message {
                DriverMessage::Welcome { patience, .. } => self.state.welcomed(patience),
                DriverMessage::Refused(refusal) => return Ok(refusal),
                DriverMessage::Noticed => self.state.noticed(sequence),
                DriverMessage::PowerUp | DriverMessage::Reset => self.state.power_up(sequence),
                // What the card forgets, it forgets when power comes back.
                DriverMessage::PowerDown => {}
                DriverMessage::Command(command) => self.state.command(sequence, &command),
                DriverMessage::Escape { data, .. } => self.state.escape(sequence, data),
            }
        }
    }
}
