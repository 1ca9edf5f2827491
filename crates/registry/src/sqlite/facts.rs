//! What verification needs to know of a card, from one moment.

use crate::sql::Connection;
use xueka_domain::{CardFacts, CardIdentity, CardKey, Counter, RegistryFacts};

use super::{
    blocks,
    cards::{self, CardRow},
    codec, counts,
    failure::Work,
    sightings::{self, SeenNumber},
};

/// Looks up everything at once.
pub(crate) fn facts(sql: &Connection, identity: CardIdentity) -> Work<RegistryFacts> {
    let snapshot = sql.snapshot()?;
    let (card, is_ambiguous) = find_card(&snapshot, identity)?;
    let on_record = card.as_ref().map(|card| (card.number, card.uid));
    let (own_number, own_uid) = on_record.unwrap_or_default();
    let (version, last_change): (u64, Option<i64>) = snapshot
        .prepare_cached("SELECT version, last_change FROM meta")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let number = identity.number().or(own_number);
    let uid = identity.uid().or(own_uid);
    let number_blocked = is_blocked(&snapshot, number.map(CardKey::Number))?;
    // A number that is asked about alone brings the UID on record with it.
    let uid_blocked = is_blocked(&snapshot, uid.map(CardKey::Uid))?;
    let conflict = is_ambiguous || is_seen_with_other(&snapshot, identity, card.as_ref())?;
    Ok(RegistryFacts {
        card: card.map(|card| to_facts(&snapshot, &card)).transpose()?,
        number_blocked,
        uid_blocked,
        uid_with_other_number: conflict,
        last_change: last_change.map(codec::time_of).transpose()?,
        version,
    })
}

fn to_facts(sql: &Connection, card: &CardRow) -> Work<CardFacts> {
    let next = card.replaced_by.map(|id| cards::identity(sql, id));
    Ok(CardFacts {
        state: card.state,
        uid: card.uid,
        valid_from: card.valid_from,
        valid_until: card.valid_until,
        replaced_by: next.transpose()?.and_then(|next| next.number()),
        record_writes: counts::latest(sql, card.id, Counter::RecordWrites)?,
    })
}

fn is_blocked(sql: &Connection, key: Option<CardKey>) -> Work<bool> {
    key.map_or(Ok(false), |key| blocks::is_by_hand(sql, key))
}

/// The card on record, and whether a UID alone names several live ones.
///
/// The number leads. A card that shows a number which nobody has on record may
/// still be one that was issued by its UID alone.
pub(crate) fn find_card(sql: &Connection, identity: CardIdentity) -> Work<(Option<CardRow>, bool)> {
    if let Some(number) = identity.number()
        && let Some(card) = cards::by_number(sql, number)?
    {
        return Ok((Some(card), false));
    }
    let Some(uid) = identity.uid() else {
        return Ok((None, false));
    };
    let mut bearers = cards::by_uid(sql, uid)?;
    if identity.number().is_some() {
        bearers.retain(|card| card.number.is_none());
    }
    let n_live = bearers.iter().filter(|card| card.state.is_live()).count();
    Ok((bearers.into_iter().next(), n_live > 1))
}

/// Whether the UID was seen with another number than this card's.
///
/// That speaks against a card only whose own number and UID were never bound by
/// a hand-out or a list. Whoever puts the UID of a good card on a chip of his
/// own makes that chip suspect, not the good card; and where two numbers were
/// bound to one UID, the UID repeats and the registry knows of it.
fn is_seen_with_other(
    sql: &Connection,
    identity: CardIdentity,
    card: Option<&CardRow>,
) -> Work<bool> {
    let Some(uid) = identity.uid() else {
        return Ok(false);
    };
    let seen = sightings::numbers_of(sql, uid)?;
    let own_number = identity
        .number()
        .or_else(|| card.and_then(|card| card.number));
    let Some(own_number) = own_number else {
        return Ok(seen.len() > 1);
    };
    let is_own = |seen: &&SeenNumber| seen.number == own_number;
    let own_is_bound = seen.iter().filter(is_own).any(|seen| seen.is_bound);
    Ok(!own_is_bound && !seen.iter().all(|seen| is_own(&seen)))
}
