//! Balance and trips: what is sent for them, and that nothing else sends it.

use xueka_cards::{NoPurse, TripKind, read_balance, read_trips};
use xueka_domain::CardFamily::{self, CityUnion, Desfire, MifareClassic1K, TUnion, TransitCpu};

use crate::script::{GONE, ScriptedCard, iso14443};

const SELECT_PURSE: (&str, &str) = ("00A4000002100100", "6F04 8402 4F43 9000");
const SELECT_T_UNION: (&str, &str) = ("00A4040008 A000000632010105 00", "9000");
const SELECT_CITY_UNION: (&str, &str) = ("00A4040009 A00000000386980701 00", "9000");
const BALANCE: &str = "805C000204";
const DEBT: &str = "805C010204";

fn balance(family: CardFamily, script: &[(&str, &str)]) -> Result<i64, NoPurse> {
    let mut card = ScriptedCard::new(&iso14443("1234"), script);
    let balance = read_balance(&mut card, family).unwrap();
    card.assert_finished();
    balance.map(xueka_cards::Balance::fen)
}

/// Number, amount and kind of each trip.
fn trips(
    family: CardFamily,
    script: &[(&str, &str)],
) -> Result<Vec<(u16, u32, TripKind)>, NoPurse> {
    let mut card = ScriptedCard::new(&iso14443("1234"), script);
    let trips = read_trips(&mut card, family).unwrap();
    card.assert_finished();
    trips.map(|trips| {
        let facts = trips
            .iter()
            .map(|trip| (trip.number, trip.amount, trip.kind()));
        facts.collect()
    })
}

#[test]
fn a_balance_is_thirty_one_bits_less_any_debt() {
    let cases = [
        (
            TransitCpu,
            vec![SELECT_PURSE, (BALANCE, "000007D0 9000")],
            Ok(2000),
            "plain",
        ),
        (
            TransitCpu,
            vec![SELECT_PURSE, (BALANCE, "800007D0 9000")],
            Ok(2000),
            "the top bit is noise",
        ),
        (
            CityUnion,
            vec![SELECT_CITY_UNION, (BALANCE, "00000000 9000")],
            Ok(0),
            "empty",
        ),
        (
            TUnion,
            vec![
                SELECT_T_UNION,
                (BALANCE, "000007D0 9000"),
                (DEBT, "00000000 9000"),
            ],
            Ok(2000),
            "no debt",
        ),
        (
            TUnion,
            vec![
                SELECT_T_UNION,
                (BALANCE, "00000000 9000"),
                (DEBT, "0000012C 9000"),
            ],
            Ok(-300),
            "a debt",
        ),
        (
            TUnion,
            vec![SELECT_T_UNION, (BALANCE, "000007D0 9000"), (DEBT, "6A81")],
            Ok(2000),
            "no second value",
        ),
        (
            TransitCpu,
            vec![SELECT_PURSE, (BALANCE, "0007D0 9000")],
            Err(NoPurse::Nonsense),
            "three bytes",
        ),
        (
            TransitCpu,
            vec![SELECT_PURSE, (BALANCE, "6985")],
            Err(NoPurse::Refused(0x6985)),
            "refused",
        ),
        (
            TransitCpu,
            vec![("00A4000002100100", "6A82")],
            Err(NoPurse::Refused(0x6A82)),
            "no purse",
        ),
        (Desfire, vec![], Err(NoPurse::Family), "another family"),
        (
            MifareClassic1K,
            vec![],
            Err(NoPurse::Family),
            "another family",
        ),
    ];
    for (family, script, expected, why) in cases {
        assert_eq!(balance(family, &script), expected, "{family:?}: {why}");
    }
}

fn record(number: u8) -> String {
    format!("00{number:02X} 000000 000001F4 06 300102030405 20260901 073005 9000")
}

#[test]
fn a_log_is_read_until_it_ends() {
    let records: Vec<_> = (1..=10)
        .map(|number| (format!("00B2{number:02X}C417"), record(11 - number)))
        .collect();
    let whole: Vec<_> = records
        .iter()
        .map(|(command, answer)| (command.as_str(), answer.as_str()))
        .collect();
    let script: Vec<_> = [SELECT_PURSE].iter().chain(&whole).copied().collect();
    let read = trips(TransitCpu, &script).unwrap();
    assert_eq!(read.len(), 10, "no eleventh is asked for");
    assert_eq!(read[0], (10, 500, TripKind::Purchase), "the newest first");

    for (end, why) in [("6A83", "by the standard"), ("6A86", "otherwise")] {
        let script = [SELECT_PURSE, whole[0], whole[1], ("00B203C417", end)];
        assert_eq!(trips(TransitCpu, &script).unwrap().len(), 2, "{why}");
    }
}

#[test]
fn an_empty_or_closed_log_is_told_apart() {
    let first = "00B201C417";
    let blank = format!("{} 9000", "00".repeat(23));
    let cases = [
        (vec![(first, "6A83")], Ok(0), "no record"),
        (vec![(first, "6A82")], Ok(0), "no log"),
        (
            vec![(first, blank.as_str()), ("00B202C417", "6A83")],
            Ok(0),
            "a record never written",
        ),
        (
            vec![(first, "6982")],
            Err(NoPurse::Refused(0x6982)),
            "behind a key",
        ),
    ];
    for (rows, expected, why) in cases {
        let script: Vec<_> = [SELECT_T_UNION].into_iter().chain(rows).collect();
        let n_trips = trips(TUnion, &script).map(|trips| trips.len());
        assert_eq!(n_trips, expected, "{why}");
    }
    assert_eq!(trips(MifareClassic1K, &[]), Err(NoPurse::Family));
}

#[test]
fn a_card_that_leaves_is_an_error() {
    let scripts = [
        vec![("00A4000002100100", GONE)],
        vec![SELECT_PURSE, (BALANCE, GONE)],
    ];
    for script in scripts {
        let mut card = ScriptedCard::new(&iso14443("1234"), &script);
        assert!(read_balance(&mut card, TransitCpu).is_err());
    }
    let script = [SELECT_PURSE, ("00B201C417", GONE)];
    let mut card = ScriptedCard::new(&iso14443("1234"), &script);
    assert!(read_trips(&mut card, TransitCpu).is_err());
}
