//! The request for a card: its states, apart from those of the card that comes
//! of it, and the one table of how they change.

use thiserror::Error;

use crate::{CardState, Language};

/// What a student is to have a card for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestKind {
    /// New issue 新制: the student has no card that it would take the place of.
    New,
    /// Reissue 补制: it takes the place of a card that is lost, damaged or was
    /// handed in to be exchanged.
    Reissue,
}

/// Where the request for a card stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestState {
    /// Requested 已上报.
    Requested,
    /// Confirmed 制卡确认: the card will be made.
    Confirmed,
    /// In production 制卡中.
    InProduction,
    /// Delivered 已到卡: the card is at the school.
    Delivered,
    /// Collected 已领卡: the student has it.
    Collected,
    /// Withdrawn 已撤销, by the school or because its reason is gone.
    Withdrawn,
    /// Rejected 已退回, by the district.
    Rejected,
}

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestEvent {
    /// The card is to be made (制卡确认).
    Confirm,
    /// The district does not make the card (退回).
    Reject,
    /// The card goes to the factory (送制).
    Produce,
    /// The card was ruined in production and has to be made again (重制).
    Remake,
    /// The card has come to the school (到卡).
    Deliver,
    /// The student was handed the card (领卡).
    Collect,
    /// The school cancels the request (撤销), which it can until the card is
    /// being made.
    Withdraw,
    /// The reason for it is gone, however far the card has come: the student
    /// left, the lost card was found, or nobody ever collected it (失效). A card
    /// that was made goes back.
    Lapse,
}

/// The event does not happen to a request in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the request is {state:?}, which does not allow {event:?}")]
pub struct IllegalRequest {
    /// The state the request is in; [`RequestState::allowed`] says what it
    /// allows.
    pub state: RequestState,
    /// What was asked for.
    pub event: RequestEvent,
}

/// Every change of state there is: what happens, to a request in which state,
/// and which state follows. What is not here is refused.
const TRANSITIONS: &[(RequestEvent, RequestState, RequestState)] = {
    use {RequestEvent as Event, RequestState as State};
    &[
        (Event::Confirm, State::Requested, State::Confirmed),
        (Event::Reject, State::Requested, State::Rejected),
        (Event::Reject, State::Confirmed, State::Rejected),
        (Event::Produce, State::Confirmed, State::InProduction),
        (Event::Remake, State::InProduction, State::Confirmed),
        (Event::Deliver, State::InProduction, State::Delivered),
        (Event::Collect, State::Delivered, State::Collected),
        (Event::Withdraw, State::Requested, State::Withdrawn),
        (Event::Withdraw, State::Confirmed, State::Withdrawn),
        (Event::Lapse, State::Requested, State::Withdrawn),
        (Event::Lapse, State::Confirmed, State::Withdrawn),
        (Event::Lapse, State::InProduction, State::Withdrawn),
        (Event::Lapse, State::Delivered, State::Withdrawn),
    ]
};

impl RequestKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::New, Self::Reissue];

    /// The kind that fits a student whose latest card, if any, is in this state
    /// and has no successor; `None` when the student needs no card.
    #[must_use]
    pub fn fitting(latest: Option<CardState>) -> Option<Self> {
        match latest {
            None | Some(CardState::Cancelled | CardState::Spoilt) => Some(Self::New),
            Some(CardState::Lost | CardState::Damaged | CardState::Replaced) => Some(Self::Reissue),
            Some(CardState::Delivered | CardState::Active) => None,
        }
    }

    /// The kind as a stable upper-case word for programs, such as `REISSUE`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Reissue => "REISSUE",
        }
    }

    /// The kind in the words of the desk.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        match self {
            Self::New => language.choose("新制", "new issue"),
            Self::Reissue => language.choose("补制", "reissue"),
        }
    }
}

impl RequestState {
    /// All states, in the order of a request's life.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Confirmed,
        Self::InProduction,
        Self::Delivered,
        Self::Collected,
        Self::Withdrawn,
        Self::Rejected,
    ];

    /// The state that follows when `event` happens.
    ///
    /// # Errors
    ///
    /// [`IllegalRequest`] when it cannot happen to a request in this state.
    pub fn after(self, event: RequestEvent) -> Result<Self, IllegalRequest> {
        TRANSITIONS
            .iter()
            .find(|(what, from, _)| *what == event && *from == self)
            .map(|(_, _, to)| *to)
            .ok_or(IllegalRequest { state: self, event })
    }

    /// What can happen to a request in this state, so that a refusal can say it.
    pub fn allowed(self) -> impl Iterator<Item = RequestEvent> {
        TRANSITIONS
            .iter()
            .filter(move |(_, from, _)| *from == self)
            .map(|(event, _, _)| *event)
    }

    /// Whether a card is still to come of it: a student has at most one such
    /// request.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::Requested | Self::Confirmed | Self::InProduction | Self::Delivered
        )
    }

    /// The state as a stable upper-case word for programs, such as
    /// `IN_PRODUCTION`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Confirmed => "CONFIRMED",
            Self::InProduction => "IN_PRODUCTION",
            Self::Delivered => "DELIVERED",
            Self::Collected => "COLLECTED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Rejected => "REJECTED",
        }
    }

    /// The state in the words of the desk, such as 制卡中.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::Requested => ("已上报", "requested"),
            Self::Confirmed => ("制卡确认", "confirmed"),
            Self::InProduction => ("制卡中", "in production"),
            Self::Delivered => ("已到卡", "delivered"),
            Self::Collected => ("已领卡", "collected"),
            Self::Withdrawn => ("已撤销", "withdrawn"),
            Self::Rejected => ("已退回", "rejected"),
        };
        language.choose(chinese, english)
    }
}

impl RequestEvent {
    /// All events.
    pub const ALL: [Self; 8] = [
        Self::Confirm,
        Self::Reject,
        Self::Produce,
        Self::Remake,
        Self::Deliver,
        Self::Collect,
        Self::Withdraw,
        Self::Lapse,
    ];

    /// The event as a stable upper-case word for programs, such as `CONFIRM`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Confirm => "CONFIRM",
            Self::Reject => "REJECT",
            Self::Produce => "PRODUCE",
            Self::Remake => "REMAKE",
            Self::Deliver => "DELIVER",
            Self::Collect => "COLLECT",
            Self::Withdraw => "WITHDRAW",
            Self::Lapse => "LAPSE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table again, as a grid: a row per event, a column per state.
    const GRID: [(RequestEvent, [Option<RequestState>; 7]); 8] = {
        use {RequestEvent as Event, RequestState::*};
        // Requested, Confirmed, InProduction, Delivered, Collected, Withdrawn,
        // Rejected
        [
            (
                Event::Confirm,
                [Some(Confirmed), None, None, None, None, None, None],
            ),
            (
                Event::Reject,
                [Some(Rejected), Some(Rejected), None, None, None, None, None],
            ),
            (
                Event::Produce,
                [None, Some(InProduction), None, None, None, None, None],
            ),
            (
                Event::Remake,
                [None, None, Some(Confirmed), None, None, None, None],
            ),
            (
                Event::Deliver,
                [None, None, Some(Delivered), None, None, None, None],
            ),
            (
                Event::Collect,
                [None, None, None, Some(Collected), None, None, None],
            ),
            (
                Event::Withdraw,
                [
                    Some(Withdrawn),
                    Some(Withdrawn),
                    None,
                    None,
                    None,
                    None,
                    None,
                ],
            ),
            (
                Event::Lapse,
                [
                    Some(Withdrawn),
                    Some(Withdrawn),
                    Some(Withdrawn),
                    Some(Withdrawn),
                    None,
                    None,
                    None,
                ],
            ),
        ]
    };

    #[test]
    fn every_event_in_every_state_is_as_the_grid_says() {
        assert_eq!(GRID.map(|(event, _)| event), RequestEvent::ALL);
        for (event, row) in GRID {
            for (state, expected) in RequestState::ALL.into_iter().zip(row) {
                let outcome = state.after(event);
                assert_eq!(outcome.ok(), expected, "{event:?} in {state:?}");
                let is_allowed = state.allowed().any(|allowed| allowed == event);
                assert_eq!(is_allowed, expected.is_some(), "{event:?} in {state:?}");
                if let Err(refusal) = outcome {
                    assert_eq!((refusal.state, refusal.event), (state, event));
                }
            }
        }
    }

    #[test]
    fn an_open_request_can_go_on_and_a_closed_one_cannot() {
        for state in RequestState::ALL {
            assert_eq!(state.is_open(), state.allowed().next().is_some());
            let lapses = state.after(RequestEvent::Lapse).is_ok();
            assert_eq!(lapses, state.is_open(), "{state:?}");
        }
    }

    #[test]
    fn from_anywhere_open_the_student_can_still_get_the_card() {
        use RequestEvent::{Collect, Confirm, Deliver, Produce};
        for start in RequestState::ALL
            .into_iter()
            .filter(|state| state.is_open())
        {
            let way = [Confirm, Produce, Deliver, Collect];
            let end = way
                .into_iter()
                .fold(start, |state, event| state.after(event).unwrap_or(state));
            assert_eq!(end, RequestState::Collected, "from {start:?}");
        }
    }

    #[test]
    fn a_live_card_leaves_nothing_to_request() {
        for state in CardState::ALL {
            let kind = RequestKind::fitting(Some(state));
            assert_eq!(kind.is_none(), state.is_live(), "{state:?}");
        }
        assert_eq!(RequestKind::fitting(None), Some(RequestKind::New));
        let lost = RequestKind::fitting(Some(CardState::Lost));
        assert_eq!(lost, Some(RequestKind::Reissue));
    }

    #[test]
    fn codes_and_names_are_unique() {
        let mut words: Vec<_> = RequestState::ALL.map(RequestState::code).into();
        words.extend(RequestEvent::ALL.map(RequestEvent::code));
        words.extend(RequestKind::ALL.map(RequestKind::code));
        for language in [Language::Chinese, Language::English] {
            words.extend(RequestState::ALL.map(|state| state.name(language)));
            words.extend(RequestKind::ALL.map(|kind| kind.name(language)));
        }
        let n_words = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), n_words);
    }
}
