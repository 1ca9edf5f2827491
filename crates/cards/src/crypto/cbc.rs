//! Cipher block chaining over whole blocks.

use super::{BlockCipher, xor_onto};

/// Enciphers in place. `iv` is what the first block is mixed with; it becomes
/// the last block of the result, with which a conversation may go on. Bytes
/// behind the last whole block are left as they are.
pub(crate) fn cbc_encrypt<const N: usize>(
    cipher: &impl BlockCipher<N>,
    iv: &mut [u8; N],
    data: &mut [u8],
) {
    for place in data.chunks_exact_mut(N) {
        xor_onto(iv, place);
        cipher.encrypt(iv);
        place.copy_from_slice(iv);
    }
}

/// Deciphers in place. `iv` becomes the last block of what was given.
pub(crate) fn cbc_decrypt<const N: usize>(
    cipher: &impl BlockCipher<N>,
    iv: &mut [u8; N],
    data: &mut [u8],
) {
    for place in data.chunks_exact_mut(N) {
        let mut block = [0; N];
        block.copy_from_slice(place);
        let next = block;
        cipher.decrypt(&mut block);
        xor_onto(&mut block, iv);
        place.copy_from_slice(&block);
        *iv = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::AesCipher;

    #[test]
    fn cbc_has_the_vector_of_its_standard() {
        // NIST SP 800-38A, F.2.1, the first two blocks.
        let key = hex::decode("2B7E151628AED2A6ABF7158809CF4F3C").unwrap();
        let cipher = AesCipher::new(&key.try_into().unwrap());
        let first_iv = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let plain = "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51";
        let expected = "7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2";

        let mut data = hex::decode(plain).unwrap();
        let mut iv = first_iv;
        cbc_encrypt(&cipher, &mut iv, &mut data);
        assert_eq!(hex::encode_upper(&data), expected);
        assert_eq!(iv, data[16..], "a conversation goes on from the last block");

        let mut iv = first_iv;
        cbc_decrypt(&cipher, &mut iv, &mut data);
        assert_eq!(hex::encode_upper(&data), plain);
        assert_eq!(hex::encode_upper(iv), expected[32..]);
    }
}
