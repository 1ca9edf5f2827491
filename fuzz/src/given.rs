//! A card of which every byte is given.

use xueka_transport::{
    AuthenticateForm, CardSession, CardTransport, Dialect, KeyPlace, SlotKind, TransportError,
};

use crate::{MAX_COMMANDS, take, take_byte};

/// A card whose answers are a fuzzer's.
///
/// The input is a byte that chooses the reader's dialect, a byte that chooses a
/// known ATR or says how long the given one is, then the answers. Each answer is
/// a byte whose lower six bits say how many bytes follow (63: the next byte
/// says) and whose upper two say what stands behind them: `9000`, `9100`,
/// `91AF` or nothing. Without those a fuzzer would seldom get past the first
/// answer. When the input ends, the card has left.
///
/// It also judges: commands have a header, and no more than [`MAX_COMMANDS`]
/// come.
pub struct GivenCard<'a> {
    dialect: Dialect,
    atr: &'a [u8],
    answers: &'a [u8],
    n_commands: usize,
}

/// ATRs that lead to the families: MIFARE Classic 1K and 4K, Ultralight,
/// DESFire, a T = CL card without historical bytes, a transit CPU card, FeliCa,
/// a card with contacts.
const ATRS: [&[u8]; 8] = [
    b"\x3B\x8F\x80\x01\x80\x4F\x0C\xA0\x00\x00\x03\x06\x03\x00\x01\x00\x00\x00\x00\x6A",
    b"\x3B\x8F\x80\x01\x80\x4F\x0C\xA0\x00\x00\x03\x06\x03\x00\x02\x00\x00\x00\x00\x69",
    b"\x3B\x8F\x80\x01\x80\x4F\x0C\xA0\x00\x00\x03\x06\x03\x00\x03\x00\x00\x00\x00\x68",
    b"\x3B\x81\x80\x01\x80\x80",
    b"\x3B\x80\x80\x01\x01",
    b"\x3B\x8B\x80\x01\x20\x90\x00\x00\x00\x00\x00\x00\x00\x00\x00\xBA",
    b"\x3B\x8F\x80\x01\x80\x4F\x0C\xA0\x00\x00\x03\x06\x11\x00\x3B\x00\x00\x00\x00\x42",
    b"\x3B\x95\x13\x81\x01\x80\x73\xFF\x01\x00\x0B",
];

/// A given ATR may be longer than ISO/IEC 7816-3 allows.
const MAX_ATR: u8 = 40;

impl<'a> GivenCard<'a> {
    /// The card that a fuzzer's input makes.
    #[must_use]
    pub fn new(mut input: &'a [u8]) -> Self {
        let dialect = dialect(take_byte(&mut input).unwrap_or_default());
        let choice = take_byte(&mut input).unwrap_or_default();
        let atr = ATRS.get(usize::from(choice)).copied();
        Self {
            dialect,
            atr: atr.unwrap_or_else(|| take(&mut input, choice % MAX_ATR).unwrap_or_default()),
            answers: input,
            n_commands: 0,
        }
    }

    /// The dialect of the reader on which it lies.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn answer(&mut self, response: &mut Vec<u8>) -> Option<()> {
        let control = take_byte(&mut self.answers)?;
        let n_bytes = match control & 0x3F {
            0x3F => take_byte(&mut self.answers)?,
            n_bytes => n_bytes,
        };
        response.extend_from_slice(take(&mut self.answers, n_bytes)?);
        let status_word: &[u8] = match control >> 6 {
            0 => &[0x90, 0x00],
            1 => &[0x91, 0x00],
            2 => &[0x91, 0xAF],
            _ => &[],
        };
        response.extend_from_slice(status_word);
        Some(())
    }
}

/// What the standard says, and what some models say instead.
fn dialect(choice: u8) -> Dialect {
    let standard = Dialect::STANDARD;
    match choice % 4 {
        0 => standard,
        1 => Dialect {
            slot: SlotKind::Contactless,
            ..standard
        },
        2 => Dialect {
            slot: SlotKind::Contactless,
            key_memories: &[0x20],
            authenticate: AuthenticateForm::Short,
            ..standard
        },
        _ => Dialect {
            key_b: KeyPlace {
                load_slot: 0x10,
                kind: 0x00,
                slot: 0x10,
            },
            extended_length: true,
            ..standard
        },
    }
}

impl CardTransport for GivenCard<'_> {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        assert!(command.len() >= 4, "a command has a header");
        self.n_commands += 1;
        assert!(self.n_commands <= MAX_COMMANDS, "no end in sight");
        response.clear();
        // A transport gives no answer without a status word.
        match self.answer(response) {
            Some(()) if response.len() >= 2 => Ok(()),
            _ => {
                response.clear();
                Err(TransportError::CardGone)
            }
        }
    }
}

impl CardSession for GivenCard<'_> {
    fn atr(&self) -> &[u8] {
        self.atr
    }
}
