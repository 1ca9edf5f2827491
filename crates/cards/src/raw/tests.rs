//! Tests of what may be sent and what not.

use proptest::prelude::*;

use super::*;

fn command(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

#[test]
fn what_selects_and_reads_is_sent() {
    let cases = [
        "00A40400",
        "00A4000002 1001",
        "00A4000002 1001 00",
        "00A40400 09 A00000000386980701 00",
        "00B0840020",
        "00B20104 00",
        "00CA006E00",
        "00C0000010",
        "0084000008",
        "9060000000",
        "90AF000000",
        "906A000000",
        "905A000003 010203 00",
        "906F000000",
        "90F5000001 02 00",
    ];
    for text in cases {
        let bytes = command(text);
        let taken = RawCommand::new(&bytes).map(|command| command.as_bytes().to_vec());
        assert_eq!(taken, Ok(bytes), "{text}");
    }
}

#[test]
fn what_does_harm_is_refused_by_its_name() {
    use Danger::{Block, Configure, Create, Erase, Purse, Reader, ShowKey, Write, WriteKey};
    let cases = [
        ("80E000160728002000F0F0FFFF", Create, "create file"),
        ("800E000000", Erase, "erase a directory"),
        ("80D401000D39F0F0AA55", WriteKey, "write key"),
        ("84D4010008", WriteKey, "write key with secure messaging"),
        ("805E000108", WriteKey, "reload a PIN"),
        (
            "0082000008 0000000000000000",
            ShowKey,
            "external authentication",
        ),
        ("0020000003 123456", ShowKey, "PIN"),
        ("8424000000", WriteKey, "unblock a PIN"),
        ("8416000004", Block, "block the card"),
        ("8418000004", Block, "unblock an application"),
        ("841E000004", Block, "block an application"),
        ("805000020B", Purse, "initialise the purse"),
        ("805200000B", Purse, "load the purse"),
        ("805401000F", Purse, "buy"),
        ("80580000", Purse, "overdraft"),
        ("00D6840001 00", Write, "update a file"),
        ("04D6840005 0011223344", Write, "with secure messaging"),
        ("00DC010401 00", Write, "update a record"),
        ("00E2000001 00", Write, "append a record"),
        ("90FC000000", Erase, "format a DESFire"),
        ("90DA000003 010203 00", Erase, "delete an application"),
        ("90C4000001 00", WriteKey, "change a key"),
        ("90CA000005 0102030F01 00", Create, "create an application"),
        ("903D000008 0100000001000000 00", Write, "write data"),
        ("900C000005 0101000000 00", Purse, "credit a value"),
        ("90AA000001 00 00", ShowKey, "authenticate"),
        ("905C000001 00", Configure, "set the configuration"),
        ("90FB0000", Configure, "an imitation takes a UID"),
        ("FFD6000410", Reader, "write a block"),
        ("FF82000006 FFFFFFFFFFFF", Reader, "load a key"),
        ("FF00000004 D44A0100", Reader, "pass a frame on"),
        ("FFC2000102 8100", Reader, "transparent exchange"),
        ("FFCA000000", Reader, "even the UID: readers differ"),
        ("80E400000A", Erase, "delete a package"),
        ("80D80000", WriteKey, "put a key"),
        ("80F04000", Block, "set the status"),
    ];
    for (text, danger, why) in cases {
        let refused = RawCommand::new(&command(text));
        assert_eq!(refused, Err(RawRefusal::Dangerous(danger)), "{text}: {why}");
    }
}

#[test]
fn no_trick_with_class_length_or_chaining_gets_past() {
    let dangerous = [
        ("other channels", "01D6000001 00"),
        ("the third channel", "03E0000000"),
        ("channels above the third", "40D6000001 00"),
        ("secure messaging, both kinds", "0C82000008"),
        ("secure messaging in channel 1", "05DC000401"),
        ("chained", "10D6000001 00"),
        ("chained, with secure messaging", "1CD6000001 00"),
        ("extended length", "00D60000 000001 00"),
        ("the odd instruction", "00D7000001 00"),
        ("FMCOS in another channel", "81D4010008"),
        ("FMCOS chained", "94FC000000"),
        ("another class of its own", "A0D6000001 00"),
        ("a length that lies", "00D60000FF"),
        ("no length at all", "00D6"),
    ];
    for (how, text) in dangerous {
        let refused = RawCommand::new(&command(text));
        assert!(
            matches!(refused, Err(RawRefusal::Dangerous(_))),
            "{how}: {refused:?}"
        );
    }
    let others = [
        (
            "reading in another channel",
            "01B0840020",
            RawRefusal::NotListed,
        ),
        (
            "reading with secure messaging",
            "04B0840020",
            RawRefusal::NotListed,
        ),
        (
            "chained selection",
            "10A4040002 1001",
            RawRefusal::NotListed,
        ),
        (
            "a name longer than names are",
            "00A4040011 0000000000000000000000000000000000",
            RawRefusal::NotListed,
        ),
        (
            "reading that carries data",
            "00B0840002 5400",
            RawRefusal::NotListed,
        ),
        (
            "reading by the odd instruction",
            "00B1000004 54020000",
            RawRefusal::NotListed,
        ),
        (
            "a frame that carries data on",
            "90AF000004 11223344 00",
            RawRefusal::NotListed,
        ),
        (
            "balance, which has its own right",
            "805C000204",
            RawRefusal::NotListed,
        ),
        (
            "internal authentication",
            "0088000008 0000000000000000",
            RawRefusal::NotListed,
        ),
        ("channels themselves", "0070000001", RawRefusal::NotListed),
        (
            "an envelope",
            "00C2000005 00D6000000",
            RawRefusal::NotListed,
        ),
        ("extended reading", "00B00000 000000", RawRefusal::NotShort),
        (
            "a second command behind the first",
            "00B0840020 00D6000001 00",
            RawRefusal::NotShort,
        ),
        (
            "a selection and more",
            "00A4000002 3F00 00 80",
            RawRefusal::NotShort,
        ),
        ("nothing", "", RawRefusal::NotShort),
        ("half a header", "00A404", RawRefusal::NotShort),
    ];
    for (how, text, expected) in others {
        assert_eq!(RawCommand::new(&command(text)), Err(expected), "{how}");
    }
}

#[test]
fn nothing_on_the_list_is_dangerous() {
    for allowed in ALLOWED {
        assert_eq!(danger_of(&allowed.begins), None, "{:02X?}", allowed.begins);
    }
}

#[test]
fn a_command_does_not_show_itself() {
    let taken = RawCommand::new(&command("00A4000002 1001")).unwrap();
    assert_eq!(format!("{taken:?}"), "command of 7 bytes");
}

proptest! {
    #[test]
    fn no_bytes_panic_and_what_is_taken_is_on_the_list(bytes: Vec<u8>) {
        let _ = danger_of(&bytes);
        if RawCommand::new(&bytes).is_ok() {
            prop_assert!(ALLOWED.iter().any(|allowed| bytes.starts_with(&allowed.begins)));
        }
    }

    /// Headers at random hit the list too seldom to say much of it.
    #[test]
    fn around_the_list_only_the_plain_short_form_is_taken(
        which in 0..ALLOWED.len(),
        class_bits in 0_u8..=0x7F,
        instruction_bit in 0_u8..=1,
        p: [u8; 2],
        body in proptest::collection::vec(any::<u8>(), 0..24),
    ) {
        let [class, instruction] = ALLOWED[which].begins;
        let header = [class ^ class_bits, instruction ^ instruction_bit, p[0], p[1]];
        let bytes: Vec<u8> = header.iter().chain(&body).copied().collect();
        let is_on_list = ALLOWED.iter().any(|allowed| bytes.starts_with(&allowed.begins));
        let n_data = match body.as_slice() {
            [] | [_] => 0,
            [n_data, ..] => usize::from(*n_data),
        };
        let is_short = body.len() < 2 || (n_data > 0 && (1..=2).contains(&(body.len() - n_data.min(body.len()))));
        if RawCommand::new(&bytes).is_ok() {
            prop_assert!(is_on_list && is_short && n_data <= 16);
        }
    }
}
