//! What an ATR says of a card without a processor.

use crate::Atr;

/// A storage card, as a reader names it in the ATR that it makes up:
/// `3B 8F 80 01 80 4F 0C A0 00 00 03 06 SS NN NN 00 00 00 00 TCK`.
///
/// A reader's word, not the card's: MIFARE Plus, for one, is often reported as
/// MIFARE Classic.
///
/// Source: PC/SC Part 3, revision 2.01.09, §3.1.3.2.3.2 and its supplement
/// 2.01.08.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StorageCard {
    /// The radio or memory standard (SS).
    pub standard: StorageStandard,
    /// The kind of card (NN NN).
    pub name: StorageName,
}

/// The standard that a storage card follows.
///
/// Source: PC/SC Part 3 supplement 2.01.08; as listed in metrodroid's
/// `PCSCAtr.kt`. Unknown values survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StorageStandard {
    /// `00`: none given.
    NotGiven,
    /// `01` to `03`: ISO 14443 type A, up to this part.
    Iso14443A {
        /// 1 to 3.
        part: u8,
    },
    /// `05` to `07`: ISO 14443 type B, up to this part.
    Iso14443B {
        /// 1 to 3.
        part: u8,
    },
    /// `09` to `0C`: ISO 15693, up to this part.
    Iso15693 {
        /// 1 to 4.
        part: u8,
    },
    /// `0D` to `10`: a memory card with contacts.
    ContactMemory(u8),
    /// `11`: `FeliCa`.
    Felica,
    /// `40`: 125 kHz.
    LowFrequency,
    /// Any other value.
    Other(u8),
}

/// The kind of a storage card: two bytes, high byte first.
///
/// Any value is representable; the constants name the ones that this workspace
/// acts on.
///
/// Source: PC/SC Part 3 supplement 2.01.08, and for vendors' own values the
/// files in hardware-notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StorageName(u16);

impl StorageCard {
    /// The RID of the PC/SC workgroup within the application identifier that
    /// fills the historical bytes: category `80`, tag `4F`, length `0C`.
    const PREFIX: [u8; 8] = [0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06];

    /// What the ATR names; `None` when it does not have the form of a storage
    /// card.
    #[must_use]
    pub fn from_atr(atr: &Atr<'_>) -> Option<Self> {
        if !atr.is_contactless_form() {
            return None;
        }
        let named = atr.historical_bytes().strip_prefix(&Self::PREFIX)?;
        let [standard, high, low, _, _, _, _] = *named else {
            return None;
        };
        Some(Self {
            standard: standard.into(),
            name: u16::from_be_bytes([high, low]).into(),
        })
    }
}

impl From<u8> for StorageStandard {
    fn from(byte: u8) -> Self {
        match byte {
            0x00 => Self::NotGiven,
            0x01..=0x03 => Self::Iso14443A { part: byte },
            0x05..=0x07 => Self::Iso14443B { part: byte - 0x04 },
            0x09..=0x0C => Self::Iso15693 { part: byte - 0x08 },
            0x0D..=0x10 => Self::ContactMemory(byte),
            0x11 => Self::Felica,
            0x40 => Self::LowFrequency,
            _ => Self::Other(byte),
        }
    }
}

impl StorageName {
    /// MIFARE Classic with 1 KiB.
    pub const MIFARE_CLASSIC_1K: Self = Self(0x0001);
    /// MIFARE Classic with 4 KiB.
    pub const MIFARE_CLASSIC_4K: Self = Self(0x0002);
    /// MIFARE Ultralight; also the answer for NTAG.
    pub const MIFARE_ULTRALIGHT: Self = Self(0x0003);
    /// MIFARE Mini, 320 bytes.
    pub const MIFARE_MINI: Self = Self(0x0026);
    /// MIFARE Ultralight C.
    pub const MIFARE_ULTRALIGHT_C: Self = Self(0x003A);
    /// MIFARE Ultralight EV1.
    pub const MIFARE_ULTRALIGHT_EV1: Self = Self(0x003D);
    /// `SpringCard`: a type A card that the reader does not know.
    pub const SPRINGCARD_TYPE_A: Self = Self(0xFFA0);
    /// `SpringCard`: a type B card that the reader does not know.
    pub const SPRINGCARD_TYPE_B: Self = Self(0xFFB0);

    /// Both bytes as one number.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }

    /// The card's SAK, where a reader by ACS gives it instead of a name: `FF`
    /// and the SAK, for a type A card that the reader does not know.
    ///
    /// Source: nfcpy issue 28 (an `FF40`).
    #[must_use]
    pub fn acs_sak(self) -> Option<u8> {
        match (self, self.0.to_be_bytes()) {
            (Self::SPRINGCARD_TYPE_A | Self::SPRINGCARD_TYPE_B, _) => None,
            (_, [0xFF, sak]) => Some(sak),
            _ => None,
        }
    }
}

impl From<u16> for StorageName {
    fn from(value: u16) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check character is as much part of the form as the rest.
    fn atr_of(standard: u8, name: u16) -> Vec<u8> {
        let mut atr = hex::decode("3B8F8001804F0CA000000306").unwrap();
        atr.push(standard);
        atr.extend(name.to_be_bytes());
        atr.extend([0; 4]);
        let tck = atr[1..].iter().fold(0, |sum, byte| sum ^ byte);
        atr.push(tck);
        atr
    }

    #[test]
    fn the_check_character_follows_the_published_rule() {
        let atr = atr_of(0x03, 0x0001);
        assert_eq!(atr.last(), Some(&(0x68 ^ 0x03 ^ 0x01)));
    }

    #[test]
    fn names_and_standards_are_read() {
        let cases = [
            (0x03, 0x0001, StorageStandard::Iso14443A { part: 3 }, None),
            (0x07, 0x0006, StorageStandard::Iso14443B { part: 3 }, None),
            (0x0B, 0x0014, StorageStandard::Iso15693 { part: 3 }, None),
            (0x11, 0xF011, StorageStandard::Felica, None),
            (0x40, 0x0000, StorageStandard::LowFrequency, None),
            (0x0E, 0x0000, StorageStandard::ContactMemory(0x0E), None),
            (0x00, 0xFF40, StorageStandard::NotGiven, Some(0x40)),
            (0x03, 0xFFA0, StorageStandard::Iso14443A { part: 3 }, None),
            (0x77, 0x1234, StorageStandard::Other(0x77), None),
        ];
        for (standard_byte, name, standard, sak) in cases {
            let atr = atr_of(standard_byte, name);
            let card = StorageCard::from_atr(&Atr::parse(&atr).unwrap()).unwrap();
            assert_eq!(card.standard, standard);
            assert_eq!(card.name.value(), name);
            assert_eq!(card.name.acs_sak(), sak);
        }
    }

    #[test]
    fn other_atrs_name_no_storage_card() {
        let cases = [
            ("3B8180018080", "an ISO 14443-4 card"),
            ("3B80800101", "no historical bytes"),
            ("3B8F8001804F0CA000000396030001000000 00FA", "another RID"),
            ("3B8B8001804F0CA000000306030001 26", "too short"),
        ];
        for (text, why) in cases {
            let mut bytes = hex::decode(text.replace(' ', "")).unwrap();
            // The row is about the historical bytes, so TCK is made to fit.
            let tck = bytes[1..bytes.len() - 1]
                .iter()
                .fold(0, |sum, byte| sum ^ byte);
            *bytes.last_mut().unwrap() = tck;
            let atr = Atr::parse(&bytes).unwrap();
            assert!(atr.is_contactless_form(), "{why}");
            assert_eq!(StorageCard::from_atr(&atr), None, "{why}");
        }
    }
}
