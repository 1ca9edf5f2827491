//! Ultralight and NTAG: pages in two copies, then password and AUTH0.

use jiff::civil::date;
use xueka_cards::{CardContent, Content, Place, WriteError, write_card};
use xueka_simulator::VirtualCard;
use xueka_transport::{Dialect, PassThrough};

use crate::{
    notes::Notes,
    torn::{School, n_cards, share, tear_many},
};

/// A reader that hands the chip's own commands on.
pub(crate) const PASSING: Dialect = Dialect {
    pass_through: PassThrough::Pn532,
    ..Dialect::STANDARD
};

const KEYS: &str = "factory = \"password:FFFFFFFF0000\"\n\
    school = \"password:A1A2A3A45A6B\"\nlater = \"password:B1B2B3B47C8D\"\n";

/// Configuration, password and acknowledgement of an NTAG213.
const AUTH0_PAGE: u8 = 41;
const PASSWORD_PAGE: u8 = 43;
const PACK_PAGE: u8 = 44;

fn profile(write: &str) -> String {
    format!(
        r#"
name = "School"
source = "a test"
[[ultralight]]
copies = {{ first = 5, second = 11, pages = 5 }}
number = {{ offset = 0, length = 8, coding = "bcd" }}
valid_until = {{ offset = 8, coding = "bcd-yyyymmdd" }}
[ultralight.write]
{write}
"#
    )
}

/// A school that sets no password.
fn open_school() -> School {
    School::new(&profile(""), KEYS, Dialect::STANDARD)
}

pub(crate) fn school(dialect: Dialect) -> School {
    let write = "password = \"school\"\npasswords = [\"factory\"]";
    School::new(&profile(write), KEYS, dialect)
}

pub(crate) fn later_school() -> School {
    let write = "password = \"later\"\npasswords = [\"school\"]";
    School::new(&profile(write), KEYS, PASSING)
}

fn content(number: &str) -> CardContent {
    CardContent {
        number: number.parse().unwrap(),
        valid_from: Some(date(2026, 9, 1)),
        valid_until: Some(date(2029, 8, 31)),
    }
}

pub(crate) fn first() -> CardContent {
    content("1000751012345678")
}

pub(crate) fn second() -> CardContent {
    content("2000751012345678")
}

pub(crate) fn guarded() -> VirtualCard {
    let mut card = VirtualCard::ntag213();
    school(PASSING).write(&mut card, &first());
    card
}

fn pages(plan: &xueka_cards::WritePlan) -> Vec<u8> {
    let page = |place| match place {
        Place::Page(page) => page,
        other => panic!("{other:?}"),
    };
    plan.steps.iter().map(|step| page(step.place)).collect()
}

#[test]
fn a_blank_ntag_gets_data_then_password_then_auth0() {
    for (mut card, lock_page) in [
        (VirtualCard::ntag213(), 40),
        (VirtualCard::ntag215(), 130),
        (VirtualCard::ntag216(), 226),
    ] {
        let plan = school(PASSING).plan(&mut card, &first()).unwrap();
        let expected = [5, 6, 7, 8, 9, lock_page + 3, lock_page + 4, lock_page + 1];
        assert_eq!(pages(&plan), expected);
        let auth0 = Content::Bytes(vec![0x04, 0x00, 0x00, 5]);
        assert_eq!(plan.steps.last().unwrap().new, auth0);
        card.put_back();
        school(PASSING).write(&mut card, &first());
        let again = school(PASSING).plan(&mut card, &first()).unwrap();
        assert!(again.steps.is_empty(), "{:?}", again.steps);
    }
}

#[test]
fn without_a_password_any_ultralight_is_written() {
    for mut card in [VirtualCard::ultralight(), VirtualCard::ntag213()] {
        open_school().write(&mut card, &first());
        open_school().write(&mut card, &second());
    }
}

#[test]
fn a_guarded_card_takes_a_new_number_with_its_password_alone() {
    let mut card = guarded();
    let refused = open_school().plan(&mut card, &second());
    assert!(matches!(refused, Err(WriteError::NotPermitted)));
    card.put_back();
    let plan = school(PASSING).plan(&mut card, &second()).unwrap();
    assert_eq!(pages(&plan), [11, 12, 13, 14, 15], "the other copy");
    card.put_back();
    school(PASSING).write(&mut card, &second());
}

#[test]
fn a_password_is_changed_from_the_one_before() {
    let mut card = guarded();
    let plan = later_school().plan(&mut card, &first()).unwrap();
    assert_eq!(pages(&plan), [PASSWORD_PAGE, PACK_PAGE]);
    card.put_back();
    later_school().write(&mut card, &first());
    let old = school(PASSING).plan(&mut card, &second());
    assert!(matches!(old, Err(WriteError::NotPermitted)));
}

#[test]
fn cards_and_readers_that_cannot_be_written_are_refused() {
    let with = |page, bytes| VirtualCard::ntag213().page(page, bytes);
    let cases = [
        (
            VirtualCard::ntag213(),
            Dialect::STANDARD,
            "not known to pass",
        ),
        (VirtualCard::ultralight(), PASSING, "no such place"),
        (with(2, [0, 0, 0x10, 0]), PASSING, "may not write"),
        (with(40, [1, 0, 0, 0xBD]), PASSING, "may not write"),
        // PROT, CFGLCK, and a limit to wrong passwords.
        (with(42, [0x80, 5, 0, 0]), PASSING, "may not write"),
        (with(42, [0x40, 5, 0, 0]), PASSING, "may not write"),
        (with(42, [0x03, 5, 0, 0]), PASSING, "may not write"),
        (with(43, [1, 2, 3, 4]), PASSING, "may not write"),
        (with(44, [1, 2, 0, 0]), PASSING, "may not write"),
    ];
    for (mut card, dialect, expected) in cases {
        let error = school(dialect).plan(&mut card, &first()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}: {expected}");
        let exchanges = card.exchanges();
        let mut writes = exchanges
            .iter()
            .filter(|it| it.command[..2] == [0xFF, 0xD6]);
        assert!(writes.next().is_none(), "{expected}");
    }
}

#[test]
fn a_plan_that_harms_is_refused() {
    let mut card = VirtualCard::ntag213();
    let plan = school(PASSING).plan(&mut card, &first()).unwrap();
    let mut harmful = Vec::new();
    // UID, locks, capability container, dynamic locks, ACCESS, and the password
    // as if it were data.
    for page in [0, 2, 3, 40, 42, PASSWORD_PAGE, 255] {
        let mut other = plan.clone();
        other.steps[0].place = Place::Page(page);
        harmful.push(other);
    }
    let mut mirror = plan.clone();
    let auth0 = mirror.steps.last_mut().unwrap();
    assert_eq!(auth0.place, Place::Page(AUTH0_PAGE));
    auth0.new = Content::Bytes(vec![0xC4, 0x00, 0x00, 5]);
    harmful.push(mirror);
    for plan in harmful {
        card.put_back();
        let mut notes = Notes::default();
        let error = write_card(&mut card, school(PASSING).tools(), &plan, &mut notes);
        assert!(matches!(error, Err(WriteError::NoSuchPlace)), "{error:?}");
        assert!(notes.open.is_none());
    }
    card.put_back();
    let unpassed = school(Dialect::STANDARD);
    let error = write_card(&mut card, unpassed.tools(), &plan, &mut Notes::default());
    assert!(matches!(error, Err(WriteError::NoPassThrough)), "{error:?}");
}

/// The password is asked for from the last step on, so none of these is spoilt.
#[test]
fn a_blank_ntag_that_is_torn_is_made_whole() {
    let card = VirtualCard::ntag213();
    let n_torn = n_cards(4);
    let tally = tear_many(&school(PASSING), &card, &first(), n_torn);
    assert_eq!(tally.n_spoilt, 0, "{tally:?}");
    assert!(tally.n_rolled_back >= share(n_torn, 20), "{tally:?}");
    assert!(tally.n_torn_again >= share(n_torn, 20), "{tally:?}");
}

#[test]
fn a_guarded_ntag_that_is_torn_while_it_gets_a_new_number_is_made_whole() {
    let n_torn = n_cards(4);
    let tally = tear_many(&school(PASSING), &guarded(), &second(), n_torn);
    assert_eq!(tally.n_spoilt, 0, "{tally:?}");
    assert!(tally.n_rolled_back >= share(n_torn, 20), "{tally:?}");
    assert!(tally.n_torn_again >= share(n_torn, 20), "{tally:?}");
}

#[test]
fn an_ultralight_that_is_torn_is_made_whole() {
    let mut card = VirtualCard::ultralight();
    open_school().write(&mut card, &first());
    let n_torn = n_cards(4);
    let tally = tear_many(&open_school(), &card, &second(), n_torn);
    assert_eq!(tally.n_spoilt, 0, "{tally:?}");
    assert!(tally.n_rolled_back >= share(n_torn, 20), "{tally:?}");
    assert!(tally.n_torn_again >= share(n_torn, 20), "{tally:?}");
}

/// A password that is asked for already may be torn shut.
#[test]
fn a_guarded_ntag_that_is_torn_while_its_password_changes_is_whole_or_known_to_be_spoilt() {
    let n_torn = n_cards(4);
    let tally = tear_many(&later_school(), &guarded(), &second(), n_torn);
    assert!(tally.n_spoilt >= share(n_torn, 200), "{tally:?}");
    assert!(tally.n_torn_again >= share(n_torn, 20), "{tally:?}");
    assert!(tally.n_written >= share(n_torn, 20), "{tally:?}");
}
