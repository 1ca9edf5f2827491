//! Requests for cards, as callers give and get them.

use jiff::{Timestamp, civil::Date};
use xueka_domain::{
    CardFamily, CardIdentity, ExitReason, IllegalRequest, Note, RequestEvent, RequestKind,
    RequestState, Student, StudentNumber,
};

/// The name of a request for a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardRequestId(pub u64);

/// A request for a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRequest {
    /// Its name.
    pub id: CardRequestId,
    /// For whom.
    pub student: Student,
    /// New issue or reissue.
    pub kind: RequestKind,
    /// Where it stands.
    pub state: RequestState,
    /// The card whose place the new one takes; with a reissue only.
    pub replaces: Option<CardIdentity>,
    /// The card that came of it, once it is known which.
    pub card: Option<CardIdentity>,
    /// What the student pays; `None` when the card is free of charge.
    pub fee: Option<RequestFee>,
    /// Why it was rejected or withdrawn, or has lapsed, in somebody's words.
    pub note: Option<Note>,
    /// When it was made.
    pub open_time: Timestamp,
    /// When its state last changed.
    pub state_time: Timestamp,
    /// The registry's version at which it last changed.
    pub version: u64,
}

/// What a student pays for a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestFee {
    /// Why the old card went out of use, which made the fee due.
    pub reason: ExitReason,
    /// How much, in fen.
    pub amount_fen: u32,
    /// Whether it was paid.
    pub state: FeeState,
}

/// Whether a fee was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FeeState {
    /// Not yet.
    Due,
    /// It was.
    Paid,
    /// It need not be: no card will come of the request.
    Void,
}

/// Students for whom cards are requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardOrder {
    /// The students, each once.
    pub students: Vec<StudentNumber>,
    /// New issue or reissue: a student who needs the other is refused, so that
    /// the two do not get mixed.
    pub kind: RequestKind,
    /// What a reissue costs where the reason is one for which a fee is due, in
    /// fen.
    pub fee_fen: u32,
    /// Take the students for whom a card can be requested though others are
    /// refused.
    pub accept_good: bool,
    /// Judge the students and change nothing.
    pub dry_run: bool,
}

/// What became of an order, or after a dry run, what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderOutcome {
    /// For how many students a card can be requested.
    pub n_good: u64,
    /// The requests that were made, in the order of the students; none after a
    /// dry run, or when a refused student stopped all.
    pub requested: Vec<CardRequestId>,
    /// The students who were refused, in the order of the list.
    pub refused: Vec<RefusedOrder>,
    /// The registry's version afterwards.
    pub version: u64,
}

/// A student for whom no card is requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedOrder {
    /// The student's place in the list, from 0.
    pub index: usize,
    /// Why.
    pub reason: OrderRefusal,
    /// The card that is in the way: the one the student holds, or the one that
    /// was lost, damaged or exchanged.
    pub card: Option<CardIdentity>,
}

/// Why no card is requested for a student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderRefusal {
    /// No student has this number.
    UnknownStudent,
    /// The student has left the school.
    StudentLeft,
    /// A request for the student is open.
    AlreadyRequested,
    /// The student holds a card, or one waits at the school.
    HoldsCard,
    /// For a new issue: the last card is lost, damaged or was exchanged, so this
    /// is a reissue.
    NeedsReissue,
    /// For a reissue: no loss, damage or exchange is registered, so this is a
    /// new issue, or the loss or damage has to be registered first.
    NothingToReplace,
}

/// A step that takes requests further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestStep {
    /// The cards are to be made.
    Confirm,
    /// The district does not make the cards.
    Reject,
    /// The cards go to the factory.
    Produce,
    /// The cards were ruined in production and have to be made again.
    Remake,
    /// The school cancels the requests.
    Withdraw,
    /// The reason for the requests is gone, such as for cards that nobody ever
    /// collected. Cards that wait at the school are cancelled.
    Lapse,
}

/// A card that has come to the school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The request that it answers.
    pub request: CardRequestId,
    /// Which card, when the factory said it. Otherwise the hand-out tap tells.
    pub card: Option<ArrivedCard>,
}

/// What the factory says of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivedCard {
    /// Its number, its UID, or both.
    pub identity: CardIdentity,
    /// What kind of card it is.
    pub family: Option<CardFamily>,
    /// First day of validity, where limited.
    pub valid_from: Option<Date>,
    /// Last day of validity, where limited.
    pub valid_until: Option<Date>,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutcome {
    /// How many requests went further: all of them, or 0 when one is refused.
    pub n_advanced: u64,
    /// The requests that could not go further, in the order of the list.
    pub refused: Vec<RefusedStep>,
    /// The registry's version afterwards.
    pub version: u64,
}

/// A request that could not go further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedStep {
    /// Which one.
    pub request: CardRequestId,
    /// Why.
    pub reason: RequestRefusal,
}

/// Why a request could not go further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestRefusal {
    /// No request has this name.
    NotFound,
    /// Its state does not allow the step; what it allows is
    /// [`RequestState::allowed`].
    Illegal(IllegalRequest),
    /// The card number that the factory says is on record already.
    NumberTaken,
    /// The UID is another card's that is known by its UID alone.
    UidTaken,
    /// The student has a card already.
    StudentHasCard,
}

/// Which requests are listed: all conditions that are given hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// For this student.
    pub student: Option<StudentNumber>,
    /// In this state.
    pub state: Option<RequestState>,
}

impl RequestStep {
    /// What happens to each request.
    #[must_use]
    pub fn event(self) -> RequestEvent {
        match self {
            Self::Confirm => RequestEvent::Confirm,
            Self::Reject => RequestEvent::Reject,
            Self::Produce => RequestEvent::Produce,
            Self::Remake => RequestEvent::Remake,
            Self::Withdraw => RequestEvent::Withdraw,
            Self::Lapse => RequestEvent::Lapse,
        }
    }
}

impl FeeState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Due, Self::Paid, Self::Void];

    /// The state as a stable upper-case word for programs, such as `DUE`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Due => "DUE",
            Self::Paid => "PAID",
            Self::Void => "VOID",
        }
    }
}

impl OrderRefusal {
    /// All refusals.
    pub const ALL: [Self; 6] = [
        Self::UnknownStudent,
        Self::StudentLeft,
        Self::AlreadyRequested,
        Self::HoldsCard,
        Self::NeedsReissue,
        Self::NothingToReplace,
    ];

    /// The refusal as a stable upper-case word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownStudent => "UNKNOWN_STUDENT",
            Self::StudentLeft => "STUDENT_LEFT",
            Self::AlreadyRequested => "ALREADY_REQUESTED",
            Self::HoldsCard => "HOLDS_CARD",
            Self::NeedsReissue => "NEEDS_REISSUE",
            Self::NothingToReplace => "NOTHING_TO_REPLACE",
        }
    }
}

impl RequestRefusal {
    /// The refusal as a stable upper-case word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "REQUEST_NOT_FOUND",
            Self::Illegal(_) => "ILLEGAL_REQUEST",
            Self::NumberTaken => "NUMBER_TAKEN",
            Self::UidTaken => "UID_TAKEN",
            Self::StudentHasCard => "STUDENT_HAS_CARD",
        }
    }
}
