//! How long the exchange on a reader has lasted, seen from other threads.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use xueka_transport::{CardSession, CardTransport, TransportError};

/// When the exchange now running on a reader began.
///
/// The reader's thread writes it around everything that can block; anyone may
/// look. That is what makes a stuck exchange visible, as nothing can end it.
#[derive(Debug)]
pub(crate) struct ExchangeClock {
    start: Instant,
    /// Nanoseconds from `start` to the beginning of the exchange, plus one; 0
    /// while none runs.
    begun: AtomicU64,
    limit: Duration,
}

impl ExchangeClock {
    /// A clock that calls an exchange stalled after `limit`.
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            start: Instant::now(),
            begun: AtomicU64::new(0),
            limit,
        }
    }

    /// Runs something that can block.
    pub(crate) fn time<T>(&self, exchange: impl FnOnce() -> T) -> T {
        let elapsed = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX - 1);
        self.begun.store(elapsed + 1, Ordering::Relaxed);
        // Stored again when the exchange panics, so that it is not taken for
        // one that never ends.
        let _end = ClearOnDrop(&self.begun);
        exchange()
    }

    /// Whether the running exchange has lasted too long.
    pub(crate) fn is_stalled(&self) -> bool {
        self.stalls_at()
            .is_some_and(|moment| moment <= Instant::now())
    }

    /// When to look next for whoever waits: the moment at which the running
    /// exchange becomes stalled, or at which one that begins now would.
    pub(crate) fn next_look(&self) -> Instant {
        self.stalls_at()
            .unwrap_or_else(|| Instant::now() + self.limit)
    }

    fn stalls_at(&self) -> Option<Instant> {
        let begun = self.begun.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.start + Duration::from_nanos(begun) + self.limit)
    }
}

struct ClearOnDrop<'a>(&'a AtomicU64);

impl Drop for ClearOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A session that times each of its exchanges.
pub(crate) struct TimedSession<'a> {
    session: Option<Box<dyn CardSession + 'a>>,
    clock: &'a ExchangeClock,
}

impl<'a> TimedSession<'a> {
    pub(crate) fn new(session: Box<dyn CardSession + 'a>, clock: &'a ExchangeClock) -> Self {
        Self {
            session: Some(session),
            clock,
        }
    }
}

impl CardTransport for TimedSession<'_> {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        match &mut self.session {
            Some(session) => self.clock.time(|| session.transmit(command, response)),
            None => Err(TransportError::NoCard),
        }
    }
}

impl CardSession for TimedSession<'_> {
    fn atr(&self) -> &[u8] {
        self.session.as_ref().map_or(&[], |session| session.atr())
    }
}

impl Drop for TimedSession<'_> {
    /// Ending a session talks to the service, so it can block as well.
    fn drop(&mut self) {
        self.clock.time(|| self.session.take());
    }
}
