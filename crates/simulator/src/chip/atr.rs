//! Answers to reset, as a PC/SC reader makes them up for contactless cards.

/// TS, T0 without its count, TD1, TD2: what both contactless forms begin with.
const T0_TD1_FOLLOWS: u8 = 0x80;
const TS_DIRECT: u8 = 0x3B;
const TD1_TD2_FOLLOWS: u8 = 0x80;
const TD2_T1: u8 = 0x01;

/// Category indicator, tag and length, then the RID of the PC/SC workgroup.
const STORAGE_HISTORICAL_HEAD: [u8; 8] = [0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06];

/// The ATR of a storage card: the standard it follows and its registered name.
///
/// Source: PC/SC Part 3 (2.01.09), §3.1.3.2.3.2, with SS and NN NN of its
/// supplement.
pub(crate) fn storage(standard: u8, name: u16) -> Vec<u8> {
    let mut historical = STORAGE_HISTORICAL_HEAD.to_vec();
    historical.push(standard);
    historical.extend_from_slice(&name.to_be_bytes());
    historical.extend_from_slice(&[0; 4]);
    contactless(&historical)
}

/// The ATR of an ISO 14443-4 card: the historical bytes of its ATS, of which
/// 15 at most have room.
///
/// Source: PC/SC Part 3 (2.01.09), §3.1.3.2.3.1.
pub(crate) fn contactless(historical: &[u8]) -> Vec<u8> {
    let historical = historical.get(..15).unwrap_or(historical);
    let n_bytes = u8::try_from(historical.len()).unwrap_or(15);
    let mut atr = vec![TS_DIRECT, T0_TD1_FOLLOWS | n_bytes, TD1_TD2_FOLLOWS, TD2_T1];
    atr.extend_from_slice(historical);
    // TCK makes all bytes after TS cancel out.
    let check = atr.iter().skip(1).fold(0, |check, byte| check ^ byte);
    atr.push(check);
    atr
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atrs_are_those_that_readers_report() {
        let cases = [
            (
                storage(0x03, 0x0001),
                "3b8f8001804f0ca000000306030001000000006a",
                "Classic 1K",
            ),
            (
                storage(0x03, 0x0002),
                "3b8f8001804f0ca0000003060300020000000069",
                "Classic 4K",
            ),
            (
                storage(0x03, 0x0003),
                "3b8f8001804f0ca0000003060300030000000068",
                "Ultralight",
            ),
            (contactless(&[0x80]), "3b8180018080", "DESFire"),
            (contactless(&[]), "3b80800101", "no historical bytes"),
        ];
        for (atr, expected, why) in cases {
            assert_eq!(hex::encode(atr), expected, "{why}");
        }
    }

    #[test]
    fn the_check_byte_of_the_storage_form_is_68_xor_standard_xor_name() {
        for (standard, name) in [(0x03, 0x0026_u16), (0x0B, 0x0014), (0x11, 0x003B)] {
            let [high, low] = name.to_be_bytes();
            let check = storage(standard, name).last().copied();
            assert_eq!(check, Some(0x68 ^ standard ^ high ^ low), "{name:04X}");
        }
    }

    #[test]
    fn too_many_historical_bytes_are_cut_to_what_an_atr_holds() {
        assert_eq!(contactless(&[0xAA; 40]).len(), 4 + 15 + 1);
    }
}
