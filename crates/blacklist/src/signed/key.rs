//! Who signs lists, and whom to believe.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use super::ListError;

/// Which key signed a list: the first eight bytes of the SHA-256 of its public
/// half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 8]);

/// As sixteen hexadecimal digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl KeyId {
    fn of(key: &VerifyingKey) -> Self {
        let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let mut id = [0; 8];
        for (to, from) in id.iter_mut().zip(digest) {
            *to = from;
        }
        Self(id)
    }
}

/// Signs lists with Ed25519.
///
/// Source: RFC 8032.
pub struct ListSigner(SigningKey);

impl ListSigner {
    /// A signer from its secret: 32 bytes that nobody can guess. They are wiped
    /// from memory with the signer; wiping where they came from is the caller's.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The public half, to be given to those who check.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Which key it is.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.0.verifying_key())
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

/// Tells which key it is, never the secret.
impl fmt::Debug for ListSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListSigner").field(&self.id()).finish()
    }
}

/// The public keys that lists may be signed with: one, or two while a key is
/// being replaced.
#[derive(Clone, Debug)]
pub struct ListVerifier(Vec<(KeyId, VerifyingKey)>);

impl ListVerifier {
    /// A verifier that trusts these keys; `None` when one of them is no key.
    #[must_use]
    pub fn new(keys: &[[u8; 32]]) -> Option<Self> {
        let keys = keys.iter().map(|key| {
            let key = VerifyingKey::from_bytes(key)
                .ok()
                .filter(|key| !key.is_weak())?;
            Some((KeyId::of(&key), key))
        });
        keys.collect::<Option<_>>().map(Self)
    }

    /// Says whether a trusted key with that id signed the bytes.
    pub(super) fn verify(
        &self,
        id: KeyId,
        bytes: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), ListError> {
        let known = self.0.iter().find(|(known, _)| *known == id);
        let (_, key) = known.ok_or(ListError::UnknownKey)?;
        key.verify_strict(bytes, &Signature::from_bytes(signature))
            .map_err(|_| ListError::Forged)
    }
}
