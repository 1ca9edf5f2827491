//! What stops a piece of work inside the database, and what callers hear of it.

use postgres::error::SqlState;
use rusqlite::{ErrorCode, ffi};
use xueka_domain::IllegalTransition;

use crate::{Refusal, RegistryError, StepRefusal, sql::Error};

/// Why a piece of work stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A rule forbids it; the database is fine.
    Refused(Refusal),
    /// The request id was used for another request; the database is fine.
    RequestIdReused,
    /// The database failed.
    Sql(Error),
    /// A column holds what this program never writes there.
    Malformed(&'static str),
}

pub(crate) type Work<T> = Result<T, Failure>;

impl Failure {
    /// Whether only this piece of work is stopped, and its neighbours in the
    /// same transaction may go on.
    pub(crate) fn concerns_one(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::RequestIdReused)
    }

    /// Whether the disk had no room.
    pub(crate) fn is_full(&self) -> bool {
        matches!(
            self,
            Self::Sql(Error::Sqlite(error))
                if error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        )
    }

    /// The same failure for another piece of work that it stopped.
    pub(crate) fn repeat(&self) -> Self {
        match self {
            Self::Refused(refusal) => Self::Refused(*refusal),
            Self::RequestIdReused => Self::RequestIdReused,
            Self::Malformed(column) => Self::Malformed(column),
            Self::Sql(error) => Self::Sql(repeated(error)),
        }
    }

    /// What the caller hears; `doing` says what was tried.
    pub(crate) fn told(self, doing: &'static str) -> RegistryError {
        match self {
            Self::Refused(refusal) => RegistryError::Refused(refusal),
            Self::RequestIdReused => RegistryError::RequestIdReused,
            Self::Sql(error) => from_sql(error, doing),
            Self::Malformed(column) => RegistryError::Corrupt {
                detail: format!("column {column} holds what was never written there"),
            },
        }
    }
}

/// The extended code of a failure to enlarge the index of the write-ahead log,
/// which a full disk causes.
///
/// Source: <https://www.sqlite.org/rescode.html#ioerr_shmsize>.
const IOERR_SHMSIZE: i32 = 4874;

/// The same failure once more.
fn repeated(error: &Error) -> Error {
    match error {
        Error::Sqlite(error) => {
            let cause = error.sqlite_error().copied();
            let code = cause.unwrap_or(ffi::Error::new(ffi::SQLITE_ERROR));
            rusqlite::Error::SqliteFailure(code, Some(error.to_string())).into()
        }
        Error::Refused { code, constraint } => Error::Refused {
            code: code.clone(),
            constraint: constraint.clone(),
        },
        Error::Lost(why) => Error::Lost(why.clone()),
        Error::NoRow => Error::NoRow,
        Error::Type => Error::Type,
    }
}

fn from_sql(error: Error, doing: &'static str) -> RegistryError {
    let known = match &error {
        Error::Sqlite(error) => from_sqlite(error),
        Error::Refused { code, .. } => from_postgres(code),
        _ => None,
    };
    known.unwrap_or_else(|| RegistryError::Unavailable {
        doing,
        source: Some(Box::new(error)),
    })
}

fn from_sqlite(error: &rusqlite::Error) -> Option<RegistryError> {
    let cause = error.sqlite_error()?;
    Some(match (cause.code, cause.extended_code) {
        (ErrorCode::DiskFull, _) | (_, IOERR_SHMSIZE) => RegistryError::Full,
        (ErrorCode::ReadOnly, _) => RegistryError::ReadOnly,
        (ErrorCode::NotADatabase, _) => RegistryError::NotADatabase,
        (ErrorCode::DatabaseCorrupt, _) => RegistryError::Corrupt {
            detail: "a page makes no sense".to_owned(),
        },
        _ => return None,
    })
}

fn from_postgres(code: &SqlState) -> Option<RegistryError> {
    Some(match *code {
        SqlState::DISK_FULL => RegistryError::Full,
        SqlState::READ_ONLY_SQL_TRANSACTION | SqlState::INSUFFICIENT_PRIVILEGE => {
            RegistryError::ReadOnly
        }
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => RegistryError::Corrupt {
            detail: "PostgreSQL says that its files are damaged".to_owned(),
        },
        _ => return None,
    })
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StepRefusal> for Failure {
    fn from(refusal: StepRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<IllegalTransition> for Failure {
    fn from(transition: IllegalTransition) -> Self {
        Self::Refused(transition.into())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn sql(extended_code: i32) -> Failure {
        rusqlite::Error::SqliteFailure(ffi::Error::new(extended_code), None).into()
    }

    #[test]
    fn each_code_of_the_database_becomes_a_next_step() {
        let told = |code| sql(code).told("testing");
        assert!(matches!(told(ffi::SQLITE_FULL), RegistryError::Full));
        assert!(matches!(told(IOERR_SHMSIZE), RegistryError::Full));
        assert!(matches!(
            told(ffi::SQLITE_READONLY_DBMOVED),
            RegistryError::ReadOnly
        ));
        assert!(matches!(
            told(ffi::SQLITE_NOTADB),
            RegistryError::NotADatabase
        ));
        assert!(matches!(
            told(ffi::SQLITE_CORRUPT_INDEX),
            RegistryError::Corrupt { .. }
        ));
        assert!(matches!(
            told(ffi::SQLITE_IOERR_FSYNC),
            RegistryError::Unavailable { .. }
        ));
    }
}
