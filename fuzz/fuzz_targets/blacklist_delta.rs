//! Changes of signed blacklists: as they come, and as the body of rightly signed
//! ones, because whoever holds the key can make mistakes, too.
#![no_main]

use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use xueka_blacklist::{Blacklist, Issue, ListError, ListSigner, ListVerifier, Snapshot};

fuzz_target!(|bytes: &[u8]| {
    let key = SigningKey::from_bytes(&[7; 32]);
    let signer = ListSigner::new(&[7; 32]);
    let trusted = ListVerifier::new(&[signer.public()]).unwrap();
    let issue = Issue {
        epoch: 0,
        made_time: Timestamp::UNIX_EPOCH,
        fresh_for: Duration::ZERO,
    };
    let file = Snapshot::sign(&Blacklist::default(), &issue, &signer);
    let mut follower = Snapshot::open_at_any_age(&file, &trusted).unwrap();
    assert!(follower.follow(bytes, &trusted).is_err());

    // As `docs/blacklist-format.md` lays it out: from version 0 to version 1.
    let mut delta = b"XUEKA-BL\x01\0\x02\0".to_vec();
    delta.extend([0; 12]);
    delta.extend(1_u64.to_le_bytes());
    delta.extend([0; 24]);
    delta.extend((bytes.len() as u64).to_le_bytes());
    delta.extend([0; 16]);
    let id = Sha256::digest(key.verifying_key().as_bytes());
    delta.extend(&id[..8]);
    delta.extend([0; 8]);
    delta.extend(Sha256::digest(bytes));
    delta.extend(key.sign(&delta).to_bytes());
    delta.extend(bytes);
    match follower.follow(&delta, &trusted) {
        // The header says that there is nothing: the changes are ends.
        Ok(()) => assert!(follower.list().is_empty() && follower.header().version == 1),
        Err(error) => assert!(matches!(error, ListError::Malformed | ListError::Drifted)),
    }
});
