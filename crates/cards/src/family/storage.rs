//! Storage cards, by the name that a reader gives them in the ATR.
//!
//! - MIFARE Ultralight, Ultralight C and EV1 have names of their own; NTAG is
//!   reported as Ultralight. All are known by UID: their pages are open to
//!   anyone and hold nothing that a desk needs.
//! - Readers by ACS report a card that they do not know as `FF` and its SAK:
//!   `08` and `88` are MIFARE Classic 1K, `18` is 4K, `09` is Mini.
//! - MIFARE Plus, `FeliCa`, ISO 15693 and the rest are known by UID.
//!
//! Sources: PC/SC Part 3 supplement 2.01.08; NXP AN10833 for the SAK values;
//! hardware-notes/card-ultralight-ntag.md, card-iso15693-felica.md.

use xueka_apdu::{StorageCard, StorageName};
use xueka_domain::CardFamily;

/// The family of a storage card.
pub(crate) fn family(card: StorageCard) -> CardFamily {
    match card.name {
        StorageName::MIFARE_CLASSIC_1K => CardFamily::MifareClassic1K,
        StorageName::MIFARE_CLASSIC_4K => CardFamily::MifareClassic4K,
        StorageName::MIFARE_MINI => CardFamily::MifareClassicMini,
        StorageName::MIFARE_ULTRALIGHT
        | StorageName::MIFARE_ULTRALIGHT_C
        | StorageName::MIFARE_ULTRALIGHT_EV1 => CardFamily::Ultralight,
        other => match other.acs_sak() {
            Some(0x08 | 0x88) => CardFamily::MifareClassic1K,
            Some(0x18) => CardFamily::MifareClassic4K,
            Some(0x09) => CardFamily::MifareClassicMini,
            _ => CardFamily::OtherStorage,
        },
    }
}

#[cfg(test)]
mod tests {
    use xueka_apdu::StorageStandard;

    use super::*;

    #[test]
    fn names_make_families() {
        let cases = [
            (0x0001, CardFamily::MifareClassic1K, "Classic 1K"),
            (0x0002, CardFamily::MifareClassic4K, "Classic 4K"),
            (0x0026, CardFamily::MifareClassicMini, "Mini"),
            (0x0003, CardFamily::Ultralight, "Ultralight, NTAG"),
            (0x003A, CardFamily::Ultralight, "Ultralight C"),
            (0x003D, CardFamily::Ultralight, "Ultralight EV1"),
            (0xFF08, CardFamily::MifareClassic1K, "ACS, by SAK"),
            (0xFF88, CardFamily::MifareClassic1K, "ACS, by SAK"),
            (0xFF18, CardFamily::MifareClassic4K, "ACS, by SAK"),
            (0xFF09, CardFamily::MifareClassicMini, "ACS, by SAK"),
            (0xFF28, CardFamily::OtherStorage, "a combined chip"),
            (0xFFA0, CardFamily::OtherStorage, "SpringCard, unknown"),
            (0x0000, CardFamily::OtherStorage, "no name"),
            (0x0036, CardFamily::OtherStorage, "Plus"),
            (0xF012, CardFamily::OtherStorage, "FeliCa"),
        ];
        for (name, expected, why) in cases {
            let card = StorageCard {
                standard: StorageStandard::Iso14443A { part: 3 },
                name: StorageName::from(name),
            };
            assert_eq!(family(card), expected, "{name:04X}: {why}");
        }
    }
}
