//! Frames, and the bytes that have come in so far.

use thiserror::Error;

/// Bytes before the payload.
const HEAD: usize = 8;

/// The longest payload: an extended APDU (65,544 bytes) and room to spare.
pub const MOST_PAYLOAD: usize = 0x1_0100;

/// One message as it travels.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: u16,
    /// Ties an answer to its question.
    pub sequence: u16,
    /// What the kind says.
    pub payload: Vec<u8>,
}

/// Why a connection cannot be understood; it is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WireError {
    /// A frame announces more than any frame may hold.
    #[error("a frame announces {length} bytes; {MOST_PAYLOAD} are allowed")]
    Oversized {
        /// The length in its head.
        length: u32,
    },
    /// The payload is too short, or says what its kind cannot.
    #[error("a frame of kind {kind:#06x} has a payload that it cannot have")]
    Malformed {
        /// Its kind.
        kind: u16,
    },
}

impl Frame {
    /// The frame as bytes, to be sent in one piece.
    ///
    /// A payload beyond [`MOST_PAYLOAD`] is cut off there.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let payload = self.payload.get(..MOST_PAYLOAD).unwrap_or(&self.payload);
        // What is cut to a limit below 2³² fits.
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEAD + payload.len());
        bytes.extend_from_slice(&self.kind.to_be_bytes());
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }
}

impl std::fmt::Debug for Frame {
    /// Says no byte of the payload: it may be a key or somebody's number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame")
            .field("kind", &format_args!("{:#06x}", self.kind))
            .field("sequence", &self.sequence)
            .field("n_bytes", &self.payload.len())
            .finish()
    }
}

/// Bytes that came in, taken out again as frames.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    /// How many of them have been taken out.
    taken: usize,
}

impl Inbox {
    /// Adds what was received.
    pub fn extend(&mut self, received: &[u8]) {
        // What was taken out goes before the rest would have to move far.
        if self.taken > 0 {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        self.bytes.extend_from_slice(received);
    }

    /// How many bytes wait to be taken out.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.bytes.len() - self.taken
    }

    /// Takes out the next frame; `None` until one is complete.
    ///
    /// # Errors
    ///
    /// [`WireError::Oversized`], and then for ever.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, WireError> {
        let rest = self.bytes.get(self.taken..).unwrap_or_default();
        let Some((head, rest)) = rest.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let [k0, k1, s0, s1, l0, l1, l2, l3] = *head;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let n_bytes = usize::try_from(length).unwrap_or(usize::MAX);
        if n_bytes > MOST_PAYLOAD {
            return Err(WireError::Oversized { length });
        }
        let Some(payload) = rest.get(..n_bytes) else {
            return Ok(None);
        };
        let frame = Frame {
            kind: u16::from_be_bytes([k0, k1]),
            sequence: u16::from_be_bytes([s0, s1]),
            payload: payload.to_vec(),
        };
        self.taken += HEAD + n_bytes;
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u16, sequence: u16, payload: &[u8]) -> Frame {
        Frame {
            kind,
            sequence,
            payload: payload.to_vec(),
        }
    }

    #[test]
    fn a_frame_is_its_head_and_its_payload() {
        assert_eq!(
            frame(0x8023, 0x0102, &[0xFF, 0xCA]).encode(),
            [0x80, 0x23, 0x01, 0x02, 0x00, 0x00, 0x00, 0x02, 0xFF, 0xCA]
        );
    }

    #[test]
    fn a_frame_that_announces_too_much_is_refused_before_it_comes() {
        let mut inbox = Inbox::default();
        inbox.extend(&[0x00, 0x21, 0, 1, 0x00, 0x01, 0x01, 0x01]);
        let oversized = WireError::Oversized {
            length: 0x0001_0101,
        };
        assert_eq!(inbox.next_frame(), Err(oversized));
        assert_eq!(inbox.next_frame(), Err(oversized), "for ever");
    }

    #[test]
    fn a_payload_beyond_the_longest_is_cut_off() {
        let long = frame(1, 1, &vec![7; MOST_PAYLOAD + 5]);
        let mut inbox = Inbox::default();
        inbox.extend(&long.encode());
        let read = inbox.next_frame().unwrap().unwrap();
        assert_eq!(read.payload.len(), MOST_PAYLOAD);
        assert_eq!(inbox.next_frame(), Ok(None), "nothing is left over");
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in_however_they_are_cut(
            frames in prop::collection::vec(
                (any::<u16>(), any::<u16>(), prop::collection::vec(any::<u8>(), 0..300)),
                0..8,
            ),
            piece in 1_usize..50,
        ) {
            let frames: Vec<_> = frames.iter().map(|(k, s, p)| frame(*k, *s, p)).collect();
            let bytes: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
            let mut inbox = Inbox::default();
            let mut read = Vec::new();
            for piece in bytes.chunks(piece) {
                inbox.extend(piece);
                while let Some(frame) = inbox.next_frame().unwrap() {
                    read.push(frame);
                }
            }
            prop_assert_eq!(read, frames);
            prop_assert_eq!(inbox.n_bytes(), 0);
        }

        #[test]
        fn no_input_panics(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)) {
            let mut inbox = Inbox::default();
            for piece in pieces {
                inbox.extend(&piece);
                while let Ok(Some(_)) = inbox.next_frame() {}
            }
        }
    }
}
