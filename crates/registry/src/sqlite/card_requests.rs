//! Requests for cards on record: finding them, and taking one further.

use crate::sql::{Connection, Row, Value, params};
use xueka_domain::{
    CardEvent, CardState, ExitReason, Note, RequestEvent, RequestKind, RequestState, Student,
};

use super::{
    cards::{self, CardRow},
    change::Change,
    codec::Columns,
    failure::{Failure, Work},
};
use crate::{CardRequest, CardRequestId, FeeState, RequestFee, RequestFilter, StepRefusal};

/// Requests with their student, their cards and their fee.
const SELECT: &str = "SELECT request.*, student.number, student.name, student.class_name, \
     old.number AS old_number, old.uid AS old_uid, \
     card.number AS card_number, card.uid AS card_uid, \
     fees.reason AS exit_reason, fees.amount, fees.state AS fee_state \
     FROM card_requests AS request \
     JOIN students AS student ON student.id = request.student \
     LEFT JOIN cards AS old ON old.id = request.old_card \
     LEFT JOIN cards AS card ON card.id = request.card \
     LEFT JOIN fees ON fees.request = request.id";

/// The part of a request's row that decisions are made from.
#[derive(Clone, Debug)]
pub(crate) struct RequestRow {
    pub(crate) id: i64,
    pub(crate) student: i64,
    pub(crate) state: RequestState,
    pub(crate) card: Option<i64>,
}

impl RequestRow {
    fn read(row: Row<'_>) -> Work<Self> {
        Ok(Self {
            id: row.raw("id")?,
            student: row.raw("student")?,
            state: state(row)?,
            card: row.raw("card")?,
        })
    }
}

fn state(row: Row<'_>) -> Work<RequestState> {
    let word: String = row.raw("state")?;
    let mut states = RequestState::ALL.into_iter();
    states
        .find(|state| state.code() == word)
        .ok_or(Failure::Malformed("state"))
}

/// The request with this name.
pub(crate) fn find(sql: &Connection, id: CardRequestId) -> Work<Option<RequestRow>> {
    let id = i64::try_from(id.0).unwrap_or(i64::MAX);
    let mut statement = sql.prepare_cached("SELECT * FROM card_requests WHERE id = ?1")?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(RequestRow::read).transpose()
}

/// The open request of a student.
pub(crate) fn open_of(sql: &Connection, student: i64) -> Work<Option<RequestRow>> {
    let mut statement = sql.prepare_cached(
        "SELECT * FROM card_requests WHERE student = ?1 \
         AND state IN ('REQUESTED', 'CONFIRMED', 'IN_PRODUCTION', 'DELIVERED')",
    )?;
    let mut rows = statement.query([student])?;
    rows.next()?.map(RequestRow::read).transpose()
}

/// Where all requests of a student stand.
pub(crate) fn states_of(sql: &Connection, student: i64) -> Work<Vec<RequestState>> {
    let mut statement = sql.prepare_cached("SELECT state FROM card_requests WHERE student = ?1")?;
    let mut rows = statement.query([student])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(state(row)?);
    }
    Ok(found)
}

/// Refuses to hand a card to a student whose open request is not so far.
pub(crate) fn refuse_too_early(sql: &Connection, student: i64) -> Work<()> {
    if let Some(open) = open_of(sql, student)? {
        open.state
            .after(RequestEvent::Collect)
            .map_err(StepRefusal::from)?;
    }
    Ok(())
}

/// Lets an event happen to a request, with all that follows for its fee and for
/// a card that waits.
///
/// # Errors
///
/// Refused when the request's state does not allow it.
pub(crate) fn happen(
    change: &mut Change<'_>,
    request: &RequestRow,
    event: RequestEvent,
    card: Option<i64>,
    note: Option<&Note>,
) -> Work<()> {
    let state = request.state.after(event).map_err(StepRefusal::from)?;
    change
        .sql
        .prepare_cached(
            "UPDATE card_requests SET state = ?2, card = coalesce(?3, card), \
             note = coalesce(?4, note), state_time = ?5, version = ?6 WHERE id = ?1",
        )?
        .execute(params![
            request.id,
            state.code(),
            card,
            note.map(Note::reveal),
            change.now,
            change.version,
        ])?;
    if matches!(state, RequestState::Withdrawn | RequestState::Rejected) {
        change
            .sql
            .prepare_cached(
                "UPDATE fees SET state = 'VOID', state_time = ?2 \
                 WHERE request = ?1 AND state = 'DUE'",
            )?
            .execute((request.id, change.now))?;
        send_back(change, request)?;
    }
    Ok(())
}

/// Cancels the card of a request when it waits to be collected.
fn send_back(change: &mut Change<'_>, request: &RequestRow) -> Work<()> {
    let waiting = cards::live_of(change.sql, request.student)?;
    let is_it =
        |card: &CardRow| card.state == CardState::Delivered && Some(card.id) == request.card;
    match waiting.filter(is_it) {
        Some(card) => cards::happen(change, &card, CardEvent::Cancel, None),
        None => Ok(()),
    }
}

/// Ends the open request of a student who needs no card any more.
pub(crate) fn lapse(change: &mut Change<'_>, student: i64) -> Work<()> {
    match open_of(change.sql, student)? {
        Some(open) => happen(change, &open, RequestEvent::Lapse, None, None),
        None => Ok(()),
    }
}

/// Brings the open request of a student in line with a card that was put on
/// record or handed out. A request that had not come so far lapses: the student
/// came by a card in another way.
pub(crate) fn answer(
    change: &mut Change<'_>,
    student: i64,
    card: i64,
    state: CardState,
) -> Work<()> {
    let event = match state {
        CardState::Active => RequestEvent::Collect,
        CardState::Delivered => RequestEvent::Deliver,
        _ => return Ok(()),
    };
    let Some(open) = open_of(change.sql, student)? else {
        return Ok(());
    };
    if open.state.after(event).is_ok() {
        return happen(change, &open, event, Some(card), None);
    }
    if (open.state, state) == (RequestState::Delivered, CardState::Delivered) {
        // It is here already, and now it is known which card it is.
        change
            .sql
            .prepare_cached("UPDATE card_requests SET card = ?2, version = ?3 WHERE id = ?1")?
            .execute((open.id, card, change.version))?;
        return Ok(());
    }
    happen(change, &open, RequestEvent::Lapse, None, None)
}

/// What kind of request fits a student, and the card that decides: the one the
/// student has, or the one whose place is free.
pub(crate) fn need(sql: &Connection, student: i64) -> Work<(Option<RequestKind>, Option<CardRow>)> {
    let cards = cards::of_student(sql, student)?;
    let has_free_place = |card: &&CardRow| {
        let kind = RequestKind::fitting(Some(card.state));
        kind == Some(RequestKind::Reissue) && card.replaced_by.is_none()
    };
    let live = cards.iter().find(|card| card.state.is_live());
    let deciding = live.or_else(|| cards.iter().rfind(has_free_place));
    let kind = RequestKind::fitting(deciding.map(|card| card.state));
    Ok((kind, deciding.cloned()))
}

/// The requests for which all conditions hold, oldest first.
pub(crate) fn list(
    sql: &Connection,
    filter: &RequestFilter,
    after: Option<CardRequestId>,
    limit: usize,
) -> Work<Vec<CardRequest>> {
    let after = after.map_or(0, |after| i64::try_from(after.0).unwrap_or(i64::MAX));
    let mut values = vec![Value::Integer(after)];
    let mut conditions = vec!["request.id > ?1".to_owned()];
    if let Some(student) = &filter.student {
        values.push(Value::Text(student.reveal().to_owned().into()));
        conditions.push(format!("student.number = ?{}", values.len()));
    }
    if let Some(state) = filter.state {
        values.push(Value::Text(state.code().to_owned().into()));
        conditions.push(format!("request.state = ?{}", values.len()));
    }
    let query = format!(
        "{SELECT} WHERE {} ORDER BY request.id LIMIT {}",
        conditions.join(" AND "),
        limit.clamp(1, 1_000),
    );
    let mut statement = sql.prepare_cached(&query)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The requests of a batch, oldest first.
pub(crate) fn of_batch(sql: &Connection, batch: i64) -> Work<Vec<CardRequest>> {
    let query = format!(
        "{SELECT} JOIN batch_requests ON batch_requests.request = request.id \
         WHERE batch_requests.batch = ?1 ORDER BY request.id"
    );
    let mut statement = sql.prepare_cached(&query)?;
    let mut rows = statement.query([batch])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn read(row: Row<'_>) -> Work<CardRequest> {
    let kind: String = row.raw("kind")?;
    let mut kinds = RequestKind::ALL.into_iter();
    let kind = kinds.find(|each| each.code() == kind);
    Ok(CardRequest {
        id: CardRequestId(row.raw("id")?),
        student: Student {
            number: row.parsed("number")?,
            name: row.parsed("name")?,
            class_name: row.parsed_or_none("class_name")?,
        },
        kind: kind.ok_or(Failure::Malformed("kind"))?,
        state: state(row)?,
        replaces: row.identity("old_number", "old_uid")?,
        card: row.identity("card_number", "card_uid")?,
        fee: row
            .exit_reason()?
            .map(|reason| read_fee(row, reason))
            .transpose()?,
        note: row.parsed_or_none("note")?,
        open_time: row.time("open_time")?,
        state_time: row.time("state_time")?,
        version: row.raw("version")?,
    })
}

fn read_fee(row: Row<'_>, reason: ExitReason) -> Work<RequestFee> {
    let word: String = row.raw("fee_state")?;
    let mut states = FeeState::ALL.into_iter();
    let state = states.find(|state| state.code() == word);
    Ok(RequestFee {
        reason,
        amount_fen: row.raw("amount")?,
        state: state.ok_or(Failure::Malformed("fee_state"))?,
    })
}
