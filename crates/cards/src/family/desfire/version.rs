//! What a `DESFire` says of itself: GET VERSION, `60`, three frames without a
//! key.
//!
//! Of the first frame's seven bytes the second is the kind (`01`, or `08` for
//! the Light), the fourth the generation (`00` the first cards, `01` EV1, `12`
//! and `22` EV2, `33` EV3, `30` Light) and the sixth the memory: its upper
//! seven bits are a power of two, its lowest says that there is somewhat more.
//!
//! Sources: nfcim/nfsee `assets/read.js`; NXP AN10833;
//! `RfidResearchGroup/proxmark3` `client/src/cmdhfmfdes.c` for the generations.

use super::native::{DONE, ask};
use crate::{ReadError, dialogue::Dialogue};

const GET_VERSION: u8 = 0x60;
/// The card itself rather than one of its applications; to select it ends an
/// authentication, in which the answer would be secured.
const CARD: [u8; 3] = [0; 3];

/// Which `DESFire` a card says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DesfireVersion {
    /// The generation.
    pub generation: DesfireGeneration,
    /// Bytes of memory, at the least.
    pub n_bytes: u32,
    /// Whether there is somewhat more memory than that.
    pub has_more: bool,
}

/// Generations of `DESFire`. Unknown ones survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DesfireGeneration {
    /// The first cards (D40): they know no AES.
    First,
    /// EV1.
    Ev1,
    /// EV2, EV2 XL among them.
    Ev2,
    /// EV3.
    Ev3,
    /// Light.
    Light,
    /// Another kind and generation.
    Other {
        /// The second byte.
        kind: u8,
        /// The fourth byte.
        major: u8,
    },
}

/// Asks for the version; `None` when the card does not tell it. Four exchanges.
pub(crate) fn read(card: &mut Dialogue<'_>) -> Result<Option<DesfireVersion>, ReadError> {
    ask(card, super::SELECT_APPLICATION, &CARD)?;
    let answer = ask(card, GET_VERSION, &[])?;
    let told = answer.ends_with(DONE).then(|| parse(&answer.data));
    Ok(told.flatten())
}

fn parse(frames: &[u8]) -> Option<DesfireVersion> {
    let [_, kind, _, major, _, memory, _] = *frames.first_chunk::<7>()?;
    let generation = match (kind, major) {
        (0x01, 0x00) => DesfireGeneration::First,
        (0x01, 0x01) => DesfireGeneration::Ev1,
        (0x01, 0x12 | 0x22) => DesfireGeneration::Ev2,
        (0x01, 0x33) => DesfireGeneration::Ev3,
        (0x08, _) => DesfireGeneration::Light,
        (kind, major) => DesfireGeneration::Other { kind, major },
    };
    Some(DesfireVersion {
        generation,
        n_bytes: 1_u32.checked_shl(u32::from(memory >> 1))?,
        has_more: memory & 1 == 1,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_are_told_apart() {
        use DesfireGeneration::{Ev1, Ev2, Ev3, First, Light, Other};
        let cases = [
            ("04010100021805", First, 4096, false, "D40"),
            // The card of the published trace that `session.rs` names.
            ("04010101001A05", Ev1, 8192, false, "EV1, 8 KiB"),
            ("04010112001605", Ev2, 2048, false, "EV2, 2 KiB"),
            ("04010122001C05", Ev2, 16384, false, "EV2 XL"),
            ("04010133001A05", Ev3, 8192, false, "EV3"),
            ("04080130001305", Light, 512, true, "Light, 640 bytes"),
            (
                "04040101001105",
                Other { kind: 4, major: 1 },
                256,
                true,
                "no DESFire",
            ),
        ];
        for (frame, generation, n_bytes, has_more, why) in cases {
            let version = parse(&hex::decode(frame).unwrap()).unwrap();
            let expected = DesfireVersion {
                generation,
                n_bytes,
                has_more,
            };
            assert_eq!(version, expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_frames_panic(frames: Vec<u8>) {
            if parse(&frames).is_some() {
                prop_assert!(frames.len() >= 7);
            }
        }
    }
}
