//! Why a card goes out of use, and what follows from each reason.

use crate::{CardEvent, Language};

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
    /// Its last day of validity is past (到期).
    Expired,
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
    pub const ALL: [Self; 9] = [
        Self::Lost,
        Self::Stolen,
        Self::DamagedByHolder,
        Self::DamagedByItself,
        Self::Exchanged,
        Self::LeftSchool,
        Self::Expired,
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
            Self::LeftSchool | Self::Expired | Self::IssuedInError => {
                (Event::Cancel, Pay::None, true, Back::Never)
            }
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
            Self::Expired => "EXPIRED",
            Self::IssuedInError => "ISSUED_IN_ERROR",
            Self::Ruined => "RUINED",
        }
    }

    /// The reason in the words of the desk, such as 丢失.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::Lost => ("丢失", "lost"),
            Self::Stolen => ("被盗", "stolen"),
            Self::DamagedByHolder => ("人为损坏", "damaged by the holder"),
            Self::DamagedByItself => ("自然损坏", "failed by itself"),
            Self::Exchanged => ("换卡", "exchanged"),
            Self::LeftSchool => ("离校", "left school"),
            Self::Expired => ("到期", "expired"),
            Self::IssuedInError => ("误发", "issued in error"),
            Self::Ruined => ("制卡或写卡损毁", "ruined in production or by a write"),
        };
        language.choose(chinese, english)
    }
}

impl Consequences {
    /// What follows, in words to tell the holder, such as
    /// `the card is blocked at once; a fee is due for the next card`.
    #[must_use]
    pub fn describe(self, language: Language) -> String {
        let (chinese, english) = if self.blocked_at_once {
            ("此卡立即停用", "the card is blocked at once")
        } else {
            ("此卡仍可使用", "the card stays usable")
        };
        let blocked = language.choose(chinese, english);
        let (chinese, english) = match self.fee {
            Fee::Due => ("新卡收费", "a fee is due for the next card"),
            Fee::None => ("不收费", "no fee is due"),
        };
        let fee = language.choose(chinese, english);
        let (chinese, english) = if self.hand_in {
            ("旧卡须交回", "the old card is to be handed in")
        } else {
            ("旧卡无需交回", "the old card need not be handed in")
        };
        let hand_in = language.choose(chinese, english);
        let (chinese, english) = match self.reinstatement {
            Reinstatement::UntilReplaced => (
                "领取新卡前可凭原卡解挂",
                "it can come back until another takes its place, with the same card shown",
            ),
            Reinstatement::Never => ("不能恢复使用", "it cannot come back"),
        };
        let back = language.choose(chinese, english);
        [blocked, fee, hand_in, back].join(language.choose("；", "; "))
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

    #[test]
    fn every_reason_has_a_name_of_its_own_in_both_languages() {
        for language in [Language::Chinese, Language::English] {
            let mut names = ExitReason::ALL.map(|reason| reason.name(language));
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        }
    }

    #[test]
    fn what_follows_is_said_as_the_table_has_it() {
        let cases = [
            (
                ExitReason::Lost,
                "此卡立即停用；新卡收费；旧卡无需交回；领取新卡前可凭原卡解挂",
                "the card is blocked at once; a fee is due for the next card; the old card need \
                 not be handed in; it can come back until another takes its place, with the same \
                 card shown",
            ),
            (
                ExitReason::DamagedByItself,
                "此卡立即停用；不收费；旧卡须交回；不能恢复使用",
                "the card is blocked at once; no fee is due; the old card is to be handed in; it \
                 cannot come back",
            ),
        ];
        for (reason, chinese, english) in cases {
            let told = reason.consequences();
            assert_eq!(told.describe(Language::Chinese), chinese);
            assert_eq!(told.describe(Language::English), english);
        }
        let usable = Consequences {
            blocked_at_once: false,
            ..ExitReason::Lost.consequences()
        };
        assert!(usable.describe(Language::English).contains("stays usable"));
    }
}
