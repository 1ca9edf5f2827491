//! Finding cards by what is printed on them, in any form.
//!
//! A whole form leads from the print to the UID or number, and the indexes of
//! `cards` do the rest. Of a form that shows a part, the prints of all cards are
//! kept in `prints`, by triggers of the writer's own connection: whatever puts a
//! card on record or completes its record keeps them too.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, TransactionBehavior, functions::FunctionFlags, types::ValueRef};
use xueka_domain::{CardIdentity, CardKey, Counting, NumberForm, Printed, Subject, Uid};

use super::{
    cards,
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

/// The forms that show a part, with their ids in the database.
pub(super) type Forms = BTreeMap<i64, NumberForm>;

/// Brings `forms` and `prints` in line with the rules in use; whole forms among
/// them need nothing. Takes seconds for a million cards when a form is new.
pub(super) fn settle(sql: &mut Connection, rules: &[NumberForm]) -> Work<Forms> {
    let wanted: HashSet<String> = rules
        .iter()
        .filter(|rule| !rule.is_whole())
        .map(rule_text)
        .collect::<Work<_>>()?;
    let transaction = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (id, text) in stored(&transaction)? {
        if !wanted.contains(&text) {
            transaction.execute("DELETE FROM prints WHERE form = ?1", [id])?;
            transaction.execute("DELETE FROM forms WHERE id = ?1", [id])?;
        }
    }
    let known: HashSet<String> = stored(&transaction)?.into_values().collect();
    let mut new = Vec::new();
    for text in wanted.difference(&known) {
        transaction.execute("INSERT INTO forms (rule) VALUES (?1)", [text])?;
        new.push(transaction.last_insert_rowid());
    }
    let mut forms = Forms::new();
    for (id, text) in stored(&transaction)? {
        let rule = serde_json::from_str(&text).map_err(|_| Failure::Malformed("rule"))?;
        forms.insert(id, rule);
    }
    if !new.is_empty() {
        define_function(&transaction, &forms)?;
    }
    for id in new {
        // In their order, so that they are written one behind the other.
        transaction.execute(
            "INSERT INTO prints (form, print, card) \
             SELECT ?1, print, id FROM (SELECT print_of(?1, number, uid) AS print, id FROM cards) \
             WHERE print IS NOT NULL ORDER BY print, id",
            [id],
        )?;
    }
    transaction.commit()?;
    Ok(forms)
}

fn stored(sql: &Connection) -> Work<BTreeMap<i64, String>> {
    let mut statement = sql.prepare("SELECT id, rule FROM forms")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn rule_text(rule: &NumberForm) -> Work<String> {
    serde_json::to_string(rule).map_err(|_| Failure::Malformed("rule"))
}

/// Lets a connection that writes keep the prints up to date. The triggers live
/// and end with the connection: who opens the database with another program
/// finds nothing that it could not run.
pub(super) fn follow(sql: &Connection, forms: &Forms) -> Work<()> {
    if forms.is_empty() {
        return Ok(());
    }
    define_function(sql, forms)?;
    sql.execute_batch(
        "CREATE TEMP TRIGGER prints_of_new_cards AFTER INSERT ON cards BEGIN
             INSERT INTO prints (form, print, card)
             SELECT id, print_of(id, NEW.number, NEW.uid), NEW.id FROM forms
             WHERE print_of(id, NEW.number, NEW.uid) IS NOT NULL;
         END;
         CREATE TEMP TRIGGER prints_of_changed_cards AFTER UPDATE OF number, uid ON cards
         WHEN NEW.number IS NOT OLD.number OR NEW.uid IS NOT OLD.uid BEGIN
             DELETE FROM prints WHERE (form, print, card) IN
             (SELECT id, print_of(id, OLD.number, OLD.uid), OLD.id FROM forms);
             INSERT INTO prints (form, print, card)
             SELECT id, print_of(id, NEW.number, NEW.uid), NEW.id FROM forms
             WHERE print_of(id, NEW.number, NEW.uid) IS NOT NULL;
         END;",
    )?;
    Ok(())
}

/// Defines `print_of(form, number, uid)`: the key of the card's print in a form,
/// NULL when it has none.
fn define_function(sql: &Connection, forms: &Forms) -> Work<()> {
    let forms = forms.clone();
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    sql.create_scalar_function("print_of", 3, flags, move |context| {
        let form: i64 = context.get(0)?;
        let number = match context.get_raw(1) {
            ValueRef::Text(text) => std::str::from_utf8(text).ok(),
            _ => None,
        };
        let uid = match context.get_raw(2) {
            ValueRef::Blob(bytes) => Uid::try_from(bytes).ok(),
            _ => None,
        };
        let number = number.and_then(|text| text.parse().ok());
        let card = CardIdentity::new(number, uid).ok();
        Ok(card.and_then(|card| forms.get(&form)?.key_of_card(&card)))
    })?;
    Ok(())
}

/// The cards on record that bear this print under one of the rules, live ones
/// first.
pub(crate) fn find(sql: &Connection, printed: &Printed, rules: &[NumberForm]) -> Work<FoundCards> {
    let snapshot = sql.unchecked_transaction()?;
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
        "SELECT DISTINCT CASE ?3 WHEN 0 THEN cards.number END AS number, \
         CASE ?3 WHEN 1 THEN cards.uid END AS uid \
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
    let snapshot = sql.unchecked_transaction()?;
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
