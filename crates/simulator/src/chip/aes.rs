//! AES-128 in the ways in which contactless chips use it.
//!
//! Source: FIPS 197; NIST SP 800-38A (CBC) and SP 800-38B (CMAC).

use aes::{
    Aes128,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};

/// A block of AES.
pub(crate) type Block = [u8; 16];

/// What the doubling of a subkey feeds back (SP 800-38B, §5.3).
const FEEDBACK: u128 = 0x87;

/// A key.
#[derive(Clone)]
pub(crate) struct AesKey(Aes128);

impl AesKey {
    pub(crate) fn new(bytes: Block) -> Self {
        Self(Aes128::new(&bytes.into()))
    }

    pub(crate) fn encrypt(&self, block: Block) -> Block {
        let mut block = block.into();
        self.0.encrypt_block(&mut block);
        block.into()
    }

    fn decrypt(&self, block: Block) -> Block {
        let mut block = block.into();
        self.0.decrypt_block(&mut block);
        block.into()
    }

    /// CBC; bytes behind the last whole block are dropped. `vector` is the last
    /// block of ciphertext afterwards.
    pub(crate) fn encrypt_cbc(&self, vector: &mut Block, plain: &[u8]) -> Vec<u8> {
        let mut encrypted = Vec::with_capacity(plain.len());
        for block in plain.as_chunks::<16>().0 {
            *vector = self.encrypt(xor(*vector, *block));
            encrypted.extend_from_slice(vector);
        }
        encrypted
    }

    /// The reverse of [`encrypt_cbc`](Self::encrypt_cbc).
    pub(crate) fn decrypt_cbc(&self, vector: &mut Block, encrypted: &[u8]) -> Vec<u8> {
        let mut plain = Vec::with_capacity(encrypted.len());
        for block in encrypted.as_chunks::<16>().0 {
            plain.extend_from_slice(&xor(self.decrypt(*block), *vector));
            *vector = *block;
        }
        plain
    }

    /// CMAC begun from `vector`, which is all zeros in the standard and the last
    /// MAC in a DESFire session.
    pub(crate) fn cmac(&self, vector: Block, message: &[u8]) -> Block {
        let first = doubled(self.encrypt([0; 16]));
        let n_last = match message.len() % 16 {
            0 if !message.is_empty() => 16,
            rest => rest,
        };
        let (head, tail) = message.split_at(message.len() - n_last);
        let mut last = [0; 16];
        for (place, byte) in last.iter_mut().zip(tail) {
            *place = *byte;
        }
        let subkey = if n_last == 16 {
            first
        } else {
            if let Some(place) = last.get_mut(n_last) {
                *place = 0x80;
            }
            doubled(first)
        };
        let mut value = vector;
        for block in head.as_chunks::<16>().0 {
            value = self.encrypt(xor(value, *block));
        }
        self.encrypt(xor(value, xor(last, subkey)))
    }
}

fn xor(a: Block, b: Block) -> Block {
    (u128::from_be_bytes(a) ^ u128::from_be_bytes(b)).to_be_bytes()
}

fn doubled(block: Block) -> Block {
    let number = u128::from_be_bytes(block);
    let carry = if number >> 127 == 1 { FEEDBACK } else { 0 };
    ((number << 1) ^ carry).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cmac_agrees_with_the_standard() {
        // NIST SP 800-38B, appendix D.1.
        let key = AesKey::new(
            hex::decode("2B7E151628AED2A6ABF7158809CF4F3C")
                .unwrap()
                .try_into()
                .unwrap(),
        );
        let message = "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51\
                       30C81C46A35CE411";
        let cases = [
            (0, "BB1D6929E95937287FA37D129B756746"),
            (32, "070A16B46B4D4144F79BDD9DD04A287C"),
            (80, "DFA66747DE9AE63030CA32611497C827"),
        ];
        for (n_digits, expected) in cases {
            let message = hex::decode(&message[..n_digits]).unwrap();
            let mac = key.cmac([0; 16], &message);
            assert_eq!(hex::encode_upper(mac), expected, "{n_digits} digits");
        }
    }

    #[test]
    fn cbc_agrees_with_the_standard_and_with_itself() {
        // NIST SP 800-38A, F.2.1.
        let key = AesKey::new(
            hex::decode("2B7E151628AED2A6ABF7158809CF4F3C")
                .unwrap()
                .try_into()
                .unwrap(),
        );
        let vector: Block = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let plain = hex::decode("6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51")
            .unwrap();
        let encrypted = key.encrypt_cbc(&mut vector.clone(), &plain);
        assert_eq!(
            hex::encode_upper(&encrypted),
            "7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2"
        );
        assert_eq!(key.decrypt_cbc(&mut vector.clone(), &encrypted), plain);
    }
}
