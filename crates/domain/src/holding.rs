//! Whether a student has a card: derived from the requests and cards, and kept
//! nowhere.

use crate::{CardState, Language, RequestState};

/// Whether a student has a card (学生持卡状态).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HoldingState {
    /// No card 未制卡: none is in use and none is on its way.
    NoCard,
    /// In production 制卡中: the first card is on its way, or waits to be
    /// collected.
    InProduction,
    /// Holding 持卡.
    Holding,
    /// Awaiting replacement 待换新卡: the last card is lost, damaged or was
    /// exchanged, and the next has not been collected.
    AwaitingReplacement,
    /// Left 离校.
    Left,
}

/// What a student's holding is derived from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldCard {
    /// Where the card stands.
    pub state: CardState,
    /// Whether another card took its place.
    pub is_replaced: bool,
    /// Whether it is lent to bridge the time until the student's own card.
    pub is_temporary: bool,
}

impl HoldingState {
    /// All states.
    pub const ALL: [Self; 5] = [
        Self::NoCard,
        Self::InProduction,
        Self::Holding,
        Self::AwaitingReplacement,
        Self::Left,
    ];

    /// Derives the state from whether the student left the school, and from all
    /// of the student's requests and chip cards, in any order.
    ///
    /// Who left is [`Left`](Self::Left) whatever else is on record. A temporary
    /// card leaves its student without one of the student's own.
    #[must_use]
    pub fn derive(
        has_left: bool,
        requests: impl IntoIterator<Item = RequestState>,
        cards: impl IntoIterator<Item = HeldCard>,
    ) -> Self {
        if has_left {
            return Self::Left;
        }
        let (mut is_delivered, mut lacks) = (false, false);
        for card in cards.into_iter().filter(|card| !card.is_temporary) {
            match card.state {
                CardState::Active => return Self::Holding,
                CardState::Delivered => is_delivered = true,
                CardState::Lost | CardState::Damaged | CardState::Replaced => {
                    lacks |= !card.is_replaced;
                }
                CardState::Spoilt | CardState::Cancelled => {}
            }
        }
        let is_requested = requests.into_iter().any(RequestState::is_open);
        match (lacks, is_delivered || is_requested) {
            (true, _) => Self::AwaitingReplacement,
            (false, true) => Self::InProduction,
            (false, false) => Self::NoCard,
        }
    }

    /// The state as a stable upper-case word for programs, such as `HOLDING`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoCard => "NO_CARD",
            Self::InProduction => "IN_PRODUCTION",
            Self::Holding => "HOLDING",
            Self::AwaitingReplacement => "AWAITING_REPLACEMENT",
            Self::Left => "LEFT",
        }
    }

    /// The state in the words of the desk, such as 待换新卡.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::NoCard => ("未制卡", "no card"),
            Self::InProduction => ("制卡中", "in production"),
            Self::Holding => ("持卡", "holding a card"),
            Self::AwaitingReplacement => ("待换新卡", "awaiting a replacement"),
            Self::Left => ("离校", "left school"),
        };
        language.choose(chinese, english)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn own(state: CardState) -> HeldCard {
        HeldCard {
            state,
            is_replaced: false,
            is_temporary: false,
        }
    }

    fn replaced(state: CardState) -> HeldCard {
        HeldCard {
            is_replaced: true,
            ..own(state)
        }
    }

    fn lent(state: CardState) -> HeldCard {
        HeldCard {
            is_temporary: true,
            ..own(state)
        }
    }

    #[test]
    fn requests_and_cards_decide() {
        use {CardState as Card, HoldingState as Is, RequestState as Request};
        type Case<'a> = (&'a [Request], &'a [HeldCard], Is, &'a str);
        let cases: [Case<'_>; 14] = [
            (&[], &[], Is::NoCard, "nothing on record"),
            (&[Request::Requested], &[], Is::InProduction, "requested"),
            (&[Request::Delivered], &[], Is::InProduction, "it waits"),
            (&[Request::Rejected], &[], Is::NoCard, "rejected"),
            (&[Request::Withdrawn], &[], Is::NoCard, "withdrawn"),
            (&[], &[own(Card::Delivered)], Is::InProduction, "as listed"),
            (
                &[Request::Collected],
                &[own(Card::Active)],
                Is::Holding,
                "collected",
            ),
            (
                &[],
                &[own(Card::Lost)],
                Is::AwaitingReplacement,
                "no request yet",
            ),
            (
                &[Request::InProduction],
                &[own(Card::Damaged)],
                Is::AwaitingReplacement,
                "the next is being made",
            ),
            (
                &[],
                &[own(Card::Replaced)],
                Is::AwaitingReplacement,
                "exchanged, the next is to come",
            ),
            (
                &[],
                &[replaced(Card::Replaced), own(Card::Cancelled)],
                Is::NoCard,
                "a successor was cancelled",
            ),
            (
                &[],
                &[replaced(Card::Replaced), own(Card::Active)],
                Is::Holding,
                "the successor is in use",
            ),
            (&[], &[own(Card::Spoilt)], Is::NoCard, "ruined"),
            (
                &[],
                &[own(Card::Lost), lent(Card::Active)],
                Is::AwaitingReplacement,
                "a lent card bridges the time",
            ),
        ];
        for (requests, cards, expected, why) in cases {
            let derive = |has_left| {
                let (requests, cards) = (requests.iter().copied(), cards.iter().copied());
                HoldingState::derive(has_left, requests, cards)
            };
            assert_eq!(derive(false), expected, "{why}");
            assert_eq!(derive(true), HoldingState::Left, "{why}");
        }
    }

    #[test]
    fn codes_and_names_are_unique() {
        let mut words: Vec<_> = HoldingState::ALL.map(HoldingState::code).into();
        for language in [Language::Chinese, Language::English] {
            words.extend(HoldingState::ALL.map(|state| state.name(language)));
        }
        let n_words = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), n_words);
    }

    fn card() -> impl Strategy<Value = HeldCard> {
        let state = proptest::sample::select(&CardState::ALL[..]);
        (state, any::<bool>(), any::<bool>()).prop_map(|(state, is_replaced, is_temporary)| {
            HeldCard {
                state,
                is_replaced,
                is_temporary,
            }
        })
    }

    proptest! {
        #[test]
        fn the_order_in_which_they_are_told_does_not_matter(
            mut requests in proptest::collection::vec(
                proptest::sample::select(&RequestState::ALL[..]), 0..5),
            mut cards in proptest::collection::vec(card(), 0..5),
        ) {
            let told = HoldingState::derive(false, requests.clone(), cards.clone());
            requests.reverse();
            cards.reverse();
            prop_assert_eq!(HoldingState::derive(false, requests, cards.clone()), told);
            let has_active = |card: &HeldCard| card.state == CardState::Active && !card.is_temporary;
            prop_assert_eq!(told == HoldingState::Holding, cards.iter().any(has_active));
        }
    }
}
