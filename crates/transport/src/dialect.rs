//! What differs between reader models.

/// How a reader model differs from what PC/SC Part 3 says.
///
/// Chosen in `readers` from the reader's name and the configuration, handed to
/// `cards`, which knows cards but no reader models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Whether pseudo-APDUs (CLA `FF`) may be sent.
    pub slot: SlotKind,
}

impl Dialect {
    /// A reader that does what the standard says, its slot told by the ATR.
    pub const STANDARD: Self = Self {
        slot: SlotKind::ByAtr,
    };
}

/// Whether a slot takes contactless cards.
///
/// A pseudo-APDU is answered by a contactless reader, never by the card. Sent
/// to a contact slot it reaches the card itself, with side effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    /// Only where the ATR has the contactless form `3B 8n 80 01 …`.
    ByAtr,
    /// Always: the configuration names this reader contactless.
    Contactless,
    /// Never: a contact slot.
    Contact,
}
