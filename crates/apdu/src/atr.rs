//! The answer to reset.

use crate::{ApduError, AtrProblem};

/// An ATR taken apart: a view of the bytes that a reader reported.
///
/// For a contactless card the reader makes the ATR up from what the card said
/// in its own terms; readers differ in this, so an ATR is a hint, not a proof.
///
/// Source: ISO/IEC 7816-3:2006, §8.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atr<'a> {
    bytes: &'a [u8],
    n_interface: usize,
    tck: Tck,
}

/// The check character that ends an ATR.
///
/// Source: ISO/IEC 7816-3:2006, §8.2.5: the exclusive-or of all bytes from T0
/// to TCK is zero; absent when no protocol but T=0 is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tck {
    /// There is none, and there should be none.
    Absent,
    /// It fits.
    Valid,
    /// It does not fit: the ATR was damaged or made up carelessly.
    Wrong,
}

impl<'a> Atr<'a> {
    /// The most bytes an ATR has.
    pub const MAX_BYTES: usize = 33;

    /// Takes an ATR apart. A wrong check character is not an error; see
    /// [`Self::tck`].
    ///
    /// # Errors
    ///
    /// [`ApduError::Atr`], with the position of the first byte that makes no
    /// sense or is missing.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ApduError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(error(Self::MAX_BYTES, AtrProblem::TooLong));
        }
        let truncated = error(bytes.len(), AtrProblem::Truncated);
        match bytes {
            [0x3B | 0x3F, ..] => {}
            [] => return Err(truncated),
            [_, ..] => return Err(error(0, AtrProblem::InitialCharacter)),
        }
        let t0 = *bytes.get(1).ok_or(truncated)?;
        let (n_interface, has_tck) = measure_interface(bytes, t0).ok_or(truncated)?;
        let n_expected = 2 + n_interface + usize::from(t0 & 0x0F) + usize::from(has_tck);
        if bytes.len() < n_expected {
            return Err(truncated);
        }
        if bytes.len() > n_expected {
            return Err(error(n_expected, AtrProblem::Trailing));
        }
        Ok(Self {
            bytes,
            n_interface,
            tck: check(bytes, has_tck),
        })
    }

    /// The whole ATR as it was received.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// TS, the initial character: `3B` (direct) or `3F` (inverse convention).
    #[must_use]
    pub fn ts(&self) -> u8 {
        self.bytes.first().copied().unwrap_or_default()
    }

    /// T0, the format byte: which interface bytes follow, how many historical.
    #[must_use]
    pub fn t0(&self) -> u8 {
        self.bytes.get(1).copied().unwrap_or_default()
    }

    /// TA1, TB1, TC1, TD1, TA2 and so on, as far as present.
    #[must_use]
    pub fn interface_bytes(&self) -> &'a [u8] {
        self.bytes.get(2..2 + self.n_interface).unwrap_or_default()
    }

    /// The historical bytes: 0 to 15. For an ISO 14443-4 type A card those of
    /// its ATS; for a storage card the name that PC/SC gives it.
    #[must_use]
    pub fn historical_bytes(&self) -> &'a [u8] {
        let start = 2 + self.n_interface;
        let end = start + usize::from(self.t0() & 0x0F);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Whether the check character is there and fits.
    #[must_use]
    pub fn tck(&self) -> Tck {
        self.tck
    }

    /// Whether this has the form in which readers report contactless cards:
    /// `3B 8n 80 01`, *n* historical bytes and a check character that fits.
    ///
    /// Source: PC/SC Part 3, revision 2.01.09, §3.1.3.2.3.
    #[must_use]
    pub fn is_contactless_form(&self) -> bool {
        self.ts() == 0x3B
            && self.t0() & 0xF0 == 0x80
            && self.interface_bytes() == [0x80, 0x01]
            && self.tck == Tck::Valid
    }
}

fn error(position: usize, problem: AtrProblem) -> ApduError {
    ApduError::Atr { position, problem }
}

/// How many interface bytes there are and whether TCK must follow; `None` when
/// the bytes end before they do.
///
/// The high nibble of T0 and of each TD says which of TA, TB, TC and TD follow;
/// the low nibble of a TD names a protocol.
fn measure_interface(bytes: &[u8], t0: u8) -> Option<(usize, bool)> {
    let mut follows = t0 >> 4;
    let mut n_interface = 0;
    let mut has_tck = false;
    while follows != 0 {
        n_interface += follows.count_ones() as usize;
        if follows & 0b1000 == 0 {
            break;
        }
        let td = *bytes.get(1 + n_interface)?;
        has_tck |= td & 0x0F != 0;
        follows = td >> 4;
    }
    Some((n_interface, has_tck))
}

fn check(bytes: &[u8], has_tck: bool) -> Tck {
    let sum = bytes.iter().skip(1).fold(0, |sum, byte| sum ^ byte);
    match (has_tck, sum) {
        (false, _) => Tck::Absent,
        (true, 0) => Tck::Valid,
        (true, _) => Tck::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn malformed_atrs_are_refused_with_their_place() {
        let cases = [
            ("", 0, AtrProblem::Truncated, "empty"),
            ("3B", 1, AtrProblem::Truncated, "TS alone"),
            ("00", 0, AtrProblem::InitialCharacter, "no TS"),
            ("03", 0, AtrProblem::InitialCharacter, "3F sent inverted"),
            ("3B80", 2, AtrProblem::Truncated, "TD1 is announced"),
            ("3BF01195", 4, AtrProblem::Truncated, "TC1 is announced"),
            (
                "3B02AA",
                3,
                AtrProblem::Truncated,
                "a historical byte missing",
            ),
            ("3B808001", 4, AtrProblem::Truncated, "TCK missing"),
            ("3B00FF", 2, AtrProblem::Trailing, "T=0 has no TCK"),
            ("3B8080010100", 5, AtrProblem::Trailing, "a byte too many"),
            ("3B8F800180", 5, AtrProblem::Truncated, "cut short"),
        ];
        for (text, position, problem, why) in cases {
            let bytes = hex::decode(text).unwrap();
            let expected = Err(ApduError::Atr { position, problem });
            assert_eq!(Atr::parse(&bytes), expected, "{why}");
        }
    }

    #[test]
    fn a_chain_of_td_bytes_ends_with_the_bytes() {
        let mut endless = vec![0x80; 40];
        endless[0] = 0x3B;
        assert_eq!(
            Atr::parse(&endless),
            Err(error(33, AtrProblem::TooLong)),
            "longer than any ATR"
        );
        assert_eq!(
            Atr::parse(&endless[..33]),
            Err(error(33, AtrProblem::Truncated)),
            "TD after TD"
        );
    }

    #[test]
    fn an_atr_is_taken_apart() {
        let cases = [
            ("3B00", "", "", Tck::Absent, "the least"),
            ("3B80800101", "8001", "", Tck::Valid, "no historical bytes"),
            ("3B8180018080", "8001", "80", Tck::Valid, "DESFire"),
            ("3B8180018081", "8001", "80", Tck::Wrong, "damaged"),
            (
                "3B951381018073FF01000B",
                "138101",
                "8073FF0100",
                Tck::Valid,
                "an emulated ISO 7816 card",
            ),
            (
                "3F6525001122334455",
                "2500",
                "1122334455",
                Tck::Absent,
                "inverse convention, T=0",
            ),
        ];
        for (text, interface, historical, tck, why) in cases {
            let bytes = hex::decode(text).unwrap();
            let atr = Atr::parse(&bytes).unwrap();
            let shown = hex::encode_upper(atr.interface_bytes());
            assert_eq!(shown, interface, "{why}");
            let shown = hex::encode_upper(atr.historical_bytes());
            assert_eq!(shown, historical, "{why}");
            assert_eq!(atr.tck(), tck, "{why}");
        }
    }

    #[test]
    fn only_the_form_that_readers_make_up_is_contactless() {
        let cases = [
            ("3B80800101", true, "no historical bytes"),
            ("3B8180018080", true, "DESFire"),
            (
                "3B8F8001804F0CA000000306030001000000006A",
                true,
                "MIFARE Classic 1K",
            ),
            ("3B8180018081", false, "TCK is wrong"),
            ("3B951381018073FF01000B", false, "a contact card"),
            ("3B00", false, "no interface bytes"),
            ("3B800181", false, "T=1 alone"),
            ("3F80800101", false, "inverse convention"),
        ];
        for (text, expected, why) in cases {
            let bytes = hex::decode(text).unwrap();
            let form = Atr::parse(&bytes).is_ok_and(|atr| atr.is_contactless_form());
            assert_eq!(form, expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = Atr::parse(&bytes).map(|atr| atr.is_contactless_form());
        }

        #[test]
        fn parts_make_up_the_whole(mut bytes in prop::collection::vec(any::<u8>(), 2..34)) {
            bytes[0] = 0x3B;
            if let Ok(atr) = Atr::parse(&bytes) {
                let n_tck = usize::from(atr.tck() != Tck::Absent);
                let n_parts = atr.interface_bytes().len() + atr.historical_bytes().len();
                prop_assert_eq!(2 + n_parts + n_tck, atr.as_bytes().len());
            }
        }
    }
}
