//! Storage cards without keys.

use xueka_simulator::VirtualCard;

use crate::converse;

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
