//! CMAC, with a chosen beginning and padding.

use super::{BlockCipher, xor_onto};

/// When the message is padded with `80 00 …`, and the last block mixed with the
/// second subkey rather than the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// When it does not end with a whole block: as published.
    AsNeeded,
    /// To two blocks, a message of one block or less as well. Longer ones do
    /// not come that way.
    ToTwoBlocks,
}

/// The CMAC of a message under a key, beginning from `iv`, which is zeros as
/// published.
///
/// Source: NIST SP 800-38B, §6.
pub(crate) fn cmac<const N: usize>(
    cipher: &impl BlockCipher<N>,
    iv: [u8; N],
    message: &[u8],
    padding: Padding,
) -> [u8; N] {
    let n_bytes = match padding {
        Padding::AsNeeded => message.len().next_multiple_of(N).max(N),
        Padding::ToTwoBlocks => 2 * N,
    };
    let is_whole = message.len() >= n_bytes;
    let [first, second] = subkeys(cipher);
    let subkey = if is_whole { first } else { second };
    let end = (!is_whole).then_some(0x80);
    let mut bytes = message
        .iter()
        .copied()
        .chain(end)
        .chain(std::iter::repeat(0));
    let mut sum = iv;
    for n_done in (0..n_bytes).step_by(N) {
        for place in &mut sum {
            *place ^= bytes.next().unwrap_or_default();
        }
        if n_done + N == n_bytes {
            xor_onto(&mut sum, &subkey);
        }
        cipher.encrypt(&mut sum);
    }
    sum
}

/// K1 and K2.
fn subkeys<const N: usize>(cipher: &impl BlockCipher<N>) -> [[u8; N]; 2] {
    let mut zeros = [0; N];
    cipher.encrypt(&mut zeros);
    let first = doubled(zeros);
    [first, doubled(first)]
}

/// Twice the block, as an element of the field: a shift to the left, and where
/// a bit fell out, the field's constant onto the end (`87` for 16 bytes, `1B`
/// for 8).
fn doubled<const N: usize>(block: [u8; N]) -> [u8; N] {
    let mut twice = block;
    let mut carry = 0;
    for byte in twice.iter_mut().rev() {
        let fell_out = *byte >> 7;
        *byte = *byte << 1 | carry;
        carry = fell_out;
    }
    if carry == 1
        && let Some(last) = twice.last_mut()
    {
        *last ^= if N == 16 { 0x87 } else { 0x1B };
    }
    twice
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::{AesCipher, DesCipher};

    fn aes() -> AesCipher {
        let key = hex::decode("2B7E151628AED2A6ABF7158809CF4F3C").unwrap();
        AesCipher::new(&key.try_into().unwrap())
    }

    #[test]
    fn aes_cmac_has_the_vectors_of_rfc_4493() {
        let cases = [
            ("", "BB1D6929E95937287FA37D129B756746"),
            (
                "6BC1BEE22E409F96E93D7E117393172A",
                "070A16B46B4D4144F79BDD9DD04A287C",
            ),
            (
                "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51\
                 30C81C46A35CE411",
                "DFA66747DE9AE63030CA32611497C827",
            ),
            (
                "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51\
                 30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710",
                "51F0BEBF7E3B9D92FC49741779363CFE",
            ),
        ];
        for (message, expected) in cases {
            let message = hex::decode(message).unwrap();
            let sum = cmac(&aes(), [0; 16], &message, Padding::AsNeeded);
            assert_eq!(hex::encode_upper(sum), expected, "{} bytes", message.len());
        }
    }

    #[test]
    fn two_key_tdes_cmac_has_the_vectors_of_its_standard() {
        // NIST SP 800-38B, D.3 of the edition of 2005: two-key TDEA.
        let key = hex::decode("4CF15134A2850DD58A3D10BA80570D38").unwrap();
        let cipher = DesCipher::double(&key.try_into().unwrap());
        let cases = [
            ("", "BD2EBF9A3BA00361"),
            ("6BC1BEE22E409F96", "4FF2AB813C53CE83"),
            (
                "6BC1BEE22E409F96E93D7E117393172AAE2D8A57",
                "62DD1B471902BD4E",
            ),
        ];
        for (message, expected) in cases {
            let message = hex::decode(message).unwrap();
            let sum = cmac(&cipher, [0; 8], &message, Padding::AsNeeded);
            assert_eq!(hex::encode_upper(sum), expected, "{} bytes", message.len());
        }
    }

    #[test]
    fn a_beginning_is_a_block_that_went_before() {
        let message = [0x5A; 20];
        let mut beginning = [0x33; 16];
        let whole = [&beginning[..], &message].concat();
        let expected = cmac(&aes(), [0; 16], &whole, Padding::AsNeeded);
        aes().encrypt(&mut beginning);
        let sum = cmac(&aes(), beginning, &message, Padding::AsNeeded);
        assert_eq!(sum, expected);
    }

    proptest! {
        #[test]
        fn no_message_panics(message: Vec<u8>, iv: [u8; 16]) {
            let _ = cmac(&aes(), iv, &message, Padding::AsNeeded);
            let _ = cmac(&aes(), iv, &message, Padding::ToTwoBlocks);
        }
    }
}
