//! What passed between readers and one virtual card.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many exchanges a record keeps; the oldest go first.
const KEPT: usize = 4096;

/// One command that reached a virtual card, and what came of it.
///
/// `Display` writes both in hexadecimal, for logs of tests and benchmarks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The C-APDU as it arrived.
    pub command: Vec<u8>,
    /// What the card did.
    pub outcome: Outcome,
}

impl Exchange {
    /// The whole R-APDU; empty when the card gave none.
    #[must_use]
    pub fn response(&self) -> &[u8] {
        match &self.outcome {
            Outcome::Response(response) => response,
            _ => &[],
        }
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> ", hex::encode_upper(&self.command))?;
        match &self.outcome {
            Outcome::Response(response) => f.write_str(&hex::encode_upper(response)),
            Outcome::Torn { .. } => f.write_str("(torn)"),
            Outcome::Silent => f.write_str("(silent)"),
            Outcome::Unplugged => f.write_str("(unplugged)"),
            Outcome::ServiceRestarted => f.write_str("(service restarted)"),
            Outcome::Stuck => f.write_str("(no answer)"),
            Outcome::Reset => f.write_str("(reset by another program)"),
            Outcome::Violation => f.write_str("(pseudo-APDU to a contact card)"),
            Outcome::Dead => f.write_str("(dead)"),
        }
    }
}

/// What a card did with one command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It answered. Faults can make this shorter than a status word or longer
    /// than any card may send.
    Response(Vec<u8>),
    /// It left the field before its answer was through.
    Torn {
        /// The answer that was on its way, of which a part may have been
        /// sent; `None` when the card never came to answer.
        unfinished: Option<Vec<u8>>,
    },
    /// It did not answer, and stayed.
    Silent,
    /// Its reader was unplugged before the command was sent.
    Unplugged,
    /// The service was killed before the command was sent.
    ServiceRestarted,
    /// It never answers again.
    Stuck,
    /// Another program reset it before the command was sent.
    Reset,
    /// It has contacts and was sent a pseudo-APDU, which killed it.
    Violation,
    /// It died of an earlier violation.
    Dead,
}

/// The exchanges of one card, shared with whoever wants to look at them.
///
/// A clone starts empty: another card has exchanges of its own.
#[derive(Debug, Default)]
pub(crate) struct Record(Arc<Mutex<VecDeque<Exchange>>>);

impl Record {
    /// Another handle to the same exchanges.
    pub(crate) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    pub(crate) fn push(&self, exchange: Exchange) {
        let mut exchanges = self.lock();
        if exchanges.len() >= KEPT {
            exchanges.pop_front();
        }
        exchanges.push_back(exchange);
    }

    pub(crate) fn to_vec(&self) -> Vec<Exchange> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Exchange>> {
        // A list of finished exchanges is whole whatever panicked beside it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Record {
    fn clone(&self) -> Self {
        Self::default()
    }
}
