//! MIFARE Ultralight and NTAG213: pages of four bytes, four to a read.
//!
//! Sources: NXP MF0ICU1 data sheet (memory organisation, READ, WRITE) and
//! NTAG213/215/216 data sheet.

use super::{
    command::{refuse, reply},
    noise::Noise,
    pseudo::Memory,
    status,
    tear::{WeakBit, mixed},
};

/// Bytes in a page, and in the answer to one read.
const PAGE: usize = 4;
const READ: usize = 16;

/// Pages on each chip.
const N_ULTRALIGHT_PAGES: usize = 16;
const N_NTAG213_PAGES: usize = 45;
const N_NTAG215_PAGES: usize = 135;
const N_NTAG216_PAGES: usize = 231;

/// First page of the user memory; those before it hold UID, locks and OTP.
const FIRST_USER_PAGE: u16 = 4;
/// The page of the capability container, whose bits can only be set.
const OTP_PAGE: u16 = 3;

/// Cascade tag, which enters the first check byte (ISO/IEC 14443-3, §6.5.4).
const CASCADE_TAG: u8 = 0x88;

/// The pages of one card.
#[derive(Clone, Debug)]
pub(crate) struct Ultralight {
    bytes: Vec<u8>,
    /// The page that the last command wrote.
    written: Option<usize>,
    /// What a torn write left between 0 and 1.
    weak: Option<WeakBit>,
}

impl Ultralight {
    /// An empty MIFARE Ultralight.
    pub(crate) fn plain() -> Self {
        Self::of(N_ULTRALIGHT_PAGES)
    }

    /// An empty NTAG213, its capability container saying 144 bytes.
    pub(crate) fn ntag213() -> Self {
        Self::ntag(N_NTAG213_PAGES, 0x12)
    }

    /// An empty NTAG215, its capability container saying 496 bytes.
    pub(crate) fn ntag215() -> Self {
        Self::ntag(N_NTAG215_PAGES, 0x3E)
    }

    /// An empty NTAG216, its capability container saying 872 bytes.
    pub(crate) fn ntag216() -> Self {
        Self::ntag(N_NTAG216_PAGES, 0x6D)
    }

    /// `size` is the third byte of the capability container: eighths of the
    /// bytes for data.
    fn ntag(n_pages: usize, size: u8) -> Self {
        let mut card = Self::of(n_pages);
        card.set_page(OTP_PAGE, [0xE1, 0x10, size, 0x00]);
        card
    }

    fn of(n_pages: usize) -> Self {
        Self {
            bytes: vec![0; n_pages * PAGE],
            written: None,
            weak: None,
        }
    }

    /// The field went away while `page` was being written.
    pub(crate) fn tear(&mut self, old: &Self, page: usize, noise: &mut Noise) {
        let range = page.saturating_mul(PAGE)..page.saturating_add(1).saturating_mul(PAGE);
        let (Some(now), Some(old)) = (self.bytes.get_mut(range.clone()), old.bytes.get(range))
        else {
            return;
        };
        // A refused write has begun nothing.
        if self.written != Some(page) {
            return;
        }
        let torn = mixed(old, now, noise);
        now.copy_from_slice(&torn.bytes);
        self.weak = torn.is_weak.then(|| WeakBit::new(page, PAGE, noise));
    }

    /// Writes the UID with its check bytes into the first pages, when it has
    /// the seven bytes that these chips have.
    pub(crate) fn set_uid(&mut self, uid: &[u8]) {
        let Some((&[first, second, third], &[fourth, fifth, sixth, seventh])) = split(uid) else {
            return;
        };
        let check = CASCADE_TAG ^ first ^ second ^ third;
        self.set_page(0, [first, second, third, check]);
        self.set_page(1, [fourth, fifth, sixth, seventh]);
        if let Some(check) = self.bytes.get_mut(2 * PAGE) {
            *check = fourth ^ fifth ^ sixth ^ seventh;
        }
    }

    /// Sets a page; `false` when the card has none of that number.
    pub(crate) fn set_page(&mut self, page: u16, data: [u8; PAGE]) -> bool {
        match self.page(page) {
            Some(bytes) => {
                bytes.copy_from_slice(&data);
                true
            }
            None => false,
        }
    }

    /// How many pages the card has.
    pub(crate) fn n_pages(&self) -> u16 {
        u16::try_from(self.bytes.len() / PAGE).unwrap_or(u16::MAX)
    }

    fn page(&mut self, page: u16) -> Option<&mut [u8]> {
        let start = usize::from(page) * PAGE;
        self.bytes.get_mut(start..start + PAGE)
    }
}

impl Memory for Ultralight {
    /// Four pages at once, running over from the last page to the first; the
    /// reader passes on as many bytes as were asked for.
    fn read(&mut self, page: u16, le: u8) -> Vec<u8> {
        let start = usize::from(page) * PAGE;
        if start >= self.bytes.len() {
            return refuse(status::NOT_FOUND);
        }
        let asked = match usize::from(le) {
            0 => READ,
            asked if asked > READ => return refuse(status::right_length(READ)),
            asked => asked,
        };
        let around = self.bytes.iter().cycle().skip(start).take(asked);
        let mut shown = around.copied().collect::<Vec<_>>();
        if let Some(weak) = &mut self.weak {
            for (page, bytes) in (usize::from(page)..).zip(shown.chunks_mut(PAGE)) {
                if weak.is_at(page) {
                    weak.waver(bytes);
                }
            }
        }
        reply(&shown, status::OK)
    }

    fn write(&mut self, page: u16, data: &[u8]) -> u16 {
        let word = self.write_page(page, data);
        let place = usize::from(page);
        self.written = (word == status::OK).then_some(place);
        if self.written.is_some() {
            self.weak = self.weak.take().filter(|weak| !weak.is_at(place));
        }
        word
    }
}

impl Ultralight {
    fn write_page(&mut self, page: u16, data: &[u8]) -> u16 {
        let Ok(data) = <[u8; PAGE]>::try_from(data) else {
            return status::WRONG_LENGTH;
        };
        match self.page(page) {
            None => status::NOT_FOUND,
            Some(bytes) if page == OTP_PAGE => {
                for (bits, new) in bytes.iter_mut().zip(data) {
                    *bits |= new;
                }
                status::OK
            }
            Some(bytes) if page >= FIRST_USER_PAGE => {
                bytes.copy_from_slice(&data);
                status::OK
            }
            Some(_) => status::MEMORY_FAILURE,
        }
    }
}

/// The two parts in which seven bytes are sent, each with its check byte.
fn split(uid: &[u8]) -> Option<(&[u8; 3], &[u8; 4])> {
    let (first, second) = uid.split_first_chunk()?;
    Some((first, second.try_into().ok()?))
}
