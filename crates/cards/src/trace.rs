//! What passed between a reader and one card, kept until it is masked.
//!
//! [`TracedSession`] stands between a procedure and its card and keeps each
//! exchange in a [`Trace`]. A trace holds keys and personal data, so it can be
//! neither printed nor taken apart: [`Trace::masked`] is the only way out.

use std::fmt;

use xueka_domain::CardNumber;
use xueka_transport::{CardSession, CardTransport, TransportError};
use zeroize::Zeroize;

use crate::mask::{self, Failure, MaskedTrace};

/// How many exchanges a trace keeps; later ones are only counted.
const KEPT: usize = 1024;

/// A [`CardSession`] that hands everything on and remembers it.
#[derive(Debug)]
pub struct TracedSession<'a, S: ?Sized> {
    session: &'a mut S,
    trace: Trace,
}

/// The exchanges of one session, in their order, unmasked.
///
/// `Debug` shows how many there are, and dropping wipes them.
pub struct Trace {
    atr: Vec<u8>,
    exchanges: Vec<RawExchange>,
    n_dropped: usize,
}

/// One exchange with everything in it.
pub(crate) struct RawExchange {
    pub(crate) command: Vec<u8>,
    pub(crate) outcome: RawOutcome,
}

/// What the reader handed back.
pub(crate) enum RawOutcome {
    /// Data field and status word, two bytes at least.
    Response(Vec<u8>),
    /// Nothing that can be used.
    Failed(Failure),
}

impl<'a, S: CardSession + ?Sized> TracedSession<'a, S> {
    /// Begins to remember.
    pub fn new(session: &'a mut S) -> Self {
        let atr = session.atr().to_vec();
        Self {
            session,
            trace: Trace {
                atr,
                exchanges: Vec::new(),
                n_dropped: 0,
            },
        }
    }

    /// What passed until now. Taken at the end of a reading, also of one that
    /// failed.
    #[must_use]
    pub fn into_trace(self) -> Trace {
        self.trace
    }
}

impl<S: CardSession + ?Sized> CardTransport for TracedSession<'_, S> {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        let sent = self.session.transmit(command, response);
        if self.trace.exchanges.len() == KEPT {
            self.trace.n_dropped = self.trace.n_dropped.saturating_add(1);
            return sent;
        }
        let outcome = match &sent {
            Ok(()) => RawOutcome::Response(response.clone()),
            Err(TransportError::CardGone) => RawOutcome::Failed(Failure::CardGone),
            Err(TransportError::CardReset) => RawOutcome::Failed(Failure::CardReset),
            Err(_) => RawOutcome::Failed(Failure::Unreachable),
        };
        self.trace.exchanges.push(RawExchange {
            command: command.to_vec(),
            outcome,
        });
        sent
    }
}

impl<S: CardSession + ?Sized> CardSession for TracedSession<'_, S> {
    fn atr(&self) -> &[u8] {
        self.session.atr()
    }
}

impl Trace {
    /// The trace with keys and personal data replaced; see
    /// [`MaskedTrace`] for what stays.
    ///
    /// `numbers` are the card numbers that the reading found: wherever one of
    /// them stands, in whatever coding, the same made-up number takes its
    /// place. Numbers in files of published layout are found without help.
    #[must_use]
    pub fn masked(&self, numbers: &[CardNumber]) -> MaskedTrace {
        mask::mask(&self.atr, &self.exchanges, numbers, self.n_dropped)
    }

    /// The commands that were answered with `9000`, each with the data of its
    /// answer.
    pub(crate) fn successes(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.exchanges.iter().filter_map(|exchange| {
            let RawOutcome::Response(response) = &exchange.outcome else {
                return None;
            };
            let data = response.strip_suffix(&[0x90, 0x00])?;
            Some((exchange.command.as_slice(), data))
        })
    }

    /// How many exchanges there were, kept or not.
    #[must_use]
    pub fn n_exchanges(&self) -> usize {
        self.exchanges.len().saturating_add(self.n_dropped)
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        self.atr.zeroize();
        for exchange in &mut self.exchanges {
            exchange.command.zeroize();
            if let RawOutcome::Response(response) = &mut exchange.outcome {
                response.zeroize();
            }
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({} exchanges)", self.n_exchanges())
    }
}
