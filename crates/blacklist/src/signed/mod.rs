//! Lists as signed files, byte by byte as `docs/blacklist-format.md` says.

mod body;
mod bytes;
mod delta;
mod error;
mod header;
mod key;
mod snapshot;

pub use delta::Delta;
pub use error::ListError;
pub use header::{Header, Issue, Mark};
pub use key::{KeyId, ListSigner, ListVerifier};
pub use snapshot::Snapshot;
