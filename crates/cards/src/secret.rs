//! Keys as values: wiped when dropped, never printed.

use std::fmt;

use zeroize::Zeroize;

/// A secret key of `N` bytes.
///
/// `Debug` shows nothing of it; the bytes are wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey<const N: usize>([u8; N]);

/// A key of a MIFARE Classic sector.
pub type MifareKey = SecretKey<6>;

/// A key with the cipher that it is for.
///
/// Two ciphers have keys of sixteen bytes, so the length alone does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// MIFARE Classic: six bytes.
    Mifare(MifareKey),
    /// An NTAG's password: four bytes, then the two bytes of its
    /// acknowledgement.
    Password(SecretKey<6>),
    /// DES: eight bytes, parity bits of no meaning.
    Des(SecretKey<8>),
    /// Triple DES of two keys (first, second, first again): sixteen bytes.
    DoubleDes(SecretKey<16>),
    /// AES-128: sixteen bytes.
    Aes128(SecretKey<16>),
}

impl<const N: usize> SecretKey<N> {
    /// The bytes, for the cipher or the command that takes them.
    #[must_use]
    pub fn reveal(&self) -> &[u8; N] {
        &self.0
    }

    /// Reads two hexadecimal digits a byte.
    pub(crate) fn from_hex(digits: &str) -> Option<Self> {
        let mut key = Self([0; N]);
        hex::decode_to_slice(digits, &mut key.0).ok()?;
        Some(key)
    }
}

impl<const N: usize> From<[u8; N]> for SecretKey<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> Drop for SecretKey<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> fmt::Debug for SecretKey<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl Key {
    /// What the key is for, in words for a message.
    #[must_use]
    pub fn cipher(&self) -> &'static str {
        match self {
            Self::Mifare(_) => "MIFARE",
            Self::Password(_) => "a password",
            Self::Des(_) => "DES",
            Self::DoubleDes(_) => "3DES",
            Self::Aes128(_) => "AES",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_any_cipher_shows_its_cipher_alone() {
        let cases = [
            (Key::Mifare([0xA5; 6].into()), "Mifare(SecretKey(…))"),
            (Key::Password([0xA5; 6].into()), "Password(SecretKey(…))"),
            (Key::Des([0xA5; 8].into()), "Des(SecretKey(…))"),
            (Key::DoubleDes([0xA5; 16].into()), "DoubleDes(SecretKey(…))"),
            (Key::Aes128([0xA5; 16].into()), "Aes128(SecretKey(…))"),
        ];
        for (key, shown) in cases {
            assert_eq!(format!("{key:?}"), shown);
        }
    }
}
