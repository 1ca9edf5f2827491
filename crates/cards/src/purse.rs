//! What is in the purse of a transit card, and what was done with it.
//!
//! Any reader can ask for both without a key, and the log tells where a child
//! went: so they are asked for by functions of their own, which no reading
//! calls, and a caller of these answers for the right to do so.
//!
//! - Balance: GET BALANCE, `80 5C 00 02 04`, four bytes, most significant
//!   first, in fen. The top bit is noise. On T-Union `80 5C 01 02 04` gives a
//!   debt, which is taken off.
//! - Log: the cyclic file with SFI 24, ten records of 23 bytes at most, the
//!   newest first. [`Trip`] says what they hold.
//! - The purse is the directory `1001` of a Beijing card, and the application
//!   itself of the others.
//!
//! Sources: nfcim/nfsee `assets/read.js`; metrodroid `ChinaTransitData.kt`,
//! `TUnionTransitData.kt`; hardware-notes/card-transit-cpu.md, card-t-union.md.

mod trip;

use std::fmt;

use xueka_apdu::{Command, FileId, Le, PurseValue, Sfi, StatusWord};
use xueka_domain::{CardFamily, Count, Counter};
use xueka_transport::CardSession;

pub use trip::{Trip, TripKind};

use crate::{
    ReadError,
    dialogue::{Dialogue, content},
    family::{city_union, t_union},
};

/// The directory of a Beijing card in which the purse lies.
const BEIJING_PURSE: FileId = FileId(0x1001);

/// The log, and the most records that are asked of it.
const LOG: Sfi = Sfi::new::<24>();
const MAX_TRIPS: u8 = 10;
const RECORD_LENGTH: Le = Le::new::<23>();

/// Answered when a log has no record of that number; it has that many.
const NO_SUCH_RECORD: u16 = 0x6A83;
/// Answered when there is no log at all.
const NO_SUCH_FILE: u16 = 0x6A82;

/// The bits of an amount; the one above them is noise.
const AMOUNT: u32 = 0x7FFF_FFFF;

/// Money in a purse, in fen: a hundredth of a yuan. Negative where the holder
/// owes more than is there. Never written to a log: `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Balance(i64);

impl Balance {
    /// The fen.
    #[must_use]
    pub fn fen(self) -> i64 {
        self.0
    }
}

impl fmt::Debug for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Balance(…)")
    }
}

/// Why a card that answers shows no purse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPurse {
    /// It is of no family of which a purse is known: nothing was sent.
    Family,
    /// It refuses, with this status word.
    Refused(u16),
    /// It answers bytes that are no amount.
    Nonsense,
}

/// Asks a card that was recognised as `family` for its balance. Two exchanges,
/// three on T-Union.
///
/// # Errors
///
/// [`ReadError::Transport`]: the card cannot be reached, or left half-way.
pub fn read_balance(
    session: &mut dyn CardSession,
    family: CardFamily,
) -> Result<Result<Balance, NoPurse>, ReadError> {
    let mut card = Dialogue::new(session);
    if let Err(none) = enter(&mut card, family)? {
        return Ok(Err(none));
    }
    let balance = match ask_value(&mut card, PurseValue::Balance)? {
        Ok(fen) => i64::from(fen),
        Err(none) => return Ok(Err(none)),
    };
    let debt = match family {
        // A card without the second value owes nothing.
        CardFamily::TUnion => ask_value(&mut card, PurseValue::Debt)?.unwrap_or(0),
        _ => 0,
    };
    Ok(Ok(Balance(balance - i64::from(debt))))
}

/// Asks a card that was recognised as `family` for the log of its purse, the
/// newest entry first. Two exchanges and one for each entry.
///
/// Records that were never written, or hold bytes that make no sense, are left
/// out.
///
/// # Errors
///
/// [`ReadError::Transport`]: the card cannot be reached, or left half-way.
pub fn read_trips(
    session: &mut dyn CardSession,
    family: CardFamily,
) -> Result<Result<Vec<Trip>, NoPurse>, ReadError> {
    let mut card = Dialogue::new(session);
    if let Err(none) = enter(&mut card, family)? {
        return Ok(Err(none));
    }
    let mut trips = Vec::new();
    for number in 1..=MAX_TRIPS {
        let response = card.ask(&Command::read_record(LOG, number, RECORD_LENGTH))?;
        match content(response).map_err(StatusWord::value) {
            Ok(record) => trips.extend(Trip::parse(record)),
            Err(NO_SUCH_RECORD | NO_SUCH_FILE) => break,
            // Some cards refuse what lies behind the last record otherwise.
            Err(_) if number > 1 => break,
            Err(refused) => return Ok(Err(NoPurse::Refused(refused))),
        }
    }
    Ok(Ok(trips))
}

/// The latest number of loads and of payments in a log, where it has any: a
/// purse only ever counts on.
#[must_use]
pub fn counts(trips: &[Trip]) -> Vec<(Counter, Count)> {
    let mut counts: Vec<(Counter, Count)> = Vec::new();
    for trip in trips {
        let counter = match trip.kind() {
            TripKind::Load => Counter::PurseLoads,
            TripKind::Purchase | TripKind::CompoundPurchase => Counter::PursePayments,
            TripKind::Other => continue,
        };
        let count = Count(trip.number);
        match counts.iter_mut().find(|(known, _)| *known == counter) {
            Some((_, known)) if known.is_behind(count) => *known = count,
            Some(_) => {}
            None => counts.push((counter, count)),
        }
    }
    counts
}

/// Goes to where the purse is, from wherever the card stands.
fn enter(card: &mut Dialogue<'_>, family: CardFamily) -> Result<Result<(), NoPurse>, ReadError> {
    let select = match family {
        CardFamily::TransitCpu => Command::select_by_id(BEIJING_PURSE),
        CardFamily::TUnion => Command::select_by_name(&t_union::APPLICATION),
        CardFamily::CityUnion => Command::select_by_name(&city_union::APPLICATION),
        _ => return Ok(Err(NoPurse::Family)),
    };
    let selected = card.ask(&select)?.status_word;
    Ok(if selected.is_ok() {
        Ok(())
    } else {
        Err(NoPurse::Refused(selected.value()))
    })
}

/// One of the purse's values, 31 bits.
fn ask_value(
    card: &mut Dialogue<'_>,
    value: PurseValue,
) -> Result<Result<u32, NoPurse>, ReadError> {
    let response = card.ask(&Command::get_balance(value))?;
    if !response.status_word.is_ok() {
        return Ok(Err(NoPurse::Refused(response.status_word.value())));
    }
    let bytes = <[u8; 4]>::try_from(response.data);
    Ok(bytes
        .map(|bytes| u32::from_be_bytes(bytes) & AMOUNT)
        .map_err(|_| NoPurse::Nonsense))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of that number and kind.
    fn trip(number: u16, kind: u8) -> Trip {
        let mut record = [0x11; 23];
        record[..2].copy_from_slice(&number.to_be_bytes());
        record[9] = kind;
        Trip::parse(&record).unwrap()
    }

    #[test]
    fn loads_and_payments_are_counted_apart() {
        let (loads, payments) = (Counter::PurseLoads, Counter::PursePayments);
        let cases = [
            (vec![], vec![], "an empty log"),
            (
                vec![trip(9, 0x09), trip(3, 0x02), trip(8, 0x06)],
                vec![(payments, Count(9)), (loads, Count(3))],
                "the newest of each",
            ),
            (
                vec![trip(8, 0x06), trip(9, 0x05)],
                vec![(payments, Count(9))],
                "whatever their order",
            ),
            (
                vec![trip(0, 0x06), trip(0xFFFF, 0x06)],
                vec![(payments, Count(0))],
                "over the end",
            ),
            (vec![trip(9, 0x07)], vec![], "a kind that nobody names"),
        ];
        for (trips, expected, why) in cases {
            assert_eq!(counts(&trips), expected, "{why}");
        }
    }
}
