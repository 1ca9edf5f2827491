//! MIFARE Classic: sectors, two keys each, access bits, and the key slots of
//! the reader in front of it.
//!
//! Sources: NXP MF1S50YYX and MF1S70YYX data sheets; PC/SC Part 3 (2.01.09),
//! §3.2.2.1.4 to §3.2.2.1.9.

mod access;
mod layout;
mod value;

pub(crate) use self::layout::Size;
use self::{
    access::{
        BLOCK, KEY, KeyKind, Trailer, condition, is_key_b_readable, may_increment, may_read,
        may_write, write_trailer,
    },
    layout::{access_group, is_trailer, sector_of, trailer_block},
};
use super::{
    command::{refuse, reply},
    noise::Noise,
    pseudo::Memory,
    status,
    tear::{WeakBit, mixed},
};
use crate::card::{Asked, N_KEY_SLOTS, ReaderStyle, Slot};

/// The key that blank cards come with.
const TRANSPORT_KEY: [u8; KEY] = [0xFF; KEY];
/// The access bits that blank cards come with, and the free byte behind.
const TRANSPORT_ACCESS: [u8; 4] = [0xFF, 0x07, 0x80, 0x69];

/// One card and the key memory of its reader.
///
/// The virtual reader forgets its keys when the card leaves, which real ones
/// need not: whoever relies on keys staying there is found out.
#[derive(Clone, Debug)]
pub(crate) struct Classic {
    size: Size,
    blocks: Vec<[u8; BLOCK]>,
    style: ReaderStyle,
    sak: u8,
    volatile: [Option<[u8; KEY]>; N_KEY_SLOTS],
    non_volatile: [Option<[u8; KEY]>; N_KEY_SLOTS],
    /// What a torn write left between 0 and 1.
    weak: Option<WeakBit>,
    /// A "Gen2" card (CUID): block 0 is written like any other.
    is_magic: bool,
    /// The block that the last command wrote.
    written: Option<usize>,
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
            sak: size.sak(),
            volatile: [None; N_KEY_SLOTS],
            non_volatile: [None; N_KEY_SLOTS],
            weak: None,
            is_magic: false,
            written: None,
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

    /// The SAK of the anticollision, which some readers go by.
    pub(crate) fn set_sak(&mut self, sak: u8) {
        self.sak = sak;
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

    /// The field went away while `block` was being written.
    pub(crate) fn tear(&mut self, old: &Self, block: usize, noise: &mut Noise) {
        let (Some(now), Some(old)) = (self.blocks.get_mut(block), old.blocks.get(block)) else {
            return;
        };
        // A refused write has begun nothing.
        if self.written != Some(block) {
            return;
        }
        let torn = mixed(old, now, noise);
        *now = torn.bytes.try_into().unwrap_or(*old);
        self.weak = torn.is_weak.then(|| WeakBit::new(block, BLOCK, noise));
    }

    pub(crate) fn set_magic(&mut self) {
        self.is_magic = true;
    }

    /// Sets block 0 to anything, also to what contradicts the card.
    pub(crate) fn set_block_0(&mut self, data: [u8; BLOCK]) {
        if let Some(block) = self.blocks.first_mut() {
            *block = data;
        }
    }

    /// The UID that block 0 of a magic card says.
    pub(crate) fn magic_uid(&self) -> Option<[u8; 4]> {
        let &[a, b, c, d, ..] = self.blocks.first().filter(|_| self.is_magic)?;
        Some([a, b, c, d])
    }

    /// Sets a block of data; `false` for block 0, trailers and numbers that
    /// this card does not have.
    pub(crate) fn set_block(&mut self, block: u16, data: [u8; BLOCK]) -> bool {
        if block == 0 || block >= self.size.n_blocks() || is_trailer(block) {
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
        condition(access, access_group(block))
    }

    /// The sector and key that an authentication opens.
    fn opened_by(&self, block: u16, key_kind: u8, slot: u8) -> Result<(u16, KeyKind), u16> {
        if block >= self.size.n_blocks() {
            return Err(status::CANNOT_AUTHENTICATE);
        }
        let (is_a, places) = self.style.used_key(key_kind, slot)?;
        let key = places.into_iter().find_map(|place| match place {
            Slot::Volatile(index) => *self.volatile.get(index)?,
            Slot::NonVolatile(index) => *self.non_volatile.get(index)?,
        });
        let key = key.ok_or(status::KEY_NOT_USABLE)?;
        let sector = sector_of(block);
        let trailer = self.trailer(sector);
        let (a, _, b) = trailer.ok_or(status::CANNOT_AUTHENTICATE)?.parts();
        if key != if is_a { a } else { b } {
            return Err(status::SECURITY_NOT_SATISFIED);
        }
        Ok((sector, if is_a { KeyKind::A } else { KeyKind::B }))
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
        may_read(condition, key).then_some(bytes)
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
        if block == 0 && !self.is_magic {
            return Err(status::MEMORY_FAILURE);
        }
        let bytes = self
            .blocks
            .get_mut(usize::from(block))
            .ok_or(status::NOT_FOUND)?;
        if is_trailer(block) {
            return write_trailer(bytes, data, condition, key);
        }
        if !may_write(condition, key) {
            return Err(status::SECURITY_NOT_SATISFIED);
        }
        *bytes = data;
        Ok(())
    }
}

impl Memory for Classic {
    fn load_key(&mut self, structure: u8, slot: u8, key: &[u8]) -> u16 {
        let place = match self.style.load_place(structure, slot, self.sak) {
            Ok(Slot::Volatile(index)) => self.volatile.get_mut(index),
            Ok(Slot::NonVolatile(index)) => self.non_volatile.get_mut(index),
            Err(word) => return self.style.failure(Asked::LoadKey, word),
        };
        match (place, key.try_into()) {
            (Some(place), Ok(key)) => {
                *place = Some(key);
                status::OK
            }
            _ => self.style.failure(Asked::LoadKey, status::WRONG_KEY_LENGTH),
        }
    }

    /// A failed authentication closes the sector that was open.
    ///
    /// A slot loaded in both memories means the one that keeps its keys only
    /// until power goes.
    fn authenticate(&mut self, block: u16, key_kind: u8, slot: u8) -> u16 {
        self.open = None;
        match self.opened_by(block, key_kind, slot) {
            Ok(open) => {
                self.open = Some(open);
                status::OK
            }
            Err(word) => self.style.failure(Asked::Authenticate, word),
        }
    }

    fn refuses(&self, is_newer_authentication: bool) -> bool {
        !self.style.knows(is_newer_authentication)
    }

    fn has_one_byte_status(&self) -> bool {
        self.style == ReaderStyle::OneByteStatus
    }

    /// One block, or several of one sector in a row.
    fn read(&mut self, block: u16, le: u8) -> Vec<u8> {
        if block >= self.size.n_blocks() {
            return refuse(self.style.failure(Asked::Access, status::NOT_FOUND));
        }
        let n_blocks = match usize::from(le) {
            0 => 1,
            asked if asked % BLOCK == 0 => asked / BLOCK,
            _ => {
                return refuse(
                    self.style
                        .failure(Asked::Access, status::right_length(BLOCK)),
                );
            }
        };
        let mut data = Vec::with_capacity(n_blocks * BLOCK);
        for block in (block..).take(n_blocks) {
            let Some(mut bytes) = self.read_block(block) else {
                // The chip falls silent; the reader wakes it again, closed.
                self.open = None;
                return refuse(
                    self.style
                        .failure(Asked::Access, status::SECURITY_NOT_SATISFIED),
                );
            };
            if let Some(weak) = &mut self.weak
                && weak.is_at(block.into())
                && !is_trailer(block)
            {
                weak.waver(&mut bytes);
            }
            data.extend_from_slice(&bytes);
        }
        reply(&data, status::OK)
    }

    fn change_value(&mut self, block: u16, by: i32) -> u16 {
        self.written = None;
        let result = self.value_of(block, by > 0).map(|(value, address)| {
            let changed = value.wrapping_add(by);
            self.put_value(block, changed, address)
        });
        result.unwrap_or_else(|word| {
            self.open = None;
            self.style.failure(Asked::Access, word)
        })
    }

    fn restore(&mut self, from: u16, to: u16) -> u16 {
        self.written = None;
        let result = self.value_of(from, false).and_then(|(value, address)| {
            // The transfer writes, so it asks for the right to do so.
            self.value_of(to, false).or_else(|word| {
                let is_form = word == status::FAILED;
                if is_form { Ok((0, 0)) } else { Err(word) }
            })?;
            Ok(self.put_value(to, value, address))
        });
        result.unwrap_or_else(|word| {
            self.open = None;
            self.style.failure(Asked::Access, word)
        })
    }

    fn write(&mut self, block: u16, data: &[u8]) -> u16 {
        if block >= self.size.n_blocks() {
            return self.style.failure(Asked::Access, status::NOT_FOUND);
        }
        let Ok(data) = data.try_into() else {
            return self.style.failure(Asked::Access, status::WRONG_LENGTH);
        };
        self.written = None;
        match self.write_block(block, data) {
            Ok(()) => {
                self.wrote(block);
                status::OK
            }
            Err(word) => {
                self.open = None;
                self.style.failure(Asked::Access, word)
            }
        }
    }
}

impl Classic {
    /// What increment, decrement and restore begin with: the value and address
    /// of an open block, when both conditions and form allow.
    fn value_of(&self, block: u16, upwards: bool) -> Result<(i32, u8), u16> {
        let (sector, key) = self
            .opened_for(block)
            .ok_or(status::SECURITY_NOT_SATISFIED)?;
        let trailer = self.condition(sector, trailer_block(sector));
        let condition = self.condition(sector, block);
        let may = match (trailer, condition) {
            (Some(trailer), _) if key == KeyKind::B && is_key_b_readable(trailer) => false,
            (Some(_), Some(condition)) => may_increment(condition, key, upwards),
            _ => false,
        };
        if !may || is_trailer(block) {
            return Err(status::SECURITY_NOT_SATISFIED);
        }
        let bytes = self.blocks.get(usize::from(block)).copied();
        value::parse(bytes.unwrap_or_default()).ok_or(status::FAILED)
    }

    fn wrote(&mut self, block: u16) {
        let block = usize::from(block);
        self.written = Some(block);
        self.weak = self.weak.take().filter(|weak| !weak.is_at(block));
    }

    fn put_value(&mut self, block: u16, value: i32, address: u8) -> u16 {
        self.wrote(block);
        match self.blocks.get_mut(usize::from(block)) {
            Some(place) => {
                *place = value::format(value, address);
                status::OK
            }
            None => status::NOT_FOUND,
        }
    }
}

#[cfg(test)]
mod tests;
