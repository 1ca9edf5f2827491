//! The capability container: page 3, which says that a chip holds NDEF data and
//! how much.
//!
//! Source: NFC Forum, *Type 2 Tag Technical Specification* 1.1, §6.1; NXP
//! `NTAG213_215_216` data sheet, §8.5.6, for the sizes.

/// Bytes in a page.
pub const PAGE_BYTES: usize = 4;

/// What the capability container says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CapabilityContainer {
    size: u8,
    access: u8,
}

impl CapabilityContainer {
    /// The page that holds it.
    pub const PAGE: u8 = 3;
    /// The first page of the data area, which follows it.
    pub const FIRST_DATA_PAGE: u8 = 4;

    /// The first byte of a tag with NDEF data.
    const MAGIC: u8 = 0xE1;
    /// The upper half of the version byte: mapping version 1.
    const MAJOR_VERSION: u8 = 0x10;

    /// Reads page 3; `None` when it is no capability container of version 1.
    #[must_use]
    pub fn parse(page: [u8; PAGE_BYTES]) -> Option<Self> {
        match page {
            [Self::MAGIC, version, size, access] if version & 0xF0 == Self::MAJOR_VERSION => {
                Some(Self { size, access })
            }
            _ => None,
        }
    }

    /// The page as it is written on a chip: version 1.0.
    #[must_use]
    pub fn encode(self) -> [u8; PAGE_BYTES] {
        [Self::MAGIC, Self::MAJOR_VERSION, self.size, self.access]
    }

    /// How many bytes the data area has: up to 2040, a multiple of 8.
    #[must_use]
    pub fn n_data_bytes(self) -> usize {
        usize::from(self.size) * 8
    }

    /// Whether the data area may be read by anyone.
    #[must_use]
    pub fn is_readable(self) -> bool {
        self.access >> 4 == 0
    }

    /// Whether the data area may be written by anyone.
    #[must_use]
    pub fn is_writable(self) -> bool {
        self.access << 4 == 0
    }

    /// The chip that usually has a data area of this size. A hint: only the
    /// chip's GET VERSION tells for certain, for which readers have no common
    /// command, and the container is written by whoever formats the chip.
    #[must_use]
    pub fn usual_chip(self) -> Option<&'static str> {
        match self.size {
            0x06 => Some("MIFARE Ultralight"),
            0x12 => Some("NTAG213"),
            0x3E => Some("NTAG215"),
            0x6D => Some("NTAG216"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_say_size_and_rights() {
        let cases = [
            ([0xE1, 0x10, 0x12, 0x00], Some((144, true, true)), "NTAG213"),
            ([0xE1, 0x10, 0x3E, 0x00], Some((496, true, true)), "NTAG215"),
            ([0xE1, 0x11, 0x6D, 0x0F], Some((872, true, false)), "locked"),
            (
                [0xE1, 0x10, 0x06, 0xF0],
                Some((48, false, true)),
                "not to be read",
            ),
            ([0xE1, 0x20, 0x12, 0x00], None, "a version to come"),
            ([0x00, 0x00, 0x00, 0x00], None, "blank"),
        ];
        for (page, expected, why) in cases {
            let container = CapabilityContainer::parse(page);
            let said = container.map(|it| (it.n_data_bytes(), it.is_readable(), it.is_writable()));
            assert_eq!(said, expected, "{why}");
        }
    }

    #[test]
    fn sizes_hint_at_chips() {
        let chip = |size| CapabilityContainer { size, access: 0 }.usual_chip();
        assert_eq!(chip(0x12), Some("NTAG213"));
        assert_eq!(chip(0x6D), Some("NTAG216"));
        assert_eq!(chip(0x13), None);
    }

    #[test]
    fn what_is_encoded_is_read_again() {
        let page = [0xE1, 0x10, 0x12, 0x0F];
        assert_eq!(CapabilityContainer::parse(page).unwrap().encode(), page);
    }
}
