//! What callers give and get: cards, entries, tokens, reports, as values.

use jiff::{Timestamp, civil::Date};
use xueka_domain::{
    BlockReason, CardFamily, CardIdentity, CardKey, CardNumber, CardState, Clashes, Column,
    ExitReason, IssuedCard, Note, Role, Student, StudentNumber, Uid,
};

use crate::TokenName;

/// The registry's record of one card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRecord {
    /// The card number; `None` for a card known by its UID alone.
    pub number: Option<CardNumber>,
    /// The UID bound at the hand-out tap, or listed when it was registered.
    pub uid: Option<Uid>,
    /// What kind of card it is; `None` when it was registered without being
    /// read.
    pub family: Option<CardFamily>,
    /// Where it stands in its life.
    pub state: CardState,
    /// Why it went out of use, when it did for a reason of its own.
    pub exit_reason: Option<ExitReason>,
    /// First day of validity; `None` when not limited.
    pub valid_from: Option<Date>,
    /// Last day of validity; `None` when not limited.
    pub valid_until: Option<Date>,
    /// Its holder.
    pub student: Student,
    /// The card that took its place.
    pub replaced_by: Option<CardIdentity>,
    /// The card whose place it took.
    pub replaces: Option<CardIdentity>,
    /// When it was registered or handed out.
    pub issue_time: Timestamp,
    /// When its state last changed.
    pub state_time: Timestamp,
    /// The registry's version at which the record last changed.
    pub version: u64,
}

/// Which card is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichCard {
    /// The one with this number or UID. A UID names its live card, or when
    /// none lives, the one that changed last.
    Key(CardKey),
    /// The live card of this student.
    LiveCardOf(StudentNumber),
}

/// The cards on record that bear a print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundCards {
    /// The cards, live ones first; at most 64.
    pub cards: Vec<FoundCard>,
    /// Whether more cards bear it than are given.
    pub more: bool,
}

/// A card on record that bears a print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCard {
    /// Its record.
    pub card: CardRecord,
    /// Under which forms, by their places in the question: one or more.
    pub forms: Vec<usize>,
}

/// Which forms name each card on record alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClashReport {
    /// How many cards are on record, those out of use included.
    pub n_cards: u64,
    /// For each form, in the order of the question, the cards that it does not
    /// tell apart.
    pub clashes: Vec<Clashes>,
}

/// A look at what a card shows to few, of which the audit trail keeps that it
/// was taken and never what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardLook {
    /// How much is in its purse.
    Balance,
    /// What was done with its purse.
    Trips,
    /// What it answers to commands that somebody gave.
    RawExchange,
}

/// A card to be handed out, as the hand-out tap read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Who collects it.
    pub student: StudentNumber,
    /// Its number, its UID, or both.
    pub identity: CardIdentity,
    /// What it was recognised as.
    pub family: CardFamily,
    /// First day of validity that the card states.
    pub valid_from: Option<Date>,
    /// Last day of validity that the card states.
    pub valid_until: Option<Date>,
}

/// A list of cards that were issued before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The rows, in the order of the list.
    pub rows: Vec<IssuedCard>,
    /// Take the rows that can be taken though others are refused.
    pub accept_good_rows: bool,
    /// Judge the rows and change nothing.
    pub dry_run: bool,
}

/// What became of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationOutcome {
    /// Rows received.
    pub received: u64,
    /// Cards registered; 0 after a dry run, or when a refused row stopped all.
    pub registered: u64,
    /// Rows that were registered before in the same words.
    pub unchanged: u64,
    /// The rows that were refused, in the order of the list.
    pub refused: Vec<RefusedRow>,
    /// The registry's version afterwards.
    pub version: u64,
}

/// One row that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefusedRow {
    /// The row's number, as given.
    pub row: u64,
    /// Which column is at fault; `None` when the row as a whole is.
    pub column: Option<Column>,
    /// Why.
    pub reason: RowRefusal,
}

/// Why a row is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowRefusal {
    /// Neither a card number nor a UID is given.
    NothingNamesTheCard,
    /// The UID is a random one and there is no number.
    RandomUid,
    /// The card number is another student's.
    NumberTaken,
    /// The UID is another card's that is known by its UID alone.
    UidTaken,
    /// The student has another card that is in use.
    StudentHasCard,
    /// The student has left the school.
    StudentLeft,
    /// The student number is on record with another name.
    NameDiffers,
    /// The card is on record with something else in this column.
    DiffersFromRecord,
    /// The last day of validity lies before the first.
    DatesReversed,
}

/// One entry of the blacklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlacklistEntry {
    /// What it blocks.
    pub key: CardKey,
    /// Why.
    pub reason: BlockReason,
    /// The clerk's words, for an entry made by hand.
    pub note: Option<Note>,
    /// Since when.
    pub create_time: Timestamp,
    /// The registry's version at which it was made or its reason changed.
    pub version: u64,
}

/// A page of entries, in the order in which they were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlacklistPage {
    /// The entries.
    pub entries: Vec<BlacklistEntry>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<PageMark>,
}

/// A place between two entries of the blacklist. It stays valid whatever is
/// added or removed meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PageMark(pub u64);

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name.
    pub name: TokenName,
    /// What its bearer may do.
    pub role: Role,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it ends.
    pub expire_time: Timestamp,
}

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// Its name.
    pub name: TokenName,
    /// What its bearer may do.
    pub role: Role,
    /// SHA-256 of its secret; the secret itself stays with the caller.
    pub secret_hash: [u8; 32],
    /// When it ends.
    pub expire_time: Timestamp,
}

/// What walking the audit trail found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// How many rows are in order, counted from the first.
    pub n_good: u64,
    /// The sequence number of the first row that is missing, changed or out
    /// of its place; `None` when the whole trail is in order.
    pub first_bad: Option<u64>,
}

impl RowRefusal {
    /// The refusal as a stable upper-case word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NothingNamesTheCard => "NOTHING_NAMES_THE_CARD",
            Self::RandomUid => "RANDOM_UID",
            Self::NumberTaken => "NUMBER_TAKEN",
            Self::UidTaken => "UID_TAKEN",
            Self::StudentHasCard => "STUDENT_HAS_CARD",
            Self::StudentLeft => "STUDENT_LEFT",
            Self::NameDiffers => "NAME_DIFFERS",
            Self::DiffersFromRecord => "DIFFERS_FROM_RECORD",
            Self::DatesReversed => "DATES_REVERSED",
        }
    }
}
