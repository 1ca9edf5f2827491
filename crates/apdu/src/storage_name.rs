//! The kinds of storage cards, by the two bytes that readers name them with.

/// The kind of a storage card: two bytes, high byte first.
///
/// Any value is representable; the constants name the ones that this workspace
/// acts on.
///
/// Source: PC/SC Part 3 supplement 2.01.08, and for vendors' own values the
/// files in hardware-notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StorageName(u16);

/// Names that the supplement of the standard gives, in the order of their
/// values. `0000` says that there is none; `0005` is not assigned.
///
/// Source: PC/SC Part 3 supplement 2.01.08; the values up to `0030` as listed
/// by liblogicalaccess and two published scripts for readers, which agree.
const STANDARD: &[(u16, &str)] = &[
    (0x0001, "MIFARE Classic 1K"),
    (0x0002, "MIFARE Classic 4K"),
    (0x0003, "MIFARE Ultralight"),
    (0x0004, "SLE55R"),
    (0x0006, "SR176"),
    (0x0007, "SRI X4K"),
    (0x0008, "AT88RF020"),
    (0x0009, "AT88SC0204CRF"),
    (0x000A, "AT88SC0808CRF"),
    (0x000B, "AT88SC1616CRF"),
    (0x000C, "AT88SC3216CRF"),
    (0x000D, "AT88SC6416CRF"),
    (0x000E, "SRF55V10P"),
    (0x000F, "SRF55V02P"),
    (0x0010, "SRF55V10S"),
    (0x0011, "SRF55V02S"),
    (0x0012, "Tag-it"),
    (0x0013, "LRI512"),
    (0x0014, "ICODE SLI"),
    (0x0015, "TempSense"),
    (0x0016, "I-CODE 1"),
    (0x0017, "PicoPass 2K"),
    (0x0018, "PicoPass 2KS"),
    (0x0019, "PicoPass 16K"),
    (0x001A, "PicoPass 16KS"),
    (0x001B, "PicoPass 16K (8x2)"),
    (0x001C, "PicoPass 16KS (8x2)"),
    (0x001D, "PicoPass 32KS (16+16)"),
    (0x001E, "PicoPass 32KS (16+8x2)"),
    (0x001F, "PicoPass 32KS (8x2+16)"),
    (0x0020, "PicoPass 32KS (8x2+8x2)"),
    (0x0021, "LRI64"),
    (0x0022, "ICODE UID"),
    (0x0023, "ICODE EPC"),
    (0x0024, "LRI12"),
    (0x0025, "LRI128"),
    (0x0026, "MIFARE Mini"),
    (0x0027, "my-d move (SLE 66R01P)"),
    (0x0028, "my-d NFC (SLE 66RxxP)"),
    (0x0029, "my-d proximity 2 (SLE 66RxxS)"),
    (0x002A, "my-d proximity enhanced (SLE 55RxxE)"),
    (0x002B, "my-d light (SRF 55V01P)"),
    (0x002C, "PJM Stack Tag (SRF 66V10ST)"),
    (0x002D, "PJM Item Tag (SRF 66V10IT)"),
    (0x002E, "PJM Light (SRF 66V01ST)"),
    (0x002F, "Jewel"),
    (0x0030, "Topaz"),
    (0x0031, "AT88SC0104CRF"),
    (0x0032, "AT88SC0404CRF"),
    (0x0033, "AT88RF01C"),
    (0x0034, "AT88RF04C"),
    (0x0035, "ICODE SL2"),
    (0x0036, "MIFARE Plus SL1 2K"),
    (0x0037, "MIFARE Plus SL1 4K"),
    (0x0038, "MIFARE Plus SL2 2K"),
    (0x0039, "MIFARE Plus SL2 4K"),
    (0x003A, "MIFARE Ultralight C"),
    (0x003B, "FeliCa"),
    (0x003C, "MLX90129"),
    (0x003D, "MIFARE Ultralight EV1"),
];

/// Names that vendors of readers gave to values of their own.
///
/// `FF` and a SAK, as readers by ACS say it of a type A card that they do not
/// know, is no name and stands in [`StorageName::acs_sak`].
///
/// Source: hardware-notes/reader-springcard.md, reader-acs-acr122u.md.
const VENDORS: &[(u16, &str)] = &[
    (0xF004, "Topaz"),
    (0xF011, "FeliCa (212 kbit/s)"),
    (0xF012, "FeliCa (424 kbit/s)"),
    (0xFFA0, "unknown type A card"),
    (0xFFB0, "unknown type B card"),
    (0xFFB1, "CTS 256B"),
    (0xFFB2, "CTS 512B"),
    (0xFFB3, "SRI 4K"),
    (0xFFB4, "SRI X512"),
    (0xFFB5, "SRI 512"),
    (0xFFB6, "SRT 512"),
    (0xFFB7, "PicoTag"),
    (0xFFC0, "Calypso (Innovatron protocol)"),
    (0xFFD0, "unknown ISO 15693 card"),
    (0xFFD1, "unknown Legic card"),
    (0xFFD2, "unknown ISO 15693 card by ST"),
    (0xFFE1, "ICODE UID-OTP"),
    (0xFFE2, "unknown EPC card"),
    (0xFFFF, "virtual card"),
];

impl StorageName {
    /// No name given.
    pub const NONE: Self = Self(0x0000);
    /// MIFARE Classic with 1 KiB.
    pub const MIFARE_CLASSIC_1K: Self = Self(0x0001);
    /// MIFARE Classic with 4 KiB.
    pub const MIFARE_CLASSIC_4K: Self = Self(0x0002);
    /// MIFARE Ultralight; also the answer for NTAG.
    pub const MIFARE_ULTRALIGHT: Self = Self(0x0003);
    /// `PicoPass` 2KS, which is also sold as iCLASS.
    pub const PICOPASS_2KS: Self = Self(0x0018);
    /// `PicoPass` 16KS.
    pub const PICOPASS_16KS: Self = Self(0x001A);
    /// `PicoPass` 16KS, its pages in two books of eight.
    pub const PICOPASS_16KS_8X2: Self = Self(0x001C);
    /// MIFARE Mini, 320 bytes.
    pub const MIFARE_MINI: Self = Self(0x0026);
    /// Topaz.
    pub const TOPAZ: Self = Self(0x0030);
    /// MIFARE Plus in security level 1, where it behaves as a Classic.
    pub const MIFARE_PLUS_SL1_2K: Self = Self(0x0036);
    /// The same with 4 KiB.
    pub const MIFARE_PLUS_SL1_4K: Self = Self(0x0037);
    /// MIFARE Ultralight C.
    pub const MIFARE_ULTRALIGHT_C: Self = Self(0x003A);
    /// `FeliCa`.
    pub const FELICA: Self = Self(0x003B);
    /// MIFARE Ultralight EV1.
    pub const MIFARE_ULTRALIGHT_EV1: Self = Self(0x003D);
    /// `SpringCard`: a type A card that the reader does not know.
    pub const SPRINGCARD_TYPE_A: Self = Self(0xFFA0);
    /// `SpringCard`: a type B card that the reader does not know.
    pub const SPRINGCARD_TYPE_B: Self = Self(0xFFB0);

    /// A card of which only the SAK is known, as readers by ACS name it; see
    /// [`Self::acs_sak`].
    #[must_use]
    pub const fn of_sak(sak: u8) -> Self {
        Self(u16::from_be_bytes([0xFF, sak]))
    }

    /// Both bytes as one number.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }

    /// The name, as makers write it; `None` for a value that no list names.
    #[must_use]
    pub fn label(self) -> Option<&'static str> {
        let mut known = STANDARD.iter().chain(VENDORS);
        known
            .find(|(value, _)| *value == self.0)
            .map(|(_, label)| *label)
    }

    /// Whether a vendor of readers gave this value, which the standard leaves
    /// to nobody.
    #[must_use]
    pub fn is_vendors_own(self) -> bool {
        self.0 >= 0xF000
    }

    /// The card's SAK, where a reader by ACS gives it instead of a name: `FF`
    /// and the SAK, for a type A card that the reader does not know.
    ///
    /// Source: nfcpy issue 28 (an `FF40`). The values that `SpringCard` gave
    /// names to are none: no chip has such a SAK.
    #[must_use]
    pub fn acs_sak(self) -> Option<u8> {
        let is_named = VENDORS.iter().any(|(value, _)| *value == self.0);
        match self.0.to_be_bytes() {
            [0xFF, sak] if !is_named => Some(sak),
            _ => None,
        }
    }
}

impl From<u16> for StorageName {
    fn from(value: u16) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once_and_in_order() {
        let values: Vec<_> = STANDARD.iter().chain(VENDORS).map(|row| row.0).collect();
        assert!(values.is_sorted_by(|a, b| a < b));
        assert_eq!(STANDARD.len(), 0x3D - 1, "0001 to 003D without 0005");
    }

    #[test]
    fn names_and_saks_are_told_apart() {
        let cases = [
            (0x0000, None, None, "no name"),
            (0x0001, Some("MIFARE Classic 1K"), None, "the standard's"),
            (0x0005, None, None, "not assigned"),
            (0xF012, Some("FeliCa (424 kbit/s)"), None, "by ACS"),
            (0xFFA0, Some("unknown type A card"), None, "by SpringCard"),
            (0xFF40, None, Some(0x40), "a SAK, by ACS"),
            (0xFF88, None, Some(0x88), "a SAK, by ACS"),
        ];
        for (value, label, sak, why) in cases {
            let name = StorageName::from(value);
            assert_eq!(name.label(), label, "{why}");
            assert_eq!(name.acs_sak(), sak, "{why}");
            assert_eq!(name.is_vendors_own(), value >= 0xF000, "{why}");
        }
    }
}
