//! Taking in a roll of students.

use std::collections::HashMap;

use crate::sql::Connection;
use xueka_domain::{ClassName, Enrolment, RollEntry, SchoolCode, Student, StudentNumber};

use super::{
    blocks,
    bulk::Indexes,
    change::{Change, Done},
    codec::day_text,
    digest::Digest,
    failure::{Failure, Work},
    leaving,
    requests::{Kept, Made, Once, place_of},
    students::{self, StudentRow},
    subjects::Rows,
};
use crate::{RefusedRollRow, RequestId, RollOutcome, RollRefusal, RollRow, RollUpdate, Stamp};

/// The reasons, by whose places here kept answers name them: only ever add at
/// the end.
const REFUSALS: [RollRefusal; 3] = [
    RollRefusal::Contradicts,
    RollRefusal::NameDiffers,
    RollRefusal::StudentLeft,
];

/// What becomes of one row.
#[derive(Clone, Copy)]
enum Judged {
    Added { student: i64 },
    Changed { student: i64 },
    Unchanged,
    Refused(RollRefusal),
}

/// Takes in a roll, or says what is wrong with it.
pub(crate) fn upsert(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    update: &RollUpdate,
) -> Work<Done<RollOutcome>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: digest(update),
        action: "take in roll",
    };
    once.run(
        |_, kept| recall(kept),
        |change| {
            // All rows are tried inside this savepoint: each is judged against
            // the registry as the rows before it leave it.
            sql.execute_batch("SAVEPOINT roll")?;
            let n_rows = u64::try_from(update.rows.len()).unwrap_or(u64::MAX);
            let indexes = Indexes::take_off(sql, "students", n_rows)?;
            let (mut outcome, touched) = take_rows(change, update, indexes.was_empty)?;
            let is_spoilt = !outcome.refused.is_empty() && !update.accept_good_rows;
            if update.dry_run || is_spoilt || touched.is_empty() {
                sql.execute_batch("ROLLBACK TO roll; RELEASE roll")?;
                outcome.taken = false;
                outcome.version = blocks::version(sql)?;
                return Ok(Made::Nothing(outcome));
            }
            indexes.put_back(sql)?;
            sql.execute_batch("RELEASE roll")?;
            Ok(Made::Change {
                kept: keep(&outcome),
                answer: outcome,
                subjects: touched.named("student"),
            })
        },
    )
}

/// `is_first` says that nobody was on record before.
fn take_rows(
    change: &mut Change<'_>,
    update: &RollUpdate,
    is_first: bool,
) -> Work<(RollOutcome, Rows)> {
    let mut outcome = RollOutcome {
        received: u64::try_from(update.rows.len()).unwrap_or(u64::MAX),
        added: 0,
        changed: 0,
        unchanged: 0,
        refused: Vec::new(),
        taken: true,
        version: change.version,
    };
    let mut touched = Rows::default();
    let mut seen = HashMap::with_capacity(update.rows.len());
    for row in &update.rows {
        match take_row(change, &mut seen, row, update.correct_names, is_first)? {
            Judged::Added { student } => {
                outcome.added += 1;
                touched.push(student);
            }
            Judged::Changed { student } => {
                outcome.changed += 1;
                touched.push(student);
            }
            Judged::Unchanged => outcome.unchanged += 1,
            Judged::Refused(reason) => outcome.refused.push(RefusedRollRow {
                row: row.row,
                reason,
            }),
        }
    }
    Ok((outcome, touched))
}

/// The rows of a list so far, by student: what each said, and its fault.
type Seen<'a> = HashMap<&'a StudentNumber, (&'a RollEntry, Option<RollRefusal>)>;

fn take_row<'a>(
    change: &mut Change<'_>,
    seen: &mut Seen<'a>,
    row: &'a RollRow,
    correct_names: bool,
    is_first: bool,
) -> Work<Judged> {
    let entry = &row.entry;
    let number = &entry.student.number;
    if let Some((before, fault)) = seen.get(number) {
        return Ok(match fault {
            _ if *before != entry => Judged::Refused(RollRefusal::Contradicts),
            Some(fault) => Judged::Refused(*fault),
            None => Judged::Unchanged,
        });
    }
    // Whoever is on record by now, if nobody was before, was seen in this roll.
    let known = if is_first {
        None
    } else {
        students::by_number(change.sql, number)?
    };
    let judged = match known {
        None => Judged::Added {
            student: students::insert(change, entry)?,
        },
        Some(known) => update(change, &known, entry, correct_names)?,
    };
    let fault = match judged {
        Judged::Refused(fault) => Some(fault),
        _ => None,
    };
    seen.insert(number, (entry, fault));
    Ok(judged)
}

/// Brings a student up to date.
fn update(
    change: &mut Change<'_>,
    known: &StudentRow,
    told: &RollEntry,
    correct_names: bool,
) -> Work<Judged> {
    if known.has_left() && told.enrolment != Enrolment::Left {
        return Ok(Judged::Refused(RollRefusal::StudentLeft));
    }
    if known.entry.student.name != told.student.name && !correct_names {
        return Ok(Judged::Refused(RollRefusal::NameDiffers));
    }
    let wanted = merged(&known.entry, told);
    if wanted == known.entry {
        return Ok(Judged::Unchanged);
    }
    if wanted.enrolment == Enrolment::Left && !known.has_left() {
        leaving::give_up(change, known.id)?;
    }
    students::write(change, known.id, &wanted)?;
    Ok(Judged::Changed { student: known.id })
}

/// What is known once a row was told. Since when somebody attends or left goes
/// with whether.
fn merged(known: &RollEntry, told: &RollEntry) -> RollEntry {
    let is_so_still = known.enrolment == told.enrolment;
    let (class_name, school) = (known.student.class_name.clone(), known.school.clone());
    let known_since = known.enrolment_since.filter(|_| is_so_still);
    RollEntry {
        student: Student {
            class_name: told.student.class_name.clone().or(class_name),
            ..told.student.clone()
        },
        sex: told.sex.or(known.sex),
        school: told.school.clone().or(school),
        cohort: told.cohort.or(known.cohort),
        enrolment: told.enrolment,
        enrolment_since: told.enrolment_since.or(known_since),
    }
}

fn digest(update: &RollUpdate) -> [u8; 32] {
    let begun = Digest::of("take in roll")
        .integer(update.accept_good_rows.into())
        .integer(update.correct_names.into())
        .integer(update.dry_run.into());
    let rows = update.rows.iter();
    rows.fold(begun, |digest, row| {
        let RollEntry {
            student,
            sex,
            school,
            cohort,
            enrolment,
            enrolment_since,
        } = &row.entry;
        digest
            .integer(row.row.cast_signed())
            .text(student.number.reveal())
            .text(student.name.reveal())
            .text_or_none(student.class_name.as_ref().map(ClassName::reveal))
            .text_or_none(sex.map(students::sex_word))
            .text_or_none(school.as_ref().map(SchoolCode::as_str))
            .integer(cohort.map_or(0, |cohort| cohort.year().into()))
            .text(students::enrolment_word(*enrolment))
            .text_or_none(day_text(*enrolment_since).as_deref())
    })
    .finish()
}

fn keep(outcome: &RollOutcome) -> Kept {
    let refused = outcome.refused.iter();
    let refused = refused.map(|refused| (refused.row, place_of(&REFUSALS, &refused.reason)));
    Kept::Roll {
        received: outcome.received,
        added: outcome.added,
        changed: outcome.changed,
        unchanged: outcome.unchanged,
        refused: refused.collect(),
        version: outcome.version,
    }
}

fn recall(kept: Kept) -> Work<RollOutcome> {
    let Kept::Roll {
        received,
        added,
        changed,
        unchanged,
        refused,
        version,
    } = kept
    else {
        return Err(Failure::Malformed("answer"));
    };
    let refused = refused.into_iter().map(|(row, reason)| {
        let reason = *REFUSALS.get(usize::from(reason))?;
        Some(RefusedRollRow { row, reason })
    });
    Ok(RollOutcome {
        received,
        added,
        changed,
        unchanged,
        refused: refused
            .collect::<Option<_>>()
            .ok_or(Failure::Malformed("answer"))?,
        // Only what was taken is kept.
        taken: true,
        version,
    })
}
