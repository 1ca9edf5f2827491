//! Line protection: MACs on commands and answers, and encrypted data.
//!
//! Source: proxmark3 `doc/fmcos.md`, file protection modes, and
//! `client/src/cmdhffmcos.c`. The MAC of a command is over CLA, INS, P1, P2, Lc
//! and the data as sent, begun with the challenge; that of an answer over its
//! data. Encrypted data begin with their length.

use super::tree::Key;
use crate::chip::{
    command::Command,
    des::{BLOCK, MAC, pad},
    status,
};

/// The bit of CLA that announces a MAC.
pub(super) const WITH_MAC: u8 = 0x04;

/// Checks the MAC at the end of a command and gives the data before it.
///
/// A wrong MAC costs the key one of its tries.
pub(super) fn checked<'a>(
    command: &Command<'a>,
    key: &mut Key,
    challenge: Option<[u8; BLOCK]>,
) -> Result<&'a [u8], u16> {
    if key.n_left() == 0 {
        return Err(status::BLOCKED);
    }
    let challenge = challenge.ok_or(status::NO_CHALLENGE)?;
    let cipher = key.des().ok_or(status::KEY_NOT_FOUND)?;
    let Some(n_data) = command.data.len().checked_sub(MAC) else {
        return Err(status::MAC_MISSING);
    };
    let (data, mac) = command.data.split_at(n_data);
    let mut input = vec![command.cla, command.ins, command.p1, command.p2];
    input.push(u8::try_from(command.data.len()).unwrap_or(u8::MAX));
    input.extend_from_slice(data);
    if cipher.mac(challenge, &input) == mac {
        key.forgive();
        Ok(data)
    } else {
        key.count_failure();
        Err(status::WRONG_MAC)
    }
}

/// Encrypted data, with their length in front once decrypted.
pub(super) fn decrypted(key: &Key, data: &[u8]) -> Result<Vec<u8>, u16> {
    let cipher = key.des().ok_or(status::KEY_NOT_FOUND)?;
    if data.is_empty() || !data.len().is_multiple_of(BLOCK) {
        return Err(status::WRONG_LENGTH);
    }
    let plain = cipher.decrypt_all(data);
    let (&length, rest) = plain.split_first().ok_or(status::WRONG_DATA)?;
    let content = rest.get(..usize::from(length)).ok_or(status::WRONG_DATA)?;
    Ok(content.to_vec())
}

/// An answer's data with a MAC behind them, encrypted before when asked.
pub(super) fn protected(
    key: &Key,
    challenge: Option<[u8; BLOCK]>,
    data: &[u8],
    encrypt: bool,
) -> Option<Vec<u8>> {
    let cipher = key.des()?;
    let mut sent = data.to_vec();
    if encrypt {
        sent.insert(0, u8::try_from(data.len()).ok()?);
        sent = cipher.encrypt_all(&pad(&sent));
    }
    let mac = cipher.mac(challenge?, &sent);
    sent.extend_from_slice(&mac);
    Some(sent)
}
