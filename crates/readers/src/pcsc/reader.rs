//! One reader of the PC/SC service, and a session with the card in it.

use std::{
    ffi::{CStr, CString},
    mem,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use pcsc::{
    Card, Context, Disposition, Error, MAX_ATR_SIZE, MAX_BUFFER_SIZE_EXTENDED, Protocols, Scope,
    ShareMode, Transaction,
};
use xueka_transport::{
    CardPresence, CardReader, CardSession, CardTransport, ReaderIdentity, SourceError,
    TransportError,
};

use super::{
    codes::{Meaning, establish_error, exchange_error, meaning, open_error},
    device,
};
use crate::sync::lock;

/// One PC/SC reader, with a context of its own.
pub struct PcscReader {
    connector: Connector,
    /// What [`open_and_keep`](CardReader::open_and_keep) left.
    kept: Option<Card>,
    /// Room for the longest answer that PC/SC can give. An answer that finds
    /// too little room is lost although the card obeyed, so there is always
    /// enough; what is not used costs no memory.
    answer: Vec<u8>,
}

/// Makes connections to the card in one reader.
///
/// The context is made when a card is first opened, and made anew after the
/// service was lost.
struct Connector {
    name: CString,
    context: Option<Context>,
    known_atr: KnownAtr,
    /// The ATR of the card last connected.
    atr: Vec<u8>,
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
            connector: Connector {
                name,
                context: None,
                known_atr,
                atr: Vec::with_capacity(MAX_ATR_SIZE),
            },
            kept: None,
            answer: vec![0; MAX_BUFFER_SIZE_EXTENDED],
        }
    }
}

impl CardReader for PcscReader {
    fn open(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        self.let_go();
        let mut card = self.connector.connect()?;
        // Dropped, the transaction would end; it does so with the connection.
        let begun = begin_transaction(&mut card).map(mem::forget);
        if let Err(error) = begun {
            leave(card);
            return Err(open_error(error));
        }
        Ok(Box::new(PcscSession {
            hold: Hold::Passing(Some(card)),
            connector: &mut self.connector,
            answer: &mut self.answer,
        }))
    }

    fn open_and_keep(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        let card = match self.kept.take() {
            Some(card) => card,
            None => self.connector.connect()?,
        };
        let transaction = match self.kept.insert(card).transaction2() {
            Ok(transaction) => transaction,
            Err((card, _)) => {
                // Whatever befell the old connection, a new one tells.
                leave(mem::replace(card, self.connector.connect()?));
                begin_transaction(card).map_err(open_error)?
            }
        };
        Ok(Box::new(PcscSession {
            hold: Hold::Kept(transaction),
            connector: &mut self.connector,
            answer: &mut self.answer,
        }))
    }

    fn let_go(&mut self) {
        if let Some(card) = self.kept.take() {
            leave(card);
        }
    }

    fn power_cycle(&mut self) -> Result<(), TransportError> {
        self.let_go();
        let mut card = self.connector.connect()?;
        let powered = card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::UnpowerCard);
        leave(card);
        powered.map_err(open_error)
    }

    fn identity(&mut self) -> Result<ReaderIdentity, TransportError> {
        self.connector.ask_device(device::identity)
    }

    fn control(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        self.connector
            .ask_device(|context, name| device::control(context, name, command, response))
    }
}

impl Drop for PcscReader {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl Connector {
    /// Attempts to power up a card before it counts as mute.
    const N_POWER_UPS: u32 = 3;
    /// Attempts on a card that another program holds.
    const N_ATTEMPTS_IN_USE: u32 = 6;
    /// Pause between attempts: all of them together stay under 0.3 s.
    const PAUSE: Duration = Duration::from_millis(50);

    /// Connects, and notes the card's ATR.
    fn connect(&mut self) -> Result<Card, TransportError> {
        let mut connected = self.connect_once();
        if let Err(TransportError::Source(_)) = connected {
            // The service was lost since the last session and may be back;
            // nothing has been sent to the card.
            self.context = None;
            connected = self.connect_once();
        }
        if let Err(error) = &connected {
            self.forget_if_dead(error);
        }
        connected
    }

    fn connect_once(&mut self) -> Result<Card, TransportError> {
        let context = self.context()?;
        let card = self.reach(&context)?;
        self.atr.clear();
        self.atr.extend_from_slice(&lock(&self.known_atr.0));
        if self.atr.is_empty()
            && let Err(error) = self.ask_atr(&card)
        {
            leave(card);
            return Err(error);
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
    fn reach(&self, context: &Context) -> Result<Card, TransportError> {
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

    /// Asks something of the reader itself; once more in a new context when
    /// the service was lost since the last time.
    fn ask_device<T>(
        &mut self,
        mut ask: impl FnMut(&Context, &CStr) -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        let mut asked = ask(&self.context()?, &self.name);
        if let Err(TransportError::Source(_)) = asked {
            self.context = None;
            asked = ask(&self.context()?, &self.name);
        }
        if let Err(error) = &asked {
            self.forget_if_dead(error);
        }
        asked
    }

    fn ask_atr(&mut self, card: &Card) -> Result<(), TransportError> {
        let mut names = [0; 256];
        let mut atr = [0; MAX_ATR_SIZE];
        let status = card.status2(&mut names, &mut atr).map_err(open_error)?;
        self.atr.extend_from_slice(status.atr());
        Ok(())
    }

    fn forget_if_dead(&mut self, error: &TransportError) {
        if let TransportError::Source(_) = error {
            self.context = None;
        }
    }
}

/// A connection with a transaction.
struct PcscSession<'a> {
    hold: Hold<'a>,
    connector: &'a mut Connector,
    answer: &'a mut Vec<u8>,
}

/// How a session holds its card, and so how it ends.
enum Hold<'a> {
    /// The transaction ends, the connection stays.
    Kept(Transaction<'a>),
    /// The connection ends, and the transaction with it; there until then.
    Passing(Option<Card>),
}

impl Hold<'_> {
    fn card(&self) -> Option<&Card> {
        match self {
            Self::Kept(transaction) => Some(transaction),
            Self::Passing(card) => card.as_ref(),
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        if let Self::Passing(card) = self
            && let Some(card) = card.take()
        {
            leave(card);
        }
    }
}

impl CardTransport for PcscSession<'_> {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        response.clear();
        let card = self.hold.card().ok_or(TransportError::NoCard)?;
        match card.transmit(command, self.answer) {
            // Without a status word it is no answer: the card was pulled away.
            Ok([] | [_]) => Err(TransportError::CardGone),
            Ok(answer) => {
                response.extend_from_slice(answer);
                Ok(())
            }
            Err(error) => {
                let error = exchange_error(error);
                self.connector.forget_if_dead(&error);
                Err(error)
            }
        }
    }
}

impl CardSession for PcscSession<'_> {
    fn atr(&self) -> &[u8] {
        &self.connector.atr
    }
}

/// Begins a transaction, reconnecting to a card that was reset or lost power
/// since it was connected.
fn begin_transaction(mut card: &mut Card) -> Result<Transaction<'_>, Error> {
    for _ in 0..Connector::N_POWER_UPS {
        let (back, error) = match card.transaction2() {
            Ok(transaction) => return Ok(transaction),
            Err(failed) => failed,
        };
        let power = match meaning(error) {
            Meaning::CardReset => Disposition::LeaveCard,
            Meaning::CardUnpowered | Meaning::CardMute => Disposition::UnpowerCard,
            _ => return Err(error),
        };
        back.reconnect(ShareMode::Shared, Protocols::ANY, power)?;
        card = back;
    }
    card.transaction()
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
