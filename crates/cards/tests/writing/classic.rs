//! MIFARE Classic: data in two copies, then keys and access bits.

use jiff::civil::date;
use xueka_cards::{CardContent, Content, Place, WriteError, write_card};
use xueka_simulator::{ReaderStyle, VirtualCard};
use xueka_transport::{CardTransport, Dialect};

use crate::{
    notes::Notes,
    torn::{School, n_cards, share, tear_many},
};

const KEYS: &str = "factory = \"FFFFFFFFFFFF\"\n\
    school-a = \"A0A1A2A3A4A5\"\nschool-b = \"B0B1B2B3B4B5\"\n\
    later-a = \"C0C1C2C3C4C5\"\nlater-b = \"D0D1D2D3D4D5\"\n\
    master = \"aes:00112233445566778899AABBCCDDEEFF\"\n\
    master-b = \"aes:000102030405060708090A0B0C0D0E0F\"\n";

/// Two copies of two blocks each, in two sectors.
fn profile(key: &str, trailer: &str) -> String {
    format!(
        r#"
name = "School"
source = "a test"
[[mifare_classic]]
keys = [{{ name = "{key}", kind = "A" }}]
copies = {{ first = {{ sector = 1, block = 0 }}, second = {{ sector = 2, block = 1 }}, blocks = 2 }}
number = {{ offset = 0, length = 8, coding = "bcd" }}
valid_from = {{ offset = 8, coding = "bcd-yyyymmdd" }}
valid_until = {{ offset = 12, coding = "bcd-yyyymmdd" }}
[mifare_classic.write]
keys = [{{ name = "factory", kind = "A" }}, {{ name = "school-a", kind = "A" }}, {{ name = "school-b", kind = "B" }}]
{trailer}
"#
    )
}

const SCHOOL: &str =
    r#"trailer = { key_a = "school-a", key_b = "school-b", data = "100", trailer = "011" }"#;
const LATER: &str =
    r#"trailer = { key_a = "later-a", key_b = "later-b", data = "110", trailer = "011" }"#;

pub(crate) fn school() -> School {
    School::new(&profile("school-a", SCHOOL), KEYS, Dialect::STANDARD)
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

pub(crate) fn blank() -> VirtualCard {
    VirtualCard::mifare_classic_1k()
}

/// A card of the school that was written with the first number.
pub(crate) fn written() -> VirtualCard {
    let mut card = blank();
    school().write(&mut card, &first());
    card
}

#[test]
fn a_blank_card_becomes_a_card_of_the_school() {
    let school = school();
    let mut card = blank();

    let plan = school.plan(&mut card, &first()).unwrap();
    let places = plan.steps.iter().map(|step| step.place);
    let expected = [
        Place::ClassicBlock(4),
        Place::ClassicBlock(5),
        Place::ClassicTrailer { sector: 1 },
        Place::ClassicTrailer { sector: 2 },
    ];
    assert_eq!(
        places.collect::<Vec<_>>(),
        expected,
        "data first, keys last"
    );
    let Content::Trailer {
        key_a,
        access,
        key_b,
    } = &plan.steps[2].new
    else {
        panic!("{:?}", plan.steps[2]);
    };
    assert_eq!((key_a.as_str(), key_b.as_str()), ("school-a", "school-b"));
    // Key A reads, key B writes; the free byte is the card's own.
    assert_eq!(access, &[0x78, 0x77, 0x88, 0x69]);

    card.put_back();
    school.write(&mut card, &first());
    let again = school.plan(&mut card, &first()).unwrap();
    assert!(again.steps.is_empty(), "{:?}", again.steps);
}

/// Each card has keys of its own, made from its UID.
fn school_with_own_keys() -> School {
    let trailer =
        r#"trailer = { key_a = "master", key_b = "master-b", data = "100", trailer = "011" }"#;
    let made = r#""uid", "3042F54E585020416275""#;
    let profile = profile("master", trailer)
        .replace(
            r#"name = "master", kind = "A""#,
            &format!(r#"name = "master", kind = "A", diversify = [{made}]"#),
        )
        .replace(
            r#"name = "school-b", kind = "B""#,
            r#"name = "master-b", kind = "B", diversify = ["uid"]"#,
        );
    School::new(&profile, KEYS, Dialect::STANDARD)
}

#[test]
fn a_card_gets_keys_that_no_other_card_has() {
    let school = school_with_own_keys();
    // The example of NXP AN10922, §2.2.1: of its key the first six bytes.
    let uid = hex::decode("04782E21801D80").unwrap();
    let mut card = blank().uid(uid);
    school.write(&mut card, &first());
    school.write(&mut card, &second());

    card.put_back();
    let mut response = Vec::new();
    for (command, expected) in [
        ("FF82000006A8DD63A3B89D", "9000"),
        ("FF860000050100046000", "9000"),
    ] {
        let command = hex::decode(command).unwrap();
        CardTransport::transmit(&mut card, &command, &mut response).unwrap();
        assert_eq!(hex::encode(&response), expected);
    }

    // With the same masters another card does not open to these keys.
    let mut other = blank().uid(hex::decode("04782E21801D81").unwrap());
    school.write(&mut other, &first());
    for (command, expected) in [
        ("FF82000006A8DD63A3B89D", "9000"),
        ("FF860000050100046000", "6982"),
    ] {
        let command = hex::decode(command).unwrap();
        CardTransport::transmit(&mut other, &command, &mut response).unwrap();
        assert_eq!(hex::encode(&response), expected);
    }
}

#[test]
fn a_card_that_is_torn_while_it_gets_its_own_keys_is_made_whole_or_spoilt() {
    let n_torn = n_cards(4);
    let tally = tear_many(&school_with_own_keys(), &blank(), &first(), n_torn);
    assert!(tally.n_written >= share(n_torn, 20), "{tally:?}");
    assert!(tally.n_torn_again >= share(n_torn, 20), "{tally:?}");
}

#[test]
fn a_new_number_goes_to_the_other_copy_and_leaves_the_keys() {
    let mut card = written();
    let plan = school().plan(&mut card, &second());
    let places = plan.unwrap().steps.into_iter().map(|step| step.place);
    let expected = [Place::ClassicBlock(9), Place::ClassicBlock(10)];
    assert_eq!(places.collect::<Vec<_>>(), expected);
}

#[test]
fn a_day_that_is_not_given_stays_as_it_was() {
    let school = school();
    let mut card = written();
    let mut changed = second();
    changed.valid_until = None;
    school.write(&mut card, &changed);
    let again = school.plan(&mut card, &second()).unwrap();
    assert!(again.steps.is_empty(), "{:?}", again.steps);
}

#[test]
fn keys_are_changed_from_those_of_before() {
    let later = School::new(&profile("later-a", LATER), KEYS, Dialect::STANDARD);
    let mut card = written();
    later.write(&mut card, &first());
    let old = school().number(&mut card);
    assert_eq!(old, Ok(None), "the old key reads nothing any more");
}

#[test]
fn cards_that_cannot_be_written_are_refused_before_anything_is() {
    let school = school();
    let foreign = blank().keys(2, [0x11; 6], [0x22; 6]);
    let locked = blank().access(1, [0x7F, 0x07, 0x88, 0x69]);
    let cases = [
        (VirtualCard::transit("1000751012345678"), "transit"),
        (VirtualCard::t_union("3104870012345678901"), "transit"),
        (VirtualCard::city_union("2100000098765432"), "transit"),
        (VirtualCard::iso15693(), "no profile"),
        (blank().uid([0x08, 0x12, 0x34, 0x56]), "no fixed UID"),
        (foreign, "no key of the profile"),
        (locked, "may not write"),
    ];
    for (mut card, expected) in cases {
        let error = school.plan(&mut card, &first());
        let error = error.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        let writes = card.exchanges().into_iter().filter(|exchange| {
            matches!(
                exchange.command[..2],
                [0xFF, 0xD6 | 0xD7] | [_, 0xD6 | 0xDC]
            )
        });
        assert_eq!(writes.count(), 0, "{expected}");
    }
}

#[test]
fn a_plan_that_harms_is_refused() {
    let school = school();
    let mut card = blank();
    let plan = school.plan(&mut card, &first()).unwrap();
    let mut harmful = Vec::new();
    for place in [0, 3, 7].map(Place::ClassicBlock) {
        let mut other = plan.clone();
        other.steps[0].place = place;
        harmful.push(other);
    }
    // Nobody could change the trailer: condition 000, 110, and damaged bits.
    for locked in [[0xFF, 0x0F, 0x00, 0x69], [0x77, 0x8F, 0x08, 0x69], [0; 4]] {
        let mut other = plan.clone();
        if let Content::Trailer { access, .. } = &mut other.steps[2].new {
            *access = locked;
        }
        harmful.push(other);
    }
    for plan in harmful {
        card.put_back();
        let mut notes = Notes::default();
        let error = write_card(&mut card, school.tools(), &plan, &mut notes).unwrap_err();
        let is_refused = matches!(error, WriteError::NoSuchPlace | WriteError::LocksOut);
        assert!(is_refused, "{error}");
        assert!(card.exchanges().is_empty() && notes.open.is_none());
    }
}

#[test]
fn a_number_that_has_no_room_is_refused() {
    let error = school().plan(&mut blank(), &content("12345678901234567"));
    assert!(matches!(error, Err(WriteError::DoesNotFit)));
}

#[test]
fn another_card_of_the_same_kind_is_not_written() {
    let school = school();
    let plan = school.plan(&mut blank(), &first()).unwrap();
    let mut other = blank().uid([0x3A, 0x5C, 0x7E, 0x92]);
    let mut notes = Notes::default();
    let error = write_card(&mut other, school.tools(), &plan, &mut notes).unwrap_err();
    assert!(matches!(error, WriteError::OtherCard), "{error}");
    assert!(notes.open.is_none());
}

/// Keys and access bits are written too: a torn trailer may spoil a card.
#[test]
fn a_blank_card_that_is_torn_is_made_whole_or_known_to_be_spoilt() {
    let n_torn = n_cards(4);
    for style in [ReaderStyle::Standard, ReaderStyle::Acs] {
        let card = blank().reader_style(style);
        let school = school();
        let tally = tear_many(&school, &card, &first(), n_torn);
        assert!(tally.n_spoilt >= share(n_torn, 200), "{tally:?}");
        assert!(tally.n_torn_again >= share(n_torn, 20), "{tally:?}");
        assert!(tally.n_written >= share(n_torn, 20), "{tally:?}");
    }
}

/// No trailer is written, so no card may end as spoilt.
#[test]
fn a_card_that_is_torn_while_it_gets_a_new_number_is_made_whole() {
    let n_torn = n_cards(4);
    for style in [ReaderStyle::Standard, ReaderStyle::Acs] {
        let card = written().reader_style(style);
        let school = school();
        let tally = tear_many(&school, &card, &second(), n_torn);
        assert_eq!(tally.n_spoilt, 0, "{tally:?}");
        assert!(tally.n_rolled_back >= share(n_torn, 20), "{tally:?}");
        assert!(tally.n_torn_again >= share(n_torn, 20), "{tally:?}");
    }
}
