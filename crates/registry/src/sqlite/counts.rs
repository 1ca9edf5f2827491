//! What cards count, as it was seen last.

use crate::sql::{Connection, OptionalExtension};
use xueka_domain::{CardIdentity, Count, Counter};

use super::{
    cards::CardRow,
    change::{Change, Done},
    facts,
    failure::Work,
};
use crate::Stamp;

/// What was seen of a count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum News {
    /// It went on, or was never seen.
    Ahead,
    /// It is as it was.
    Same,
    /// It ran backwards.
    Behind,
}

/// The latest state of a count that was seen on a card.
pub(crate) fn latest(sql: &Connection, card: i64, counter: Counter) -> Work<Option<Count>> {
    let found: Option<u16> = sql
        .prepare_cached("SELECT count FROM card_counts WHERE card = ?1 AND counter = ?2")?
        .query_row((card, counter.code()), |row| row.get(0))
        .optional()?;
    Ok(found.map(Count))
}

/// Notes what a card counts, where it is on record, and answers which of the
/// counts ran backwards: those stay as they were seen before, and the audit
/// trail tells of them.
pub(crate) fn note(
    sql: &Connection,
    stamp: &Stamp,
    shown: CardIdentity,
    counts: &[(Counter, Count)],
) -> Work<Done<Vec<Counter>>> {
    let Some(card) = card_of(sql, shown)? else {
        return Ok(Done::unchanged(Vec::new()));
    };
    let mut seen = Vec::new();
    for (counter, count) in counts {
        let news = match latest(sql, card.id, *counter)? {
            Some(known) if known == *count => News::Same,
            Some(known) if count.is_behind(known) => News::Behind,
            _ => News::Ahead,
        };
        seen.push((*counter, *count, news));
    }
    let behind = seen.iter().filter(|(_, _, news)| *news == News::Behind);
    let behind = behind.map(|(counter, ..)| *counter).collect::<Vec<_>>();
    if seen.iter().all(|(_, _, news)| *news == News::Same) {
        return Ok(Done::unchanged(behind));
    }
    let change = Change::begin(sql, stamp)?;
    for (counter, count, news) in seen {
        if news == News::Ahead {
            change
                .sql
                .prepare_cached(
                    "INSERT INTO card_counts (card, counter, count, time) \
                     VALUES (?1, ?2, ?3, ?4) ON CONFLICT (card, counter) \
                     DO UPDATE SET count = excluded.count, time = excluded.time",
                )?
                .execute((card.id, counter.code(), count.0, change.now))?;
        }
    }
    let action = if behind.is_empty() {
        "note count"
    } else {
        "find count behind"
    };
    let sealed = change.finish(action, &format!("card:{}", card.id), None)?;
    Ok(Done {
        answer: behind,
        change: Some(sealed),
    })
}

/// Forgets how often the record on a card was written: a write of ours may have
/// begun the count anew, and the next reading tells where it stands.
pub(crate) fn forget_writes(change: &Change<'_>, card: i64) -> Work<()> {
    change
        .sql
        .prepare_cached("DELETE FROM card_counts WHERE card = ?1 AND counter = ?2")?
        .execute((card, Counter::RecordWrites.code()))?;
    Ok(())
}

/// The card whose counts these are. What another chip counts under the same
/// number says nothing of it, nor does a UID that several cards have.
fn card_of(sql: &Connection, shown: CardIdentity) -> Work<Option<CardRow>> {
    let (card, is_ambiguous) = facts::find_card(sql, shown)?;
    let is_same_chip = |card: &CardRow| match (card.uid, shown.uid()) {
        (Some(bound), Some(shown)) => bound == shown,
        _ => true,
    };
    Ok(card.filter(|card| !is_ambiguous && is_same_chip(card)))
}
