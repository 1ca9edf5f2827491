//! MIFARE Classic.

use xueka_simulator::{Outcome, ReaderStyle, VirtualCard};
use xueka_transport::CardTransport;

use crate::{atr, converse, go_on, send};

#[test]
fn a_classic_opens_a_sector_for_the_right_key_and_closes_it_for_a_wrong_one() {
    let card = VirtualCard::mifare_classic_1k()
        .uid([0x3A, 0x5C, 0x7E, 0x91])
        .keys(1, [0xA1; 6], [0xB1; 6])
        .access(1, [0x78, 0x77, 0x88, 0x69])
        .block(4, *b"1000000012345678");
    converse(
        card,
        &[
            ("FFB0000410", "6982", "closed"),
            ("FF8600000501000460 00", "6984", "no key loaded"),
            ("FF82000005A1A1A1A1A1", "6989", "a key too short"),
            ("FF82002006A1A1A1A1A1A1", "6988", "no such slot"),
            (
                "FF82800006A1A1A1A1A1A1",
                "6983",
                "a key of the reader's own",
            ),
            ("FF82400006A1A1A1A1A1A1", "6985", "secured transfer"),
            ("FF82000006A1A1A1A1A1A1", "9000", "key A into slot 0"),
            (
                "FF82200106B1B1B1B1B1B1",
                "9000",
                "key B into slot 1, for good",
            ),
            ("FF860000050100046200", "6986", "an unknown kind of key"),
            ("FF86000004010004 60", "6700", "a byte missing"),
            ("FF860000050100406000", "6983", "a block behind the last"),
            ("FF86000005 01FFFF6000", "6983", "behind that of any card"),
            ("FFB0FFFF10", "6A82", "nor can it be read"),
            ("FF860000050100046100", "6982", "key A is not key B"),
            ("FF860000050100046000", "9000", "key A opens sector 1"),
            (
                "FFB0000410",
                "31303030303030303132333435363738 9000",
                "the block",
            ),
            (
                "FFB0000400",
                "31303030303030303132333435363738 9000",
                "Le 00 is a block",
            ),
            ("FFB0000408", "6C10", "half a block"),
            (
                "FFB0000530",
                "00000000000000000000000000000000 00000000000000000000000000000000 \
                 00000000000078778869000000000000 9000",
                "three blocks; the trailer hides both keys",
            ),
            ("FFB0000810", "6982", "sector 2 is closed"),
            ("FFB0000410", "6982", "and so is sector 1 after the refusal"),
            ("FF8800046000", "9000", "the older authentication"),
            (
                "FFD600041000112233445566778899AABBCCDDEEFF",
                "6982",
                "key A may not write",
            ),
            ("FF860000050100046101", "9000", "key B"),
            ("FFD600041000112233445566778899AABBCCDDEEFF", "9000", "may"),
            (
                "FFB0000410",
                "00112233445566778899AABBCCDDEEFF 9000",
                "as written",
            ),
            ("FFD6000403001122", "6700", "not a whole block"),
            ("FFB0004010", "6A82", "a block behind the last"),
            ("FF860000050100046000", "9000", "key A again"),
            ("FF860000050100046001", "6982", "a wrong key"),
            ("FFB0000410", "6982", "the sector is closed"),
        ],
    );
}

#[test]
fn a_blank_classic_shows_its_uid_in_block_0_and_keeps_it() {
    converse(
        VirtualCard::mifare_classic_1k().uid([0x3A, 0x5C, 0x7E, 0x91]),
        &[
            ("FF82000006FFFFFFFFFFFF", "9000", "the transport key"),
            ("FF860000050100006000", "9000", "sector 0"),
            (
                "FFB0000010",
                "3A5C7E91 89 080400 0000000000000000 9000",
                "UID, check byte, SAK, ATQA",
            ),
            (
                "FFD600001000112233445566778899AABBCCDDEEFF",
                "6581",
                "the maker's block",
            ),
            ("FF860000050100006100", "9000", "key B can be read, so"),
            ("FFB0000110", "6982", "it opens nothing"),
            ("FF860000050100006000", "9000", "key A"),
            (
                "FFB0000310",
                "000000000000 FF078069 FFFFFFFFFFFF 9000",
                "the trailer shows key B, never key A",
            ),
        ],
    );
}

#[test]
fn every_reader_model_opens_a_sector_in_its_own_way() {
    let block = "00000000000000000000000000000000 9000";
    // The style, LOAD KEYS, the authentication, and what a closed block says.
    let cases = [
        (
            ReaderStyle::Standard,
            "FF820000",
            "FF860000050100046000",
            "6982",
        ),
        (ReaderStyle::Acs, "FF820000", "FF860000050100046000", "6300"),
        (
            ReaderStyle::Acr1252u,
            "FF820001",
            "FF860000050100046001",
            "6300",
        ),
        (
            ReaderStyle::Acr1281u,
            "FF820020",
            "FF860000050100046020",
            "6300",
        ),
        (
            ReaderStyle::Omnikey,
            "FF822000",
            "FF860000050100046000",
            "6982",
        ),
        (
            ReaderStyle::Omnikey5x27,
            "FF822000",
            "FF860000050100046000",
            "6982",
        ),
        (ReaderStyle::Scm, "FF820060", "FF860000050100046001", "6982"),
        (
            ReaderStyle::SpringCard,
            "FF820000",
            "FF860000050100040000",
            "6F0A",
        ),
        (
            ReaderStyle::Cherry,
            "FF820001",
            "FF860000050100046001",
            "6982",
        ),
        (ReaderStyle::Id3, "FF820000", "FF860000050100046000", "6F00"),
        (ReaderStyle::Older, "FF820000", "FF8800046000", "6982"),
    ];
    for (style, load, authenticate, closed) in cases {
        converse(
            VirtualCard::mifare_classic_1k().reader_style(style),
            &[
                ("FFB0000410", closed, &format!("{style:?}, closed")),
                (
                    &format!("{load}06FFFFFFFFFFFF"),
                    "9000",
                    &format!("{style:?}"),
                ),
                (authenticate, "9000", &format!("{style:?}")),
                ("FFB0000410", block, &format!("{style:?}")),
            ],
        );
    }
    let load = "FF82000006FFFFFFFFFFFF";
    let refusals = [
        (ReaderStyle::Acr1222l, load, "6300"),
        (ReaderStyle::Omnikey, load, "6986"),
        (ReaderStyle::Omnikey5x27, load, "6984"),
        (ReaderStyle::Scm, load, "6988"),
        (ReaderStyle::Cherry, load, "6988"),
        (ReaderStyle::SpringCard, "FF860000050100040000", "6F04"),
        (ReaderStyle::Older, "FF860000050100046000", "6D00"),
        (ReaderStyle::NoStorage, load, "6D00"),
        (ReaderStyle::NoStorage, "FFB0000410", "6D00"),
    ];
    for (style, command, expected) in refusals {
        let why = format!("{style:?}");
        let card = VirtualCard::mifare_classic_1k().reader_style(style);
        converse(card, &[(command, expected, &why)]);
    }
    let combined = VirtualCard::fm1208_combined().reader_style(ReaderStyle::Acr1252u);
    converse(combined.clone(), &[(load, "9000", "SAK 28")]);
    converse(combined.sak(0x38), &[(load, "6300", "SAK 38")]);

    let mut feitian = VirtualCard::mifare_classic_1k().reader_style(ReaderStyle::OneByteStatus);
    let mut response = Vec::new();
    feitian
        .transmit(&hex::decode(load).unwrap(), &mut response)
        .unwrap_err();
    let outcome = &feitian.exchanges()[0].outcome;
    assert_eq!(*outcome, Outcome::Response(vec![0x90]), "one byte");
    let id3 = VirtualCard::mifare_classic_1k().reader_style(ReaderStyle::Id3);
    assert_eq!(atr(&id3), "3B8F8001804F0CA000000306030000000000006B");
}

#[test]
fn a_magic_card_takes_a_new_block_0_and_shows_it_at_the_next_tap() {
    let mut card = VirtualCard::mifare_classic_1k().magic();
    go_on(
        &mut card,
        &[
            ("FFCA010000", "DABC1910 9000", "an ATS, on a Classic"),
            ("FF82000006FFFFFFFFFFFF", "9000", ""),
            ("FF860000050100006000", "9000", ""),
            (
                "FFD60000101122334444880400C824002000000017",
                "9000",
                "another UID, and SAK 88",
            ),
            ("FFCA000000", "3A5C7E91 9000", "from the next tap on"),
        ],
    );
    card.put_back();
    assert_eq!(
        hex::encode_upper(send(&mut card, "FFCA000000")),
        "112233449000"
    );
    let mut stranger = VirtualCard::mifare_classic_1k().block_0([0x88; 16]);
    go_on(
        &mut stranger,
        &[
            ("FF82000006FFFFFFFFFFFF", "9000", ""),
            ("FF860000050100006000", "9000", ""),
            (
                "FFB0000010",
                &format!("{} 9000", "88".repeat(16)),
                "contradicts the ATR",
            ),
            ("FFCA000000", "3A5C7E91 9000", "and the UID"),
        ],
    );
}

#[test]
fn an_acs_reader_adds_to_values_and_takes_from_them() {
    let value = "64000000 9BFFFFFF 64000000 04FB04FB";
    converse(
        VirtualCard::mifare_classic_1k(),
        &[
            ("FFD7000405 01 00000001", "6982", "closed"),
            ("FF82000006FFFFFFFFFFFF", "9000", ""),
            ("FF860000050100046000", "9000", ""),
            (&format!("FFD6000410{value}"), "9000", "100"),
            ("FFD7000405 01 00000005", "9000", "and 5"),
            ("FFD7000405 02 00000002", "9000", "less 2"),
            ("FFB0000404", "6C10", ""),
            (
                "FFB0000410",
                "67000000 98FFFFFF 67000000 04FB04FB 9000",
                "103",
            ),
            ("FFD7000402 03 05", "9000", "copied"),
            ("FFB0000510", "67000000 98FFFFFF 67000000 04FB04FB 9000", ""),
            ("FFD7000605 01 00000001", "6300", "block 6 is no value"),
            ("FFD7000401 01", "6700", "no amount"),
        ],
    );
}

#[test]
fn a_4k_card_has_sectors_of_sixteen_blocks() {
    converse(
        VirtualCard::mifare_classic_4k().keys(39, [0xC1; 6], [0xC2; 6]),
        &[
            ("FF82000006C1C1C1C1C1C1", "9000", ""),
            (
                "FF860000050100FF6000",
                "9000",
                "the last sector by its trailer",
            ),
            (
                "FFB000F010",
                "00000000000000000000000000000000 9000",
                "its first block",
            ),
            ("FFB000EF10", "6982", "the sector before"),
        ],
    );
}

#[test]
fn readers_of_other_makes_say_the_same_otherwise() {
    converse(
        VirtualCard::mifare_classic_1k().reader_style(ReaderStyle::Acs),
        &[
            ("FFB0000410", "6300", "closed"),
            ("FF860000050100046000", "6300", "no key loaded"),
            ("FF82000006000000000000", "9000", "a wrong key"),
            ("FF860000050100046000", "6300", "refused"),
            ("FFCA000000", "3A5C7E91 9000", "the UID as ever"),
        ],
    );
    converse(
        VirtualCard::mifare_classic_1k().reader_style(ReaderStyle::Omnikey),
        &[
            ("FF82000006FFFFFFFFFFFF", "6986", "no volatile memory"),
            ("FF82200006FFFFFFFFFFFF", "9000", "the other one"),
            ("FF860000050100046000", "9000", "serves as well"),
        ],
    );
}
