//! Key files; an error never says what stands in one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::KeyRing;

fuzz_target!(|text: &str| {
    match KeyRing::from_text(text) {
        Ok(ring) => {
            let _ = format!("{ring:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
