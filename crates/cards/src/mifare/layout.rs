//! Blocks and sectors.
//!
//! A block has 16 bytes. Sectors 0 to 31 have 4 blocks, sectors 32 to 39, which
//! only a 4K has, 16. The last block of a sector, its trailer, holds its keys
//! and access bits; block 0 of the card is written by the maker.
//!
//! Source: NXP MF1S50yyX/V1 data sheet, §8.6; MF1S70yyX/V1, §8.6; `MF1S20yyX`
//! for the Mini.

use serde::Deserialize;
use xueka_domain::CardFamily;

/// How many sectors a MIFARE Classic has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClassicSize {
    /// 320 bytes: 5 sectors.
    Mini,
    /// 1 KiB: 16 sectors.
    OneK,
    /// 4 KiB: 40 sectors.
    FourK,
}

/// A sector that some MIFARE Classic has: 0 to 39.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sector(u8);

/// A block, counted from 0 over the whole card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Block(u8);

/// Which of a sector's two keys is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum KeyKind {
    /// Key A.
    A,
    /// Key B.
    B,
}

impl KeyKind {
    /// As which key of a sector it is numbered: 0 for A, 1 for B.
    #[must_use]
    pub fn slot(self) -> u16 {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }

    /// The key of that number; `None` above 1.
    #[must_use]
    pub fn from_slot(slot: u16) -> Option<Self> {
        match slot {
            0 => Some(Self::A),
            1 => Some(Self::B),
            _ => None,
        }
    }
}

impl ClassicSize {
    /// The size of a family; `None` when it is no MIFARE Classic.
    #[must_use]
    pub fn of(family: CardFamily) -> Option<Self> {
        match family {
            CardFamily::MifareClassicMini => Some(Self::Mini),
            CardFamily::MifareClassic1K => Some(Self::OneK),
            CardFamily::MifareClassic4K => Some(Self::FourK),
            _ => None,
        }
    }

    /// How many sectors there are.
    #[must_use]
    pub fn n_sectors(self) -> u8 {
        match self {
            Self::Mini => 5,
            Self::OneK => 16,
            Self::FourK => 40,
        }
    }

    /// Whether a card of this size has the block.
    #[must_use]
    pub fn has(self, block: Block) -> bool {
        block.sector().number() < self.n_sectors()
    }
}

impl Sector {
    /// The last sector of the largest card.
    pub const LAST: u8 = 39;
    /// The first sector with 16 blocks.
    const FIRST_LARGE: u8 = 32;

    /// The sector of that number; `None` above 39.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (number <= Self::LAST).then_some(Self(number))
    }

    /// The number: 0 to 39.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// How many blocks the sector has, the trailer included.
    #[must_use]
    pub fn n_blocks(self) -> u8 {
        if self.0 < Self::FIRST_LARGE { 4 } else { 16 }
    }

    /// A block by its place in the sector, from 0; `None` beyond the trailer.
    #[must_use]
    pub fn block(self, index: u8) -> Option<Block> {
        let first = match self.0.checked_sub(Self::FIRST_LARGE) {
            None => self.0 * 4,
            Some(n_large) => Self::FIRST_LARGE * 4 + n_large * 16,
        };
        (index < self.n_blocks()).then_some(Block(first + index))
    }

    /// The last block, which holds keys and access bits.
    #[must_use]
    pub fn trailer(self) -> Block {
        match self.block(self.n_blocks() - 1) {
            Some(trailer) => trailer,
            // A sector has its own last block.
            None => Block(u8::MAX),
        }
    }
}

impl Block {
    /// The block in which the maker wrote what the chip is.
    pub const MANUFACTURER: Self = Self(0);
    /// The first block of a sector with 16.
    const FIRST_LARGE: u8 = Sector::FIRST_LARGE * 4;

    /// The number, as commands have it: 0 to 255.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// The sector that the block is in.
    #[must_use]
    pub fn sector(self) -> Sector {
        match self.0.checked_sub(Self::FIRST_LARGE) {
            None => Sector(self.0 / 4),
            Some(beyond) => Sector(Sector::FIRST_LARGE + beyond / 16),
        }
    }

    /// Whether the block holds the keys and access bits of its sector.
    #[must_use]
    pub fn is_trailer(self) -> bool {
        self.sector().trailer() == self
    }
}

impl From<u8> for Block {
    /// Every number from 0 to 255 is a block of the largest card.
    fn from(number: u8) -> Self {
        Self(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_count_over_the_whole_card() {
        let cases = [
            (0, 0, 0),
            (0, 1, 1),
            (1, 0, 4),
            (15, 2, 62),
            (31, 3, 127),
            (32, 0, 128),
            (33, 0, 144),
            (39, 15, 255),
        ];
        for (sector, index, expected) in cases {
            let block = Sector::new(sector).unwrap().block(index).unwrap();
            assert_eq!(block.number(), expected, "{sector}, {index}");
        }
        assert_eq!(Sector::new(40), None);
        assert_eq!(Sector::new(31).unwrap().block(4), None);
        assert_eq!(Sector::new(32).unwrap().block(16), None);
    }

    #[test]
    fn every_block_is_found_again_in_its_sector() {
        for number in 0..=u8::MAX {
            let block = Block::from(number);
            let sector = block.sector();
            let again = (0..16).filter_map(|index| sector.block(index));
            assert_eq!(again.filter(|other| *other == block).count(), 1, "{number}");
        }
        let trailers = (0..=u8::MAX).filter(|number| Block::from(*number).is_trailer());
        assert_eq!(trailers.count(), 40);
        assert_eq!(Sector::new(0).unwrap().trailer().number(), 3);
        assert_eq!(Sector::new(39).unwrap().trailer().number(), 255);
    }

    #[test]
    fn a_card_has_the_blocks_of_its_sectors() {
        let cases = [
            (CardFamily::MifareClassicMini, 19, 20),
            (CardFamily::MifareClassic1K, 63, 64),
        ];
        for (family, last, beyond) in cases {
            let size = ClassicSize::of(family).unwrap();
            assert!(
                size.has(last.into()) && !size.has(beyond.into()),
                "{family:?}"
            );
        }
        assert!(ClassicSize::FourK.has(255.into()));
        assert_eq!(ClassicSize::of(CardFamily::Ultralight), None);
    }
}
