//! What an ATR and the slot tell before anything is sent.

use xueka_apdu::{Atr, AtrClaim, StorageCard, StorageName, StorageStandard};
use xueka_transport::{Dialect, SlotKind};

use crate::family::desfire;

/// How to go on with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A contact slot, or it cannot be excluded: send nothing at all. A
    /// pseudo-APDU would reach the card itself, with side effects (`OpenSC`
    /// issue 810), and one known emulator ends on it.
    Contact,
    /// A storage card that the ATR names.
    Storage(StorageCard),
    /// A `DESFire`, by the ATS that its ATR repeats.
    Desfire,
    /// Another ISO 14443-4 card.
    Iso14443,
    /// A contactless card whose ATR has a form of the reader's own: the ATS
    /// decides. Old Omnikey drivers report storage cards so.
    Unnamed,
}

/// Looks at a card.
pub(crate) fn look(atr: &[u8], dialect: &Dialect) -> Look {
    let is_contactless_form = Atr::parse(atr).is_ok_and(|atr| atr.is_contactless_form());
    match (dialect.slot, AtrClaim::of(atr)) {
        (SlotKind::Contact, _) => Look::Contact,
        (SlotKind::ByAtr, _) if !is_contactless_form => Look::Contact,
        (_, AtrClaim::Storage(card)) => Look::Storage(StorageCard {
            name: meant(card.name, dialect),
            ..card
        }),
        (_, AtrClaim::OldStorage(card)) => Look::Storage(card),
        (_, AtrClaim::Iso14443(historical_bytes)) => by_ats(historical_bytes),
        (_, AtrClaim::Sak(sak)) => by_sak(sak),
        (_, AtrClaim::Other | AtrClaim::Malformed) => Look::Unnamed,
    }
}

/// What a reader means by the name of a storage card.
fn meant(name: StorageName, dialect: &Dialect) -> StorageName {
    let mut rows = dialect.storage_names.iter();
    let row = rows.find(|row| row.always && row.reported == name.value());
    row.map_or(name, |row| row.meant.into())
}

/// Looks at a SAK: bit 6 tells of ISO 14443-4, and then the ATS decides.
///
/// Source: ISO/IEC 14443-3:2018, §6.5.3.
fn by_sak(sak: u8) -> Look {
    if sak & 0x20 != 0 {
        return Look::Unnamed;
    }
    Look::Storage(StorageCard {
        standard: StorageStandard::Iso14443A { part: 3 },
        name: StorageName::of_sak(sak),
    })
}

/// Looks at the historical bytes of an ATS.
pub(crate) fn by_ats(historical_bytes: &[u8]) -> Look {
    if desfire::has_ats(historical_bytes) {
        Look::Desfire
    } else {
        Look::Iso14443
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use xueka_transport::StorageNameRow;

    use super::*;

    const CLASSIC_1K: Look = named(StorageName::MIFARE_CLASSIC_1K);

    const fn named(name: StorageName) -> Look {
        Look::Storage(StorageCard {
            standard: StorageStandard::Iso14443A { part: 3 },
            name,
        })
    }

    /// A reader whose slot is known, and which calls a MIFARE Classic nothing.
    fn dialect(slot: SlotKind) -> Dialect {
        const NAMES: &[StorageNameRow] = &[
            StorageNameRow {
                reported: 0x0000,
                meant: 0x0001,
                always: true,
            },
            StorageNameRow {
                reported: 0x0001,
                meant: 0x0036,
                always: false,
            },
        ];
        Dialect {
            slot,
            storage_names: NAMES,
            ..Dialect::STANDARD
        }
    }

    #[test]
    fn the_slot_decides_first_and_the_atr_second() {
        use Look::{Contact, Desfire, Iso14443, Unnamed};
        use SlotKind::{ByAtr, Contactless};
        let storage = "3B8F8001804F0CA000000306030001000000006A";
        let nameless = "3B8F8001804F0CA000000306030000000000006B";
        let topaz = "3B828001024445";
        let cases = [
            ("", ByAtr, Contact, "no ATR"),
            ("3B", ByAtr, Contact, "half an ATR"),
            ("3B951381018073FF01000B", ByAtr, Contact, "a contact card"),
            ("3B8180018081", ByAtr, Contact, "a damaged ATR"),
            ("3B8180018080", ByAtr, Desfire, "DESFire"),
            ("3B80800101", ByAtr, Iso14443, "says nothing"),
            (storage, ByAtr, CLASSIC_1K, "a storage card"),
            (nameless, ByAtr, CLASSIC_1K, "what this reader means by it"),
            (topaz, ByAtr, named(StorageName::TOPAZ), "no ATS of a card"),
            ("3B0F", Contactless, Unnamed, "a form of the reader's own"),
            (
                "3B0FFF0000000000000000000000000011",
                Contactless,
                CLASSIC_1K,
                "an old form",
            ),
            (
                "3B0FFF0000000000000000000000000011",
                ByAtr,
                Contact,
                "the same where a contact card cannot be excluded",
            ),
            (
                "3BF59100FF918171FE400041080000000D",
                Contactless,
                named(StorageName::of_sak(0x08)),
                "a SAK",
            ),
            (
                "3BF79100FF918171FE40004120001177818040",
                Contactless,
                Unnamed,
                "a SAK of an ISO 14443-4 card",
            ),
            ("3B8180018080", Contactless, Desfire, "DESFire"),
            (storage, SlotKind::Contact, Contact, "a contact slot"),
            ("3B8180018080", SlotKind::Contact, Contact, "a contact slot"),
        ];
        for (atr, slot, expected, why) in cases {
            let atr = hex::decode(atr).unwrap();
            assert_eq!(look(&atr, &dialect(slot)), expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_atr_panics(atr: Vec<u8>) {
            let _ = look(&atr, &dialect(SlotKind::ByAtr));
            let _ = look(&atr, &dialect(SlotKind::Contactless));
        }
    }
}
