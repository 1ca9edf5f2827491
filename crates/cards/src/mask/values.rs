//! Personal values and what stands in their place.

use zeroize::Zeroize;

use super::MaskedByte;

/// UIDs and card numbers of one trace, each with its replacement.
#[derive(Default)]
pub(super) struct Values {
    /// Bytes to look for and bytes to put there, equally many; longest first.
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    uids: Vec<Vec<u8>>,
    numbers: Vec<String>,
    n_made_up: usize,
}

/// Digits in front that name an issuer and not a card, on numbers long enough
/// to have them: 1000 of the Beijing transit card, the province and city of
/// T-Union.
const N_ISSUER_DIGITS: usize = 4;
const SHORTEST_WITH_ISSUER: usize = 16;

/// Shorter runs of bytes would be found everywhere.
const SHORTEST_SOUGHT: usize = 3;

impl Values {
    /// Learns a UID.
    pub(super) fn add_uid(&mut self, uid: &[u8]) {
        if uid.len() < 4 || self.uids.iter().any(|known| known == uid) {
            return;
        }
        let made_up = loop {
            self.n_made_up += 1;
            let made_up = make_up_uid(uid, self.n_made_up);
            if made_up != uid {
                break made_up;
            }
        };
        self.add(uid, &made_up);
        self.add_reversed(uid, &made_up);
        self.uids.push(uid.to_vec());
    }

    /// Learns a card number, of decimal digits.
    pub(super) fn add_number(&mut self, digits: &str) {
        let is_number = digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || self.numbers.iter().any(|known| known == digits) {
            return;
        }
        let made_up = loop {
            self.n_made_up += 1;
            let made_up = make_up_number(digits, self.n_made_up);
            if made_up != digits {
                break made_up;
            }
        };
        self.add(digits.as_bytes(), made_up.as_bytes());
        let (from, to) = (bcd(digits), bcd(&made_up));
        self.add(&from, &to);
        self.add_reversed(&from, &to);
        if let (Ok(from), Ok(to)) = (digits.parse::<u64>(), made_up.parse::<u64>()) {
            let n_bytes = 8 - (from.leading_zeros() / 8) as usize;
            let last = |value: u64| value.to_be_bytes().get(8 - n_bytes..).map(<[u8]>::to_vec);
            if let (Some(from), Some(to)) = (last(from), last(to)) {
                self.add(&from, &to);
                self.add_reversed(&from, &to);
            }
        }
        self.numbers.push(digits.to_owned());
    }

    /// Puts replacements where values stand; `None` elsewhere.
    pub(super) fn replace(&self, bytes: &[u8]) -> Vec<Option<MaskedByte>> {
        let mut replaced = vec![None; bytes.len()];
        let mut place = 0;
        while place < bytes.len() {
            let rest = bytes.get(place..).unwrap_or_default();
            let found = self.pairs.iter().find(|(from, _)| rest.starts_with(from));
            let Some((_, to)) = found else {
                place += 1;
                continue;
            };
            for (slot, byte) in replaced.iter_mut().skip(place).zip(to) {
                *slot = Some(MaskedByte::MadeUp(*byte));
            }
            place += to.len();
        }
        replaced
    }

    fn add(&mut self, from: &[u8], to: &[u8]) {
        if from.len() < SHORTEST_SOUGHT || from.len() != to.len() {
            return;
        }
        self.pairs.push((from.to_vec(), to.to_vec()));
        // The longest first, so that a value is not taken for a part of it.
        self.pairs.sort_by_key(|(from, _)| usize::MAX - from.len());
    }

    fn add_reversed(&mut self, from: &[u8], to: &[u8]) {
        let reversed = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<_>>();
        self.add(&reversed(from), &reversed(to));
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        self.pairs.iter_mut().for_each(|(from, _)| from.zeroize());
        self.uids.zeroize();
        self.numbers.zeroize();
    }
}

/// Another UID of that length and kind: a random one stays random, the maker's
/// byte of the longer ones stays (ISO/IEC 14443-3:2018, §6.5.4; for eight
/// bytes ISO/IEC 15693-3, §4.1, where `E0` comes before the maker).
fn make_up_uid(uid: &[u8], ordinal: usize) -> Vec<u8> {
    let n_kept = match uid {
        [0x08, _, _, _] => 1,
        [_, _, _, _] => 0,
        // Where the maker stands is not known, and turned it looks the same.
        [0xE0, .., 0xE0] if uid.len() == 8 => 1,
        // Some readers hand an ISO 15693 UID over turned.
        [.., 0xE0] if uid.len() == 8 => {
            let turned = uid.iter().rev().copied().collect::<Vec<_>>();
            let made_up = make_up_uid(&turned, ordinal).into_iter();
            return made_up.rev().collect();
        }
        [0xE0, _, ..] if uid.len() == 8 => 2,
        // FeliCa, or an order that nobody knows.
        _ if uid.len() == 8 => 0,
        _ => 1,
    };
    // 5A begins no random UID and is no cascade tag.
    let mut made_up = vec![0x5A; uid.len()];
    if let (Some(to), Some(from)) = (made_up.get_mut(..n_kept), uid.get(..n_kept)) {
        to.copy_from_slice(from);
    }
    let [high, low] = u16::try_from(ordinal).unwrap_or(u16::MAX).to_be_bytes();
    if let Some(tail) = made_up.last_chunk_mut::<2>() {
        *tail = [high, low];
    }
    made_up
}

/// Another number of as many digits.
fn make_up_number(digits: &str, ordinal: usize) -> String {
    let (issuer, rest) = if digits.len() >= SHORTEST_WITH_ISSUER {
        digits.split_at(N_ISSUER_DIGITS)
    } else {
        ("", digits)
    };
    // A first digit of 1 keeps the count of digits where zeros are dropped.
    format!("{issuer}1{ordinal:0>width$}", width = rest.len() - 1)
}

/// Two digits a byte, an odd count with a zero in front.
fn bcd(digits: &str) -> Vec<u8> {
    let padding = if digits.len() % 2 == 1 { "0" } else { "" };
    hex::decode(format!("{padding}{digits}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(values: &Values, text: &str) -> String {
        let bytes = hex::decode(text).unwrap();
        let replaced = values.replace(&bytes).into_iter();
        let shown = replaced.map(|byte| {
            byte.and_then(MaskedByte::value)
                .map_or("..".to_owned(), |byte| format!("{byte:02X}"))
        });
        shown.collect()
    }

    #[test]
    fn a_value_is_replaced_in_every_coding() {
        let mut values = Values::default();
        values.add_number("1000751012345678");
        values.add_number("2864434397");
        values.add_uid(&[0x3A, 0x5C, 0x7E, 0x91]);
        let cases = [
            ("1000751012345678", "1000100000000001", "BCD"),
            ("7856341210750010", "0100000000100010", "BCD turned"),
            ("AABBCCDD", "3B9ACA02", "an integer: 1000000002"),
            ("DDCCBBAA", "02CA9A3B", "an integer turned"),
            ("FF3A5C7E91FF", "..5A5A0003..", "a UID"),
            ("917E5C3A", "03005A5A", "a UID turned"),
            ("3A5C7E", "......", "a part of it"),
        ];
        for (bytes, expected, why) in cases {
            assert_eq!(replaced(&values, bytes), expected, "{why}");
        }
        let ascii = hex::encode("1000751012345678");
        let expected = hex::encode("1000100000000001");
        assert_eq!(replaced(&values, &ascii), expected, "ASCII");
    }

    #[test]
    fn another_uid_is_of_the_same_kind() {
        let cases = [
            ("08A1B2C3", "085A0001", "random"),
            ("88A1B2C3", "5A5A0001", "no cascade tag"),
            ("045A137C2B6680", "045A5A5A5A0001", "seven bytes, NXP"),
            ("E00401502C7A1983", "E0045A5A5A5A0001", "ISO 15693, NXP"),
            ("83197A2C500104E0", "01005A5A5A5A04E0", "the same turned"),
            ("E0A1B2C3D4E5F6E0", "E05A5A5A5A5A0001", "in either order"),
            ("012E3D4C5B6A7908", "5A5A5A5A5A5A0001", "FeliCa"),
            ("045A137C2B66805A5A5A", "045A5A5A5A5A5A5A0001", "ten"),
        ];
        for (uid, expected, why) in cases {
            let mut values = Values::default();
            values.add_uid(&hex::decode(uid).unwrap());
            assert_eq!(replaced(&values, uid), expected, "{why}");
        }
    }

    #[test]
    fn two_values_have_two_replacements_and_none_is_itself() {
        let mut values = Values::default();
        values.add_uid(&[0x5A, 0x5A, 0x00, 0x01]);
        values.add_uid(&[1, 2, 3, 4]);
        values.add_uid(&[5, 6, 7, 8]);
        let all = replaced(&values, "5A5A00010102030405060708");
        assert_eq!(all, "5A5A00025A5A00035A5A0004");
    }
}
