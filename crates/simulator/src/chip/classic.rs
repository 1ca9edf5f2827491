//! MIFARE Classic: sectors, two keys each, access bits, and the key slots of
//! the reader in front of it.
//!
//! Sources: NXP MF1S50YYX and MF1S70YYX data sheets (memory organisation,
//! access conditions); PC/SC Part 3 (2.01.09), §3.2.2.1.4 to §3.2.2.1.9.

use super::{
    command::{refuse, reply},
    pseudo::Memory,
    status,
};
use crate::card::ReaderStyle;

/// Bytes in a block and in a key.
const BLOCK: usize = 16;
const KEY: usize = 6;

/// Sectors below this have four blocks, the others sixteen.
const N_SMALL_SECTORS: u16 = 32;
const SMALL_SECTOR: u16 = 4;
const LARGE_SECTOR: u16 = 16;

/// Key slots of the virtual reader, in each of its two memories.
const N_KEY_SLOTS: usize = 32;
/// Bits of P1 of LOAD KEYS.
const READER_KEY: u8 = 0x80;
const SECURED_TRANSFER: u8 = 0x40;
const NON_VOLATILE: u8 = 0x20;

/// Key kinds of AUTHENTICATE.
const KEY_KIND_A: u8 = 0x60;
const KEY_KIND_B: u8 = 0x61;

/// The key that blank cards come with.
const TRANSPORT_KEY: [u8; KEY] = [0xFF; KEY];
/// The access bits that blank cards come with, and the free byte behind.
const TRANSPORT_ACCESS: [u8; 4] = [0xFF, 0x07, 0x80, 0x69];

/// How many sectors each kind of card has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// 320 bytes.
    Mini,
    /// 1 KiB.
    OneK,
    /// 4 KiB.
    FourK,
}

impl Size {
    /// How many sectors.
    pub(crate) fn n_sectors(self) -> u16 {
        match self {
            Self::Mini => 5,
            Self::OneK => 16,
            Self::FourK => 40,
        }
    }

    /// How many blocks, trailers included.
    pub(crate) fn n_blocks(self) -> u16 {
        first_block(self.n_sectors())
    }

    /// SAK and ATQA as block 0 repeats them.
    fn sak_atqa(self) -> [u8; 3] {
        match self {
            Self::Mini => [0x09, 0x04, 0x00],
            Self::OneK => [0x08, 0x04, 0x00],
            Self::FourK => [0x18, 0x02, 0x00],
        }
    }
}

/// Which of a sector's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyKind {
    A,
    B,
}

/// One card and the key memory of its reader.
///
/// The virtual reader forgets its keys when the card leaves, which real ones
/// need not: whoever relies on keys staying there is found out.
#[derive(Clone, Debug)]
pub(crate) struct Classic {
    size: Size,
    blocks: Vec<[u8; BLOCK]>,
    style: ReaderStyle,
    volatile: [Option<[u8; KEY]>; N_KEY_SLOTS],
    non_volatile: [Option<[u8; KEY]>; N_KEY_SLOTS],
    /// The sector that is open, and by which key.
    open: Option<(u16, KeyKind)>,
}

impl Classic {
    /// A blank card.
    pub(crate) fn blank(size: Size) -> Self {
        let mut card = Self {
            size,
            blocks: vec![[0; BLOCK]; usize::from(size.n_blocks())],
            style: ReaderStyle::Standard,
            volatile: [None; N_KEY_SLOTS],
            non_volatile: [None; N_KEY_SLOTS],
            open: None,
        };
        for sector in 0..size.n_sectors() {
            card.set_keys(sector, Some(TRANSPORT_KEY), Some(TRANSPORT_KEY));
            card.set_access(sector, TRANSPORT_ACCESS);
        }
        card
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn set_style(&mut self, style: ReaderStyle) {
        self.style = style;
    }

    /// Writes UID, check byte, SAK and ATQA into block 0.
    pub(crate) fn set_uid(&mut self, uid: &[u8]) {
        let mut head = uid.to_vec();
        if uid.len() == 4 {
            head.push(uid.iter().fold(0, |check, byte| check ^ byte));
        }
        head.extend(self.size.sak_atqa());
        if let Some(block) = self.blocks.first_mut() {
            *block = [0; BLOCK];
            for (place, byte) in block.iter_mut().zip(head) {
                *place = byte;
            }
        }
    }

    /// Sets a block of data; `false` for block 0, trailers and numbers that
    /// this card does not have.
    pub(crate) fn set_block(&mut self, block: u16, data: [u8; BLOCK]) -> bool {
        if block == 0 || is_trailer(block) {
            return false;
        }
        match self.blocks.get_mut(usize::from(block)) {
            Some(bytes) => {
                *bytes = data;
                true
            }
            None => false,
        }
    }

    /// Sets the keys of a sector that are given.
    pub(crate) fn set_keys(&mut self, sector: u16, a: Option<[u8; KEY]>, b: Option<[u8; KEY]>) {
        if let Some(trailer) = self.trailer_mut(sector) {
            let mut parts = trailer.parts();
            parts.0 = a.unwrap_or(parts.0);
            parts.2 = b.unwrap_or(parts.2);
            trailer.put(parts);
        }
    }

    /// Sets the three access bytes of a sector and the free byte behind them.
    pub(crate) fn set_access(&mut self, sector: u16, access: [u8; 4]) {
        if let Some(trailer) = self.trailer_mut(sector) {
            let (a, _, b) = trailer.parts();
            trailer.put((a, access, b));
        }
    }

    pub(crate) fn power_up(&mut self) {
        self.open = None;
    }

    fn trailer(&self, sector: u16) -> Option<[u8; BLOCK]> {
        let block = usize::from(trailer_block(sector));
        self.blocks.get(block).copied()
    }

    fn trailer_mut(&mut self, sector: u16) -> Option<&mut [u8; BLOCK]> {
        let block = usize::from(trailer_block(sector));
        self.blocks.get_mut(block)
    }

    /// The condition bits C1 C2 C3 that hold for a block of an open sector, as
    /// a number; `None` when they contradict themselves, which blocks the
    /// sector for good.
    fn condition(&self, sector: u16, block: u16) -> Option<u8> {
        let (_, access, _) = self.trailer(sector)?.parts();
        let group = if sector < N_SMALL_SECTORS {
            block - first_block(sector)
        } else {
            (block - first_block(sector)) / 5
        };
        condition(access, group)
    }

    /// The open sector and key, when `block` lies in it.
    fn opened_for(&self, block: u16) -> Option<(u16, KeyKind)> {
        self.open.filter(|(sector, _)| *sector == sector_of(block))
    }

    /// What the card shows of one block, if its conditions allow.
    fn read_block(&self, block: u16) -> Option<[u8; BLOCK]> {
        let (sector, key) = self.opened_for(block)?;
        if key == KeyKind::B && is_key_b_readable(self.condition(sector, trailer_block(sector))?) {
            return None;
        }
        let bytes = self.blocks.get(usize::from(block)).copied()?;
        let condition = self.condition(sector, block)?;
        if is_trailer(block) {
            let (_, access, b) = bytes.parts();
            let shown_b = if is_key_b_readable(condition) && key == KeyKind::A {
                b
            } else {
                [0; KEY]
            };
            let mut shown = [0; BLOCK];
            // Key A can never be read: it comes back as zeros.
            shown.put(([0; KEY], access, shown_b));
            return Some(shown);
        }
        let allowed = match condition {
            0b111 => false,
            0b011 | 0b101 => key == KeyKind::B,
            _ => true,
        };
        allowed.then_some(bytes)
    }

    /// Writes one block as far as its conditions allow.
    fn write_block(&mut self, block: u16, data: [u8; BLOCK]) -> Result<(), u16> {
        let (sector, key) = self
            .opened_for(block)
            .ok_or(status::SECURITY_NOT_SATISFIED)?;
        let trailer = self.condition(sector, trailer_block(sector));
        let condition = self.condition(sector, block);
        let (Some(trailer), Some(condition)) = (trailer, condition) else {
            return Err(status::SECURITY_NOT_SATISFIED);
        };
        if key == KeyKind::B && is_key_b_readable(trailer) {
            return Err(status::SECURITY_NOT_SATISFIED);
        }
        if block == 0 {
            return Err(status::MEMORY_FAILURE);
        }
        let bytes = self
            .blocks
            .get_mut(usize::from(block))
            .ok_or(status::NOT_FOUND)?;
        if is_trailer(block) {
            return write_trailer(bytes, data, condition, key);
        }
        let allowed = match condition {
            0b000 => true,
            0b100 | 0b110 | 0b011 => key == KeyKind::B,
            _ => false,
        };
        if !allowed {
            return Err(status::SECURITY_NOT_SATISFIED);
        }
        *bytes = data;
        Ok(())
    }
}

impl Memory for Classic {
    fn load_key(&mut self, structure: u8, slot: u8, key: &[u8]) -> u16 {
        let memory = match structure {
            bits if bits & READER_KEY != 0 => return status::READER_KEY_UNSUPPORTED,
            bits if bits & SECURED_TRANSFER != 0 => return status::SECURED_TRANSFER_UNSUPPORTED,
            bits if bits & NON_VOLATILE != 0 => &mut self.non_volatile,
            _ if self.style == ReaderStyle::Omnikey => return status::NO_VOLATILE_MEMORY,
            _ => &mut self.volatile,
        };
        let (Some(place), Ok(key)) = (memory.get_mut(usize::from(slot)), key.try_into()) else {
            let word = if usize::from(slot) < N_KEY_SLOTS {
                status::WRONG_KEY_LENGTH
            } else {
                status::NO_SUCH_KEY_SLOT
            };
            return self.style.failure(word);
        };
        *place = Some(key);
        status::OK
    }

    /// A failed authentication closes the sector that was open.
    ///
    /// A slot loaded in both memories means the one that keeps its keys only
    /// until power goes.
    fn authenticate(&mut self, block: u16, key_kind: u8, slot: u8) -> u16 {
        self.open = None;
        let kind = match key_kind {
            KEY_KIND_A => KeyKind::A,
            KEY_KIND_B => KeyKind::B,
            _ => return self.style.failure(status::UNKNOWN_KEY_KIND),
        };
        let slot = usize::from(slot);
        let (Some(volatile), Some(non_volatile)) =
            (self.volatile.get(slot), self.non_volatile.get(slot))
        else {
            return self.style.failure(status::NO_SUCH_KEY_SLOT);
        };
        let Some(key) = volatile.or(*non_volatile) else {
            return self.style.failure(status::KEY_NOT_USABLE);
        };
        let sector = sector_of(block);
        let Some((a, _, b)) = self.trailer(sector).map(|trailer| trailer.parts()) else {
            return self.style.failure(status::CANNOT_AUTHENTICATE);
        };
        let right = if kind == KeyKind::A { a } else { b };
        if block >= self.size.n_blocks() {
            return self.style.failure(status::CANNOT_AUTHENTICATE);
        }
        if key != right {
            return self.style.failure(status::SECURITY_NOT_SATISFIED);
        }
        self.open = Some((sector, kind));
        status::OK
    }

    /// One block, or several of one sector in a row.
    fn read(&mut self, block: u16, le: u8) -> Vec<u8> {
        if block >= self.size.n_blocks() {
            return refuse(self.style.failure(status::NOT_FOUND));
        }
        let n_blocks = match usize::from(le) {
            0 => 1,
            asked if asked % BLOCK == 0 => asked / BLOCK,
            _ => return refuse(self.style.failure(status::right_length(BLOCK))),
        };
        let mut data = Vec::with_capacity(n_blocks * BLOCK);
        for block in (block..).take(n_blocks) {
            let Some(bytes) = self.read_block(block) else {
                // The chip falls silent; the reader wakes it again, closed.
                self.open = None;
                return refuse(self.style.failure(status::SECURITY_NOT_SATISFIED));
            };
            data.extend_from_slice(&bytes);
        }
        reply(&data, status::OK)
    }

    fn write(&mut self, block: u16, data: &[u8]) -> u16 {
        if block >= self.size.n_blocks() {
            return self.style.failure(status::NOT_FOUND);
        }
        let Ok(data) = data.try_into() else {
            return self.style.failure(status::WRONG_LENGTH);
        };
        match self.write_block(block, data) {
            Ok(()) => status::OK,
            Err(word) => {
                self.open = None;
                self.style.failure(word)
            }
        }
    }
}

/// A sector trailer: key A, access bits with the free byte, key B.
trait Trailer {
    fn parts(&self) -> ([u8; KEY], [u8; 4], [u8; KEY]);
    fn put(&mut self, parts: ([u8; KEY], [u8; 4], [u8; KEY]));
}

impl Trailer for [u8; BLOCK] {
    fn parts(&self) -> ([u8; KEY], [u8; 4], [u8; KEY]) {
        let [a @ .., c0, c1, c2, c3, b0, b1, b2, b3, b4, b5] = *self;
        (a, [c0, c1, c2, c3], [b0, b1, b2, b3, b4, b5])
    }

    fn put(&mut self, (a, access, b): ([u8; KEY], [u8; 4], [u8; KEY])) {
        let parts = a.into_iter().chain(access).chain(b);
        for (place, byte) in self.iter_mut().zip(parts) {
            *place = byte;
        }
    }
}

/// Writes those parts of a trailer that its conditions open to this key.
fn write_trailer(
    bytes: &mut [u8; BLOCK],
    data: [u8; BLOCK],
    condition: u8,
    key: KeyKind,
) -> Result<(), u16> {
    let (keys_by, access_by) = match condition {
        0b000 => (Some(KeyKind::A), None),
        0b100 => (Some(KeyKind::B), None),
        0b001 => (Some(KeyKind::A), Some(KeyKind::A)),
        0b011 => (Some(KeyKind::B), Some(KeyKind::B)),
        0b101 => (None, Some(KeyKind::B)),
        _ => (None, None),
    };
    let (may_keys, may_access) = (keys_by == Some(key), access_by == Some(key));
    if !may_keys && !may_access {
        return Err(status::SECURITY_NOT_SATISFIED);
    }
    let (mut a, mut access, mut b) = bytes.parts();
    let (new_a, new_access, new_b) = data.parts();
    if may_keys {
        (a, b) = (new_a, new_b);
    }
    if may_access {
        access = new_access;
    }
    bytes.put((a, access, b));
    Ok(())
}

/// C1 C2 C3 of one group of blocks, 0 to 3, as a number of three bits; `None`
/// when the bits and their inverted copies do not fit each other.
fn condition([inverted_21, c1_inverted_3, c3_2, _]: [u8; 4], group: u16) -> Option<u8> {
    let (c1, c2, c3) = (c1_inverted_3 >> 4, c3_2 & 0x0F, c3_2 >> 4);
    let inverted = [inverted_21 & 0x0F, inverted_21 >> 4, c1_inverted_3 & 0x0F];
    if inverted != [c1 ^ 0x0F, c2 ^ 0x0F, c3 ^ 0x0F] {
        return None;
    }
    let bit = |nibble: u8| (nibble >> group.min(3)) & 1;
    Some((bit(c1) << 2) | (bit(c2) << 1) | bit(c3))
}

/// Where the trailer lets key B be read, it is data and opens nothing.
fn is_key_b_readable(trailer_condition: u8) -> bool {
    trailer_condition <= 0b010
}

fn first_block(sector: u16) -> u16 {
    let large = sector.saturating_sub(N_SMALL_SECTORS);
    (sector - large) * SMALL_SECTOR + large * LARGE_SECTOR
}

fn trailer_block(sector: u16) -> u16 {
    first_block(sector + 1) - 1
}

fn sector_of(block: u16) -> u16 {
    let boundary = N_SMALL_SECTORS * SMALL_SECTOR;
    if block < boundary {
        block / SMALL_SECTOR
    } else {
        N_SMALL_SECTORS + (block - boundary) / LARGE_SECTOR
    }
}

/// Whether `block` is the last of its sector.
pub(crate) fn is_trailer(block: u16) -> bool {
    trailer_block(sector_of(block)) == block
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Opens the sector of `block` with a key of the given kind.
    fn open(card: &mut Classic, block: u16, key_kind: u8, key: [u8; KEY]) -> u16 {
        assert_eq!(card.load_key(0, 0, &key), status::OK);
        card.authenticate(block, key_kind, 0)
    }

    #[test]
    fn condition_bits_are_taken_apart_as_in_the_data_sheet() {
        let cases = [
            (TRANSPORT_ACCESS, 0, Some(0b000), "data of a blank card"),
            (TRANSPORT_ACCESS, 3, Some(0b001), "trailer of a blank card"),
            (
                [0x78, 0x77, 0x88, 0x69],
                0,
                Some(0b100),
                "written only by B: data",
            ),
            (
                [0x78, 0x77, 0x88, 0x69],
                3,
                Some(0b011),
                "written only by B: trailer",
            ),
            ([0xFF, 0x07, 0x81, 0x69], 0, None, "copies that contradict"),
            ([0x00, 0x00, 0x00, 0x00], 0, None, "all zero"),
        ];
        for (access, group, expected, why) in cases {
            assert_eq!(condition(access, group), expected, "{why}");
        }
    }

    #[test]
    fn sectors_of_a_4k_card_grow_after_the_thirty_second() {
        let cases = [
            (0, 0, false),
            (3, 0, true),
            (127, 31, true),
            (128, 32, false),
            (143, 32, true),
            (255, 39, true),
        ];
        for (block, sector, trailer) in cases {
            assert_eq!(sector_of(block), sector, "sector of block {block}");
            assert_eq!(is_trailer(block), trailer, "block {block}");
        }
        assert_eq!(Size::FourK.n_blocks(), 256);
        assert_eq!(Size::OneK.n_blocks(), 64);
        assert_eq!(Size::Mini.n_blocks(), 20);
    }

    #[test]
    fn each_data_condition_opens_what_the_data_sheet_says() {
        // C1 C2 C3, then who may read and who may write: neither, B, or both.
        let cases = [
            (0b000_u8, "AB", "AB"),
            (0b010, "AB", ""),
            (0b100, "AB", "B"),
            (0b110, "AB", "B"),
            (0b001, "AB", ""),
            (0b011, "B", "B"),
            (0b101, "B", ""),
            (0b111, "", ""),
        ];
        for (bits, readers, writers) in cases {
            for (kind, name) in [(KEY_KIND_A, "A"), (KEY_KIND_B, "B")] {
                let mut card = Classic::blank(Size::OneK);
                card.set_access(1, access_of(bits, 0b011));
                open(&mut card, 4, kind, TRANSPORT_KEY);
                let read = card.read(4, 16).len() == BLOCK + 2;
                open(&mut card, 4, kind, TRANSPORT_KEY);
                let written = card.write(4, &[7; BLOCK]) == status::OK;
                assert_eq!(
                    read,
                    readers.contains(name),
                    "{bits:03b}: reading by {name}"
                );
                assert_eq!(
                    written,
                    writers.contains(name),
                    "{bits:03b}: writing by {name}"
                );
            }
        }
    }

    #[test]
    fn a_trailer_that_contradicts_itself_blocks_its_sector_for_good() {
        let mut card = Classic::blank(Size::OneK);
        open(&mut card, 7, KEY_KIND_A, TRANSPORT_KEY);
        let mut trailer = [0xFF; BLOCK];
        trailer.put((TRANSPORT_KEY, [0; 4], TRANSPORT_KEY));
        assert_eq!(card.write(7, &trailer), status::OK);

        open(&mut card, 7, KEY_KIND_A, TRANSPORT_KEY);
        assert_eq!(card.read(4, 16), refuse(status::SECURITY_NOT_SATISFIED));
        open(&mut card, 7, KEY_KIND_A, TRANSPORT_KEY);
        assert_eq!(card.write(7, &trailer), status::SECURITY_NOT_SATISFIED);
    }

    /// Access bytes with one condition for all data and one for the trailer.
    fn access_of(data: u8, trailer: u8) -> [u8; 4] {
        let nibble = |shift: u8| {
            let bit = |condition: u8| (condition >> shift) & 1;
            (bit(data) * 0b0111) | (bit(trailer) << 3)
        };
        let (c1, c2, c3) = (nibble(2), nibble(1), nibble(0));
        [
            (c2 ^ 0xF) << 4 | (c1 ^ 0xF),
            c1 << 4 | (c3 ^ 0xF),
            c3 << 4 | c2,
            0x69,
        ]
    }
}
