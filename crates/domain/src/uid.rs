//! The anticollision number of a chip.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// The number by which a contactless chip is picked out of a field.
///
/// Shape: 4, 7, 8 or 10 bytes in the order in which the card sent them, the
/// order of `FF CA 00 00 00`. 4, 7 and 10 are ISO 14443-3 type A (4 also the
/// PUPI of type B), 8 is ISO 15693 or the `IDm` of `FeliCa`. The length is part of
/// the identity: four bytes that begin a seven-byte UID are another UID.
///
/// A UID is a name, never a proof: 4-byte ones repeat, all can be imitated.
///
/// `Display` and `Debug` show the last two bytes only;
/// [`reveal`](Self::reveal) gives them all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid {
    n_bytes: u8,
    bytes: [u8; Self::MAX_BYTES],
}

/// Why something is no UID. It never repeats the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidUid {
    /// A length no chip has.
    #[error("{n_bytes} bytes; a UID has 4, 7, 8 or 10")]
    Length {
        /// How many bytes were given.
        n_bytes: usize,
    },
    /// A text that is not pairs of hexadecimal digits.
    #[error("not written as pairs of hexadecimal digits")]
    NotHex,
}

impl Uid {
    /// The most bytes a UID has.
    pub const MAX_BYTES: usize = 10;

    /// The bytes in the order the card sent them.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        self.bytes.get(..self.n_bytes.into()).unwrap_or_default()
    }

    /// Whether the chip makes up a new number at each activation, so that the
    /// number identifies nothing.
    ///
    /// Source: ISO/IEC 14443-3:2018, §6.5.4: a single-size UID whose first byte
    /// is `08` is random.
    #[must_use]
    pub fn is_random(&self) -> bool {
        matches!(self.reveal(), [0x08, _, _, _])
    }
}

impl TryFrom<&[u8]> for Uid {
    type Error = InvalidUid;

    fn try_from(given: &[u8]) -> Result<Self, Self::Error> {
        let length = InvalidUid::Length {
            n_bytes: given.len(),
        };
        if !matches!(given.len(), 4 | 7 | 8 | 10) {
            return Err(length);
        }
        let mut bytes = [0; Self::MAX_BYTES];
        bytes
            .get_mut(..given.len())
            .ok_or(length)?
            .copy_from_slice(given);
        let n_bytes = u8::try_from(given.len()).map_err(|_| length)?;
        Ok(Self { n_bytes, bytes })
    }
}

/// Reads hexadecimal pairs, optionally parted by spaces, colons or hyphens.
impl FromStr for Uid {
    type Err = InvalidUid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | ':' | '-'))
            .collect();
        let bytes = hex::decode(digits).map_err(|_| InvalidUid::NotHex)?;
        Self::try_from(bytes.as_slice())
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hidden, shown) = self
            .reveal()
            .split_last_chunk::<2>()
            .map_or((0, [0, 0]), |(hidden, shown)| (hidden.len(), *shown));
        write!(f, "{}{}", "**".repeat(hidden), hex::encode_upper(shown))
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_lengths_that_chips_have_are_uids() {
        for n_bytes in 0..=20 {
            let bytes = vec![0xA5; n_bytes];
            let fits = matches!(n_bytes, 4 | 7 | 8 | 10);
            assert_eq!(Uid::try_from(bytes.as_slice()).is_ok(), fits, "{n_bytes}");
        }
    }

    #[test]
    fn four_bytes_beginning_08_are_random() {
        let cases = [
            ("08A1B2C3", true, "four bytes beginning 08"),
            ("18A1B2C3", false, "four bytes, fixed"),
            ("08A1B2C3D4E5F6", false, "seven bytes are never random"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(text.parse::<Uid>().unwrap().is_random(), expected, "{why}");
        }
    }

    #[test]
    fn the_length_is_part_of_the_identity() {
        let long: Uid = "04112233445566".parse().unwrap();
        let short: Uid = "04112233".parse().unwrap();
        assert_ne!(long, short);
    }

    #[test]
    fn display_and_debug_hide_all_but_two_bytes() {
        let uid: Uid = "1e:a6:86:71".parse().unwrap();
        assert_eq!(uid.to_string(), "****8671");
        assert_eq!(format!("{uid:?}"), "Uid(****8671)");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Uid>();
        }
    }
}
