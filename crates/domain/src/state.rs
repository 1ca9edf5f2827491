//! The life of a card: its states, and the one table of how they change.

use thiserror::Error;

use crate::BlockReason;

/// Where a card stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CardState {
    /// Delivered 已到卡: at the school, blank of any use, not handed out. A card
    /// is on record only with a holder, so an unassigned chip has no state.
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
    /// A damage that was registered in error is taken back (更正), with the same
    /// good card shown at the desk.
    CorrectDamage,
    /// Registered for a school year (学年刷卡).
    RegisterYear,
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
    (
        CardEvent::CorrectDamage,
        CardState::Damaged,
        CardState::Active,
    ),
    (
        CardEvent::RegisterYear,
        CardState::Active,
        CardState::Active,
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
    pub const ALL: [Self; 9] = [
        Self::Collect,
        Self::ReportLoss,
        Self::CancelLoss,
        Self::ReportDamage,
        Self::CorrectDamage,
        Self::RegisterYear,
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
            Self::CorrectDamage => "CORRECT_DAMAGE",
            Self::RegisterYear => "REGISTER_YEAR",
            Self::Replace => "REPLACE",
            Self::Spoil => "SPOIL",
            Self::Cancel => "CANCEL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table again, as a grid: a row per event, a column per state.
    const GRID: [(CardEvent, [Option<CardState>; 7]); 9] = {
        use CardState::{Active, Cancelled, Damaged, Lost, Replaced, Spoilt};
        [
            // Delivered, Active, Lost, Damaged, Replaced, Spoilt, Cancelled
            (
                CardEvent::Collect,
                [Some(Active), None, None, None, None, None, None],
            ),
            (
                CardEvent::ReportLoss,
                [None, Some(Lost), None, None, None, None, None],
            ),
            (
                CardEvent::CancelLoss,
                [None, None, Some(Active), None, None, None, None],
            ),
            (
                CardEvent::ReportDamage,
                [None, Some(Damaged), None, None, None, None, None],
            ),
            (
                CardEvent::CorrectDamage,
                [None, None, None, Some(Active), None, None, None],
            ),
            (
                CardEvent::RegisterYear,
                [None, Some(Active), None, None, None, None, None],
            ),
            (
                CardEvent::Replace,
                [
                    None,
                    Some(Replaced),
                    Some(Replaced),
                    Some(Replaced),
                    None,
                    None,
                    None,
                ],
            ),
            (
                CardEvent::Spoil,
                [Some(Spoilt), Some(Spoilt), None, None, None, None, None],
            ),
            (
                CardEvent::Cancel,
                [
                    Some(Cancelled),
                    Some(Cancelled),
                    Some(Cancelled),
                    Some(Cancelled),
                    Some(Cancelled),
                    Some(Cancelled),
                    None,
                ],
            ),
        ]
    };

    #[test]
    fn every_event_in_every_state_is_as_the_grid_says() {
        for (event, row) in GRID {
            for (state, expected) in CardState::ALL.into_iter().zip(row) {
                assert_eq!(state.after(event).ok(), expected, "{event:?} in {state:?}");
                let is_allowed = state.allowed().any(|allowed| allowed == event);
                assert_eq!(is_allowed, expected.is_some(), "{event:?} in {state:?}");
            }
        }
    }

    #[test]
    fn a_refusal_names_the_state_and_what_was_asked() {
        let refusal = CardState::Lost.after(CardEvent::Collect).unwrap_err();
        assert_eq!(refusal.state, CardState::Lost);
        assert_eq!(refusal.event, CardEvent::Collect);
    }

    #[test]
    fn a_card_is_live_or_blocked_and_never_both() {
        for state in CardState::ALL {
            assert_ne!(state.is_live(), state.blocks().is_some(), "{state:?}");
        }
    }

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = CardState::ALL.map(CardState::code).into();
        codes.extend(CardEvent::ALL.map(CardEvent::code));
        let n_codes = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), n_codes);
    }
}
