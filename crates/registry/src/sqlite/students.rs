//! Students on record: finding them, and whether they have a card.

use crate::sql::{Connection, Row, Value, params};
use xueka_domain::{
    ClassName, Cohort, Enrolment, HeldCard, HoldingState, RollEntry, SchoolCode, Sex, Student,
    StudentNumber,
};

use super::{
    card_requests, cards,
    change::Change,
    codec::{Columns, day_text, value_of, word_of},
    failure::{Failure, Work},
    subjects::Rows,
};
use crate::{StudentFilter, StudentOnRecord, StudentPage};

/// What sorts after every text that begins with another text.
const LAST_CHARACTER: char = '\u{10FFFF}';

/// The sexes with their words.
const SEXES: [(Sex, &str); 2] = [(Sex::Male, "MALE"), (Sex::Female, "FEMALE")];

/// The kinds of enrolment with their words.
const ENROLMENTS: [(Enrolment, &str); 3] = [
    (Enrolment::Enrolled, "ENROLLED"),
    (Enrolment::OnLeave, "ON_LEAVE"),
    (Enrolment::Left, "LEFT"),
];

/// A student's row.
#[derive(Clone, Debug)]
pub(crate) struct StudentRow {
    pub(crate) id: i64,
    pub(crate) entry: RollEntry,
    pub(crate) version: u64,
}

impl StudentRow {
    fn read(row: Row<'_>) -> Work<Self> {
        let sex: Option<String> = row.raw("sex")?;
        let cohort: Option<u16> = row.raw("cohort")?;
        let cohort = cohort.map(Cohort::try_from).transpose();
        let enrolment: String = row.raw("enrolment")?;
        Ok(Self {
            id: row.raw("id")?,
            entry: RollEntry {
                student: Student {
                    number: row.parsed("number")?,
                    name: row.parsed("name")?,
                    class_name: row.parsed_or_none("class_name")?,
                },
                sex: sex.map(|word| value_of(&SEXES, &word, "sex")).transpose()?,
                school: row.parsed_or_none("school")?,
                cohort: cohort.map_err(|_| Failure::Malformed("cohort"))?,
                enrolment: value_of(&ENROLMENTS, &enrolment, "enrolment")?,
                enrolment_since: row.day("enrolment_since")?,
            },
            version: row.raw("version")?,
        })
    }

    pub(crate) fn has_left(&self) -> bool {
        self.entry.enrolment == Enrolment::Left
    }
}

/// Puts a student on record; gives the id.
pub(crate) fn insert(change: &Change<'_>, entry: &RollEntry) -> Work<i64> {
    let id: i64 = change
        .sql
        .prepare_cached(
            "INSERT INTO students (number, name, class_name, sex, school, cohort, enrolment, \
             enrolment_since, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
        )?
        .query_row(
            params![
                entry.student.number.reveal(),
                entry.student.name.reveal(),
                entry.student.class_name.as_ref().map(ClassName::reveal),
                entry.sex.map(sex_word),
                entry.school.as_ref().map(SchoolCode::as_str),
                entry.cohort.map(Cohort::year),
                enrolment_word(entry.enrolment),
                day_text(entry.enrolment_since),
                change.version,
            ],
            |row| row.get(0),
        )?;
    Ok(id)
}

/// Writes what is known of a student, whose number stays.
pub(crate) fn write(change: &Change<'_>, student: i64, entry: &RollEntry) -> Work<()> {
    change
        .sql
        .prepare_cached(
            "UPDATE students SET name = ?2, class_name = ?3, sex = ?4, school = ?5, cohort = ?6, \
             enrolment = ?7, enrolment_since = ?8, version = ?9 WHERE id = ?1",
        )?
        .execute(params![
            student,
            entry.student.name.reveal(),
            entry.student.class_name.as_ref().map(ClassName::reveal),
            entry.sex.map(sex_word),
            entry.school.as_ref().map(SchoolCode::as_str),
            entry.cohort.map(Cohort::year),
            enrolment_word(entry.enrolment),
            day_text(entry.enrolment_since),
            change.version,
        ])?;
    Ok(())
}

pub(crate) fn sex_word(sex: Sex) -> &'static str {
    word_of(&SEXES, &sex)
}

pub(crate) fn enrolment_word(enrolment: Enrolment) -> &'static str {
    word_of(&ENROLMENTS, &enrolment)
}

/// The student with this number.
pub(crate) fn by_number(sql: &Connection, number: &StudentNumber) -> Work<Option<StudentRow>> {
    let mut statement = sql.prepare_cached("SELECT * FROM students WHERE number = ?1")?;
    let mut rows = statement.query([number.reveal()])?;
    rows.next()?.map(StudentRow::read).transpose()
}

/// The student with this number, with what follows from the cards.
pub(crate) fn find(sql: &Connection, number: &StudentNumber) -> Work<Option<StudentOnRecord>> {
    let snapshot = sql.snapshot()?;
    let found = by_number(&snapshot, number)?;
    found.map(|row| on_record(&snapshot, row)).transpose()
}

/// The students for whom all conditions hold, a page of them.
pub(crate) fn search(
    sql: &Connection,
    filter: &StudentFilter,
    after: Option<&StudentNumber>,
    limit: usize,
) -> Work<StudentPage> {
    let snapshot = sql.snapshot()?;
    let limit = limit.clamp(1, 1_000);
    let mut found = select(&snapshot, filter, after, limit + 1)?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let last = found.last().map(|row| row.entry.student.number.clone());
    let students = found.into_iter().map(|row| on_record(&snapshot, row));
    Ok(StudentPage {
        students: students.collect::<Work<_>>()?,
        next: last.filter(|_| !is_last),
    })
}

/// What the roll says of the students for whom all conditions hold, and their
/// rows as the audit trail names them; `None` when they are more than `limit`.
pub(crate) fn read_roll(
    sql: &Connection,
    filter: &StudentFilter,
    limit: usize,
) -> Work<Option<(Vec<RollEntry>, String)>> {
    let found = select(sql, filter, None, limit.saturating_add(1))?;
    if found.len() > limit {
        return Ok(None);
    }
    let mut rows = Rows::default();
    let entries = found.into_iter().map(|row| {
        rows.push(row.id);
        row.entry
    });
    let entries = entries.collect();
    Ok(Some((entries, rows.named("student"))))
}

fn select(
    sql: &Connection,
    filter: &StudentFilter,
    after: Option<&StudentNumber>,
    limit: usize,
) -> Work<Vec<StudentRow>> {
    let mut conditions = Vec::new();
    let mut values: Vec<Value<'static>> = Vec::new();
    let mut hold = |condition: &str, value: Value<'static>| {
        values.push(value);
        conditions.push(format!("{condition} ?{}", values.len()));
    };
    let text = |text: &str| Value::Text(text.to_owned().into());
    let end = |text: &str| Value::Text(format!("{text}{LAST_CHARACTER}").into());
    if let Some(number) = &filter.number {
        hold("number >=", text(number.reveal()));
        hold("number <", end(number.reveal()));
    }
    if let Some(name) = &filter.name {
        hold("name >=", text(name.reveal()));
        hold("name <", end(name.reveal()));
    }
    if let Some(school) = &filter.school {
        hold("school =", text(school.as_str()));
    }
    if let Some(cohort) = filter.cohort {
        hold("cohort =", Value::Integer(cohort.year().into()));
    }
    if let Some(class_name) = &filter.class_name {
        hold("class_name =", text(class_name.reveal()));
    }
    if let Some(after) = after {
        hold("number >", text(after.reveal()));
    }
    if !filter.with_left {
        conditions.push("enrolment <> 'LEFT'".to_owned());
    }
    if conditions.is_empty() {
        conditions.push("true".to_owned());
    }
    let query = format!(
        "SELECT * FROM students WHERE {} ORDER BY number LIMIT {limit}",
        conditions.join(" AND "),
    );
    let mut statement = sql.prepare_cached(&query)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(StudentRow::read(row)?);
    }
    Ok(found)
}

fn on_record(sql: &Connection, row: StudentRow) -> Work<StudentOnRecord> {
    Ok(StudentOnRecord {
        holding: holding(sql, row.id, row.has_left())?,
        entry: row.entry,
        version: row.version,
    })
}

fn holding(sql: &Connection, student: i64, has_left: bool) -> Work<HoldingState> {
    let requests = card_requests::states_of(sql, student)?;
    let cards = cards::of_student(sql, student)?;
    let held = cards.iter().map(|card| HeldCard {
        state: card.state,
        is_replaced: card.replaced_by.is_some(),
        is_temporary: false,
    });
    Ok(HoldingState::derive(has_left, requests, held))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back_as_its_value() {
        for sex in Sex::ALL {
            assert_eq!(value_of(&SEXES, sex_word(sex), "").unwrap(), sex);
        }
        for enrolment in Enrolment::ALL {
            let word = enrolment_word(enrolment);
            assert_eq!(value_of(&ENROLMENTS, word, "").unwrap(), enrolment);
        }
    }
}
