//! What an ATR claims a card to be.

use crate::{Atr, AtrAnatomy, StorageCard, StorageName, StorageStandard};

/// What the reader, or the card behind contacts, claims with its ATR.
///
/// A hint, never a proof: the ATR of a contactless card is made up by the
/// reader, and readers differ and err.
///
/// Source: PC/SC Part 3, revision 2.01.09, §3.1.3.2.3; for the forms of old
/// drivers liblogicalaccess `atrparser.cpp` and the list of pcsc-tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtrClaim<'a> {
    /// A storage card, in the form of the standard.
    Storage(StorageCard),
    /// A storage card, in a form that one maker's drivers used before the
    /// standard or beside it.
    OldStorage(StorageCard),
    /// A type A card with this SAK, in the form of drivers that show a
    /// contactless card as one with contacts.
    Sak(u8),
    /// An ISO 14443-4 card: the historical bytes of its ATS (type A), or the
    /// twelve nibbles of a type B card; see [`TypeBAnswer::of`].
    Iso14443(&'a [u8]),
    /// Nothing of the above: a card with contacts, or a form that no source
    /// names.
    Other,
    /// No ATR by ISO/IEC 7816-3.
    Malformed,
}

impl<'a> AtrClaim<'a> {
    /// What these bytes claim.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Self {
        if let Some(card) = old_storage(bytes) {
            return Self::OldStorage(card);
        }
        if let Some(sak) = shown_as_contact(bytes) {
            return Self::Sak(sak);
        }
        let Ok(atr) = Atr::parse(bytes) else {
            return Self::Malformed;
        };
        if !atr.is_contactless_form() {
            return Self::Other;
        }
        match StorageCard::from_atr(&atr) {
            Some(card) => Self::Storage(card),
            None => Self::Iso14443(atr.historical_bytes()),
        }
    }

    /// The SAK, where the claim has one.
    #[must_use]
    pub fn sak(&self) -> Option<u8> {
        match self {
            Self::Sak(sak) => Some(*sak),
            Self::Storage(card) => card.name.acs_sak(),
            _ => None,
        }
    }
}

/// What a type B card of ISO 14443-4 answered when it was called, as readers
/// put it in place of historical bytes.
///
/// Source: PC/SC Part 3, revision 2.01.09, §3.1.3.2.3.1; ISO/IEC 14443-3:2018,
/// §7.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeBAnswer {
    /// Application data of ATQB.
    pub application_data: [u8; 4],
    /// Protocol info of ATQB: bit rates, frame size and protocol, timing.
    pub protocol_info: [u8; 3],
    /// MBLI of the answer to ATTRIB: how many frames make up the card's
    /// buffer; 0 where it does not say.
    pub mbli: u8,
}

impl TypeBAnswer {
    /// The bytes as those of a type B card: eight, the low nibble of the last
    /// one zero, and a protocol info that offers ISO 14443-4.
    ///
    /// A type A card may have such historical bytes by chance, so this is no
    /// more than likely.
    #[must_use]
    pub fn of(historical_bytes: &[u8]) -> Option<Self> {
        let [a, b, c, d, rates, frames, timing, last] = *historical_bytes else {
            return None;
        };
        // Bits 1 to 4 of the second byte: the lowest tells of ISO 14443-4,
        // bit 4 is always zero.
        let is_type_b = last.trailing_zeros() >= 4 && frames & 0x09 == 0x01 && rates & 0x08 == 0;
        is_type_b.then_some(Self {
            application_data: [a, b, c, d],
            protocol_info: [rates, frames, timing],
            mbli: last >> 4,
        })
    }

    /// The longest frame that the card takes, in bytes. Reserved values count
    /// as 256.
    #[must_use]
    pub fn frame_size(&self) -> u16 {
        let [_, frames, _] = self.protocol_info;
        match frames >> 4 {
            0 => 16,
            1 => 24,
            2 => 32,
            3 => 40,
            4 => 48,
            5 => 64,
            6 => 96,
            7 => 128,
            _ => 256,
        }
    }
}

/// Storage cards in forms older than the standard.
///
/// - `3B 0F FF` and fourteen bytes more, of which the last tells the card: old
///   drivers for Omnikey readers. It takes no other length.
/// - `3B 09 41 04 11 DD 82 2F 00 00 88`: a MIFARE Classic 1K.
/// - `3B 82 80 01 02 44` and a check character, by which the standard would
///   take a Topaz for an ISO 14443-4 card.
fn old_storage(bytes: &[u8]) -> Option<StorageCard> {
    let type_a = StorageStandard::Iso14443A { part: 3 };
    let (standard, name) = match bytes {
        [0x3B, 0x0F, 0xFF, code @ ..] if code.len() == 14 => match code.last()? {
            0x11 => (type_a, StorageName::MIFARE_CLASSIC_1K),
            0x21 => (type_a, StorageName::MIFARE_CLASSIC_4K),
            0x93 => (StorageStandard::NotGiven, StorageName::PICOPASS_2KS),
            0xA3 => (StorageStandard::NotGiven, StorageName::PICOPASS_16KS),
            0xB3 => (StorageStandard::NotGiven, StorageName::PICOPASS_16KS_8X2),
            _ => return None,
        },
        [
            0x3B,
            0x09,
            0x41,
            0x04,
            0x11,
            0xDD,
            0x82,
            0x2F,
            0x00,
            0x00,
            0x88,
        ] => (type_a, StorageName::MIFARE_CLASSIC_1K),
        [0x3B, 0x82, 0x80, 0x01, 0x02, 0x44, _] => (type_a, StorageName::TOPAZ),
        _ => return None,
    };
    Some(StorageCard { standard, name })
}

/// The SAK of a contactless card that a driver shows as one with contacts: the
/// interface bytes `91 00 FF 91 81 71 FE 40 00`, then `41` and the SAK.
fn shown_as_contact(bytes: &[u8]) -> Option<u8> {
    const INTERFACE: [u8; 9] = [0x91, 0x00, 0xFF, 0x91, 0x81, 0x71, 0xFE, 0x40, 0x00];
    let anatomy = AtrAnatomy::of(bytes);
    let is_form =
        anatomy.ts() == Some(0x3B) && anatomy.interface().map(|byte| byte.value).eq(INTERFACE);
    match anatomy.historical().as_bytes() {
        [0x41, sak, _, ..] if is_form => Some(*sak),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The claim in one line.
    fn claimed(text: &str) -> String {
        let bytes = hex::decode(text.replace(' ', "")).unwrap();
        match AtrClaim::of(&bytes) {
            AtrClaim::Storage(card) => format!("{:04X}", card.name.value()),
            AtrClaim::OldStorage(card) => format!("old {:04X}", card.name.value()),
            AtrClaim::Sak(sak) => format!("sak {sak:02X}"),
            AtrClaim::Iso14443(bytes) => format!("iso {}", hex::encode_upper(bytes)),
            AtrClaim::Other => "other".to_owned(),
            AtrClaim::Malformed => "malformed".to_owned(),
        }
    }

    #[test]
    fn each_form_is_told_from_the_others() {
        let cases = [
            (
                "3B8F8001804F0CA000000306030001000000006A",
                "0001",
                "standard",
            ),
            (
                "3B8F8001804F0CA000000306030000000000006B",
                "0000",
                "no name",
            ),
            (
                "3B8F8001804F0CA00000030603FFA00000000034",
                "FFA0",
                "SpringCard",
            ),
            ("3B8180018080", "iso 80", "DESFire"),
            ("3B80800101", "iso ", "says nothing"),
            ("3B0FFF0000000000000000000000000011", "old 0001", "Omnikey"),
            ("3B0FFF00000000000000000000000000B3", "old 001C", "iCLASS"),
            (
                "3B0FFF0000000000000000000000000055",
                "other",
                "no known code",
            ),
            (
                "3B09410411DD822F000088",
                "old 0001",
                "Omnikey, another form",
            ),
            ("3B09410411DD822F000089", "other", "a contact card's own"),
            ("3B828001024445", "old 0030", "Topaz"),
            ("3BF59100FF918171FE400041080000000D", "sak 08", "MIFARE"),
            ("3BF59100FF918171FE400041880000008D", "sak 88", "MIFARE"),
            (
                "3BF79100FF918171FE40004120001177818040",
                "sak 20",
                "DESFire",
            ),
            (
                "3BF59100FF918171FE4000420800000000",
                "other",
                "not of the form",
            ),
            ("3B951381018073FF01000B", "other", "a contact card"),
            ("3B8180018081", "other", "damaged"),
            ("3B", "malformed", "half an ATR"),
            ("", "malformed", "none"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(claimed(text), expected, "{why}");
        }
    }

    #[test]
    fn saks_are_read_where_a_reader_gives_them() {
        let cases = [
            ("3BF59100FF918171FE400041180000001D", Some(0x18), "a driver"),
            (
                "3B8F8001804F0CA00000030603FF2800000000BC",
                Some(0x28),
                "ACS",
            ),
            ("3B8F8001804F0CA000000306030001000000006A", None, "a name"),
            ("3B8180018080", None, "an ATS"),
        ];
        for (text, sak, why) in cases {
            let bytes = hex::decode(text).unwrap();
            assert_eq!(AtrClaim::of(&bytes).sak(), sak, "{why}");
        }
    }

    #[test]
    fn a_type_b_card_is_likely_by_its_protocol_info() {
        let cases = [
            ("0000000000817100", Some((256, 0)), "256 bytes, ISO 14443-4"),
            ("5041424300B381 30", Some((256, 3)), "with MBLI"),
            ("0000000000007100", None, "no ISO 14443-4"),
            ("0000000000817101", None, "the low nibble is no zero"),
            ("00000000008171", None, "seven bytes"),
            ("", None, "none"),
        ];
        for (text, expected, why) in cases {
            let bytes = hex::decode(text.replace(' ', "")).unwrap();
            let found = TypeBAnswer::of(&bytes).map(|b| (b.frame_size(), b.mbli));
            assert_eq!(found, expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = AtrClaim::of(&bytes).sak();
            let _ = TypeBAnswer::of(&bytes).map(|answer| answer.frame_size());
        }
    }
}
