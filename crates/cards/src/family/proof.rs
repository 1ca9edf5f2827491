//! INTERNAL AUTHENTICATE of FMCOS and kin: the chip works on a challenge with
//! a DES or triple DES key, by the length of the key.
//!
//! - `00 88 P1 id 08`, eight bytes that nobody could foresee, `08`; the answer
//!   has eight bytes. P1 `00` enciphers, by the manual of the system. Some
//!   builds have keys with which P1 `01` deciphers; which a card has is said by
//!   its profile, since sources do not settle it.
//! - It costs a chip nothing to be asked: no counter of errors belongs to it.
//!   EXTERNAL AUTHENTICATE is another matter (a wrong key counts, and imitations
//!   accept any) and is no part of a reading.
//!
//! Sources: RfidResearchGroup/proxmark3 `doc/fmcos.md`;
//! hardware-notes/card-fm1208-fmcos.md.

use xueka_apdu::Command;
use xueka_domain::Uid;

use crate::{
    ChipAuthentication, Key, ReadError,
    crypto::{BlockCipher, DesCipher, is_same},
    dialogue::Dialogue,
    diversify::card_key,
    profile::place::{InternalAuthentication, ProofAnswer},
    randomness::{Randomness, challenge},
};

/// Asks the chip for its proof, in the directory where it stands. One exchange,
/// or none where the key is not known.
///
/// `application` is what the profile calls the directory.
pub(crate) fn ask(
    card: &mut Dialogue<'_>,
    proof: &InternalAuthentication,
    uid: Option<Uid>,
    application: &[u8],
    random: Randomness,
) -> Result<ChipAuthentication, ReadError> {
    let cipher = match card_key(&proof.key, uid, application) {
        Some(Key::Des(key)) => DesCipher::single(key.reveal()),
        Some(Key::DoubleDes(key)) => DesCipher::double(key.reveal()),
        _ => return Ok(ChipAuthentication::NoKey),
    };
    let challenge: [u8; 8] = challenge(random)?;
    let mut expected = challenge;
    let p1 = match proof.answer {
        ProofAnswer::Enciphered => {
            cipher.encrypt(&mut expected);
            0x00
        }
        ProofAnswer::Deciphered => {
            cipher.decrypt(&mut expected);
            0x01
        }
    };
    let command = Command::internal_authenticate(p1, proof.key_id, &challenge);
    let response = card.ask(&command)?;
    Ok(if !response.status_word.is_ok() {
        ChipAuthentication::Refused {
            status_word: response.status_word.value(),
        }
    } else if is_same(response.data, &expected) {
        ChipAuthentication::Passed
    } else {
        ChipAuthentication::Failed
    })
}
