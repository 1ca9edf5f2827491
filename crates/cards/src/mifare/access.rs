//! Access bits: who may do what with the blocks of a sector.
//!
//! Bytes 6 to 8 of a sector trailer hold three bits (C1, C2, C3) for each of
//! four groups of blocks, once as they are and once inverted. In a sector of 4
//! blocks each block is a group; in one of 16 the data blocks go in fives. The
//! last group is the trailer.
//!
//! A card that finds the two copies in disagreement blocks the whole sector for
//! good, so bits are encoded here and nowhere else.
//!
//! Source: NXP MF1S50yyX/V1 data sheet, §8.7.1 to §8.7.3 (tables 6 to 8);
//! MF1S70yyX/V1, §8.7.1 for the large sectors.

use thiserror::Error;

use super::{Block, KeyKind};

/// The access bits of one sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccessBits {
    /// By group; the trailer's is the last.
    groups: [Condition; 4],
}

/// The three bits of one group, C1 the highest: 0 to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Condition(u8);

/// The two copies of the bits disagree: the card has blocked the sector, or the
/// bytes are no access bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the access bits and their inverted copy disagree")]
pub struct DamagedAccessBits;

/// With which of the sector's keys something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// With none.
    Never,
    /// With key A.
    KeyA,
    /// With key B.
    KeyB,
    /// With either.
    Either,
}

/// What may be done with a data block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DataAccess {
    /// Read it.
    pub read: Permission,
    /// Write it.
    pub write: Permission,
    /// Increment a value.
    pub increment: Permission,
    /// Decrement a value, transfer and restore it.
    pub decrement: Permission,
}

/// What may be done with a sector trailer. Key A can never be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TrailerAccess {
    /// Write key A.
    pub write_key_a: Permission,
    /// Read the access bits.
    pub read_access: Permission,
    /// Write the access bits.
    pub write_access: Permission,
    /// Read key B. Where that is allowed, key B is data and opens nothing: the
    /// card accepts it and then refuses every command.
    pub read_key_b: Permission,
    /// Write key B.
    pub write_key_b: Permission,
}

impl Permission {
    /// Whether that one of the two keys may.
    #[must_use]
    pub fn includes(self, kind: KeyKind) -> bool {
        match self {
            Self::Never => false,
            Self::KeyA => kind == KeyKind::A,
            Self::KeyB => kind == KeyKind::B,
            Self::Either => true,
        }
    }
}

fn data(
    read: Permission,
    write: Permission,
    increment: Permission,
    decrement: Permission,
) -> DataAccess {
    DataAccess {
        read,
        write,
        increment,
        decrement,
    }
}

fn trailer(
    write_key_a: Permission,
    read_access: Permission,
    write_access: Permission,
    read_key_b: Permission,
    write_key_b: Permission,
) -> TrailerAccess {
    TrailerAccess {
        write_key_a,
        read_access,
        write_access,
        read_key_b,
        write_key_b,
    }
}

impl Condition {
    /// The condition of that number, C1 its highest bit; `None` above 7.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (number < 8).then_some(Self(number))
    }

    /// The three bits as a number: 0 to 7.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// What it allows with a data block: table 8.
    #[must_use]
    pub fn of_data(self) -> DataAccess {
        use Permission::{Either, KeyB, Never};
        match self.bits() {
            [0, 0, 0] => data(Either, Either, Either, Either),
            [0, 1, 0] => data(Either, Never, Never, Never),
            [1, 0, 0] => data(Either, KeyB, Never, Never),
            [1, 1, 0] => data(Either, KeyB, KeyB, Either),
            [0, 0, _] => data(Either, Never, Never, Either),
            [0, 1, _] => data(KeyB, KeyB, Never, Never),
            [_, 0, _] => data(KeyB, Never, Never, Never),
            [_, _, _] => data(Never, Never, Never, Never),
        }
    }

    /// What it allows with a trailer: table 7.
    #[must_use]
    pub fn of_trailer(self) -> TrailerAccess {
        use Permission::{Either, KeyA, KeyB, Never};
        match self.bits() {
            [0, 0, 0] => trailer(KeyA, KeyA, Never, KeyA, KeyA),
            [0, 1, 0] => trailer(Never, KeyA, Never, KeyA, Never),
            [1, 0, 0] => trailer(KeyB, Either, Never, Never, KeyB),
            [0, 0, _] => trailer(KeyA, KeyA, KeyA, KeyA, KeyA),
            [0, 1, _] => trailer(KeyB, Either, KeyB, Never, KeyB),
            [1, 0, _] => trailer(Never, Either, KeyB, Never, Never),
            // Two conditions, 110 and 111, are the same.
            [_, _, _] => trailer(Never, Either, Never, Never, Never),
        }
    }

    /// C1, C2 and C3, each as 0 or 1.
    fn bits(self) -> [u8; 3] {
        [self.0 >> 2 & 1, self.0 >> 1 & 1, self.0 & 1]
    }
}

impl AccessBits {
    /// How a sector comes from the factory: data open to both keys, key A
    /// writes the trailer, key B is data.
    pub const TRANSPORT: Self = Self {
        groups: [Condition(0), Condition(0), Condition(0), Condition(1)],
    };

    /// The access bits of three groups of data blocks and of the trailer.
    #[must_use]
    pub fn new(data: [Condition; 3], trailer: Condition) -> Self {
        let [first, second, third] = data;
        Self {
            groups: [first, second, third, trailer],
        }
    }

    /// Reads bytes 6 to 8 of a trailer.
    ///
    /// # Errors
    ///
    /// [`DamagedAccessBits`].
    pub fn decode(bytes: [u8; 3]) -> Result<Self, DamagedAccessBits> {
        let [not_c2_c1, c1_not_c3, c3_c2] = bytes;
        let [c1, c2, c3] = [c1_not_c3 >> 4, c3_c2 & 0x0F, c3_c2 >> 4];
        let inverted = [not_c2_c1 & 0x0F, not_c2_c1 >> 4, c1_not_c3 & 0x0F];
        if inverted != [c1 ^ 0x0F, c2 ^ 0x0F, c3 ^ 0x0F] {
            return Err(DamagedAccessBits);
        }
        let group = |index: u8| {
            let bit = |nibble: u8| nibble >> index & 1;
            Condition(bit(c1) << 2 | bit(c2) << 1 | bit(c3))
        };
        Ok(Self {
            groups: [group(0), group(1), group(2), group(3)],
        })
    }

    /// Bytes 6 to 8 of a trailer.
    #[must_use]
    pub fn encode(self) -> [u8; 3] {
        let mut nibbles = [0; 3];
        for (index, condition) in self.groups.into_iter().enumerate() {
            for (nibble, bit) in nibbles.iter_mut().zip(condition.bits()) {
                *nibble |= bit << index;
            }
        }
        let [c1, c2, c3] = nibbles;
        let inverted = |nibble: u8| nibble ^ 0x0F;
        [
            inverted(c2) << 4 | inverted(c1),
            c1 << 4 | inverted(c3),
            c3 << 4 | c2,
        ]
    }

    /// The condition of a block, which says what may be done with it by
    /// [`Condition::of_data`], or [`Condition::of_trailer`] for a trailer.
    ///
    /// Block 0 of a card is read-only whatever its condition says.
    #[must_use]
    pub fn condition(self, block: Block) -> Condition {
        let [first, second, third, trailer] = self.groups;
        let sector = block.sector();
        let index = (0..sector.n_blocks()).find(|index| sector.block(*index) == Some(block));
        let blocks_in_group = if sector.n_blocks() == 16 { 5 } else { 1 };
        match index.map(|index| index / blocks_in_group) {
            Some(0) => first,
            Some(1) => second,
            Some(2) => third,
            _ => trailer,
        }
    }

    /// The condition of the trailer.
    #[must_use]
    pub fn trailer(self) -> Condition {
        let [_, _, _, trailer] = self.groups;
        trailer
    }

    /// Whether one of the keys can change both keys and the access bits.
    #[must_use]
    pub fn may_be_changed(self) -> bool {
        [KeyKind::A, KeyKind::B]
            .into_iter()
            .any(|kind| self.may_be_changed_by(kind))
    }

    /// Whether that key can change both keys and the access bits.
    #[must_use]
    pub fn may_be_changed_by(self, kind: KeyKind) -> bool {
        let allowed = self.trailer().of_trailer();
        let needed = [
            allowed.write_key_a,
            allowed.write_access,
            allowed.write_key_b,
        ];
        needed.iter().all(|permission| permission.includes(kind))
    }

    /// Whether key B opens the sector; where it can be read it does not.
    #[must_use]
    pub fn key_b_opens(self) -> bool {
        self.trailer().of_trailer().read_key_b == Permission::Never
    }
}

#[cfg(test)]
mod tests {
    use Permission::{Either, KeyA, KeyB, Never};
    use proptest::prelude::*;

    use super::*;

    fn condition(bits: &str) -> Condition {
        Condition::new(u8::from_str_radix(bits, 2).unwrap()).unwrap()
    }

    #[test]
    fn a_permission_names_its_keys() {
        let cases = [
            (Never, false, false),
            (KeyA, true, false),
            (KeyB, false, true),
            (Either, true, true),
        ];
        for (permission, by_a, by_b) in cases {
            let by = [KeyKind::A, KeyKind::B].map(|kind| permission.includes(kind));
            assert_eq!(by, [by_a, by_b], "{permission:?}");
        }
    }

    /// The rows in the order of the data sheet, whose C1 changes fastest.
    #[test]
    fn data_blocks_allow_what_table_8_says() {
        let rows = [
            ("000", [Either, Either, Either, Either]),
            ("010", [Either, Never, Never, Never]),
            ("100", [Either, KeyB, Never, Never]),
            ("110", [Either, KeyB, KeyB, Either]),
            ("001", [Either, Never, Never, Either]),
            ("011", [KeyB, KeyB, Never, Never]),
            ("101", [KeyB, Never, Never, Never]),
            ("111", [Never, Never, Never, Never]),
        ];
        for (bits, [read, write, increment, decrement]) in rows {
            let allowed = condition(bits).of_data();
            assert_eq!(allowed, data(read, write, increment, decrement), "{bits}");
        }
    }

    #[test]
    fn trailers_allow_what_table_7_says() {
        let rows = [
            ("000", [KeyA, KeyA, Never, KeyA, KeyA]),
            ("010", [Never, KeyA, Never, KeyA, Never]),
            ("100", [KeyB, Either, Never, Never, KeyB]),
            ("110", [Never, Either, Never, Never, Never]),
            ("001", [KeyA, KeyA, KeyA, KeyA, KeyA]),
            ("011", [KeyB, Either, KeyB, Never, KeyB]),
            ("101", [Never, Either, KeyB, Never, Never]),
            ("111", [Never, Either, Never, Never, Never]),
        ];
        for (bits, [key_a, read, write, read_b, write_b]) in rows {
            let allowed = condition(bits).of_trailer();
            assert_eq!(
                allowed,
                trailer(key_a, read, write, read_b, write_b),
                "{bits}"
            );
        }
    }

    #[test]
    fn bytes_of_real_cards_are_understood() {
        let factory = AccessBits::decode([0xFF, 0x07, 0x80]).unwrap();
        assert_eq!(factory, AccessBits::TRANSPORT);
        assert!(!factory.key_b_opens(), "it is data");

        // Key A reads, key B reads and writes, the usual bits of a school.
        let school = AccessBits::decode([0x78, 0x77, 0x88]).unwrap();
        let block = school.condition(Block::from(5)).of_data();
        assert_eq!((block.read, block.write), (Either, KeyB));
        let trailer = school.condition(Block::from(7)).of_trailer();
        assert_eq!((trailer.write_key_a, trailer.write_access), (KeyB, KeyB));
        assert!(school.key_b_opens());
    }

    #[test]
    fn two_conditions_let_a_trailer_be_changed() {
        for number in 0..8 {
            let trailer = Condition::new(number).unwrap();
            let bits = AccessBits::new([Condition(0); 3], trailer);
            let by = [KeyKind::A, KeyKind::B].map(|kind| bits.may_be_changed_by(kind));
            let expected = match number {
                0b001 => [true, false],
                0b011 => [false, true],
                _ => [false, false],
            };
            assert_eq!(by, expected, "{number:03b}");
            assert_eq!(bits.may_be_changed(), by != [false, false], "{number:03b}");
        }
    }

    #[test]
    fn each_group_has_its_own_blocks() {
        let [a, b, c, d] = ["000", "010", "100", "011"].map(condition);
        let bits = AccessBits::new([a, b, c], d);
        let cases = [
            (4, a, "block 0 of a small sector"),
            (5, b, "block 1"),
            (6, c, "block 2"),
            (7, d, "its trailer"),
            (128, a, "block 0 of a large sector"),
            (132, a, "block 4"),
            (133, b, "block 5"),
            (138, c, "block 10"),
            (142, c, "block 14"),
            (143, d, "its trailer"),
        ];
        for (block, expected, why) in cases {
            assert_eq!(bits.condition(Block::from(block)), expected, "{why}");
        }
    }

    #[test]
    fn every_combination_survives() {
        let all = || (0..8).map(|number| Condition::new(number).unwrap());
        for first in all() {
            for trailer in all() {
                let bits = AccessBits::new([first, trailer, first], trailer);
                assert_eq!(AccessBits::decode(bits.encode()), Ok(bits));
            }
        }
        assert_eq!(Condition::new(8), None);
    }

    proptest! {
        #[test]
        fn bytes_are_access_bits_or_damaged(bytes: [u8; 3]) {
            if let Ok(bits) = AccessBits::decode(bytes) {
                prop_assert_eq!(bits.encode(), bytes);
            }
        }

        #[test]
        fn one_wrong_bit_is_damage(group in 0_u8..8, trailer in 0_u8..8, bit in 0_usize..24) {
            let group = Condition::new(group).unwrap();
            let trailer = Condition::new(trailer).unwrap();
            let mut bytes = AccessBits::new([group; 3], trailer).encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(AccessBits::decode(bytes), Err(DamagedAccessBits));
        }
    }
}
