//! One change of the registry: its version, its audit row and its feed, kept
//! together with what it changes.

use crate::sql::Connection;
use xueka_domain::{BlockChange, BlockReason, CardKey, Effect};

use super::{
    audit::AuditRow,
    codec::{block_reason_word, key_columns, micros},
    failure::Work,
};
use crate::{RequestId, Stamp};

/// A change that is being made. It lives inside the writer's transaction;
/// [`finish`](Self::finish) seals it.
pub(crate) struct Change<'a> {
    pub(crate) sql: &'a Connection,
    pub(crate) version: u64,
    /// Microseconds since 1970.
    pub(crate) now: i64,
    stamp: &'a Stamp,
    audit_hash: Vec<u8>,
    blocks: Vec<BlockChange>,
}

/// What a piece of work leaves behind: its answer and, when it changed
/// something, what those who follow the registry are told.
#[derive(Debug)]
pub(crate) struct Done<T> {
    pub(crate) answer: T,
    pub(crate) change: Option<Sealed>,
}

/// A sealed change.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) version: u64,
    pub(crate) blocks: Vec<BlockChange>,
}

impl<T> Done<T> {
    /// An answer that changed nothing.
    pub(crate) fn unchanged(answer: T) -> Self {
        Self {
            answer,
            change: None,
        }
    }
}

impl<'a> Change<'a> {
    /// Begins the next version.
    pub(crate) fn begin(sql: &'a Connection, stamp: &'a Stamp) -> Work<Self> {
        let (version, audit_hash): (u64, Vec<u8>) = sql
            .prepare_cached("SELECT version, audit_hash FROM meta")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self {
            sql,
            version: version + 1,
            now: micros(stamp.now),
            stamp,
            audit_hash,
            blocks: Vec::new(),
        })
    }

    /// Notes a change of the blacklist.
    pub(crate) fn note_block(&mut self, key: CardKey, effect: Effect, reason: BlockReason) {
        self.blocks.push(BlockChange {
            key,
            effect,
            reason,
            version: self.version,
        });
    }

    /// Writes the version, the audit row and the feed.
    ///
    /// `subjects` names rows by table and id, such as `card:7 student:3`, and
    /// nothing personal.
    pub(crate) fn finish(
        self,
        action: &'static str,
        subjects: &str,
        request: Option<&RequestId>,
    ) -> Work<Sealed> {
        let hash = AuditRow {
            version: self.version,
            time: self.now,
            actor: self.stamp.actor.as_str().to_owned(),
            action: action.to_owned(),
            subjects: subjects.to_owned(),
            request: request.map(|request| request.as_str().to_owned()),
            previous_hash: self.audit_hash,
        }
        .insert(self.sql)?;
        self.sql
            .prepare_cached("UPDATE meta SET version = ?1, audit_hash = ?2, last_change = ?3")?
            .execute((self.version, hash, self.now))?;
        self.sql
            .prepare_cached(
                "INSERT INTO feed (version, position, topic, subjects) VALUES (?1, 0, ?2, ?3)",
            )?
            .execute((self.version, action, subjects))?;
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO feed (version, position, topic, number, uid, reason, blocked) \
             VALUES (?1, ?2, 'block', ?3, ?4, ?5, ?6)",
        )?;
        for (change, position) in self.blocks.iter().zip(1_i64..) {
            let (number, uid) = key_columns(change.key);
            insert.execute((
                change.version,
                position,
                number,
                uid,
                block_reason_word(change.reason),
                change.effect == Effect::Blocked,
            ))?;
        }
        Ok(Sealed {
            version: self.version,
            blocks: self.blocks,
        })
    }
}
