//! One entry as it lies in memory and in files.

use xueka_domain::{BlockReason, CardKey, CardNumber, Uid};

use crate::{Change, Day, Origin, SourceId, Terms};

/// How many lengths a card number can have.
pub(crate) const N_NUMBER_LENGTHS: usize = CardNumber::MAX_DIGITS - CardNumber::MIN_DIGITS + 1;
/// The lengths of UIDs, in bytes.
pub(crate) const UID_LENGTHS: [usize; 4] = [4, 7, 8, 10];
/// One table for each length of number and each length of UID.
pub(crate) const N_TABLES: usize = N_NUMBER_LENGTHS + UID_LENGTHS.len();

/// A key within the table of its kind and length, as an integer of 80 bits. Only
/// UIDs of ten bytes need the high part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value {
    pub(crate) high: u16,
    pub(crate) low: u64,
}

impl Value {
    /// Where a key belongs: the position of its table, and the key there.
    #[inline]
    pub(crate) fn of(key: CardKey) -> (usize, Self) {
        match key {
            CardKey::Number(number) => {
                let length = usize::from(number.n_digits());
                let table = length.saturating_sub(CardNumber::MIN_DIGITS);
                (table, Self::from(number.as_integer()))
            }
            CardKey::Uid(uid) => {
                let bytes = uid.reveal();
                let length = UID_LENGTHS.iter().position(|n| *n == bytes.len());
                (
                    N_NUMBER_LENGTHS + length.unwrap_or_default(),
                    Self::of_bytes(bytes),
                )
            }
        }
    }

    /// The integer that big-endian bytes stand for; the last ten count.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        let mut value = Self::from(0);
        for byte in bytes {
            let [top, ..] = value.low.to_be_bytes();
            value = Self {
                high: value.high << 8 | u16::from(top),
                low: value.low << 8 | u64::from(*byte),
            };
        }
        value
    }

    /// The ten big-endian bytes.
    pub(crate) fn to_bytes(self) -> [u8; 10] {
        let value = u128::from(self.high) << 64 | u128::from(self.low);
        let [_, _, _, _, _, _, bytes @ ..] = value.to_be_bytes();
        bytes
    }

    /// The key that it is in a table; `None` when the table has no such key.
    pub(crate) fn key(self, table: usize) -> Option<CardKey> {
        if self > Self::largest(table) {
            return None;
        }
        if let Some(uid) = table.checked_sub(N_NUMBER_LENGTHS) {
            let length = *UID_LENGTHS.get(uid)?;
            let bytes = self.to_bytes();
            let (_, bytes) = bytes.split_at_checked(bytes.len() - length)?;
            return Uid::try_from(bytes).ok().map(CardKey::Uid);
        }
        let n_digits = table + CardNumber::MIN_DIGITS;
        let number = format!("{:0n_digits$}", self.low).parse().ok()?;
        Some(CardKey::Number(number))
    }

    /// The largest key of a table.
    pub(crate) fn largest(table: usize) -> Self {
        match table.checked_sub(N_NUMBER_LENGTHS) {
            None => {
                let n_digits = u32::try_from(table + CardNumber::MIN_DIGITS).unwrap_or(0);
                Self::from(10_u64.saturating_pow(n_digits) - 1)
            }
            Some(0) => Self::from(u64::from(u32::MAX)),
            Some(1) => Self::from(u64::MAX >> 8),
            Some(2) => Self::from(u64::MAX),
            Some(_) => Self {
                high: u16::MAX,
                low: u64::MAX,
            },
        }
    }
}

impl From<u64> for Value {
    fn from(low: u64) -> Self {
        Self { high: 0, low }
    }
}

/// Terms in six bytes, or that the block of one origin ended.
///
/// `cause` holds the source's number above three bits for the reason; two
/// values of those three mean an end instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) cause: u16,
    pub(crate) from: u16,
    pub(crate) until: u16,
}

impl Packed {
    const REASON: u16 = 0b111;
    const SOURCE_SHIFT: u32 = 3;
    const STATE_ENDED: u16 = 6;
    const HAND_ENDED: u16 = 7;

    /// The block of that origin ended.
    pub(crate) fn ended(origin: Origin) -> Self {
        let cause = match origin {
            Origin::State => Self::STATE_ENDED,
            Origin::Hand => Self::HAND_ENDED,
        };
        Self {
            cause,
            from: 0,
            until: 0,
        }
    }

    /// The terms; `None` when the block ended.
    pub(crate) fn terms(self) -> Option<Terms> {
        let reason = match self.cause & Self::REASON {
            0 => BlockReason::ByHand,
            1 => BlockReason::Lost,
            2 => BlockReason::Damaged,
            3 => BlockReason::Replaced,
            4 => BlockReason::Cancelled,
            5 => BlockReason::Spoilt,
            _ => return None,
        };
        Some(Terms {
            reason,
            source: self.source(),
            from: Day::from_raw(self.from),
            until: Day::from_raw(self.until),
        })
    }

    /// Whether the block ended.
    pub(crate) fn is_end(self) -> bool {
        self.cause & Self::REASON >= Self::STATE_ENDED
    }

    pub(crate) fn source(self) -> SourceId {
        SourceId(self.cause >> Self::SOURCE_SHIFT)
    }

    pub(crate) fn origin(self) -> Origin {
        match self.cause & Self::REASON {
            0 | Self::HAND_ENDED => Origin::Hand,
            _ => Origin::State,
        }
    }

    /// All 48 bits as one integer.
    pub(crate) fn as_integer(self) -> u64 {
        u64::from(self.cause) << 32 | u64::from(self.from) << 16 | u64::from(self.until)
    }
}

impl From<Terms> for Packed {
    fn from(terms: Terms) -> Self {
        let reason = match terms.reason {
            BlockReason::ByHand => 0,
            BlockReason::Lost => 1,
            BlockReason::Damaged => 2,
            BlockReason::Replaced => 3,
            BlockReason::Cancelled => 4,
            BlockReason::Spoilt => 5,
        };
        Self {
            cause: terms.source.0 << Self::SOURCE_SHIFT | reason,
            from: Day::to_raw(terms.from),
            until: Day::to_raw(terms.until),
        }
    }
}

/// A key of one table and what is known of it: as an entry, terms; as a change,
/// terms or an end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) value: Value,
    pub(crate) packed: Packed,
}

impl Row {
    /// The change, and the position of its table.
    pub(crate) fn of(change: &Change) -> (usize, Self) {
        let (key, packed) = match change {
            Change::Block(entry) => (entry.key, Packed::from(entry.terms)),
            Change::Unblock { key, origin } => (*key, Packed::ended(*origin)),
        };
        let (table, value) = Value::of(key);
        (table, Self { value, packed })
    }

    /// What the row adds to the fingerprint of a list; see
    /// [`Fingerprint`](crate::Fingerprint).
    pub(crate) fn print(&self, table: usize) -> u128 {
        let place = self.packed.as_integer() << 16 | u64::from(self.value.high);
        let place = mix(place ^ (table as u64).wrapping_mul(SPREAD));
        let first = mix(self.value.low ^ place);
        let second = mix(first.wrapping_mul(SPREAD) ^ place.rotate_left(32));
        u128::from(first) << 64 | u128::from(second)
    }
}

/// The golden ratio as a fraction of 2^64: odd, and its bits look random.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Spreads 64 bits over 64 bits, one to one.
///
/// Source: Sebastiano Vigna, "Further scramblings of Marsaglia's xorshift
/// generators", 2014, the finalizer of `SplitMix64`.
#[inline]
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

/// Takes back [`mix`]: the same steps in the other order, each factor replaced
/// by its inverse modulo 2^64.
#[inline]
pub(crate) fn unmix(value: u64) -> u64 {
    let value = value ^ value >> 31 ^ value >> 62;
    let value = value.wrapping_mul(0x3196_42B2_D24D_8EC3);
    let value = value ^ value >> 27 ^ value >> 54;
    let value = value.wrapping_mul(0x96DE_1B17_3F11_9089);
    value ^ value >> 30 ^ value >> 60
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{key, terms};

    proptest! {
        #[test]
        fn mixing_can_be_taken_back(value in any::<u64>()) {
            prop_assert_eq!(unmix(mix(value)), value);
            prop_assert_eq!(mix(unmix(value)), value);
        }

        #[test]
        fn a_key_survives_as_an_integer(key in key()) {
            let (table, value) = Value::of(key);
            prop_assert_eq!(value.key(table), Some(key));
            prop_assert!(value <= Value::largest(table));
            prop_assert_eq!(Value::of_bytes(&value.to_bytes()) == value, true);
        }

        #[test]
        fn terms_survive_in_six_bytes(terms in terms()) {
            let packed = Packed::from(terms);
            prop_assert_eq!(packed.terms(), Some(terms));
            prop_assert_eq!(packed.origin(), Origin::of(terms.reason));
            prop_assert!(!packed.is_end());
        }
    }

    #[test]
    fn the_largest_key_of_each_table_is_a_key_and_the_next_is_not() {
        for table in 0..N_TABLES {
            let largest = Value::largest(table);
            let key = largest.key(table).unwrap();
            assert!(Value::of(key) == (table, largest), "table {table}");
            let next = match largest.low.checked_add(1) {
                Some(low) => Some(Value { low, ..largest }),
                None => largest
                    .high
                    .checked_add(1)
                    .map(|high| Value { high, low: 0 }),
            };
            let next = next.and_then(|next| next.key(table));
            assert_eq!(next, None, "table {table}");
        }
    }

    #[test]
    fn an_end_has_an_origin_and_no_terms() {
        for origin in Origin::ALL {
            let ended = Packed::ended(origin);
            assert!(ended.is_end());
            assert_eq!(ended.terms(), None);
            assert_eq!(ended.origin(), origin);
        }
    }
}
