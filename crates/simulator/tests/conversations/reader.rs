//! What the reader answers for the card in its field, and what no card takes.

use xueka_simulator::VirtualCard;
use xueka_transport::CardSession;

use crate::{atr, converse};

#[test]
fn answers_to_reset_have_the_form_of_each_kind() {
    let cases = [
        (
            VirtualCard::mifare_classic_1k(),
            "3B8F8001804F0CA000000306030001000000006A",
        ),
        (
            VirtualCard::mifare_classic_4k(),
            "3B8F8001804F0CA0000003060300020000000069",
        ),
        (
            VirtualCard::mifare_classic_mini(),
            "3B8F8001804F0CA000000306030026000000004D",
        ),
        (
            VirtualCard::ultralight(),
            "3B8F8001804F0CA0000003060300030000000068",
        ),
        (
            VirtualCard::ntag213(),
            "3B8F8001804F0CA0000003060300030000000068",
        ),
        (
            VirtualCard::iso15693(),
            "3B8F8001804F0CA0000003060B00140000000077",
        ),
        (
            VirtualCard::felica(),
            "3B8F8001804F0CA00000030611003B0000000042",
        ),
        (VirtualCard::desfire(), "3B8180018080"),
        (VirtualCard::transit("1").historical_bytes([]), "3B80800101"),
        (VirtualCard::transit("1").answer_to_reset([0x3B]), "3B"),
    ];
    for (card, expected) in cases {
        assert_eq!(atr(&card), expected, "{card:?}");
    }
    for card in [
        VirtualCard::transit("1"),
        VirtualCard::t_union("1"),
        VirtualCard::city_union("1"),
        VirtualCard::iso14443_4(),
    ] {
        let atr = card.atr();
        let n_historical = usize::from(atr[1] & 0x0F);
        assert_eq!((atr[0], atr[1] >> 4), (0x3B, 8), "{card:?}");
        assert_eq!(atr[2..4], [0x80, 0x01], "{card:?}");
        assert_eq!(atr.len(), 4 + n_historical + 1, "{card:?}");
        assert_eq!(
            atr[1..].iter().fold(0, |sum, byte| sum ^ byte),
            0,
            "{card:?}"
        );
    }
    let contact = atr(&VirtualCard::contact());
    assert!(!contact[4..].starts_with("8001"), "{contact}");
}

#[test]
fn malformed_commands_are_refused_by_their_length() {
    let conversation = [
        ("", "6700", "nothing at all"),
        ("00", "6700", "a class and no more"),
        ("FFCA00", "6700", "a header cut off"),
        ("FFCA0000", "6700", "GET DATA without Le"),
        ("00A40400 09A000", "6700", "data cut off"),
        ("00B08400000020", "6700", "an extended length"),
        ("00B08400", "6700", "READ BINARY without Le"),
        ("805C0002", "6700", "GET BALANCE without Le"),
        ("00B2011C", "6700", "READ RECORD without Le"),
    ];
    converse(VirtualCard::transit("1000751012345678"), &conversation);
    converse(VirtualCard::desfire(), &conversation[..4]);
    converse(VirtualCard::mifare_classic_1k(), &conversation[..4]);
}

#[test]
fn the_reader_gives_uid_and_historical_bytes_by_the_rules_of_le() {
    converse(
        VirtualCard::transit("1")
            .uid([0x0A, 0x1B, 0x2C, 0x3D])
            .historical_bytes([0x20, 0x90]),
        &[
            ("FFCA000000", "0A1B2C3D 9000", "all of it"),
            ("FFCA000004", "0A1B2C3D 9000", "exactly all"),
            ("FFCA000003", "6C04", "fewer: corrected"),
            (
                "FFCA000007",
                "0A1B2C3D 6282",
                "more: what there is, and a warning",
            ),
            ("FFCA010000", "2090 9000", "historical bytes"),
            ("FFCA010001", "6C02", "fewer historical bytes"),
            ("FFCA020000", "6A81", "an unknown P1"),
            ("FFCA000100", "6A81", "an unknown P2"),
            ("FFB0000010", "6A81", "a CPU card has no blocks"),
            ("FF82000006FFFFFFFFFFFF", "6A81", "nor keys"),
            ("FF00000000", "6D00", "an unknown pseudo-APDU"),
        ],
    );
    converse(
        VirtualCard::mifare_classic_1k(),
        &[
            ("FFCA010000", "6A81", "a storage card has no ATS"),
            ("00A4040000", "6E00", "and knows no APDUs"),
        ],
    );
    converse(
        VirtualCard::desfire().uid([0x04, 1, 2, 3, 4, 5, 6]),
        &[
            ("FFCA000004", "6C07", "seven bytes"),
            ("FFCA010000", "80 9000", "DESFire"),
        ],
    );
}
