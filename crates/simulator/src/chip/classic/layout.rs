//! How sectors and blocks of a MIFARE Classic are numbered.
//!
//! Source: NXP MF1S50YYX and MF1S70YYX data sheets, memory organisation.

/// Sectors below this have four blocks, the others sixteen.
const N_SMALL_SECTORS: u16 = 32;
const SMALL_SECTOR: u16 = 4;
const LARGE_SECTOR: u16 = 16;

/// How many sectors each kind of card has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// 320 bytes.
    Mini,
    /// 1 KiB.
    OneK,
    /// 4 KiB.
    FourK,
}

impl Size {
    /// How many sectors.
    pub(crate) fn n_sectors(self) -> u16 {
        match self {
            Self::Mini => 5,
            Self::OneK => 16,
            Self::FourK => 40,
        }
    }

    /// How many blocks, trailers included.
    pub(crate) fn n_blocks(self) -> u16 {
        first_block(self.n_sectors())
    }

    /// The SAK of the anticollision.
    pub(super) fn sak(self) -> u8 {
        let [sak, _, _] = self.sak_atqa();
        sak
    }

    /// SAK and ATQA as block 0 repeats them.
    pub(super) fn sak_atqa(self) -> [u8; 3] {
        match self {
            Self::Mini => [0x09, 0x04, 0x00],
            Self::OneK => [0x08, 0x04, 0x00],
            Self::FourK => [0x18, 0x02, 0x00],
        }
    }
}

/// Which of the four groups of access bits rules a block.
pub(super) fn access_group(block: u16) -> u16 {
    let sector = sector_of(block);
    let place = block - first_block(sector);
    if sector < N_SMALL_SECTORS {
        place
    } else {
        place / 5
    }
}

/// Numbers beyond any card stay beyond it.
fn first_block(sector: u16) -> u16 {
    let large = sector.saturating_sub(N_SMALL_SECTORS);
    let small = sector - large;
    (small * SMALL_SECTOR).saturating_add(large.saturating_mul(LARGE_SECTOR))
}

/// The block of a sector that holds its keys and access bits.
pub(super) fn trailer_block(sector: u16) -> u16 {
    first_block(sector.saturating_add(1)) - 1
}

/// The sector in which a block lies.
pub(super) fn sector_of(block: u16) -> u16 {
    let boundary = N_SMALL_SECTORS * SMALL_SECTOR;
    if block < boundary {
        block / SMALL_SECTOR
    } else {
        N_SMALL_SECTORS + (block - boundary) / LARGE_SECTOR
    }
}

/// Whether `block` is the last of its sector.
pub(super) fn is_trailer(block: u16) -> bool {
    trailer_block(sector_of(block)) == block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sectors_of_a_4k_card_grow_after_the_thirty_second() {
        let cases = [
            (0, 0, 0, false),
            (3, 0, 3, true),
            (127, 31, 3, true),
            (128, 32, 0, false),
            (132, 32, 0, false),
            (133, 32, 1, false),
            (142, 32, 2, false),
            (143, 32, 3, true),
            (255, 39, 3, true),
        ];
        for (block, sector, group, trailer) in cases {
            assert_eq!(sector_of(block), sector, "sector of block {block}");
            assert_eq!(access_group(block), group, "group of block {block}");
            assert_eq!(is_trailer(block), trailer, "block {block}");
        }
        assert_eq!(Size::FourK.n_blocks(), 256);
        assert_eq!(Size::OneK.n_blocks(), 64);
        assert_eq!(Size::Mini.n_blocks(), 20);
    }

    #[test]
    fn numbers_beyond_any_card_do_not_overflow() {
        for number in [0x0100, 0x0FFF, 0x1000, u16::MAX - 1, u16::MAX] {
            assert!(trailer_block(number) >= 256, "sector {number}");
            assert!(sector_of(number) >= 40, "block {number}");
            let _ = (is_trailer(number), access_group(number));
        }
    }
}
