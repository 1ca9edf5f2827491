//! What stands before the entries, and the signature over it.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    ListError,
    bytes::Bytes,
    key::{KeyId, ListSigner, ListVerifier},
};
use crate::Fingerprint;

/// What a file of this form begins with.
const MAGIC: &[u8; 8] = b"XUEKA-BL";
/// The form described in `docs/blacklist-format.md`.
const FORM: u16 = 1;
/// What stands for a snapshot: a whole list.
const SNAPSHOT: u16 = 1;
/// What stands for a delta: what changed between two versions of a list.
const DELTA: u16 = 2;
/// The header without its signature.
const N_SIGNED: usize = 128;
/// The whole header.
const N_BYTES: usize = N_SIGNED + 64;
/// Where the length of the body stands.
const BODY_LENGTH: usize = 56;

/// What the issuer says of a list besides its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Which life of the registry: it rises whenever versions may have been
    /// given twice, such as after a backup was restored.
    pub epoch: u64,
    /// When the list was made; whole seconds are kept.
    pub made_time: Timestamp,
    /// How long after that it may be relied on; whole seconds are kept, at most
    /// what 32 bits hold.
    pub fresh_for: Duration,
}

/// The header of a signed list or delta. What it says of a list, a delta says of
/// the one that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which life of the registry.
    pub epoch: u64,
    /// The version of the list that a delta follows; `None` for a whole list.
    pub base: Option<u64>,
    /// The registry's version.
    pub version: u64,
    /// When it was made.
    pub made_time: Timestamp,
    /// How long after that it may be relied on.
    pub fresh_for: Duration,
    /// How many numbers and UIDs it has entries of.
    pub n_keys: u64,
    /// How many entries; a key has up to two.
    pub n_entries: u64,
    /// What the entries come to.
    pub fingerprint: Fingerprint,
    /// The SHA-256 of all that follows the header.
    pub digest: [u8; 32],
    /// Which key signed it.
    pub key: KeyId,
}

/// How far the lists of one registry have come. A later list has a larger mark;
/// whoever keeps the largest one seen, in a place that no backup turns back,
/// cannot be given an older list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Which life of the registry.
    pub epoch: u64,
    /// The registry's version.
    pub version: u64,
    /// When the list was made.
    pub made_time: Timestamp,
}

impl Header {
    /// How far it has come.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            epoch: self.epoch,
            version: self.version,
            made_time: self.made_time,
        }
    }

    /// How far the clocks of issuer and reader may differ.
    const CLOCK_TOLERANCE: Duration = Duration::from_mins(5);

    /// How old the list is at `now`; zero when it was made just after.
    ///
    /// # Errors
    ///
    /// [`ListError::Stale`] after the time for which it may be relied on, and
    /// [`ListError::FromTheFuture`] when it was made more than five minutes after
    /// `now`.
    pub fn age(&self, now: Timestamp) -> Result<Duration, ListError> {
        let age = now.duration_since(self.made_time);
        match Duration::try_from(age) {
            Ok(age) if age > self.fresh_for => Err(ListError::Stale),
            Ok(age) => Ok(age),
            Err(_) if age.unsigned_abs() > Self::CLOCK_TOLERANCE => Err(ListError::FromTheFuture),
            Err(_) => Ok(Duration::ZERO),
        }
    }

    /// Takes the first part off a file of several parts: gives it and the rest.
    /// A part shorter than it says is given as it is, for [`Self::open`] to refuse.
    pub(super) fn split(file: &[u8]) -> (&[u8], &[u8]) {
        let length = file.get(BODY_LENGTH..).map(Bytes);
        let length = length.and_then(|mut bytes| usize::try_from(bytes.u64()?).ok());
        let end = length.and_then(|length| length.checked_add(N_BYTES));
        end.and_then(|end| file.split_at_checked(end))
            .unwrap_or((file, &[]))
    }

    /// Puts a header with its signature before a body.
    pub(super) fn seal(&self, signer: &ListSigner, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(N_BYTES + body.len());
        out.extend(MAGIC);
        out.extend(FORM.to_le_bytes());
        let kind = self.base.map_or(SNAPSHOT, |_| DELTA);
        out.extend(kind.to_le_bytes());
        let fresh_for = u32::try_from(self.fresh_for.as_secs()).unwrap_or(u32::MAX);
        out.extend(fresh_for.to_le_bytes());
        out.extend(self.epoch.to_le_bytes());
        out.extend(self.version.to_le_bytes());
        out.extend(self.made_time.as_second().to_le_bytes());
        out.extend(self.n_keys.to_le_bytes());
        out.extend(self.n_entries.to_le_bytes());
        out.extend((body.len() as u64).to_le_bytes());
        out.extend(self.fingerprint.0.to_le_bytes());
        out.extend(signer.id().0);
        out.extend(self.base.unwrap_or_default().to_le_bytes());
        out.extend(Sha256::digest(body));
        let signature = signer.sign(&out);
        out.extend(signature);
        out.extend(body);
        out
    }

    /// Takes a file apart whose signature and digest are right; gives the header
    /// and the body.
    pub(super) fn open<'a>(
        file: &'a [u8],
        trusted: &ListVerifier,
    ) -> Result<(Self, &'a [u8]), ListError> {
        let mut bytes = Bytes(file);
        let signed = bytes.take(N_SIGNED).ok_or(not_whole(file))?;
        let signature = bytes.array().ok_or(ListError::Length)?;
        let body = bytes.0;
        if !signed.starts_with(MAGIC) {
            return Err(ListError::NotAList);
        }
        let (header, n_bytes) = Self::parse(Bytes(signed)).ok_or(ListError::NotAList)?;
        trusted.verify(header.key, signed, &signature)?;
        if n_bytes != body.len() as u64 {
            return Err(ListError::Length);
        }
        if header.digest != <[u8; 32]>::from(Sha256::digest(body)) {
            return Err(ListError::Forged);
        }
        Ok((header, body))
    }

    /// The header and the length of the body.
    fn parse(mut bytes: Bytes<'_>) -> Option<(Self, u64)> {
        let is_known = bytes.array()? == *MAGIC && bytes.u16()? == FORM;
        let kind = bytes.u16()?;
        let fresh_for = Duration::from_secs(bytes.array().map(u32::from_le_bytes)?.into());
        let epoch = bytes.u64()?;
        let version = bytes.u64()?;
        let made_time = Timestamp::from_second(bytes.array().map(i64::from_le_bytes)?).ok()?;
        let n_keys = bytes.u64()?;
        let n_entries = bytes.u64()?;
        let n_bytes = bytes.u64()?;
        let fingerprint = Fingerprint(bytes.array().map(u128::from_le_bytes)?);
        let key = KeyId(bytes.array()?);
        let base = match (kind, bytes.u64()?) {
            (SNAPSHOT, 0) => None,
            (DELTA, base) => Some(base),
            _ => return None,
        };
        let header = Self {
            epoch,
            base,
            version,
            made_time,
            fresh_for,
            n_keys,
            n_entries,
            fingerprint,
            digest: bytes.array()?,
            key,
        };
        is_known.then_some((header, n_bytes))
    }
}

/// Whether a file too short for a header is the beginning of one.
fn not_whole(file: &[u8]) -> ListError {
    if file.starts_with(MAGIC) {
        ListError::Length
    } else {
        ListError::NotAList
    }
}
