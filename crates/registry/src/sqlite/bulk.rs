//! Filling a table with very many rows: its indexes are made at the end, from
//! sorted rows, and not row by row all over the tree.

use super::failure::Work;
use crate::sql::Connection;

/// From how many new rows on it pays.
const MANY: u64 = 5_000;

/// The indexes that were taken off a table. Within a savepoint that is rolled
/// back they are there again by themselves.
pub(crate) struct Indexes {
    /// The statements that make them.
    definitions: Vec<String>,
    /// Whether the table had rows.
    pub(crate) was_empty: bool,
}

impl Indexes {
    /// Takes the indexes off a table when so many rows come that making them
    /// anew takes less than keeping them: many, and twice as many as there are.
    /// Those that a constraint made stay, so what must be unique still must.
    pub(crate) fn take_off(sql: &Connection, table: &str, n_coming: u64) -> Work<Self> {
        let count = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT ?1) AS counted");
        let n_there: u64 = sql.query_row(&count, [n_coming], |row| row.get(0))?;
        let mut taken = Self {
            definitions: Vec::new(),
            was_empty: n_there == 0,
        };
        // What others use meanwhile is left alone.
        if sql.is_shared() || n_coming < MANY || n_there > n_coming / 2 {
            return Ok(taken);
        }
        let find = "SELECT name, sql FROM sqlite_schema \
                    WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL";
        let found: Vec<(String, String)> = sql
            .prepare_cached(find)?
            .query_all([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for (name, definition) in found {
            sql.execute_batch(&format!("DROP INDEX {name}"))?;
            taken.definitions.push(definition);
        }
        Ok(taken)
    }

    /// Makes the indexes again.
    pub(crate) fn put_back(&self, sql: &Connection) -> Work<()> {
        for definition in &self.definitions {
            sql.execute_batch(definition)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use xueka_domain::{Enrolment, RollEntry, Student};

    use super::*;
    use crate::{
        RollRow, RollUpdate, Stamp,
        sqlite::{schema, upsert_students},
    };

    fn indexes(sql: &Connection) -> Vec<String> {
        let find = "SELECT sql FROM sqlite_schema \
                    WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1";
        let mut statement = sql.prepare_cached(find).unwrap();
        statement.query_all([], |row| row.get(0)).unwrap()
    }

    fn row(n: u64) -> RollRow {
        RollRow {
            row: n + 2,
            entry: RollEntry {
                student: Student {
                    number: format!("S{n}").parse().unwrap(),
                    name: format!("学生{n}").parse().unwrap(),
                    class_name: None,
                },
                sex: None,
                school: None,
                cohort: None,
                enrolment: Enrolment::Enrolled,
                enrolment_since: None,
            },
        }
    }

    #[test]
    fn indexes_are_there_again_whatever_became_of_a_large_roll() {
        let sql = Connection::sqlite(rusqlite::Connection::open_in_memory().unwrap());
        schema::migrate(&sql, false).unwrap();
        let before = indexes(&sql);
        assert!(
            before
                .iter()
                .any(|index| index.contains("students_by_name"))
        );
        let stamp = Stamp {
            actor: "token:office".parse().unwrap(),
            now: Timestamp::UNIX_EPOCH,
        };
        let take = |rows: Vec<RollRow>, dry_run, request: &str| {
            let update = RollUpdate {
                rows,
                accept_good_rows: false,
                correct_names: false,
                dry_run,
            };
            let request = request.parse().unwrap();
            let done = upsert_students(&sql, &stamp, &request, &update).unwrap();
            let now = indexes(&sql);
            assert_eq!(now, before, "after {}", request.as_str());
            done.answer
        };
        let many = || (0..MANY).map(row).collect::<Vec<_>>();
        let mut spoilt = many();
        let mut other = row(0);
        other.entry.student.name = "另一人".parse().unwrap();
        spoilt.push(other);

        assert_eq!(take(many(), true, "trial").added, MANY);
        assert!(!take(spoilt, false, "spoilt").taken);
        assert_eq!(take(many(), false, "real").added, MANY);
        assert_eq!(take(many(), false, "again").unchanged, MANY);
        let by_index = "SELECT count(*) FROM students INDEXED BY students_by_name WHERE name > ''";
        let n_found: u64 = sql.query_row(by_index, [], |row| row.get(0)).unwrap();
        assert_eq!(n_found, MANY);
    }

    #[test]
    fn indexes_stay_where_few_rows_come_to_many() {
        let sql = Connection::sqlite(rusqlite::Connection::open_in_memory().unwrap());
        sql.execute_batch(
            "CREATE TABLE t (a UNIQUE); CREATE INDEX t_a ON t (a); INSERT INTO t VALUES (1)",
        )
        .unwrap();
        let cases = [(MANY - 1, 1, "few"), (MANY, 0, "many to one")];
        for (n_coming, n_left, why) in cases {
            let taken = Indexes::take_off(&sql, "t", n_coming).unwrap();
            assert!(!taken.was_empty, "{why}");
            assert_eq!(indexes(&sql).len(), n_left, "{why}");
            taken.put_back(&sql).unwrap();
            assert_eq!(indexes(&sql).len(), 1, "{why}");
        }
        sql.execute_batch("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO t SELECT i FROM n")
            .unwrap();
        Indexes::take_off(&sql, "t", MANY).unwrap();
        assert_eq!(indexes(&sql).len(), 1, "many are there already");
    }
}
