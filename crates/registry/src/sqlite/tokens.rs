//! Tokens: a name, a role, an end, and the digest of a secret.

use crate::sql::{Connection, OptionalExtension, Row, params};
use jiff::Timestamp;

use super::{
    change::{Change, Done},
    codec::{self, Columns, micros, role_word},
    failure::Work,
};
use crate::{NewToken, Refusal, Stamp, Token, TokenName};

/// Makes a token. One of the same name that has ended makes way for it.
pub(crate) fn create(sql: &Connection, stamp: &Stamp, token: &NewToken) -> Work<Done<Token>> {
    let change = Change::begin(sql, stamp)?;
    sql.prepare_cached("DELETE FROM tokens WHERE name = ?1 AND expire_time <= ?2")?
        .execute((token.name.as_str(), change.now))?;
    if find_id(sql, &token.name)?.is_some() {
        return Err(Refusal::TokenExists.into());
    }
    let id: i64 = sql
        .prepare_cached(
            "INSERT INTO tokens (name, role, secret_hash, create_time, expire_time) \
         VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
        )?
        .query_row(
            params![
                token.name.as_str(),
                role_word(token.role),
                token.secret_hash,
                change.now,
                micros(token.expire_time),
            ],
            |row| row.get(0),
        )?;
    let answer = Token {
        name: token.name.clone(),
        role: token.role,
        create_time: codec::time_of(change.now)?,
        expire_time: codec::time_of(micros(token.expire_time))?,
    };
    let subjects = format!("token:{id}");
    let sealed = change.finish("create token", &subjects, None)?;
    Ok(Done {
        answer,
        change: Some(sealed),
    })
}

/// Ends a token.
pub(crate) fn revoke(sql: &Connection, stamp: &Stamp, name: &TokenName) -> Work<Done<()>> {
    let change = Change::begin(sql, stamp)?;
    let id = find_id(sql, name)?.ok_or(Refusal::TokenNotFound)?;
    sql.prepare_cached("DELETE FROM tokens WHERE id = ?1")?
        .execute([id])?;
    let sealed = change.finish("revoke token", &format!("token:{id}"), None)?;
    Ok(Done {
        answer: (),
        change: Some(sealed),
    })
}

/// The tokens that live, by name.
pub(crate) fn list(sql: &Connection, now: Timestamp) -> Work<Vec<Token>> {
    let mut statement =
        sql.prepare_cached("SELECT * FROM tokens WHERE expire_time > ?1 ORDER BY name")?;
    let mut rows = statement.query([micros(now)])?;
    let mut tokens = Vec::new();
    while let Some(row) = rows.next()? {
        tokens.push(read(row)?);
    }
    Ok(tokens)
}

/// The live token with this digest of its secret.
pub(crate) fn find(
    sql: &Connection,
    secret_hash: &[u8; 32],
    now: Timestamp,
) -> Work<Option<Token>> {
    let mut statement =
        sql.prepare_cached("SELECT * FROM tokens WHERE secret_hash = ?1 AND expire_time > ?2")?;
    let mut rows = statement.query(params![secret_hash, micros(now)])?;
    rows.next()?.map(read).transpose()
}

fn find_id(sql: &Connection, name: &TokenName) -> Work<Option<i64>> {
    Ok(sql
        .prepare_cached("SELECT id FROM tokens WHERE name = ?1")?
        .query_row([name.as_str()], |row| row.get(0))
        .optional()?)
}

fn read(row: Row<'_>) -> Work<Token> {
    let role: String = row.raw("role")?;
    Ok(Token {
        name: row.parsed("name")?,
        role: codec::role_of(&role)?,
        create_time: row.time("create_time")?,
        expire_time: row.time("expire_time")?,
    })
}
