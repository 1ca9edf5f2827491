//! Value blocks: a number three times, its address four times.
//!
//! Source: NXP MF1S50YYX data sheet, value blocks.

use super::access::BLOCK;

/// The value and the address of a block that has the form of a value.
pub(super) fn parse(block: [u8; BLOCK]) -> Option<(i32, u8)> {
    let [v0, v1, v2, v3, n0, n1, n2, n3, w0, w1, w2, w3, a, b, c, d] = block;
    let value = u32::from_le_bytes([v0, v1, v2, v3]);
    let inverted = u32::from_le_bytes([n0, n1, n2, n3]);
    let again = u32::from_le_bytes([w0, w1, w2, w3]);
    let is_value = value == !inverted && value == again && a == !b && a == c && b == d;
    is_value.then_some((value.cast_signed(), a))
}

/// A block with this value and address.
pub(super) fn format(value: i32, address: u8) -> [u8; BLOCK] {
    let [v0, v1, v2, v3] = value.to_le_bytes();
    let [n0, n1, n2, n3] = (!value).to_le_bytes();
    [
        v0, v1, v2, v3, n0, n1, n2, n3, v0, v1, v2, v3, address, !address, address, !address,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_block_is_the_data_sheets_example() {
        let block = hex::decode("87D6120078 29EDFF87D6120011EE11EE".replace(' ', "")).unwrap();
        let block = <[u8; BLOCK]>::try_from(block).unwrap();
        assert_eq!(parse(block), Some((1_234_567, 0x11)));
        assert_eq!(format(1_234_567, 0x11), block);
        assert_eq!(parse(format(-5, 0)), Some((-5, 0)));
        for index in 0..BLOCK {
            let mut wrong = block;
            wrong[index] ^= 1;
            assert_eq!(parse(wrong), None, "byte {index}");
        }
    }
}
