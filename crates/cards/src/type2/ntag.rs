//! Where an NTAG213, 215 or 216 keeps locks, configuration and password: in its
//! last five pages, behind those for data.
//!
//! Source: NXP `NTAG213_215_216` data sheet, §8.5 (memory organisation, figures
//! 5 to 7), §8.5.7 (configuration), §10.1 (GET VERSION).

use super::CapabilityContainer;

/// One of the three chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ntag {
    /// 144 bytes.
    Ntag213,
    /// 504 bytes.
    Ntag215,
    /// 888 bytes.
    Ntag216,
}

impl Ntag {
    /// Vendor and product in the answer to GET VERSION: NXP, NTAG.
    const VENDOR: u8 = 0x04;
    const PRODUCT: u8 = 0x04;

    /// The chip that gave this answer to GET VERSION; `None` when it is another.
    #[must_use]
    pub fn of_version(version: &[u8]) -> Option<Self> {
        match *version {
            [_, Self::VENDOR, Self::PRODUCT, _, _, _, size, _] => match size {
                0x0F => Some(Self::Ntag213),
                0x11 => Some(Self::Ntag215),
                0x13 => Some(Self::Ntag216),
                _ => None,
            },
            _ => None,
        }
    }

    /// The chip that comes with this capability container; a hint.
    #[must_use]
    pub fn of_container(container: CapabilityContainer) -> Option<Self> {
        match container.n_data_bytes() {
            144 => Some(Self::Ntag213),
            496 => Some(Self::Ntag215),
            872 => Some(Self::Ntag216),
            _ => None,
        }
    }

    /// The page of the dynamic lock bytes.
    #[must_use]
    pub fn lock_page(self) -> u8 {
        match self {
            Self::Ntag213 => 40,
            Self::Ntag215 => 130,
            Self::Ntag216 => 226,
        }
    }

    /// The page whose last byte is AUTH0, the first page that asks for the
    /// password.
    #[must_use]
    pub fn configuration_page(self) -> u8 {
        self.lock_page() + 1
    }

    /// The page whose first byte is ACCESS.
    #[must_use]
    pub fn access_page(self) -> u8 {
        self.lock_page() + 2
    }

    /// The page of the password. It reads as zeros.
    #[must_use]
    pub fn password_page(self) -> u8 {
        self.lock_page() + 3
    }

    /// The page of its acknowledgement (PACK). It reads as zeros.
    #[must_use]
    pub fn acknowledgement_page(self) -> u8 {
        self.lock_page() + 4
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chips_are_told_by_version_and_by_container() {
        let cases = [
            (0x0F, 0x12, Some(Ntag::Ntag213), 44),
            (0x11, 0x3E, Some(Ntag::Ntag215), 134),
            (0x13, 0x6D, Some(Ntag::Ntag216), 230),
            (0x0B, 0x06, None, 0),
        ];
        for (size, container, expected, last_page) in cases {
            let version = [0x00, 0x04, 0x04, 0x02, 0x01, 0x00, size, 0x03];
            assert_eq!(Ntag::of_version(&version), expected);
            let container = CapabilityContainer::parse([0xE1, 0x10, container, 0x00]).unwrap();
            assert_eq!(Ntag::of_container(container), expected);
            if let Some(chip) = expected {
                assert_eq!(chip.acknowledgement_page(), last_page);
            }
        }
        let ultralight = [0x00, 0x04, 0x03, 0x01, 0x01, 0x00, 0x0F, 0x03];
        assert_eq!(Ntag::of_version(&ultralight), None);
    }

    proptest! {
        #[test]
        fn no_answer_panics(version: Vec<u8>) {
            let _ = Ntag::of_version(&version);
        }
    }
}
