//! What an ATR says of a card without a processor.

use crate::{Atr, StorageName};

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

impl StorageStandard {
    /// The standard as engineers write it, such as `ISO 14443-3 A`; empty where
    /// none is given or none has this value.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Iso14443A { part: 1 } => "ISO 14443-1 A",
            Self::Iso14443A { part: 2 } => "ISO 14443-2 A",
            Self::Iso14443A { .. } => "ISO 14443-3 A",
            Self::Iso14443B { part: 1 } => "ISO 14443-1 B",
            Self::Iso14443B { part: 2 } => "ISO 14443-2 B",
            Self::Iso14443B { .. } => "ISO 14443-3 B",
            Self::Iso15693 { part: 1 } => "ISO 15693-1",
            Self::Iso15693 { part: 2 } => "ISO 15693-2",
            Self::Iso15693 { part: 3 } => "ISO 15693-3",
            Self::Iso15693 { .. } => "ISO 15693-4",
            Self::ContactMemory(0x0D) => "ISO 7816-10 I2C",
            Self::ContactMemory(0x0E) => "ISO 7816-10 extended I2C",
            Self::ContactMemory(0x0F) => "ISO 7816-10 2WBP",
            Self::ContactMemory(_) => "ISO 7816-10 3WBP",
            Self::Felica => "FeliCa",
            Self::LowFrequency => "125 kHz",
            Self::NotGiven | Self::Other(_) => "",
        }
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
        for byte in 0..=u8::MAX {
            let is_reserved = matches!(byte, 0x00 | 0x04 | 0x08 | 0x12..=0x3F | 0x41..);
            let label = StorageStandard::from(byte).label();
            assert_eq!(label.is_empty(), is_reserved, "{byte:02X}");
        }
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
