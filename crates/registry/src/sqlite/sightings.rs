//! Which UID was seen with which number.

use crate::sql::Connection;
use xueka_domain::{CardNumber, Uid};

use super::{
    change::{Change, Done},
    codec::Columns,
    failure::Work,
};
use crate::Stamp;

/// The most numbers that are noted and looked at for one UID; two already make
/// it suspect.
const N_LOOKED_AT: i64 = 64;

/// A number with which a UID was seen.
pub(crate) struct SeenNumber {
    pub(crate) number: CardNumber,
    /// A hand-out or list bound the two together, so that the registry knows
    /// of a UID that repeats.
    pub(crate) is_bound: bool,
}

/// Notes a UID with a number inside a change; once noted, nothing happens.
pub(crate) fn insert(change: &Change<'_>, number: CardNumber, uid: Uid) -> Work<()> {
    change
        .sql
        .prepare_cached(
            "INSERT INTO sightings (uid, number, first_time) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO NOTHING",
        )?
        .execute((uid.reveal(), number.reveal(), change.now))?;
    Ok(())
}

/// Whether a UID with a number is something to note: not known yet, and of a
/// card on record. What strangers carry is nobody's business here, and one UID
/// with many made-up numbers shall not fill the database.
pub(crate) fn is_news(sql: &Connection, number: CardNumber, uid: Uid) -> Work<bool> {
    Ok(sql
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM cards WHERE uid = ?1 OR number = ?2) \
             AND NOT EXISTS (SELECT 1 FROM sightings WHERE uid = ?1 AND number = ?2) \
             AND (SELECT count(*) FROM sightings WHERE uid = ?1) < ?3",
        )?
        .query_row((uid.reveal(), number.reveal(), N_LOOKED_AT), |row| {
            row.get(0)
        })?)
}

/// Notes a UID with a number; answers whether that was news.
pub(crate) fn record(
    sql: &Connection,
    stamp: &Stamp,
    number: CardNumber,
    uid: Uid,
) -> Work<Done<bool>> {
    if !is_news(sql, number, uid)? {
        return Ok(Done::unchanged(false));
    }
    let change = Change::begin(sql, stamp)?;
    insert(&change, number, uid)?;
    let sealed = change.finish("record sighting", "", None)?;
    Ok(Done {
        answer: true,
        change: Some(sealed),
    })
}

/// The numbers with which a UID was seen or bound.
pub(crate) fn numbers_of(sql: &Connection, uid: Uid) -> Work<Vec<SeenNumber>> {
    let mut statement = sql.prepare_cached(
        "SELECT number, EXISTS (SELECT 1 FROM cards \
         WHERE cards.number = sightings.number AND cards.uid = sightings.uid) AS is_bound \
         FROM sightings WHERE uid = ?1 LIMIT ?2",
    )?;
    let mut rows = statement.query((uid.reveal(), N_LOOKED_AT))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(number) = row.card_number("number")? {
            found.push(SeenNumber {
                number,
                is_bound: row.raw("is_bound")?,
            });
        }
    }
    Ok(found)
}
