//! The answer to select (ATS): what a type A card of ISO 14443-4 says when it
//! is activated.

use crate::{ApduError, AtsProblem, HistoricalBytes};

/// An ATS taken apart: a view of its bytes, without the two of the CRC.
///
/// PC/SC readers give its historical bytes alone; some, and radio front ends,
/// give it whole.
///
/// Source: ISO/IEC 14443-4:2008, §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ats<'a> {
    bytes: &'a [u8],
    n_interface: usize,
}

impl<'a> Ats<'a> {
    /// Takes an ATS apart.
    ///
    /// # Errors
    ///
    /// [`ApduError::Ats`], with the position of the first byte that makes no
    /// sense or is missing.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ApduError> {
        let error = |position, problem| Err(ApduError::Ats { position, problem });
        let Some(length) = bytes.first().copied().map(usize::from) else {
            return error(0, AtsProblem::Truncated);
        };
        if length == 0 {
            return error(0, AtsProblem::Length);
        }
        if bytes.len() < length {
            return error(bytes.len(), AtsProblem::Truncated);
        }
        if bytes.len() > length {
            return error(length, AtsProblem::Trailing);
        }
        // Bit 8 of T0 is zero; bits 5 to 7 announce TA, TB and TC.
        let t0 = bytes.get(1).copied().unwrap_or_default();
        let n_interface = (t0 & 0x70).count_ones() as usize;
        if length > 1 && length < 2 + n_interface {
            return error(length, AtsProblem::Truncated);
        }
        Ok(Self { bytes, n_interface })
    }

    /// The whole ATS.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// T0, the format byte; `None` in an ATS of one byte.
    #[must_use]
    pub fn t0(&self) -> Option<u8> {
        self.bytes.get(1).copied()
    }

    /// TA1: the bit rates; `None` for 106 kbit/s alone.
    #[must_use]
    pub fn ta1(&self) -> Option<u8> {
        self.interface(0)
    }

    /// TB1: the waiting times; `None` for those of the standard.
    #[must_use]
    pub fn tb1(&self) -> Option<u8> {
        self.interface(1)
    }

    /// TC1: bit 0 for node addresses, bit 1 for card identifiers; `None` for
    /// card identifiers alone.
    #[must_use]
    pub fn tc1(&self) -> Option<u8> {
        self.interface(2)
    }

    /// The longest frame that the card takes, in bytes with both of the CRC.
    /// Reserved values count as the longest.
    ///
    /// Source: ISO/IEC 14443-4:2008, §5.2.3; values above 8 by its amendment 1.
    #[must_use]
    pub fn frame_size(&self) -> u16 {
        // 2 where there is no T0.
        match self.t0().map_or(2, |t0| t0 & 0x0F) {
            0 => 16,
            1 => 24,
            2 => 32,
            3 => 40,
            4 => 48,
            5 => 64,
            6 => 96,
            7 => 128,
            8 => 256,
            9 => 512,
            10 => 1024,
            11 => 2048,
            _ => 4096,
        }
    }

    /// The historical bytes.
    #[must_use]
    pub fn historical(&self) -> HistoricalBytes<'a> {
        HistoricalBytes::new(self.bytes.get(2 + self.n_interface..).unwrap_or_default())
    }

    /// TA, TB or TC by its place: bit 4, 5 or 6 of T0 says whether it is there.
    fn interface(&self, place: u8) -> Option<u8> {
        let t0 = self.t0()?;
        let bit = 0x10 << place;
        let n_before = (t0 & 0x70 & (bit - 1)).count_ones() as usize;
        let byte = self.bytes.get(2 + n_before).copied();
        byte.filter(|_| t0 & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn malformed_answers_are_refused_with_their_place() {
        let cases = [
            ("", 0, AtsProblem::Truncated, "empty"),
            ("00", 0, AtsProblem::Length, "shorter than itself"),
            ("0675778102", 5, AtsProblem::Truncated, "cut short"),
            ("067577810280FF", 6, AtsProblem::Trailing, "a byte too many"),
            ("0375AA", 3, AtsProblem::Truncated, "TB1 is announced"),
        ];
        for (text, position, problem, why) in cases {
            let bytes = hex::decode(text).unwrap();
            let expected = Err(ApduError::Ats { position, problem });
            assert_eq!(Ats::parse(&bytes), expected, "{why}");
        }
    }

    #[test]
    fn an_answer_is_taken_apart() {
        let cases = [
            (
                "067577810280",
                [Some(0x77), Some(0x81), Some(0x02)],
                64,
                "80",
                "DESFire",
            ),
            (
                "0520C04A43",
                [None, Some(0xC0), None],
                16,
                "4A43",
                "TB1 alone",
            ),
            ("01", [None; 3], 32, "", "its length alone"),
            ("0208", [None; 3], 256, "", "T0 alone"),
            (
                "0978009102DABC1910",
                [Some(0x00), Some(0x91), Some(0x02)],
                256,
                "DABC1910",
                "a MIFARE Classic whose block 0 can be written",
            ),
        ];
        for (text, interface, frame_size, historical, why) in cases {
            let bytes = hex::decode(text).unwrap();
            let ats = Ats::parse(&bytes).unwrap();
            assert_eq!([ats.ta1(), ats.tb1(), ats.tc1()], interface, "{why}");
            assert_eq!(ats.frame_size(), frame_size, "{why}");
            let shown = hex::encode_upper(ats.historical().as_bytes());
            assert_eq!(shown, historical, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            if let Ok(ats) = Ats::parse(&bytes) {
                let _ = (ats.ta1(), ats.tb1(), ats.tc1(), ats.frame_size());
                prop_assert!(ats.historical().as_bytes().len() < bytes.len());
            }
        }
    }
}
