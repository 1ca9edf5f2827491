//! Challenges, proofs of keys in both directions, and PINs.

use super::{
    CLA_ISO, CLA_TID, Fmcos, TID_CONFIGURE, TID_ERASE, TID_SET_KEY, TID_SET_UID, key_kind,
    protection::{checked, decrypted},
    tree::{Key, MF},
};
use crate::chip::{
    command::{Command, refuse, reply},
    des::{BLOCK, DesKey},
    status,
};

/// The state in which an imitation is after any external authentication.
const HIGHEST_STATE: u8 = 0x0F;

/// P1 of INTERNAL AUTHENTICATE.
const ENCRYPT: u8 = 0x00;
const DECRYPT: u8 = 0x01;

/// P1 of the command that changes a PIN: with a key, or with the old one.
const WITH_KEY: u8 = 0x00;
const WITH_OLD_PIN: u8 = 0x01;

impl Fmcos {
    /// 00 84: four or eight bytes.
    pub(super) fn get_challenge(&mut self, command: &Command<'_>) -> Vec<u8> {
        let bytes = self.noise.bytes::<BLOCK>();
        let n_bytes = match command.le {
            Some(le @ (4 | 8)) if command.data.is_empty() => usize::from(le),
            _ => return refuse(status::WRONG_LENGTH),
        };
        let sent = bytes.get(..n_bytes).unwrap_or_default();
        let mut challenge = [0; BLOCK];
        for (place, byte) in challenge.iter_mut().zip(sent) {
            *place = *byte;
        }
        self.life.challenge = Some(challenge);
        reply(sent, status::OK)
    }

    /// 00 82 00 id: the reader proves that it knows a key. An imitation believes
    /// whatever it is told.
    pub(super) fn external(
        &mut self,
        command: &Command<'_>,
        challenge: Option<[u8; BLOCK]>,
    ) -> Vec<u8> {
        let Ok(proof) = <[u8; BLOCK]>::try_from(command.data) else {
            return refuse(status::WRONG_LENGTH);
        };
        if self.is_imitation {
            self.reach(HIGHEST_STATE);
            return refuse(status::OK);
        }
        let Some(challenge) = challenge else {
            return refuse(status::NO_CHALLENGE);
        };
        let is_right = |key: &Key| key.des().is_some_and(|key| key.encrypt(challenge) == proof);
        refuse(self.show(key_kind::EXTERNAL, command.p2, is_right))
    }

    /// 00 20 00 id.
    pub(super) fn verify(&mut self, command: &Command<'_>) -> Vec<u8> {
        if command.data.is_empty() {
            return refuse(status::WRONG_LENGTH);
        }
        let is_right = |key: &Key| key.value == command.data;
        refuse(self.show(key_kind::PIN, command.p2, is_right))
    }

    /// Something is shown that only who knows a key or PIN can know.
    fn show(&mut self, kind: u8, id: u8, is_right: impl FnOnce(&Key) -> bool) -> u16 {
        let usage = self
            .directory()
            .and_then(|directory| directory.key(kind, id))
            .map(|key| key.usage);
        let Some(usage) = usage else {
            return status::KEY_NOT_FOUND;
        };
        if !self.is_given(usage) {
            return status::SECURITY_NOT_SATISFIED;
        }
        let key = self.current_mut();
        let Some(key) = key.and_then(|directory| directory.key_mut(kind, id)) else {
            return status::KEY_NOT_FOUND;
        };
        if key.n_left() == 0 {
            return status::BLOCKED;
        }
        if !is_right(key) {
            return status::tries_left(key.count_failure());
        }
        key.forgive();
        let follow_up = key.follow_up;
        self.reach(follow_up);
        status::OK
    }

    /// 00 88 P1 id: the card proves that it knows a key, by encrypting or
    /// decrypting whole blocks.
    ///
    /// The key is the one for encryption (30) or decryption (31); where a card
    /// has none of that id, the internal key (34). Builds differ in this, and
    /// the calculation of a MAC (P1 02) is not imitated.
    pub(super) fn internal(&mut self, command: &Command<'_>) -> Vec<u8> {
        if command.data.is_empty() || !command.data.len().is_multiple_of(BLOCK) {
            return refuse(status::WRONG_LENGTH);
        }
        let kind = match command.p1 {
            ENCRYPT => key_kind::ENCRYPT,
            DECRYPT => key_kind::DECRYPT,
            _ => return refuse(status::WRONG_P1_P2),
        };
        let directory = self.directory();
        let key = directory.and_then(|directory| {
            let own = directory.key(kind, command.p2);
            own.or_else(|| directory.key(key_kind::INTERNAL, command.p2))
        });
        let Some(key) = key else {
            return refuse(status::KEY_NOT_FOUND);
        };
        if !self.is_given(key.usage) {
            return refuse(status::SECURITY_NOT_SATISFIED);
        }
        match key.des() {
            Some(cipher) if kind == key_kind::ENCRYPT => {
                reply(&cipher.encrypt_all(command.data), status::OK)
            }
            Some(cipher) => reply(&cipher.decrypt_all(command.data), status::OK),
            None => refuse(status::KEY_NOT_FOUND),
        }
    }

    /// 80 5E: a new PIN, by the old one (`old FF new`) or by a MAC of the key
    /// for it (`new MAC`).
    pub(super) fn change_pin(&mut self, command: &Command<'_>) -> Result<(), u16> {
        let id = command.p2;
        let directory = self.current_mut().ok_or(status::KEY_NOT_FOUND)?;
        let new = match command.p1 {
            WITH_OLD_PIN => {
                let separator = command.data.iter().position(|&byte| byte == 0xFF);
                let separator = separator.ok_or(status::WRONG_DATA)?;
                let (old, new) = command.data.split_at(separator);
                let pin = directory.key_mut(key_kind::PIN, id);
                let pin = pin.ok_or(status::KEY_NOT_FOUND)?;
                if pin.n_left() == 0 {
                    return Err(status::BLOCKED);
                }
                if pin.value != old {
                    return Err(status::tries_left(pin.count_failure()));
                }
                new.get(1..).unwrap_or_default()
            }
            WITH_KEY => {
                let key = directory.key_mut(key_kind::RESET_PIN, id);
                let key = key.ok_or(status::KEY_NOT_FOUND)?;
                let (new, mac) = command
                    .data
                    .split_last_chunk::<4>()
                    .ok_or(status::WRONG_LENGTH)?;
                if key.n_left() == 0 {
                    return Err(status::BLOCKED);
                }
                let folded = DesKey::new(&folded(&key.value)).ok_or(status::KEY_NOT_FOUND)?;
                if folded.mac([0; BLOCK], new) != *mac {
                    key.count_failure();
                    return Err(status::WRONG_MAC);
                }
                key.forgive();
                new
            }
            _ => return Err(status::WRONG_P1_P2),
        };
        self.put_pin(id, new)
    }

    /// 84 24 00 id: a new PIN for a blocked one, encrypted and with a MAC.
    pub(super) fn unblock_pin(
        &mut self,
        command: &Command<'_>,
        challenge: Option<[u8; BLOCK]>,
    ) -> Result<(), u16> {
        let directory = self.current_mut().ok_or(status::KEY_NOT_FOUND)?;
        let key = directory.key_mut(key_kind::UNBLOCK_PIN, command.p2);
        let key = key.ok_or(status::KEY_NOT_FOUND)?;
        let data = checked(command, key, challenge)?;
        let new = decrypted(key, data)?;
        self.put_pin(command.p2, &new)
    }

    fn put_pin(&mut self, id: u8, new: &[u8]) -> Result<(), u16> {
        if !(2..=6).contains(&new.len()) {
            return Err(status::WRONG_LENGTH);
        }
        let directory = self.current_mut().ok_or(status::KEY_NOT_FOUND)?;
        let pin = directory.key_mut(key_kind::PIN, id);
        let pin = pin.ok_or(status::KEY_NOT_FOUND)?;
        pin.value = new.to_vec();
        pin.forgive();
        Ok(())
    }

    /// The commands with which "CPU TID" cards are made into whatever their
    /// owner wants (proxmark3 `doc/fmcos.md`, TID tag provisioning).
    pub(super) fn provision(&mut self, command: &Command<'_>) -> Option<Vec<u8>> {
        match (command.cla, command.ins, command.data) {
            (CLA_ISO, TID_SET_UID, uid @ [_, _, _, _, ..]) => {
                self.programmed_uid = Some(uid.to_vec());
            }
            (CLA_ISO, TID_SET_KEY, [key @ .., _, _]) if key.len() == BLOCK => {
                let mut record = vec![key_kind::INTERNAL, 0xF0, 0xF0, 0x00, 0x00];
                record.extend_from_slice(key);
                let root = self.directory_mut(MF)?;
                root.keys.retain(|key| key.kind != key_kind::INTERNAL);
                root.keys.extend(Key::parse(0, &record));
            }
            (CLA_ISO, TID_CONFIGURE, [_, ..]) => {}
            (CLA_TID, TID_ERASE, []) => {
                self.directories.retain(|id, _| *id == MF);
                let root = self.directory_mut(MF)?;
                root.files.clear();
                root.is_open = true;
            }
            _ => return None,
        }
        Some(refuse(status::OK))
    }
}

/// The two halves of a key laid over each other.
fn folded(key: &[u8]) -> Vec<u8> {
    match key.split_at_checked(BLOCK) {
        Some((left, right)) if right.len() == BLOCK => {
            left.iter().zip(right).map(|(a, b)| a ^ b).collect()
        }
        _ => key.to_vec(),
    }
}
