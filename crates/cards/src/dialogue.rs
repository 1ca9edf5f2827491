//! One command, one whole answer: the only place that follows `61xx` and
//! `6Cxx`.

use xueka_apdu::{Command, Le, Response, StatusWord};
use xueka_transport::{CardSession, TransportError};

use crate::ReadError;

/// A conversation with one card.
pub(crate) struct Dialogue<'a> {
    session: &'a mut dyn CardSession,
    received: Vec<u8>,
    collected: Vec<u8>,
}

impl<'a> Dialogue<'a> {
    /// The most exchanges that one command may lead to. A real card needs two
    /// or three; a card that never stops saying `61xx` or `6Cxx` (the fault
    /// behind CVE-2025-49010) is cut off here.
    const MAX_EXCHANGES: usize = 8;

    /// Begins to talk.
    pub(crate) fn new(session: &'a mut dyn CardSession) -> Self {
        Self {
            session,
            received: Vec::new(),
            collected: Vec::new(),
        }
    }

    /// The answer to reset that the reader reported.
    pub(crate) fn atr(&self) -> &[u8] {
        self.session.atr()
    }

    /// Sends a command and gets its whole answer: what `61xx` announces is
    /// collected, a command refused with `6Cxx` is sent again with the right
    /// length (the card did nothing yet, so that is no blind repetition).
    ///
    /// An answer with more data than was wanted breaks the protocol; its data
    /// is dropped, so that it reads as an answer that makes no sense. One that
    /// never ends keeps the `61xx` or `6Cxx` with which it was left, and reads
    /// as refused.
    ///
    /// # Errors
    ///
    /// [`ReadError::Transport`]: the card can no longer be reached. A response
    /// without a status word is a tear, [`TransportError::CardGone`].
    pub(crate) fn ask(&mut self, command: &Command) -> Result<Response<'_>, ReadError> {
        let limit = command.le().map_or(0, Le::n_bytes);
        self.ask_for(command, limit)
    }

    /// The same for a command that says nothing of how much is wanted, and is
    /// answered with so many bytes at the most.
    ///
    /// # Errors
    ///
    /// As [`ask`](Self::ask).
    pub(crate) fn ask_for(
        &mut self,
        command: &Command,
        mut limit: usize,
    ) -> Result<Response<'_>, ReadError> {
        self.collected.clear();
        let mut status_word = self.exchange(command)?;
        for _ in 1..Self::MAX_EXCHANGES {
            let next = if let Some(left) = status_word.bytes_left() {
                Le::from_count(left).map(|le| command.get_response(le))
            } else if let Some(right) = status_word.right_length() {
                self.collected.clear();
                limit = usize::from(right);
                Le::from_count(right).map(|le| command.with_le(le))
            } else {
                None
            };
            let Some(next) = next else { break };
            status_word = self.exchange(&next)?;
        }
        if self.collected.len() > limit {
            self.collected.clear();
        }
        Ok(Response {
            data: &self.collected,
            status_word,
        })
    }

    /// One exchange; its data joins what was collected.
    fn exchange(&mut self, command: &Command) -> Result<StatusWord, ReadError> {
        self.session
            .transmit(command.as_bytes(), &mut self.received)?;
        let response = Response::parse(&self.received).map_err(|_| TransportError::CardGone)?;
        self.collected.extend_from_slice(response.data);
        Ok(response.status_word)
    }
}

/// What a file or a data object holds, or the status word that refused it.
///
/// The end of a file before the wanted length (`6282`) is a warning: what
/// there was is there.
pub(crate) fn content(response: Response<'_>) -> Result<&[u8], StatusWord> {
    match response.status_word {
        StatusWord::OK | StatusWord::END_OF_FILE => Ok(response.data),
        refused => Err(refused),
    }
}
