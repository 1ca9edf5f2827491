//! What an ATR and the slot tell before anything is sent.

use xueka_apdu::{Atr, StorageCard};
use xueka_transport::SlotKind;

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
pub(crate) fn look(atr: &[u8], slot: SlotKind) -> Look {
    let atr = Atr::parse(atr).ok().filter(Atr::is_contactless_form);
    match (slot, atr) {
        (SlotKind::Contact, _) | (SlotKind::ByAtr, None) => Look::Contact,
        (SlotKind::Contactless, None) => Look::Unnamed,
        (SlotKind::Contactless | SlotKind::ByAtr, Some(atr)) => {
            if let Some(card) = StorageCard::from_atr(&atr) {
                Look::Storage(card)
            } else {
                by_ats(atr.historical_bytes())
            }
        }
    }
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
    use xueka_apdu::{StorageName, StorageStandard};

    use super::*;

    const CLASSIC_1K: Look = Look::Storage(StorageCard {
        standard: StorageStandard::Iso14443A { part: 3 },
        name: StorageName::MIFARE_CLASSIC_1K,
    });

    #[test]
    fn the_slot_decides_first_and_the_atr_second() {
        use Look::{Contact, Desfire, Iso14443, Unnamed};
        use SlotKind::{ByAtr, Contactless};
        let storage = "3B8F8001804F0CA000000306030001000000006A";
        let cases = [
            ("", ByAtr, Contact, "no ATR"),
            ("3B", ByAtr, Contact, "half an ATR"),
            ("3B951381018073FF01000B", ByAtr, Contact, "a contact card"),
            ("3B8180018081", ByAtr, Contact, "a damaged ATR"),
            ("3B8180018080", ByAtr, Desfire, "DESFire"),
            ("3B80800101", ByAtr, Iso14443, "says nothing"),
            (storage, ByAtr, CLASSIC_1K, "a storage card"),
            ("3B0F", Contactless, Unnamed, "a form of the reader's own"),
            ("3B8180018080", Contactless, Desfire, "DESFire"),
            (storage, SlotKind::Contact, Contact, "a contact slot"),
            ("3B8180018080", SlotKind::Contact, Contact, "a contact slot"),
        ];
        for (atr, slot, expected, why) in cases {
            let atr = hex::decode(atr).unwrap();
            assert_eq!(look(&atr, slot), expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_atr_panics(atr: Vec<u8>) {
            let _ = look(&atr, SlotKind::ByAtr);
        }
    }
}
