//! What differs between reader models in what they answer themselves.
//!
//! Everything here is bytes: what to put where, and what an answer means. So a
//! model is a row of a table, and `cards` follows it without knowing models.

/// How a reader model differs from what PC/SC Part 3 says.
///
/// Chosen in `readers` from the reader's name and the configuration, handed to
/// `cards`, which knows cards but no reader models.
///
/// Source of the standard's own values: PC/SC Part 3, revision 2.01.09,
/// §3.2.2.1; of the others: the file of `hardware-notes/` that the row in
/// `readers` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Whether pseudo-APDUs (CLA `FF`) may be sent.
    pub slot: SlotKind,
    /// P1 of LOAD KEY for each attempt, in their order: `00` puts the key into
    /// volatile, `20` into non-volatile memory. The next one is tried only
    /// after an answer that means [`Meaning::WrongMemory`].
    pub key_memories: &'static [u8],
    /// How key A is loaded and used.
    pub key_a: KeyPlace,
    /// How key B is loaded and used.
    pub key_b: KeyPlace,
    /// The command that opens a sector with a loaded key.
    pub authenticate: AuthenticateForm,
    /// What the reader's status words mean where that is not what the standard
    /// says; looked up before [`STANDARD_STATUS_WORDS`].
    pub status_words: &'static [StatusRow],
    /// Whether commands and answers of extended length (ISO/IEC 7816-4, more
    /// than 256 bytes) are known to pass the reader. Short ones always do.
    pub extended_length: bool,
    /// Which names of storage cards in its ATRs mean another card than the
    /// standard says.
    pub storage_names: &'static [StorageNameRow],
    /// How a command of the card itself is passed to a storage card, past the
    /// reader's own commands.
    pub pass_through: PassThrough,
}

impl Dialect {
    /// A reader that does what the standard says, its slot told by the ATR.
    pub const STANDARD: Self = Self {
        slot: SlotKind::ByAtr,
        // Volatile memory first: the other wears, and keeps the key for good.
        key_memories: &[0x00, 0x20],
        key_a: KeyPlace {
            load_slot: 0x00,
            kind: 0x60,
            slot: 0x00,
        },
        key_b: KeyPlace {
            load_slot: 0x00,
            kind: 0x61,
            slot: 0x00,
        },
        authenticate: AuthenticateForm::General,
        status_words: &[],
        extended_length: false,
        storage_names: &[],
        pass_through: PassThrough::Unknown,
    };

    /// What a status word other than `9000` means as the answer to a command
    /// that the reader executes itself.
    #[must_use]
    pub fn meaning(&self, asked: Asked, status_word: u16) -> Meaning {
        let rows = self.status_words.iter().chain(STANDARD_STATUS_WORDS);
        rows.copied()
            .find(|row| row.status_word == status_word && row.asked.is_none_or(|it| it == asked))
            .map_or(Meaning::Unclear, |row| row.meaning)
    }
}

/// A name (NN NN) that a reader gives storage cards which the standard calls
/// otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageNameRow {
    /// What stands in the ATR.
    pub reported: u16,
    /// What the card then is, or may be.
    pub meant: u16,
    /// Whether it always is. Otherwise the name is taken as it stands, and the
    /// other is a possibility that people are told.
    pub always: bool,
}

/// How a storage card's own commands pass a reader. PC/SC has one way, which
/// few readers follow, so only what a model is known to take is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassThrough {
    /// Not known: none is sent.
    Unknown,
    /// The reader hands `FF 00 00 00` with `D4 42` and the frame to the PN532
    /// inside it, which answers `D5 43`, a status and the card's answer.
    Pn532,
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

/// Where a key goes when it is loaded, and how it is named when it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPlace {
    /// P2 of LOAD KEY (`FF 82`).
    pub load_slot: u8,
    /// The byte of the authentication that says which kind of key it is:
    /// `60` for A and `61` for B by the standard.
    pub kind: u8,
    /// The byte of the authentication that says which slot holds the key.
    pub slot: u8,
}

/// How a sector is opened with a loaded key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticateForm {
    /// GENERAL AUTHENTICATE, `FF 86 00 00 05 01` block (2 bytes), kind, slot.
    General,
    /// The older `FF 88` block (2 bytes), kind, slot, without data.
    Short,
}

/// What a status word is the answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// LOAD KEY.
    LoadKey,
    /// An authentication.
    Authenticate,
    /// Reading or writing blocks or pages, and everything else.
    Access,
}

/// One status word of one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRow {
    /// The command that it answers; `None` for any.
    pub asked: Option<Asked>,
    /// SW1 and SW2, SW1 in the upper byte.
    pub status_word: u16,
    /// What it means.
    pub meaning: Meaning,
}

/// What a reader means by a status word: one vocabulary for all models.
///
/// Variants differ where the caller's next step differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// The reader has not this kind of key memory, or does not take this key
    /// there: try the next of [`Dialect::key_memories`].
    WrongMemory,
    /// The reader does not take the key in any memory: wrong slot or length.
    KeyNotTaken,
    /// The card refused the key, which is the wrong one for this sector.
    KeyRefused,
    /// The sector has to be opened first.
    NotAuthenticated,
    /// The card has no such block or page.
    NoSuchBlock,
    /// The card in the field is not of the kind the command is for.
    WrongCard,
    /// The card has not answered the reader: it left or is mute. What the
    /// command did is unknown.
    NoAnswer,
    /// It failed, and the status word does not say why. Nothing may be
    /// concluded about key or card.
    Unclear,
}

/// The status words of the standard, and the few beside it that most models
/// share.
///
/// `6300` is what many readers say of every failure, so it means something for
/// LOAD KEY alone: there another memory is worth one more attempt.
pub const STANDARD_STATUS_WORDS: &[StatusRow] = &[
    row(Asked::LoadKey, 0x6300, Meaning::WrongMemory),
    row(Asked::LoadKey, 0x6982, Meaning::WrongMemory),
    row(Asked::LoadKey, 0x6986, Meaning::WrongMemory),
    row(Asked::LoadKey, 0x6987, Meaning::WrongMemory),
    row(Asked::LoadKey, 0x6983, Meaning::KeyNotTaken),
    row(Asked::LoadKey, 0x6984, Meaning::KeyNotTaken),
    row(Asked::LoadKey, 0x6985, Meaning::KeyNotTaken),
    row(Asked::LoadKey, 0x6988, Meaning::KeyNotTaken),
    row(Asked::LoadKey, 0x6989, Meaning::KeyNotTaken),
    row(Asked::Authenticate, 0x6581, Meaning::NoSuchBlock),
    row(Asked::Authenticate, 0x6982, Meaning::KeyRefused),
    row(Asked::Authenticate, 0x6983, Meaning::KeyRefused),
    row(Asked::Authenticate, 0x6984, Meaning::KeyNotTaken),
    row(Asked::Authenticate, 0x6986, Meaning::KeyNotTaken),
    row(Asked::Authenticate, 0x6988, Meaning::KeyNotTaken),
    row(Asked::Access, 0x6981, Meaning::WrongCard),
    row(Asked::Access, 0x6982, Meaning::NotAuthenticated),
    row(Asked::Access, 0x6A81, Meaning::WrongCard),
    row(Asked::Access, 0x6A82, Meaning::NoSuchBlock),
];

const fn row(asked: Asked, status_word: u16, meaning: Meaning) -> StatusRow {
    StatusRow {
        asked: Some(asked),
        status_word,
        meaning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_the_first_word_and_the_standard_the_second() {
        const OWN: [StatusRow; 2] = [
            StatusRow {
                asked: None,
                status_word: 0x6F01,
                meaning: Meaning::NoAnswer,
            },
            row(Asked::LoadKey, 0x6986, Meaning::KeyNotTaken),
        ];
        let model = Dialect {
            status_words: &OWN,
            ..Dialect::STANDARD
        };
        let standard = Dialect::STANDARD;
        let cases = [
            (standard, Asked::LoadKey, 0x6986, Meaning::WrongMemory),
            (model, Asked::LoadKey, 0x6986, Meaning::KeyNotTaken),
            (model, Asked::LoadKey, 0x6300, Meaning::WrongMemory),
            (model, Asked::Access, 0x6F01, Meaning::NoAnswer),
            (standard, Asked::Access, 0x6F01, Meaning::Unclear),
            (standard, Asked::Authenticate, 0x6300, Meaning::Unclear),
            (standard, Asked::Access, 0x6982, Meaning::NotAuthenticated),
            (standard, Asked::Authenticate, 0x6982, Meaning::KeyRefused),
        ];
        for (dialect, asked, status_word, expected) in cases {
            let meaning = dialect.meaning(asked, status_word);
            assert_eq!(meaning, expected, "{status_word:04X} to {asked:?}");
        }
    }
}
