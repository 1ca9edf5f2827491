//! How reader models differ in what they answer for storage cards.
//!
//! Everything here is written from the sources, not from the table by which
//! readers are served: what agrees was written down twice.

use crate::chip::status;

/// The reader that answers for a MIFARE Classic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReaderStyle {
    /// As PC/SC Part 3 says.
    #[default]
    Standard,
    /// `6300` for whatever goes wrong with keys and blocks, and volatile slots
    /// 00 and 01 alone, as the ACR122U (API ACR122U 2.04; liblogicalaccess
    /// `acsacrresultchecker.cpp`).
    Acs,
    /// `6300` to every LOAD KEYS, as an ACR1222L in one report.
    Acr1222l,
    /// As the ACR122U, and no keys for combined cards with SAK 38, as the
    /// ACR1252U.
    Acr1252u,
    /// One volatile slot, 20, beside the non-volatile ones 00 to 1F, as the
    /// ACR1281U.
    Acr1281u,
    /// No volatile key memory: `6986` (Omnikey 5321 and kin; liblogicalaccess
    /// `mifareomnikeyxx21commands.cpp`).
    Omnikey,
    /// Words of its own, as Omnikey 5x27 (liblogicalaccess
    /// `mifareomnikeyxx27resultchecker.cpp`).
    Omnikey5x27,
    /// P2 of LOAD KEYS is the kind of key, and the one slot is 01, as readers
    /// of SCM and Identiv.
    Scm,
    /// The slot is the kind of key, 00 to 0F A and 10 to 1F B, the kind byte
    /// 00, and words are `6Fxx` (liblogicalaccess
    /// `springcardresultchecker.cpp`, `mifarespringcardcommands.cpp`).
    SpringCard,
    /// No slot 00 (liblogicalaccess `mifarecherrycommands.cpp`).
    Cherry,
    /// `6F00` for failures, and an ATR without the card's name (liblogicalaccess
    /// `id3resultchecker.cpp`, `atrparser.cpp`).
    Id3,
    /// The older authentication (`FF 88`) alone.
    Older,
    /// A status of one byte, as an OEM variant of Feitian's R502 (libnfc pull
    /// request 606).
    OneByteStatus,
    /// No pseudo-APDUs for storage cards at all, as Jinmuyu's MR800.
    NoStorage,
}

/// Every style with its name in descriptions.
const TABLE: &[(ReaderStyle, &str)] = &[
    (ReaderStyle::Standard, "standard"),
    (ReaderStyle::Acs, "acs"),
    (ReaderStyle::Acr1222l, "acr1222l"),
    (ReaderStyle::Acr1252u, "acr1252u"),
    (ReaderStyle::Acr1281u, "acr1281u"),
    (ReaderStyle::Omnikey, "omnikey"),
    (ReaderStyle::Omnikey5x27, "omnikey-5x27"),
    (ReaderStyle::Scm, "scm"),
    (ReaderStyle::SpringCard, "springcard"),
    (ReaderStyle::Cherry, "cherry"),
    (ReaderStyle::Id3, "id3"),
    (ReaderStyle::Older, "older"),
    (ReaderStyle::OneByteStatus, "one-byte-status"),
    (ReaderStyle::NoStorage, "no-storage"),
];

/// Which command a status word answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    LoadKey,
    Authenticate,
    Access,
}

/// Where a reader keeps a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Volatile(usize),
    NonVolatile(usize),
}

/// Slots of the virtual reader in each of its two memories.
pub(crate) const N_KEY_SLOTS: usize = 32;

/// Bits of P1 of LOAD KEYS.
const READER_KEY: u8 = 0x80;
const SECURED_TRANSFER: u8 = 0x40;
const NON_VOLATILE: u8 = 0x20;
/// Key kinds of AUTHENTICATE.
const KEY_A: u8 = 0x60;
const KEY_B: u8 = 0x61;
/// The one slot of a reader that keeps keys by kind.
const SCM_SLOT: u8 = 0x01;
/// The ACR1281U's volatile slot.
const SESSION_SLOT: u8 = 0x20;
/// The SAK of the combined cards that the ACR1252U loads no keys for.
const REFUSED_SAK: u8 = 0x38;

impl ReaderStyle {
    /// Every style, by its name in descriptions.
    pub fn all() -> impl Iterator<Item = (Self, &'static str)> {
        TABLE.iter().copied()
    }

    /// The style of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut rows = TABLE.iter();
        rows.find(|row| row.1 == name).map(|row| row.0)
    }

    /// How this reader says what the standard says by `word`.
    pub(crate) fn failure(self, asked: Asked, word: u16) -> u16 {
        match (self, asked, word) {
            (Self::Acs | Self::Acr1222l | Self::Acr1252u | Self::Acr1281u, _, _) => status::FAILED,
            (Self::Omnikey5x27, Asked::LoadKey, status::NO_VOLATILE_MEMORY) => 0x6984,
            (Self::Omnikey5x27, _, status::NOT_FOUND) => 0x6581,
            (Self::SpringCard, Asked::Authenticate, _) => 0x6F04,
            (Self::SpringCard, Asked::Access, status::SECURITY_NOT_SATISFIED) => 0x6F0A,
            (Self::Id3, _, _) => 0x6F00,
            _ => word,
        }
    }

    /// Where LOAD KEYS puts a key, for a card of this SAK.
    pub(crate) fn load_place(self, p1: u8, p2: u8, sak: u8) -> Result<Slot, u16> {
        if p1 & READER_KEY != 0 {
            return Err(status::READER_KEY_UNSUPPORTED);
        }
        if p1 & SECURED_TRANSFER != 0 {
            return Err(status::SECURED_TRANSFER_UNSUPPORTED);
        }
        let is_volatile = p1 & NON_VOLATILE == 0;
        let index = usize::from(p2);
        let place = if is_volatile {
            Slot::Volatile(index)
        } else {
            Slot::NonVolatile(index)
        };
        let has_slot = match self {
            Self::Acr1252u if sak == REFUSED_SAK => false,
            Self::Acs | Self::Acr1252u if !is_volatile => {
                return Err(status::NO_NON_VOLATILE_MEMORY);
            }
            Self::Acs | Self::Acr1252u => p2 < 2,
            Self::Acr1281u if is_volatile && p2 == SESSION_SLOT => return Ok(Slot::Volatile(0)),
            Self::Acr1281u => !is_volatile,
            Self::Omnikey | Self::Omnikey5x27 if is_volatile => {
                return Err(status::NO_VOLATILE_MEMORY);
            }
            Self::Scm if is_volatile && matches!(p2, KEY_A | KEY_B) => {
                return Ok(Slot::Volatile(usize::from(p2 - KEY_A)));
            }
            Self::Acr1222l | Self::Scm => false,
            Self::SpringCard => is_volatile,
            Self::Cherry => p2 != 0,
            _ => true,
        };
        if has_slot && index < N_KEY_SLOTS {
            Ok(place)
        } else {
            Err(status::NO_SUCH_KEY_SLOT)
        }
    }

    /// Which key an authentication means, A when the first is true, and where
    /// that key may be: the first of the slots that holds one.
    pub(crate) fn used_key(self, kind: u8, slot: u8) -> Result<(bool, [Slot; 2]), u16> {
        let index = usize::from(slot);
        let both = [Slot::Volatile(index), Slot::NonVolatile(index)];
        if self == Self::SpringCard {
            let is_right = kind == 0x00 && index < N_KEY_SLOTS;
            return if is_right {
                Ok((slot < 0x10, both))
            } else {
                Err(status::UNKNOWN_KEY_KIND)
            };
        }
        let is_a = match kind {
            KEY_A => true,
            KEY_B => false,
            _ => return Err(status::UNKNOWN_KEY_KIND),
        };
        match self {
            Self::Scm if slot == SCM_SLOT => {
                Ok((is_a, [Slot::Volatile(usize::from(kind - KEY_A)); 2]))
            }
            Self::Scm => Err(status::NO_SUCH_KEY_SLOT),
            Self::Acr1281u if slot == SESSION_SLOT => Ok((is_a, [Slot::Volatile(0); 2])),
            Self::Acr1281u => Ok((is_a, [Slot::NonVolatile(index); 2])),
            _ if index < N_KEY_SLOTS => Ok((is_a, both)),
            _ => Err(status::NO_SUCH_KEY_SLOT),
        }
    }

    /// Whether the reader knows a pseudo-APDU for storage cards; `is_newer` is
    /// GENERAL AUTHENTICATE.
    pub(crate) fn knows(self, is_newer: bool) -> bool {
        match self {
            Self::NoStorage => false,
            Self::Older => !is_newer,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_has_one_name() {
        for (style, name) in ReaderStyle::all() {
            assert_eq!(ReaderStyle::named(name), Some(style));
        }
        assert_eq!(ReaderStyle::named("best"), None);
    }

    #[test]
    fn keys_lie_where_each_model_keeps_them() {
        use ReaderStyle::{Acr1252u, Acr1281u, Acs, Cherry, Omnikey, Scm, SpringCard, Standard};
        let cases = [
            (Standard, 0x00, 0x1F, 0x08, Ok(Slot::Volatile(31))),
            (Standard, 0x20, 0x00, 0x08, Ok(Slot::NonVolatile(0))),
            (Standard, 0x00, 0x20, 0x08, Err(0x6988)),
            (Acs, 0x00, 0x01, 0x08, Ok(Slot::Volatile(1))),
            (Acs, 0x00, 0x02, 0x08, Err(0x6988)),
            (Acs, 0x20, 0x00, 0x08, Err(0x6987)),
            (Acr1252u, 0x00, 0x00, 0x28, Ok(Slot::Volatile(0))),
            (Acr1252u, 0x00, 0x00, 0x38, Err(0x6988)),
            (Acr1281u, 0x00, 0x20, 0x08, Ok(Slot::Volatile(0))),
            (Acr1281u, 0x00, 0x00, 0x08, Err(0x6988)),
            (Acr1281u, 0x20, 0x1F, 0x08, Ok(Slot::NonVolatile(31))),
            (Omnikey, 0x00, 0x00, 0x08, Err(0x6986)),
            (Omnikey, 0x20, 0x00, 0x08, Ok(Slot::NonVolatile(0))),
            (Scm, 0x00, 0x60, 0x08, Ok(Slot::Volatile(0))),
            (Scm, 0x00, 0x61, 0x08, Ok(Slot::Volatile(1))),
            (Scm, 0x00, 0x00, 0x08, Err(0x6988)),
            (SpringCard, 0x00, 0x10, 0x08, Ok(Slot::Volatile(16))),
            (Cherry, 0x00, 0x00, 0x08, Err(0x6988)),
            (Cherry, 0x00, 0x01, 0x08, Ok(Slot::Volatile(1))),
        ];
        for (style, p1, p2, sak, expected) in cases {
            let place = style.load_place(p1, p2, sak);
            assert_eq!(
                place, expected,
                "{style:?}: {p1:02X} {p2:02X}, SAK {sak:02X}"
            );
        }
    }
}
