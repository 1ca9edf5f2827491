//! FMCOS: a card as its maker delivers it is given the school's directory, its
//! keys and its files.

use jiff::civil::date;
use xueka_cards::{
    CardContent, Content, KeyUse, Place, Side, WriteEnd, WriteError, recover_card, write_card,
};
use xueka_simulator::{Danger, Exchange, VirtualCard};
use xueka_transport::Dialect;

use crate::{
    notes::Notes,
    torn::{School, n_cards, share, tear_many},
};

const KEYS: &str = r#"
factory = "des:FFFFFFFFFFFFFFFF"
other = "des:0123456789ABCDEF"
genuine = "3des:000102030405060708090A0B0C0D0E0F"
write = "3des:101112131415161718191A1B1C1D1E1F"
line = "3des:202122232425262728292A2B2C2D2E2F"
"#;

/// The name of the school's directory.
const SCHOOL: &str = "5855454B412E4341524453";

fn profile(card_key: &str) -> String {
    format!(
        r#"
name = "School"
source = "a test"
[[cpu]]
application = "{SCHOOL}"
copies = {{ first = {{ sfi = 21 }}, second = {{ file = "0016", offset = 2 }}, length = 20 }}
number = {{ offset = 0, length = 8, coding = "bcd" }}
valid_until = {{ offset = 8, coding = "bcd-yyyymmdd" }}
internal_authentication = {{ key_id = 0, key = "genuine", diversify = ["uid"] }}
[cpu.write]
key = {{ name = "write", id = 1, diversify = ["uid"] }}
line_key = {{ name = "line", id = 2, diversify = ["uid"] }}
make = {{ directory = "3F02", card_key = {{ name = "{card_key}", id = 0 }} }}
"#
    )
}

fn school_with(profile: &str) -> School {
    School::new(profile, KEYS, Dialect::STANDARD)
}

fn school_with_cipher() -> School {
    school_with(&profile("factory").replace("id = 2,", "id = 2, encrypted = true,"))
}

fn school() -> School {
    school_with(&profile("factory"))
}

/// A card as it is delivered: nothing but a root whose rights take the key that
/// cards of its kind come with.
fn delivered(more: &str) -> VirtualCard {
    let text = format!(
        "kind = 'fm1208'\nblank = true\n\
         [[directory]]\nid = '3F00'\nname = '1PAY.SYS.DDF01'\ncreate = 'FF'\nerase = 'FF'\n{more}\
         [[key]]\ndirectory = '3F00'\nkind = 'external'\nid = 0\nchange = 'FF'\nfollow_up = 'FF'\n\
         tries = '33'\nvalue = 'FFFFFFFFFFFFFFFF'\n"
    );
    let mut card = VirtualCard::from_toml(&text).unwrap();
    card.put_back();
    card
}

fn content(number: &str) -> CardContent {
    CardContent {
        number: number.parse().unwrap(),
        valid_from: None,
        valid_until: Some(date(2027, 8, 31)),
    }
}

fn dangers(card: &VirtualCard, danger: Danger) -> usize {
    let exchanges = card.exchanges();
    let is_it = |exchange: &&Exchange| exchange.danger() == Some(danger);
    exchanges.iter().filter(is_it).count()
}

fn sent(card: &VirtualCard, head: [u8; 2]) -> usize {
    let is_it = |exchange: &&Exchange| exchange.command.starts_with(&head);
    card.exchanges().iter().filter(is_it).count()
}

#[test]
fn a_delivered_card_becomes_a_card_of_the_school() {
    let (school, mut card) = (school(), delivered(""));
    let plan = school.plan(&mut card, &content("20240017")).unwrap();
    let is_kind = |index: usize, expected: fn(&Place) -> bool| {
        let place = plan.steps[index].place;
        assert!(expected(&place), "{index}: {place:?}");
    };
    assert_eq!(plan.steps.len(), 9);
    is_kind(0, |it| matches!(it, Place::FmcosDirectory { .. }));
    is_kind(1, |it| matches!(it, Place::FmcosKeyFile { .. }));
    is_kind(2, |it| {
        matches!(
            it,
            Place::FmcosKey {
                kind: 0x30,
                id: 0,
                ..
            }
        )
    });
    is_kind(3, |it| {
        matches!(
            it,
            Place::FmcosKey {
                kind: 0x39,
                id: 1,
                ..
            }
        )
    });
    is_kind(4, |it| {
        matches!(
            it,
            Place::FmcosKey {
                kind: 0x36,
                id: 2,
                ..
            }
        )
    });
    is_kind(5, |it| matches!(it, Place::FmcosFile { .. }));
    is_kind(6, |it| matches!(it, Place::FmcosFile { .. }));
    is_kind(7, |it| matches!(it, Place::File { offset: 2, .. }));
    is_kind(8, |it| matches!(it, Place::File { offset: 0, .. }));
    assert!(plan.steps.iter().all(|step| step.old == Content::Nothing));
    for danger in [Danger::Create, Danger::WriteKey, Danger::Erase] {
        assert_eq!(dangers(&card, danger), 0, "a plan changes nothing");
    }
    card.put_back();

    school.write(&mut card, &content("20240017"));
    // It is the school's from now on, and its number changes as on any.
    let plan = school.plan(&mut card, &content("20250099")).unwrap();
    assert_eq!(plan.steps.len(), 1, "{plan:?}");
    card.put_back();
    school.write(&mut card, &content("20250099"));
    assert_eq!(dangers(&card, Danger::Create), 0);
}

#[test]
fn files_of_an_enciphered_line_are_made_for_it() {
    let (school, mut card) = (school_with_cipher(), delivered(""));
    school.write(&mut card, &content("20240017"));
    school.write(&mut card, &content("20250099"));
}

#[test]
fn what_was_made_opens_to_its_keys_alone() {
    let (school, mut card) = (school(), delivered(""));
    school.write(&mut card, &content("20240017"));
    let select = format!("00A404000B{SCHOOL}");
    let refused = [
        ("00D6950001AA", "6982", "writing the first file"),
        ("00D6960001AA", "6982", "or the second"),
        ("80E0001707280010F0F0FFFF", "6982", "making another"),
        (
            "80D401050D39F0F01133FFFFFFFFFFFFFFFF",
            "6982",
            "adding a key",
        ),
        (
            "80D439010D39F0F01133FFFFFFFFFFFFFFFF",
            "6982",
            "changing one",
        ),
        ("800E000000", "6982", "emptying it"),
    ];
    for (command, expected, why) in refused {
        card.put_back();
        let mut response = Vec::new();
        for command in [select.as_str(), command] {
            let command = hex::decode(command).unwrap();
            xueka_transport::CardTransport::transmit(&mut card, &command, &mut response).unwrap();
        }
        let word = hex::encode_upper(&response[response.len() - 2..]);
        assert_eq!(word, expected, "{why}");
    }
    card.put_back();
    assert_eq!(school.number(&mut card), Ok(Some("20240017".to_owned())));
}

#[test]
fn a_card_with_another_key_loses_one_try_and_nothing_is_noted() {
    let (school, mut card) = (school_with(&profile("other")), delivered(""));
    let error = school.plan(&mut card, &content("20240017")).unwrap_err();
    let two_left = WriteError::NotOpened {
        status_word: 0x63C2,
    };
    assert_eq!(error.to_string(), two_left.to_string());
    assert_eq!(sent(&card, [0x00, 0x82]), 1);
}

#[test]
fn a_directory_of_another_under_the_same_identifier_is_left_alone() {
    let other = "[[directory]]\nid = '3F02'\nname = 'CANTEEN'\n";
    let mut card = delivered(other);
    let error = school().plan(&mut card, &content("20240017")).unwrap_err();
    assert!(matches!(error, WriteError::NotPermitted), "{error}");
    assert_eq!(sent(&card, [0x00, 0x82]), 0, "and no key is shown to it");
}

#[test]
fn without_make_nothing_is_made() {
    let profile = profile("factory");
    let lines = profile.lines().filter(|line| !line.starts_with("make"));
    let school = school_with(&lines.collect::<Vec<_>>().join("\n"));
    let error = school
        .plan(&mut delivered(""), &content("20240017"))
        .unwrap_err();
    assert!(matches!(error, WriteError::NoSuchPlace), "{error}");
}

#[test]
fn a_delivered_card_that_is_torn_is_made_whole() {
    let n_torn = n_cards(1);
    let tally = tear_many(&school(), &delivered(""), &content("20240017"), n_torn);
    let n_enough = share(n_torn, 20);
    assert!(tally.n_written >= n_enough, "{tally:?}");
    assert!(tally.n_rolled_back >= n_enough, "{tally:?}");
    assert!(tally.n_torn_again >= n_enough, "{tally:?}");
    assert_eq!(tally.n_spoilt, 0, "whatever is torn can be emptied");
}

#[test]
fn a_card_that_went_back_is_emptied_and_can_be_made_again() {
    let (school, mut card) = (school(), delivered(""));
    let plan = school.plan(&mut card, &content("20240017")).unwrap();
    card.put_back();
    let mut notes = Notes::default();
    write_card(&mut card, school.tools(), &plan, &mut notes).unwrap();
    card.put_back();
    let (wanted, id) = (Some(Side::Old), xueka_cards::WriteId(9));
    notes.open = Some((id, plan.to_text().unwrap()));
    let end = recover_card(&mut card, school.tools(), id, &plan, wanted, &mut notes).unwrap();
    assert_eq!(end, WriteEnd::RolledBack);
    card.put_back();
    assert_eq!(school.number(&mut card), Ok(None));
    card.put_back();
    school.write(&mut card, &content("20250099"));
}

#[test]
fn a_key_is_named_in_the_plan_and_never_written_in_it() {
    let school = school();
    let plan = school
        .plan(&mut delivered(""), &content("20240017"))
        .unwrap();
    let text = plan.to_text().unwrap();
    for secret in ["FFFFFFFFFFFFFFFF", "0001020304", "1011121314", "2021222324"] {
        let secret = secret.to_lowercase();
        assert!(!text.to_lowercase().contains(&secret), "{secret}");
    }
    let names = plan.steps.iter().flat_map(|step| &step.keys);
    let names = names.map(|KeyUse { name, .. }| name.as_str());
    let names = names.collect::<std::collections::BTreeSet<_>>();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["factory", "genuine", "line", "write"]
    );
}
