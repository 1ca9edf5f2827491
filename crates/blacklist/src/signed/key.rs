//! Who signs lists, and whom to believe.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::ListError;

/// What stands before the digits of a key in text, so that nobody gives away
/// the one for the other.
const SECRET: &str = "xueka-blacklist-secret-key-1:";
const PUBLIC: &str = "xueka-blacklist-public-key-1:";

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

    /// A signer from the text of a secret key file: what
    /// [`secret_text`](Self::secret_text) gives, with or without white space
    /// around; `None` when it is no such text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix(SECRET)?;
        let mut secret = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, &mut *secret).ok()?;
        Some(Self::new(&secret))
    }

    /// The text of a secret key file: one line.
    #[must_use]
    pub fn secret_text(secret: &[u8; 32]) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(secret));
        Zeroizing::new([SECRET, &digits, "\n"].concat())
    }

    /// The line that stands for the public half in a file of trusted keys.
    #[must_use]
    pub fn public_text(&self) -> String {
        [PUBLIC, &hex::encode(self.public()), "\n"].concat()
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

    /// A verifier that trusts the keys of a text: one a line, as
    /// [`ListSigner::public_text`] gives it; empty lines and those that begin
    /// with `#` count for nothing. `None` when a line is no key or none is there.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys = lines.map(|line| {
            let mut key = [0; 32];
            hex::decode_to_slice(line.strip_prefix(PUBLIC)?, &mut key).ok()?;
            Some(key)
        });
        let keys: Vec<_> = keys.collect::<Option<_>>()?;
        Self::new(&keys).filter(|_| !keys.is_empty())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_as_text() {
        let signer = ListSigner::new(&[7; 32]);
        let secret = ListSigner::secret_text(&[7; 32]);
        let read = ListSigner::from_text(&secret).unwrap();
        assert_eq!(read.public(), signer.public());
        let public = signer.public_text();
        let verifier = ListVerifier::from_text(&public).unwrap();
        let signature = signer.sign(b"list");
        assert_eq!(verifier.verify(signer.id(), b"list", &signature), Ok(()));
        let of_two = format!("# the old one\n\n{public} {public}");
        assert!(ListVerifier::from_text(&of_two.replace("\n ", "\n")).is_some());
    }

    #[test]
    fn a_secret_is_not_taken_for_a_public_key_nor_the_other_way_round() {
        let secret = ListSigner::secret_text(&[7; 32]);
        let public = ListSigner::new(&[7; 32]).public_text();
        assert!(ListSigner::from_text(&public).is_none());
        assert!(ListVerifier::from_text(&secret).is_none());
        for text in ["", "# nothing", "xueka-blacklist-public-key-1:00", "00"] {
            assert!(ListVerifier::from_text(text).is_none(), "{text}");
            assert!(ListSigner::from_text(text).is_none(), "{text}");
        }
    }
}
