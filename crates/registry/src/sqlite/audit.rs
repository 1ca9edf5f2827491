//! The audit trail: a chain of hashes over who changed what.

use crate::sql::{Connection, Row};

use super::{codec::Columns, digest::Digest, failure::Work};
use crate::AuditReport;

/// What the first row's hash builds on.
pub(crate) const FIRST_HASH: [u8; 32] = [0; 32];

/// One row of the trail, without its hash.
pub(crate) struct AuditRow {
    pub(crate) version: u64,
    /// Microseconds since 1970.
    pub(crate) time: i64,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subjects: String,
    pub(crate) request: Option<String>,
    pub(crate) previous_hash: Vec<u8>,
}

impl AuditRow {
    /// The hash over the row and the hash before it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Digest::of("xueka audit row 1")
            .bytes(&self.previous_hash)
            .integer(i64::try_from(self.version).unwrap_or(i64::MAX))
            .integer(self.time)
            .text(&self.actor)
            .text(&self.action)
            .text(&self.subjects)
            .text_or_none(self.request.as_deref())
            .finish()
    }

    /// Adds the row to the trail; gives its hash.
    pub(crate) fn insert(&self, sql: &Connection) -> Work<[u8; 32]> {
        let hash = self.hash();
        sql.prepare_cached(
            "INSERT INTO audit \
             (version, time, actor, action, subjects, request, previous_hash, hash) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            self.version,
            self.time,
            &self.actor,
            &self.action,
            &self.subjects,
            &self.request,
            &self.previous_hash,
            hash,
        ))?;
        Ok(hash)
    }

    fn read(row: Row<'_>) -> Work<Self> {
        Ok(Self {
            version: row.raw("version")?,
            time: row.raw("time")?,
            actor: row.raw("actor")?,
            action: row.raw("action")?,
            subjects: row.raw("subjects")?,
            request: row.raw("request")?,
            previous_hash: row.raw("previous_hash")?,
        })
    }
}

/// Walks the trail from its first row to the end that `meta` knows.
pub(crate) fn verify(sql: &Connection) -> Work<AuditReport> {
    let snapshot = sql.snapshot()?;
    let (n_expected, last_hash): (u64, Vec<u8>) =
        snapshot.query_row("SELECT version, audit_hash FROM meta", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let mut statement = snapshot.prepare_cached("SELECT * FROM audit ORDER BY version")?;
    let mut rows = statement.query([])?;
    let mut n_good = 0;
    let mut before = FIRST_HASH.to_vec();
    while let Some(row) = rows.next()? {
        let hash: Vec<u8> = row.raw("hash")?;
        let row = AuditRow::read(row)?;
        let in_place = row.version == n_good + 1 && row.previous_hash == before;
        if !in_place || row.hash() != hash.as_slice() {
            return Ok(bad_after(n_good));
        }
        n_good += 1;
        before = hash;
    }
    if n_good == n_expected && before == last_hash {
        Ok(AuditReport {
            n_good,
            first_bad: None,
        })
    } else {
        Ok(bad_after(n_good))
    }
}

fn bad_after(n_good: u64) -> AuditReport {
    AuditReport {
        n_good,
        first_bad: Some(n_good + 1),
    }
}
