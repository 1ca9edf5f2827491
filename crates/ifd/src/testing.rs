//! A player for the tests of this crate, and a reader for it to play.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use tempfile::TempDir;
use xueka_transport::wire::{DriverMessage, Inbox, PlayerMessage, VERSION};

use crate::{
    reader::{Presence, Reader},
    settings::Settings,
};

/// Longer than any test takes; a silence fails it instead of hanging it.
const LIMIT: Duration = Duration::from_secs(10);

/// A reader in a folder of its own.
pub(crate) struct Place {
    pub(crate) reader: Reader,
    folder: TempDir,
}

impl Place {
    /// A reader with this patience, in milliseconds.
    pub(crate) fn with_patience(millis: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("{};timeout={millis}", address(&folder));
        let settings: Settings = name.parse().unwrap();
        let reader = Reader::open(3, settings).unwrap();
        Self { reader, folder }
    }

    pub(crate) fn player(&self) -> Player {
        Player::at(&self.folder)
    }

    /// A player with a card in the field, of which pcscd has been told.
    pub(crate) fn with_card(&self) -> Player {
        let mut player = self.player();
        player.greet();
        player.say(PlayerMessage::Insert, 1);
        assert_eq!(self.look(), Presence::Present);
        player
    }

    /// Waits and asks, as the thread of pcscd does.
    pub(crate) fn look(&self) -> Presence {
        self.reader.wait(LIMIT);
        self.reader.presence()
    }
}

pub(crate) fn address(folder: &TempDir) -> String {
    format!("unix:{}/reader", folder.path().display())
}

/// A player that says what it is told to say.
pub(crate) struct Player {
    stream: UnixStream,
    inbox: Inbox,
}

impl Player {
    pub(crate) fn at(folder: &TempDir) -> Self {
        let stream = UnixStream::connect(folder.path().join("reader")).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Self {
            stream,
            inbox: Inbox::default(),
        }
    }

    pub(crate) fn greet(&mut self) {
        self.say(PlayerMessage::Hello { version: VERSION }, 0);
    }

    pub(crate) fn say(&mut self, message: PlayerMessage, sequence: u16) {
        self.say_bytes(&message.encode(sequence));
    }

    pub(crate) fn say_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// As [`Self::say_bytes`], to whoever may have gone.
    pub(crate) fn try_to_say_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next message; `None` at the end of the line.
    pub(crate) fn hear(&mut self) -> Option<(u16, DriverMessage)> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(frame) = self.inbox.next_frame().unwrap() {
                let sequence = frame.sequence;
                return Some((sequence, DriverMessage::decode(frame).unwrap().unwrap()));
            }
            match self.stream.read(&mut buffer) {
                Ok(n_bytes @ 1..) => self.inbox.extend(&buffer[..n_bytes]),
                _ => return None,
            }
        }
    }

    /// Waits for a question, past greetings and acknowledgements.
    pub(crate) fn question(&mut self) -> (u16, DriverMessage) {
        loop {
            match self.hear().unwrap() {
                (_, DriverMessage::Welcome { .. } | DriverMessage::Noticed) => {}
                question => return question,
            }
        }
    }
}
