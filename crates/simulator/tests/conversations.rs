//! Conversations with every kind of card, in hexadecimal, malformed commands
//! first. The bytes are written from the sources named in each card's module,
//! not from its constants.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use jiff::civil::date;
use xueka_simulator::{ReaderStyle, VirtualCard};
use xueka_transport::{CardSession, CardTransport};

/// Sends each command in turn and compares each whole response.
fn converse(mut card: VirtualCard, conversation: &[(&str, &str, &str)]) {
    for (command, expected, why) in conversation {
        let mut response = Vec::new();
        card.transmit(
            &hex::decode(command.replace(' ', "")).unwrap(),
            &mut response,
        )
        .unwrap();
        let expected = expected.replace(' ', "").to_uppercase();
        assert_eq!(hex::encode_upper(&response), expected, "{command}: {why}");
    }
}

fn atr(card: &VirtualCard) -> String {
    hex::encode_upper(card.atr())
}

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

#[test]
fn a_beijing_card_keeps_number_and_dates_in_sfi_4_of_its_master_file() {
    let card = VirtualCard::transit("1000751012345678")
        .valid_from(date(2024, 9, 1))
        .valid_until(date(2030, 8, 31))
        .balance(1250)
        .log_record([0x11; 23])
        .log_record([0x22; 23]);
    converse(
        card,
        &[
            (
                "00B0840020",
                "1000751012345678 01000000000000000000000000000000 20240901 20300831 9000",
                "the first probe",
            ),
            ("00B0840008", "1000751012345678 9000", "the number alone"),
            ("00B0841804", "20240901 9000", "from an offset"),
            ("00B0840021", "6C20", "more than there is"),
            ("00B0842001", "6B00", "behind the end"),
            ("00B0001C04", "20300831 9000", "the current file, by offset"),
            ("00B0850005", "0000000000 9000", "the use counter"),
            ("00B0950000", "6A82", "no such file"),
            ("805C000204", "6A82", "no purse in the master file"),
            ("00B201C417", "6A82", "nor a log"),
            ("00A4000002AABB", "6A82", "no such directory"),
            (
                "00A4000002100100",
                "6F06 8404 50424F43 9000",
                "the purse application",
            ),
            ("00B0840020", "6A82", "its files are others"),
            ("00B0000004", "6986", "and none is current"),
            ("805C000204", "000004E2 9000", "12.50 yuan"),
            ("805C000202", "6C04", "a balance has four bytes"),
            ("805C000504", "6A82", "an unknown purse"),
            (
                "00B201C417",
                "2222222222222222222222222222222222222222222222 9000",
                "the newest record first",
            ),
            (
                "00B202C400",
                "1111111111111111111111111111111111111111111111 9000",
                "Le 00 takes the record",
            ),
            ("00B203C417", "6A83", "no third record"),
            ("00B200C417", "6A83", "there is no record 0"),
            ("00B201C416", "6C17", "a record is read whole"),
            ("00B201C017", "6A86", "not by record number"),
            ("00B0980017", "6981", "a file of records is not transparent"),
            (
                "00A40000023F00",
                "6F04 8402 4F43 9000",
                "back to the master file",
            ),
            ("00B0840008", "1000751012345678 9000", "which has its files"),
            ("00A4010002100100", "6A86", "an unknown way to select"),
            ("00A404000432010105", "6A82", "an unknown name"),
            ("00D6840001AA", "6D00", "transit cards are not written"),
            ("80500002 0B", "6D00", "nor loaded"),
            ("0036000008", "6D00", "an unknown instruction"),
            ("9060000000", "6E00", "the DESFire probe"),
        ],
    );
}

#[test]
fn the_balance_of_an_empty_log_and_a_full_one() {
    let empty = VirtualCard::transit("1");
    converse(
        empty,
        &[
            (
                "00A40000021001",
                "6F06 8404 50424F43 9000",
                "the answer comes without Le too",
            ),
            ("00B201C417", "6A83", "an empty log"),
        ],
    );
    let full = (0..12).fold(VirtualCard::transit("1"), |card, n| {
        card.log_record([n; 23])
    });
    converse(
        full,
        &[
            ("00A4000002100100", "6F06 8404 50424F43 9000", ""),
            (
                "00B20AC417",
                "0202020202020202020202020202020202020202020202 9000",
                "the tenth of twelve",
            ),
            ("00B20BC417", "6A83", "the eldest are gone"),
        ],
    );
}

#[test]
fn a_t_union_card_offers_its_file_in_the_answer_to_select() {
    let card = VirtualCard::t_union("3104870012345678901")
        .valid_from(date(2023, 1, 15))
        .valid_until(date(2033, 1, 14))
        .city([0x10, 0x00]);
    let info = "00000000000000000000 03104870012345678901 20230115 20330114 0000";
    let fci = format!("6F31 8408A000000632010105 A525 9F080102 9F0C1E {info} 9000");
    let file = format!("{info} 9000");
    converse(
        card,
        &[
            ("00B0950000", "6A82", "nothing before SELECT"),
            ("00A4040007A0000006320101", "6A82", "a part of the name"),
            (
                "00A4040008A00000063201010500",
                fci.as_str(),
                "the application",
            ),
            ("00A4040008A000000632010105", fci.as_str(), "without Le"),
            ("00A4040008A00000063201010510", "6C33", "too small a Le"),
            ("00B0950000", file.as_str(), "SFI 21"),
            (
                "00B0950A0A",
                "03104870012345678901 9000",
                "the number with its leading zero",
            ),
            (
                "00B097000B",
                "0000000000001000 000002 9000",
                "SFI 23: a student of city 1000",
            ),
            ("00B0970A01", "02 9000", "the kind alone"),
            ("805C000204", "00000000 9000", "the purse"),
            ("805C010204", "00000000 9000", "the debt"),
            ("00B0840020", "6A82", "Beijing's file is not here"),
        ],
    );
    converse(
        VirtualCard::t_union("1")
            .holder_kind(5)
            .select_answer([0x6F, 0xFF]),
        &[
            (
                "00A4040008A00000063201010500",
                "6FFF 9000",
                "an answer that lies",
            ),
            ("00B0970A01", "05 9000", "military"),
        ],
    );
}

#[test]
fn a_city_union_card_keeps_city_number_and_dates() {
    converse(
        VirtualCard::city_union("1000000098765432").city([0x71, 0x00]),
        &[
            (
                "00A4040009A0000000038698070100",
                "6F32 8409A00000000386980701 A525 9F080102 9F0C1E \
                 0000 7100 0000000000000000 1000000098765432 20200101 20491231 0000 9000",
                "the application with its file",
            ),
            ("00B0950C08", "1000000098765432 9000", "the number"),
            ("00A40400 08A00000063201010500", "6A82", "no T-Union"),
        ],
    );
}

#[test]
fn an_unknown_iso_14443_4_card_knows_nothing() {
    converse(
        VirtualCard::iso14443_4(),
        &[
            ("00A4040008A00000063201010500", "6A82", "T-Union"),
            ("00A4040009A0000000038698070100", "6A82", "CityUnion"),
            ("00A4000002100100", "6A82", "a directory"),
            ("00B0840020", "6A82", "a file"),
            ("0084000008", "6D00", "an unknown instruction"),
            ("9060000000", "6E00", "an unknown class"),
        ],
    );
}

#[test]
fn a_desfire_tells_its_version_in_three_frames() {
    converse(
        VirtualCard::desfire().uid([0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6]),
        &[
            ("90AF000000", "911C", "a frame that was not begun"),
            (
                "00A4040008A00000063201010500",
                "6A82",
                "no application of that name",
            ),
            ("00B0840020", "6D00", "no ISO files"),
            ("9060000001AA00", "917E", "data where none belongs"),
            ("9060000000", "04010101001805 91AF", "hardware"),
            ("90AF000000", "04010101041805 91AF", "software"),
            (
                "90AF000000",
                "04A1B2C3D4E5F6 BA34517A103619 9100",
                "UID and batch",
            ),
            ("90AF000000", "911C", "the chain is over"),
            ("9060000000", "04010101001805 91AF", "begun again"),
            ("905A000000", "911C", "another command ends it"),
            ("90AF000000", "911C", "so it cannot go on"),
        ],
    );
}

#[test]
fn a_random_uid_is_new_each_time_and_hidden_in_the_version() {
    let mut uids = Vec::new();
    for _ in 0..50 {
        let mut card = VirtualCard::desfire().random_uid();
        let mut response = Vec::new();
        card.transmit(&[0xFF, 0xCA, 0x00, 0x00, 0x00], &mut response)
            .unwrap();
        assert_eq!((response.len(), response[0]), (6, 0x08), "{response:02X?}");
        uids.push(response);
    }
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), 50, "no two alike");
    converse(
        VirtualCard::desfire().random_uid(),
        &[
            ("9060000000", "04010101001805 91AF", ""),
            ("90AF000000", "04010101041805 91AF", ""),
            (
                "90AF000000",
                "00000000000000 BA34517A103619 9100",
                "zeros for the UID",
            ),
        ],
    );
}

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

#[test]
fn an_ultralight_is_read_four_pages_at_a_time() {
    converse(
        VirtualCard::ultralight()
            .uid([0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6])
            .page(4, *b"card"),
        &[
            (
                "FFB0000010",
                "04A1B29F C3D4E5F6 04000000 00000000 9000",
                "UID with check bytes",
            ),
            ("FFB0000404", "63617264 9000", "one page"),
            (
                "FFB0000F08",
                "00000000 04A1B29F 9000",
                "from the last page to the first",
            ),
            ("FFB0001004", "6A82", "behind the last"),
            ("FFB0000020", "6C10", "more than one read gives"),
            ("FFD600050461626364", "9000", "a user page"),
            ("FFB0000504", "61626364 9000", "as written"),
            ("FFD6000503616263", "6700", "not a whole page"),
            ("FFD600000400000000", "6581", "the UID"),
            ("FFD600030401000000", "9000", "one-time bits"),
            ("FFD600030402000000", "9000", "add up"),
            ("FFB0000304", "03000000 9000", "and stay"),
            ("FF82000006FFFFFFFFFFFF", "6A81", "no keys"),
            ("FF860000050100046000", "6A81", "nothing to authenticate"),
        ],
    );
    converse(
        VirtualCard::ntag213(),
        &[
            ("FFB0000304", "E1101200 9000", "capability container"),
            ("FFB0002C04", "00000000 9000", "page 44"),
        ],
    );
}

#[test]
fn other_storage_cards_give_their_eight_bytes() {
    converse(
        VirtualCard::iso15693().uid([0xE0, 0x04, 1, 2, 3, 4, 5, 6]),
        &[
            ("FFCA000000", "E004010203040506 9000", "the UID"),
            ("FFD600000461626364", "9000", "a block"),
            ("FFB0000004", "61626364 9000", "as written"),
            ("FFB0000003", "6C04", "a part of a block"),
            ("FFB0001C04", "6A82", "behind the last"),
        ],
    );
    converse(
        VirtualCard::felica(),
        &[
            ("FFCA000000", "012E3D4C5B6A7908 9000", "the IDm"),
            ("FFB0000010", "6A81", "and nothing else"),
        ],
    );
}
