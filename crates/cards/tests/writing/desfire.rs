//! `DESFire`: an application that is there, one whose keys are the factory's,
//! and a card without it.

use jiff::civil::date;
use xueka_cards::{CardContent, Communication, Content, KeyInput, Place, WriteError, write_card};
use xueka_simulator::VirtualCard;
use xueka_transport::Dialect;

use crate::{
    notes::Notes,
    torn::{School, n_cards, old_or_new, share, tear_many},
};

const KEYS: &str = r#"
zeros = "aes:00000000000000000000000000000000"
card-master = "aes:C0C1C2C3C4C5C6C7C8C9CACBCCCDCECF"
master = "aes:A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"
read = "aes:101112131415161718191A1B1C1D1E1F"
write = "aes:202122232425262728292A2B2C2D2E2F"
"#;

/// Number in one file and the last day in another, so that only a commit can
/// change both at once.
const PROFILE: &str = r#"
name = "School"
source = "a test"
[[desfire]]
application = "F48120"
key = "read"
key_number = 1
diversify = ["uid", "application"]
number = { file = 1, communication = "full", offset = 4, length = 8, coding = "bcd" }
valid_until = { file = 2, communication = "mac", offset = 0, coding = "bcd-yyyymmdd" }
[desfire.write]
key = { name = "write", number = 2, diversify = ["uid", "58554B41"] }
factory_key = "zeros"
master_key = { name = "master" }
card_key = { name = "card-master" }
"#;

const MASTER: &str = "master_key = 'C0C1C2C3C4C5C6C7C8C9CACBCCCDCECF'";

fn school() -> School {
    School::new(PROFILE, KEYS, Dialect::STANDARD)
}

fn content(number: &str) -> CardContent {
    CardContent {
        number: number.parse().unwrap(),
        valid_from: None,
        valid_until: Some(date(2027, 8, 31)),
    }
}

/// The same, valid for longer.
fn prolonged(number: &str) -> CardContent {
    CardContent {
        valid_until: Some(date(2029, 8, 31)),
        ..content(number)
    }
}

fn card(description: &str) -> VirtualCard {
    let text = format!("kind = 'desfire'\n{MASTER}\n{description}");
    VirtualCard::from_toml(&text).unwrap()
}

fn blank() -> VirtualCard {
    card("")
}

/// A card with the application and its files, and still the factory's keys.
fn with_factory_keys() -> VirtualCard {
    card(
        "[[application]]\nid = '2081F4'\nn_keys = 3\nsettings = '0B'\n\
         [[file]]\napplication = '2081F4'\nnumber = 1\nkind = 'backup'\nmode = 'full'\n\
         rights = '1F20'\ndata = 'AABBCCDD2024000017FFFFFF'\n\
         [[file]]\napplication = '2081F4'\nnumber = 2\nkind = 'backup'\nmode = 'mac'\n\
         rights = '1F20'\ndata = '20260831'\n",
    )
}

/// A card of the school that was written with the first number.
fn written() -> VirtualCard {
    let mut card = blank();
    school().write(&mut card, &content("20240017"));
    card
}

/// What an ordinary reading finds.
fn number(card: &mut VirtualCard) -> Option<String> {
    card.put_back();
    school().number(card).unwrap()
}

#[test]
fn a_blank_card_becomes_a_card_of_the_school() {
    let (school, mut card) = (school(), blank());
    assert_eq!(number(&mut card), None);
    card.put_back();
    let plan = school.plan(&mut card, &content("20240017")).unwrap();
    let application = [0xF4, 0x81, 0x20];
    let places = plan.steps.iter().map(|step| step.place);
    let made = |file| Place::DesfireFileSettings { application, file };
    let kept = |file, communication, offset| Place::DesfireFile {
        application,
        file,
        communication,
        offset,
    };
    let key = |key| Place::DesfireKey { application, key };
    let expected = [
        Place::DesfireApplication { application },
        made(1),
        kept(1, Communication::Full, 4),
        made(2),
        kept(2, Communication::Mac, 0),
        key(1),
        key(2),
        key(0),
    ];
    assert_eq!(places.collect::<Vec<_>>(), expected, "its master key last");
    let diversified = [KeyInput::Uid, KeyInput::Bytes((*b"XUKA").into())];
    assert_eq!(plan.steps[6].keys[0].diversified_by, diversified);

    card.put_back();
    write_card(&mut card, school.tools(), &plan, &mut Notes::default()).unwrap();
    assert_eq!(number(&mut card).as_deref(), Some("20240017"));
    card.put_back();
    let again = school.plan(&mut card, &content("20240017")).unwrap();
    assert!(again.steps.is_empty(), "{again:?}");
}

#[test]
fn a_card_is_written_anew_with_the_keys_it_has() {
    let (school, mut card) = (school(), written());
    let plan = school.plan(&mut card, &content("20250099")).unwrap();
    assert_eq!(plan.steps.len(), 1, "the day stays: {plan:?}");
    card.put_back();
    school.write(&mut card, &content("20250099"));
    assert_eq!(number(&mut card).as_deref(), Some("20250099"));
}

#[test]
fn only_keys_that_still_are_the_factorys_are_changed() {
    let (school, mut card) = (school(), with_factory_keys());
    let plan = school.plan(&mut card, &content("20240017")).unwrap();
    let keys = plan.steps.iter().filter_map(|step| match &step.old {
        Content::Key(name) => Some(name.as_str()),
        _ => None,
    });
    assert_eq!(keys.collect::<Vec<_>>(), ["zeros"; 3]);
    card.put_back();
    school.write(&mut card, &content("20240017"));
    assert_eq!(number(&mut card).as_deref(), Some("20240017"));
}

#[test]
fn a_card_whose_own_key_is_another_is_refused_and_stays_as_it_is() {
    let mut card = VirtualCard::desfire();
    let error = school().plan(&mut card, &content("20240017")).unwrap_err();
    let denied = WriteError::NotOpened {
        status_word: 0x91AE,
    };
    assert_eq!(error.to_string(), denied.to_string());
    let was_made =
        |exchange: &xueka_simulator::Exchange| exchange.command.starts_with(&[0x90, 0xCA]);
    assert!(!card.exchanges().iter().any(was_made));
}

#[test]
fn a_file_without_backup_is_not_written() {
    let mut card = card(
        "[[application]]\nid = '2081F4'\nn_keys = 3\n\
         [[file]]\napplication = '2081F4'\nnumber = 1\nmode = 'full'\n\
         rights = '1F20'\ndata = 'AABBCCDD2024000017FFFFFF'\n",
    );
    let error = school().plan(&mut card, &content("20240017")).unwrap_err();
    assert!(matches!(error, WriteError::NotPermitted), "{error}");
}

#[test]
fn a_card_with_random_uids_is_not_written() {
    let mut card = blank().random_uid();
    let error = school().plan(&mut card, &content("20240017")).unwrap_err();
    assert!(matches!(error, WriteError::NoFixedUid), "{error}");
}

#[test]
fn another_card_is_not_written_by_a_plan() {
    let (school, mut card) = (school(), blank());
    let plan = school.plan(&mut card, &content("20240017")).unwrap();
    let mut other = blank().uid([0x04, 1, 2, 3, 4, 5, 6]);
    let error = write_card(&mut other, school.tools(), &plan, &mut Notes::default()).unwrap_err();
    assert!(matches!(error, WriteError::OtherCard), "{error}");
    assert_eq!(other.exchanges().len(), 1, "it was asked who it is");
}

/// Tears a card in all ways, with and without recovery.
fn tear(mut card: VirtualCard) {
    card.put_back();
    let n_torn = n_cards(3);
    let tally = tear_many(&school(), &card, &content("20250099"), n_torn);
    let n_enough = share(n_torn, 20);
    assert!(tally.n_written >= n_enough, "{tally:?}");
    assert!(tally.n_rolled_back >= n_enough, "{tally:?}");
    assert!(tally.n_torn_again >= n_enough, "{tally:?}");
    assert_eq!(tally.n_spoilt, 0, "the chip changes keys whole");
}

#[test]
fn a_card_that_is_torn_while_it_gets_a_new_number_is_made_whole() {
    tear(written());
}

#[test]
fn a_card_that_is_torn_while_its_keys_change_is_made_whole() {
    tear(with_factory_keys());
}

#[test]
fn a_blank_card_that_is_torn_is_made_whole() {
    tear(blank());
}

/// Number and day stand in two files, so they are of one time only because the
/// chip commits both at once.
#[test]
fn a_torn_card_reads_as_old_or_new() {
    old_or_new(&school(), &written(), &prolonged("20250099"), n_cards(3));
}
