//! Looks at what few may see: not what was seen, but that it was looked.

use crate::sql::Connection;
use xueka_domain::CardIdentity;

use super::{
    change::{Change, Done},
    facts,
    failure::Work,
};
use crate::{CardLook, Stamp};

/// Puts a look into the audit trail. The card is named by its row; one that is
/// not on record has none, and no number of a stranger is kept.
pub(crate) fn note(
    sql: &Connection,
    stamp: &Stamp,
    card: CardIdentity,
    look: CardLook,
) -> Work<Done<()>> {
    let change = Change::begin(sql, stamp)?;
    let (row, _) = facts::find_card(sql, card)?;
    let subjects = row.map_or_else(String::new, |row| format!("card:{}", row.id));
    let action = match look {
        CardLook::Balance => "read balance",
        CardLook::Trips => "read trips",
        CardLook::RawExchange => "exchange raw commands",
    };
    let sealed = change.finish(action, &subjects, None)?;
    Ok(Done {
        answer: (),
        change: Some(sealed),
    })
}

/// Puts into the audit trail that the roll of these students was taken away.
pub(crate) fn note_roll(sql: &Connection, stamp: &Stamp, subjects: &str) -> Work<Done<()>> {
    let change = Change::begin(sql, stamp)?;
    let sealed = change.finish("export roll", subjects, None)?;
    Ok(Done {
        answer: (),
        change: Some(sealed),
    })
}

#[cfg(test)]
mod tests {
    use crate::sql::Connection;
    use jiff::Timestamp;

    use super::*;
    use crate::sqlite::schema;

    const NUMBER: &str = "1000751012345678";
    const STRANGER: &str = "1000751087654321";

    #[test]
    fn a_look_leaves_who_when_and_which_card_and_nothing_personal() {
        let sql = Connection::sqlite(rusqlite::Connection::open_in_memory().unwrap());
        schema::migrate(&sql, false).unwrap();
        sql.execute_batch(
            "INSERT INTO students (id, number, name, class_name, version) VALUES (4, 'A', 'a', NULL, 1);
             INSERT INTO cards (id, number, uid, student, state, issue_time, state_time, version)
             VALUES (7, '1000751012345678', NULL, 4, 'ACTIVE', 0, 0, 1);",
        )
        .unwrap();
        let stamp = Stamp {
            actor: "token:office".parse().unwrap(),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
        };
        let cases = [
            (NUMBER, CardLook::Balance, "read balance", "card:7"),
            (NUMBER, CardLook::Trips, "read trips", "card:7"),
            (
                NUMBER,
                CardLook::RawExchange,
                "exchange raw commands",
                "card:7",
            ),
            (STRANGER, CardLook::Trips, "read trips", ""),
        ];
        for (number, look, action, subjects) in cases {
            let card = CardIdentity::new(number.parse().ok(), None).unwrap();
            let done = note(&sql, &stamp, card, look).unwrap();
            let version = done.change.unwrap().version;
            let row = sql.query_row(
                "SELECT actor, time, action, subjects FROM audit WHERE version = ?1",
                [version],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            );
            let row: (String, i64, String, String) = row.unwrap();
            let expected = ("token:office", 1_800_000_000_000_000, action, subjects);
            assert_eq!((&*row.0, row.1, &*row.2, &*row.3), expected);
        }
    }
}
