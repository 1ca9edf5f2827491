//! Every access condition of the data sheet, by both keys.

use super::*;

const KEY_KIND_A: u8 = 0x60;
const KEY_KIND_B: u8 = 0x61;

/// Opens the sector of `block` with a key of the given kind.
fn open(card: &mut Classic, block: u16, key_kind: u8, key: [u8; KEY]) -> u16 {
    assert_eq!(card.load_key(0, 0, &key), status::OK);
    card.authenticate(block, key_kind, 0)
}

#[test]
fn each_data_condition_opens_what_the_data_sheet_says() {
    // C1 C2 C3, then who may read and who may write: neither, B, or both.
    let cases = [
        (0b000_u8, "AB", "AB"),
        (0b010, "AB", ""),
        (0b100, "AB", "B"),
        (0b110, "AB", "B"),
        (0b001, "AB", ""),
        (0b011, "B", "B"),
        (0b101, "B", ""),
        (0b111, "", ""),
    ];
    for (bits, readers, writers) in cases {
        for (kind, name) in [(KEY_KIND_A, "A"), (KEY_KIND_B, "B")] {
            let mut card = Classic::blank(Size::OneK);
            card.set_access(1, access_of(bits, 0b011));
            open(&mut card, 4, kind, TRANSPORT_KEY);
            let read = card.read(4, 16).len() == BLOCK + 2;
            open(&mut card, 4, kind, TRANSPORT_KEY);
            let written = card.write(4, &[7; BLOCK]) == status::OK;
            assert_eq!(
                read,
                readers.contains(name),
                "{bits:03b}: reading by {name}"
            );
            assert_eq!(
                written,
                writers.contains(name),
                "{bits:03b}: writing by {name}"
            );
        }
    }
}

#[test]
fn a_trailer_that_contradicts_itself_blocks_its_sector_for_good() {
    let mut card = Classic::blank(Size::OneK);
    open(&mut card, 7, KEY_KIND_A, TRANSPORT_KEY);
    let mut trailer = [0xFF; BLOCK];
    trailer.put((TRANSPORT_KEY, [0; 4], TRANSPORT_KEY));
    assert_eq!(card.write(7, &trailer), status::OK);

    open(&mut card, 7, KEY_KIND_A, TRANSPORT_KEY);
    assert_eq!(card.read(4, 16), refuse(status::SECURITY_NOT_SATISFIED));
    open(&mut card, 7, KEY_KIND_A, TRANSPORT_KEY);
    assert_eq!(card.write(7, &trailer), status::SECURITY_NOT_SATISFIED);
}

#[test]
fn each_trailer_condition_opens_what_the_data_sheet_says() {
    // C1 C2 C3, then who writes key A, reads and writes the access bits, and
    // reads and writes key B.
    let cases = [
        (0b000_u8, "A", "A", "", "A", "A"),
        (0b010, "", "A", "", "A", ""),
        (0b100, "B", "AB", "", "", "B"),
        (0b110, "", "AB", "", "", ""),
        (0b001, "A", "A", "A", "A", "A"),
        (0b011, "B", "AB", "B", "", "B"),
        (0b101, "", "AB", "B", "", ""),
        (0b111, "", "AB", "", "", ""),
    ];
    for (bits, write_a, read_access, write_access, read_b, write_b) in cases {
        for (kind, name) in [(KEY_KIND_A, "A"), (KEY_KIND_B, "B")] {
            let what = format!("{bits:03b} by {name}");
            let access = access_of(0b000, bits);
            let (a, b) = ([0xA1; KEY], [0xB1; KEY]);
            let mut card = Classic::blank(Size::OneK);
            card.set_keys(1, Some(a), Some(b));
            card.set_access(1, access);
            let own = if kind == KEY_KIND_A { a } else { b };

            assert_eq!(open(&mut card, 7, kind, own), status::OK, "{what}");
            let shown = card.read(7, 16);
            let reads = shown.len() == BLOCK + 2;
            assert_eq!(reads, read_access.contains(name), "{what}: reading");
            if reads {
                let (shown_a, _, shown_b) =
                    <[u8; BLOCK]>::try_from(&shown[..BLOCK]).unwrap().parts();
                assert_eq!(shown_a, [0; KEY], "{what}: key A is never shown");
                assert_eq!(shown_b == b, read_b.contains(name), "{what}: reading B");
            }

            // The free byte tells whether the access bits were written.
            let mut new = [0; BLOCK];
            let [c0, c1, c2, _] = access;
            new.put(([0xA2; KEY], [c0, c1, c2, 0x55], [0xB2; KEY]));
            open(&mut card, 7, kind, own);
            card.write(7, &new);
            let (now_a, now_access, now_b) = card.trailer(1).unwrap().parts();
            assert_eq!(now_a != a, write_a.contains(name), "{what}: writing A");
            let changed = now_access != access;
            assert_eq!(changed, write_access.contains(name), "{what}: access");
            assert_eq!(now_b != b, write_b.contains(name), "{what}: writing B");
        }
    }
}

#[test]
fn a_value_goes_up_and_down_as_its_conditions_say() {
    // C1 C2 C3, then who may take and who may add.
    let cases = [
        (0b000_u8, "AB", "AB"),
        (0b010, "", ""),
        (0b100, "", ""),
        (0b110, "AB", "B"),
        (0b001, "AB", ""),
        (0b011, "", ""),
        (0b101, "", ""),
        (0b111, "", ""),
    ];
    for (bits, takers, adders) in cases {
        for (kind, name) in [(KEY_KIND_A, "A"), (KEY_KIND_B, "B")] {
            let mut card = Classic::blank(Size::OneK);
            card.set_access(1, access_of(bits, 0b011));
            card.set_block(4, value::format(100, 4));
            open(&mut card, 4, kind, TRANSPORT_KEY);
            let taken = card.change_value(4, -30) == status::OK;
            open(&mut card, 4, kind, TRANSPORT_KEY);
            let added = card.change_value(4, 5) == status::OK;
            let what = format!("{bits:03b} by {name}");
            assert_eq!(taken, takers.contains(name), "{what}: taking");
            assert_eq!(added, adders.contains(name), "{what}: adding");
            let expected = 100 - 30 * i32::from(taken) + 5 * i32::from(added);
            let stored = value::parse(card.blocks[4]);
            assert_eq!(stored, Some((expected, 4)), "{what}");
        }
    }
    let mut card = Classic::blank(Size::OneK);
    open(&mut card, 4, KEY_KIND_A, TRANSPORT_KEY);
    assert_eq!(card.change_value(4, 1), status::FAILED, "no value there");
}

/// Access bytes with one condition for all data and one for the trailer.
fn access_of(data: u8, trailer: u8) -> [u8; 4] {
    let nibble = |shift: u8| {
        let bit = |condition: u8| (condition >> shift) & 1;
        (bit(data) * 0b0111) | (bit(trailer) << 3)
    };
    let (c1, c2, c3) = (nibble(2), nibble(1), nibble(0));
    [
        (c2 ^ 0xF) << 4 | (c1 ^ 0xF),
        c1 << 4 | (c3 ^ 0xF),
        c3 << 4 | c2,
        0x69,
    ]
}
