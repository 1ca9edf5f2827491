//! Why a card goes out of use, and what follows from each reason.

use crate::CardEvent;

/// Why a card goes out of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExitReason {
    /// Lost by the holder.
    Lost,
    /// Stolen from the holder.
    Stolen,
    /// Damaged by the holder.
    DamagedByHolder,
    /// Failed by itself, without anyone's fault.
    DamagedByItself,
    /// Exchanged for another at the desk (换卡).
    Exchanged,
    /// The holder left the school (离校).
    LeftSchool,
    /// Issued in error.
    IssuedInError,
    /// Ruined by a torn write or in production.
    Ruined,
}

/// Whether the holder pays for the next card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fee {
    /// The reissue is paid.
    Due,
    /// The reissue is free of charge, or there is none.
    None,
}

/// Whether and until when a card can come back into use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reinstatement {
    /// Until another card takes its place, with the same card in the reader.
    UntilReplaced,
    /// Never.
    Never,
}

/// What follows when a card goes out of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Consequences {
    /// What happens to the card's state.
    pub event: CardEvent,
    /// Whether the card is blocked from that moment.
    pub blocked_at_once: bool,
    /// Whether the holder pays for the next card.
    pub fee: Fee,
    /// Whether the old card must be handed in before the next is handed out.
    pub hand_in: bool,
    /// Whether it can come back.
    pub reinstatement: Reinstatement,
}

impl ExitReason {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::Lost,
        Self::Stolen,
        Self::DamagedByHolder,
        Self::DamagedByItself,
        Self::Exchanged,
        Self::LeftSchool,
        Self::IssuedInError,
        Self::Ruined,
    ];

    /// The table of consequences.
    #[must_use]
    pub fn consequences(self) -> Consequences {
        use {CardEvent as Event, Fee as Pay, Reinstatement as Back};
        let (event, fee, hand_in, reinstatement) = match self {
            Self::Lost | Self::Stolen => (Event::ReportLoss, Pay::Due, false, Back::UntilReplaced),
            Self::DamagedByHolder => (Event::ReportDamage, Pay::Due, true, Back::Never),
            Self::DamagedByItself => (Event::ReportDamage, Pay::None, true, Back::Never),
            Self::Exchanged => (Event::Replace, Pay::None, true, Back::Never),
            Self::LeftSchool | Self::IssuedInError => (Event::Cancel, Pay::None, true, Back::Never),
            Self::Ruined => (Event::Spoil, Pay::None, true, Back::Never),
        };
        Consequences {
            event,
            // Damage blocks too, so that a finder cannot use the card.
            blocked_at_once: true,
            fee,
            hand_in,
            reinstatement,
        }
    }

    /// The reason as a stable upper-case word for programs, such as `LOST`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Lost => "LOST",
            Self::Stolen => "STOLEN",
            Self::DamagedByHolder => "DAMAGED_BY_HOLDER",
            Self::DamagedByItself => "DAMAGED_BY_ITSELF",
            Self::Exchanged => "EXCHANGED",
            Self::LeftSchool => "LEFT_SCHOOL",
            Self::IssuedInError => "ISSUED_IN_ERROR",
            Self::Ruined => "RUINED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CardState;

    #[test]
    fn every_exit_takes_an_active_card_to_a_blocked_state() {
        for reason in ExitReason::ALL {
            let consequences = reason.consequences();
            let state = CardState::Active.after(consequences.event).unwrap();
            assert_eq!(
                state.blocks().is_some(),
                consequences.blocked_at_once,
                "{reason:?}"
            );
        }
    }

    #[test]
    fn a_card_can_come_back_only_where_the_states_allow_it() {
        for reason in ExitReason::ALL {
            let consequences = reason.consequences();
            let state = CardState::Active.after(consequences.event).unwrap();
            let can_come_back = state.after(CardEvent::CancelLoss).is_ok();
            let expected = consequences.reinstatement == Reinstatement::UntilReplaced;
            assert_eq!(can_come_back, expected, "{reason:?}");
        }
    }

    #[test]
    fn the_holder_pays_for_what_the_holder_did() {
        let payers = [
            ExitReason::Lost,
            ExitReason::Stolen,
            ExitReason::DamagedByHolder,
        ];
        for reason in ExitReason::ALL {
            let is_due = reason.consequences().fee == Fee::Due;
            assert_eq!(is_due, payers.contains(&reason), "{reason:?}");
        }
    }

    #[test]
    fn only_what_is_gone_need_not_be_handed_in() {
        for reason in ExitReason::ALL {
            let is_gone = matches!(reason, ExitReason::Lost | ExitReason::Stolen);
            assert_eq!(reason.consequences().hand_in, !is_gone, "{reason:?}");
        }
    }
}
