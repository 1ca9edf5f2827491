//! Cards that speak ISO 7816-4 over ISO 14443-4.

use jiff::civil::date;
use xueka_simulator::VirtualCard;
use xueka_transport::CardTransport;

use crate::converse;

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
            ("00A40000023F00", "6A82", "the master file"),
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
            ("905A000000", "917E", "another command ends it"),
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
