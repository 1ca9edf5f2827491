//! Putting a card on record: what the hand-out tap and the list have in
//! common.

use crate::sql::{Connection, params};
use jiff::civil::Date;
use xueka_domain::{CardEvent, CardFamily, CardIdentity, CardNumber, CardState, Uid};

use super::{
    blocks, card_requests, cards,
    change::Change,
    codec::{day_text, family_word},
    failure::Work,
    prints, sightings,
};

/// A card to be put on record.
pub(crate) struct NewCard {
    pub(crate) student: i64,
    pub(crate) identity: CardIdentity,
    pub(crate) family: Option<CardFamily>,
    pub(crate) valid_from: Option<Date>,
    pub(crate) valid_until: Option<Date>,
    pub(crate) state: CardState,
}

/// Whether a UID stands in the way of a card: when one of the two cards is
/// known by its UID alone, the UID must tell them apart, unless the other's
/// life is over for good.
pub(crate) fn is_uid_taken(sql: &Connection, number: Option<CardNumber>, uid: Uid) -> Work<bool> {
    let query = if number.is_some() {
        "SELECT EXISTS (SELECT 1 FROM cards WHERE uid = ?1 \
         AND state NOT IN ('REPLACED', 'CANCELLED') AND number IS NULL)"
    } else {
        "SELECT EXISTS (SELECT 1 FROM cards WHERE uid = ?1 \
         AND state NOT IN ('REPLACED', 'CANCELLED'))"
    };
    Ok(sql
        .prepare_cached(query)?
        .query_row([uid.reveal()], |row| row.get(0))?)
}

/// Puts a card on record; gives its id. The caller has made sure that nothing
/// stands in its way.
pub(crate) fn insert(change: &mut Change<'_>, card: &NewCard) -> Work<i64> {
    let (number, uid) = (card.identity.number(), card.identity.uid());
    let id: i64 = change
        .sql
        .prepare_cached(
            "INSERT INTO cards (number, uid, student, family, state, valid_from, valid_until, \
             issue_time, state_time, version) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9) RETURNING id",
        )?
        .query_row(
            params![
                number.map(CardNumber::reveal),
                uid.as_ref().map(Uid::reveal),
                card.student,
                card.family.map(family_word),
                card.state.code(),
                day_text(card.valid_from),
                day_text(card.valid_until),
                change.now,
                change.version,
            ],
            |row| row.get(0),
        )?;
    prints::keep(change, id, None, card.identity)?;
    settle(change, id, card.student, card.identity, card.state)?;
    Ok(id)
}

/// What follows when a card is put on record or handed out.
pub(crate) fn settle(
    change: &mut Change<'_>,
    id: i64,
    student: i64,
    identity: CardIdentity,
    state: CardState,
) -> Work<()> {
    if let (Some(number), Some(uid)) = (identity.number(), identity.uid()) {
        sightings::insert(change, number, uid)?;
    }
    // A new number was never blocked by a state, but its UID may have been.
    blocks::follow_card(change, None, identity.uid(), state)?;
    if state == CardState::Active {
        take_place(change, id, student)?;
    }
    card_requests::answer(change, student, id, state)
}

/// Lets a card take the place of its holder's lost and damaged ones.
fn take_place(change: &mut Change<'_>, id: i64, student: i64) -> Work<()> {
    for old in cards::to_be_replaced(change.sql, student)? {
        change
            .sql
            .prepare_cached("UPDATE cards SET replaced_by = ?2, version = ?3 WHERE id = ?1")?
            .execute((old.id, id, change.version))?;
        if old.state == CardState::Replaced {
            // It changed last of all that bear its UID now.
            blocks::follow_card(change, old.number, old.uid, old.state)?;
        } else {
            cards::happen(change, &old, CardEvent::Replace, old.exit_reason)?;
        }
    }
    Ok(())
}
