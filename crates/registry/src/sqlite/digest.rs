//! SHA-256 over values, written so that no two lists of values look the same.

use sha2::{Digest as _, Sha256};

/// Hashes a list of values: each is preceded by its kind and length.
///
/// The canonical bytes: a kind byte (`n` for none, `i` for an integer as eight
/// bytes, high byte first, `b` for bytes and text preceded by their length as
/// such eight bytes).
pub(crate) struct Digest(Sha256);

impl Digest {
    /// Begins with the purpose, so that a hash made for one purpose is none
    /// for another.
    pub(crate) fn of(purpose: &str) -> Self {
        Self(Sha256::new()).text(purpose)
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.update(b"b");
        self.0.update(length.to_be_bytes());
        self.0.update(bytes);
        self
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn text_or_none(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => self.none(),
        }
    }

    pub(crate) fn bytes_or_none(self, bytes: Option<&[u8]>) -> Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.none(),
        }
    }

    pub(crate) fn integer(mut self, integer: i64) -> Self {
        self.0.update(b"i");
        self.0.update(integer.to_be_bytes());
        self
    }

    fn none(mut self) -> Self {
        self.0.update(b"n");
        self
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_do_not_run_into_each_other() {
        let lists = [
            Digest::of("p").text("ab").text("c"),
            Digest::of("p").text("a").text("bc"),
            Digest::of("p").text("abc"),
            Digest::of("p").text("abc").text_or_none(None),
            Digest::of("p").text("abc").text(""),
            Digest::of("q").text("abc"),
            Digest::of("p").integer(0),
            Digest::of("p").bytes(&[0; 8]),
        ];
        let mut hashes: Vec<_> = lists.into_iter().map(Digest::finish).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 8);
    }
}
