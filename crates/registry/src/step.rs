//! Steps of the procedure that cannot be taken now, and what can.

use thiserror::Error;
use xueka_domain::{IllegalRequest, RequestEvent};

/// Why a step of the procedure cannot be taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StepRefusal {
    /// The student has left the school.
    #[error("the student has left the school; register the return first")]
    StudentLeft,
    /// The state of the student's request for a card does not allow it.
    #[error(transparent)]
    IllegalRequest(#[from] IllegalRequest),
    /// No request for a card has this name.
    #[error("no request for a card has this number")]
    RequestNotFound,
    /// No fee is due for the request.
    #[error("no fee is due for this request")]
    NoFeeDue,
    /// The card's last day of validity is not past, or none is known.
    #[error("the card has not expired; give another reason to take it out of use")]
    NotExpired,
    /// The card is in use.
    #[error("the card is in use; report first why it goes out of use")]
    CardInUse,
}

impl StepRefusal {
    /// The refusal as a stable upper-case word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::StudentLeft => "STUDENT_LEFT",
            Self::IllegalRequest(_) => "ILLEGAL_REQUEST",
            Self::RequestNotFound => "REQUEST_NOT_FOUND",
            Self::NoFeeDue => "NO_FEE_DUE",
            Self::NotExpired => "NOT_EXPIRED",
            Self::CardInUse => "CARD_IN_USE",
        }
    }

    /// Where the request for a card stands and the codes of what it allows,
    /// when it is that which forbids the step.
    #[must_use]
    pub fn standing(&self) -> Option<(&'static str, Vec<&'static str>)> {
        match self {
            Self::IllegalRequest(illegal) => {
                let allowed = illegal.state.allowed().map(RequestEvent::code);
                Some((illegal.state.code(), allowed.collect()))
            }
            Self::StudentLeft
            | Self::RequestNotFound
            | Self::NoFeeDue
            | Self::NotExpired
            | Self::CardInUse => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use xueka_domain::RequestState;

    use super::*;

    #[test]
    fn an_illegal_step_says_what_is_possible_now() {
        let illegal = RequestState::Confirmed
            .after(RequestEvent::Collect)
            .unwrap_err();
        let refusal = StepRefusal::from(illegal);
        let allowed = vec!["REJECT", "PRODUCE", "WITHDRAW", "LAPSE"];
        assert_eq!(refusal.standing(), Some(("CONFIRMED", allowed)));
        assert_eq!(StepRefusal::StudentLeft.standing(), None);
    }
}
