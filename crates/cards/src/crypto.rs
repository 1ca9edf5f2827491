//! Block ciphers as cards use them: CBC and CMAC, whose beginning and padding
//! differ from card to card.
//!
//! AES and DES themselves come from crates. CMAC is written here because no
//! card here uses it as published: `DESFire` EV1 goes on from the last block of
//! the exchange before, and diversification pads what is whole already.
//!
//! Sources: NIST SP 800-38A, §6.2 (CBC); NIST SP 800-38B (CMAC).

mod block;
mod cbc;
mod cmac;
mod retail;

pub(crate) use block::{AesCipher, BlockCipher, DesCipher};
pub(crate) use cbc::{cbc_decrypt, cbc_encrypt};
pub(crate) use cmac::{Padding, cmac};
pub(crate) use retail::retail_mac;

/// Whether two byte strings are the same, in a time that tells nothing of
/// where they differ.
pub(crate) fn is_same(left: &[u8], right: &[u8]) -> bool {
    let differing = left
        .iter()
        .zip(right)
        .fold(0, |sum, (left, right)| sum | (left ^ right));
    left.len() == right.len() && differing == 0
}

/// Exclusive-or of a block with bytes of at most its length, onto the block.
pub(crate) fn xor_onto(block: &mut [u8], bytes: &[u8]) {
    for (place, byte) in block.iter_mut().zip(bytes) {
        *place ^= byte;
    }
}
