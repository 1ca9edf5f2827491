//! Whether two lists hold the same.

use std::fmt;

/// A number of 128 bits that two lists with the same entries share.
///
/// The sum, modulo 2^128, of a number made from each entry, so that it follows
/// every change at once and does not depend on the order in which entries came.
/// It finds lists that have drifted apart by mistake: those that differ have the
/// same one in a case of 2^128. It proves nothing against someone who makes up
/// entries until the sum fits; against those stands the signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub(crate) u128);

impl Fingerprint {
    /// The sixteen bytes, the highest first.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
