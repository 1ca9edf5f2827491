//! A session with a PostgreSQL server.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    error::Error as StdError,
    time::{Duration, Instant},
};

use ::postgres::{
    Client, Config, NoTls, Row, Statement,
    types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use super::{
    Error, Result,
    value::{Value, ValueRef},
};

/// How many prepared statements a session keeps. Beyond it all are let go: only
/// searches make new texts, and few of those.
const STATEMENTS: usize = 256;

/// How long a session lies idle before the server is asked whether it is there.
const IDLE: Duration = Duration::from_millis(100);

/// How long it may take to answer that.
const PATIENCE: Duration = Duration::from_secs(5);

/// A session, used by one thread at a time.
pub(crate) struct Session {
    client: RefCell<Client>,
    statements: RefCell<HashMap<Box<str>, Statement>>,
    /// When it was last looked whether the server is there.
    looked: Cell<Instant>,
}

impl Session {
    pub(crate) fn open(config: &Config) -> Result<Self> {
        Ok(Self {
            client: RefCell::new(config.connect(NoTls)?),
            statements: RefCell::default(),
            looked: Cell::new(Instant::now()),
        })
    }

    /// Whether the server is still there. It is asked when the session lay idle;
    /// one that is in use finds out by itself.
    pub(crate) fn is_alive(&self) -> bool {
        let mut client = self.client.borrow_mut();
        if self.looked.replace(Instant::now()).elapsed() < IDLE {
            return !client.is_closed();
        }
        client.is_valid(PATIENCE).is_ok()
    }

    pub(super) fn prepare(&self, text: &str) -> Result<Statement> {
        if let Some(known) = self.statements.borrow().get(text) {
            return Ok(known.clone());
        }
        let new = self.client.borrow_mut().prepare(&with_dollars(text))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(text.into(), new.clone());
        Ok(new)
    }

    pub(super) fn query(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>> {
        let values = bound(values);
        Ok(self.client.borrow_mut().query(statement, &values)?)
    }

    pub(super) fn execute(&self, statement: &Statement, values: &[Value<'_>]) -> Result<()> {
        let values = bound(values);
        self.client.borrow_mut().execute(statement, &values)?;
        Ok(())
    }

    pub(super) fn batch(&self, text: &str) -> Result<()> {
        Ok(self.client.borrow_mut().batch_execute(text)?)
    }
}

fn bound<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    let each = |value: &'a Value<'a>| -> &'a (dyn ToSql + Sync) { value };
    values.iter().map(each).collect()
}

/// A statement with PostgreSQL's sign for parameters, `$1` for `?1`. No text of
/// ours has a question mark elsewhere.
fn with_dollars(text: &str) -> String {
    text.replace('?', "$")
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(integer) => match *ty {
                Type::BOOL => (*integer != 0).to_sql(ty, out),
                Type::INT2 => i16::try_from(*integer)?.to_sql(ty, out),
                Type::INT4 => i32::try_from(*integer)?.to_sql(ty, out),
                _ => integer.to_sql(ty, out),
            },
            Self::Text(text) => text.to_sql(ty, out),
            Self::Blob(bytes) => bytes.to_sql(ty, out),
            Self::TooLarge => Err("an integer that no column can hold".into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        is_ours(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for ValueRef<'a> {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(match *ty {
            Type::BOOL => Self::Integer(bool::from_sql(ty, raw)?.into()),
            Type::INT2 => Self::Integer(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Self::Integer(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::BYTEA => Self::Blob(raw),
            _ => Self::Text(<&str>::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        is_ours(ty)
    }
}

/// The types that our schema and the questions to it have.
fn is_ours(ty: &Type) -> bool {
    matches!(
        *ty,
        Type::BOOL
            | Type::INT2
            | Type::INT4
            | Type::INT8
            | Type::TEXT
            | Type::VARCHAR
            | Type::BYTEA
    )
}

/// A column of a row.
pub(super) fn column(
    row: &Row,
    index: impl ::postgres::row::RowIndex + std::fmt::Display,
) -> Result<ValueRef<'_>> {
    row.try_get(index).map_err(|_| Error::Type)
}
