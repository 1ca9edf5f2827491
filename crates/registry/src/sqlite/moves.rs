//! Students who move, leave and return.

use crate::sql::Connection;
use xueka_domain::{
    ClassName, Cohort, Enrolment, RollEntry, SchoolCode, StudentNumber, school_day,
};

use super::{
    blocks,
    change::{Change, Done},
    codec::day_text,
    digest::Digest,
    failure::{Failure, Work},
    leaving,
    requests::{Kept, Made, Once},
    students,
    subjects::Rows,
};
use crate::{MoveOutcome, MoveRefusal, MoveTo, RefusedMove, RequestId, Stamp, StudentsMove};

/// Lets students move, or says who cannot.
pub(crate) fn take(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    students: &StudentsMove,
) -> Work<Done<MoveOutcome>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: digest(students),
        action: match students.to {
            MoveTo::Place { .. } => "move students",
            MoveTo::Away { .. } => "let students leave",
            MoveTo::Back { .. } => "take students back",
        },
    };
    once.run(
        |_, kept| recall(&kept),
        |change| {
            sql.execute_batch("SAVEPOINT moves")?;
            let (mut outcome, touched) = take_all(change, stamp, students)?;
            if students.dry_run || !outcome.refused.is_empty() || touched.is_empty() {
                sql.execute_batch("ROLLBACK TO moves; RELEASE moves")?;
                outcome.version = blocks::version(sql)?;
                return Ok(Made::Nothing(outcome));
            }
            sql.execute_batch("RELEASE moves")?;
            Ok(Made::Change {
                kept: Kept::Moved {
                    n_moved: outcome.n_moved,
                    n_unchanged: outcome.n_unchanged,
                    version: outcome.version,
                },
                answer: outcome,
                subjects: touched.named("student"),
            })
        },
    )
}

fn take_all(
    change: &mut Change<'_>,
    stamp: &Stamp,
    students: &StudentsMove,
) -> Work<(MoveOutcome, Rows)> {
    let mut outcome = MoveOutcome {
        n_moved: 0,
        n_unchanged: 0,
        refused: Vec::new(),
        version: change.version,
    };
    let mut touched = Rows::default();
    for (index, number) in students.students.iter().enumerate() {
        match take_one(change, stamp, &students.to, number)? {
            Ok(Some(student)) => {
                outcome.n_moved += 1;
                touched.push(student);
            }
            Ok(None) => outcome.n_unchanged += 1,
            Err(reason) => outcome.refused.push(RefusedMove { index, reason }),
        }
    }
    if !outcome.refused.is_empty() {
        outcome.n_moved = 0;
    }
    Ok((outcome, touched))
}

/// The row of a student who moved; none when there already.
fn take_one(
    change: &mut Change<'_>,
    stamp: &Stamp,
    to: &MoveTo,
    number: &StudentNumber,
) -> Work<Result<Option<i64>, MoveRefusal>> {
    let Some(student) = students::by_number(change.sql, number)? else {
        return Ok(Err(MoveRefusal::UnknownStudent));
    };
    if student.has_left() && matches!(to, MoveTo::Place { .. }) {
        return Ok(Err(MoveRefusal::StudentLeft));
    }
    let wanted = moved(&student.entry, to, stamp);
    if wanted == student.entry {
        return Ok(Ok(None));
    }
    if wanted.enrolment == Enrolment::Left {
        leaving::give_up(change, student.id)?;
    }
    students::write(change, student.id, &wanted)?;
    Ok(Ok(Some(student.id)))
}

/// What is known of a student after the move. Who is there already stays so
/// since the day that is on record.
fn moved(known: &RollEntry, to: &MoveTo, stamp: &Stamp) -> RollEntry {
    let mut wanted = known.clone();
    let (enrolment, since) = match to {
        MoveTo::Place {
            school,
            cohort,
            class_name,
        } => {
            wanted.school = school.clone().or(wanted.school);
            wanted.cohort = cohort.or(wanted.cohort);
            wanted.student.class_name = class_name.clone().or(wanted.student.class_name);
            return wanted;
        }
        MoveTo::Away { since } => (Enrolment::Left, since),
        MoveTo::Back { since } => (Enrolment::Enrolled, since),
    };
    if wanted.enrolment != enrolment {
        wanted.enrolment = enrolment;
        wanted.enrolment_since = Some(since.unwrap_or_else(|| school_day(stamp.now)));
    }
    wanted
}

fn recall(kept: &Kept) -> Work<MoveOutcome> {
    match kept {
        // Only a move of all is kept.
        Kept::Moved {
            n_moved,
            n_unchanged,
            version,
        } => Ok(MoveOutcome {
            n_moved: *n_moved,
            n_unchanged: *n_unchanged,
            refused: Vec::new(),
            version: *version,
        }),
        _ => Err(Failure::Malformed("answer")),
    }
}

fn digest(students: &StudentsMove) -> [u8; 32] {
    let begun = Digest::of("move students").integer(students.dry_run.into());
    let begun = match &students.to {
        MoveTo::Place {
            school,
            cohort,
            class_name,
        } => begun
            .text("place")
            .text_or_none(school.as_ref().map(SchoolCode::as_str))
            .integer(cohort.map(Cohort::year).unwrap_or_default().into())
            .text_or_none(class_name.as_ref().map(ClassName::reveal)),
        MoveTo::Away { since } => begun.text("away").text_or_none(day_text(*since).as_deref()),
        MoveTo::Back { since } => begun.text("back").text_or_none(day_text(*since).as_deref()),
    };
    let numbers = students.students.iter();
    numbers
        .fold(begun, |digest, number| digest.text(number.reveal()))
        .finish()
}
