//! The life of a card: its states, and the one table of how they change.

use thiserror::Error;

use crate::BlockReason;

/// Where a card stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CardState {
    /// Delivered 已到卡: at the school, not handed out.
    Delivered,
    /// Active 正常: handed out and good.
    Active,
    /// Lost 挂失, stolen included.
    Lost,
    /// Damaged 坏卡.
    Damaged,
    /// Replaced 已换卡.
    Replaced,
    /// Spoilt 废卡: ruined in production or by a torn write.
    Spoilt,
    /// Cancelled 注销.
    Cancelled,
}

/// What can happen to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CardEvent {
    /// Handed out to its holder (领卡).
    Collect,
    /// Reported lost or stolen (挂失).
    ReportLoss,
    /// Found again and shown at the desk (解挂).
    CancelLoss,
    /// Registered as damaged (坏卡登记).
    ReportDamage,
    /// Another card took its place (换卡).
    Replace,
    /// Declared ruined (废卡).
    Spoil,
    /// Cancelled for good (注销).
    Cancel,
}

/// The event does not happen to a card in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the card is {state:?}, which does not allow {event:?}")]
pub struct IllegalTransition {
    /// The state the card is in; [`CardState::allowed`] says what it allows.
    pub state: CardState,
    /// What was asked for.
    pub event: CardEvent,
}

/// Every change of state there is: what happens, to a card in which state, and
/// which state follows. What is not here is refused.
const TRANSITIONS: &[(CardEvent, CardState, CardState)] = &[
    (CardEvent::Collect, CardState::Delivered, CardState::Active),
    (CardEvent::ReportLoss, CardState::Active, CardState::Lost),
    (CardEvent::CancelLoss, CardState::Lost, CardState::Active),
    (
        CardEvent::ReportDamage,
        CardState::Active,
        CardState::Damaged,
    ),
    (CardEvent::Replace, CardState::Active, CardState::Replaced),
    (CardEvent::Replace, CardState::Lost, CardState::Replaced),
    (CardEvent::Replace, CardState::Damaged, CardState::Replaced),
    (CardEvent::Spoil, CardState::Delivered, CardState::Spoilt),
    (CardEvent::Spoil, CardState::Active, CardState::Spoilt),
    (
        CardEvent::Cancel,
        CardState::Delivered,
        CardState::Cancelled,
    ),
    (CardEvent::Cancel, CardState::Active, CardState::Cancelled),
    (CardEvent::Cancel, CardState::Lost, CardState::Cancelled),
    (CardEvent::Cancel, CardState::Damaged, CardState::Cancelled),
    (CardEvent::Cancel, CardState::Replaced, CardState::Cancelled),
    (CardEvent::Cancel, CardState::Spoilt, CardState::Cancelled),
];

impl CardState {
    /// All states, in the order of a card's life.
    pub const ALL: [Self; 7] = [
        Self::Delivered,
        Self::Active,
        Self::Lost,
        Self::Damaged,
        Self::Replaced,
        Self::Spoilt,
        Self::Cancelled,
    ];

    /// The state that follows when `event` happens.
    ///
    /// # Errors
    ///
    /// [`IllegalTransition`] when it cannot happen to a card in this state.
    pub fn after(self, event: CardEvent) -> Result<Self, IllegalTransition> {
        TRANSITIONS
            .iter()
            .find(|(what, from, _)| *what == event && *from == self)
            .map(|(_, _, to)| *to)
            .ok_or(IllegalTransition { state: self, event })
    }

    /// What can happen to a card in this state, so that a refusal can say it.
    pub fn allowed(self) -> impl Iterator<Item = CardEvent> {
        TRANSITIONS
            .iter()
            .filter(move |(_, from, _)| *from == self)
            .map(|(event, _, _)| *event)
    }

    /// Whether a card in this state is its student's card: a student has at
    /// most one such card.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Delivered | Self::Active)
    }

    /// Why a card in this state stands on the blacklist; `None` when it does
    /// not.
    #[must_use]
    pub fn blocks(self) -> Option<BlockReason> {
        match self {
            Self::Delivered | Self::Active => None,
            Self::Lost => Some(BlockReason::Lost),
            Self::Damaged => Some(BlockReason::Damaged),
            Self::Replaced => Some(BlockReason::Replaced),
            Self::Spoilt => Some(BlockReason::Spoilt),
            Self::Cancelled => Some(BlockReason::Cancelled),
        }
    }

    /// The state as a stable upper-case word for programs, such as `ACTIVE`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Delivered => "DELIVERED",
            Self::Active => "ACTIVE",
            Self::Lost => "LOST",
            Self::Damaged => "DAMAGED",
            Self::Replaced => "REPLACED",
            Self::Spoilt => "SPOILT",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl CardEvent {
    /// All events.
    pub const ALL: [Self; 7] = [
        Self::Collect,
        Self::ReportLoss,
        Self::CancelLoss,
        Self::ReportDamage,
        Self::Replace,
        Self::Spoil,
        Self::Cancel,
    ];

    /// The event as a stable upper-case word for programs, such as
    /// `REPORT_LOSS`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Collect => "COLLECT",
            Self::ReportLoss => "REPORT_LOSS",
            Self::CancelLoss => "CANCEL_LOSS",
            Self::ReportDamage => "REPORT_DAMAGE",
            Self::Replace => "REPLACE",
            Self::Spoil => "SPOIL",
            Self::Cancel => "CANCEL",
        }
    }
}
