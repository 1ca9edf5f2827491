//! A record kept in two copies that are written in turn, for chips that can be
//! torn in the middle of a write.
//!
//! A copy is data, padded with zeros, then a sequence number (2 bytes, most
//! significant first) and a CRC-32 of all before it (4 bytes, most significant
//! first; the polynomial of ISO/IEC 8802-3). The valid copy with the later
//! sequence number counts. A write goes to the other one, so a tear at any
//! moment leaves the old record or the new one; a torn copy has no valid CRC.

use xueka_domain::Count;

/// How many bytes of a copy are no data.
pub(crate) const N_SEAL_BYTES: usize = 6;

/// One of the two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copy {
    /// The first.
    First,
    /// The second.
    Second,
}

/// What two copies hold together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Copies<'a> {
    /// The data that counts, with its padding; `None` where neither copy is
    /// valid.
    pub(crate) data: Option<&'a [u8]>,
    /// Its sequence number, which counts how often the record was written.
    pub(crate) count: Option<Count>,
    /// Which copy that is.
    pub(crate) counts: Copy,
    /// Which copy is written next: the other one.
    pub(crate) next: Copy,
    /// With which sequence number.
    pub(crate) next_sequence: u16,
}

/// A copy of that many bytes; `None` when the data does not fit.
pub(crate) fn seal(data: &[u8], sequence: u16, n_bytes: usize) -> Option<Vec<u8>> {
    let n_data_bytes = n_bytes.checked_sub(N_SEAL_BYTES)?;
    if data.len() > n_data_bytes {
        return None;
    }
    let mut copy = data.to_vec();
    copy.resize(n_data_bytes, 0x00);
    copy.extend_from_slice(&sequence.to_be_bytes());
    let check = crc32fast::hash(&copy);
    copy.extend_from_slice(&check.to_be_bytes());
    Some(copy)
}

/// What two copies hold.
pub(crate) fn open<'a>(first: &'a [u8], second: &'a [u8]) -> Copies<'a> {
    let after = |data: Option<&'a [u8]>, sequence: u16, next| Copies {
        data,
        count: data.map(|_| Count(sequence)),
        counts: match next {
            Copy::First => Copy::Second,
            Copy::Second => Copy::First,
        },
        next,
        next_sequence: sequence.wrapping_add(1),
    };
    match (unseal(first), unseal(second)) {
        (None, None) => after(None, 0, Copy::First),
        (Some((data, sequence)), None) => after(Some(data), sequence, Copy::Second),
        (Some((data, sequence)), Some((_, other))) if Count(other).is_behind(Count(sequence)) => {
            after(Some(data), sequence, Copy::Second)
        }
        (_, Some((data, sequence))) => after(Some(data), sequence, Copy::First),
    }
}

fn unseal(copy: &[u8]) -> Option<(&[u8], u16)> {
    let (sealed, check) = copy.split_last_chunk::<4>()?;
    let (data, sequence) = sealed.split_last_chunk::<2>()?;
    let is_valid = crc32fast::hash(sealed) == u32::from_be_bytes(*check);
    is_valid.then_some((data, u16::from_be_bytes(*sequence)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BLANK: [u8; 16] = [0; 16];

    fn sealed(data: &[u8], sequence: u16) -> Vec<u8> {
        seal(data, sequence, 16).unwrap()
    }

    #[test]
    fn the_later_valid_copy_counts_and_the_other_is_written_next() {
        let cases = [
            (
                BLANK.to_vec(),
                BLANK.to_vec(),
                None,
                Copy::First,
                1,
                "blank",
            ),
            (
                sealed(b"A", 1),
                BLANK.to_vec(),
                Some(b'A'),
                Copy::Second,
                2,
                "one",
            ),
            (
                BLANK.to_vec(),
                sealed(b"B", 5),
                Some(b'B'),
                Copy::First,
                6,
                "the other",
            ),
            (
                sealed(b"A", 3),
                sealed(b"B", 2),
                Some(b'A'),
                Copy::Second,
                4,
                "first later",
            ),
            (
                sealed(b"A", 3),
                sealed(b"B", 4),
                Some(b'B'),
                Copy::First,
                5,
                "second later",
            ),
            (
                sealed(b"A", 0),
                sealed(b"B", 0xFFFF),
                Some(b'A'),
                Copy::Second,
                1,
                "wrapped",
            ),
            (
                sealed(b"A", 9),
                sealed(b"B", 9),
                Some(b'B'),
                Copy::First,
                10,
                "never written so",
            ),
        ];
        for (first, second, data, next, next_sequence, why) in cases {
            let copies = open(&first, &second);
            assert_eq!(copies.data.map(|data| data[0]), data, "{why}");
            let count = data.map(|_| Count(u16::wrapping_sub(next_sequence, 1)));
            assert_eq!(copies.count, count, "{why}");
            assert_eq!(
                (copies.next, copies.next_sequence),
                (next, next_sequence),
                "{why}"
            );
        }
    }

    #[test]
    fn data_that_does_not_fit_is_refused() {
        assert_eq!(seal(&[1; 10], 1, 16).unwrap().len(), 16);
        assert_eq!(seal(&[1; 11], 1, 16), None);
        assert_eq!(seal(&[], 1, 5), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(first: Vec<u8>, second: Vec<u8>) {
            let _ = open(&first, &second);
        }

        #[test]
        fn a_tear_leaves_the_old_record_or_the_new_one(
            old: [u8; 10], new: [u8; 10], sequence: u16, cut in 0_usize..=16, noise: [u8; 16],
        ) {
            let first = sealed(&old, sequence);
            let next = open(&first, &BLANK);
            prop_assert_eq!((next.next, next.data), (Copy::Second, Some(&old[..])));
            let mut second = sealed(&new, next.next_sequence);
            let whole = second.clone();
            second[cut..].copy_from_slice(&noise[cut..]);
            let read = open(&first, &second);
            let expected = if second == whole { &new } else { &old };
            prop_assert_eq!(read.data, Some(&expected[..]));
        }
    }
}
