//! What follows for cards and requests when a student leaves the school.

use xueka_domain::{CardEvent, CardState, ExitReason};

use super::{card_requests, cards, change::Change, failure::Work};

/// Cancels the cards that a student who leaves has, in use or not, and ends an
/// open request. Why a lost
/// or damaged one went out of use stays on record.
pub(crate) fn give_up(change: &mut Change<'_>, student: i64) -> Work<()> {
    for card in cards::of_student(change.sql, student)? {
        let is_out_of_use = matches!(card.state, CardState::Lost | CardState::Damaged);
        if card.state.is_live() || is_out_of_use {
            let reason = card.exit_reason.unwrap_or(ExitReason::LeftSchool);
            cards::happen(change, &card, CardEvent::Cancel, Some(reason))?;
        }
    }
    card_requests::lapse(change, student)
}
