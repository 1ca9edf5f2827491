//! What a virtual card can be told to do wrong.

use std::time::Duration;

/// A way in which a card, or the reader before it, goes wrong at one command.
///
/// Commands are counted from 1, from the card's arrival in the field; reading
/// the ATR is none. The faults are those that were met in the field and on
/// real readers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The card leaves the field (a tear).
    Tear {
        /// Whether it obeyed the command before it left.
        obeyed: bool,
    },
    /// The card leaves in the middle of writing: what it was writing holds its
    /// old content, the new one, or a third that is neither, and may read
    /// differently each time. Which of these, the seed says. A command that
    /// writes nothing is torn as by [`Self::Tear`].
    ///
    /// What the chip writes with backup is whole: old or new.
    TornWrite {
        /// One seed, one content.
        seed: u64,
    },
    /// The card does not answer this command; the reader gives up, and the
    /// card stays.
    Silence {
        /// Whether it obeyed the command all the same.
        obeyed: bool,
    },
    /// The answer is noise, of at least two bytes.
    Garbage {
        /// One seed, one answer.
        seed: u64,
    },
    /// The last bytes of the answer are missing, the status word first.
    Truncated {
        /// How many are missing.
        n_bytes: u16,
    },
    /// The reader is unplugged before the command is sent. Behind a real pcscd
    /// the card leaves instead.
    Unplug,
    /// The smart-card service is killed before the command is sent, and starts
    /// again at once. Behind a real pcscd the card leaves instead.
    ServiceRestart,
    /// The card leaves when a part of its answer has been sent: on a real
    /// pcscd, an answer that was announced with more bytes than came.
    HalfResponse,
    /// The reader reports success without a single byte. Behind a real pcscd
    /// the card leaves as well, because that is what brings such an answer
    /// about there.
    EmptyResponse,
    /// The reader reports success with a single byte.
    OneByteResponse,
    /// The answer is longer than the command allows.
    OverlongResponse {
        /// Bytes of data before the status word.
        n_bytes: u16,
    },
    /// From here on every answer promises more (`61xx`), and every GET
    /// RESPONSE brings some and promises more.
    EndlessMore,
    /// From here on every answer asks for another length (`6Cxx`).
    EndlessWrongLength,
    /// The answer comes later.
    Delay(Duration),
    /// The card never answers again until it is taken away.
    Stuck,
    /// Another program resets the card just before this command. Behind a
    /// real pcscd a card cannot reset itself in its reader's eyes: there it
    /// only forgets what was selected and authenticated.
    Reset,
    /// From here on another card lies there: the reader reports its UID.
    Swap {
        /// The other card's UID.
        uid: Vec<u8>,
    },
}

impl Fault {
    /// Whether the fault stays from its command on.
    pub(crate) fn lasts(&self) -> bool {
        matches!(
            self,
            Self::EndlessMore | Self::EndlessWrongLength | Self::Stuck | Self::Swap { .. }
        )
    }
}
