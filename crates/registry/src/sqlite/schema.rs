//! The schema, as the steps that lead to it.

use rusqlite::{Connection, TransactionBehavior};

use super::failure::{Failure, Work};
use crate::RegistryError;

/// Marks a file as a database of this program: the letters `XUEK`.
const APPLICATION_ID: i32 = 0x5855_454B;

/// Each step brings a database from the version of its index to the next. A
/// step that was ever released is never edited; a change is a new step.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_cards.sql"),
    include_str!("migrations/0002_prints.sql"),
    include_str!("migrations/0003_writes.sql"),
    include_str!("migrations/0004_roll.sql"),
    include_str!("migrations/0005_card_requests.sql"),
    include_str!("migrations/0006_card_notes.sql"),
    include_str!("migrations/0007_card_counts.sql"),
    include_str!("migrations/0008_ledger.sql"),
    include_str!("migrations/0009_batches.sql"),
];

/// The newest schema that this program knows.
pub(crate) fn known_version() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Refuses a database that is not this program's, or a newer program's. Only
/// reads, so that such a file is left as it is.
pub(crate) fn refuse_foreign(sql: &Connection) -> Result<(), RegistryError> {
    let told = |failure: Failure| failure.told("looking at the database");
    let found = stored_version(sql).map_err(told)?;
    let is_ours = if found == 0 {
        is_empty(sql).map_err(told)?
    } else {
        application_id(sql).map_err(told)? == APPLICATION_ID
    };
    if !is_ours {
        return Err(RegistryError::NotADatabase);
    }
    let known = known_version();
    if found > known {
        return Err(RegistryError::NewerVersion { found, known });
    }
    Ok(())
}

/// Brings the database to the newest schema; a new one is stamped as made for
/// simulation or not.
///
/// Each step is one transaction, so that a crash leaves a whole version.
pub(crate) fn migrate(sql: &mut Connection, for_simulation: bool) -> Work<()> {
    let found = stored_version(sql)?;
    for (step, version) in MIGRATIONS.iter().zip(1_u32..) {
        if version > found {
            apply(sql, step, version, for_simulation)?;
        }
    }
    Ok(())
}

fn apply(sql: &mut Connection, step: &str, version: u32, for_simulation: bool) -> Work<()> {
    let transaction = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(step)?;
    if version == 1 {
        transaction.execute(
            "INSERT INTO meta (one, for_simulation, version, audit_hash) VALUES (1, ?1, 0, ?2)",
            (for_simulation, super::audit::FIRST_HASH),
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()?;
    Ok(())
}

fn stored_version(sql: &Connection) -> Work<u32> {
    Ok(sql.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn application_id(sql: &Connection) -> Work<i32> {
    Ok(sql.pragma_query_value(None, "application_id", |row| row.get(0))?)
}

fn is_empty(sql: &Connection) -> Work<bool> {
    Ok(sql.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)",
        [],
        |row| row.get(0),
    )?)
}

/// Whether the database was created for simulation.
pub(crate) fn is_for_simulation(sql: &Connection) -> Work<bool> {
    Ok(sql.query_row("SELECT for_simulation FROM meta", [], |row| row.get(0))?)
}
