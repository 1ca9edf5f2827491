//! Mutual authentication with AES keys, and the change of keys.

use super::{
    CARD, Desfire, Generation, code,
    file::Application,
    session::{Session, crc32},
    status,
};
use crate::chip::aes::{AesKey, Block};

/// The bit by which CHANGE KEY says that the card's own key is an AES key.
const AES_KEY: u8 = 0x80;
/// Low nibble of the settings: the key that changes keys, or one of these.
const ANY_KEY_CHANGES_ITSELF: u8 = 0x0E;

/// An authentication after its first step.
#[derive(Clone)]
pub(super) struct Begun {
    is_ev2: bool,
    key_number: u8,
    key: AesKey,
    challenge: Block,
    /// The last block of ciphertext, in which the next begins.
    vector: Block,
}

impl Desfire {
    /// AA or 71: the card's challenge, encrypted.
    pub(super) fn begin_authentication(&mut self, ins: u8, data: &[u8]) -> Result<Vec<u8>, u8> {
        self.life.session = None;
        let is_ev2 = ins != code::AUTHENTICATE_AES;
        let ((false, &[key_number]) | (true, &[key_number, _, ..])) = (is_ev2, data) else {
            return Err(status::LENGTH_ERROR);
        };
        if is_ev2 && self.generation == Generation::Ev1 {
            return Err(status::ILLEGAL_COMMAND);
        }
        let application = self.selected()?;
        if !application.is_aes {
            return Err(status::AUTHENTICATION_ERROR);
        }
        let key = application.keys.get(usize::from(key_number));
        let key = AesKey::new(key.ok_or(status::NO_SUCH_KEY)?.0);
        let challenge = self.noise.bytes();
        let mut vector = [0; 16];
        let encrypted = key.encrypt_cbc(&mut vector, &challenge);
        self.life.begun = Some(Begun {
            is_ev2,
            key_number,
            key,
            challenge,
            vector,
        });
        Ok(encrypted)
    }

    /// AF: the reader's challenge and the card's turned, encrypted; the card
    /// shows the reader's in turn.
    pub(super) fn finish_authentication(
        &mut self,
        begun: Begun,
        data: &[u8],
    ) -> Result<Vec<u8>, u8> {
        let Begun {
            is_ev2,
            key_number,
            key,
            challenge,
            mut vector,
        } = begun;
        if data.len() != 32 {
            return Err(status::LENGTH_ERROR);
        }
        if is_ev2 {
            vector = [0; 16];
        }
        let plain = key.decrypt_cbc(&mut vector, data);
        let (readers, turned_challenge) = plain.split_at(16);
        if turned_challenge != turned(challenge) {
            return Err(status::AUTHENTICATION_ERROR);
        }
        let readers = <Block>::try_from(readers).unwrap_or_default();
        if is_ev2 {
            let transaction = self.noise.bytes::<4>();
            let mut answer = transaction.to_vec();
            answer.extend(turned(readers));
            // Capabilities of both sides: none.
            answer.resize(32, 0);
            let session = Session::ev2(key_number, &key, (readers, challenge), transaction);
            self.life.session = Some(session);
            return Ok(key.encrypt_cbc(&mut [0; 16], &answer));
        }
        self.life.session = Some(Session::ev1(key_number, readers, challenge));
        Ok(key.encrypt_cbc(&mut vector, &turned(readers)))
    }

    /// C4: a new key, encrypted under the session, with its version and check
    /// sums. Changing the session's own key ends the session.
    pub(super) fn change_key(&mut self, data: &[u8]) -> Result<Vec<u8>, u8> {
        let (header, body) = data.split_at_checked(1).ok_or(status::LENGTH_ERROR)?;
        let &[sent_number] = header else {
            return Err(status::LENGTH_ERROR);
        };
        let selected = self.life.selected;
        let number = if selected == CARD {
            sent_number & !AES_KEY
        } else {
            sent_number
        };
        let own = self.key().ok_or(status::AUTHENTICATION_ERROR)?;
        let application = self.selected()?;
        if !may_change(application, own, number) {
            return Err(status::PERMISSION_DENIED);
        }
        let old = application.keys.get(usize::from(number));
        let (old, _) = *old.ok_or(status::NO_SUCH_KEY)?;
        let session = self.life.session.as_mut();
        let session = session.ok_or(status::AUTHENTICATION_ERROR)?;
        let is_ev2 = session.is_ev2();
        let plain = session.receive_key(header, body)?;
        let (sent, rest) = plain
            .split_first_chunk::<16>()
            .ok_or(status::LENGTH_ERROR)?;
        let (&version, checks) = rest.split_first().ok_or(status::LENGTH_ERROR)?;
        let key = if own == number {
            *sent
        } else {
            (u128::from_be_bytes(*sent) ^ u128::from_be_bytes(old)).to_be_bytes()
        };
        let mut expected = Vec::new();
        if !is_ev2 {
            let message = [
                &[code::CHANGE_KEY, sent_number],
                sent.as_slice(),
                &[version],
            ]
            .concat();
            expected.extend(crc32(&message));
        }
        if own != number {
            expected.extend(crc32(&key));
        }
        let n_checks = expected.len();
        if checks.get(..n_checks) != Some(expected.as_slice()) {
            return Err(status::INTEGRITY_ERROR);
        }
        if let Some(application) = self.applications.get_mut(&selected)
            && let Some(place) = application.keys.get_mut(usize::from(number))
        {
            *place = (key, version);
        }
        if own == number {
            self.life.session = None;
            return Ok(Vec::new());
        }
        Ok(self.sent(super::Answer::done()))
    }
}

/// Whether a session of `own` may change the key `number`.
fn may_change(application: &Application, own: u8, number: u8) -> bool {
    if number == 0 {
        return own == 0 && application.settings & 0x01 != 0;
    }
    match application.settings >> 4 {
        ANY_KEY_CHANGES_ITSELF => own == number,
        0x0F => false,
        changer => own == changer || own == number && changer == number,
    }
}

/// A challenge turned left by one byte.
fn turned(mut block: Block) -> Block {
    block.rotate_left(1);
    block
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begun").finish_non_exhaustive()
    }
}
