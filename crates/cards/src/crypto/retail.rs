//! The MAC of Chinese processor cards.

use super::{BlockCipher, DesCipher, xor_onto};

/// Bytes of a block, and of the MAC before it is cut.
const BLOCK: usize = 8;

/// The first four bytes of a MAC that begins from `start`: the message, `80` and
/// zeros to a whole block, go through `chain` block by block, the last block
/// through `last`. With a single key both are the same; with a double key
/// `chain` is its left half alone.
///
/// Source: ISO/IEC 9797-1, MAC algorithms 1 and 3 with padding method 2; the
/// manual of FMCOS in articles of card integrators, which begin from a challenge
/// of the card.
pub(crate) fn retail_mac(
    (chain, last): (&DesCipher, &DesCipher),
    start: [u8; BLOCK],
    message: &[u8],
) -> [u8; 4] {
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(BLOCK), 0x00);
    let mut sum = start;
    let n_blocks = padded.len() / BLOCK;
    for (index, block) in padded.chunks_exact(BLOCK).enumerate() {
        xor_onto(&mut sum, block);
        let cipher = if index + 1 == n_blocks { last } else { chain };
        cipher.encrypt(&mut sum);
    }
    let [a, b, c, d, ..] = sum;
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_key_makes_the_mac_of_its_published_example() {
        // ICAO Doc 9303, part 11, appendix D.3: the MAC over E_IFD.
        let key: [u8; 16] = hex::decode("7962D9ECE03D1ACD4C76089DCE131543")
            .unwrap()
            .try_into()
            .unwrap();
        let message = "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2";
        let left = DesCipher::single(key.first_chunk().unwrap());
        let ciphers = (&left, &DesCipher::double(&key));
        let sum = retail_mac(ciphers, [0; 8], &hex::decode(message).unwrap());
        assert_eq!(hex::encode_upper(sum), "5F1448EE");
    }

    #[test]
    fn a_start_is_a_block_that_went_before() {
        let cipher = DesCipher::single(&[0x5A; 8]);
        let mut start = [0x33; 8];
        let whole = retail_mac((&cipher, &cipher), [0; 8], &[&start[..], b"abc"].concat());
        cipher.encrypt(&mut start);
        assert_eq!(retail_mac((&cipher, &cipher), start, b"abc"), whole);
    }
}
