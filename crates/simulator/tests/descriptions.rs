//! Cards described in TOML: what each key does, and how mistakes are refused.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use proptest::prelude::*;
use xueka_simulator::{Scenario, VirtualCard, card_kinds};
use xueka_transport::{CardSession, CardTransport, TransportError};

#[test]
fn the_guide_has_a_row_for_every_kind() {
    let guide = include_str!("../../../scenarios/README.md");
    for (kind, summary) in card_kinds() {
        assert!(guide.contains(&format!("`{kind}`")), "{kind}");
        assert!(!summary.is_empty(), "{kind}");
    }
}

fn send(card: &mut VirtualCard, command: &str) -> String {
    let mut response = Vec::new();
    let command = hex::decode(command.replace(' ', "")).unwrap();
    card.transmit(&command, &mut response).unwrap();
    hex::encode_upper(response)
}

#[test]
fn a_kind_alone_describes_a_whole_card() {
    // A card with contacts has no UID, a recording only what was recorded.
    let others = ["contact", "recording"];
    for (kind, _) in card_kinds().filter(|(kind, _)| !others.contains(kind)) {
        let mut card = VirtualCard::from_toml(&format!("kind = \"{kind}\"")).unwrap();
        assert_eq!(card.kind(), kind);
        let uid = send(&mut card, "FFCA000000");
        assert!(uid.len() >= 12 && uid.ends_with("9000"), "{kind}: {uid}");
    }
    for kind in others {
        let card = VirtualCard::from_toml(&format!("kind = \"{kind}\"")).unwrap();
        assert_eq!(card.kind(), kind);
    }
}

#[test]
fn each_key_changes_what_it_names() {
    let cases = [
        (
            "kind = 'transit-cpu'\nuid = '01020304'",
            "FFCA000000",
            "010203049000",
        ),
        (
            "kind = 'transit-cpu'\nnumber = '1000000000000009'",
            "00B0840008",
            "10000000000000099000",
        ),
        (
            "kind = 'transit-cpu'\nvalid_from = 2024-09-01",
            "00B0841804",
            "202409019000",
        ),
        (
            "kind = 'transit-cpu'\nvalid_until = '2031-12-31'",
            "00B0841C04",
            "203112319000",
        ),
        (
            "kind = 'transit-cpu'\nhistorical_bytes = '80AA'",
            "FFCA010000",
            "80AA9000",
        ),
        (
            "kind = 'transit-cpu'\n[[file]]\nsfi = 4\ndata = 'ABCD'",
            "00B0840000",
            "ABCD9000",
        ),
        (
            "kind = 'transit-cpu'\n[[fault]]\nwhat = 'endless-more'",
            "00B0840008",
            "6110",
        ),
        (
            "kind = 'transit-cpu'\n[[fault]]\nwhat = 'overlong-response'\nn_bytes = 3",
            "00B0840008",
            "0000009000",
        ),
        (
            "kind = 'transit-cpu'\n[[fault]]\nwhat = 'truncated'\nn_bytes = 3",
            "00B0840008",
            "10007510123456",
        ),
        (
            "kind = 'mifare-classic-1k'\nmagic = true",
            "FFCA010000",
            "DABC19109000",
        ),
        (
            "kind = 'transit-cpu'\n[[fault]]\nwhat = 'swap'\nuid = '0A0B0C0D'",
            "FFCA000000",
            "0A0B0C0D9000",
        ),
        (
            "kind = 't-union'\nselect_answer = '6F00'",
            "00A4040008A00000063201010500",
            "6F009000",
        ),
        (
            "kind = 'ultralight'\n[[page]]\nnumber = 4\ndata = '01020304'",
            "FFB0000404",
            "010203049000",
        ),
        (
            "kind = 'storage'\nstandard = 'felica'\nuid = '0102030405060708'",
            "FFCA000000",
            "01020304050607089000",
        ),
        (
            "kind = 'desfire'\nuid = '04010203040506'",
            "FFCA000000",
            "040102030405069000",
        ),
        (
            "kind = 'mifare-classic-1k'\nreader_style = 'acs'",
            "FFB0000410",
            "6300",
        ),
    ];
    for (text, command, expected) in cases {
        let mut card =
            VirtualCard::from_toml(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(send(&mut card, command), expected, "{text}");
    }
    let atr = VirtualCard::from_toml("kind = 'desfire'\natr = '3B00'").unwrap();
    assert_eq!(CardSession::atr(&atr), [0x3B, 0x00]);
}

#[test]
fn keys_inside_applications_and_sectors_work_together() {
    let mut card = VirtualCard::from_toml(
        "kind = 't-union'\nholder = 'senior'\ncity = '1000'\nbalance = 500\n\
         number = '3104870012345678902'",
    )
    .unwrap();
    send(&mut card, "00A4040008A00000063201010500");
    assert_eq!(send(&mut card, "00B0970605"), "10000000039000");
    assert_eq!(send(&mut card, "00B0950A0A"), "031048700123456789029000");
    assert_eq!(send(&mut card, "805C000204"), "000001F49000");

    let mut card = VirtualCard::from_toml(
        "kind = 'mifare-classic-1k'\n\
         [[sector]]\nnumber = 2\nkey_a = 'A0A1A2A3A4A5'\n\
         [[block]]\nnumber = 9\ndata = '00112233445566778899AABBCCDDEEFF'\n",
    )
    .unwrap();
    assert_eq!(send(&mut card, "FF82000006A0A1A2A3A4A5"), "9000");
    assert_eq!(send(&mut card, "FF860000050100096000"), "9000");
    assert_eq!(
        send(&mut card, "FFB0000910"),
        "00112233445566778899AABBCCDDEEFF9000"
    );
}

/// Each text is refused at its line for its reason.
fn assert_refused(cases: &[(&str, usize, &str)]) {
    for &(text, line, reason) in cases {
        let error = VirtualCard::from_toml(text).unwrap_err();
        assert_eq!(error.line(), line, "{text:?}: {error}");
        assert!(error.reason().contains(reason), "{text:?}: {error}");
        let whole = format!("line {line}: {}", error.reason());
        assert_eq!(error.to_string(), whole);
    }
}

#[test]
fn mistakes_are_refused_with_line_and_reason() {
    assert_refused(&[
        ("", 1, "a card needs `kind`, one of transit-cpu, t-union"),
        ("kind = 3", 1, "`kind` must be text"),
        ("\n\nkind = 'visa'", 3, "`kind` must be one of transit-cpu"),
        ("kind = 'contact'\nkind = 'contact'", 2, "duplicate key"),
        (
            "kind = 'desfire'\ncolour = 'red'",
            2,
            "a card of kind `desfire` has no key `colour`",
        ),
        ("kind = 'desfire'\nnumber = '1'", 2, "has no key `number`"),
        ("kind = 'contact'\nuid = '01020304'", 2, "has no key `uid`"),
        (
            "kind = 'transit-cpu'\nnumber = '12'",
            2,
            "16 digits on this kind of card, not 2",
        ),
        (
            "kind = 't-union'\nnumber = '1000751012345678'",
            2,
            "19 digits",
        ),
        (
            "kind = 'transit-cpu'\nnumber = '10007510123456AB'",
            2,
            "digits and nothing else",
        ),
        (
            "kind = 'transit-cpu'\nnumber = 1000751012345678",
            2,
            "text in quotes",
        ),
        (
            "kind = 'transit-cpu'\nuid = '010203'",
            2,
            "4, 7 or 10 bytes",
        ),
        ("kind = 'ultralight'\nuid = '01020304'", 2, "7 bytes"),
        ("kind = 'transit-cpu'\nuid = 'xyz'", 2, "in hexadecimal"),
        (
            "kind = 'transit-cpu'\nvalid_from = '2024-02-30'",
            2,
            "a date such as",
        ),
        (
            "kind = 'transit-cpu'\nvalid_from = 2024-09-01T10:00:00",
            2,
            "a date such as",
        ),
        (
            "kind = 'transit-cpu'\nbalance = -1",
            2,
            "a whole number from 0",
        ),
        (
            "kind = 'transit-cpu'\nbalance = 1.5",
            2,
            "a whole number from 0",
        ),
        ("kind = 'transit-cpu'\nmute = 'yes'", 2, "true or false"),
        (
            "kind = 'transit-cpu'\nresponse_delay = 5",
            2,
            "a time such as",
        ),
        ("kind = 'transit-cpu'\natr = '3'", 2, "hexadecimal"),
    ]);
}

#[test]
fn mistakes_in_faults_are_refused_with_line_and_reason() {
    assert_refused(&[
        (
            "kind = 'transit-cpu'\nfault = 'tear'",
            2,
            "tables, each headed [[fault]]",
        ),
        (
            "kind = 'transit-cpu'\n[[fault]]\nat_command = 1",
            2,
            "needs `what`",
        ),
        (
            "kind = 'transit-cpu'\n[[fault]]\nwhat = 'burn'",
            3,
            "`what` must be one of tear",
        ),
        (
            "kind = 'transit-cpu'\n[[fault]]\nwhat = 'stuck'\nat_command = 0",
            4,
            "from 1",
        ),
        (
            "kind = 'transit-cpu'\n[[fault]]\nwhat = 'stuck'\nobeyed = true",
            4,
            "no key `obeyed`",
        ),
        (
            "kind = 'transit-cpu'\n[[fault]]\nwhat = 'delay'",
            2,
            "a delay needs `duration`",
        ),
        (
            "kind = 'transit-cpu'\n[[fault]]\nwhat = 'swap'",
            2,
            "a swap needs `uid`",
        ),
    ]);
}

#[test]
fn mistakes_in_files_and_memory_are_refused_with_line_and_reason() {
    assert_refused(&[
        (
            "kind = 'transit-cpu'\n[[file]]\nsfi = 31\ndata = ''",
            3,
            "from 1 to 30",
        ),
        (
            "kind = 'transit-cpu'\n[[file]]\nsfi = 3",
            2,
            "needs `sfi` and `data`",
        ),
        (
            "kind = 'transit-cpu'\n[[log]]\nrecord = '00'",
            3,
            "23 bytes as 46 hexadecimal digits",
        ),
        ("kind = 't-union'\nholder = 'pupil'", 2, "ordinary, student"),
        (
            "kind = 'transit-cpu'\nholder = 'student'",
            2,
            "has no key `holder`",
        ),
        (
            "kind = 'campus'\nstudent_number = '12345678901'",
            2,
            "1 to 10 digits",
        ),
        (
            "kind = 'mifare-classic-1k'\n[[sector]]\nnumber = 16",
            3,
            "from 0 to 15",
        ),
        (
            "kind = 'mifare-classic-1k'\n[[sector]]\nkey_a = 'FFFFFFFFFFFF'",
            2,
            "needs `number`",
        ),
        (
            "kind = 'mifare-classic-1k'\n[[sector]]\nnumber = 1\nkey_a = 'FF'",
            4,
            "6 bytes",
        ),
        (
            "kind = 'mifare-classic-1k'\n[[block]]\nnumber = 7\ndata = '00112233445566778899AABBCCDDEEFF'",
            3,
            "sector trailers are not data",
        ),
        (
            "kind = 'ultralight'\n[[page]]\nnumber = 16\ndata = '00000000'",
            3,
            "from 0 to 15",
        ),
        (
            "kind = 'mifare-classic-1k'\nreader_style = 'best'",
            2,
            "must be one of standard, acs, acr1222l",
        ),
        (
            "kind = 'storage'\nstandard = 'usb'",
            2,
            "iso15693 or felica",
        ),
        ("kind = 'transit-cpu", 1, ""),
    ]);
}

#[test]
fn mistakes_in_keys_and_applications_are_refused_with_line_and_reason() {
    assert_refused(&[
        (
            "kind = 'fm1208'\n[[key]]\nkind = 'secret'\nvalue = '0011223344556677'",
            3,
            "encrypt, decrypt, mac",
        ),
        (
            "kind = 'fm1208'\n[[key]]\nkind = 'internal'\nvalue = '001122'",
            4,
            "8 or 16 bytes",
        ),
        (
            "kind = 'fm1208'\n[[file]]\nid = '0016'",
            2,
            "a binary [[file]] needs `data`",
        ),
        (
            "kind = 'fm1208'\n[[file]]\nid = '0016'\nkind = 'tape'",
            4,
            "binary, fixed, variable, cyclic or purse",
        ),
        (
            "kind = 'fm1208'\n[[file]]\nid = '0016'\nkind = 'fixed'\nrecords = ['1']",
            5,
            "a list of texts in hexadecimal",
        ),
        ("kind = 'fm1208'\n[[directory]]", 2, "needs `id`"),
        ("kind = 'desfire'\ngeneration = 'ev9'", 2, "ev1, ev2 or ev3"),
        ("kind = 'desfire'\n[[application]]", 2, "needs `id`"),
        (
            "kind = 'desfire'\n[[file]]\nnumber = 1",
            2,
            "needs `application` and `number`",
        ),
        (
            "kind = 'desfire'\n[[file]]\napplication = '010203'\nnumber = 1\nkind = 'tape'",
            5,
            "standard, backup, value",
        ),
    ]);
}

#[test]
fn a_refusal_does_not_repeat_the_value() {
    for text in [
        "kind = 'transit-cpu'\nnumber = '99887766'",
        "kind = 'transit-cpu'\nuid = '998877'",
        "kind = 'mifare-classic-1k'\n[[sector]]\nnumber = 1\nkey_a = '998877'",
    ] {
        let error = VirtualCard::from_toml(text).unwrap_err().to_string();
        assert!(!error.contains("9988"), "{error}");
    }
}

/// Pieces of descriptions, put together in any way.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("kind = 'transit-cpu'".to_owned()),
        Just("kind = 'mifare-classic-1k'".to_owned()),
        Just("kind = 'ultralight'".to_owned()),
        "(uid|number|atr|data|key_a|what|at|after|insert|record) = '[0-9A-Fa-f]{0,40}'",
        "(number|sfi|slot|at_command|n_bytes|balance) = -?[0-9]{1,20}",
        r"\[\[(fault|sector|block|page|file|log|step)\]\]",
        "[a-z]{1,6} = \\{ [a-z]{1,4} = [0-9]{1,3} \\}",
        "\\PC{0,40}",
    ]
}

proptest! {
    #[test]
    fn no_text_makes_a_description_panic(lines in prop::collection::vec(line(), 0..12)) {
        let text = lines.join("\n");
        let n_lines = text.lines().count().max(1);
        if let Err(error) = VirtualCard::from_toml(&text) {
            prop_assert!((1..=n_lines + 1).contains(&error.line()), "{error}");
        }
        let _ = Scenario::from_toml(&text);
    }
}

const RECORDING: &str = r#"
kind = "recording"
version = 1
family = "MifareClassic1K"
reader = "A reader"
atr = "3B8F8001804F0CA000000306030001000000006A"

[[exchange]]
command = "FFCA000000"
response = "5A5A00019000"

[[exchange]]
command = "FF82000006************"
response = "9000"

[[exchange]]
command = "FFB0000410"
response = "****00019000"

[[exchange]]
command = "FFB0000510"
failure = "card-gone"
"#;

#[test]
fn a_recording_is_replayed() {
    let mut card = VirtualCard::replay(RECORDING).unwrap();
    assert_eq!(card.atr().len(), 20);
    assert_eq!(send(&mut card, "FFCA000000"), "5A5A00019000");
    assert_eq!(send(&mut card, "FF82000006A0A1A2A3A4A5"), "9000", "any key");
    assert_eq!(send(&mut card, "FFB0000410"), "000000019000", "zeros");
    assert_eq!(send(&mut card, "FFB0000010"), "6D00", "never recorded");
    let gone = card.transmit(&[0xFF, 0xB0, 0, 5, 0x10], &mut Vec::new());
    assert!(matches!(gone, Err(TransportError::CardGone)), "{gone:?}");
}

#[test]
fn what_was_removed_from_an_answer_to_reset_is_zero() {
    // More historical bytes than a chip's type needs: the rest is masked.
    let text = "kind = 'recording'\natr = '3B8A8001****0011223344556677C0'";
    let card = VirtualCard::replay(text).unwrap();
    let expected = hex::decode("3B8A800100000011223344556677C0").unwrap();
    assert_eq!(card.atr(), expected);
}

#[test]
fn mistakes_in_recordings_are_refused_with_line_and_reason() {
    assert_refused(&[
        (
            "kind = 'recording'\nversion = 2",
            2,
            "a whole number from 1 to 1",
        ),
        (
            "kind = 'recording'\nuid = '01020304'",
            2,
            "has no key `uid`",
        ),
        (
            "kind = 'recording'\n[[exchange]]\nresponse = '9000'",
            2,
            "needs `command`",
        ),
        (
            "kind = 'recording'\n[[exchange]]\ncommand = '00B0840'\nresponse = ''",
            3,
            "two hexadecimal digits each",
        ),
        (
            "kind = 'recording'\n[[exchange]]\ncommand = '00'\nresponse = 'xx'",
            4,
            "** for one that was removed",
        ),
        (
            "kind = 'recording'\natr = '3B8*'",
            2,
            "at most 64 bytes as two hexadecimal digits each",
        ),
        (
            "kind = 'recording'\n[[exchange]]\ncommand = '00'",
            2,
            "needs `response` or `failure`",
        ),
        (
            "kind = 'recording'\n[[exchange]]\ncommand = '00'\nfailure = 'fire'",
            4,
            "card-gone, card-reset or unreachable",
        ),
    ]);
    let other = VirtualCard::replay("kind = 'desfire'").unwrap_err();
    assert!(other.reason().contains("no recording"), "{other}");
}
