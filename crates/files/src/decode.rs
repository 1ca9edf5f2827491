//! From the bytes of a file to its text, without loss or not at all.

use std::borrow::Cow;

use encoding_rs::{EncoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use serde::{Deserialize, Serialize};

/// The encoding that a file turned out to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextEncoding {
    /// UTF-8, with or without byte order mark.
    Utf8,
    /// GB18030, of which GBK and GB2312 are parts.
    Gb18030,
    /// UTF-16 with byte order mark: the "Unicode text" of spreadsheets.
    Utf16,
}

impl TextEncoding {
    /// The encoding by its usual name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
            Self::Utf16 => "UTF-16",
        }
    }
}

/// Decodes a whole file: by its byte order mark, else as strict UTF-8, else as
/// strict GB18030. `None` when none of them fits every byte.
///
/// A byte order mark settles the matter: what follows it in another encoding
/// is refused, not guessed at.
pub(crate) fn decode(bytes: &[u8]) -> Option<(Cow<'_, str>, TextEncoding)> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = strictly(encoding, bytes.get(mark..)?)?;
        let name = if encoding == UTF_16LE || encoding == UTF_16BE {
            TextEncoding::Utf16
        } else {
            TextEncoding::Utf8
        };
        return Some((text, name));
    }
    if let Some(text) = strictly(UTF_8, bytes) {
        return Some((text, TextEncoding::Utf8));
    }
    decode_as(TextEncoding::Gb18030, bytes).map(|text| (text, TextEncoding::Gb18030))
}

/// Decodes a whole file as the encoding that somebody said it has; a byte order
/// mark is taken off UTF-8 and is needed for UTF-16.
pub(crate) fn decode_as(encoding: TextEncoding, bytes: &[u8]) -> Option<Cow<'_, str>> {
    match encoding {
        TextEncoding::Utf8 => strictly(UTF_8, bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)),
        TextEncoding::Gb18030 => {
            let text = strictly(GB18030, bytes)?;
            is_strict_gb18030(&text, bytes).then_some(text)
        }
        TextEncoding::Utf16 => {
            let (encoding, mark) = Encoding::for_bom(bytes).filter(|(found, _)| *found != UTF_8)?;
            strictly(encoding, bytes.get(mark..)?)
        }
    }
}

fn strictly<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

/// Whether encoding the text gives the bytes back.
///
/// The decoder follows the browsers' standard, which reads a few byte
/// sequences that are not GB18030 (a lone `80`, `A3 A0`) as characters that
/// are written differently. A name must not change on its way in, so what does
/// not survive the way back is refused.
///
/// It is done in pieces, so that a large file is not kept in memory once more.
///
/// Source: WHATWG Encoding Standard, §10.2 "gb18030".
fn is_strict_gb18030(mut text: &str, mut bytes: &[u8]) -> bool {
    let mut encoder = GB18030.new_encoder();
    let mut piece = [0; 8 * 1024];
    loop {
        let (result, n_read, n_written) =
            encoder.encode_from_utf8_without_replacement(text, &mut piece, true);
        let expected = bytes.split_at_checked(n_written);
        match (expected, piece.get(..n_written), text.get(n_read..)) {
            (Some((same, left)), Some(back), Some(rest)) if same == back => {
                bytes = left;
                text = rest;
            }
            _ => return false,
        }
        match result {
            EncoderResult::InputEmpty => return bytes.is_empty(),
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_found_strictly() {
        type Case<'a> = (&'a [u8], Option<(&'a str, TextEncoding)>, &'a str);
        let cases: [Case<'_>; 10] = [
            (b"", Some(("", TextEncoding::Utf8)), "nothing"),
            (
                "张三".as_bytes(),
                Some(("张三", TextEncoding::Utf8)),
                "UTF-8",
            ),
            (
                b"\xEF\xBB\xBFa",
                Some(("a", TextEncoding::Utf8)),
                "the mark is not text",
            ),
            (b"\xEF\xBB\xBF\xD5\xC5", None, "GB18030 behind a UTF-8 mark"),
            (
                b"\xD5\xC5\xC8\xFD",
                Some(("张三", TextEncoding::Gb18030)),
                "GBK as spreadsheets save it",
            ),
            (
                b"\x81\x30\x81\x30",
                Some(("\u{80}", TextEncoding::Gb18030)),
                "four-byte form",
            ),
            (
                b"\xFF\xFE\x20\x5F",
                Some(("张", TextEncoding::Utf16)),
                "UTF-16 with mark",
            ),
            (b"\xFF\xFE\x20", None, "half a UTF-16 character"),
            (b"a\x80", None, "a lone 80 is no GB18030"),
            (b"\xD5\xC5\xC8", None, "half a GB18030 character"),
        ];
        for (bytes, expected, why) in cases {
            let decoded = decode(bytes);
            let decoded = decoded.as_ref().map(|(text, name)| (text.as_ref(), *name));
            assert_eq!(decoded, expected, "{why}");
        }
    }

    #[test]
    fn an_ideographic_space_written_the_wrong_way_is_refused() {
        assert_eq!(decode(b"\xA3\xA0\xD5\xC5"), None);
    }

    #[test]
    fn a_long_text_is_judged_to_its_end() {
        let mut bytes = b"\xD5\xC5\xC8\xFD,".repeat(10_000);
        let expected = "张三,".repeat(10_000);
        let decoded = decode(&bytes);
        assert_eq!(decoded, Some((expected.into(), TextEncoding::Gb18030)));
        bytes.extend(b"\xA3\xA0");
        assert_eq!(decode(&bytes), None);
    }
}
