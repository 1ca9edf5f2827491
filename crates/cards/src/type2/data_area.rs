//! The TLV blocks of a data area, and the NDEF message among them.
//!
//! A block is a tag, a length of one byte or of three (`FF` and two bytes, high
//! byte first), and a value. Two kinds tell of bytes inside the area that belong
//! to no block: dynamic lock bits and reserved memory. Whoever reads the blocks
//! behind leaves them out.
//!
//! Source: NFC Forum, *Type 2 Tag Technical Specification* 1.1, §2.3.

use std::ops::Range;

use super::PAGE_BYTES;

const NULL: u8 = 0x00;
const LOCK_CONTROL: u8 = 0x01;
const MEMORY_CONTROL: u8 = 0x02;
const NDEF_MESSAGE: u8 = 0x03;
const TERMINATOR: u8 = 0xFE;

/// Where the data area begins on the card.
const AREA_START: usize = 4 * PAGE_BYTES;

/// What came of looking for an NDEF message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NdefSearch {
    /// The first message of the area.
    Found(Vec<u8>),
    /// As many bytes of the area must be known to go on.
    Need(usize),
    /// There is none, or the blocks make no sense.
    Absent,
}

/// Looks for the first NDEF message in a data area of `n_area_bytes`, of which
/// `known` is the beginning.
///
/// Total: whatever the bytes, it ends within the area.
#[must_use]
pub fn find_ndef(known: &[u8], n_area_bytes: usize) -> NdefSearch {
    let mut walk = Walk {
        known,
        at: 0,
        end: n_area_bytes,
        left_out: Vec::new(),
    };
    match walk.ndef() {
        Ok(message) => NdefSearch::Found(message),
        Err(Stop::Need(n_bytes)) => NdefSearch::Need(n_bytes),
        Err(Stop::End) => NdefSearch::Absent,
    }
}

/// Why a walk goes no further.
enum Stop {
    /// As many bytes of the area must be known.
    Need(usize),
    /// The area or its blocks end here.
    End,
}

/// A way through the area from its beginning.
struct Walk<'a> {
    known: &'a [u8],
    at: usize,
    end: usize,
    /// Parts of the area that belong to no block.
    left_out: Vec<Range<usize>>,
}

impl Walk<'_> {
    /// The most parts that are left out; real tags have one or two.
    const MAX_LEFT_OUT: usize = 8;

    fn ndef(&mut self) -> Result<Vec<u8>, Stop> {
        loop {
            match self.next()? {
                NULL => {}
                TERMINATOR => return Err(Stop::End),
                NDEF_MESSAGE => {
                    let n_bytes = self.length()?;
                    return self.take(n_bytes);
                }
                kind => {
                    let n_bytes = self.length()?;
                    let value = self.take(n_bytes)?;
                    self.leave_out(kind, &value)?;
                }
            }
        }
    }

    /// The next byte that belongs to a block.
    fn next(&mut self) -> Result<u8, Stop> {
        while let Some(part) = self.left_out.iter().find(|part| part.contains(&self.at)) {
            self.at = part.end;
        }
        if self.at >= self.end {
            return Err(Stop::End);
        }
        let byte = self.known.get(self.at).copied();
        self.at += 1;
        byte.ok_or(Stop::Need(self.at))
    }

    fn length(&mut self) -> Result<usize, Stop> {
        match self.next()? {
            0xFF => Ok(usize::from(u16::from_be_bytes([
                self.next()?,
                self.next()?,
            ]))),
            short => Ok(short.into()),
        }
    }

    fn take(&mut self, n_bytes: usize) -> Result<Vec<u8>, Stop> {
        if n_bytes > self.end.saturating_sub(self.at) {
            return Err(Stop::End);
        }
        (0..n_bytes).map(|_| self.next()).collect()
    }

    /// Notes the bytes that a control block keeps for other ends. Its value is
    /// their position (high half: a page, low half: a byte in it), their number
    /// (of bits for locks, of bytes for memory; 0 is 256) and, in the lower half
    /// of the last byte, the page's size as a power of two.
    fn leave_out(&mut self, kind: u8, value: &[u8]) -> Result<(), Stop> {
        let n_bytes = match (kind, value) {
            (LOCK_CONTROL, [_, n_bits, _]) => count(*n_bits).div_ceil(8),
            (MEMORY_CONTROL, [_, n_bytes, _]) => count(*n_bytes),
            (LOCK_CONTROL | MEMORY_CONTROL, _) => return Err(Stop::End),
            _ => return Ok(()),
        };
        let [position, _, page_control] = value else {
            return Err(Stop::End);
        };
        if self.left_out.len() == Self::MAX_LEFT_OUT {
            return Err(Stop::End);
        }
        let page = usize::from(position >> 4) << (page_control & 0x0F);
        let on_card = page + usize::from(position & 0x0F);
        let start = on_card.saturating_sub(AREA_START);
        let end = (on_card + n_bytes).saturating_sub(AREA_START);
        self.left_out.push(start..end);
        Ok(())
    }
}

/// A number of which zero stands for 256.
fn count(byte: u8) -> usize {
    if byte == 0 { 256 } else { byte.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(digits: &str) -> NdefSearch {
        NdefSearch::Found(hex::decode(digits).unwrap())
    }

    #[test]
    fn the_message_is_found_among_the_blocks() {
        use NdefSearch::{Absent, Need};
        let cases = [
            ("0303D00000FE", 48, found("D00000"), "alone"),
            ("000000 0303D00000", 48, found("D00000"), "after padding"),
            (
                "0103A00C34 0303D00000FE",
                144,
                found("D00000"),
                "an NTAG213",
            ),
            (
                "FD02AAAA 0303D00000",
                48,
                found("D00000"),
                "after an owner's",
            ),
            ("0300FE", 48, found(""), "an empty one"),
            ("03FF0003D00000", 48, found("D00000"), "a long length"),
            ("FE0303D00000", 48, Absent, "behind the end"),
            ("0310D00000", 8, Absent, "longer than the area"),
            ("0103A00C34", 5, Absent, "the area ends"),
            ("0102A00C 0303D00000", 48, Absent, "a broken control block"),
            ("", 48, Need(1), "nothing known"),
            ("03", 48, Need(2), "a length is to come"),
            ("0303D0", 48, Need(4), "a message is to come"),
            ("03FF00", 48, Need(4), "half a length"),
        ];
        for (known, n_area_bytes, expected, why) in cases {
            let known = hex::decode(known.replace(' ', "")).unwrap();
            assert_eq!(find_ndef(&known, n_area_bytes), expected, "{why}");
        }
    }

    #[test]
    fn reserved_bytes_inside_the_area_are_left_out() {
        // Two bytes from byte 1 of page 6 on, that is byte 9 of the area.
        let memory = "0203 61 02 02 0306 D000 AAAA AAAA 1122";
        let known = hex::decode(memory.replace(' ', "")).unwrap();
        assert_eq!(find_ndef(&known, 48), found("D000AAAA1122").cut(&known));
    }

    impl NdefSearch {
        /// The message that `known` gives when bytes 9 and 10 are left out.
        fn cut(self, known: &[u8]) -> Self {
            let without = [&known[7..9], &known[11..15]].concat();
            assert_eq!(self, Self::Found(without.clone()));
            Self::Found(without)
        }
    }

    proptest! {
        #[test]
        fn no_area_panics(known: Vec<u8>, n_area_bytes in 0_usize..2048) {
            match find_ndef(&known, n_area_bytes) {
                NdefSearch::Found(message) => prop_assert!(message.len() <= known.len()),
                NdefSearch::Need(n_bytes) => {
                    prop_assert!(n_bytes > known.len() && n_bytes <= n_area_bytes);
                }
                NdefSearch::Absent => {}
            }
        }
    }
}
