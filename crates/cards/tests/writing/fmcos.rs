//! FMCOS: a record in two files, behind an external authentication, with and
//! without line protection.

use jiff::civil::date;
use xueka_cards::{
    CardContent, Directory, FileName, Place, Side, WriteEnd, WriteError, recover_card, write_card,
};
use xueka_simulator::{Exchange, VirtualCard};
use xueka_transport::Dialect;

use crate::{
    notes::Notes,
    torn::{School, n_cards, old_or_new, share, tear_many},
};

/// The keys of the school's application on every virtual FM1208, and others.
const KEYS: &str = r#"
school = "3des:00112233445566778899AABBCCDDEEFF"
other = "3des:FFEEDDCCBBAA99887766554433221100"
"#;

/// What both files say of themselves.
const FILES: &str = "[[file]]\nid = '0015'\nread = 'F0'\nwrite = 'F1'\naccess = 'FF'\n\
    data = '0000000000000000000000000000000000000000000000000000'\n\
    [[file]]\nid = '0016'\nread = 'F0'\nwrite = 'F1'\naccess = 'FF'\n\
    data = '0000000000000000000000000000000000000000000000000000'\n";

fn school_with(key: &str, line_key: &str) -> School {
    let profile = format!(
        r#"
name = "School"
source = "a test"
[[cpu]]
directory = "3F01"
copies = {{ first = {{ sfi = 21 }}, second = {{ file = "0016", offset = 2 }}, length = 20 }}
number = {{ offset = 0, length = 8, coding = "bcd" }}
valid_until = {{ offset = 8, coding = "bcd-yyyymmdd" }}
internal_authentication = {{ key_id = 0, key = "school" }}
[cpu.write]
key = {{ name = "{key}", id = 0 }}
{line_key}
"#
    );
    School::new(&profile, KEYS, Dialect::STANDARD)
}

fn school() -> School {
    school_with("school", "")
}

fn school_with_mac() -> School {
    school_with("school", r#"line_key = { name = "school", id = 0 }"#)
}

fn school_with_cipher() -> School {
    school_with(
        "school",
        r#"line_key = { name = "school", id = 0, encrypted = true }"#,
    )
}

fn blank() -> VirtualCard {
    VirtualCard::from_toml(&format!("kind = 'fm1208'\n{FILES}")).unwrap()
}

fn blank_with_mac() -> VirtualCard {
    let files = FILES.replace("access", "protection = 'mac'\naccess");
    VirtualCard::from_toml(&format!("kind = 'fm1208'\n{files}")).unwrap()
}

fn blank_with_cipher() -> VirtualCard {
    let files = FILES.replace("access", "protection = 'encrypted'\naccess");
    VirtualCard::from_toml(&format!("kind = 'fm1208'\n{files}")).unwrap()
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

fn sent(card: &VirtualCard, head: [u8; 2]) -> usize {
    let is_it = |exchange: &&Exchange| exchange.command.starts_with(&head);
    card.exchanges().iter().filter(is_it).count()
}

#[test]
fn copies_are_written_in_turn_and_read_by_the_same_profile() {
    for (school, mut card) in [
        (school(), blank()),
        (school_with_mac(), blank_with_mac()),
        (school_with_cipher(), blank_with_cipher()),
    ] {
        assert_eq!(school.number(&mut card), Ok(None));
        card.put_back();
        let copies = [
            ("20240017", 0x0015),
            ("20250099", 0x0016),
            ("20260001", 0x0015),
        ];
        for (number, file) in copies {
            let plan = school.plan(&mut card, &content(number)).unwrap();
            let [step] = &plan.steps[..] else {
                panic!("{plan:?}");
            };
            let Place::File {
                directory: Directory::Numbered(_),
                file: named,
                offset,
            } = step.place
            else {
                panic!("{plan:?}");
            };
            let expected = match named {
                FileName::Short(sfi) => (u16::from(sfi.number()), 0),
                FileName::Long(id) => (id.0, 2),
            };
            assert_eq!(expected.0, file, "{number}");
            assert_eq!(expected.1, offset, "{number}");
            card.put_back();
            school.write(&mut card, &content(number));
        }
        let plan = school.plan(&mut card, &content("20260001")).unwrap();
        assert!(plan.steps.is_empty(), "{plan:?}");
    }
}

#[test]
fn a_plan_shows_no_key_and_a_write_shows_one_once() {
    let (school, mut card) = (school(), blank());
    let plan = school.plan(&mut card, &content("20240017")).unwrap();
    assert_eq!(sent(&card, [0x00, 0x82]), 0);
    card.put_back();
    write_card(&mut card, school.tools(), &plan, &mut Notes::default()).unwrap();
    assert_eq!(sent(&card, [0x00, 0x82]), 1);
    assert_eq!(sent(&card, [0x00, 0xD6]), 1);
}

#[test]
fn a_key_that_the_card_refused_is_not_shown_again() {
    let (school, mut card) = (school_with("other", ""), blank());
    let plan = school.plan(&mut card, &content("20240017")).unwrap();
    card.put_back();
    let mut notes = Notes::default();
    let error = write_card(&mut card, school.tools(), &plan, &mut notes).unwrap_err();
    let two_left = WriteError::NotOpened {
        status_word: 0x63C2,
    };
    assert_eq!(error.to_string(), two_left.to_string());
    assert_eq!(sent(&card, [0x00, 0x82]), 1);

    // Nothing was begun, so taking it up costs no other try.
    card.put_back();
    let (id, plan) = notes.taken_up().unwrap();
    let end = recover_card(&mut card, school.tools(), id, &plan, None, &mut notes).unwrap();
    assert_eq!(end, WriteEnd::RolledBack);
    assert_eq!(sent(&card, [0x00, 0x82]), 0);
}

#[test]
fn a_wrong_key_of_the_line_is_not_used_again() {
    let line_key = r#"line_key = { name = "other", id = 0 }"#;
    let (school, mut card) = (school_with("school", line_key), blank_with_mac());
    let plan = school.plan(&mut card, &content("20240017")).unwrap();
    card.put_back();
    let mut notes = Notes::default();
    let error = write_card(&mut card, school.tools(), &plan, &mut notes).unwrap_err();
    let refused = matches!(
        error,
        WriteError::Refused {
            status_word: 0x6988
        }
    );
    assert!(refused, "{error}");
    assert_eq!(sent(&card, [0x04, 0xD6]), 1);
}

#[test]
fn an_enciphered_line_shows_neither_number_nor_day() {
    let (school, mut card) = (school_with_cipher(), blank_with_cipher());
    let plan = school.plan(&mut card, &content("20240017")).unwrap();
    card.put_back();
    write_card(&mut card, school.tools(), &plan, &mut Notes::default()).unwrap();
    let exchanges = card.exchanges();
    let mut sent = exchanges.iter().map(|exchange| &exchange.command);
    let update = sent.find(|command| command.starts_with(&[0x04, 0xD6]));
    // Length and 20 bytes in three blocks, and the MAC.
    let update = update.unwrap();
    assert_eq!(update.len(), 5 + 24 + 4);
    for plain in ["20240017", "20270831"] {
        assert!(!hex::encode(update).contains(plain), "{plain}");
    }
}

#[test]
fn an_imitation_that_believes_any_key_is_not_written() {
    let text = format!("kind = 'cpu-tid'\n{FILES}");
    let (school, mut card) = (school(), VirtualCard::from_toml(&text).unwrap());
    let plan = school.plan(&mut card, &content("20240017")).unwrap();
    card.put_back();
    let error = write_card(&mut card, school.tools(), &plan, &mut Notes::default()).unwrap_err();
    assert!(matches!(error, WriteError::NotPermitted), "{error}");
    assert_eq!(sent(&card, [0x00, 0x82]) + sent(&card, [0x00, 0xD6]), 0);
}

#[test]
fn transit_cards_and_cards_without_the_directory_are_refused_before_anything_is_written() {
    let transit = [
        VirtualCard::transit("1000751012345678"),
        VirtualCard::t_union("3104870012345678901"),
        VirtualCard::city_union("1000000098765432"),
    ];
    for mut card in transit {
        let error = school().plan(&mut card, &content("20240017")).unwrap_err();
        assert!(matches!(error, WriteError::TransitCard), "{error}");
    }
    let mut card = VirtualCard::iso14443_4();
    let error = school().plan(&mut card, &content("20240017")).unwrap_err();
    assert!(matches!(error, WriteError::NoSuchPlace), "{error}");
}

/// A card of the school that was written with the first number.
fn written(school: &School, mut card: VirtualCard) -> VirtualCard {
    school.write(&mut card, &content("20240017"));
    card
}

/// Tears a card in all ways, with recovery.
fn tear(school: &School, card: &VirtualCard) {
    let n_torn = n_cards(3);
    let tally = tear_many(school, card, &content("20250099"), n_torn);
    let n_enough = share(n_torn, 20);
    assert!(tally.n_written >= n_enough, "{tally:?}");
    assert!(tally.n_rolled_back >= n_enough, "{tally:?}");
    assert!(tally.n_torn_again >= n_enough, "{tally:?}");
    assert_eq!(tally.n_spoilt, 0, "no key was changed");
}

#[test]
fn a_blank_card_that_is_torn_is_made_whole() {
    tear(&school(), &blank());
}

#[test]
fn a_card_that_is_torn_while_it_gets_a_new_number_is_made_whole() {
    tear(&school(), &written(&school(), blank()));
}

#[test]
fn a_card_with_line_protection_that_is_torn_is_made_whole() {
    let school = school_with_mac();
    tear(&school, &written(&school, blank_with_mac()));
}

#[test]
fn a_torn_card_reads_as_old_or_new() {
    let cards = [
        (school(), blank()),
        (school_with_mac(), blank_with_mac()),
        (school_with_cipher(), blank_with_cipher()),
    ];
    for (school, card) in cards {
        let card = written(&school, card);
        old_or_new(&school, &card, &prolonged("20250099"), n_cards(3));
    }
}

#[test]
fn a_torn_card_goes_back_when_that_is_wanted() {
    let (school, mut card) = (school(), blank());
    school.write(&mut card, &content("20240017"));
    let plan = school.plan(&mut card, &content("20250099")).unwrap();
    card.put_back();
    let mut notes = Notes::default();
    write_card(&mut card, school.tools(), &plan, &mut notes).unwrap();
    card.put_back();
    let (wanted, id) = (Some(Side::Old), xueka_cards::WriteId(9));
    notes.open = Some((id, plan.to_text().unwrap()));
    let end = recover_card(&mut card, school.tools(), id, &plan, wanted, &mut notes).unwrap();
    assert_eq!(end, WriteEnd::RolledBack);
    card.put_back();
    assert_eq!(school.number(&mut card), Ok(Some("20240017".to_owned())));
}
