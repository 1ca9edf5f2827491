//! Signed blacklists: as they come, and as the body of a rightly signed file,
//! because whoever holds the key can make mistakes, too.
#![no_main]

use ed25519_dalek::{Signer, SigningKey};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use xueka_blacklist::{ListError, ListVerifier, Snapshot};

fuzz_target!(|bytes: &[u8]| {
    let key = SigningKey::from_bytes(&[7; 32]);
    let trusted = ListVerifier::new(&[key.verifying_key().to_bytes()]).unwrap();
    let now = Timestamp::UNIX_EPOCH;
    assert!(Snapshot::open(bytes, &trusted, None, now).is_err());

    // As `docs/blacklist-format.md` lays it out.
    let mut file = b"XUEKA-BL\x01\0\x01\0".to_vec();
    file.extend([0; 44]);
    file.extend((bytes.len() as u64).to_le_bytes());
    file.extend([0; 16]);
    let id = Sha256::digest(key.verifying_key().as_bytes());
    file.extend(&id[..8]);
    file.extend([0; 8]);
    file.extend(Sha256::digest(bytes));
    file.extend(key.sign(&file).to_bytes());
    file.extend(bytes);
    match Snapshot::open(&file, &trusted, None, now) {
        // The header says that there is nothing.
        Ok(snapshot) => assert!(snapshot.list().is_empty()),
        Err(error) => assert_eq!(error, ListError::Malformed),
    }
});
