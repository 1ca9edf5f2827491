//! Sector trailers of a MIFARE Classic: keys, and who may do what.
//!
//! Source: NXP MF1S50YYX data sheet, access conditions of the sector trailer
//! and of data blocks.

use crate::chip::status;

/// Bytes in a block and in a key.
pub(super) const BLOCK: usize = 16;
pub(super) const KEY: usize = 6;

/// Which of a sector's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    A,
    B,
}

/// A sector trailer: key A, access bits with the free byte, key B.
pub(super) trait Trailer {
    /// The three parts.
    fn parts(&self) -> ([u8; KEY], [u8; 4], [u8; KEY]);

    /// Replaces the three parts.
    fn put(&mut self, parts: ([u8; KEY], [u8; 4], [u8; KEY]));
}

impl Trailer for [u8; BLOCK] {
    fn parts(&self) -> ([u8; KEY], [u8; 4], [u8; KEY]) {
        let [a @ .., c0, c1, c2, c3, b0, b1, b2, b3, b4, b5] = *self;
        (a, [c0, c1, c2, c3], [b0, b1, b2, b3, b4, b5])
    }

    fn put(&mut self, (a, access, b): ([u8; KEY], [u8; 4], [u8; KEY])) {
        let parts = a.into_iter().chain(access).chain(b);
        for (place, byte) in self.iter_mut().zip(parts) {
            *place = byte;
        }
    }
}

/// Writes those parts of a trailer that its conditions open to this key.
pub(super) fn write_trailer(
    bytes: &mut [u8; BLOCK],
    data: [u8; BLOCK],
    condition: u8,
    key: KeyKind,
) -> Result<(), u16> {
    let (keys_by, access_by) = match condition {
        0b000 => (Some(KeyKind::A), None),
        0b100 => (Some(KeyKind::B), None),
        0b001 => (Some(KeyKind::A), Some(KeyKind::A)),
        0b011 => (Some(KeyKind::B), Some(KeyKind::B)),
        0b101 => (None, Some(KeyKind::B)),
        _ => (None, None),
    };
    let (may_keys, may_access) = (keys_by == Some(key), access_by == Some(key));
    if !may_keys && !may_access {
        return Err(status::SECURITY_NOT_SATISFIED);
    }
    let (mut a, mut access, mut b) = bytes.parts();
    let (new_a, new_access, new_b) = data.parts();
    if may_keys {
        (a, b) = (new_a, new_b);
    }
    if may_access {
        access = new_access;
    }
    bytes.put((a, access, b));
    Ok(())
}

/// C1 C2 C3 of one group of blocks, 0 to 3, as a number of three bits; `None`
/// when the bits and their inverted copies do not fit each other.
pub(super) fn condition([inverted_21, c1_inverted_3, c3_2, _]: [u8; 4], group: u16) -> Option<u8> {
    let (c1, c2, c3) = (c1_inverted_3 >> 4, c3_2 & 0x0F, c3_2 >> 4);
    let inverted = [inverted_21 & 0x0F, inverted_21 >> 4, c1_inverted_3 & 0x0F];
    if inverted != [c1 ^ 0x0F, c2 ^ 0x0F, c3 ^ 0x0F] {
        return None;
    }
    let bit = |nibble: u8| (nibble >> group.min(3)) & 1;
    Some((bit(c1) << 2) | (bit(c2) << 1) | bit(c3))
}

/// Where the trailer lets key B be read, it is data and opens nothing.
pub(super) fn is_key_b_readable(trailer_condition: u8) -> bool {
    trailer_condition <= 0b010
}

/// Whether a key reads a data block under this condition.
pub(super) fn may_read(condition: u8, key: KeyKind) -> bool {
    match condition {
        0b111 => false,
        0b011 | 0b101 => key == KeyKind::B,
        _ => true,
    }
}

/// Whether a key writes a data block under this condition.
pub(super) fn may_write(condition: u8, key: KeyKind) -> bool {
    match condition {
        0b000 => true,
        0b100 | 0b110 | 0b011 => key == KeyKind::B,
        _ => false,
    }
}

/// Whether a key adds to a value (`upwards`) or takes from it under this
/// condition.
pub(super) fn may_increment(condition: u8, key: KeyKind, upwards: bool) -> bool {
    match condition {
        0b000 => true,
        0b110 => !upwards || key == KeyKind::B,
        0b001 => !upwards,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_bits_are_taken_apart_as_in_the_data_sheet() {
        let cases = [
            (
                [0xFF, 0x07, 0x80, 0x69],
                0,
                Some(0b000),
                "data of a blank card",
            ),
            (
                [0xFF, 0x07, 0x80, 0x69],
                3,
                Some(0b001),
                "trailer of a blank card",
            ),
            (
                [0x78, 0x77, 0x88, 0x69],
                0,
                Some(0b100),
                "written only by B: data",
            ),
            (
                [0x78, 0x77, 0x88, 0x69],
                3,
                Some(0b011),
                "written only by B: trailer",
            ),
            ([0xFF, 0x07, 0x81, 0x69], 0, None, "copies that contradict"),
            ([0x00, 0x00, 0x00, 0x00], 0, None, "all zero"),
        ];
        for (access, group, expected, why) in cases {
            assert_eq!(condition(access, group), expected, "{why}");
        }
    }
}
