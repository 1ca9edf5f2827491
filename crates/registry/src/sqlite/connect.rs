//! Connections to the database, and how each is set up.

use std::{path::Path, time::Duration};

use rusqlite::OpenFlags;

use super::failure::{Failure, Work};
use crate::{RegistryError, sql::Connection};

/// The oldest SQLite whose write-ahead log is free of the fault by which a
/// reset of it could lose pages; as SQLite counts: 3.51.3.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long a connection waits for another process, such as a backup.
const BUSY: Duration = Duration::from_secs(2);

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 64;

/// Up to which size, in bytes, the whole database is checked when it is
/// opened. Beyond it a start would take too long; `PRAGMA quick_check` can be
/// run on a backup.
const CHECKED_SIZE: u64 = 256 * 1024 * 1024;

/// Refuses a library that is too old.
pub(super) fn check_library() -> Result<(), RegistryError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(RegistryError::Unavailable {
            doing: "this program was built with an SQLite older than 3.51.3",
            source: None,
        });
    }
    Ok(())
}

/// Opens a connection that may write.
///
/// Full durability: a commit that was answered is on the disk. No memory
/// mapping, for a fault of the disk would then end the process. A log that a
/// long list made large is cut back to 64 MiB once its pages are in place. What is
/// removed from a page is overwritten in it.
pub(super) fn writing(path: &Path) -> Work<Connection> {
    let sql = open(path)?;
    let mode: String = sql.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Failure::Malformed("journal_mode"));
    }
    sql.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = FAST;
         PRAGMA cache_size = -65536;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    Ok(Connection::sqlite(sql))
}

/// Opens a connection that only reads.
pub(super) fn reading(path: &Path) -> Work<Connection> {
    let sql = open(path)?;
    sql.execute_batch(
        "PRAGMA query_only = ON;
         PRAGMA cache_size = -16384;",
    )?;
    Ok(Connection::sqlite(sql))
}

fn open(path: &Path) -> Work<rusqlite::Connection> {
    // No URI flag: a path that looks like a URI stays a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sql = rusqlite::Connection::open_with_flags(path, flags)?;
    sql.busy_timeout(BUSY)?;
    sql.set_prepared_statement_cache_capacity(STATEMENTS);
    sql.execute_batch(
        "PRAGMA mmap_size = 0;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;",
    )?;
    Ok(sql)
}

/// Checks the whole database, when it is small enough for that.
pub(super) fn check_pages(sql: &Connection, n_bytes: u64) -> Result<(), RegistryError> {
    if n_bytes > CHECKED_SIZE {
        return Ok(());
    }
    let found: Result<String, _> = sql.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match found {
        Ok(found) if found == "ok" => Ok(()),
        Ok(detail) => Err(RegistryError::Corrupt { detail }),
        Err(error) => Err(Failure::from(error).told("checking the database")),
    }
}
