//! Taking bytes apart; what is missing is `None`.

use crate::row::Value;

/// What is left of some bytes. Integers are little-endian.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, n_bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n_bytes)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number of any size: seven bits a byte, the lowest first, the highest
    /// bit of each byte but the last one set; in no more bytes than it needs.
    #[inline]
    pub(super) fn varint(&mut self) -> Option<u64> {
        let (&first, rest) = self.0.split_first()?;
        if first < 0x80 {
            self.0 = rest;
            return Some(first.into());
        }
        let mut value = u64::from(first & 0x7F);
        self.0 = rest;
        for shift in (7..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return (byte != 0).then_some(value);
            }
        }
        None
    }

    /// Ten big-endian bytes of a long UID.
    pub(super) fn long_uid(&mut self) -> Option<Value> {
        self.array::<10>().map(|bytes| Value::of_bytes(&bytes))
    }
}

/// Appends a number as [`Bytes::varint`] reads it.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        let [low, ..] = value.to_le_bytes();
        out.push(low | 0x80);
        value >>= 7;
    }
    let [low, ..] = value.to_le_bytes();
    out.push(low);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_survive(value in any::<u64>(), shift in 0_u32..64) {
            let value = value >> shift;
            let mut out = Vec::new();
            put_varint(&mut out, value);
            prop_assert_eq!(Bytes(&out).varint(), Some(value));
            prop_assert_eq!(Bytes(&out[..out.len() - 1]).varint(), None);
        }

        #[test]
        fn a_number_is_written_in_one_way(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            let mut left = Bytes(&bytes);
            if let Some(value) = left.varint() {
                let mut out = Vec::new();
                put_varint(&mut out, value);
                prop_assert_eq!(&bytes[..bytes.len() - left.0.len()], &out[..]);
            }
        }
    }

    #[test]
    fn numbers_above_64_bits_are_none() {
        let mut bytes = [0xFF; 10];
        bytes[9] = 1;
        assert_eq!(Bytes(&bytes).varint(), Some(u64::MAX));
        bytes[9] = 2;
        assert_eq!(Bytes(&bytes).varint(), None);
    }
}
