//! One reader of the PC/SC service, and a session with the card in it.

use std::{
    ffi::CString,
    mem,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use pcsc::{
    Card, Context, Disposition, Error, MAX_ATR_SIZE, MAX_BUFFER_SIZE_EXTENDED, Protocols, Scope,
    ShareMode,
};
use xueka_transport::{
    CardPresence, CardReader, CardSession, CardTransport, SourceError, TransportError,
};

use super::codes::{Meaning, establish_error, exchange_error, meaning, open_error};
use crate::sync::lock;

/// One PC/SC reader, with a context of its own.
///
/// The context is made when a card is first opened, and made anew after the
/// service was lost.
pub struct PcscReader {
    name: CString,
    context: Option<Context>,
    known_atr: KnownAtr,
    /// The ATR of the card in the session.
    atr: Vec<u8>,
    /// Room for the longest answer that PC/SC can give. An answer that finds
    /// too little room is lost although the card obeyed, so there is always
    /// enough; what is not used costs no memory.
    answer: Vec<u8>,
}

/// The ATR of the card in a field, as the watcher last saw it.
///
/// Asking the service for it costs as much as reading a UID, at every opening.
/// The watcher is told of each card anyway. Between the service noticing a card
/// and the watcher hearing of it lie microseconds, and noticing takes both of
/// them the same removal; in the field a card cannot be changed that fast.
#[derive(Clone, Default)]
pub(super) struct KnownAtr(Arc<Mutex<Vec<u8>>>);

impl KnownAtr {
    pub(super) fn set(&self, presence: &CardPresence) {
        let mut known = lock(&self.0);
        known.clear();
        if let CardPresence::Present { atr } = presence {
            known.extend_from_slice(atr);
        }
    }
}

impl PcscReader {
    /// Attempts to power up a card before it counts as mute.
    const N_POWER_UPS: u32 = 3;
    /// Attempts on a card that another program holds.
    const N_ATTEMPTS_IN_USE: u32 = 6;
    /// Pause between attempts: all of them together stay under 0.3 s.
    const PAUSE: Duration = Duration::from_millis(50);

    /// A reader by its name. It asks the service for the ATR at each opening;
    /// one that comes from [`PcscSource`](super::PcscSource) knows it from the
    /// watcher and is faster by that.
    #[must_use]
    pub fn by_name(name: &str) -> Self {
        // No reader has a name with a NUL in it: an empty one is found gone.
        Self::watched(CString::new(name).unwrap_or_default(), KnownAtr::default())
    }

    pub(super) fn watched(name: CString, known_atr: KnownAtr) -> Self {
        Self {
            name,
            context: None,
            known_atr,
            atr: Vec::with_capacity(MAX_ATR_SIZE),
            answer: vec![0; MAX_BUFFER_SIZE_EXTENDED],
        }
    }

    /// Connects and begins a transaction.
    fn begin(&mut self) -> Result<Card, TransportError> {
        let context = self.context()?;
        let card = self.connect(&context)?;
        let card = hold(card)?;
        self.atr.clear();
        self.atr.extend_from_slice(&lock(&self.known_atr.0));
        if self.atr.is_empty() {
            self.ask_atr(&card)?;
        }
        Ok(card)
    }

    fn context(&mut self) -> Result<Context, SourceError> {
        let context = match self.context.take() {
            Some(context) => context,
            None => Context::establish(Scope::System).map_err(establish_error)?,
        };
        Ok(self.context.insert(context).clone())
    }

    /// Connects, shared, with patience for a card that has no power yet and
    /// for another program that holds it for a moment.
    fn connect(&self, context: &Context) -> Result<Card, TransportError> {
        let mut n_failures = 0;
        loop {
            let connected = context.connect(&self.name, ShareMode::Shared, Protocols::ANY);
            let error = match connected {
                Ok(card) => return Ok(card),
                Err(error) => error,
            };
            n_failures += 1;
            let n_attempts = match meaning(error) {
                Meaning::InUse => Self::N_ATTEMPTS_IN_USE,
                Meaning::CardUnpowered | Meaning::CardMute => Self::N_POWER_UPS,
                Meaning::CardReset => 2,
                _ => 1,
            };
            if n_failures >= n_attempts {
                return Err(open_error(error));
            }
            thread::sleep(Self::PAUSE);
        }
    }

    fn ask_atr(&mut self, card: &Card) -> Result<(), TransportError> {
        let mut names = [0; 256];
        let mut atr = [0; MAX_ATR_SIZE];
        let status = card.status2(&mut names, &mut atr).map_err(open_error)?;
        self.atr.extend_from_slice(status.atr());
        Ok(())
    }
}

impl CardReader for PcscReader {
    fn open(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        let mut begun = self.begin();
        if let Err(TransportError::Source(_)) = begun {
            // The service was lost since the last session and may be back;
            // nothing has been sent to the card.
            self.context = None;
            begun = self.begin();
        }
        match begun {
            Ok(card) => Ok(Box::new(PcscSession {
                card: Some(card),
                reader: self,
            })),
            Err(error) => {
                self.forget_if_dead(&error);
                Err(error)
            }
        }
    }
}

impl PcscReader {
    fn forget_if_dead(&mut self, error: &TransportError) {
        if let TransportError::Source(_) = error {
            self.context = None;
        }
    }
}

/// A connection with a transaction.
struct PcscSession<'a> {
    /// There until the session is dropped.
    card: Option<Card>,
    reader: &'a mut PcscReader,
}

impl CardTransport for PcscSession<'_> {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        response.clear();
        let card = self.card.as_ref().ok_or(TransportError::NoCard)?;
        match card.transmit(command, &mut self.reader.answer) {
            // Without a status word it is no answer: the card was pulled away.
            Ok([] | [_]) => Err(TransportError::CardGone),
            Ok(answer) => {
                response.extend_from_slice(answer);
                Ok(())
            }
            Err(error) => {
                let error = exchange_error(error);
                self.reader.forget_if_dead(&error);
                Err(error)
            }
        }
    }
}

impl CardSession for PcscSession<'_> {
    fn atr(&self) -> &[u8] {
        &self.reader.atr
    }
}

impl Drop for PcscSession<'_> {
    fn drop(&mut self) {
        if let Some(card) = self.card.take() {
            leave(card);
        }
    }
}

/// Begins a transaction on a card just connected.
fn hold(mut card: Card) -> Result<Card, TransportError> {
    match begin_transaction(&mut card) {
        Ok(()) => Ok(card),
        Err(error) => {
            leave(card);
            Err(open_error(error))
        }
    }
}

/// Begins a transaction, reconnecting to a card that was reset or lost power
/// since it was connected.
///
/// It ends in [`leave`], with the connection.
fn begin_transaction(card: &mut Card) -> Result<(), Error> {
    for _ in 0..PcscReader::N_POWER_UPS {
        let error = match card.transaction() {
            // Dropped, it would end.
            Ok(transaction) => {
                mem::forget(transaction);
                return Ok(());
            }
            Err(error) => error,
        };
        let power = match meaning(error) {
            Meaning::CardReset => Disposition::LeaveCard,
            Meaning::CardUnpowered | Meaning::CardMute => Disposition::UnpowerCard,
            _ => return Err(error),
        };
        card.reconnect(ShareMode::Shared, Protocols::ANY, power)?;
    }
    card.transaction().map(mem::forget)
}

/// Ends the connection, and with it the transaction, leaving the card as it
/// is.
///
/// Disconnecting ends every transaction of the connection (pcsc-lite,
/// `winscard.c`, `SCardDisconnect`), which saves a call to end it first. Left
/// to itself the `pcsc` crate would reset the card, under the hands of other
/// programs that use it.
fn leave(card: Card) {
    // It fails where the service or the reader is gone, and the connection
    // with it: nothing is left to do for the card then.
    card.disconnect(Disposition::LeaveCard).ok();
}
