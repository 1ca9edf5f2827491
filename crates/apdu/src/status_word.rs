//! The card's verdict on a command.

use std::fmt;

/// The two bytes, SW1 then SW2, that close every response APDU.
///
/// Any value a card or reader can send is representable; the constants name
/// the ones that this workspace acts on.
///
/// Source: ISO/IEC 7816-4:2020, §5.6; PC/SC Part 3, §3.2.2 for the answers of
/// readers to pseudo-APDUs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(u16);

impl StatusWord {
    /// The command completed.
    pub const OK: Self = Self(0x9000);
    /// The end of the file or record came before the asked number of bytes;
    /// the response holds what there was.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// The selected file or application is blocked.
    pub const SELECTED_FILE_BLOCKED: Self = Self(0x6283);
    /// Nothing more is said. Readers by ACS answer so to any failure, a wrong
    /// key among them.
    pub const NO_INFORMATION: Self = Self(0x6300);
    /// The right to do this is missing. To LOAD KEY: card key not supported.
    pub const SECURITY_NOT_SATISFIED: Self = Self(0x6982);
    /// The command is not allowed now. To LOAD KEY: the reader has no
    /// volatile memory for keys.
    pub const NOT_ALLOWED: Self = Self(0x6986);

    /// SW1 and SW2 as one number, SW1 being the high byte.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }

    /// Whether the command completed without a warning.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }

    /// Bytes left to collect with GET RESPONSE, when SW1 is `61`.
    ///
    /// An SW2 of `00` stands for 256.
    #[must_use]
    pub fn bytes_left(self) -> Option<u16> {
        self.count_after(0x61)
    }

    /// The length with which the same command would succeed, when SW1 is `6C`.
    ///
    /// An SW2 of `00` stands for 256.
    #[must_use]
    pub fn right_length(self) -> Option<u16> {
        self.count_after(0x6C)
    }

    fn count_after(self, expected_sw1: u8) -> Option<u16> {
        match self.0.to_be_bytes() {
            [sw1, 0x00] if sw1 == expected_sw1 => Some(256),
            [sw1, sw2] if sw1 == expected_sw1 => Some(sw2.into()),
            _ => None,
        }
    }
}

impl From<u16> for StatusWord {
    fn from(value: u16) -> Self {
        Self(value)
    }
}

impl From<[u8; 2]> for StatusWord {
    fn from(bytes: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(bytes))
    }
}

/// Four hexadecimal digits, such as `6A82`.
impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusWord({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_sw2() {
        let cases = [
            (0x6110, Some(16), None, "61xx counts bytes to collect"),
            (0x6100, Some(256), None, "zero stands for 256"),
            (0x6C20, None, Some(32), "6Cxx corrects Le"),
            (0x6C00, None, Some(256), "zero stands for 256"),
            (0x9000, None, None, "plain success"),
            (0x0061, None, None, "SW1 and SW2 are not confused"),
        ];
        for (raw, left, right, why) in cases {
            let word = StatusWord::from(raw);
            assert_eq!(word.bytes_left(), left, "{raw:04X}: {why}");
            assert_eq!(word.right_length(), right, "{raw:04X}: {why}");
        }
    }

    #[test]
    fn words_are_shown_as_four_digits() {
        let word = StatusWord::from([0x0A, 0x82]);
        assert_eq!(word.to_string(), "0A82");
        assert_eq!(format!("{word:?}"), "StatusWord(0A82)");
    }
}
