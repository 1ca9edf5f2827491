//! The journal of card writes: begun before the first byte changes on a card,
//! ended when it is known what stands there.

use crate::sql::{Connection, OptionalExtension, Row, params};
use xueka_domain::{CardEvent, CardNumber, CardState, IllegalTransition, Uid};

use super::{
    blocks,
    cards::{self, CardRow},
    change::{Change, Done},
    codec::Columns,
    counts,
    digest::Digest,
    failure::{Failure, Work},
    requests::{self, Kept, Made, Once},
};
use crate::{
    CardWrite, CardWriteId, NewCardWrite, PlanText, Refusal, RequestId, Stamp, WriteOutcome,
};

/// Entries with the card on record that each concerns.
const SELECT: &str = "SELECT entry.*, card.number AS card_number, card.uid AS card_uid \
     FROM card_writes AS entry LEFT JOIN cards AS card ON card.id = entry.card";

/// Notes a write that is about to begin.
///
/// A request that comes again is refused here, whatever became of the write:
/// what the card holds must be looked at first, and [`of_request`] tells how it
/// ended.
pub(crate) fn open(
    sql: &Connection,
    stamp: &Stamp,
    request: &RequestId,
    write: &NewCardWrite,
) -> Work<Done<CardWriteId>> {
    let once = Once {
        sql,
        stamp,
        request,
        digest: request_digest(write.uid),
        action: "begin card write",
    };
    once.run(
        |_, _| Err(Refusal::WriteUnderWay.into()),
        |change| {
            if open_of(change.sql, write.uid)?.is_some() {
                return Err(Refusal::WriteUnderWay.into());
            }
            let card = card_of(change.sql, write.number, write.uid)?;
            let id: i64 = change
                .sql
                .prepare_cached(
                    "INSERT INTO card_writes (uid, card, plan, open_time) VALUES (?1, ?2, ?3, ?4) RETURNING id",
                )?
                .query_row(params![
                    write.uid.reveal(),
                    card.as_ref().map(|card| card.id),
                    write.plan.reveal(),
                    change.now,
                ], |row| row.get(0))?;
            Ok(Made::Change {
                answer: CardWriteId(id.unsigned_abs()),
                kept: Kept::CardWrite { id },
                subjects: subjects(id, card.as_ref()),
            })
        },
    )
}

/// Notes how a write ended. The plan goes; a card that is spoilt goes out of
/// use and onto the blacklist.
pub(crate) fn close(
    sql: &Connection,
    stamp: &Stamp,
    id: CardWriteId,
    outcome: WriteOutcome,
) -> Work<Done<CardWrite>> {
    let row = i64::try_from(id.0).unwrap_or(i64::MAX);
    let found = find(sql, row)?.ok_or(Refusal::WriteNotFound)?;
    match found.end {
        Some((known, _)) if known == outcome => return Ok(Done::unchanged(found)),
        Some(_) => return Err(Refusal::WriteNotFound.into()),
        None => {}
    }
    let mut change = Change::begin(sql, stamp)?;
    let number = found.card.and_then(|card| card.number());
    let card = card_of(sql, number, found.uid)?;
    change
        .sql
        .prepare_cached(
            "UPDATE card_writes SET plan = NULL, outcome = ?2, close_time = ?3, card = ?4 \
             WHERE id = ?1",
        )?
        .execute(params![
            row,
            outcome.code(),
            change.now,
            card.as_ref().map(|card| card.id),
        ])?;
    if let Some(card) = &card {
        counts::forget_writes(&change, card.id)?;
    }
    match &card {
        Some(card) if outcome == WriteOutcome::Spoilt && card.state.is_live() => {
            cards::happen(&mut change, card, CardEvent::Spoil, None)?;
        }
        Some(_) => {}
        // A chip that nobody has yet is kept from being handed out.
        None => blocks::follow_uid(&mut change, found.uid)?,
    }
    let action = match outcome {
        WriteOutcome::Written => "finish card write",
        WriteOutcome::RolledBack => "roll back card write",
        WriteOutcome::Spoilt => "spoil card",
    };
    let sealed = change.finish(action, &subjects(row, card.as_ref()), None)?;
    Ok(Done {
        answer: find(sql, row)?.ok_or(Failure::Malformed("card_writes"))?,
        change: Some(sealed),
    })
}

/// The card on record that is written: the one with its number, else the only
/// live one with its UID.
fn card_of(sql: &Connection, number: Option<CardNumber>, uid: Uid) -> Work<Option<CardRow>> {
    if let Some(number) = number
        && let Some(card) = cards::by_number(sql, number)?
    {
        return Ok(Some(card));
    }
    let mut live = cards::by_uid(sql, uid)?;
    live.retain(|card| card.state.is_live());
    Ok(live.pop().filter(|_| live.is_empty()))
}

fn subjects(id: i64, card: Option<&CardRow>) -> String {
    match card {
        Some(card) => format!("write:{id} card:{}", card.id),
        None => format!("write:{id}"),
    }
}

/// The open write to the card with this UID.
pub(crate) fn open_of(sql: &Connection, uid: Uid) -> Work<Option<CardWrite>> {
    let query = format!("{SELECT} WHERE entry.uid = ?1 AND entry.outcome IS NULL");
    let mut statement = sql.prepare_cached(&query)?;
    let mut rows = statement.query([uid.reveal()])?;
    rows.next()?.map(read).transpose()
}

/// The open writes after one, or from the first, oldest first.
pub(crate) fn list_open(
    sql: &Connection,
    after: Option<CardWriteId>,
    limit: usize,
) -> Work<Vec<CardWrite>> {
    let query = format!(
        "{SELECT} WHERE entry.outcome IS NULL AND entry.id > ?1 ORDER BY entry.id LIMIT ?2"
    );
    let after = after.map_or(0, |after| i64::try_from(after.0).unwrap_or(i64::MAX));
    let mut statement = sql.prepare_cached(&query)?;
    let mut rows = statement.query(params![after, limit.clamp(1, 1_000)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The write that a request began.
pub(crate) fn of_request(
    sql: &Connection,
    request: &RequestId,
    uid: Uid,
) -> Work<Option<CardWrite>> {
    match requests::find(sql, request, request_digest(uid))? {
        None => Ok(None),
        Some(Kept::CardWrite { id }) => find(sql, id),
        Some(_) => Err(Failure::Malformed("answer")),
    }
}

/// Refuses a chip that must not be handed out: one with an open write, or one
/// that the last write spoilt.
pub(crate) fn refuse_unfit(sql: &Connection, uid: Uid) -> Work<()> {
    if open_of(sql, uid)?.is_some() {
        return Err(Refusal::WriteUnderWay.into());
    }
    if is_spoilt(sql, uid)? {
        let (state, event) = (CardState::Spoilt, CardEvent::Collect);
        return Err(IllegalTransition { state, event }.into());
    }
    Ok(())
}

/// Whether the last write to a chip spoilt it.
pub(crate) fn is_spoilt(sql: &Connection, uid: Uid) -> Work<bool> {
    let last: Option<Option<String>> = sql
        .prepare_cached("SELECT outcome FROM card_writes WHERE uid = ?1 ORDER BY id DESC LIMIT 1")?
        .query_row([uid.reveal()], |row| row.get(0))
        .optional()?;
    Ok(last.flatten().as_deref() == Some(WriteOutcome::Spoilt.code()))
}

fn find(sql: &Connection, id: i64) -> Work<Option<CardWrite>> {
    let query = format!("{SELECT} WHERE entry.id = ?1");
    let mut statement = sql.prepare_cached(&query)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(read).transpose()
}

fn read(row: Row<'_>) -> Work<CardWrite> {
    let plan: Option<String> = row.raw("plan")?;
    let outcome: Option<String> = row.raw("outcome")?;
    let end = match outcome {
        None => None,
        Some(word) => Some((outcome_of(&word)?, row.time("close_time")?)),
    };
    Ok(CardWrite {
        id: CardWriteId(row.raw("id")?),
        uid: row.uid("uid")?.ok_or(Failure::Malformed("uid"))?,
        card: row.identity("card_number", "card_uid")?,
        plan: plan.map(PlanText::new),
        open_time: row.time("open_time")?,
        end,
    })
}

fn outcome_of(word: &str) -> Work<WriteOutcome> {
    let mut outcomes = WriteOutcome::ALL.into_iter();
    outcomes
        .find(|outcome| outcome.code() == word)
        .ok_or(Failure::Malformed("outcome"))
}

// A request with a card in hand is known by the card it was planned for.
fn request_digest(uid: Uid) -> [u8; 32] {
    Digest::of("write card").bytes(uid.reveal()).finish()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use crate::{CardWriteId, NewCardWrite, OpenOptions, PlanText, Registry, Stamp, WriteOutcome};

    /// A piece of what a plan holds.
    const PIECE: &str = "1000751012345678";

    fn plan() -> String {
        PIECE.repeat(40)
    }

    async fn open(path: &Path) -> Registry {
        let address = path.to_str().unwrap();
        Registry::open(address, OpenOptions::default())
            .await
            .unwrap()
    }

    fn stamp() -> Stamp {
        Stamp {
            actor: "uid:0".parse().unwrap(),
            now: "2026-09-01T08:00:00Z".parse().unwrap(),
        }
    }

    async fn begin(registry: &Registry) -> CardWriteId {
        let write = NewCardWrite {
            uid: "045A137C2B6680".parse().unwrap(),
            number: None,
            plan: PlanText::new(plan()),
        };
        let request = "write-1".parse().unwrap();
        registry.open_write(request, stamp(), write).await.unwrap()
    }

    fn copy(from: &Path, to: &Path) {
        for ending in ["", "-wal"] {
            let name = |path: &Path| format!("{}{ending}", path.display());
            fs::copy(name(from), name(to)).unwrap();
        }
    }

    /// Whether any file in a folder holds a piece of the plan.
    fn is_kept(folder: &Path) -> bool {
        let files = fs::read_dir(folder).unwrap();
        let mut bytes = files.map(|file| fs::read(file.unwrap().path()).unwrap());
        bytes.any(|bytes| {
            bytes
                .windows(PIECE.len())
                .any(|part| part == PIECE.as_bytes())
        })
    }

    #[tokio::test]
    async fn an_open_write_is_there_after_a_program_that_was_killed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let copied = folder.path().join("copy.db");
        let registry = open(&path).await;
        let id = begin(&registry).await;
        // What a process leaves that ends at this moment, without a chance to
        // close anything.
        copy(&path, &copied);

        let after = open(&copied).await;

        let found = after.list_open_writes(None, 10).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].id, id);
        assert_eq!(found[0].plan, Some(PlanText::new(plan())));
    }

    #[tokio::test]
    async fn of_a_closed_write_no_plan_is_left_in_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let registry = open(&folder.path().join("registry.db")).await;
        let id = begin(&registry).await;
        assert!(is_kept(folder.path()));
        registry
            .close_write(stamp(), id, WriteOutcome::Written)
            .await
            .unwrap();

        registry.close().await;

        assert!(!is_kept(folder.path()));
    }
}
