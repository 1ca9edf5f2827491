//! A card that is right until the fuzzer says otherwise.

use std::cell::RefCell;

use xueka_simulator::VirtualCard;
use xueka_transport::{CardSession, CardTransport, TransportError};

use crate::{MAX_COMMANDS, take, take_byte};

/// A virtual card of the school, whose answers a fuzzer twists.
///
/// This reaches what no invented answer reaches: whatever lies behind a proof
/// of a key. The input is a byte that chooses the card, then a byte for each
/// answer: below `C0` it stays; else it is replaced, changed at a place, cut or
/// lengthened by what follows, or the card leaves.
pub struct TwistedCard<'a> {
    card: VirtualCard,
    twists: &'a [u8],
    n_commands: usize,
    is_honest: bool,
    has_number: bool,
}

impl<'a> TwistedCard<'a> {
    /// The card that a fuzzer's input makes.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Self {
        HOUSE.with_borrow(|cards| Self::one_of(cards, input))
    }

    /// As [`new`](Self::new), one of the cards that the school has bought and not
    /// yet written.
    #[must_use]
    pub fn blank(input: &'a [u8]) -> Self {
        BLANKS.with_borrow(|cards| Self::one_of(cards, input))
    }

    fn one_of(cards: &[(VirtualCard, bool)], mut input: &'a [u8]) -> Self {
        let choice = take_byte(&mut input).unwrap_or_default();
        let (card, has_number) = cards[usize::from(choice) % cards.len()].clone();
        Self {
            card,
            twists: input,
            n_commands: 0,
            is_honest: true,
            has_number,
        }
    }

    /// Whether nothing was twisted and the card has a number: it must be read.
    #[must_use]
    pub fn must_give_number(&self) -> bool {
        self.is_honest && self.has_number
    }

    /// Whether nothing was twisted so far.
    #[must_use]
    pub fn is_honest(&self) -> bool {
        self.is_honest
    }

    /// Twists an answer; `None` when the card leaves.
    fn twist(&mut self, response: &mut Vec<u8>) -> Option<()> {
        let how = take_byte(&mut self.twists).unwrap_or_default();
        if how < 0xC0 {
            return Some(());
        }
        self.is_honest = false;
        let value = take_byte(&mut self.twists)?;
        match how {
            0xC0..=0xCF => {
                *response = take(&mut self.twists, value)?.to_vec();
            }
            0xD0..=0xDF => {
                let difference = take_byte(&mut self.twists)?;
                let at = usize::from(value) % response.len().max(1);
                if let Some(byte) = response.get_mut(at) {
                    *byte ^= difference;
                }
            }
            0xE0..=0xEF => response.truncate(value.into()),
            0xF0..=0xFE => response.extend(take(&mut self.twists, value)?),
            _ => return None,
        }
        Some(())
    }
}

impl CardTransport for TwistedCard<'_> {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        self.n_commands += 1;
        assert!(self.n_commands <= MAX_COMMANDS, "no end in sight");
        self.card.transmit(command, response)?;
        match self.twist(response) {
            Some(()) if response.len() >= 2 => Ok(()),
            _ => {
                response.clear();
                Err(TransportError::CardGone)
            }
        }
    }
}

impl CardSession for TwistedCard<'_> {
    fn atr(&self) -> &[u8] {
        self.card.atr()
    }
}

thread_local! {
    /// Each card, and whether it has a number that the school's profile finds.
    static HOUSE: RefCell<Vec<(VirtualCard, bool)>> = RefCell::new(house());
    /// None of them has one yet.
    static BLANKS: RefCell<Vec<(VirtualCard, bool)>> = RefCell::new(blanks());
}

fn house() -> Vec<(VirtualCard, bool)> {
    const KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    const SECTOR_KEY: [u8; 6] = [0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5];
    const UID: [u8; 4] = [0x3A, 0x5C, 0x7E, 0x91];
    // As on the wire: least significant byte first.
    let [ev2, ev1, plain] = [0x56, 0x57, 0x58].map(|last| [last, 0x34, 0x12]);
    let desfire = || VirtualCard::desfire().desfire_key(ev2, 1, KEY);
    let number = b"\xDE\xAD\xBE\xEF20240017".to_vec();
    let until = vec![0x20, 0x30, 0x08, 0x31];
    vec![
        (VirtualCard::transit("1000751012345678").uid(UID), true),
        (VirtualCard::t_union("3104870012345678901").uid(UID), true),
        (VirtualCard::city_union("12345678").uid(UID), true),
        (VirtualCard::campus("20240017").uid(UID), false),
        (VirtualCard::fm1208().uid(UID), true),
        (VirtualCard::cpu_tid().uid(UID), true),
        (VirtualCard::fm1208_combined().uid(UID), false),
        (
            VirtualCard::mifare_classic_1k()
                .uid(UID)
                .keys(1, SECTOR_KEY, SECTOR_KEY)
                .block(4, *b"20240017\0\0\0\0\0\0\0\0"),
            true,
        ),
        (
            VirtualCard::ntag213()
                .page(4, [0x03, 0x13, 0xD1, 0x01])
                .page(5, [0x0F, 0x54, 0x02, b'z'])
                .page(6, [b'h', b'N', b'o', b'.'])
                .page(7, *b" 202")
                .page(8, *b"4001")
                .page(9, [b'7', 0xFE, 0x00, 0x00]),
            true,
        ),
        (
            desfire()
                .desfire_file(ev2, 2, (3, 0x1FFF), number)
                .desfire_file(ev2, 3, (1, 0x1FFF), until.clone())
                .random_uid(),
            true,
        ),
        (
            VirtualCard::desfire()
                .desfire_key(ev1, 1, KEY)
                .desfire_file(ev1, 2, (3, 0x1FFF), 20_240_017_u64.to_be_bytes()),
            true,
        ),
        (
            VirtualCard::desfire().desfire_file(plain, 2, (0, 0xEFFF), *b"20240017"),
            true,
        ),
        (VirtualCard::iso14443_4().uid(UID), false),
        (VirtualCard::felica(), false),
    ]
}

/// Cards as their makers deliver them.
fn blanks() -> Vec<(VirtualCard, bool)> {
    const DESFIRE: &str = "kind = 'desfire'\nmaster_key = '303132333435363738393A3B3C3D3E3F'\n";
    const FM1208: &str = "kind = 'fm1208'\nblank = true\n\
        [[directory]]\nid = '3F00'\nname = '1PAY.SYS.DDF01'\ncreate = 'FF'\nerase = 'FF'\n\
        [[key]]\ndirectory = '3F00'\nkind = 'external'\nid = 0\nchange = 'FF'\n\
        follow_up = 'FF'\ntries = '33'\nvalue = 'FFFFFFFFFFFFFFFF'\n";
    let told = |text: &str| VirtualCard::from_toml(text).expect("a description");
    let mut cards = [
        VirtualCard::mifare_classic_1k(),
        VirtualCard::ntag213(),
        told(DESFIRE),
        told(FM1208),
    ];
    for card in &mut cards {
        card.put_back();
    }
    cards.into_iter().map(|card| (card, false)).collect()
}
