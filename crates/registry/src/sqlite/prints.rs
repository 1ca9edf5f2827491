//! Finding cards by what is printed on them, in any form.
//!
//! A whole form leads from the print to the UID or number, and the indexes of
//! `cards` do the rest. Of a form that shows a part, the prints of all cards are
//! kept in `prints`: what puts a card on record or completes its record keeps them
//! too, in the same change.

use std::collections::HashSet;

use crate::sql::{Connection, ToValue};
use xueka_domain::{CardIdentity, CardKey, Counting, NumberForm, Printed, Subject};

use super::{
    cards,
    change::Change,
    codec::Columns,
    failure::{Failure, Work},
};
use crate::{ClashReport, FoundCard, FoundCards};

/// The most UIDs and numbers that are looked up for one print.
const MOST_KEYS: usize = 64;

/// The most cards that are given for one print.
const MOST_CARDS: usize = 64;

/// How many rules are counted in one go through all cards; more would need more
/// memory, fewer more time.
const RULES_AT_ONCE: usize = 2;

/// How many prints are written with one statement when a form is new.
const AT_ONCE: usize = 500;

/// Brings `forms` and `prints` in line with the rules in use; whole forms among
/// them need nothing. Takes seconds for a million cards when a form is new.
///
/// In a database that other processes share, forms that are not in use here
/// stay: they may be in use there.
pub(super) fn settle(sql: &Connection, rules: &[NumberForm]) -> Work<()> {
    let wanted: HashSet<String> = rules
        .iter()
        .filter(|rule| !rule.is_whole())
        .map(rule_text)
        .collect::<Work<_>>()?;
    let transaction = sql.begin_change()?;
    let mut known = HashSet::new();
    for (id, text) in stored(&transaction)? {
        if wanted.contains(&text) || sql.is_shared() {
            known.insert(text);
        } else {
            transaction.execute("DELETE FROM prints WHERE form = ?1", [id])?;
            transaction.execute("DELETE FROM forms WHERE id = ?1", [id])?;
        }
    }
    for text in wanted.difference(&known) {
        let insert = "INSERT INTO forms (rule) VALUES (?1) RETURNING id";
        let id = transaction.query_row(insert, [text], |row| row.get(0))?;
        fill(&transaction, id, &rule_of(text)?)?;
    }
    Ok(transaction.commit()?)
}

/// Makes the prints of all cards in a form that is new.
fn fill(sql: &Connection, form: i64, rule: &NumberForm) -> Work<()> {
    let mut prints = Vec::new();
    let mut statement = sql.prepare_cached("SELECT id, number, uid FROM cards")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let card = row.identity("number", "uid")?;
        if let Some(print) = card.and_then(|card| rule.key_of_card(&card)) {
            prints.push((print, row.raw::<i64>("id")?));
        }
    }
    // In their order, so that they are written one behind the other.
    prints.sort_unstable();
    for some in prints.chunks(AT_ONCE) {
        let places = (0..some.len()).map(|n| format!("(?1, ?{}, ?{})", 2 * n + 2, 2 * n + 3));
        let places = places.collect::<Vec<_>>().join(", ");
        let insert = format!("INSERT INTO prints (form, print, card) VALUES {places}");
        let mut values = vec![form.to_value()];
        for (print, card) in some {
            values.extend([print.to_value(), card.to_value()]);
        }
        sql.execute(&insert, values)?;
    }
    Ok(())
}

fn stored(sql: &Connection) -> Work<Vec<(i64, String)>> {
    let mut statement = sql.prepare_cached("SELECT id, rule FROM forms")?;
    Ok(statement.query_all([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

fn rule_text(rule: &NumberForm) -> Work<String> {
    serde_json::to_string(rule).map_err(|_| Failure::Malformed("rule"))
}

fn rule_of(text: &str) -> Work<NumberForm> {
    serde_json::from_str(text).map_err(|_| Failure::Malformed("rule"))
}

/// Keeps the prints of a card that came on record, or whose record was completed,
/// in every form that the database keeps, whichever process uses it.
pub(super) fn keep(
    change: &Change<'_>,
    card: i64,
    before: Option<CardIdentity>,
    now: CardIdentity,
) -> Work<()> {
    for (form, text) in stored(change.sql)? {
        let rule = rule_of(&text)?;
        if let Some(print) = before.and_then(|before| rule.key_of_card(&before)) {
            change.sql.execute(
                "DELETE FROM prints WHERE form = ?1 AND print = ?2 AND card = ?3",
                (form, print, card),
            )?;
        }
        if let Some(print) = rule.key_of_card(&now) {
            change.sql.execute(
                "INSERT INTO prints (form, print, card) VALUES (?1, ?2, ?3)",
                (form, print, card),
            )?;
        }
    }
    Ok(())
}

/// The cards on record that bear this print under one of the rules, live ones
/// first.
pub(crate) fn find(sql: &Connection, printed: &Printed, rules: &[NumberForm]) -> Work<FoundCards> {
    let snapshot = sql.snapshot()?;
    let mut found = FoundCards::default();
    let mut ids: Vec<i64> = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        for id in bearers(&snapshot, printed, rule, &mut found.more)? {
            let known = ids.iter().position(|known| *known == id);
            if let Some(card) = known.and_then(|known| found.cards.get_mut(known)) {
                card.forms.push(at);
            } else if found.cards.len() < MOST_CARDS {
                ids.push(id);
                found.cards.push(FoundCard {
                    card: cards::record(&snapshot, id)?,
                    forms: vec![at],
                });
            } else {
                found.more = true;
            }
        }
    }
    found.cards.sort_by_key(|found| !found.card.state.is_live());
    Ok(found)
}

/// The ids of the cards that bear a print under one rule.
fn bearers(
    sql: &Connection,
    printed: &Printed,
    rule: &NumberForm,
    more: &mut bool,
) -> Work<Vec<i64>> {
    let keys = if rule.is_whole() {
        rule.candidates(printed)
    } else {
        kept_keys(sql, printed, rule, more)?
    };
    let mut ids = Vec::new();
    for key in keys {
        match key {
            CardKey::Number(number) => {
                ids.extend(cards::by_number(sql, number)?.map(|card| card.id));
            }
            // As everywhere, a UID names its live cards, or when none lives, the
            // one that changed last.
            CardKey::Uid(uid) => {
                let bearers = cards::by_uid(sql, uid)?;
                let n_live = bearers.iter().filter(|card| card.state.is_live()).count();
                ids.extend(bearers.iter().take(n_live.max(1)).map(|card| card.id));
            }
        }
    }
    Ok(ids)
}

/// The UIDs or numbers whose kept print this is.
fn kept_keys(
    sql: &Connection,
    printed: &Printed,
    rule: &NumberForm,
    more: &mut bool,
) -> Work<Vec<CardKey>> {
    let mut statement = sql.prepare_cached(
        "SELECT DISTINCT CASE WHEN ?3 = 0 THEN cards.number END AS number, \
         CASE WHEN ?3 = 1 THEN cards.uid END AS uid \
         FROM forms JOIN prints ON prints.form = forms.id JOIN cards ON cards.id = prints.card \
         WHERE forms.rule = ?1 AND prints.print = ?2 LIMIT ?4",
    )?;
    let of_uid = rule.parts().of == Subject::Uid;
    let print = rule.key_of(printed.reveal());
    let mut rows = statement.query((rule_text(rule)?, print, of_uid, MOST_KEYS + 1))?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(row.key()?);
    }
    *more |= keys.len() > MOST_KEYS;
    keys.truncate(MOST_KEYS);
    Ok(keys)
}

/// Counts the cards on record that would bear the same print under each rule.
pub(crate) fn clashes(sql: &Connection, rules: &[NumberForm]) -> Work<ClashReport> {
    let snapshot = sql.snapshot()?;
    let n_cards = snapshot.query_row("SELECT count(*) FROM cards", [], |row| row.get(0))?;
    let mut clashes = Vec::new();
    for some in rules.chunks(RULES_AT_ONCE) {
        let mut counting = Counting::new(some.to_vec(), n_cards);
        each_card(&snapshot, |card| counting.note(card))?;
        let mut clashing = counting.compare();
        each_card(&snapshot, |card| clashing.note(card))?;
        clashes.extend(clashing.outcome());
    }
    Ok(ClashReport { n_cards, clashes })
}

fn each_card(sql: &Connection, mut take: impl FnMut(&CardIdentity)) -> Work<()> {
    let mut statement = sql.prepare_cached("SELECT number, uid FROM cards")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // A card on record has one of the two; a random UID is never kept.
        if let Some(card) = row.identity("number", "uid")? {
            take(&card);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
