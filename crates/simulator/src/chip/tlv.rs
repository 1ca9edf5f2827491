//! Tag, length and value, as answers to SELECT are built.
//!
//! Source: ISO/IEC 7816-4:2005, §5.2.2.

/// One BER-TLV element with a length of one to three bytes.
pub(crate) fn tlv(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let mut element = tag.to_vec();
    let [.., high, low] = value.len().to_be_bytes();
    match (high, low) {
        (0, 0..=0x7F) => element.push(low),
        (0, _) => element.extend([0x81, low]),
        _ => element.extend([0x82, high, low]),
    }
    element.extend_from_slice(value);
    element
}
