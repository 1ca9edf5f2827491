//! Which commands may be sent to a card as they are, on somebody's word.
//!
//! An allow list decides, for no list of dangers is ever whole: a class byte
//! names other instructions on every card, vendors add their own, and what
//! reads on one chip erases on the next. On the list stand the commands that
//! only select and read on every card that obeys them, in the basic channel,
//! plain, unchained and short. [`danger_of`] is the second lock, and says of a
//! refused command what it could have done.

use std::fmt;

use thiserror::Error;

/// A command that may be sent as it is: it selects or reads and changes
/// nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct RawCommand(Box<[u8]>);

/// Why a command is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RawRefusal {
    /// The bytes are no command in the short form: header, length and data do
    /// not fit each other, or they are in the extended form, which nothing on
    /// the list needs.
    #[error("the bytes are no command APDU in the short form")]
    NotShort,
    /// The command can do harm.
    #[error("the command {0}")]
    Dangerous(Danger),
    /// The command is not known to be harmless.
    #[error("the command is not among those that only select or read")]
    NotListed,
}

/// What harm a command can do that no second command undoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Danger {
    /// Files, directories or applications are made.
    Create,
    /// Files, directories, applications or what is in them go.
    Erase,
    /// Bytes, records or values are written.
    Write,
    /// A key, PIN or password is written or changed.
    WriteKey,
    /// A key or PIN is shown, and a wrong one costs a try.
    ShowKey,
    /// The card, an application or a PIN is blocked, freed or ended.
    Block,
    /// The purse is touched.
    Purse,
    /// Settings of the chip change, or an imitation becomes another card.
    Configure,
    /// It is meant for the reader, which loads keys, writes memory cards and
    /// passes on what it does not look into.
    Reader,
}

impl RawCommand {
    /// Takes a command that is on the list.
    ///
    /// # Errors
    ///
    /// [`RawRefusal`]: nothing must be sent.
    pub fn new(bytes: &[u8]) -> Result<Self, RawRefusal> {
        if let Some(danger) = danger_of(bytes) {
            return Err(RawRefusal::Dangerous(danger));
        }
        let n_data = n_data_bytes(bytes).ok_or(RawRefusal::NotShort)?;
        let is_listed = ALLOWED
            .iter()
            .any(|allowed| bytes.starts_with(&allowed.begins) && allowed.takes.contains(n_data));
        if is_listed {
            Ok(Self(bytes.into()))
        } else {
            Err(RawRefusal::NotListed)
        }
    }

    /// The bytes, header first.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for RawCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name or an identifier at most, and still somebody's business.
        write!(f, "command of {} bytes", self.0.len())
    }
}

/// A command on the list.
struct Allowed {
    /// CLA and INS.
    begins: [u8; 2],
    /// How many data bytes it may carry.
    takes: Takes,
}

/// How many data bytes a command on the list carries.
enum Takes {
    /// None: what has nowhere to carry data cannot write any.
    Nothing,
    /// Up to that many.
    UpTo(usize),
}

impl Takes {
    fn contains(&self, n_data_bytes: usize) -> bool {
        match self {
            Self::Nothing => n_data_bytes == 0,
            Self::UpTo(most) => n_data_bytes <= *most,
        }
    }
}

/// The commands that may be sent.
///
/// Sources: ISO/IEC 7816-4:2020, §11 and §12; NXP MF2DLHX0 data sheet, "Command
/// set", wrapped as its "Wrapping of native commands" says. Not listed though
/// they only read: GET BALANCE and INTERNAL AUTHENTICATE, of which the one has a
/// right of its own and the other answers for a key.
const ALLOWED: [Allowed; 12] = [
    // SELECT, by an identifier, a path or a name.
    allowed([0x00, 0xA4], Takes::UpTo(16)),
    // READ BINARY, READ RECORD, GET DATA, GET RESPONSE, GET CHALLENGE.
    allowed([0x00, 0xB0], Takes::Nothing),
    allowed([0x00, 0xB2], Takes::Nothing),
    allowed([0x00, 0xCA], Takes::Nothing),
    allowed([0x00, 0xC0], Takes::Nothing),
    allowed([0x00, 0x84], Takes::Nothing),
    // DESFire: GetVersion, its next frame, GetApplicationIDs,
    // SelectApplication, GetFileIDs, GetFileSettings.
    allowed([0x90, 0x60], Takes::Nothing),
    allowed([0x90, 0xAF], Takes::Nothing),
    allowed([0x90, 0x6A], Takes::Nothing),
    allowed([0x90, 0x5A], Takes::UpTo(3)),
    allowed([0x90, 0x6F], Takes::Nothing),
    allowed([0x90, 0xF5], Takes::UpTo(1)),
];

const fn allowed(begins: [u8; 2], takes: Takes) -> Allowed {
    Allowed { begins, takes }
}

/// How many data bytes a command in the short form carries; `None` for any other
/// bytes.
///
/// Source: ISO/IEC 7816-3:2006, §12.1.3.
fn n_data_bytes(command: &[u8]) -> Option<usize> {
    let (_, body) = command.split_at_checked(4)?;
    match body {
        [] | [_] => Some(0),
        // A zero here announces the extended form.
        [0x00, ..] => None,
        [n_data, rest @ ..] => {
            let n_data = usize::from(*n_data);
            let behind = rest.len().checked_sub(n_data)?;
            (behind <= 1).then_some(n_data)
        }
    }
}

/// What harm a command can do, told by its class and instruction alone: in
/// whatever channel, with secure messaging or without, chained or not, in
/// whatever form its length is. `None` says that none is known, not that there
/// is none.
#[must_use]
pub fn danger_of(command: &[u8]) -> Option<Danger> {
    let &[class, instruction, ..] = command else {
        return None;
    };
    match class {
        0xFF => Some(Danger::Reader),
        // DESFire takes 90 alone; others with these classes are unknown.
        0x90..=0x9F => danger_of_desfire(instruction),
        // The lowest bit says only how the data field is encoded.
        0x00..=0x7F => danger_of_interindustry(instruction & 0xFE),
        _ => danger_of_own(instruction & 0xFE)
            .or_else(|| danger_of_interindustry(instruction & 0xFE)),
    }
}

/// Instructions of ISO/IEC 7816-4:2020, §11, 7816-8 and 7816-9, with those to
/// which imitations listen.
fn danger_of_interindustry(instruction: u8) -> Option<Danger> {
    match instruction {
        0xE0 => Some(Danger::Create),
        0x0C | 0x0E | 0xE4 | 0xEE => Some(Danger::Erase),
        0xD0 | 0xD2 | 0xD6 | 0xDA | 0xDC | 0xE2 => Some(Danger::Write),
        0x24 | 0x46 | 0xD4 | 0xD8 => Some(Danger::WriteKey),
        0x20 | 0x82 | 0x86 => Some(Danger::ShowKey),
        0x04 | 0x16 | 0x18 | 0x1E | 0x26 | 0x28 | 0x2C | 0x44 | 0xE6 | 0xE8 | 0xFE => {
            Some(Danger::Block)
        }
        _ => None,
    }
}

/// Instructions that FMCOS and its kin, payment cards and `GlobalPlatform` have
/// in a class of their own.
///
/// Sources: FM1208 manual as told in proxmark3 `doc/fmcos.md`; `GlobalPlatform`
/// Card Specification 2.3.1, §11.
fn danger_of_own(instruction: u8) -> Option<Danger> {
    match instruction {
        0x50 | 0x52 | 0x54 | 0x58 | 0x5A => Some(Danger::Purse),
        0x5E => Some(Danger::WriteKey),
        0xF0 => Some(Danger::Block),
        _ => None,
    }
}

/// Native instructions of `DESFire`, and those that make imitations into other
/// cards.
///
/// Sources: NXP MF2DLHX0 data sheet, "Command set"; proxmark3
/// `doc/magic_cards_notes.md`.
fn danger_of_desfire(instruction: u8) -> Option<Danger> {
    match instruction {
        // Applications, delegated ones, and files of each kind.
        0xC0 | 0xC1 | 0xC9..=0xCD => Some(Danger::Create),
        // FormatPICC, DeleteApplication, DeleteFile, ClearRecordFile.
        0xFC | 0xDA | 0xDF | 0xEB => Some(Danger::Erase),
        // WriteData, WriteRecord, UpdateRecord, and their newer forms;
        // CommitTransaction.
        0x3B | 0x3D | 0x8B | 0x8D | 0xBA | 0xBB | 0xC7 | 0xDB => Some(Danger::Write),
        // ChangeKey, ChangeKeyEV2, InitializeKeySet, FinalizeKeySet, RollKeySet.
        0x55..=0x57 | 0xC4 | 0xC6 => Some(Danger::WriteKey),
        // Each authentication, of which some chips count the failed ones.
        0x0A | 0x1A | 0x70..=0x72 | 0x77 | 0xAA => Some(Danger::ShowKey),
        // Credit, LimitedCredit, Debit.
        0x0C | 0x1C | 0xDC => Some(Danger::Purse),
        // ChangeKeySettings, ChangeFileSettings, SetConfiguration; Gen3
        // imitations.
        0x54 | 0x5C | 0x5F | 0xF0 | 0xFB | 0xFD => Some(Danger::Configure),
        _ => None,
    }
}

impl Danger {
    /// The danger as a stable upper-case word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Erase => "ERASE",
            Self::Write => "WRITE",
            Self::WriteKey => "WRITE_KEY",
            Self::ShowKey => "SHOW_KEY",
            Self::Block => "BLOCK",
            Self::Purse => "PURSE",
            Self::Configure => "CONFIGURE",
            Self::Reader => "READER",
        }
    }
}

impl fmt::Display for Danger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "makes files or applications",
            Self::Erase => "erases",
            Self::Write => "writes",
            Self::WriteKey => "writes a key",
            Self::ShowKey => "shows a key, and a wrong one costs a try",
            Self::Block => "blocks or frees the card or an application",
            Self::Purse => "touches the purse",
            Self::Configure => "changes settings of the chip",
            Self::Reader => "is for the reader and not for the card",
        })
    }
}

#[cfg(test)]
mod tests;
