//! What happens to single cards at the desk: handed out, out of use, found
//! again.

use crate::sql::{Connection, params};
use jiff::civil::Date;
use xueka_domain::{
    CardEvent, CardIdentity, CardNumber, CardState, ExitReason, IllegalTransition, StudentNumber,
    Uid, school_day,
};

use super::{
    card_requests,
    cards::{self, CardRow},
    change::{Change, Done},
    codec::{day_text, family_word, key_columns},
    digest::Digest,
    failure::Work,
    issue::{self, NewCard},
    prints,
    requests::{self, Made, Once},
    students, writes,
};
use crate::{CardRecord, Collection, Refusal, RequestId, Stamp, StepRefusal, WhichCard};

/// Hands a card out.
pub(crate) fn collect(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    collection: &Collection,
) -> Work<Done<CardRecord>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: collect_digest(&collection.student),
        action: "collect",
    };
    once.run(cards::recall, |change| {
        if let Some(uid) = collection.identity.uid() {
            writes::refuse_unfit(change.sql, uid)?;
        }
        let student = students::by_number(change.sql, &collection.student)?;
        let student = student.ok_or(Refusal::StudentNotFound)?;
        if student.has_left() {
            return Err(StepRefusal::StudentLeft.into());
        }
        let student = student.id;
        card_requests::refuse_too_early(change.sql, student)?;
        let id = match find_waiting(change.sql, student, collection.identity)? {
            Some(card) => hand_out(change, &card, collection)?,
            None => issue_at_desk(change, student, collection)?,
        };
        made(change, id, student)
    })
}

/// The card on record that the one in hand is: it waits for this student.
///
/// # Errors
///
/// Refused when it is another student's, or does not wait any more.
fn find_waiting(sql: &Connection, student: i64, in_hand: CardIdentity) -> Work<Option<CardRow>> {
    if let Some(number) = in_hand.number()
        && let Some(card) = cards::by_number(sql, number)?
    {
        return if card.student == student {
            Ok(Some(card))
        } else {
            Err(Refusal::NumberTaken.into())
        };
    }
    let Some(uid) = in_hand.uid() else {
        return Ok(None);
    };
    let known = cards::by_uid(sql, uid)?.into_iter();
    // A card that has a number is recognised by it, not by its UID.
    let mut own = known.filter(|card| card.number.is_none() && card.student == student);
    Ok(own.find(|card| !matches!(card.state, CardState::Replaced | CardState::Cancelled)))
}

/// Hands out a card that waits, and completes its record from the tap.
fn hand_out(change: &mut Change<'_>, card: &CardRow, collection: &Collection) -> Work<i64> {
    cards::happen(change, card, CardEvent::Collect, None)?;
    let shown = collection.identity.uid();
    if card.uid.is_some() && shown != card.uid {
        return Err(Refusal::NotTheSameCard.into());
    }
    if let (None, Some(uid)) = (card.uid, shown)
        && issue::is_uid_taken(change.sql, card.number, uid)?
    {
        return Err(Refusal::UidTaken.into());
    }
    change
        .sql
        .prepare_cached(
            "UPDATE cards SET number = coalesce(number, ?2), uid = ?3, family = ?4, \
             valid_from = coalesce(valid_from, ?5), valid_until = coalesce(valid_until, ?6), \
             issue_time = ?7 WHERE id = ?1",
        )?
        .execute(params![
            card.id,
            collection.identity.number().map(CardNumber::reveal),
            shown.as_ref().map(Uid::reveal),
            family_word(collection.family),
            day_text(collection.valid_from),
            day_text(collection.valid_until),
            change.now,
        ])?;
    let before = CardIdentity::new(card.number, card.uid).ok();
    let now = cards::identity(change.sql, card.id)?;
    prints::keep(change, card.id, before, now)?;
    let identity = collection.identity;
    issue::settle(change, card.id, card.student, identity, CardState::Active)?;
    Ok(card.id)
}

/// Puts a card on record that is first seen at its hand-out.
fn issue_at_desk(change: &mut Change<'_>, student: i64, collection: &Collection) -> Work<i64> {
    let identity = collection.identity;
    if let Some(uid) = identity.uid()
        && issue::is_uid_taken(change.sql, identity.number(), uid)?
    {
        return Err(Refusal::UidTaken.into());
    }
    if cards::live_of(change.sql, student)?.is_some() {
        return Err(Refusal::StudentHasCard.into());
    }
    let card = NewCard {
        student,
        identity,
        family: Some(collection.family),
        valid_from: collection.valid_from,
        valid_until: collection.valid_until,
        state: CardState::Active,
    };
    issue::insert(change, &card)
}

/// Takes a card out of use.
pub(crate) fn report_exit(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    which: &WhichCard,
    reason: ExitReason,
) -> Work<Done<CardRecord>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: which_digest("report exit", which)
            .text(reason.code())
            .finish(),
        action: "report exit",
    };
    once.run(cards::recall, |change| {
        let card = cards::require(change.sql, which)?;
        if reason == ExitReason::Expired && !is_past(card.valid_until, stamp) {
            return Err(StepRefusal::NotExpired.into());
        }
        let event = reason.consequences().event;
        cards::happen(change, &card, event, Some(reason))?;
        made(change, card.id, card.student)
    })
}

/// Puts a lost card back into use: it is in hand.
pub(crate) fn cancel_loss(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    in_hand: CardIdentity,
) -> Work<Done<CardRecord>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: cancel_loss_digest(),
        action: "cancel loss",
    };
    once.run(cards::recall, |change| {
        let card = recognise(change.sql, in_hand, CardState::Lost)?;
        put_back(change, &card, CardEvent::CancelLoss)?;
        made(change, card.id, card.student)
    })
}

/// Puts a card back into use that is in hand. No other card is needed any more.
pub(super) fn put_back(change: &mut Change<'_>, card: &CardRow, event: CardEvent) -> Work<()> {
    if card.state.after(event).is_err() {
        let state = card.state;
        return Err(IllegalTransition { state, event }.into());
    }
    if cards::live_of(change.sql, card.student)?.is_some() {
        return Err(Refusal::StudentHasCard.into());
    }
    cards::happen(change, card, event, None)?;
    card_requests::lapse(change, card.student)
}

/// Whether a last day of validity is past.
fn is_past(last: Option<Date>, stamp: &Stamp) -> bool {
    last.is_some_and(|last| school_day(stamp.now) > last)
}

/// The card on record that the one in hand is, proved by the UID that was
/// bound, if one was. Of several that are known by the UID alone, the one in
/// `state` is meant.
pub(super) fn recognise(
    sql: &Connection,
    in_hand: CardIdentity,
    state: CardState,
) -> Work<CardRow> {
    if let Some(number) = in_hand.number()
        && let Some(card) = cards::by_number(sql, number)?
    {
        return if card.uid.is_some() && card.uid != in_hand.uid() {
            Err(Refusal::NotTheSameCard.into())
        } else {
            Ok(card)
        };
    }
    let uid = in_hand.uid().ok_or(Refusal::CardNotFound)?;
    let mut bearers = cards::by_uid(sql, uid)?;
    if in_hand.number().is_some() {
        bearers.retain(|card| card.number.is_none());
    }
    let is_meant = |card: &CardRow| card.state == state;
    let meant = bearers.iter().position(is_meant).unwrap_or_default();
    let card = bearers.into_iter().nth(meant);
    Ok(card.ok_or(Refusal::CardNotFound)?)
}

/// The answer to a hand-out that was made before.
pub(crate) fn collected(
    sql: &Connection,
    request: &RequestId,
    student: &StudentNumber,
) -> Work<Option<CardRecord>> {
    let kept = requests::find(sql, request, collect_digest(student))?;
    kept.map(|kept| cards::recall(sql, kept)).transpose()
}

/// The answer to a cancelling of a loss that was made before.
pub(crate) fn loss_cancelled(sql: &Connection, request: &RequestId) -> Work<Option<CardRecord>> {
    let kept = requests::find(sql, request, cancel_loss_digest())?;
    kept.map(|kept| cards::recall(sql, kept)).transpose()
}

// A request with a card in hand is known by what its caller said alone: the
// card may be gone from the reader, or be another, when it is sent again.

fn collect_digest(student: &StudentNumber) -> [u8; 32] {
    Digest::of("collect").text(student.reveal()).finish()
}

fn cancel_loss_digest() -> [u8; 32] {
    Digest::of("cancel loss").finish()
}

/// Begins the digest of a request about one card.
pub(super) fn which_digest(purpose: &str, which: &WhichCard) -> Digest {
    match which {
        WhichCard::Key(key) => {
            let (number, uid) = key_columns(*key);
            Digest::of(purpose)
                .text("by key")
                .text_or_none(number.as_deref())
                .bytes_or_none(uid.as_deref())
        }
        WhichCard::LiveCardOf(student) => Digest::of(purpose)
            .text("by student")
            .text(student.reveal()),
    }
}

/// What a change of one card leaves behind.
pub(super) fn made(change: &Change<'_>, card: i64, student: i64) -> Work<Made<CardRecord>> {
    Ok(Made::Change {
        answer: cards::record(change.sql, card)?,
        kept: cards::kept(change.sql, card)?,
        subjects: format!("card:{card} student:{student}"),
    })
}
