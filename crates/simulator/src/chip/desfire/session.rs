//! What an authenticated DESFire session adds to commands and answers.
//!
//! Sources: NXP AN12343 (DESFire Light features and hints: EV2 secure messaging,
//! with worked examples); for EV1 secure messaging libfreefare
//! `mifare_desfire_crypto.c` and proxmark3 `client/src/mifare/desfiresecurechan.c`,
//! which agree.

use super::status;
use crate::chip::aes::{AesKey, Block};

/// Bytes of a MAC that are sent.
pub(super) const MAC: usize = 8;

/// How the data of a command or an answer travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Plain,
    Mac,
    Full,
}

impl Mode {
    /// From the communication settings of a file.
    pub(super) fn of(settings: u8) -> Self {
        match settings & 0b11 {
            0b01 => Self::Mac,
            0b11 => Self::Full,
            _ => Self::Plain,
        }
    }
}

/// An authenticated session.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) key_number: u8,
    keys: Keys,
}

#[derive(Clone)]
enum Keys {
    /// Begun by `AA`: one key, and a vector that runs through everything.
    Ev1 { key: Box<AesKey>, vector: Block },
    /// Begun by `71`: two keys, a transaction identifier and a counter.
    Ev2 {
        encrypt: Box<AesKey>,
        mac: Box<AesKey>,
        transaction: [u8; 4],
        counter: u16,
    },
}

/// A command as its session sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming<'a> {
    pub(super) ins: u8,
    /// What is never encrypted: file numbers, offsets, lengths.
    pub(super) header: &'a [u8],
    /// What may be encrypted, with what the session added.
    pub(super) body: &'a [u8],
    pub(super) mode: Mode,
    /// Bytes of plain data in the body.
    pub(super) n_data: usize,
}

impl Session {
    /// After `AA`.
    pub(super) fn ev1(key_number: u8, a: Block, b: Block) -> Self {
        let [a0, a1, a2, a3, .., a12, a13, a14, a15] = a;
        let [b0, b1, b2, b3, .., b12, b13, b14, b15] = b;
        let key = [
            a0, a1, a2, a3, b0, b1, b2, b3, a12, a13, a14, a15, b12, b13, b14, b15,
        ];
        Self {
            key_number,
            keys: Keys::Ev1 {
                key: Box::new(AesKey::new(key)),
                vector: [0; 16],
            },
        }
    }

    /// After `71` (AN12343, session key generation).
    pub(super) fn ev2(
        key_number: u8,
        key: &AesKey,
        (a, b): (Block, Block),
        transaction: [u8; 4],
    ) -> Self {
        let derived = |label: [u8; 2]| {
            let mut input = label.to_vec();
            input.extend([0x00, 0x01, 0x00, 0x80]);
            let (a_head, a_tail) = a.split_at(8);
            let (b_head, b_tail) = b.split_at(6);
            input.extend_from_slice(a_head.get(..2).unwrap_or_default());
            let mixed = a_head.iter().skip(2).zip(b_head).map(|(a, b)| a ^ b);
            input.extend(mixed);
            input.extend_from_slice(b_tail);
            input.extend_from_slice(a_tail);
            Box::new(AesKey::new(key.cmac([0; 16], &input)))
        };
        Self {
            key_number,
            keys: Keys::Ev2 {
                encrypt: derived([0xA5, 0x5A]),
                mac: derived([0x5A, 0xA5]),
                transaction,
                counter: 0,
            },
        }
    }

    pub(super) fn is_ev2(&self) -> bool {
        matches!(self.keys, Keys::Ev2 { .. })
    }

    /// The bytes of the body that carry `n_data` bytes of data.
    pub(super) fn n_body(&self, mode: Mode, n_data: usize) -> usize {
        match (&self.keys, mode) {
            (_, Mode::Plain) => n_data,
            (_, Mode::Mac) => n_data + MAC,
            (Keys::Ev1 { .. }, Mode::Full) => (n_data + 4).next_multiple_of(16),
            (Keys::Ev2 { .. }, Mode::Full) if n_data == 0 => MAC,
            (Keys::Ev2 { .. }, Mode::Full) => (n_data + 1).next_multiple_of(16) + MAC,
        }
    }

    /// Checks a command and frees its data of what the session added.
    pub(super) fn receive(&mut self, incoming: Incoming<'_>) -> Result<Vec<u8>, u8> {
        let Incoming {
            ins,
            header,
            body,
            mode,
            n_data,
        } = incoming;
        match &mut self.keys {
            Keys::Ev1 { key, vector } if mode == Mode::Full && !body.is_empty() => {
                let plain = key.decrypt_cbc(vector, body);
                let data = plain.get(..n_data).ok_or(status::LENGTH_ERROR)?;
                let check = plain.get(n_data..n_data + 4).ok_or(status::LENGTH_ERROR)?;
                let expected = crc32(&[&[ins], header, data].concat());
                let padding = plain.get(n_data + 4..).unwrap_or_default();
                if check != expected || padding.iter().any(|byte| *byte != 0) {
                    return Err(status::INTEGRITY_ERROR);
                }
                Ok(data.to_vec())
            }
            Keys::Ev1 { key, vector } => {
                let (data, mac) = body.split_at_checked(n_data).ok_or(status::LENGTH_ERROR)?;
                *vector = key.cmac(*vector, &[&[ins], header, data].concat());
                let expected = vector.get(..MAC).unwrap_or_default();
                match mode {
                    Mode::Mac if !body.is_empty() && mac != expected => {
                        Err(status::INTEGRITY_ERROR)
                    }
                    Mode::Plain | Mode::Full if !mac.is_empty() => Err(status::LENGTH_ERROR),
                    _ => Ok(data.to_vec()),
                }
            }
            Keys::Ev2 {
                encrypt,
                mac,
                transaction,
                counter,
            } => {
                let sent = match mode {
                    Mode::Plain => {
                        *counter = counter.wrapping_add(1);
                        return Ok(body.to_vec());
                    }
                    Mode::Mac | Mode::Full => {
                        let n_sent = body.len().checked_sub(MAC).ok_or(status::LENGTH_ERROR)?;
                        let (sent, shown) = body.split_at(n_sent);
                        let input = [&head(ins, *counter, *transaction), header, sent].concat();
                        if short(mac.cmac([0; 16], &input)) != shown {
                            return Err(status::INTEGRITY_ERROR);
                        }
                        sent
                    }
                };
                let data = if mode == Mode::Full && !sent.is_empty() {
                    let start = vector_for([0xA5, 0x5A], *transaction, *counter);
                    let plain = encrypt.decrypt_cbc(&mut encrypt.encrypt(start), sent);
                    unpadded(&plain).ok_or(status::INTEGRITY_ERROR)?.to_vec()
                } else {
                    sent.to_vec()
                };
                *counter = counter.wrapping_add(1);
                Ok(data)
            }
        }
    }

    /// Adds to an answer's data what the session wants; `open_end` when the
    /// reader did not say how much it wants.
    pub(super) fn send(&mut self, data: &[u8], mode: Mode, open_end: bool) -> Vec<u8> {
        let mut answer = data.to_vec();
        match &mut self.keys {
            Keys::Ev1 { key, vector } if mode == Mode::Full && !data.is_empty() => {
                answer.extend(crc32(&[data, &[status::OK]].concat()));
                if open_end {
                    answer.push(0x80);
                }
                answer.resize(answer.len().next_multiple_of(16), 0);
                key.encrypt_cbc(vector, &answer)
            }
            Keys::Ev1 { key, vector } => {
                *vector = key.cmac(*vector, &[data, &[status::OK]].concat());
                answer.extend_from_slice(vector.get(..MAC).unwrap_or_default());
                answer
            }
            Keys::Ev2 { .. } if mode == Mode::Plain => answer,
            Keys::Ev2 {
                encrypt,
                mac,
                transaction,
                counter,
            } => {
                if mode == Mode::Full && !data.is_empty() {
                    answer.push(0x80);
                    answer.resize(answer.len().next_multiple_of(16), 0);
                    let start = vector_for([0x5A, 0xA5], *transaction, *counter);
                    answer = encrypt.encrypt_cbc(&mut encrypt.encrypt(start), &answer);
                }
                let input = [&head(status::OK, *counter, *transaction), answer.as_slice()].concat();
                answer.extend(short(mac.cmac([0; 16], &input)));
                answer
            }
        }
    }

    /// Decrypts the cryptogram of CHANGE KEY, which has a form of its own. The
    /// MAC that an EV2 session puts behind it is checked here too.
    pub(super) fn receive_key(&mut self, header: &[u8], body: &[u8]) -> Result<Vec<u8>, u8> {
        match &mut self.keys {
            Keys::Ev1 { key, vector } => {
                if body.len() != 32 {
                    return Err(status::LENGTH_ERROR);
                }
                Ok(key.decrypt_cbc(vector, body))
            }
            Keys::Ev2 { .. } => self.receive(Incoming {
                ins: super::code::CHANGE_KEY,
                header,
                body,
                mode: Mode::Full,
                n_data: 0,
            }),
        }
    }
}

/// What every MAC of an EV2 session begins with.
fn head(code: u8, counter: u16, transaction: [u8; 4]) -> Vec<u8> {
    let mut head = vec![code];
    head.extend(counter.to_le_bytes());
    head.extend(transaction);
    head
}

fn vector_for(label: [u8; 2], transaction: [u8; 4], counter: u16) -> Block {
    let ([l0, l1], [t0, t1, t2, t3]) = (label, transaction);
    let [c0, c1] = counter.to_le_bytes();
    [l0, l1, t0, t1, t2, t3, c0, c1, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// Every second byte of a MAC, as EV2 sessions send it.
fn short(mac: Block) -> [u8; MAC] {
    let mut odd = mac.into_iter().skip(1).step_by(2);
    std::array::from_fn(|_| odd.next().unwrap_or_default())
}

/// What stands before the last `80`, behind which there are zeros alone.
fn unpadded(plain: &[u8]) -> Option<&[u8]> {
    let end = plain.iter().rposition(|byte| *byte != 0)?;
    (plain.get(end) == Some(&0x80)).then(|| plain.get(..end))?
}

/// CRC-32 of IEEE 802.3 without its final inversion, least significant byte
/// first.
pub(super) fn crc32(data: &[u8]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc >>= 1;
            if carry == 1 {
                crc ^= 0xEDB8_8320;
            }
        }
    }
    crc.to_le_bytes()
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("key_number", &self.key_number)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    #[test]
    fn a_crc_is_the_published_one_not_inverted() {
        // The check value of CRC-32/JAMCRC.
        assert_eq!(crc32(b"123456789"), 0x340B_C6D9_u32.to_le_bytes());
    }

    #[test]
    fn ev2_session_keys_agree_with_the_application_note() {
        // NXP AN12196, §6.6 (NTAG 424 DNA, the same derivation).
        let key = AesKey::new([0; 16]);
        let a = block("13C5DB8A5930439FC3DEF9A4C675360F");
        let b = block("B9E2FC789B64BF237CCCAA20EC7E6E48");
        let session = Session::ev2(0, &key, (a, b), [0x9D, 0x00, 0xC4, 0xDF]);
        let Keys::Ev2 { encrypt, mac, .. } = session.keys else {
            panic!("an EV2 session");
        };
        let expected = [
            AesKey::new(block("1309C877509E5A215007FF0ED19CA564")),
            AesKey::new(block("4C6626F5E72EA694202139295C7A7FC7")),
        ];
        for (derived, expected) in [encrypt, mac].iter().zip(expected) {
            assert_eq!(derived.encrypt([7; 16]), expected.encrypt([7; 16]));
        }
    }
}
