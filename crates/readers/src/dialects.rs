//! Which dialect a reader speaks, by its name.
//!
//! The table says only what a wrong guess would make harmful: a pseudo-APDU
//! that reaches a contact card can have effects there (`hardware-notes/`), so a
//! name never makes a reader contactless; the ATR or the configuration does.

use xueka_transport::{Dialect, ReaderName, SlotKind};

/// Parts of names, and what they tell of the slot.
const SLOTS: [(&str, SlotKind); 1] = [
    // The slot for a security module beside the field.
    // hardware-notes/reader-acs-acr1252u.md, 2026-11-23.
    ("SAM Reader", SlotKind::Contact),
];

/// The dialect of a reader; `contactless` are parts of names that the
/// configuration calls contactless, and it has the last word.
pub(crate) fn dialect_of(name: &ReaderName, contactless: &[String]) -> Dialect {
    let holds = |part: &str| !part.is_empty() && name.as_str().contains(part);
    if contactless.iter().any(|part| holds(part)) {
        return Dialect {
            slot: SlotKind::Contactless,
            ..Dialect::STANDARD
        };
    }
    SLOTS
        .into_iter()
        .find(|(part, _)| holds(part))
        .map_or(Dialect::STANDARD, |(_, slot)| Dialect {
            slot,
            ..Dialect::STANDARD
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_has_the_last_word() {
        let cases = [
            (
                "ACS ACR122U PICC Interface 00 00",
                "",
                SlotKind::ByAtr,
                "an empty part names no reader",
            ),
            (
                "ACS ACR122U PICC Interface 00 00",
                "PICC",
                SlotKind::Contactless,
                "configured",
            ),
            (
                "ACS ACR1252 1S CL Reader [ACR1252 SAM Reader] 00 01",
                "PICC",
                SlotKind::Contact,
                "the table",
            ),
            (
                "ACS ACR1252 1S CL Reader [ACR1252 SAM Reader] 00 01",
                "ACR1252",
                SlotKind::Contactless,
                "configured against the table",
            ),
            ("Virtual PCD 00 00", "PICC", SlotKind::ByAtr, "unknown"),
        ];
        for (name, part, slot, why) in cases {
            let dialect = dialect_of(&name.into(), &[part.to_owned()]);
            assert_eq!(dialect.slot, slot, "{why}");
        }
    }
}
