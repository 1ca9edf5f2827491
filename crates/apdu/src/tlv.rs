//! BER-TLV, as far as file control information uses it.
//!
//! Tags have one to three bytes, lengths up to 65535. Lengths come from the
//! card and are never trusted beyond the bytes at hand; nothing recurses.
//!
//! Source: ISO/IEC 7816-4:2020, §6.3; ISO/IEC 8825-1.

use crate::{ApduError, TlvProblem};

/// One element: a tag and the bytes it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// All bytes of the tag as one number, such as `9F0C`.
    pub tag: u32,
    /// The value field.
    pub value: &'a [u8],
}

/// The elements that stand one after another in `bytes`.
///
/// Bytes `00` before, between and after elements are padding. The first
/// malformed element ends the iteration with an error.
#[must_use]
pub fn elements(bytes: &[u8]) -> Elements<'_> {
    Elements { bytes, position: 0 }
}

/// The value at the end of a path of nested tags, such as `6F`, `A5`, `9F0C`.
///
/// Of several elements with one tag the first counts. `None`: there is no such
/// element. Nothing that stands behind a found element is looked at, so
/// garbage there does no harm.
///
/// # Errors
///
/// [`ApduError::Tlv`]: an element on the way is malformed. Positions count
/// from the start of the value in which it stands.
pub fn find<'a>(bytes: &'a [u8], path: &[u32]) -> Result<Option<&'a [u8]>, ApduError> {
    let mut value = bytes;
    for wanted in path {
        let mut inside = elements(value);
        value = loop {
            match inside.next().transpose()? {
                Some(tlv) if tlv.tag == *wanted => break tlv.value,
                Some(_) => {}
                None => return Ok(None),
            }
        };
    }
    Ok(Some(value))
}

/// See [`elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Elements<'a> {
    fn read(&self) -> Result<(Tlv<'a>, usize), TlvProblem> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let (tag, rest) = read_tag(rest)?;
        let (length, rest) = read_length(rest)?;
        let value = rest.get(..length).ok_or(TlvProblem::Truncated)?;
        let end = self.bytes.len() - rest.len() + length;
        Ok((Tlv { tag, value }, end))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Tlv<'a>, ApduError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.bytes.get(self.position) == Some(&0x00) {
            self.position += 1;
        }
        if self.position >= self.bytes.len() {
            return None;
        }
        match self.read() {
            Ok((tlv, end)) => {
                self.position = end;
                Some(Ok(tlv))
            }
            Err(problem) => {
                let position = self.position;
                self.position = self.bytes.len();
                Some(Err(ApduError::Tlv { position, problem }))
            }
        }
    }
}

fn read_tag(bytes: &[u8]) -> Result<(u32, &[u8]), TlvProblem> {
    match bytes {
        [first, rest @ ..] if first & 0x1F != 0x1F => Ok((u32::from(*first), rest)),
        [first, second, rest @ ..] if second & 0x80 == 0 => {
            Ok((u32::from_be_bytes([0, 0, *first, *second]), rest))
        }
        [first, second, third, rest @ ..] if third & 0x80 == 0 => {
            Ok((u32::from_be_bytes([0, *first, *second, *third]), rest))
        }
        [_, _, _, ..] => Err(TlvProblem::Tag),
        _ => Err(TlvProblem::Truncated),
    }
}

fn read_length(bytes: &[u8]) -> Result<(usize, &[u8]), TlvProblem> {
    match bytes {
        [short @ 0x00..=0x7F, rest @ ..] => Ok((usize::from(*short), rest)),
        [0x81, length, rest @ ..] => Ok((usize::from(*length), rest)),
        [0x82, high, low, rest @ ..] => Ok((u16::from_be_bytes([*high, *low]).into(), rest)),
        [] | [0x81 | 0x82, ..] => Err(TlvProblem::Truncated),
        _ => Err(TlvProblem::Length),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATH: [u32; 3] = [0x6F, 0xA5, 0x9F0C];

    #[test]
    fn malformed_elements_are_named_with_their_place() {
        let cases = [
            ("6F", 0, TlvProblem::Truncated, "no length"),
            ("6F02AA", 0, TlvProblem::Truncated, "value too short"),
            ("8400 1F", 2, TlvProblem::Truncated, "half a tag"),
            ("9FFF", 0, TlvProblem::Truncated, "two thirds of a tag"),
            ("9FFFFF01", 0, TlvProblem::Tag, "a tag of four bytes"),
            ("6F80", 0, TlvProblem::Length, "indefinite length"),
            ("6F83000001", 0, TlvProblem::Length, "three bytes of length"),
            ("6F81", 0, TlvProblem::Truncated, "half a length"),
            ("6F82FFFF00", 0, TlvProblem::Truncated, "boasts of 65535"),
        ];
        for (text, position, problem, why) in cases {
            let bytes = hex::decode(text.replace(' ', "")).unwrap();
            assert_eq!(
                elements(&bytes).last(),
                Some(Err(ApduError::Tlv { position, problem })),
                "{why}"
            );
        }
    }

    #[test]
    fn a_path_leads_to_a_nested_value() {
        let cases = [
            ("6F078405A000000632", None, "no A5 inside"),
            ("6F07A5059F0C02CAFE", Some("CAFE"), "the plain case"),
            ("00006F07A5059F0C02CAFE00", Some("CAFE"), "padding"),
            ("6F07A5059F0C02CAFEFFFF", Some("CAFE"), "garbage behind"),
            ("6F08A581059F0C02CAFE", Some("CAFE"), "a long length"),
            ("6F0AA5089F0801029F0C0199", Some("99"), "another tag first"),
            ("6F05A5039F0C00", Some(""), "an empty value"),
            ("", None, "nothing at all"),
        ];
        for (text, expected, why) in cases {
            let bytes = hex::decode(text).unwrap();
            let found = find(&bytes, &PATH).unwrap().map(hex::encode_upper);
            assert_eq!(found.as_deref(), expected, "{why}");
        }
    }

    #[test]
    fn a_malformed_element_on_the_way_is_an_error() {
        let bytes = hex::decode("6F06A5049F0C10CA").unwrap();
        assert_eq!(
            find(&bytes, &PATH),
            Err(ApduError::Tlv {
                position: 0,
                problem: TlvProblem::Truncated
            })
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic_or_loop(bytes: Vec<u8>) {
            let n_elements = elements(&bytes).count();
            prop_assert!(n_elements <= bytes.len());
            let _ = find(&bytes, &PATH);
        }

        #[test]
        fn nearly_right_bytes_do_not_panic(
            mut bytes in Just(hex::decode("6F0AA5089F0801029F0C0199").unwrap()),
            place in 0_usize..12,
            byte: u8,
        ) {
            bytes[place] = byte;
            let _ = find(&bytes, &PATH);
        }
    }
}
