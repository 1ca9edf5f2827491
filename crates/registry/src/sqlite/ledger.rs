//! The delivery ledger: who holds which version of the blacklist since when.

use crate::sql::Connection;

use super::{
    blocks::BlockRow,
    change::Done,
    codec::{Columns, micros},
    failure::Work,
};
use crate::{BlacklistEntry, Held, ListReceipt, Stamp, Subscriber};

/// Receipts older than this are forgotten, but for the latest of a subscriber.
const KEPT_MICROS: i64 = 400 * 24 * 3_600 * 1_000_000;

/// Notes that the actor of the stamp holds a version of the list. Changes no
/// version of the registry: the note would be followed by another one.
pub(crate) fn acknowledge(sql: &Connection, stamp: &Stamp, held: Held) -> Work<Done<()>> {
    let (name, now) = (stamp.actor.as_str(), micros(stamp.now));
    sql.prepare_cached(
        "INSERT INTO subscribers (name, epoch, version, acknowledge_time, heard_time) \
         VALUES (?1, ?2, ?3, ?4, ?4) \
         ON CONFLICT (name) DO UPDATE SET \
         acknowledge_time = CASE WHEN subscribers.epoch = excluded.epoch \
         AND subscribers.version = excluded.version \
         THEN subscribers.acknowledge_time ELSE excluded.acknowledge_time END, \
         epoch = excluded.epoch, version = excluded.version, heard_time = excluded.heard_time",
    )?
    .execute((name, held.epoch, held.version, now))?;
    sql.prepare_cached(
        "INSERT INTO receipts (subscriber, epoch, version, time) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (subscriber, epoch, version) DO NOTHING",
    )?
    .execute((name, held.epoch, held.version, now))?;
    sql.prepare_cached(
        "DELETE FROM receipts WHERE subscriber = ?1 AND time < ?2 \
         AND NOT (epoch = ?3 AND version = ?4)",
    )?
    .execute((name, now - KEPT_MICROS, held.epoch, held.version))?;
    Ok(Done::unchanged(()))
}

/// All subscribers, by name.
pub(crate) fn subscribers(sql: &Connection) -> Work<Vec<Subscriber>> {
    let mut statement = sql.prepare_cached(
        "SELECT name, epoch, version, acknowledge_time, heard_time FROM subscribers ORDER BY name",
    )?;
    let mut rows = statement.query([])?;
    let mut subscribers = Vec::new();
    while let Some(row) = rows.next()? {
        subscribers.push(Subscriber {
            name: row.parsed("name")?,
            held: Held {
                epoch: row.raw("epoch")?,
                version: row.raw("version")?,
            },
            acknowledge_time: row.time("acknowledge_time")?,
            heard_time: row.time("heard_time")?,
        });
    }
    Ok(subscribers)
}

/// Who held that version or a later one of the same epoch, and since when.
pub(crate) fn receipts(sql: &Connection, held: Held) -> Work<Vec<ListReceipt>> {
    let mut statement = sql.prepare_cached(
        "SELECT subscriber, MIN(time) AS time FROM receipts \
         WHERE epoch = ?1 AND version >= ?2 GROUP BY subscriber ORDER BY subscriber",
    )?;
    let mut rows = statement.query((held.epoch, held.version))?;
    let mut receipts = Vec::new();
    while let Some(row) = rows.next()? {
        receipts.push(ListReceipt {
            subscriber: row.parsed("subscriber")?,
            time: row.time("time")?,
        });
    }
    Ok(receipts)
}

/// The entries that were made last, the latest first.
pub(crate) fn latest_blocks(sql: &Connection, limit: usize) -> Work<Vec<BlacklistEntry>> {
    let mut statement = sql.prepare_cached("SELECT * FROM blocks ORDER BY id DESC LIMIT ?1")?;
    let mut rows = statement.query([limit.clamp(1, 1_000)])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(BlockRow::read(row)?.entry);
    }
    Ok(entries)
}
