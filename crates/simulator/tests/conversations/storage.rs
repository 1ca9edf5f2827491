//! Storage cards without keys.

use xueka_simulator::VirtualCard;

use crate::{converse, go_on};

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
fn lock_bits_are_set_and_never_cleared() {
    converse(
        VirtualCard::ntag213().uid([0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6]),
        &[
            (
                "FFD6000204 FFFF1000",
                "9000",
                "page 4 is locked; the UID's part stays",
            ),
            ("FFB0000204", "04001000 9000", ""),
            ("FFD6000404 11111111", "6581", "no more writing"),
            ("FFD6000504 11111111", "9000", "the next page is free"),
            ("FFD6000204 00000000", "9000", "nothing is cleared"),
            ("FFB0000204", "04001000 9000", ""),
            (
                "FFD6000204 00000200",
                "9000",
                "the locks of pages 4 to 9 are frozen",
            ),
            (
                "FFD6000204 0000E004",
                "9000",
                "5, 6 and 7 cannot be locked any more",
            ),
            ("FFB0000204", "04001204 9000", "10 can"),
            ("FFD6000A04 22222222", "6581", ""),
            ("FFD6002804 01000000", "9000", "pages 16 and 17"),
            ("FFD6001004 33333333", "6581", ""),
            ("FFD6001204 33333333", "9000", "page 18"),
            (
                "FFD6002804 00000100",
                "9000",
                "the first two bits are frozen",
            ),
            ("FFD6002804 02000000", "9000", ""),
            ("FFB0002804", "010001BD 9000", "and stay"),
            (
                "FFD6000304 00000001",
                "9000",
                "the capability container is united",
            ),
            ("FFB0000304", "E1101201 9000", ""),
        ],
    );
}

#[test]
fn an_ntag_asks_for_its_password_through_a_reader_that_passes_it_on() {
    let mut card = VirtualCard::ntag213()
        .uid([0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6])
        .page(4, *b"open")
        .page(6, *b"shut")
        .password(*b"pass", [0xAB, 0xCD], 6, true);
    go_on(
        &mut card,
        &[
            ("FFB0000404", "6F70656E 9000", "before the protected pages"),
            ("FFB0000604", "6982", "reading"),
            (
                "FFB0000510",
                "00000000 04A1B29F C3D4E5F6 04000000 9000",
                "rolls over before them",
            ),
            ("FFD6000604 00000000", "6982", "writing"),
            (
                "FF00000007 D4421B 77726F6E",
                "D54300 00 9000",
                "a wrong one",
            ),
            (
                "FF00000007 D4421B 70617373",
                "D54300 ABCD 9000",
                "the right one",
            ),
            ("FFB0000604", "73687574 9000", ""),
            ("FFD6000604 6F70656E", "9000", ""),
            (
                "FFB0002B08",
                "00000000 00000000 9000",
                "password and PACK are never shown",
            ),
            (
                "FF00000003 D44260",
                "D54300 0004040201000F03 9000",
                "the version",
            ),
            (
                "FF00000005 D4423A0406",
                "D54300 6F70656E 00000000 6F70656E 9000",
                "many pages",
            ),
            (
                "FF00000004 D4423029",
                "D54300 04000006 80050000 00000000 00000000 9000",
                "the configuration",
            ),
            ("FF00000008 D442A204 41424344", "D54300 0A 9000", "written"),
            ("FFB0000404", "41424344 9000", ""),
        ],
    );
    card.put_back();
    go_on(
        &mut card,
        &[("FFB0000604", "6982", "power went, and the session with it")],
    );
}

#[test]
fn an_ntag_takes_so_many_wrong_passwords_and_then_none() {
    converse(
        VirtualCard::ntag215(),
        &[
            ("FFD6008404 02050000", "9000", "AUTHLIM 2"),
            ("FF00000007 D4421B 00000000", "D54300 00 9000", ""),
            ("FF00000007 D4421B 00000001", "D54300 00 9000", ""),
            (
                "FF00000007 D4421B FFFFFFFF",
                "D54300 04 9000",
                "the right one is too late",
            ),
        ],
    );
    let text = "kind = 'ntag216'\n[password]\nvalue = '01020304'\npack = 'AABB'";
    converse(
        VirtualCard::from_toml(text).unwrap(),
        &[
            ("FFD6000404 00000000", "6982", "page 4 is the first"),
            ("FFB0000404", "00000000 9000", "reading is free"),
            ("FF00000007 D4421B 01020304", "D54300 AABB 9000", ""),
        ],
    );
    let refused = VirtualCard::from_toml("kind = 'ultralight'\n[password]\nvalue = '01020304'");
    assert!(refused.unwrap_err().reason().contains("has no password"));
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
