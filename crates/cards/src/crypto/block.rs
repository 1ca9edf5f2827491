//! One block under one key.

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2};

/// A block cipher with its key; `N` bytes a block.
pub(crate) trait BlockCipher<const N: usize> {
    /// Enciphers one block.
    fn encrypt(&self, block: &mut [u8; N]);
    /// Deciphers one block.
    fn decrypt(&self, block: &mut [u8; N]);
}

/// AES with a key of 128 bits. The round keys are wiped when it is dropped.
///
/// Source: FIPS 197.
pub(crate) struct AesCipher(Aes128);

/// DES with a key of 8 bytes, or triple DES with one of 16. The round keys are
/// wiped when it is dropped.
///
/// Source: FIPS 46-3; parity bits count for nothing.
pub(crate) enum DesCipher {
    /// One pass.
    Single(Des),
    /// Encipher, decipher, encipher; the third key is the first one.
    Double(TdesEde2),
}

impl AesCipher {
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        Self(Aes128::new(key.into()))
    }
}

impl DesCipher {
    /// Single DES.
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "a key is not copied about"
    )]
    pub(crate) fn single(key: &[u8; 8]) -> Self {
        Self::Single(Des::new(key.into()))
    }

    /// Triple DES with two keys.
    pub(crate) fn double(key: &[u8; 16]) -> Self {
        Self::Double(TdesEde2::new(key.into()))
    }
}

impl BlockCipher<16> for AesCipher {
    fn encrypt(&self, block: &mut [u8; 16]) {
        self.0.encrypt_block(block.into());
    }

    fn decrypt(&self, block: &mut [u8; 16]) {
        self.0.decrypt_block(block.into());
    }
}

impl BlockCipher<8> for DesCipher {
    fn encrypt(&self, block: &mut [u8; 8]) {
        match self {
            Self::Single(cipher) => cipher.encrypt_block(block.into()),
            Self::Double(cipher) => cipher.encrypt_block(block.into()),
        }
    }

    fn decrypt(&self, block: &mut [u8; 8]) {
        match self {
            Self::Single(cipher) => cipher.decrypt_block(block.into()),
            Self::Double(cipher) => cipher.decrypt_block(block.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block<const N: usize>(text: &str) -> [u8; N] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    #[test]
    fn aes_has_the_vector_of_its_standard() {
        // FIPS 197, appendix C.1.
        let cipher = AesCipher::new(&block("000102030405060708090A0B0C0D0E0F"));
        let plain = block("00112233445566778899AABBCCDDEEFF");
        let mut it = plain;
        cipher.encrypt(&mut it);
        assert_eq!(it, block("69C4E0D86A7B0430D8CDB78070B4C55A"));
        cipher.decrypt(&mut it);
        assert_eq!(it, plain);
    }

    #[test]
    fn des_has_the_vectors_of_its_standards() {
        let cases = [
            (
                DesCipher::single(&block("0123456789ABCDEF")),
                "4E6F772069732074",
                "3FA40E8A984D4815",
                "FIPS 81, table B1",
            ),
            (
                DesCipher::double(&block("0123456789ABCDEF0123456789ABCDEF")),
                "4E6F772069732074",
                "3FA40E8A984D4815",
                "equal halves are single DES",
            ),
            (
                DesCipher::double(&block("0123456789ABCDEFFEDCBA9876543210")),
                "0123456789ABCDE7",
                "7F1D0A77826B8AFF",
                "the double-length example of many manuals",
            ),
        ];
        for (cipher, plain, expected, why) in cases {
            let mut it = block(plain);
            cipher.encrypt(&mut it);
            assert_eq!(hex::encode_upper(it), expected, "{why}");
            cipher.decrypt(&mut it);
            assert_eq!(it, block(plain), "{why}");
        }
    }
}
