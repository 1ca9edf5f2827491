//! Cards on record: finding them, and changing where they stand.

use crate::sql::{Connection, OptionalExtension, Params, Row};
use jiff::civil::Date;
use xueka_domain::{
    CardEvent, CardIdentity, CardKey, CardNumber, CardState, ExitReason, Student, StudentNumber,
    Uid,
};

use super::{
    blocks,
    change::Change,
    codec::{self, Columns},
    failure::{Failure, Work},
    requests::Kept,
    students,
};
use crate::{CardRecord, Refusal, WhichCard};

/// The part of a card's row that decisions are made from.
#[derive(Clone, Debug)]
pub(crate) struct CardRow {
    pub(crate) id: i64,
    pub(crate) student: i64,
    pub(crate) number: Option<CardNumber>,
    pub(crate) uid: Option<Uid>,
    pub(crate) state: CardState,
    pub(crate) exit_reason: Option<ExitReason>,
    pub(crate) valid_from: Option<Date>,
    pub(crate) valid_until: Option<Date>,
    pub(crate) replaced_by: Option<i64>,
}

impl CardRow {
    fn read(row: Row<'_>) -> Work<Self> {
        Ok(Self {
            id: row.raw("id")?,
            student: row.raw("student")?,
            number: row.card_number("number")?,
            uid: row.uid("uid")?,
            state: row.state()?,
            exit_reason: row.exit_reason()?,
            valid_from: row.day("valid_from")?,
            valid_until: row.day("valid_until")?,
            replaced_by: row.raw("replaced_by")?,
        })
    }
}

/// The card with this number.
pub(crate) fn by_number(sql: &Connection, number: CardNumber) -> Work<Option<CardRow>> {
    let rows = select(
        sql,
        "SELECT * FROM cards WHERE number = ?1",
        [number.reveal()],
    )?;
    Ok(rows.into_iter().next())
}

/// All cards with this UID: live ones first, then the one that changed last.
pub(crate) fn by_uid(sql: &Connection, uid: Uid) -> Work<Vec<CardRow>> {
    select(
        sql,
        "SELECT * FROM cards WHERE uid = ?1 \
         ORDER BY state IN ('DELIVERED', 'ACTIVE') DESC, version DESC, id DESC",
        [uid.reveal()],
    )
}

/// The one live card of a student.
pub(crate) fn live_of(sql: &Connection, student: i64) -> Work<Option<CardRow>> {
    let rows = select(
        sql,
        "SELECT * FROM cards WHERE student = ?1 AND state IN ('DELIVERED', 'ACTIVE')",
        [student],
    )?;
    Ok(rows.into_iter().next())
}

/// All cards of a student, in the order in which they came on record.
pub(crate) fn of_student(sql: &Connection, student: i64) -> Work<Vec<CardRow>> {
    select(
        sql,
        "SELECT * FROM cards WHERE student = ?1 ORDER BY id",
        [student],
    )
}

/// The cards of a student whose place a new card takes.
pub(crate) fn to_be_replaced(sql: &Connection, student: i64) -> Work<Vec<CardRow>> {
    select(
        sql,
        "SELECT * FROM cards WHERE student = ?1 AND replaced_by IS NULL \
         AND state IN ('LOST', 'DAMAGED', 'REPLACED') ORDER BY id",
        [student],
    )
}

fn select(sql: &Connection, query: &str, params: impl Params) -> Work<Vec<CardRow>> {
    let mut statement = sql.prepare_cached(query)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(CardRow::read(row)?);
    }
    Ok(found)
}

/// The id of a student.
pub(crate) fn student_id(sql: &Connection, number: &StudentNumber) -> Work<Option<i64>> {
    Ok(sql
        .prepare_cached("SELECT id FROM students WHERE number = ?1")?
        .query_row([number.reveal()], |row| row.get(0))
        .optional()?)
}

/// The card that is meant; `None` when none is, or when a UID names several
/// live ones.
pub(crate) fn find(sql: &Connection, which: &WhichCard) -> Work<Option<CardRow>> {
    match which {
        WhichCard::Key(CardKey::Number(number)) => by_number(sql, *number),
        WhichCard::Key(CardKey::Uid(uid)) => {
            let found = by_uid(sql, *uid)?;
            let n_live = found.iter().filter(|card| card.state.is_live()).count();
            Ok(found.into_iter().next().filter(|_| n_live < 2))
        }
        WhichCard::LiveCardOf(number) => match student_id(sql, number)? {
            Some(student) => live_of(sql, student),
            None => Ok(None),
        },
    }
}

/// The card that is meant.
///
/// # Errors
///
/// Refused with what is missing.
pub(crate) fn require(sql: &Connection, which: &WhichCard) -> Work<CardRow> {
    if let Some(card) = find(sql, which)? {
        return Ok(card);
    }
    let refusal = match which {
        WhichCard::Key(_) => Refusal::CardNotFound,
        WhichCard::LiveCardOf(number) if student_id(sql, number)?.is_none() => {
            Refusal::StudentNotFound
        }
        WhichCard::LiveCardOf(_) => Refusal::NoLiveCard,
    };
    Err(refusal.into())
}

/// The whole record of the card that is meant.
pub(crate) fn find_record(sql: &Connection, which: &WhichCard) -> Work<Option<CardRecord>> {
    let snapshot = sql.snapshot()?;
    let found = find(&snapshot, which)?;
    found.map(|card| record(&snapshot, card.id)).transpose()
}

/// The whole record of the card that is meant.
///
/// # Errors
///
/// Refused with what is missing.
pub(crate) fn require_record(sql: &Connection, which: &WhichCard) -> Work<CardRecord> {
    let snapshot = sql.snapshot()?;
    let card = require(&snapshot, which)?;
    record(&snapshot, card.id)
}

/// The whole records of all cards of a student; `None` when there is no such
/// student.
pub(crate) fn records_of_student(
    sql: &Connection,
    number: &StudentNumber,
) -> Work<Option<Vec<CardRecord>>> {
    let snapshot = sql.snapshot()?;
    let Some(student) = students::by_number(&snapshot, number)? else {
        return Ok(None);
    };
    let cards = of_student(&snapshot, student.id)?;
    let records = cards.iter().map(|card| record(&snapshot, card.id));
    records.collect::<Work<_>>().map(Some)
}

/// The whole record of a card.
pub(crate) fn record(sql: &Connection, id: i64) -> Work<CardRecord> {
    let mut statement = sql.prepare_cached(
        "SELECT card.*, \
         student.number AS student_number, student.name, student.class_name, \
         next.number AS next_number, next.uid AS next_uid, \
         before.number AS before_number, before.uid AS before_uid \
         FROM cards AS card \
         JOIN students AS student ON student.id = card.student \
         LEFT JOIN cards AS next ON next.id = card.replaced_by \
         LEFT JOIN cards AS before ON before.id = \
         (SELECT max(id) FROM cards WHERE replaced_by = card.id) \
         WHERE card.id = ?1",
    )?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or(Failure::Malformed("card"))?;
    read_record(row)
}

fn read_record(row: Row<'_>) -> Work<CardRecord> {
    Ok(CardRecord {
        number: row.card_number("number")?,
        uid: row.uid("uid")?,
        family: row.family()?,
        state: row.state()?,
        exit_reason: row.exit_reason()?,
        valid_from: row.day("valid_from")?,
        valid_until: row.day("valid_until")?,
        student: Student {
            number: row.parsed("student_number")?,
            name: row.parsed("name")?,
            class_name: row.parsed_or_none("class_name")?,
        },
        replaced_by: row.identity("next_number", "next_uid")?,
        replaces: row.identity("before_number", "before_uid")?,
        issue_time: row.time("issue_time")?,
        state_time: row.time("state_time")?,
        version: row.raw("version")?,
    })
}

/// The part of a card's record that is kept with a request.
pub(crate) fn kept(sql: &Connection, id: i64) -> Work<Kept> {
    Ok(sql
        .prepare_cached(
            "SELECT state, exit_reason, replaced_by, state_time, version FROM cards WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(Kept::Card {
                card: id,
                state: row.get(0)?,
                exit_reason: row.get(1)?,
                replaced_by: row.get(2)?,
                state_time: row.get(3)?,
                version: row.get(4)?,
            })
        })?)
}

/// The record of a card as it stood when a request was first answered.
pub(crate) fn recall(sql: &Connection, kept: Kept) -> Work<CardRecord> {
    let Kept::Card {
        card,
        state,
        exit_reason,
        replaced_by,
        state_time,
        version,
    } = kept
    else {
        return Err(Failure::Malformed("answer"));
    };
    let exit_reason = exit_reason.as_deref().map(codec::exit_reason_of);
    Ok(CardRecord {
        state: codec::state_of(&state)?,
        exit_reason: exit_reason.transpose()?,
        replaced_by: replaced_by.map(|id| identity(sql, id)).transpose()?,
        state_time: codec::time_of(state_time)?,
        version,
        ..record(sql, card)?
    })
}

/// By what a card is named.
pub(crate) fn identity(sql: &Connection, id: i64) -> Work<CardIdentity> {
    let mut statement = sql.prepare_cached("SELECT number, uid FROM cards WHERE id = ?1")?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or(Failure::Malformed("card"))?;
    row.identity("number", "uid")?
        .ok_or(Failure::Malformed("card"))
}

/// Lets an event happen to a card, with all that follows for the blacklist.
///
/// # Errors
///
/// Refused when the card's state does not allow it.
pub(crate) fn happen(
    change: &mut Change<'_>,
    card: &CardRow,
    event: CardEvent,
    exit_reason: Option<ExitReason>,
) -> Work<()> {
    let state = card.state.after(event)?;
    change
        .sql
        .prepare_cached(
            "UPDATE cards SET state = ?2, exit_reason = ?3, state_time = ?4, version = ?5 \
             WHERE id = ?1",
        )?
        .execute((
            card.id,
            state.code(),
            exit_reason.map(ExitReason::code),
            change.now,
            change.version,
        ))?;
    blocks::follow_card(change, card.number, card.uid, state)
}
