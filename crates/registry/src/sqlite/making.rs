//! Requesting cards for many students at once, and taking the requests further.

use crate::sql::{Connection, OptionalExtension, params};
use xueka_domain::{
    CardNumber, CardState, ExitReason, Fee, Note, RequestEvent, RequestKind, RequestState,
    StudentNumber, Uid,
};

use super::{
    blocks,
    card_requests::{self, RequestRow},
    cards::{self, CardRow},
    change::{Change, Done},
    codec::{day_text, family_word},
    digest::Digest,
    failure::{Failure, Work},
    issue::{self, NewCard},
    requests::{Kept, Made, Once, place_of},
    students,
    subjects::Rows,
};
use crate::{
    Arrival, ArrivedCard, CardOrder, CardRequestId, FeeState, OrderOutcome, OrderRefusal,
    RefusedOrder, RefusedStep, RequestId, RequestRefusal, RequestStep, Stamp, StepOutcome,
    StepRefusal,
};

/// The reasons, by whose places here kept answers name them: only ever add at
/// the end.
const REFUSALS: [OrderRefusal; 6] = OrderRefusal::ALL;

/// Requests cards, or says for whom none can be.
pub(crate) fn request(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    order: &CardOrder,
) -> Work<Done<OrderOutcome>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: order_digest(order),
        action: "request cards",
    };
    once.run(
        |sql, kept| order_outcome(sql, &kept),
        |change| {
            // Tried inside a savepoint: a student who is named twice is found to
            // have a request.
            sql.execute_batch("SAVEPOINT orders")?;
            let tried = order_all(change, order)?;
            let is_spoilt = !tried.refused.is_empty() && !order.accept_good;
            if order.dry_run || is_spoilt || tried.requested.is_empty() {
                sql.execute_batch("ROLLBACK TO orders; RELEASE orders")?;
                return Ok(Made::Nothing(OrderOutcome {
                    n_good: n_of(&tried.requested),
                    requested: Vec::new(),
                    refused: answered(sql, &tried.refused)?,
                    version: blocks::version(sql)?,
                }));
            }
            sql.execute_batch("RELEASE orders")?;
            let mut rows = Rows::default();
            tried.requested.iter().for_each(|id| rows.push(*id));
            let kept = Kept::Order {
                requested: tried.requested,
                refused: tried.refused,
                version: change.version,
            };
            Ok(Made::Change {
                answer: order_outcome(sql, &kept)?,
                kept,
                subjects: rows.named("card_request"),
            })
        },
    )
}

/// The requests made, and of each refused student the place in the list, the
/// place of the reason in its table, and the card in the way.
#[derive(Default)]
struct Tried {
    requested: Vec<i64>,
    refused: Vec<(usize, u8, Option<i64>)>,
}

fn order_all(change: &Change<'_>, order: &CardOrder) -> Work<Tried> {
    let mut tried = Tried::default();
    for (index, number) in order.students.iter().enumerate() {
        match order_one(change, order, number)? {
            Ok(id) => tried.requested.push(id),
            Err((reason, card)) => {
                let reason = place_of(&REFUSALS, &reason);
                tried.refused.push((index, reason, card));
            }
        }
    }
    Ok(tried)
}

/// Why no card is requested, and the card in the way.
pub(crate) type InTheWay = (OrderRefusal, Option<i64>);

/// Requests a card for one student; gives the request.
pub(crate) fn order_one(
    change: &Change<'_>,
    order: &CardOrder,
    number: &StudentNumber,
) -> Work<Result<i64, InTheWay>> {
    let Some(student) = students::by_number(change.sql, number)? else {
        return Ok(Err((OrderRefusal::UnknownStudent, None)));
    };
    if student.has_left() {
        return Ok(Err((OrderRefusal::StudentLeft, None)));
    }
    let (kind, card) = card_requests::need(change.sql, student.id)?;
    let card_id = card.as_ref().map(|card| card.id);
    if card_requests::open_of(change.sql, student.id)?.is_some() {
        return Ok(Err((OrderRefusal::AlreadyRequested, card_id)));
    }
    match (kind, order.kind) {
        (None, _) => Ok(Err((OrderRefusal::HoldsCard, card_id))),
        (Some(RequestKind::Reissue), RequestKind::New) => {
            Ok(Err((OrderRefusal::NeedsReissue, card_id)))
        }
        (Some(RequestKind::New), RequestKind::Reissue) => {
            Ok(Err((OrderRefusal::NothingToReplace, None)))
        }
        (Some(_), _) => insert(change, order, student.id, card.as_ref()).map(Ok),
    }
}

fn insert(
    change: &Change<'_>,
    order: &CardOrder,
    student: i64,
    old: Option<&CardRow>,
) -> Work<i64> {
    let id: i64 = change
        .sql
        .prepare_cached(
            "INSERT INTO card_requests \
             (student, kind, state, old_card, open_time, state_time, version) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6) RETURNING id",
        )?
        .query_row(
            params![
                student,
                order.kind.code(),
                RequestState::Requested.code(),
                old.map(|card| card.id),
                change.now,
                change.version,
            ],
            |row| row.get(0),
        )?;
    let reason = old.and_then(|card| card.exit_reason);
    if let Some(reason) = reason.filter(|reason| reason.consequences().fee == Fee::Due) {
        change
            .sql
            .prepare_cached(
                "INSERT INTO fees (request, reason, amount, state, state_time) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((
                id,
                ExitReason::code(reason),
                order.fee_fen,
                FeeState::Due.code(),
                change.now,
            ))?;
    }
    Ok(id)
}

fn order_outcome(sql: &Connection, kept: &Kept) -> Work<OrderOutcome> {
    let Kept::Order {
        requested,
        refused,
        version,
    } = kept
    else {
        return Err(Failure::Malformed("answer"));
    };
    let requests = requested.iter().map(|id| CardRequestId(id.unsigned_abs()));
    Ok(OrderOutcome {
        n_good: n_of(requested),
        requested: requests.collect(),
        refused: answered(sql, refused)?,
        version: *version,
    })
}

fn answered(sql: &Connection, refused: &[(usize, u8, Option<i64>)]) -> Work<Vec<RefusedOrder>> {
    let refused = refused.iter().map(|(index, reason, card)| {
        let reason = REFUSALS.get(usize::from(*reason));
        Ok(RefusedOrder {
            index: *index,
            reason: *reason.ok_or(Failure::Malformed("answer"))?,
            card: card.map(|card| cards::identity(sql, card)).transpose()?,
        })
    });
    refused.collect()
}

fn n_of<T>(list: &[T]) -> u64 {
    u64::try_from(list.len()).unwrap_or(u64::MAX)
}

/// Takes requests a step further.
pub(crate) fn step(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    requests: &[CardRequestId],
    step: RequestStep,
    note: Option<&Note>,
) -> Work<Done<StepOutcome>> {
    let begun = Digest::of("step requests")
        .text(step.event().code())
        .text_or_none(note.map(Note::reveal));
    let digest = requests
        .iter()
        .fold(begun, |digest, id| digest.integer(id.0.cast_signed()));
    let once = Once {
        sql,
        stamp,
        request,
        digest: digest.finish(),
        action: action(step),
    };
    let event = step.event();
    let rows = requests.iter().map(|id| (*id, id));
    take_all(once, rows, |change, found, _| {
        if let Err(illegal) = found.state.after(event) {
            return Ok(Err(RequestRefusal::Illegal(illegal)));
        }
        card_requests::happen(change, found, event, None, note)?;
        Ok(Ok(()))
    })
}

fn action(step: RequestStep) -> &'static str {
    match step {
        RequestStep::Confirm => "confirm card requests",
        RequestStep::Reject => "reject card requests",
        RequestStep::Produce => "send cards to be made",
        RequestStep::Remake => "have cards made again",
        RequestStep::Withdraw => "withdraw card requests",
        RequestStep::Lapse => "let card requests lapse",
    }
}

/// Takes in cards that have come to the school.
pub(crate) fn deliver(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    arrivals: &[Arrival],
) -> Work<Done<StepOutcome>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: arrivals_digest(arrivals),
        action: "take in cards",
    };
    let rows = arrivals.iter().map(|arrival| (arrival.request, arrival));
    take_all(once, rows, |change, found, arrival| {
        let event = RequestEvent::Deliver;
        if let Err(illegal) = found.state.after(event) {
            return Ok(Err(RequestRefusal::Illegal(illegal)));
        }
        match &arrival.card {
            Some(card) => arrive(change, found, card),
            None => card_requests::happen(change, found, event, None, None).map(Ok),
        }
    })
}

/// Puts a card on record that waits for its student from now on; its request
/// follows.
pub(crate) fn arrive(
    change: &mut Change<'_>,
    request: &RequestRow,
    card: &ArrivedCard,
) -> Work<Result<(), RequestRefusal>> {
    let (number, uid) = (card.identity.number(), card.identity.uid());
    if let Some(number) = number
        && cards::by_number(change.sql, number)?.is_some()
    {
        return Ok(Err(RequestRefusal::NumberTaken));
    }
    if let Some(uid) = uid
        && issue::is_uid_taken(change.sql, number, uid)?
    {
        return Ok(Err(RequestRefusal::UidTaken));
    }
    if cards::live_of(change.sql, request.student)?.is_some() {
        return Ok(Err(RequestRefusal::StudentHasCard));
    }
    let card = NewCard {
        student: request.student,
        identity: card.identity,
        family: card.family,
        valid_from: card.valid_from,
        valid_until: card.valid_until,
        state: CardState::Delivered,
    };
    issue::insert(change, &card)?;
    Ok(Ok(()))
}

/// Does something to each request that is named, to all of them or none.
fn take_all<'a, T: 'a>(
    once: Once<'_>,
    rows: impl Iterator<Item = (CardRequestId, &'a T)>,
    mut take: impl FnMut(&mut Change<'_>, &RequestRow, &T) -> Work<Result<(), RequestRefusal>>,
) -> Work<Done<StepOutcome>> {
    once.run(
        |_, kept| recall_step(&kept),
        |change| {
            change.sql.execute_batch("SAVEPOINT steps")?;
            let mut touched = Rows::default();
            let mut outcome = StepOutcome {
                n_advanced: 0,
                refused: Vec::new(),
                version: change.version,
            };
            for (id, row) in rows {
                let taken = match card_requests::find(change.sql, id)? {
                    Some(found) => {
                        touched.push(found.id);
                        take(change, &found, row)?
                    }
                    None => Err(RequestRefusal::NotFound),
                };
                match taken {
                    Ok(()) => outcome.n_advanced += 1,
                    Err(reason) => outcome.refused.push(RefusedStep {
                        request: id,
                        reason,
                    }),
                }
            }
            if !outcome.refused.is_empty() || outcome.n_advanced == 0 {
                change
                    .sql
                    .execute_batch("ROLLBACK TO steps; RELEASE steps")?;
                outcome.n_advanced = 0;
                outcome.version = blocks::version(change.sql)?;
                return Ok(Made::Nothing(outcome));
            }
            change.sql.execute_batch("RELEASE steps")?;
            Ok(Made::Change {
                kept: Kept::Steps {
                    n_advanced: outcome.n_advanced,
                    version: outcome.version,
                },
                answer: outcome,
                subjects: touched.named("card_request"),
            })
        },
    )
}

fn recall_step(kept: &Kept) -> Work<StepOutcome> {
    match kept {
        // Only a step that all requests took is kept.
        Kept::Steps {
            n_advanced,
            version,
        } => Ok(StepOutcome {
            n_advanced: *n_advanced,
            refused: Vec::new(),
            version: *version,
        }),
        _ => Err(Failure::Malformed("answer")),
    }
}

/// Notes that a fee was paid.
pub(crate) fn pay(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    paid: CardRequestId,
) -> Work<Done<u64>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: Digest::of("pay fee").integer(paid.0.cast_signed()).finish(),
        action: "pay fee",
    };
    once.run(
        |_, kept| recall_step(&kept).map(|step| step.version),
        |change| {
            let found = card_requests::find(change.sql, paid)?;
            let found = found.ok_or(StepRefusal::RequestNotFound)?;
            let is_due: Option<bool> = sql
                .prepare_cached("SELECT state = 'DUE' FROM fees WHERE request = ?1")?
                .query_row([found.id], |row| row.get(0))
                .optional()?;
            if is_due != Some(true) {
                return Err(StepRefusal::NoFeeDue.into());
            }
            sql.prepare_cached(
                "UPDATE fees SET state = 'PAID', state_time = ?2 WHERE request = ?1",
            )?
            .execute((found.id, change.now))?;
            sql.prepare_cached("UPDATE card_requests SET version = ?2 WHERE id = ?1")?
                .execute((found.id, change.version))?;
            Ok(Made::Change {
                answer: change.version,
                kept: Kept::Steps {
                    n_advanced: 1,
                    version: change.version,
                },
                subjects: format!("card_request:{}", found.id),
            })
        },
    )
}

fn order_digest(order: &CardOrder) -> [u8; 32] {
    let begun = Digest::of("request cards")
        .text(order.kind.code())
        .integer(order.fee_fen.into())
        .integer(order.accept_good.into())
        .integer(order.dry_run.into());
    let students = order.students.iter();
    students
        .fold(begun, |digest, student| digest.text(student.reveal()))
        .finish()
}

fn arrivals_digest(arrivals: &[Arrival]) -> [u8; 32] {
    let begun = Digest::of("take in cards");
    let arrivals = arrivals.iter();
    arrivals
        .fold(begun, |digest, arrival| {
            let digest = digest.integer(arrival.request.0.cast_signed());
            let Some(card) = &arrival.card else {
                return digest.text_or_none(None);
            };
            let (number, uid) = (card.identity.number(), card.identity.uid());
            digest
                .text_or_none(number.map(CardNumber::reveal).as_deref())
                .bytes_or_none(uid.as_ref().map(Uid::reveal))
                .text_or_none(card.family.map(family_word))
                .text_or_none(day_text(card.valid_from).as_deref())
                .text_or_none(day_text(card.valid_until).as_deref())
        })
        .finish()
}
