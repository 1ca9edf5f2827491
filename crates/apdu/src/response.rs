//! Response APDUs.

use std::fmt;

use crate::{ApduError, StatusWord};

/// An R-APDU: what the card said, then its verdict.
///
/// The data may hold someone's number, so `Debug` shows its length only.
///
/// Source: ISO/IEC 7816-4:2020, §5.2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    /// The data field; may be empty, and longer than was asked for.
    pub data: &'a [u8],
    /// SW1 and SW2.
    pub status_word: StatusWord,
}

impl<'a> Response<'a> {
    /// Splits received bytes into data and status word.
    ///
    /// # Errors
    ///
    /// [`ApduError::ResponseTooShort`]: fewer than two bytes. The card went
    /// away; whether it obeyed the command is unknown.
    pub fn parse(received: &'a [u8]) -> Result<Self, ApduError> {
        let (data, status_word) =
            received
                .split_last_chunk::<2>()
                .ok_or(ApduError::ResponseTooShort {
                    n_bytes: received.len(),
                })?;
        Ok(Self {
            data,
            status_word: (*status_word).into(),
        })
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_bytes = self.data.len();
        write!(f, "Response({n_bytes} bytes, {})", self.status_word)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fewer_than_two_bytes_are_no_response() {
        for n_bytes in [0, 1] {
            assert_eq!(
                Response::parse(&[0x90; 2][..n_bytes]),
                Err(ApduError::ResponseTooShort { n_bytes })
            );
        }
    }

    #[test]
    fn the_last_two_bytes_are_the_status_word() {
        let bare = Response::parse(&[0x6A, 0x82]).unwrap();
        assert_eq!((bare.data, bare.status_word), (&[][..], 0x6A82.into()));

        let full = Response::parse(&[1, 2, 0x90, 0x00]).unwrap();
        assert_eq!((full.data, full.status_word), (&[1, 2][..], StatusWord::OK));
        assert_eq!(format!("{full:?}"), "Response(2 bytes, 9000)");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(received: Vec<u8>) {
            let parsed = Response::parse(&received);
            prop_assert_eq!(parsed.is_ok(), received.len() >= 2);
        }
    }
}
