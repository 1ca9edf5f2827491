//! NDEF messages, as far as a text in them goes.
//!
//! A message is a row of records; a record has a header, a type, perhaps an
//! identifier, and a payload. Records in chunks are not put together: no school
//! card is that large.
//!
//! Sources: NFC Forum, *NFC Data Exchange Format* 1.0, §3.2; *Text Record Type
//! Definition* 1.0, §3.2.1.

/// One record of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Record<'a> {
    header: u8,
    kind: &'a [u8],
    payload: &'a [u8],
}

impl Record<'_> {
    const MESSAGE_END: u8 = 0x40;
    const CHUNK: u8 = 0x20;
    const SHORT: u8 = 0x10;
    const HAS_ID: u8 = 0x08;
    const NAME_FORMAT: u8 = 0x07;
    /// The type is one that the NFC Forum has defined.
    const WELL_KNOWN: u8 = 0x01;
}

/// The texts of a message's text records, in their order.
///
/// A message that makes no sense ends where it stops making sense.
pub(crate) fn texts(message: &[u8]) -> impl Iterator<Item = String> {
    let mut rest = Some(message);
    std::iter::from_fn(move || {
        let (record, behind) = split_record(rest?)?;
        let is_last = record.header & Record::MESSAGE_END != 0;
        rest = Some(behind).filter(|_| !is_last);
        Some(text(&record))
    })
    .flatten()
}

/// The first record and what stands behind it.
fn split_record(message: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let (header, rest) = message.split_first()?;
    let (kind_length, rest) = rest.split_first()?;
    if header & Record::CHUNK != 0 {
        return None;
    }
    let (payload_length, rest) = if header & Record::SHORT != 0 {
        let (length, rest) = rest.split_first()?;
        (u32::from(*length), rest)
    } else {
        let (length, rest) = rest.split_first_chunk()?;
        (u32::from_be_bytes(*length), rest)
    };
    let (id_length, rest) = if header & Record::HAS_ID != 0 {
        let (length, rest) = rest.split_first()?;
        (*length, rest)
    } else {
        (0, rest)
    };
    let (kind, rest) = rest.split_at_checked((*kind_length).into())?;
    let (_, rest) = rest.split_at_checked(id_length.into())?;
    let (payload, rest) = rest.split_at_checked(usize::try_from(payload_length).ok()?)?;
    let record = Record {
        header: *header,
        kind,
        payload,
    };
    Some((record, rest))
}

/// The text of a text record: a status byte, the language, then UTF-8, or UTF-16
/// where bit 7 of the status says so.
fn text(record: &Record<'_>) -> Option<String> {
    const UTF_16: u8 = 0x80;
    const LANGUAGE_LENGTH: u8 = 0x3F;
    if record.header & Record::NAME_FORMAT != Record::WELL_KNOWN || record.kind != b"T" {
        return None;
    }
    let (status, rest) = record.payload.split_first()?;
    let text = rest.get(usize::from(status & LANGUAGE_LENGTH)..)?;
    if status & UTF_16 != 0 {
        utf_16(text)
    } else {
        String::from_utf8(text.to_vec()).ok()
    }
}

/// UTF-16, high byte first unless a mark at the beginning says otherwise.
fn utf_16(text: &[u8]) -> Option<String> {
    let (text, from_bytes) = match text {
        [0xFF, 0xFE, rest @ ..] => (rest, u16::from_le_bytes as fn([u8; 2]) -> u16),
        [0xFE, 0xFF, rest @ ..] | rest => (rest, u16::from_be_bytes as fn([u8; 2]) -> u16),
    };
    let (pairs, odd) = text.as_chunks();
    if !odd.is_empty() {
        return None;
    }
    let units = pairs.iter().copied().map(from_bytes).collect::<Vec<_>>();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_found_in_messages() {
        let cases: [(&str, &[&str], &str); 10] = [
            ("D1 01 06 54 02656E 313233", &["123"], "one record"),
            ("C1 01 00000006 54 02656E 313233", &["123"], "a long length"),
            (
                "D9 01 06 02 54 6964 02656E 313233",
                &["123"],
                "with an identifier",
            ),
            (
                "91 01 03 55 006161 51 01 06 54 02656E 313233",
                &["123"],
                "after a URI",
            ),
            (
                "91 01 04 54 0061 6263 51 01 02 54 0064",
                &["abc", "d"],
                "two of them",
            ),
            ("D1 01 09 54 82656E 003100320033", &["123"], "UTF-16"),
            (
                "D1 01 0B 54 82656E FFFE310032003300",
                &["123"],
                "low byte first",
            ),
            ("D1 01 08 54 82656E 0031003233", &[], "half a character"),
            ("D2 01 06 54 02656E 313233", &[], "another format of type"),
            (
                "D1 01 06 54 3F656E 313233",
                &[],
                "a language beyond the end",
            ),
        ];
        for (message, expected, why) in cases {
            let message = hex::decode(message.replace(' ', "")).unwrap();
            assert_eq!(texts(&message).collect::<Vec<_>>(), expected, "{why}");
        }
    }

    #[test]
    fn broken_messages_end_where_they_break() {
        let cases = [
            ("", "nothing"),
            ("D1", "a header alone"),
            ("D10107 54 02656E 313233", "a payload beyond the end"),
            ("B10106 54 02656E 313233", "a chunk"),
            ("C101 FFFFFFFF 54 02656E 313233", "4 GiB"),
        ];
        for (message, why) in cases {
            let message = hex::decode(message.replace(' ', "")).unwrap();
            assert_eq!(texts(&message).count(), 0, "{why}");
        }
    }

    #[test]
    fn nothing_behind_the_last_record_counts() {
        let message = hex::decode("D101025400 31 51010254 0032".replace(' ', "")).unwrap();
        assert_eq!(texts(&message).collect::<Vec<_>>(), ["1"]);
    }

    proptest! {
        #[test]
        fn no_message_panics(message: Vec<u8>) {
            prop_assert!(texts(&message).count() <= message.len());
        }
    }
}
