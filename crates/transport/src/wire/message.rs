//! What the two ends say to each other.

use std::time::Duration;

use super::frame::{Frame, WireError};

/// The version that these messages are.
pub const VERSION: u16 = 1;

/// The first bytes of a player's first message: nobody connects by mistake.
const MAGIC: [u8; 4] = *b"XKVR";

mod kind {
    //! Kinds of frames; those of the driver have the highest bit set.

    pub(super) const HELLO: u16 = 0x0001;
    pub(super) const INSERT: u16 = 0x0010;
    pub(super) const REMOVE: u16 = 0x0011;
    pub(super) const UNPLUG: u16 = 0x0012;
    pub(super) const PLUG_IN: u16 = 0x0013;
    pub(super) const ATR: u16 = 0x0020;
    pub(super) const RESPONSE: u16 = 0x0021;
    pub(super) const ESCAPE_ANSWER: u16 = 0x0022;
    pub(super) const FAILED: u16 = 0x0023;
    pub(super) const MORE_TIME: u16 = 0x0024;

    pub(super) const WELCOME: u16 = 0x8001;
    pub(super) const REFUSED: u16 = 0x8002;
    pub(super) const NOTICED: u16 = 0x8010;
    pub(super) const POWER_UP: u16 = 0x8020;
    pub(super) const RESET: u16 = 0x8021;
    pub(super) const POWER_DOWN: u16 = 0x8022;
    pub(super) const COMMAND: u16 = 0x8023;
    pub(super) const ESCAPE: u16 = 0x8024;
}

/// What the player of the cards says to the virtual reader.
#[derive(Clone, PartialEq, Eq)]
pub enum PlayerMessage {
    /// The first message: a player is here and speaks this version.
    Hello {
        /// [`VERSION`] of the player.
        version: u16,
    },
    /// A card enters the field. Where one lies already, it leaves first.
    Insert,
    /// The card leaves the field.
    Remove,
    /// The reader is pulled out of the machine; its card goes with it.
    Unplug,
    /// The reader is there again, and empty.
    PlugIn,
    /// Answers [`DriverMessage::PowerUp`] and [`DriverMessage::Reset`]: 2 to
    /// 33 bytes; none from a card that is mute.
    Atr(Vec<u8>),
    /// Answers [`DriverMessage::Command`]: the R-APDU.
    Response(Vec<u8>),
    /// Answers [`DriverMessage::Escape`]: what the reader says.
    EscapeAnswer(Vec<u8>),
    /// Answers any question: it failed.
    Failed(Failure),
    /// The answer will come, later: the reader's patience begins anew, as by
    /// a card's waiting time extension (ISO/IEC 14443-4, S(WTX)).
    MoreTime,
}

/// How a question to the player failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Failure {
    /// What the card sent could not be understood.
    Transmission = 1,
    /// The card was silent for too long.
    Silence = 2,
    /// The reader takes no such command.
    Unsupported = 3,
}

/// What the virtual reader says to the player of its cards.
#[derive(Clone, PartialEq, Eq)]
pub enum DriverMessage {
    /// Answers [`PlayerMessage::Hello`]: the reader is the player's now.
    Welcome {
        /// [`VERSION`] of the driver.
        version: u16,
        /// How long the reader waits for an answer.
        patience: Duration,
    },
    /// The connection is closed after this.
    Refused(Refusal),
    /// The notice of this sequence took effect: pcscd has powered up the card
    /// that came, and told its clients.
    Noticed,
    /// Power to the card; asks for the ATR.
    PowerUp,
    /// A reset of the card, which stays powered; asks for the ATR.
    Reset,
    /// No more power to the card. Is not answered.
    PowerDown,
    /// A C-APDU; asks for the response.
    Command(Vec<u8>),
    /// A command to the reader itself; asks for an answer.
    Escape {
        /// The control code by which it was given to PC/SC.
        code: u32,
        /// The command.
        data: Vec<u8>,
    },
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Refusal {
    /// Another player is there.
    Occupied = 1,
    /// The player's version is none that the driver speaks.
    Version = 2,
    /// The player said something that cannot be understood.
    Misunderstood = 3,
}

impl PlayerMessage {
    /// The message as bytes to be sent in one piece.
    ///
    /// `sequence` is that of the question which is answered; a notice has one
    /// that the player chooses.
    #[must_use]
    pub fn encode(self, sequence: u16) -> Vec<u8> {
        let (kind, payload) = match self {
            Self::Hello { version } => {
                let [high, low] = version.to_be_bytes();
                let [x, k, v, r] = MAGIC;
                (kind::HELLO, vec![x, k, v, r, high, low])
            }
            Self::Insert => (kind::INSERT, Vec::new()),
            Self::Remove => (kind::REMOVE, Vec::new()),
            Self::Unplug => (kind::UNPLUG, Vec::new()),
            Self::PlugIn => (kind::PLUG_IN, Vec::new()),
            Self::Atr(atr) => (kind::ATR, atr),
            Self::Response(response) => (kind::RESPONSE, response),
            Self::EscapeAnswer(answer) => (kind::ESCAPE_ANSWER, answer),
            Self::Failed(failure) => (kind::FAILED, vec![failure as u8]),
            Self::MoreTime => (kind::MORE_TIME, Vec::new()),
        };
        encode(kind, sequence, payload)
    }

    /// What a frame says; `None` when its kind is not known.
    ///
    /// # Errors
    ///
    /// [`WireError::Malformed`].
    pub fn decode(frame: Frame) -> Result<Option<Self>, WireError> {
        let malformed = WireError::Malformed { kind: frame.kind };
        Ok(Some(match frame.kind {
            kind::HELLO => match *frame.payload.as_slice() {
                [x, k, v, r, high, low, ..] if [x, k, v, r] == MAGIC => Self::Hello {
                    version: u16::from_be_bytes([high, low]),
                },
                _ => return Err(malformed),
            },
            kind::INSERT => Self::Insert,
            kind::REMOVE => Self::Remove,
            kind::UNPLUG => Self::Unplug,
            kind::PLUG_IN => Self::PlugIn,
            kind::ATR => Self::Atr(frame.payload),
            kind::RESPONSE => Self::Response(frame.payload),
            kind::ESCAPE_ANSWER => Self::EscapeAnswer(frame.payload),
            kind::FAILED => Self::Failed(match frame.payload.first() {
                Some(1) => Failure::Transmission,
                Some(2) => Failure::Silence,
                Some(3) => Failure::Unsupported,
                _ => return Err(malformed),
            }),
            kind::MORE_TIME => Self::MoreTime,
            _ => return Ok(None),
        }))
    }
}

impl DriverMessage {
    /// The message as bytes to be sent in one piece.
    ///
    /// `sequence` is that of the notice which is answered; a question has one
    /// that the driver chooses.
    #[must_use]
    pub fn encode(self, sequence: u16) -> Vec<u8> {
        let (kind, payload) = match self {
            Self::Welcome { version, patience } => {
                let millis = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
                let mut payload = version.to_be_bytes().to_vec();
                payload.extend_from_slice(&millis.to_be_bytes());
                (kind::WELCOME, payload)
            }
            Self::Refused(refusal) => (kind::REFUSED, vec![refusal as u8]),
            Self::Noticed => (kind::NOTICED, Vec::new()),
            Self::PowerUp => (kind::POWER_UP, Vec::new()),
            Self::Reset => (kind::RESET, Vec::new()),
            Self::PowerDown => (kind::POWER_DOWN, Vec::new()),
            Self::Command(command) => (kind::COMMAND, command),
            Self::Escape { code, data } => {
                let mut payload = code.to_be_bytes().to_vec();
                payload.extend_from_slice(&data);
                (kind::ESCAPE, payload)
            }
        };
        encode(kind, sequence, payload)
    }

    /// What a frame says; `None` when its kind is not known.
    ///
    /// # Errors
    ///
    /// [`WireError::Malformed`].
    pub fn decode(frame: Frame) -> Result<Option<Self>, WireError> {
        let malformed = WireError::Malformed { kind: frame.kind };
        Ok(Some(match frame.kind {
            kind::WELCOME => match *frame.payload.as_slice() {
                [v0, v1, p0, p1, p2, p3, ..] => Self::Welcome {
                    version: u16::from_be_bytes([v0, v1]),
                    patience: Duration::from_millis(u32::from_be_bytes([p0, p1, p2, p3]).into()),
                },
                _ => return Err(malformed),
            },
            kind::REFUSED => Self::Refused(match frame.payload.first() {
                Some(1) => Refusal::Occupied,
                Some(2) => Refusal::Version,
                Some(3) => Refusal::Misunderstood,
                _ => return Err(malformed),
            }),
            kind::NOTICED => Self::Noticed,
            kind::POWER_UP => Self::PowerUp,
            kind::RESET => Self::Reset,
            kind::POWER_DOWN => Self::PowerDown,
            kind::COMMAND => Self::Command(frame.payload),
            kind::ESCAPE => match frame.payload.split_first_chunk::<4>() {
                Some((code, data)) => Self::Escape {
                    code: u32::from_be_bytes(*code),
                    data: data.to_vec(),
                },
                None => return Err(malformed),
            },
            _ => return Ok(None),
        }))
    }
}

fn encode(kind: u16, sequence: u16, payload: Vec<u8>) -> Vec<u8> {
    let frame = Frame {
        kind,
        sequence,
        payload,
    };
    frame.encode()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::Inbox;

    fn frame(bytes: &[u8]) -> Frame {
        let mut inbox = Inbox::default();
        inbox.extend(bytes);
        inbox.next_frame().unwrap().unwrap()
    }

    #[test]
    fn each_message_of_a_player_is_read_as_it_was_written() {
        let messages = [
            (
                PlayerMessage::Hello { version: 1 },
                "0001 0007 00000006 584B56520001",
            ),
            (PlayerMessage::Insert, "0010 0007 00000000"),
            (PlayerMessage::Remove, "0011 0007 00000000"),
            (PlayerMessage::Unplug, "0012 0007 00000000"),
            (PlayerMessage::PlugIn, "0013 0007 00000000"),
            (
                PlayerMessage::Atr(vec![0x3B, 0x80]),
                "0020 0007 00000002 3B80",
            ),
            (
                PlayerMessage::Response(vec![0x90, 0]),
                "0021 0007 00000002 9000",
            ),
            (PlayerMessage::EscapeAnswer(vec![]), "0022 0007 00000000"),
            (
                PlayerMessage::Failed(Failure::Transmission),
                "0023 0007 00000001 01",
            ),
            (
                PlayerMessage::Failed(Failure::Silence),
                "0023 0007 00000001 02",
            ),
            (
                PlayerMessage::Failed(Failure::Unsupported),
                "0023 0007 00000001 03",
            ),
            (PlayerMessage::MoreTime, "0024 0007 00000000"),
        ];
        for (message, hex) in messages {
            let bytes = message.clone().encode(7);
            assert_eq!(bytes, bytes_of(hex), "{hex}");
            let read = PlayerMessage::decode(frame(&bytes)).unwrap();
            assert!(read == Some(message), "{hex}");
        }
    }

    #[test]
    fn each_message_of_the_driver_is_read_as_it_was_written() {
        let welcome = DriverMessage::Welcome {
            version: 1,
            patience: Duration::from_secs(5),
        };
        let escape = DriverMessage::Escape {
            code: 0x4200_0001,
            data: vec![0xE0],
        };
        let messages = [
            (welcome, "8001 0007 00000006 000100001388"),
            (
                DriverMessage::Refused(Refusal::Occupied),
                "8002 0007 00000001 01",
            ),
            (
                DriverMessage::Refused(Refusal::Version),
                "8002 0007 00000001 02",
            ),
            (
                DriverMessage::Refused(Refusal::Misunderstood),
                "8002 0007 00000001 03",
            ),
            (DriverMessage::Noticed, "8010 0007 00000000"),
            (DriverMessage::PowerUp, "8020 0007 00000000"),
            (DriverMessage::Reset, "8021 0007 00000000"),
            (DriverMessage::PowerDown, "8022 0007 00000000"),
            (
                DriverMessage::Command(vec![0xFF, 0xCA]),
                "8023 0007 00000002 FFCA",
            ),
            (escape, "8024 0007 00000005 42000001E0"),
        ];
        for (message, hex) in messages {
            let bytes = message.clone().encode(7);
            assert_eq!(bytes, bytes_of(hex), "{hex}");
            let read = DriverMessage::decode(frame(&bytes)).unwrap();
            assert!(read == Some(message), "{hex}");
        }
    }

    fn bytes_of(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(|&byte| byte != b' ').collect();
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        digits.chunks(2).map(|it| pair(it).unwrap()).collect()
    }

    #[test]
    fn what_is_new_is_passed_over_and_what_is_wrong_refused() {
        let plain = |kind, payload: &[u8]| Frame {
            kind,
            sequence: 0,
            payload: payload.to_vec(),
        };
        assert!(PlayerMessage::decode(plain(0x0999, &[1])) == Ok(None));
        assert!(DriverMessage::decode(plain(0x8999, &[1])) == Ok(None));
        // A later version may say more.
        let longer = plain(kind::HELLO, b"XKVR\x00\x01later");
        assert!(PlayerMessage::decode(longer) == Ok(Some(PlayerMessage::Hello { version: 1 })));
        let wrong = [
            plain(kind::HELLO, b"GET / HTTP/1.1"),
            plain(kind::HELLO, b"XKVR\x00"),
            plain(kind::FAILED, &[]),
            plain(kind::FAILED, &[9]),
        ];
        for frame in wrong {
            let expected = WireError::Malformed { kind: frame.kind };
            assert!(PlayerMessage::decode(frame) == Err(expected));
        }
        let wrong = [
            plain(kind::WELCOME, &[0, 1, 0, 0, 0]),
            plain(kind::REFUSED, &[0]),
            plain(kind::ESCAPE, &[0x42, 0, 0]),
        ];
        for frame in wrong {
            let expected = WireError::Malformed { kind: frame.kind };
            assert!(DriverMessage::decode(frame) == Err(expected));
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(kind: u16, payload in prop::collection::vec(any::<u8>(), 0..20)) {
            let frame = Frame { kind, sequence: 0, payload };
            let _ = PlayerMessage::decode(frame.clone());
            let _ = DriverMessage::decode(frame);
        }
    }
}
