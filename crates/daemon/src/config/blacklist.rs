//! How the blacklist is published.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

/// How the blacklist is published.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BlacklistConfig {
    /// A file with the key that signs the blacklist, as `xueka blacklist key new`
    /// makes it; readable by the daemon alone. Without a key the blacklist is
    /// not published.
    pub signing_key_file: Option<PathBuf>,
    /// The systemd credential with that key, in place of the file.
    pub signing_key_credential: Option<String>,
    /// For how many seconds a copy may be relied on after it was signed.
    pub fresh_seconds: FreshSeconds,
    /// Where the daemon keeps how far the published blacklist has come. Leave it
    /// out of backups of the registry: by it the daemon knows that one was
    /// restored.
    pub mark_file: PathBuf,
}

/// A time that copies can be kept fresh in: 4 seconds to 90 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct FreshSeconds(u32);

impl FreshSeconds {
    const LEAST: u32 = 4;
    const MOST: u32 = 90 * 24 * 3_600;

    /// As a span of time.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl TryFrom<u32> for FreshSeconds {
    type Error = &'static str;

    fn try_from(seconds: u32) -> Result<Self, Self::Error> {
        if (Self::LEAST..=Self::MOST).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err("a copy is fresh for 4 to 7776000 seconds (90 days)")
        }
    }
}

impl Default for BlacklistConfig {
    fn default() -> Self {
        Self {
            signing_key_file: None,
            signing_key_credential: None,
            fresh_seconds: FreshSeconds(24 * 3_600),
            mark_file: "/var/lib/xueka/blacklist.mark".into(),
        }
    }
}
