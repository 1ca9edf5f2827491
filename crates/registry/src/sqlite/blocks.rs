//! The blacklist: what the states of cards make of it, and what is added by
//! hand.

use crate::sql::{Connection, Row, params};
use xueka_domain::{
    BlockChange, BlockEntry, BlockReason, CardKey, CardNumber, CardState, Effect, Note, Uid,
};

use super::{
    cards,
    change::{Change, Done},
    codec::{self, Columns, block_reason_word, key_columns},
    digest::Digest,
    failure::{Failure, Work},
    requests::{Kept, Made, Once},
    writes,
};
use crate::{BlacklistEntry, BlacklistPage, PageMark, Refusal, RequestId, Stamp};

/// How many entries are handed over at a time when all are loaded.
const CHUNK: usize = 16_384;

/// Brings the blacklist in line with a card that has come into `state`.
///
/// A number is blocked as its card is. A UID is blocked when a card that bears
/// it is blocked and none that bears it is live: a live card may share its UID
/// with a lost one, and only the numbers tell them apart.
pub(crate) fn follow_card(
    change: &mut Change<'_>,
    number: Option<CardNumber>,
    uid: Option<Uid>,
    state: CardState,
) -> Work<()> {
    if let Some(number) = number {
        set_by_state(change, CardKey::Number(number), state.blocks())?;
    }
    uid.map_or(Ok(()), |uid| follow_uid(change, uid))
}

/// Brings the entry of a UID in line with the cards that bear it, or where none
/// on record does, with whether the last write to the chip spoilt it.
pub(crate) fn follow_uid(change: &mut Change<'_>, uid: Uid) -> Work<()> {
    // Live cards come first, then the one that changed last.
    let bearers = cards::by_uid(change.sql, uid)?;
    let wanted = match bearers.first() {
        Some(card) => card.state.blocks(),
        None => writes::is_spoilt(change.sql, uid)?.then_some(BlockReason::Spoilt),
    };
    set_by_state(change, CardKey::Uid(uid), wanted)
}

fn set_by_state(change: &mut Change<'_>, key: CardKey, wanted: Option<BlockReason>) -> Work<()> {
    let found = find_row(change.sql, key, false)?;
    match (found, wanted) {
        (None, None) => {}
        (None, Some(reason)) => {
            insert(change, key, reason, None)?;
            change.note_block(key, Effect::Blocked, reason);
        }
        (Some(row), Some(reason)) if row.entry.reason == reason => {}
        (Some(row), Some(reason)) => {
            change
                .sql
                .prepare_cached("UPDATE blocks SET reason = ?2, version = ?3 WHERE id = ?1")?
                .execute((row.id, block_reason_word(reason), change.version))?;
            change.note_block(key, Effect::Blocked, reason);
        }
        (Some(row), None) => {
            delete(change.sql, row.id)?;
            change.note_block(key, Effect::Unblocked, row.entry.reason);
        }
    }
    Ok(())
}

/// Blocks a number or UID by hand.
pub(crate) fn add(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    key: CardKey,
    note: &Note,
) -> Work<Done<BlacklistEntry>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: key_digest("add block", key).text(note.reveal()).finish(),
        action: "add block",
    };
    once.run(
        |_, kept| recall_entry(&kept, key, note),
        |change| {
            if find_row(change.sql, key, true)?.is_some() {
                return Err(Refusal::EntryExists.into());
            }
            let id = insert(change, key, BlockReason::ByHand, Some(note))?;
            change.note_block(key, Effect::Blocked, BlockReason::ByHand);
            Ok(Made::Change {
                answer: entry_by_hand(key, note, change.now, change.version)?,
                kept: Kept::Entry {
                    create_time: change.now,
                    version: change.version,
                },
                subjects: format!("block:{id}"),
            })
        },
    )
}

fn recall_entry(kept: &Kept, key: CardKey, note: &Note) -> Work<BlacklistEntry> {
    match kept {
        Kept::Entry {
            create_time,
            version,
        } => entry_by_hand(key, note, *create_time, *version),
        _ => Err(Failure::Malformed("answer")),
    }
}

fn entry_by_hand(key: CardKey, note: &Note, micros: i64, version: u64) -> Work<BlacklistEntry> {
    Ok(BlacklistEntry {
        key,
        reason: BlockReason::ByHand,
        note: Some(note.clone()),
        create_time: codec::time_of(micros)?,
        version,
    })
}

/// Ends a block that was made by hand.
pub(crate) fn remove(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    key: CardKey,
) -> Work<Done<u64>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: key_digest("remove block", key).finish(),
        action: "remove block",
    };
    once.run(
        |_, kept| match kept {
            Kept::Removed { version } => Ok(version),
            _ => Err(Failure::Malformed("answer")),
        },
        |change| {
            let Some(row) = find_row(change.sql, key, true)? else {
                let by_state = find_row(change.sql, key, false)?;
                let refusal = by_state.map_or(Refusal::EntryNotFound, |_| Refusal::EntryFromState);
                return Err(refusal.into());
            };
            delete(change.sql, row.id)?;
            change.note_block(key, Effect::Unblocked, BlockReason::ByHand);
            Ok(Made::Change {
                answer: change.version,
                kept: Kept::Removed {
                    version: change.version,
                },
                subjects: format!("block:{}", row.id),
            })
        },
    )
}

fn key_digest(purpose: &str, key: CardKey) -> Digest {
    let (number, uid) = key_columns(key);
    Digest::of(purpose)
        .text_or_none(number.as_deref())
        .bytes_or_none(uid.as_deref())
}

/// The entry of a key, the one from its card's state first.
pub(crate) fn find(sql: &Connection, key: CardKey) -> Work<Option<BlacklistEntry>> {
    let found = match find_row(sql, key, false)? {
        None => find_row(sql, key, true)?,
        by_state => by_state,
    };
    Ok(found.map(|row| row.entry))
}

/// Whether a key is blocked by hand.
pub(crate) fn is_by_hand(sql: &Connection, key: CardKey) -> Work<bool> {
    Ok(find_row(sql, key, true)?.is_some())
}

/// A page of entries in the order in which they were made.
pub(crate) fn page(sql: &Connection, from: Option<PageMark>, limit: usize) -> Work<BlacklistPage> {
    let limit = limit.clamp(1, 1_000);
    let mut statement =
        sql.prepare_cached("SELECT * FROM blocks WHERE id >= ?1 ORDER BY id LIMIT ?2")?;
    let from = from.map_or(0, |mark| i64::try_from(mark.0).unwrap_or(i64::MAX));
    // One more than the page holds: it tells where the next begins.
    let mut rows = statement.query(params![from, limit + 1])?;
    let mut entries = Vec::with_capacity(limit);
    while let Some(row) = rows.next()? {
        let row = BlockRow::read(row)?;
        if entries.len() == limit {
            let next = Some(PageMark(row.id.unsigned_abs()));
            return Ok(BlacklistPage { entries, next });
        }
        entries.push(row.entry);
    }
    Ok(BlacklistPage {
        entries,
        next: None,
    })
}

/// Hands over every entry in chunks; gives the version they belong to.
pub(crate) fn load(sql: &Connection, mut take: impl FnMut(&[BlockEntry])) -> Work<u64> {
    let snapshot = sql.snapshot()?;
    let version = version(&snapshot)?;
    let mut statement =
        snapshot.prepare_cached("SELECT number, uid, reason, version FROM blocks")?;
    let mut rows = statement.query([])?;
    let mut chunk = Vec::with_capacity(CHUNK);
    while let Some(row) = rows.next()? {
        chunk.push(BlockEntry {
            key: row.key()?,
            reason: row.block_reason()?,
            version: row.raw("version")?,
        });
        if chunk.len() == CHUNK {
            take(&chunk);
            chunk.clear();
        }
    }
    take(&chunk);
    Ok(version)
}

/// The changes of the next `limit` versions after `after` that changed the
/// blacklist.
pub(crate) fn changes(sql: &Connection, after: u64, limit: usize) -> Work<Vec<BlockChange>> {
    let mut statement = sql.prepare_cached(
        "SELECT * FROM feed WHERE blocked IS NOT NULL AND version IN \
         (SELECT DISTINCT version FROM feed WHERE blocked IS NOT NULL AND version > ?1 \
         ORDER BY version LIMIT ?2) \
         ORDER BY version, position",
    )?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![after, limit.clamp(1, 1_000)])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let blocked: bool = row.raw("blocked")?;
        changes.push(BlockChange {
            key: row.key()?,
            effect: if blocked {
                Effect::Blocked
            } else {
                Effect::Unblocked
            },
            reason: row.block_reason()?,
            version: row.raw("version")?,
        });
    }
    Ok(changes)
}

/// The registry's version.
pub(crate) fn version(sql: &Connection) -> Work<u64> {
    Ok(sql
        .prepare_cached("SELECT version FROM meta")?
        .query_row([], |row| row.get(0))?)
}

pub(crate) struct BlockRow {
    id: i64,
    pub(crate) entry: BlacklistEntry,
}

impl BlockRow {
    pub(crate) fn read(row: Row<'_>) -> Work<Self> {
        Ok(Self {
            id: row.raw("id")?,
            entry: BlacklistEntry {
                key: row.key()?,
                reason: row.block_reason()?,
                note: row.parsed_or_none("note")?,
                create_time: row.time("create_time")?,
                version: row.raw("version")?,
            },
        })
    }
}

fn find_row(sql: &Connection, key: CardKey, by_hand: bool) -> Work<Option<BlockRow>> {
    let query = match key {
        CardKey::Number(_) => "SELECT * FROM blocks WHERE number = ?1 AND by_hand = ?2",
        CardKey::Uid(_) => "SELECT * FROM blocks WHERE uid = ?1 AND by_hand = ?2",
    };
    let mut statement = sql.prepare_cached(query)?;
    let mut rows = match key {
        CardKey::Number(number) => statement.query(params![number.reveal(), by_hand])?,
        CardKey::Uid(uid) => statement.query(params![uid.reveal(), by_hand])?,
    };
    rows.next()?.map(BlockRow::read).transpose()
}

fn insert(
    change: &Change<'_>,
    key: CardKey,
    reason: BlockReason,
    note: Option<&Note>,
) -> Work<i64> {
    let (number, uid) = key_columns(key);
    let id: i64 = change
        .sql
        .prepare_cached(
            "INSERT INTO blocks (number, uid, by_hand, reason, note, create_time, version) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
        )?
        .query_row(
            (
                number,
                uid,
                reason.is_by_hand(),
                block_reason_word(reason),
                note.map(Note::reveal),
                change.now,
                change.version,
            ),
            |row| row.get(0),
        )?;
    Ok(id)
}

fn delete(sql: &Connection, id: i64) -> Work<()> {
    sql.prepare_cached("DELETE FROM blocks WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}
