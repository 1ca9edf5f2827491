//! An ATR byte by byte, whatever its faults.

use crate::{
    HistoricalBytes,
    interface::{InterfaceByte, InterfaceBytes},
};

/// What each byte of an ATR is, of damaged ATRs as far as they go.
///
/// For looking at a card. To decide something about one, use
/// [`Atr`](crate::Atr), which takes no ATR that breaks the rules.
///
/// Source: ISO/IEC 7816-3:2006, §8.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtrAnatomy<'a> {
    bytes: &'a [u8],
    historical: &'a [u8],
    /// Where the historical bytes begin; past the end where there are none.
    historical_at: usize,
    n_missing: usize,
    is_cut_short: bool,
    check: CheckCharacter,
    extra: &'a [u8],
}

/// What became of the check character (TCK).
///
/// It is the exclusive-or of all bytes from T0 on, so that with it the sum is
/// zero. It has to be there when a protocol other than T=0 is named and must
/// not otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckCharacter {
    /// None is needed and none is there.
    NotNeeded,
    /// It is there and fits.
    Fits(u8),
    /// It is there and should be another.
    Differs {
        /// What is there.
        found: u8,
        /// What would fit.
        expected: u8,
    },
    /// It should be there and is not.
    Missing,
    /// One byte follows where none should: T=0 has no check character, and
    /// some cards send one all the same.
    Unneeded {
        /// What is there.
        found: u8,
        /// Whether it would fit as a check character.
        fits: bool,
    },
}

impl<'a> AtrAnatomy<'a> {
    /// Takes bytes apart as an ATR.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Self {
        let t0 = bytes.get(1).copied().unwrap_or_default();
        let mut interface = InterfaceBytes::new(t0, bytes.get(2..).unwrap_or_default());
        interface.by_ref().for_each(drop);
        let rest = interface.rest();
        let n_announced = usize::from(t0 & 0x0F);
        let n_historical = rest.len().min(n_announced);
        let (historical, behind) = rest.split_at(n_historical);
        let (check, extra) = judge(bytes, behind, interface.needs_check());
        Self {
            bytes,
            historical,
            historical_at: bytes.len() - rest.len(),
            n_missing: n_announced - n_historical,
            is_cut_short: bytes.len() < 2 || interface.is_cut_short(),
            check,
            extra,
        }
    }

    /// All bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// TS, the initial character.
    #[must_use]
    pub fn ts(&self) -> Option<u8> {
        self.bytes.first().copied()
    }

    /// T0, the format byte.
    #[must_use]
    pub fn t0(&self) -> Option<u8> {
        self.bytes.get(1).copied()
    }

    /// The interface bytes that are there, in order. The first stands at byte
    /// 2 of the ATR.
    pub fn interface(&self) -> impl Iterator<Item = InterfaceByte> + use<'a> {
        let t0 = self.t0().unwrap_or_default();
        InterfaceBytes::new(t0, self.bytes.get(2..).unwrap_or_default())
    }

    /// The historical bytes that are there.
    #[must_use]
    pub fn historical(&self) -> HistoricalBytes<'a> {
        HistoricalBytes::new(self.historical)
    }

    /// At which byte of the ATR the historical bytes begin, or would.
    #[must_use]
    pub fn historical_at(&self) -> usize {
        self.historical_at
    }

    /// Whether it ends before T0 or before an interface byte that is announced.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// How many of the historical bytes that T0 announces are missing.
    #[must_use]
    pub fn n_missing(&self) -> usize {
        self.n_missing
    }

    /// What became of the check character.
    #[must_use]
    pub fn check(&self) -> CheckCharacter {
        self.check
    }

    /// Bytes behind the end.
    #[must_use]
    pub fn extra(&self) -> &'a [u8] {
        self.extra
    }
}

/// The check character at the start of what stands behind the historical
/// bytes, and the bytes behind it.
fn judge<'a>(bytes: &[u8], behind: &'a [u8], is_needed: bool) -> (CheckCharacter, &'a [u8]) {
    match (is_needed, behind) {
        (true, []) => (CheckCharacter::Missing, behind),
        (true, [found, extra @ ..]) => {
            let expected = sum(bytes, bytes.len() - behind.len());
            let check = if *found == expected {
                CheckCharacter::Fits(*found)
            } else {
                CheckCharacter::Differs {
                    found: *found,
                    expected,
                }
            };
            (check, extra)
        }
        (false, [found]) => {
            let fits = *found == sum(bytes, bytes.len() - 1);
            (
                CheckCharacter::Unneeded {
                    found: *found,
                    fits,
                },
                &[],
            )
        }
        (false, _) => (CheckCharacter::NotNeeded, behind),
    }
}

/// The exclusive-or of the bytes from T0 up to `end`.
fn sum(bytes: &[u8], end: usize) -> u8 {
    let summed = bytes.get(1..end).unwrap_or_default();
    summed.iter().fold(0, |sum, byte| sum ^ byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Atr, Tck};

    #[test]
    fn the_check_character_is_judged_in_every_position() {
        use CheckCharacter::{Differs, Fits, Missing, NotNeeded, Unneeded};
        let differs = Differs {
            found: 0x81,
            expected: 0x80,
        };
        let fits = Unneeded {
            found: 0xAB,
            fits: true,
        };
        let other = Unneeded {
            found: 0x00,
            fits: false,
        };
        let cases = [
            ("3B01AA", NotNeeded, "", 0, "T=0 alone"),
            ("3B8180018080", Fits(0x80), "", 0, "T=1 named"),
            ("3B8180018081", differs, "", 0, "damaged"),
            ("3B81800180", Missing, "", 0, "cut before it"),
            ("3B01AAAB", fits, "", 0, "a card that sends one with T=0"),
            ("3B01AA00", other, "", 0, "a byte too many"),
            ("3B01AA0001", NotNeeded, "0001", 0, "two bytes too many"),
            ("3B81800180800102", Fits(0x80), "0102", 0, "bytes behind"),
            ("3B04AA", NotNeeded, "", 3, "historical bytes missing"),
            ("3B", NotNeeded, "", 0, "TS alone"),
            ("", NotNeeded, "", 0, "nothing"),
        ];
        for (text, check, extra, n_missing, why) in cases {
            let bytes = hex::decode(text).unwrap();
            let anatomy = AtrAnatomy::of(&bytes);
            assert_eq!(anatomy.check(), check, "{why}");
            assert_eq!(hex::encode(anatomy.extra()), extra, "{why}");
            assert_eq!(anatomy.n_missing(), n_missing, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_none_is_lost(bytes: Vec<u8>) {
            let anatomy = AtrAnatomy::of(&bytes);
            let n_check = match anatomy.check() {
                CheckCharacter::NotNeeded | CheckCharacter::Missing => 0,
                _ => 1,
            };
            let n_parts = anatomy.interface().count()
                + anatomy.historical().as_bytes().len()
                + n_check
                + anatomy.extra().len();
            prop_assert_eq!(n_parts + bytes.len().min(2), bytes.len());
        }

        #[test]
        fn what_the_strict_parser_takes_is_seen_alike(
            mut bytes in prop::collection::vec(any::<u8>(), 2..34),
        ) {
            bytes[0] = 0x3B;
            let anatomy = AtrAnatomy::of(&bytes);
            if let Ok(atr) = Atr::parse(&bytes) {
                prop_assert_eq!(anatomy.historical().as_bytes(), atr.historical_bytes());
                prop_assert_eq!(anatomy.historical_at() - 2, atr.interface_bytes().len());
                let tck = match anatomy.check() {
                    CheckCharacter::NotNeeded => Tck::Absent,
                    CheckCharacter::Fits(_) => Tck::Valid,
                    CheckCharacter::Differs { .. } => Tck::Wrong,
                    other => panic!("{other:?} in a whole ATR"),
                };
                prop_assert_eq!(tck, atr.tck());
            } else {
                let is_whole = anatomy.n_missing() == 0
                    && anatomy.extra().is_empty()
                    && matches!(
                        anatomy.check(),
                        CheckCharacter::NotNeeded
                            | CheckCharacter::Fits(_)
                            | CheckCharacter::Differs { .. }
                    );
                // Interface bytes alone can still be missing.
                prop_assert!(!is_whole || anatomy.is_cut_short());
            }
        }
    }
}
