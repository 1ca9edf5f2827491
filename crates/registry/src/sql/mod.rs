//! The thin seam over the two engines: a connection, statements, rows, values.
//!
//! Statements are written once, in the SQL that both engines speak, with `?1`
//! for parameters and `RETURNING` for what was made. Everything above works on
//! this seam and knows no engine; what must differ stands here, and in
//! `schema.rs` and `connect.rs`.

mod error;
mod postgres;
mod value;

use std::{fmt::Display, ops::Deref};

use rusqlite::types::{ToSqlOutput, ValueRef as SqliteRef};

use self::value::ValueRef;
pub(crate) use self::{
    error::{Error, OptionalExtension, Result},
    postgres::Session,
    value::{FromValue, Params, ToValue, Value, params},
};

/// A connection to either engine, used by one thread at a time.
pub(crate) struct Connection(Engine);

enum Engine {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Session>),
}

impl Connection {
    pub(crate) fn sqlite(connection: rusqlite::Connection) -> Self {
        Self(Engine::Sqlite(connection))
    }

    pub(crate) fn postgres(session: Session) -> Self {
        Self(Engine::Postgres(Box::new(session)))
    }

    /// SQLite's own connection, for what only it has.
    pub(crate) fn as_sqlite(&self) -> Option<&rusqlite::Connection> {
        match &self.0 {
            Engine::Sqlite(connection) => Some(connection),
            Engine::Postgres(_) => None,
        }
    }

    /// Whether other processes may change the database at the same time.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.0, Engine::Postgres(_))
    }

    /// Whether it can be used further. A file is always there.
    pub(crate) fn is_alive(&self) -> bool {
        match &self.0 {
            Engine::Sqlite(_) => true,
            Engine::Postgres(session) => session.is_alive(),
        }
    }

    /// Prepares a statement, or takes the one that was prepared before.
    pub(crate) fn prepare_cached(&self, text: &str) -> Result<Statement<'_>> {
        Ok(match &self.0 {
            Engine::Sqlite(connection) => Statement::Sqlite(connection.prepare_cached(text)?),
            Engine::Postgres(session) => Statement::Postgres(session, session.prepare(text)?),
        })
    }

    /// Runs a statement that gives no rows.
    pub(crate) fn execute(&self, text: &str, params: impl Params) -> Result<()> {
        self.prepare_cached(text)?.execute(params)
    }

    /// Reads the first row of a statement.
    ///
    /// # Errors
    ///
    /// [`Error::NoRow`] when there is none.
    pub(crate) fn query_row<T>(
        &self,
        text: &str,
        params: impl Params,
        read: impl FnOnce(Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.prepare_cached(text)?.query_row(params, read)
    }

    /// Runs statements without parameters and without rows.
    pub(crate) fn execute_batch(&self, text: &str) -> Result<()> {
        match &self.0 {
            Engine::Sqlite(connection) => Ok(connection.execute_batch(text)?),
            Engine::Postgres(session) => session.batch(text),
        }
    }

    /// Begins a transaction that changes something. Nobody else changes the
    /// registry until it ends: SQLite has one writer, and on PostgreSQL the row of
    /// `meta` is held, so that the daemons on one database take turns.
    pub(crate) fn begin_change(&self) -> Result<Transaction<'_>> {
        self.begin(match self.0 {
            Engine::Sqlite(_) => "BEGIN IMMEDIATE",
            Engine::Postgres(_) => "BEGIN; SELECT one FROM meta FOR UPDATE",
        })
    }

    /// Begins a transaction in which the schema is looked at and brought up to
    /// date by one process at a time.
    pub(crate) fn begin_migration(&self) -> Result<Transaction<'_>> {
        self.begin(match self.0 {
            Engine::Sqlite(_) => "BEGIN IMMEDIATE",
            // The letters XUEK.
            Engine::Postgres(_) => "BEGIN; SELECT pg_advisory_xact_lock(1482048843)",
        })
    }

    /// Begins a transaction whose look-ups all see the same moment.
    pub(crate) fn snapshot(&self) -> Result<Transaction<'_>> {
        self.begin(match self.0 {
            Engine::Sqlite(_) => "BEGIN DEFERRED",
            Engine::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        })
    }

    fn begin(&self, text: &str) -> Result<Transaction<'_>> {
        let transaction = Transaction {
            sql: self,
            is_open: true,
        };
        // Dropped, it takes back what the first of two statements began.
        self.execute_batch(text)?;
        Ok(transaction)
    }
}

/// A transaction; dropped, it is rolled back.
pub(crate) struct Transaction<'a> {
    sql: &'a Connection,
    is_open: bool,
}

impl Transaction<'_> {
    /// Makes it last.
    ///
    /// # Errors
    ///
    /// Whether it lasts is unknown.
    pub(crate) fn commit(mut self) -> Result<()> {
        self.sql.execute_batch("COMMIT")?;
        self.is_open = false;
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.sql
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        let is_open = match &self.sql.0 {
            Engine::Sqlite(connection) => !connection.is_autocommit(),
            Engine::Postgres(_) => true,
        };
        if self.is_open && is_open {
            // A connection that is lost has rolled back by itself.
            self.sql.execute_batch("ROLLBACK").ok();
        }
    }
}

/// A prepared statement.
pub(crate) enum Statement<'a> {
    Sqlite(rusqlite::CachedStatement<'a>),
    Postgres(&'a Session, ::postgres::Statement),
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "callers write the values where they are used"
)]
impl Statement<'_> {
    /// Runs it; rows that it gives are passed over.
    pub(crate) fn execute(&mut self, params: impl Params) -> Result<()> {
        let values = params.values();
        match self {
            Self::Sqlite(statement) => {
                statement.execute(rusqlite::params_from_iter(values.iter()))?;
                Ok(())
            }
            Self::Postgres(session, statement) => session.execute(statement, &values),
        }
    }

    /// Runs it for its rows.
    pub(crate) fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        let values = params.values();
        Ok(match self {
            Self::Sqlite(statement) => {
                Rows::Sqlite(statement.query(rusqlite::params_from_iter(values.iter()))?)
            }
            Self::Postgres(session, statement) => {
                Rows::Postgres(session.query(statement, &values)?, 0)
            }
        })
    }

    /// Reads its first row.
    ///
    /// # Errors
    ///
    /// [`Error::NoRow`] when there is none.
    pub(crate) fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(Row<'_>) -> Result<T>,
    ) -> Result<T> {
        read(self.query(params)?.next()?.ok_or(Error::NoRow)?)
    }

    /// Reads all its rows.
    pub(crate) fn query_all<T>(
        &mut self,
        params: impl Params,
        mut read: impl FnMut(Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut rows = self.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(all)
    }
}

/// The rows of a statement, one after the other.
pub(crate) enum Rows<'a> {
    Sqlite(rusqlite::Rows<'a>),
    /// All of them, and how many were given.
    Postgres(Vec<::postgres::Row>, usize),
}

impl Rows<'_> {
    /// The next row, if there is one.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>> {
        Ok(match self {
            Self::Sqlite(rows) => rows.next()?.map(Row::Sqlite),
            Self::Postgres(rows, n_given) => {
                let row = rows.get(*n_given);
                *n_given += 1;
                row.map(Row::Postgres)
            }
        })
    }
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a ::postgres::Row),
}

impl Row<'_> {
    /// A column, by its place or name.
    ///
    /// # Errors
    ///
    /// [`Error::Type`] when it holds something else.
    pub(crate) fn get<I, T>(self, index: I) -> Result<T>
    where
        I: rusqlite::RowIndex + ::postgres::row::RowIndex + Display,
        T: FromValue,
    {
        match self {
            Self::Sqlite(row) => value::read(match row.get_ref(index)? {
                SqliteRef::Null => ValueRef::Null,
                SqliteRef::Integer(integer) => ValueRef::Integer(integer),
                SqliteRef::Text(text) => {
                    ValueRef::Text(std::str::from_utf8(text).map_err(|_| Error::Type)?)
                }
                SqliteRef::Blob(bytes) => ValueRef::Blob(bytes),
                SqliteRef::Real(_) => return Err(Error::Type),
            }),
            Self::Postgres(row) => value::read(postgres::column(row, index)?),
        }
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => SqliteRef::Null,
            Self::Integer(integer) => SqliteRef::Integer(*integer),
            Self::Text(text) => SqliteRef::Text(text.as_bytes()),
            Self::Blob(bytes) => SqliteRef::Blob(bytes),
            Self::TooLarge => {
                return Err(rusqlite::Error::ToSqlConversionFailure(
                    "an integer that no column can hold".into(),
                ));
            }
        }))
    }
}
