//! What a database answers instead of rows.

use postgres::error::SqlState;
use thiserror::Error;

/// A failure of the database, without what statements were about: the texts of
/// PostgreSQL repeat values, which may be somebody's name.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused a statement.
    #[error("PostgreSQL answered {} {constraint}", .code.code())]
    Refused {
        code: SqlState,
        /// The constraint that stood in the way, or nothing.
        constraint: String,
    },
    /// The connection to PostgreSQL is lost, or was not made.
    #[error("no connection to PostgreSQL: {0}")]
    Lost(String),
    /// A statement that gives one row gave none.
    #[error("no row")]
    NoRow,
    /// A column holds another type than expected.
    #[error("a value of another type than expected")]
    Type,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<postgres::Error> for Error {
    fn from(error: postgres::Error) -> Self {
        match error.as_db_error() {
            // The server ends the session: class 57, operator intervention.
            Some(refused) if refused.code().code().starts_with("57P") => {
                Self::Lost(refused.code().code().to_owned())
            }
            Some(refused) => Self::Refused {
                code: refused.code().clone(),
                constraint: refused.constraint().unwrap_or_default().to_owned(),
            },
            None => Self::Lost(error.to_string()),
        }
    }
}

/// Whether there was a row at all.
pub(crate) trait OptionalExtension<T> {
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(Error::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
