//! What the desk notes of a card besides its state: handed in, registered for
//! a school year, a damage taken back.

use crate::sql::{Connection, params};
use xueka_domain::{CardEvent, CardIdentity, CardState, ExitReason, Note, SchoolYear, school_day};

use super::{
    blocks,
    cards::{self, CardRow},
    change::{Change, Done},
    codec::{self, Columns},
    desk::{made, put_back, recognise, which_digest},
    digest::Digest,
    failure::{Failure, Work},
    requests::{self, Made, Once},
};
use crate::{CardNotes, CardRecord, RequestId, Stamp, StepRefusal, WhichCard};

/// Takes an active card back to be exchanged.
pub(crate) fn exchange(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    which: &WhichCard,
    balance_fen: Option<i64>,
) -> Work<Done<CardRecord>> {
    let balance = balance_fen.map(|fen| fen.to_string());
    let once = Once {
        sql,
        stamp,
        request,
        digest: which_digest("exchange", which)
            .text_or_none(balance.as_deref())
            .finish(),
        action: "exchange card",
    };
    once.run(cards::recall, |change| {
        let card = cards::require(change.sql, which)?;
        let reason = ExitReason::Exchanged;
        cards::happen(change, &card, reason.consequences().event, Some(reason))?;
        note_handed_in(change, &card, balance_fen)?;
        made(change, card.id, card.student)
    })
}

/// Notes that a card that is out of use was handed in.
pub(crate) fn hand_in(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    which: &WhichCard,
) -> Work<Done<CardRecord>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: which_digest("hand in", which).finish(),
        action: "hand in card",
    };
    once.run(cards::recall, |change| {
        let card = cards::require(change.sql, which)?;
        if card.state.is_live() {
            return Err(StepRefusal::CardInUse.into());
        }
        if read(change.sql, card.id)?.hand_in_time.is_some() {
            return Ok(Made::Nothing(cards::record(change.sql, card.id)?));
        }
        note_handed_in(change, &card, None)?;
        // It changed last of all that bear its UID now.
        blocks::follow_card(change, card.number, card.uid, card.state)?;
        made(change, card.id, card.student)
    })
}

fn note_handed_in(change: &Change<'_>, card: &CardRow, balance_fen: Option<i64>) -> Work<()> {
    change
        .sql
        .prepare_cached(
            "UPDATE cards SET final_balance = ?2, hand_in_time = ?3, version = ?4 WHERE id = ?1",
        )?
        .execute(params![card.id, balance_fen, change.now, change.version])?;
    Ok(())
}

/// Registers the card in hand for a school year.
pub(crate) fn register_year(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    in_hand: CardIdentity,
) -> Work<Done<CardRecord>> {
    let year = SchoolYear::of(school_day(stamp.now)).begins_in();
    let once = Once {
        sql,
        stamp,
        request,
        digest: year_digest(),
        action: "register card for year",
    };
    once.run(cards::recall, |change| {
        let card = recognise(change.sql, in_hand, CardState::Active)?;
        card.state.after(CardEvent::RegisterYear)?;
        if read(change.sql, card.id)?.school_years.contains(&year) {
            return Ok(Made::Nothing(cards::record(change.sql, card.id)?));
        }
        change
            .sql
            .prepare_cached("INSERT INTO card_years (card, school_year, time) VALUES (?1, ?2, ?3)")?
            .execute((card.id, year, change.now))?;
        change
            .sql
            .prepare_cached("UPDATE cards SET version = ?2 WHERE id = ?1")?
            .execute((card.id, change.version))?;
        made(change, card.id, card.student)
    })
}

/// The answer to a registration for a year that was made before.
pub(crate) fn year_registered(sql: &Connection, request: &RequestId) -> Work<Option<CardRecord>> {
    let kept = requests::find(sql, request, year_digest())?;
    kept.map(|kept| cards::recall(sql, kept)).transpose()
}

// Known by what its caller said alone, as every request with a card in hand.
fn year_digest() -> [u8; 32] {
    Digest::of("register year").finish()
}

/// Takes a damage back that was registered in error: the card is in hand.
pub(crate) fn correct_damage(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    in_hand: CardIdentity,
    note: &Note,
) -> Work<Done<CardRecord>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: Digest::of("correct damage").text(note.reveal()).finish(),
        action: "correct damage",
    };
    once.run(cards::recall, |change| {
        let card = recognise(change.sql, in_hand, CardState::Damaged)?;
        put_back(change, &card, CardEvent::CorrectDamage)?;
        change
            .sql
            .prepare_cached("UPDATE cards SET correction = ?2 WHERE id = ?1")?
            .execute((card.id, note.reveal()))?;
        made(change, card.id, card.student)
    })
}

/// What was noted of the card that is meant.
pub(crate) fn find(sql: &Connection, which: &WhichCard) -> Work<Option<CardNotes>> {
    let snapshot = sql.snapshot()?;
    let card = cards::find(&snapshot, which)?;
    card.map(|card| read(&snapshot, card.id)).transpose()
}

fn read(sql: &Connection, card: i64) -> Work<CardNotes> {
    let mut statement = sql.prepare_cached(
        "SELECT final_balance, hand_in_time, correction FROM cards WHERE id = ?1",
    )?;
    let mut rows = statement.query([card])?;
    let row = rows.next()?.ok_or(Failure::Malformed("card"))?;
    let hand_in_time: Option<i64> = row.raw("hand_in_time")?;
    let mut years = sql.prepare_cached(
        "SELECT school_year FROM card_years WHERE card = ?1 ORDER BY school_year",
    )?;
    let school_years = years.query_all([card], |row| row.get(0))?;
    Ok(CardNotes {
        final_balance_fen: row.raw("final_balance")?,
        hand_in_time: hand_in_time.map(codec::time_of).transpose()?,
        correction: row.parsed_or_none("correction")?,
        school_years,
    })
}
