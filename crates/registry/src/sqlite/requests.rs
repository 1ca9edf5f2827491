//! What was answered to which request, so that sending it again does nothing
//! again.
//!
//! A request is remembered once it has changed something. Kept answers name
//! rows by their ids and hold nothing personal; the rest of an answer is taken
//! from those rows, or from the request itself, when it comes again.

use crate::sql::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::{
    change::{Change, Done},
    failure::{Failure, Work},
};
use crate::{RequestId, Stamp};

/// The lasting part of an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Kept {
    /// The record of a card, as it stood then.
    Card {
        card: i64,
        state: String,
        exit_reason: Option<String>,
        replaced_by: Option<i64>,
        state_time: i64,
        version: u64,
    },
    /// What became of a list: the totals, and the row, column and reason of
    /// each refusal by their places in the tables of `registration.rs`.
    Registration {
        received: u64,
        registered: u64,
        unchanged: u64,
        refused: Vec<(u64, u8, u8)>,
        version: u64,
    },
    /// What became of a roll: the totals, and the row and reason of each refusal
    /// by its place in the table of `roll.rs`.
    Roll {
        received: u64,
        added: u64,
        changed: u64,
        unchanged: u64,
        refused: Vec<(u64, u8)>,
        version: u64,
    },
    /// The requests for cards that were made, and of each refused student the
    /// place in the list, the reason by its place in the table of `making.rs`,
    /// and the card in the way.
    Order {
        requested: Vec<i64>,
        refused: Vec<(usize, u8, Option<i64>)>,
        version: u64,
    },
    /// A step that requests for cards took.
    Steps { n_advanced: u64, version: u64 },
    /// What became of a batch: its row, how many were good, of each refusal the
    /// row, the reason by its place in `BatchRefusal::ALL` and the card in the
    /// way, and the file that was written.
    Batch {
        batch: Option<i64>,
        n_good: u64,
        refused: Vec<(u64, u8, Option<i64>)>,
        already: bool,
        file: Option<i64>,
        version: u64,
    },
    /// Students who moved.
    Moved {
        n_moved: u64,
        n_unchanged: u64,
        version: u64,
    },
    /// An entry of the blacklist that was made.
    Entry { create_time: i64, version: u64 },
    /// An entry of the blacklist that was removed.
    Removed { version: u64 },
    /// An entry in the journal of card writes.
    CardWrite { id: i64 },
}

/// What a piece of work made.
pub(crate) enum Made<T> {
    /// A change: its answer, the part of it to keep, and the rows it concerns.
    Change {
        answer: T,
        kept: Kept,
        subjects: String,
    },
    /// Nothing was to be changed.
    Nothing(T),
}

/// A request that is done once, however often it is sent.
pub(crate) struct Once<'a> {
    pub(crate) sql: &'a Connection,
    pub(crate) stamp: &'a Stamp,
    pub(crate) request: &'a RequestId,
    /// SHA-256 of what is requested.
    pub(crate) digest: [u8; 32],
    /// The word for it in the audit trail.
    pub(crate) action: &'static str,
}

impl Once<'_> {
    /// Gives the first answer again, or makes the change.
    pub(crate) fn run<T>(
        self,
        recall: impl FnOnce(&Connection, Kept) -> Work<T>,
        make: impl FnOnce(&mut Change<'_>) -> Work<Made<T>>,
    ) -> Work<Done<T>> {
        if let Some(kept) = find(self.sql, self.request, self.digest)? {
            return Ok(Done::unchanged(recall(self.sql, kept)?));
        }
        let mut change = Change::begin(self.sql, self.stamp)?;
        match make(&mut change)? {
            Made::Nothing(answer) => Ok(Done::unchanged(answer)),
            Made::Change {
                answer,
                kept,
                subjects,
            } => {
                self.keep(&change, &kept)?;
                let sealed = change.finish(self.action, &subjects, Some(self.request))?;
                Ok(Done {
                    answer,
                    change: Some(sealed),
                })
            }
        }
    }

    fn keep(&self, change: &Change<'_>, kept: &Kept) -> Work<()> {
        let answer = serde_json::to_string(kept).map_err(|_| Failure::Malformed("answer"))?;
        self.sql
            .prepare_cached(
                "INSERT INTO requests (id, digest, answer, time, version) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((
                self.request.as_str(),
                self.digest,
                answer,
                change.now,
                change.version,
            ))?;
        Ok(())
    }
}

/// What is kept of the answer to a request; `None` for one that changed nothing
/// yet.
pub(crate) fn find(sql: &Connection, request: &RequestId, digest: [u8; 32]) -> Work<Option<Kept>> {
    let found: Option<(Vec<u8>, String)> = sql
        .prepare_cached("SELECT digest, answer FROM requests WHERE id = ?1")?
        .query_row([request.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        None => Ok(None),
        Some((kept, _)) if kept != digest => Err(Failure::RequestIdReused),
        Some((_, answer)) => serde_json::from_str(&answer)
            .map(Some)
            .map_err(|_| Failure::Malformed("answer")),
    }
}

/// The place of a value in a table by whose places kept answers name values.
pub(crate) fn place_of<T: PartialEq>(table: &[T], value: &T) -> u8 {
    let place = table.iter().position(|each| each == value);
    place
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(u8::MAX)
}
