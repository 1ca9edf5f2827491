//! MIFARE Ultralight and NTAG213, 215, 216: pages of four bytes, four to a
//! read, bits that can only be set, and a password.
//!
//! Sources: NXP MF0ICU1 data sheet (memory organisation, READ, WRITE) and
//! NTAG213/215/216 data sheet (§8.5 memory organisation, §8.8 password).

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

/// Pages of the plain chip.
const N_ULTRALIGHT_PAGES: usize = 16;

/// The page with the lock bytes of the first sixteen pages, whose bits can only
/// be set, and the one after it: one-time bits, or the capability container.
const LOCK_PAGE: u16 = 2;
const OTP_PAGE: u16 = 3;
/// First page of the user memory; those before it hold UID, locks and OTP.
const FIRST_USER_PAGE: u16 = 4;
/// The first page that the dynamic lock bytes of an NTAG rule.
const FIRST_DYNAMIC_PAGE: u16 = 16;

/// Bits of the second configuration page: password for reading too, and
/// configuration locked; low three bits: how many wrong passwords are taken.
const PROTECT_READING: u8 = 0x80;
const LOCK_CONFIGURATION: u8 = 0x40;
const MOST_FAILURES: u8 = 0x07;

/// Native commands and their answers, for readers that pass them on.
const NATIVE_READ: u8 = 0x30;
const NATIVE_WRITE: u8 = 0xA2;
const NATIVE_FAST_READ: u8 = 0x3A;
const NATIVE_VERSION: u8 = 0x60;
const NATIVE_PASSWORD: u8 = 0x1B;
const ACK: u8 = 0x0A;
/// Why not: an address or an argument, or too many wrong passwords.
const NAK_ARGUMENT: u8 = 0x00;
const NAK_FAILURES: u8 = 0x04;

/// Cascade tag, which enters the first check byte (ISO/IEC 14443-3, §6.5.4).
const CASCADE_TAG: u8 = 0x88;

/// What an NTAG has beside pages.
#[derive(Clone, Copy, Debug)]
struct Ntag {
    /// The page of the dynamic lock bytes; configuration, password and its
    /// acknowledgement follow it.
    lock_page: u16,
    /// Pages that one dynamic lock bit rules.
    pages_per_lock: u16,
    /// Storage size in the answer to GET VERSION.
    storage: u8,
}

const NTAG213: Ntag = Ntag {
    lock_page: 40,
    pages_per_lock: 2,
    storage: 0x0F,
};
const NTAG215: Ntag = Ntag {
    lock_page: 130,
    pages_per_lock: 16,
    storage: 0x11,
};
const NTAG216: Ntag = Ntag {
    lock_page: 226,
    pages_per_lock: 16,
    storage: 0x13,
};

impl Ntag {
    fn configuration(self) -> u16 {
        self.lock_page + 1
    }

    fn access(self) -> u16 {
        self.lock_page + 2
    }

    fn password(self) -> u16 {
        self.lock_page + 3
    }

    fn acknowledgement(self) -> u16 {
        self.lock_page + 4
    }
}

/// The pages of one card.
#[derive(Clone, Debug)]
pub(crate) struct Ultralight {
    bytes: Vec<u8>,
    ntag: Option<Ntag>,
    /// Wrong passwords since the last right one.
    n_failures: u8,
    /// The password was given since power came.
    is_authenticated: bool,
    /// The configuration was locked when power came.
    is_configured: bool,
    /// The page that the last command wrote.
    written: Option<usize>,
    /// What a torn write left between 0 and 1.
    weak: Option<WeakBit>,
}

impl Ultralight {
    /// An empty MIFARE Ultralight.
    pub(crate) fn plain() -> Self {
        Self::of(N_ULTRALIGHT_PAGES, None)
    }

    /// An empty NTAG213, its capability container saying 144 bytes.
    pub(crate) fn ntag213() -> Self {
        Self::ntag(NTAG213, 0x12)
    }

    /// An empty NTAG215, its capability container saying 496 bytes.
    pub(crate) fn ntag215() -> Self {
        Self::ntag(NTAG215, 0x3E)
    }

    /// An empty NTAG216, its capability container saying 872 bytes.
    pub(crate) fn ntag216() -> Self {
        Self::ntag(NTAG216, 0x6D)
    }

    /// As delivered: no password asked for, the password all ones. `size` is
    /// the third byte of the capability container, in eighths of the bytes for
    /// data.
    fn ntag(ntag: Ntag, size: u8) -> Self {
        let mut card = Self::of(usize::from(ntag.acknowledgement()) + 1, Some(ntag));
        card.set_page(OTP_PAGE, [0xE1, 0x10, size, 0x00]);
        card.set_page(ntag.lock_page, [0x00, 0x00, 0x00, 0xBD]);
        card.set_page(ntag.configuration(), [0x04, 0x00, 0x00, 0xFF]);
        card.set_page(ntag.access(), [0x00, 0x05, 0x00, 0x00]);
        card.set_page(ntag.password(), [0xFF; PAGE]);
        card
    }

    fn of(n_pages: usize, ntag: Option<Ntag>) -> Self {
        Self {
            bytes: vec![0; n_pages * PAGE],
            ntag,
            n_failures: 0,
            is_authenticated: false,
            is_configured: false,
            written: None,
            weak: None,
        }
    }

    /// Sets password, acknowledgement and the first page that asks for it, for
    /// reading too if so told; `false` on a chip that has none.
    pub(crate) fn set_password(
        &mut self,
        password: [u8; 4],
        [p0, p1]: [u8; 2],
        first_page: u8,
        for_reading: bool,
    ) -> bool {
        let Some(ntag) = self.ntag else {
            return false;
        };
        let access = if for_reading { PROTECT_READING } else { 0 };
        self.set_page(ntag.password(), password);
        self.set_page(ntag.acknowledgement(), [p0, p1, 0, 0]);
        self.set_page(ntag.configuration(), [0x04, 0x00, 0x00, first_page]);
        self.set_page(ntag.access(), [access, 0x05, 0x00, 0x00])
    }

    pub(crate) fn power_up(&mut self) {
        self.is_authenticated = false;
        self.is_configured = self.ntag.is_some_and(|ntag| {
            let [access, ..] = self.shown(ntag.access());
            access & LOCK_CONFIGURATION != 0
        });
    }

    /// The field went away while `page` was being written. Bits that can only
    /// be set stay set.
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
        let mut torn = mixed(old, now, noise);
        if page < usize::from(FIRST_USER_PAGE) {
            for ((byte, old), new) in torn.bytes.iter_mut().zip(old).zip(now.iter()) {
                *byte = *byte & new | old;
            }
        }
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
        let n_pages = self.n_readable();
        if page >= self.n_pages() {
            return refuse(status::NOT_FOUND);
        }
        if page >= n_pages {
            return refuse(status::SECURITY_NOT_SATISFIED);
        }
        let asked = match usize::from(le) {
            0 => READ,
            asked if asked > READ => return refuse(status::right_length(READ)),
            asked => asked,
        };
        let pages = (0..n_pages).cycle().skip(page.into()).take(READ / PAGE);
        let mut shown = Vec::with_capacity(READ);
        for page in pages {
            let mut bytes = self.shown(page);
            if let Some(weak) = &mut self.weak
                && weak.is_at(page.into())
            {
                weak.waver(&mut bytes);
            }
            shown.extend_from_slice(&bytes);
        }
        shown.truncate(asked);
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

    fn transceive(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        Some(match *frame {
            [NATIVE_READ, page] => self.native_read(page),
            [NATIVE_WRITE, page, a, b, c, d] => {
                if self.write(page.into(), &[a, b, c, d]) == status::OK {
                    vec![ACK]
                } else {
                    vec![NAK_ARGUMENT]
                }
            }
            [NATIVE_FAST_READ, from, to] => {
                let is_range = from <= to && u16::from(to) < self.n_readable();
                if self.ntag.is_none() || !is_range {
                    return Some(vec![NAK_ARGUMENT]);
                }
                let pages = u16::from(from)..=u16::from(to);
                pages.flat_map(|page| self.shown(page)).collect()
            }
            [NATIVE_VERSION] => match self.ntag {
                Some(ntag) => vec![0x00, 0x04, 0x04, 0x02, 0x01, 0x00, ntag.storage, 0x03],
                None => vec![NAK_ARGUMENT],
            },
            [NATIVE_PASSWORD, a, b, c, d] => self.authenticate_by_password([a, b, c, d]),
            _ => vec![NAK_ARGUMENT],
        })
    }
}

impl Ultralight {
    fn native_read(&mut self, page: u8) -> Vec<u8> {
        let mut response = self.read(page.into(), 0);
        let word = response.split_off(response.len().saturating_sub(2));
        if word == status::OK.to_be_bytes() {
            response
        } else {
            vec![NAK_ARGUMENT]
        }
    }

    /// 1B: the acknowledgement, or a refusal that counts where a limit is set.
    fn authenticate_by_password(&mut self, password: [u8; PAGE]) -> Vec<u8> {
        let Some(ntag) = self.ntag else {
            return vec![NAK_ARGUMENT];
        };
        let [access, ..] = self.shown(ntag.access());
        let most = access & MOST_FAILURES;
        if most != 0 && self.n_failures >= most {
            return vec![NAK_FAILURES];
        }
        if self.stored(ntag.password()) != password {
            self.n_failures = self.n_failures.saturating_add(1);
            return vec![NAK_ARGUMENT];
        }
        self.n_failures = 0;
        self.is_authenticated = true;
        let [p0, p1, ..] = self.stored(ntag.acknowledgement());
        vec![p0, p1]
    }

    /// What reading a page shows: never password and acknowledgement.
    fn shown(&self, page: u16) -> [u8; PAGE] {
        let is_secret = self
            .ntag
            .is_some_and(|ntag| page >= ntag.password() && page <= ntag.acknowledgement());
        if is_secret {
            [0; PAGE]
        } else {
            self.stored(page)
        }
    }

    fn stored(&self, page: u16) -> [u8; PAGE] {
        let start = usize::from(page) * PAGE;
        let bytes = self.bytes.get(start..start + PAGE);
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .unwrap_or_default()
    }

    /// The first page that asks for the password; none asks once it was given.
    fn protected_from(&self) -> u16 {
        match self.ntag {
            Some(ntag) if !self.is_authenticated => {
                let [.., first] = self.stored(ntag.configuration());
                first.into()
            }
            _ => u16::MAX,
        }
    }

    /// Pages that may be read now.
    fn n_readable(&self) -> u16 {
        let protects = self.ntag.is_some_and(|ntag| {
            let [access, ..] = self.stored(ntag.access());
            access & PROTECT_READING != 0
        });
        if protects {
            self.n_pages().min(self.protected_from())
        } else {
            self.n_pages()
        }
    }

    fn write_page(&mut self, page: u16, data: &[u8]) -> u16 {
        let Ok(data) = <[u8; PAGE]>::try_from(data) else {
            return status::WRONG_LENGTH;
        };
        if page >= self.n_pages() {
            return status::NOT_FOUND;
        }
        if page >= self.protected_from() {
            return status::SECURITY_NOT_SATISFIED;
        }
        let old = self.stored(page);
        let is_lock_page = self.ntag.is_some_and(|ntag| ntag.lock_page == page);
        let new = match page {
            0 | 1 => return status::MEMORY_FAILURE,
            LOCK_PAGE => locked(old, data),
            _ if self.is_locked(page) => return status::MEMORY_FAILURE,
            OTP_PAGE => united(old, data),
            _ if is_lock_page => dynamically_locked(old, data),
            _ => data,
        };
        self.set_page(page, new);
        status::OK
    }

    /// Whether a lock bit forbids writing a page.
    fn is_locked(&self, page: u16) -> bool {
        let [_, _, low, high] = self.stored(LOCK_PAGE);
        if page < FIRST_DYNAMIC_PAGE {
            return u16::from_le_bytes([low, high]) & (1 << page) != 0;
        }
        let Some(ntag) = self.ntag else {
            return false;
        };
        if page >= ntag.configuration() {
            return self.is_configured && page <= ntag.access();
        }
        if page == ntag.lock_page {
            return false;
        }
        let [low, high, ..] = self.stored(ntag.lock_page);
        let bit = (page - FIRST_DYNAMIC_PAGE) / ntag.pages_per_lock;
        u16::from_le_bytes([low, high]) & (1_u16.checked_shl(bit.into()).unwrap_or(0)) != 0
    }
}

/// Static lock bytes: bits 0 to 2 freeze the lock bits of page 3, of pages 4 to
/// 9 and of pages 10 to 15; what is frozen stays, the rest can only be set.
fn locked([a, b, old_low, old_high]: [u8; PAGE], [_, _, low, high]: [u8; PAGE]) -> [u8; PAGE] {
    let old = u16::from_le_bytes([old_low, old_high]);
    let new = u16::from_le_bytes([low, high]);
    let mut frozen = 0;
    for (bit, pages) in [(0, 0x0008), (1, 0x03F0), (2, 0xFC00)] {
        if old & (1 << bit) != 0 {
            frozen |= pages;
        }
    }
    let [low, high] = (old | new & !frozen).to_le_bytes();
    [a, b, low, high]
}

/// Dynamic lock bytes: each bit of the third freezes two of the others.
fn dynamically_locked(
    [old_low, old_high, old_blocks, rest]: [u8; PAGE],
    [low, high, blocks, _]: [u8; PAGE],
) -> [u8; PAGE] {
    let frozen = (0..8).filter(|bit| old_blocks & (1 << bit) != 0);
    let frozen = frozen.fold(0_u16, |frozen, bit| frozen | 0b11 << (2 * bit));
    let old = u16::from_le_bytes([old_low, old_high]);
    let new = u16::from_le_bytes([low, high]);
    let [low, high] = (old | new & !frozen).to_le_bytes();
    [low, high, old_blocks | blocks, rest]
}

fn united(old: [u8; PAGE], new: [u8; PAGE]) -> [u8; PAGE] {
    (u32::from_be_bytes(old) | u32::from_be_bytes(new)).to_be_bytes()
}

/// The two parts in which seven bytes are sent, each with its check byte.
fn split(uid: &[u8]) -> Option<(&[u8; 3], &[u8; 4])> {
    let (first, second) = uid.split_first_chunk()?;
    Some((first, second.try_into().ok()?))
}
