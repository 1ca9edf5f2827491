//! DES and two-key triple DES as Chinese CPU cards use them.
//!
//! Source: PBOC 2.0 part 1, annex on MAC calculation (the same algorithms as
//! ISO/IEC 9797-1, MAC algorithms 1 and 3 with padding method 2); proxmark3
//! `client/src/cmdhffmcos.c` computes the same for FMCOS.

use des::{
    Des, TdesEde2,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};

/// Bytes in a block.
pub(crate) const BLOCK: usize = 8;
/// Bytes of a MAC that are sent.
pub(crate) const MAC: usize = 4;

/// A key of eight bytes (DES) or sixteen (triple DES).
#[derive(Clone)]
pub(crate) enum DesKey {
    Single(Des),
    /// The whole key, then its left half for all but the last step of a MAC.
    Double(Box<(TdesEde2, Des)>),
}

impl DesKey {
    /// `None` for any other length.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        match bytes.len() {
            8 => Some(Self::Single(Des::new_from_slice(bytes).ok()?)),
            16 => {
                let left = Des::new_from_slice(bytes.get(..8)?).ok()?;
                let whole = TdesEde2::new_from_slice(bytes).ok()?;
                Some(Self::Double(Box::new((whole, left))))
            }
            _ => None,
        }
    }

    pub(crate) fn encrypt(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let mut block = block.into();
        match self {
            Self::Single(key) => key.encrypt_block(&mut block),
            Self::Double(keys) => keys.0.encrypt_block(&mut block),
        }
        block.into()
    }

    pub(crate) fn decrypt(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let mut block = block.into();
        match self {
            Self::Single(key) => key.decrypt_block(&mut block),
            Self::Double(keys) => keys.0.decrypt_block(&mut block),
        }
        block.into()
    }

    /// Each block by itself; bytes behind the last whole block are dropped.
    pub(crate) fn encrypt_all(&self, data: &[u8]) -> Vec<u8> {
        let blocks = data.as_chunks::<BLOCK>().0.iter();
        blocks.flat_map(|block| self.encrypt(*block)).collect()
    }

    /// The reverse of [`encrypt_all`](Self::encrypt_all).
    pub(crate) fn decrypt_all(&self, data: &[u8]) -> Vec<u8> {
        let blocks = data.as_chunks::<BLOCK>().0.iter();
        blocks.flat_map(|block| self.decrypt(*block)).collect()
    }

    /// The first four bytes of the MAC over the padded data.
    ///
    /// With a double key only the last block goes through all of it, the others
    /// through its left half.
    pub(crate) fn mac(&self, start: [u8; BLOCK], data: &[u8]) -> [u8; MAC] {
        let padded = pad(data);
        let (blocks, _) = padded.as_chunks::<BLOCK>();
        let mut value = start;
        for (index, block) in blocks.iter().enumerate() {
            let mixed = std::array::from_fn(|at| {
                value.get(at).copied().unwrap_or_default()
                    ^ block.get(at).copied().unwrap_or_default()
            });
            value = match self {
                Self::Double(keys) if index + 1 < blocks.len() => {
                    let mut block = mixed.into();
                    keys.1.encrypt_block(&mut block);
                    block.into()
                }
                _ => self.encrypt(mixed),
            };
        }
        let [a, b, c, d, ..] = value;
        [a, b, c, d]
    }
}

/// Appends `80` and as many `00` as fill the last block.
pub(crate) fn pad(data: &[u8]) -> Vec<u8> {
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(BLOCK), 0);
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(text: &str) -> [u8; 8] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    #[test]
    fn des_and_triple_des_agree_with_published_vectors() {
        // NIST SP 800-17, table A.1 and A.2: variable plaintext and key.
        let cases = [
            ("0101010101010101", "8000000000000000", "95F8A5E5DD31D900"),
            ("8001010101010101", "0000000000000000", "95A8D72813DAA94D"),
            // Two equal halves are single DES.
            (
                "01010101010101010101010101010101",
                "8000000000000000",
                "95F8A5E5DD31D900",
            ),
        ];
        for (key, plain, expected) in cases {
            let key = DesKey::new(&hex::decode(key).unwrap()).unwrap();
            let encrypted = key.encrypt(array(plain));
            assert_eq!(hex::encode_upper(encrypted), expected);
            assert_eq!(key.decrypt(encrypted), array(plain));
        }
        assert!(DesKey::new(&[0; 7]).is_none());
    }

    #[test]
    fn a_mac_with_a_double_key_is_the_retail_mac() {
        // ICAO Doc 9303 part 11, appendix D.3: K_MAC over E_IFD, IV zero.
        let key = DesKey::new(&hex::decode("7962D9ECE03D1ACD4C76089DCE131543").unwrap()).unwrap();
        let message =
            hex::decode("72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2")
                .unwrap();
        assert_eq!(hex::encode_upper(key.mac([0; 8], &message)), "5F1448EE");
    }

    #[test]
    fn padding_always_adds_a_byte() {
        assert_eq!(pad(&[]), [0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(pad(&[1; 8]).len(), 16);
        assert_eq!(pad(&[1; 7]), [1, 1, 1, 1, 1, 1, 1, 0x80]);
    }
}
