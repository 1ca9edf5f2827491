//! The connection to a player: what it sent, and what it is told.

use std::{
    collections::VecDeque,
    io,
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use xueka_transport::wire::{DriverMessage, Frame, Inbox, PlayerMessage, Refusal, VERSION};

use crate::{stream::Stream, watch::Watch};

/// How long a player may leave its end of the line full.
const SEND_LIMIT: Duration = Duration::from_secs(1);

/// As much is held of what a player sent and nobody has looked at: more than the
/// longest frame, so that one can always come to its end. The rest stays in the
/// socket, and with the player.
const MOST_HELD: usize = 0x2_0000;

/// As many notices may wait for their turn; a player waits for each to be
/// acknowledged, or has lost its way.
const MOST_NOTICES: usize = 1024;

/// A connection from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Link {
    stream: Stream,
    inbox: Inbox,
    /// Notices that came while an answer was awaited, in their order.
    notices: VecDeque<(u16, Notice)>,
    is_greeted: bool,
    is_ended: bool,
}

/// What a player does to its reader by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Insert,
    Remove,
    Unplug,
    PlugIn,
}

/// What came next.
pub(crate) enum Received {
    /// Something happened to the reader.
    Notice(u16, Notice),
    /// An answer to the question of this sequence.
    Answer(u16, PlayerMessage),
}

impl Link {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            inbox: Inbox::default(),
            notices: VecDeque::new(),
            is_greeted: false,
            is_ended: false,
        }
    }

    /// Whether the player has said who it is.
    pub(crate) fn is_greeted(&self) -> bool {
        self.is_greeted
    }

    /// Whether nothing will come any more but what [`next`](Self::next) has.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Takes in what has arrived, without waiting for more, and no more of it
    /// than is to be held. What stays behind ends the next wait at once.
    pub(crate) fn receive(&mut self) {
        let mut buffer = [0; 4096];
        while !self.is_ended && self.inbox.n_bytes() < MOST_HELD {
            match self.stream.receive(&mut buffer) {
                Ok(0) => self.is_ended = true,
                Ok(n_bytes) => {
                    self.inbox.extend(buffer.get(..n_bytes).unwrap_or_default());
                    if n_bytes < buffer.len() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.is_ended = true,
            }
        }
    }

    /// The next notice: one that was put by, else one that has arrived.
    ///
    /// Answers that nobody waits for any more are dropped.
    pub(crate) fn next_notice(&mut self, patience: Duration) -> Option<(u16, Notice)> {
        if let Some(notice) = self.notices.pop_front() {
            return Some(notice);
        }
        loop {
            match self.next(patience)? {
                Received::Notice(sequence, notice) => return Some((sequence, notice)),
                Received::Answer(..) => {}
            }
        }
    }

    /// The notices that were put by and wait for their turn.
    pub(crate) fn notices(&self) -> impl Iterator<Item = Notice> {
        self.notices.iter().map(|(_, notice)| *notice)
    }

    /// Puts a notice by, behind those that were before; ends the connection
    /// where too many wait.
    pub(crate) fn put_by(&mut self, sequence: u16, notice: Notice) {
        if self.notices.len() < MOST_NOTICES {
            self.notices.push_back((sequence, notice));
        } else {
            self.refuse(Refusal::Misunderstood);
        }
    }

    /// Puts a notice back that was taken too early.
    pub(crate) fn put_back(&mut self, sequence: u16, notice: Notice) {
        self.notices.push_front((sequence, notice));
    }

    /// What arrived next, if anything has; greets the player on the way, and
    /// ends the connection when it cannot be understood.
    pub(crate) fn next(&mut self, patience: Duration) -> Option<Received> {
        loop {
            let received = match self.inbox.next_frame() {
                Ok(None) => return None,
                Ok(Some(frame)) => self.understand(frame, patience),
                Err(_) => Err(Refusal::Misunderstood),
            };
            match received {
                Ok(None) => {}
                Ok(Some(received)) => return Some(received),
                Err(refusal) => {
                    self.refuse(refusal);
                    return None;
                }
            }
        }
    }

    fn understand(
        &mut self,
        frame: Frame,
        patience: Duration,
    ) -> Result<Option<Received>, Refusal> {
        let sequence = frame.sequence;
        let message = match PlayerMessage::decode(frame) {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(None),
            Err(_) => return Err(Refusal::Misunderstood),
        };
        if let PlayerMessage::Hello { version } = message {
            if version != VERSION {
                return Err(Refusal::Version);
            }
            self.is_greeted = true;
            self.tell(DriverMessage::Welcome { version, patience }, sequence);
            return Ok(None);
        }
        if !self.is_greeted {
            return Err(Refusal::Misunderstood);
        }
        Ok(Some(match message {
            PlayerMessage::Insert => Received::Notice(sequence, Notice::Insert),
            PlayerMessage::Remove => Received::Notice(sequence, Notice::Remove),
            PlayerMessage::Unplug => Received::Notice(sequence, Notice::Unplug),
            PlayerMessage::PlugIn => Received::Notice(sequence, Notice::PlugIn),
            answer => Received::Answer(sequence, answer),
        }))
    }

    /// Tells the player something that is not answered. It fits into any line
    /// that is not clogged; a player that lets its line clog is cut off.
    pub(crate) fn tell(&mut self, message: DriverMessage, sequence: u16) {
        let bytes = message.encode(sequence);
        match self.stream.send(&bytes) {
            Ok(n_bytes) if n_bytes == bytes.len() => {}
            _ => self.is_ended = true,
        }
    }

    /// Asks the player something; `false` when the line is broken.
    pub(crate) fn ask(&mut self, question: DriverMessage, sequence: u16, watch: &Watch) -> bool {
        let bytes = question.encode(sequence);
        let mut rest = bytes.as_slice();
        let until = Instant::now() + SEND_LIMIT;
        while !self.is_ended {
            match self.stream.send(rest) {
                Ok(n_bytes) if n_bytes >= rest.len() => return true,
                Ok(n_bytes) => rest = rest.get(n_bytes..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error)
                    if error.kind() == io::ErrorKind::WouldBlock
                        && watch.wait_for(self.as_fd(), true, until) => {}
                Err(_) => self.is_ended = true,
            }
        }
        false
    }

    /// Says why, and ends the connection.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.tell(DriverMessage::Refused(refusal), 0);
        self.is_ended = true;
        self.inbox = Inbox::default();
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, os::unix::net::UnixStream, thread};

    use super::*;

    fn pair() -> (Link, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Link::new(Stream::unix(ours).unwrap()), theirs)
    }

    #[test]
    fn no_more_is_held_than_a_frame_and_some() {
        let (mut link, mut player) = pair();
        let flood = PlayerMessage::Response(vec![0; 50_000]).encode(0);
        thread::scope(|scope| {
            scope.spawn(|| while player.write_all(&flood).is_ok() {});
            let until = Instant::now() + Duration::from_secs(10);
            while link.inbox.n_bytes() < MOST_HELD && Instant::now() < until {
                link.receive();
            }
            let n_bytes = link.inbox.n_bytes();
            drop(link);
            assert!(
                (MOST_HELD..MOST_HELD + 4096).contains(&n_bytes),
                "{n_bytes}"
            );
        });
    }

    #[test]
    fn a_player_is_not_waited_for_with_more_notices_than_anybody_needs() {
        let (mut link, player) = pair();
        for _ in 0..MOST_NOTICES {
            link.put_by(1, Notice::Insert);
        }
        assert!(!link.is_ended());
        link.put_by(1, Notice::Insert);
        assert!(link.is_ended());
        assert_eq!(link.notices().count(), MOST_NOTICES);
        drop(player);
    }
}
