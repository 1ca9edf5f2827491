//! Batches of cards to be made: making and taking in card-making files, the
//! factory, the delivery.

use crate::sql::{Connection, OptionalExtension, Row, params};
use xueka_domain::{
    CardIdentity, CardNumber, RequestEvent, RequestKind, RequestState, SchoolCode, StudentNumber,
    Uid,
};

use super::{
    blocks, card_requests, cards,
    change::{Change, Done},
    codec::{Columns, state_of},
    digest::Digest,
    failure::{Failure, Work},
    issue, making,
    requests::{Kept, Made, Once, place_of},
    students,
    subjects::Rows,
};
use crate::{
    ArrivedCard, Batch, BatchDraft, BatchFile, BatchId, BatchMarks, BatchOutcome, BatchRefusal,
    BatchRow, BatchSide, CardOrder, CardRequest, CardRequestId, OrderRefusal, ProducedCard,
    Refusal, RefusedBatchRow, RequestId, RequestRefusal, RequestStep, Stamp, TakeOptions,
    TakenBatch, TakenCards, TakenRow,
};

/// What was tried inside a savepoint.
#[derive(Default)]
struct Tried {
    batch: Option<i64>,
    requests: Vec<i64>,
    n_good: u64,
    /// The row, why, and the card in the way.
    refused: Vec<(u64, BatchRefusal, Option<i64>)>,
    already: bool,
    file: Option<i64>,
}

impl Tried {
    fn refuse(&mut self, row: u64, reason: BatchRefusal, card: Option<i64>) {
        self.refused.push((row, reason, card));
    }

    fn good(&mut self, request: i64) {
        self.requests.push(request);
        self.n_good += 1;
    }

    fn kept(&self, version: u64) -> Kept {
        let refused = self.refused.iter().map(|(row, reason, card)| {
            let reason = place_of(&BatchRefusal::ALL, reason);
            (*row, reason, *card)
        });
        Kept::Batch {
            batch: self.batch,
            n_good: self.n_good,
            refused: refused.collect(),
            already: self.already,
            file: self.file,
            version,
        }
    }

    fn subjects(&self) -> String {
        let mut rows = Rows::default();
        self.requests.iter().for_each(|id| rows.push(*id));
        let requests = rows.named("card_request");
        let batch = self.batch.map(|batch| format!("batch:{batch}"));
        let named = [batch.unwrap_or_default(), requests];
        named.join(" ").trim().to_owned()
    }
}

/// The answer of what is kept. `done` says whether it was a change.
fn outcome(sql: &Connection, kept: &Kept, done: bool) -> Work<BatchOutcome> {
    let Kept::Batch {
        batch,
        n_good,
        refused,
        already,
        file,
        version,
    } = kept
    else {
        return Err(Failure::Malformed("answer"));
    };
    let refused = refused.iter().map(|(row, reason, card)| {
        let reason = BatchRefusal::ALL.get(usize::from(*reason)).copied();
        Ok(RefusedBatchRow {
            row: *row,
            reason: reason.ok_or(Failure::Malformed("answer"))?,
            card: card.map(|card| cards::identity(sql, card)).transpose()?,
        })
    });
    Ok(BatchOutcome {
        batch: batch.map(|id| BatchId(id.unsigned_abs())),
        n_good: *n_good,
        refused: refused.collect::<Work<_>>()?,
        already: *already,
        done,
        file: file.map(|id| read_file(sql, id)).transpose()?,
        version: *version,
    })
}

/// Tries something and keeps it, or undoes it when it is only judged, when a
/// refused row stops all, or when there was nothing to do.
fn attempt<E>(
    once: Once<'_>,
    is_all_or_none: bool,
    is_dry_run: bool,
    work: impl FnOnce(&mut Change<'_>) -> Work<Result<Tried, E>>,
) -> Work<Done<Result<BatchOutcome, E>>> {
    once.run(
        |sql, kept| outcome(sql, &kept, true).map(Ok),
        |change| {
            let sql = change.sql;
            sql.execute_batch("SAVEPOINT batch")?;
            let mut tried = match work(change)? {
                Ok(tried) => tried,
                Err(error) => {
                    sql.execute_batch("ROLLBACK TO batch; RELEASE batch")?;
                    return Ok(Made::Nothing(Err(error)));
                }
            };
            let is_stopped = is_all_or_none && !tried.refused.is_empty();
            if is_dry_run || is_stopped || tried.already || tried.requests.is_empty() {
                // The file of a trial is read before it is forgotten.
                let file = tried.file.take().filter(|_| !is_stopped);
                let file = file.map(|id| read_file(sql, id)).transpose()?;
                sql.execute_batch("ROLLBACK TO batch; RELEASE batch")?;
                if !tried.already {
                    tried.batch = None;
                }
                let answer = outcome(sql, &tried.kept(blocks::version(sql)?), false)?;
                return Ok(Made::Nothing(Ok(BatchOutcome { file, ..answer })));
            }
            sql.execute_batch("RELEASE batch")?;
            let kept = tried.kept(change.version);
            Ok(Made::Change {
                answer: Ok(outcome(sql, &kept, true)?),
                kept,
                subjects: tried.subjects(),
            })
        },
    )
}

/// Something that nothing but the registry can refuse.
enum Never {}

fn certain(done: Done<Result<BatchOutcome, Never>>) -> Done<BatchOutcome> {
    let Done { answer, change } = done;
    match answer {
        Ok(answer) => Done { answer, change },
        Err(never) => match never {},
    }
}

/// Requests cards and makes the file for them.
pub(crate) fn make<E>(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    order: &CardOrder,
    marks: &BatchMarks,
    write: &mut impl FnMut(&BatchDraft) -> Result<BatchFile, E>,
) -> Work<Done<Result<BatchOutcome, E>>> {
    let begun = marks_digest(Digest::of("make batch"), marks)
        .text(order.kind.code())
        .integer(order.fee_fen.into())
        .integer(order.accept_good.into())
        .integer(order.dry_run.into());
    let students = order.students.iter();
    let digest = students.fold(begun, |digest, student| digest.text(student.reveal()));
    let once = Once {
        sql,
        stamp,
        request,
        digest: digest.finish(),
        action: "make card-making file",
    };
    attempt(once, !order.accept_good, order.dry_run, |change| {
        let mut tried = Tried::default();
        let batch = insert(change, BatchSide::Made, order.kind, marks)?;
        for (student, row) in order.students.iter().zip(1..) {
            match making::order_one(change, order, student)? {
                Ok(id) => {
                    tried.good(id);
                    join(change, batch, id)?;
                }
                Err((reason, card)) => tried.refuse(row, refusal(order.kind, reason), card),
            }
        }
        tried.batch = Some(batch);
        if tried.requests.is_empty() {
            return Ok(Ok(tried));
        }
        let draft = draft(change.sql, BatchId(batch.unsigned_abs()), None)?;
        let file = match write(&draft) {
            Ok(file) => file,
            Err(error) => return Ok(Err(error)),
        };
        tried.file = Some(keep_file(change.sql, batch, "MAKING", &file)?);
        Ok(Ok(tried))
    })
}

/// Takes a card-making file in at the district.
pub(crate) fn take(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    taken: &TakenBatch,
) -> Work<Done<BatchOutcome>> {
    let digest = take_digest(Digest::of("take batch"), &taken.options)
        .text(taken.kind.code())
        .integer(taken.fee_fen.into());
    let once = Once {
        sql,
        stamp,
        request,
        digest: digest.finish(),
        action: "take in card-making file",
    };
    let order = CardOrder {
        students: Vec::new(),
        kind: taken.kind,
        fee_fen: taken.fee_fen,
        accept_good: taken.options.accept_good_rows,
        dry_run: taken.options.dry_run,
    };
    let TakeOptions {
        accept_good_rows,
        dry_run,
        ..
    } = taken.options;
    let done = attempt(once, !accept_good_rows, dry_run, |change| {
        let mut tried = Tried::default();
        if let Some(file) = taken_before(change.sql, &taken.options)? {
            (tried.already, tried.batch) = (true, file.batch);
            return Ok(Ok(tried));
        }
        let batch = insert(change, BatchSide::Taken, taken.kind, &taken.marks)?;
        tried.batch = Some(batch);
        for row in &taken.rows {
            match take_row(change, &order, taken, row)? {
                Ok(id) => {
                    tried.good(id);
                    join(change, batch, id)?;
                }
                Err((reason, card)) => tried.refuse(row.row, reason, card),
            }
        }
        note_taken(change, &taken.options, "MAKING", Some(batch))?;
        Ok(Ok::<_, Never>(tried))
    });
    done.map(certain)
}

fn take_row(
    change: &Change<'_>,
    order: &CardOrder,
    taken: &TakenBatch,
    row: &TakenRow,
) -> Work<Result<i64, (BatchRefusal, Option<i64>)>> {
    let on_record = students::by_number(change.sql, &row.student)?;
    if let Some(entry) = on_record.map(|student| student.entry) {
        if entry.student.name != row.name {
            return Ok(Err((BatchRefusal::NameDiffers, None)));
        }
        let schools = entry.school.as_ref().zip(taken.marks.school.as_ref());
        if schools.is_some_and(|(on_record, of_file)| on_record != of_file) {
            return Ok(Err((BatchRefusal::OtherSchool, None)));
        }
    }
    let requested = making::order_one(change, order, &row.student)?;
    Ok(requested.map_err(|(reason, card)| (refusal(order.kind, reason), card)))
}

/// Why no card is requested, as files tell it: who asks for a reissue while the
/// card is in use has to register first what became of it.
fn refusal(kind: RequestKind, reason: OrderRefusal) -> BatchRefusal {
    BatchRefusal::Order(match (kind, reason) {
        (RequestKind::Reissue, OrderRefusal::HoldsCard) => OrderRefusal::NothingToReplace,
        (_, reason) => reason,
    })
}

/// Takes the requests of a batch a step further.
pub(crate) fn step(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    batch: BatchId,
    step: RequestStep,
) -> Work<Done<BatchOutcome>> {
    let event = step.event();
    let once = Once {
        sql,
        stamp,
        request,
        digest: batch_digest("step batch", batch)
            .text(event.code())
            .finish(),
        action: match step {
            RequestStep::Confirm => "confirm batch",
            RequestStep::Reject => "reject batch",
            RequestStep::Produce => "send batch to be made",
            RequestStep::Remake => "have batch made again",
            RequestStep::Withdraw => "withdraw batch",
            RequestStep::Lapse => "let batch lapse",
        },
    };
    let done = attempt(once, false, false, |change| {
        let mut tried = begin_on(change.sql, batch)?;
        advance(change, batch, event, &mut tried)?;
        Ok(Ok::<_, Never>(tried))
    });
    done.map(certain)
}

/// Lets an event happen to those requests of a batch to which it can.
fn advance(
    change: &mut Change<'_>,
    batch: BatchId,
    event: RequestEvent,
    tried: &mut Tried,
) -> Work<()> {
    for id in requests_of(change.sql, batch)? {
        let found = card_requests::find(change.sql, id)?.ok_or(Failure::Malformed("request"))?;
        if found.state.after(event).is_ok() {
            card_requests::happen(change, &found, event, None, None)?;
            tried.good(found.id);
        }
    }
    tried.already = tried.requests.is_empty();
    Ok(())
}

/// Sends what is confirmed to the factory.
pub(crate) fn factory<E>(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    batch: BatchId,
    write: &mut impl FnMut(&BatchDraft) -> Result<BatchFile, E>,
) -> Work<Done<Result<BatchOutcome, E>>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: batch_digest("factory file", batch).finish(),
        action: "make file for factory",
    };
    attempt(once, false, false, |change| {
        let mut tried = begin_on(change.sql, batch)?;
        let draft = draft(change.sql, batch, Some(RequestState::Confirmed))?;
        advance(change, batch, RequestEvent::Produce, &mut tried)?;
        if tried.already {
            tried.file = last_file(change.sql, batch, "FACTORY")?;
            return Ok(Ok(tried));
        }
        let file = match write(&draft) {
            Ok(file) => file,
            Err(error) => return Ok(Err(error)),
        };
        tried.file = Some(keep_file(change.sql, row_id(batch), "FACTORY", &file)?);
        Ok(Ok(tried))
    })
}

/// Takes in what the factory says.
pub(crate) fn result(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    batch: BatchId,
    taken: &TakenCards,
) -> Work<Done<BatchOutcome>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: take_digest(batch_digest("factory result", batch), &taken.options).finish(),
        action: "take in factory result",
    };
    let TakeOptions {
        accept_good_rows,
        dry_run,
        ..
    } = taken.options;
    let done = attempt(once, !accept_good_rows, dry_run, |change| {
        let mut tried = begin_on(change.sql, batch)?;
        if taken_before(change.sql, &taken.options)?.is_some() {
            tried.already = true;
            return Ok(Ok(tried));
        }
        for (row, card) in &taken.rows {
            match produced(change, batch, card)? {
                Ok(request) => {
                    tried.requests.extend(request);
                    tried.n_good += 1;
                }
                Err(reason) => tried.refuse(*row, reason, None),
            }
        }
        make_again(change, batch, &tried.requests)?;
        if tried.n_good > 0 && tried.requests.is_empty() {
            // Spoilt cards that were nobody's are a change, too.
            tried.requests = requests_of(change.sql, batch)?
                .iter()
                .map(|id| row_of(*id))
                .collect();
        }
        note_taken(change, &taken.options, "FACTORY", tried.batch)?;
        Ok(Ok::<_, Never>(tried))
    });
    done.map(certain)
}

/// Notes a card that the factory made or ruined; gives the request that it was
/// for.
fn produced(
    change: &Change<'_>,
    batch: BatchId,
    card: &ProducedCard,
) -> Work<Result<Option<i64>, BatchRefusal>> {
    let request = match &card.student {
        Some(student) => request_in(change.sql, batch, student)?,
        None => None,
    };
    if card.student.is_some() && request.is_none() {
        return Ok(Err(BatchRefusal::NoRequest));
    }
    if let Some((_, state)) = request
        && (state != RequestState::InProduction)
    {
        return Ok(Err(BatchRefusal::NotNow));
    }
    if let Err(reason) = refuse_known(change.sql, card)? {
        return Ok(Err(reason));
    }
    let request = request.map(|(id, _)| id);
    if !card.is_spoilt && has_made(change.sql, request)? {
        return Ok(Err(BatchRefusal::NotNow));
    }
    change
        .sql
        .prepare_cached(
            "INSERT INTO produced_cards (batch, request, number, uid, outcome) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            row_id(batch),
            request,
            card.number.map(CardNumber::reveal),
            card.uid.as_ref().map(Uid::reveal),
            if card.is_spoilt { "SPOILT" } else { "MADE" },
        ])?;
    Ok(Ok(request))
}

/// Why a card cannot be one of ours: its number or UID is known already.
fn refuse_known(sql: &Connection, card: &ProducedCard) -> Work<Result<(), BatchRefusal>> {
    if let Some(number) = card.number {
        let is_said: bool = sql
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM produced_cards WHERE number = ?1)")?
            .query_row([number.reveal()], |row| row.get(0))?;
        if is_said || cards::by_number(sql, number)?.is_some() {
            return Ok(Err(BatchRefusal::NumberTaken));
        }
    }
    if let Some(uid) = card.uid
        && !card.is_spoilt
        && issue::is_uid_taken(sql, card.number, uid)?
    {
        return Ok(Err(BatchRefusal::UidTaken));
    }
    Ok(Ok(()))
}

fn has_made(sql: &Connection, request: Option<i64>) -> Work<bool> {
    Ok(sql
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM produced_cards \
             WHERE request = ?1 AND outcome = 'MADE')",
        )?
        .query_row([request], |row| row.get(0))?)
}

/// Confirms again those requests whose cards were all spoilt.
fn make_again(change: &mut Change<'_>, batch: BatchId, named: &[i64]) -> Work<()> {
    for id in requests_of(change.sql, batch)? {
        if !named.contains(&row_of(id)) || has_made(change.sql, Some(row_of(id)))? {
            continue;
        }
        let found = card_requests::find(change.sql, id)?.ok_or(Failure::Malformed("request"))?;
        card_requests::happen(change, &found, RequestEvent::Remake, None, None)?;
    }
    Ok(())
}

/// Delivers what the factory made.
pub(crate) fn deliver<E>(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    batch: BatchId,
    write: &mut impl FnMut(&BatchDraft, &[ProducedCard]) -> Result<BatchFile, E>,
) -> Work<Done<Result<BatchOutcome, E>>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: batch_digest("deliver batch", batch).finish(),
        action: "deliver batch",
    };
    attempt(once, true, false, |change| {
        let mut tried = begin_on(change.sql, batch)?;
        let mut delivered = Vec::new();
        for (id, card) in made_cards(change.sql, batch)? {
            let row = tried.n_good + 1;
            match arrive(change, id, &card)? {
                Ok(request) => {
                    tried.good(request);
                    delivered.push(card);
                }
                Err(reason) => tried.refuse(row, reason, None),
            }
        }
        if tried.requests.is_empty() {
            tried.already = tried.refused.is_empty();
            tried.file = last_file(change.sql, batch, "DELIVERY")?;
            return Ok(Ok(tried));
        }
        let draft = draft(change.sql, batch, None)?;
        let file = match write(&draft, &delivered) {
            Ok(file) => file,
            Err(error) => return Ok(Err(error)),
        };
        tried.file = Some(keep_file(change.sql, row_id(batch), "DELIVERY", &file)?);
        Ok(Ok(tried))
    })
}

/// Puts a card on record for its request, which is brought as far as it takes.
fn arrive(
    change: &mut Change<'_>,
    id: CardRequestId,
    card: &ProducedCard,
) -> Work<Result<i64, BatchRefusal>> {
    let Ok(identity) = CardIdentity::new(card.number, card.uid) else {
        return Ok(Err(BatchRefusal::UidTaken));
    };
    let mut found = card_requests::find(change.sql, id)?.ok_or(Failure::Malformed("request"))?;
    for event in [RequestEvent::Confirm, RequestEvent::Produce] {
        if found.state.after(event).is_ok() {
            card_requests::happen(change, &found, event, None, None)?;
            found = card_requests::find(change.sql, id)?.ok_or(Failure::Malformed("request"))?;
        }
    }
    if found.state.after(RequestEvent::Deliver).is_err() {
        return Ok(Err(BatchRefusal::NotNow));
    }
    let card = ArrivedCard {
        identity,
        family: None,
        valid_from: None,
        valid_until: None,
    };
    let arrived = making::arrive(change, &found, &card)?;
    Ok(arrived.map(|()| found.id).map_err(|reason| match reason {
        RequestRefusal::NotFound => BatchRefusal::NoRequest,
        RequestRefusal::Illegal(_) => BatchRefusal::NotNow,
        RequestRefusal::NumberTaken => BatchRefusal::NumberTaken,
        RequestRefusal::UidTaken => BatchRefusal::UidTaken,
        RequestRefusal::StudentHasCard => BatchRefusal::StudentHasCard,
    }))
}

/// Takes in the cards that have come to the school.
pub(crate) fn receive(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    taken: &TakenCards,
) -> Work<Done<BatchOutcome>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: take_digest(Digest::of("receive cards"), &taken.options).finish(),
        action: "take in delivery",
    };
    let TakeOptions {
        accept_good_rows,
        dry_run,
        ..
    } = taken.options;
    let done = attempt(once, !accept_good_rows, dry_run, |change| {
        let mut tried = Tried::default();
        if let Some(file) = taken_before(change.sql, &taken.options)? {
            (tried.already, tried.batch) = (true, file.batch);
            return Ok(Ok(tried));
        }
        for (row, card) in &taken.rows {
            let open = match &card.student {
                Some(student) => open_request(change.sql, student)?,
                None => None,
            };
            let Some(open) = open else {
                tried.refuse(*row, BatchRefusal::NoRequest, None);
                continue;
            };
            match arrive(change, open, card)? {
                Ok(request) => tried.good(request),
                Err(reason) => tried.refuse(*row, reason, None),
            }
        }
        note_taken(change, &taken.options, "DELIVERY", None)?;
        Ok(Ok::<_, Never>(tried))
    });
    done.map(certain)
}

fn open_request(sql: &Connection, student: &StudentNumber) -> Work<Option<CardRequestId>> {
    let Some(student) = cards::student_id(sql, student)? else {
        return Ok(None);
    };
    let open = card_requests::open_of(sql, student)?;
    Ok(open.map(|open| CardRequestId(open.id.unsigned_abs())))
}

/// A batch with its requests.
pub(crate) fn find(sql: &Connection, id: BatchId) -> Work<Option<(Batch, Vec<CardRequest>)>> {
    let snapshot = sql.snapshot()?;
    let Some(batch) = read_all(&snapshot, "WHERE id = ?1", row_id(id), 1)?.pop() else {
        return Ok(None);
    };
    let requests = card_requests::of_batch(&snapshot, row_id(id))?;
    Ok(Some((batch, requests)))
}

/// The batches after one, or from the first.
pub(crate) fn list(sql: &Connection, after: Option<BatchId>, limit: usize) -> Work<Vec<Batch>> {
    let snapshot = sql.snapshot()?;
    let after = after.map_or(0, row_id);
    read_all(&snapshot, "WHERE id > ?1", after, limit.clamp(1, 1_000))
}

fn read_all(sql: &Connection, condition: &str, value: i64, limit: usize) -> Work<Vec<Batch>> {
    let query = format!("SELECT * FROM batches {condition} ORDER BY id LIMIT {limit}");
    let mut statement = sql.prepare_cached(&query)?;
    let mut rows = statement.query([value])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(sql, row)?);
    }
    Ok(found)
}

fn read(sql: &Connection, row: Row<'_>) -> Work<Batch> {
    let id: i64 = row.raw("id")?;
    let side: String = row.raw("side")?;
    let side = BatchSide::ALL.into_iter().find(|each| each.code() == side);
    let kind: String = row.raw("kind")?;
    let kind = RequestKind::ALL
        .into_iter()
        .find(|each| each.code() == kind);
    let n_spoilt = sql
        .prepare_cached(
            "SELECT COUNT(*) FROM produced_cards WHERE batch = ?1 AND outcome = 'SPOILT'",
        )?
        .query_row([id], |row| row.get(0))?;
    let fee_due_fen = sql
        .prepare_cached(
            "SELECT COALESCE(SUM(fees.amount), 0) FROM fees \
             JOIN batch_requests ON batch_requests.request = fees.request \
             WHERE batch_requests.batch = ?1 AND fees.state = 'DUE'",
        )?
        .query_row([id], |row| row.get(0))?;
    Ok(Batch {
        id: BatchId(id.unsigned_abs()),
        side: side.ok_or(Failure::Malformed("side"))?,
        kind: kind.ok_or(Failure::Malformed("kind"))?,
        marks: BatchMarks {
            district: row.parsed_or_none("district")?,
            school: row.parsed_or_none("school")?,
            year: row.raw("year")?,
            file_number: row.raw("file_number")?,
        },
        states: states(sql, id)?,
        n_spoilt,
        fee_due_fen,
        open_time: row.time("open_time")?,
    })
}

fn states(sql: &Connection, batch: i64) -> Work<Vec<(RequestState, u64)>> {
    let mut statement = sql.prepare_cached(
        "SELECT request.state, COUNT(*) AS n FROM card_requests AS request \
         JOIN batch_requests ON batch_requests.request = request.id \
         WHERE batch_requests.batch = ?1 GROUP BY request.state",
    )?;
    let mut rows = statement.query([batch])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let word: String = row.raw("state")?;
        let state = RequestState::ALL
            .into_iter()
            .find(|each| each.code() == word);
        found.push((state.ok_or(Failure::Malformed("state"))?, row.raw("n")?));
    }
    found.sort_by_key(|(state, _)| *state);
    Ok(found)
}

/// What the files of a batch are written from: all its students, or those whose
/// request is in a state.
fn draft(sql: &Connection, id: BatchId, state: Option<RequestState>) -> Work<BatchDraft> {
    let batch = read_all(sql, "WHERE id = ?1", row_id(id), 1)?.pop();
    let batch = batch.ok_or(Refusal::BatchNotFound)?;
    let mut statement = sql.prepare_cached(
        "SELECT student.number, old.number AS old_number, old.state AS old_state \
         FROM card_requests AS request \
         JOIN batch_requests ON batch_requests.request = request.id \
         JOIN students AS student ON student.id = request.student \
         LEFT JOIN cards AS old ON old.id = request.old_card \
         WHERE batch_requests.batch = ?1 AND coalesce(request.state = ?2, true) \
         ORDER BY request.id",
    )?;
    let mut rows = statement.query((row_id(id), state.map(RequestState::code)))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let number: StudentNumber = row.parsed("number")?;
        let student = students::by_number(sql, &number)?;
        let old_state: Option<String> = row.raw("old_state")?;
        found.push(BatchRow {
            entry: student.ok_or(Failure::Malformed("number"))?.entry,
            old_state: old_state.map(|word| state_of(&word)).transpose()?,
            old_number: row.card_number("old_number")?,
        });
    }
    Ok(BatchDraft {
        id,
        kind: batch.kind,
        marks: batch.marks,
        rows: found,
    })
}

/// The cards that were made for requests of a batch that wait for them.
fn made_cards(sql: &Connection, batch: BatchId) -> Work<Vec<(CardRequestId, ProducedCard)>> {
    let mut statement = sql.prepare_cached(
        "SELECT produced.request, produced.number, produced.uid, student.number AS student \
         FROM produced_cards AS produced \
         JOIN card_requests AS request ON request.id = produced.request \
         JOIN students AS student ON student.id = request.student \
         WHERE produced.batch = ?1 AND produced.outcome = 'MADE' \
         AND request.state = 'IN_PRODUCTION' ORDER BY student.number",
    )?;
    let mut rows = statement.query([row_id(batch)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let card = ProducedCard {
            student: Some(row.parsed("student")?),
            number: row.card_number("number")?,
            uid: row.uid("uid")?,
            is_spoilt: false,
        };
        found.push((CardRequestId(row.raw("request")?), card));
    }
    Ok(found)
}

fn requests_of(sql: &Connection, batch: BatchId) -> Work<Vec<CardRequestId>> {
    let mut statement =
        sql.prepare_cached("SELECT request FROM batch_requests WHERE batch = ?1 ORDER BY request")?;
    let mut rows = statement.query([row_id(batch)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(CardRequestId(row.raw("request")?));
    }
    Ok(found)
}

/// The request of a student in a batch, and where it stands.
fn request_in(
    sql: &Connection,
    batch: BatchId,
    student: &StudentNumber,
) -> Work<Option<(i64, RequestState)>> {
    let Some(student) = cards::student_id(sql, student)? else {
        return Ok(None);
    };
    let id: Option<u64> = sql
        .prepare_cached(
            "SELECT request.id FROM card_requests AS request \
             JOIN batch_requests ON batch_requests.request = request.id \
             WHERE batch_requests.batch = ?1 AND request.student = ?2 \
             ORDER BY request.id DESC LIMIT 1",
        )?
        .query_row((row_id(batch), student), |row| row.get(0))
        .optional()?;
    let found = id.map(|id| card_requests::find(sql, CardRequestId(id)));
    let found = found.transpose()?.flatten();
    Ok(found.map(|found| (found.id, found.state)))
}

fn insert(
    change: &Change<'_>,
    side: BatchSide,
    kind: RequestKind,
    marks: &BatchMarks,
) -> Work<i64> {
    let id: i64 = change
        .sql
        .prepare_cached(
            "INSERT INTO batches \
             (side, kind, district, school, year, file_number, open_time, version) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
        )?
        .query_row(
            params![
                side.code(),
                kind.code(),
                marks.district.map(|district| district.to_string()),
                marks.school.as_ref().map(SchoolCode::as_str),
                marks.year,
                marks.file_number,
                change.now,
                change.version,
            ],
            |row| row.get(0),
        )?;
    Ok(id)
}

fn join(change: &Change<'_>, batch: i64, request: i64) -> Work<()> {
    change
        .sql
        .prepare_cached("INSERT INTO batch_requests (request, batch) VALUES (?1, ?2)")?
        .execute((request, batch))?;
    Ok(())
}

/// Begins something on a batch that has to be there.
fn begin_on(sql: &Connection, batch: BatchId) -> Work<Tried> {
    let is_there: bool = sql
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM batches WHERE id = ?1)")?
        .query_row([row_id(batch)], |row| row.get(0))?;
    if !is_there {
        return Err(Refusal::BatchNotFound.into());
    }
    Ok(Tried {
        batch: Some(row_id(batch)),
        ..Tried::default()
    })
}

fn keep_file(sql: &Connection, batch: i64, purpose: &str, file: &BatchFile) -> Work<i64> {
    let id: i64 = sql.prepare_cached(
        "INSERT INTO batch_files (batch, purpose, name, content) VALUES (?1, ?2, ?3, ?4) RETURNING id",
    )?
    .query_row((batch, purpose, &file.name, &file.content), |row| row.get(0))?;
    Ok(id)
}

fn read_file(sql: &Connection, id: i64) -> Work<BatchFile> {
    Ok(sql
        .prepare_cached("SELECT name, content FROM batch_files WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(BatchFile {
                name: row.get("name")?,
                content: row.get("content")?,
            })
        })?)
}

fn last_file(sql: &Connection, batch: BatchId, purpose: &str) -> Work<Option<i64>> {
    Ok(sql
        .prepare_cached(
            "SELECT id FROM batch_files WHERE batch = ?1 AND purpose = ?2 \
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row((row_id(batch), purpose), |row| row.get(0))
        .optional()?)
}

/// A file that was taken in, and the batch that it is of.
struct TakenFile {
    batch: Option<i64>,
}

/// The file, if it was taken in before.
fn taken_before(sql: &Connection, options: &TakeOptions) -> Work<Option<TakenFile>> {
    Ok(sql
        .prepare_cached("SELECT batch FROM taken_files WHERE digest = ?1")?
        .query_row([options.digest], |row| {
            let batch = row.get("batch")?;
            Ok(TakenFile { batch })
        })
        .optional()?)
}

fn note_taken(
    change: &Change<'_>,
    options: &TakeOptions,
    purpose: &str,
    batch: Option<i64>,
) -> Work<()> {
    change
        .sql
        .prepare_cached(
            "INSERT INTO taken_files (digest, purpose, batch, time) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((options.digest, purpose, batch, change.now))?;
    Ok(())
}

fn row_id(batch: BatchId) -> i64 {
    i64::try_from(batch.0).unwrap_or(i64::MAX)
}

fn row_of(request: CardRequestId) -> i64 {
    i64::try_from(request.0).unwrap_or(i64::MAX)
}

/// The year is left out: the same request after New Year is the same.
fn marks_digest(digest: Digest, marks: &BatchMarks) -> Digest {
    let district = marks.district.map(|district| district.to_string());
    digest
        .text_or_none(district.as_deref())
        .text_or_none(marks.school.as_ref().map(SchoolCode::as_str))
}

fn take_digest(digest: Digest, options: &TakeOptions) -> Digest {
    digest
        .bytes(&options.digest)
        .integer(options.accept_good_rows.into())
        .integer(options.dry_run.into())
}

fn batch_digest(purpose: &str, batch: BatchId) -> Digest {
    Digest::of(purpose).integer(row_id(batch))
}
