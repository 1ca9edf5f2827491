//! Taking in a list of cards that were issued before.

use crate::sql::Connection;
use xueka_domain::{
    CardIdentity, CardNumber, CardState, ClassName, Column, Enrolment, IssuedCard, IssuedState,
    NoIdentity, RollEntry, Student, Uid,
};

use super::{
    blocks,
    cards::{self, CardRow},
    change::{Change, Done},
    codec::{day_text, family_word},
    digest::Digest,
    failure::{Failure, Work},
    issue::{self, NewCard},
    requests::{Kept, Made, Once, place_of},
    students::{self, StudentRow},
};
use crate::{RefusedRow, Registration, RegistrationOutcome, RequestId, RowRefusal, Stamp};

/// The columns, and first none of them, by whose places here kept answers name
/// them: only ever add at the end.
const COLUMNS: [Option<Column>; 9] = [
    None,
    Some(Column::StudentNumber),
    Some(Column::Name),
    Some(Column::ClassName),
    Some(Column::CardNumber),
    Some(Column::Uid),
    Some(Column::ValidFrom),
    Some(Column::ValidUntil),
    Some(Column::State),
];

/// The reasons, likewise.
const REFUSALS: [RowRefusal; 9] = [
    RowRefusal::NothingNamesTheCard,
    RowRefusal::RandomUid,
    RowRefusal::NumberTaken,
    RowRefusal::UidTaken,
    RowRefusal::StudentHasCard,
    RowRefusal::NameDiffers,
    RowRefusal::DiffersFromRecord,
    RowRefusal::DatesReversed,
    RowRefusal::StudentLeft,
];

/// What is wrong with a row, and in which column; in none when as a whole.
type Fault = (Option<Column>, RowRefusal);

/// What becomes of one row.
enum Judged {
    Taken { card: i64 },
    Unchanged,
    Refused(Fault),
}

/// Takes in a list, or says what is wrong with it.
pub(crate) fn register(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    list: &Registration,
) -> Work<Done<RegistrationOutcome>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: digest(list),
        action: "register issued",
    };
    once.run(
        |_, kept| recall(kept),
        |change| {
            // All rows are tried inside this savepoint: each is judged against
            // the registry as the rows before it leave it.
            sql.execute_batch("SAVEPOINT list")?;
            let tried = take_rows(change, &list.rows)?;
            let spoilt = !tried.outcome.refused.is_empty() && !list.accept_good_rows;
            let mut outcome = tried.outcome;
            if list.dry_run || spoilt || outcome.registered == 0 {
                sql.execute_batch("ROLLBACK TO list; RELEASE list")?;
                outcome.registered = 0;
                outcome.version = blocks::version(sql)?;
                return Ok(Made::Nothing(outcome));
            }
            sql.execute_batch("RELEASE list")?;
            Ok(Made::Change {
                kept: keep(&outcome),
                answer: outcome,
                subjects: format!("cards:{}-{}", tried.first_card, tried.last_card),
            })
        },
    )
}

struct Tried {
    outcome: RegistrationOutcome,
    first_card: i64,
    last_card: i64,
}

fn take_rows(change: &mut Change<'_>, rows: &[IssuedCard]) -> Work<Tried> {
    let mut tried = Tried {
        outcome: RegistrationOutcome {
            received: u64::try_from(rows.len()).unwrap_or(u64::MAX),
            registered: 0,
            unchanged: 0,
            refused: Vec::new(),
            version: change.version,
        },
        first_card: 0,
        last_card: 0,
    };
    for row in rows {
        match take_row(change, row)? {
            Judged::Taken { card } => {
                if tried.outcome.registered == 0 {
                    tried.first_card = card;
                }
                tried.last_card = card;
                tried.outcome.registered += 1;
            }
            Judged::Unchanged => tried.outcome.unchanged += 1,
            Judged::Refused((column, reason)) => tried.outcome.refused.push(RefusedRow {
                row: row.row,
                column,
                reason,
            }),
        }
    }
    Ok(tried)
}

fn take_row(change: &mut Change<'_>, row: &IssuedCard) -> Work<Judged> {
    let identity = match judge_alone(row) {
        Ok(identity) => identity,
        Err(fault) => return Ok(Judged::Refused(fault)),
    };
    let holder = students::by_number(change.sql, &row.student.number)?;
    if let Some(holder) = &holder
        && holder.entry.student.name != row.student.name
    {
        let fault = (Some(Column::Name), RowRefusal::NameDiffers);
        return Ok(Judged::Refused(fault));
    }
    if let Some(card) = find_listed(change.sql, identity, holder.as_ref())? {
        return Ok(compare(row, holder.as_ref(), &card));
    }
    if let Some(fault) = judge_new(change.sql, identity, holder.as_ref())? {
        return Ok(Judged::Refused(fault));
    }
    let student = keep_holder(change, &row.student, holder)?;
    let card = NewCard {
        student,
        identity,
        family: row.family,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
        state: row.state.into(),
    };
    Ok(Judged::Taken {
        card: issue::insert(change, &card)?,
    })
}

/// What can be said of a row without the registry.
fn judge_alone(row: &IssuedCard) -> Result<CardIdentity, Fault> {
    if row.uid.is_some_and(|uid| uid.is_random()) {
        return Err((Some(Column::Uid), RowRefusal::RandomUid));
    }
    if let (Some(from), Some(until)) = (row.valid_from, row.valid_until)
        && until < from
    {
        return Err((Some(Column::ValidUntil), RowRefusal::DatesReversed));
    }
    CardIdentity::new(row.number, row.uid).map_err(|fault| match fault {
        NoIdentity::NothingRead => (None, RowRefusal::NothingNamesTheCard),
        NoIdentity::RandomUid => (Some(Column::Uid), RowRefusal::RandomUid),
    })
}

/// The card of a row, when it is on record: by its number, or among the cards
/// of the same holder by its UID.
fn find_listed(
    sql: &Connection,
    identity: CardIdentity,
    holder: Option<&StudentRow>,
) -> Work<Option<CardRow>> {
    if let Some(number) = identity.number() {
        return cards::by_number(sql, number);
    }
    let (Some(uid), Some(holder)) = (identity.uid(), holder) else {
        return Ok(None);
    };
    let mut bearers = cards::by_uid(sql, uid)?.into_iter();
    Ok(bearers.find(|card| card.number.is_none() && card.student == holder.id))
}

/// Compares a row with the card on record. What the row leaves empty is not
/// compared, and neither is what happened to the card since.
fn compare(row: &IssuedCard, holder: Option<&StudentRow>, card: &CardRow) -> Judged {
    let Some(holder) = holder.filter(|holder| holder.id == card.student) else {
        return Judged::Refused((Some(Column::CardNumber), RowRefusal::NumberTaken));
    };
    let class_name = row.student.class_name.as_ref();
    let columns = [
        (
            Column::ClassName,
            class_name.is_some() && class_name != holder.entry.student.class_name.as_ref(),
        ),
        (Column::Uid, row.uid.is_some() && row.uid != card.uid),
        (
            Column::ValidFrom,
            row.valid_from.is_some() && row.valid_from != card.valid_from,
        ),
        (
            Column::ValidUntil,
            row.valid_until.is_some() && row.valid_until != card.valid_until,
        ),
        (
            Column::State,
            row.state == IssuedState::Active && card.state == CardState::Delivered,
        ),
    ];
    let differing = columns.into_iter().find(|(_, differs)| *differs);
    differing.map_or(Judged::Unchanged, |(column, _)| {
        Judged::Refused((Some(column), RowRefusal::DiffersFromRecord))
    })
}

/// What stands in the way of a card that is not on record.
fn judge_new(
    sql: &Connection,
    identity: CardIdentity,
    holder: Option<&StudentRow>,
) -> Work<Option<Fault>> {
    if let Some(uid) = identity.uid()
        && issue::is_uid_taken(sql, identity.number(), uid)?
    {
        return Ok(Some((Some(Column::Uid), RowRefusal::UidTaken)));
    }
    if holder.is_some_and(StudentRow::has_left) {
        let fault = (Some(Column::StudentNumber), RowRefusal::StudentLeft);
        return Ok(Some(fault));
    }
    if let Some(holder) = holder
        && cards::live_of(sql, holder.id)?.is_some()
    {
        let fault = (Some(Column::StudentNumber), RowRefusal::StudentHasCard);
        return Ok(Some(fault));
    }
    Ok(None)
}

/// Puts a student on record, or brings the class of one up to date.
fn keep_holder(change: &Change<'_>, student: &Student, holder: Option<StudentRow>) -> Work<i64> {
    let Some(mut holder) = holder else {
        let entry = RollEntry {
            student: student.clone(),
            sex: None,
            school: None,
            cohort: None,
            enrolment: Enrolment::default(),
            enrolment_since: None,
        };
        return students::insert(change, &entry);
    };
    let known = &mut holder.entry.student.class_name;
    if student.class_name.is_some() && student.class_name != *known {
        known.clone_from(&student.class_name);
        students::write(change, holder.id, &holder.entry)?;
    }
    Ok(holder.id)
}

fn digest(list: &Registration) -> [u8; 32] {
    let begun = Digest::of("register issued")
        .integer(list.accept_good_rows.into())
        .integer(list.dry_run.into());
    let rows = list.rows.iter();
    rows.fold(begun, |digest, row| {
        let class_name = row.student.class_name.as_ref().map(ClassName::reveal);
        digest
            .integer(row.row.cast_signed())
            .text(row.student.number.reveal())
            .text(row.student.name.reveal())
            .text_or_none(class_name)
            .text_or_none(row.number.map(CardNumber::reveal).as_deref())
            .bytes_or_none(row.uid.as_ref().map(Uid::reveal))
            .text_or_none(row.family.map(family_word))
            .text_or_none(day_text(row.valid_from).as_deref())
            .text_or_none(day_text(row.valid_until).as_deref())
            .text(CardState::from(row.state).code())
    })
    .finish()
}

fn keep(outcome: &RegistrationOutcome) -> Kept {
    let refused = outcome.refused.iter().map(|refused| {
        (
            refused.row,
            place_of(&COLUMNS, &refused.column),
            place_of(&REFUSALS, &refused.reason),
        )
    });
    Kept::Registration {
        received: outcome.received,
        registered: outcome.registered,
        unchanged: outcome.unchanged,
        refused: refused.collect(),
        version: outcome.version,
    }
}

fn recall(kept: Kept) -> Work<RegistrationOutcome> {
    let Kept::Registration {
        received,
        registered,
        unchanged,
        refused,
        version,
    } = kept
    else {
        return Err(Failure::Malformed("answer"));
    };
    let refused = refused.into_iter().map(|(row, column, reason)| {
        Some(RefusedRow {
            row,
            column: *COLUMNS.get(usize::from(column))?,
            reason: *REFUSALS.get(usize::from(reason))?,
        })
    });
    Ok(RegistrationOutcome {
        received,
        registered,
        unchanged,
        refused: refused
            .collect::<Option<_>>()
            .ok_or(Failure::Malformed("answer"))?,
        version,
    })
}
