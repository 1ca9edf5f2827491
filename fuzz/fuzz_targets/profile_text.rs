//! Profiles that anybody may have written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::{ProfileText, ReadingProfile};
use xueka_fuzz::keys;

fuzz_target!(|text: &str| {
    let file = "school.toml";
    if let Err(error) = ReadingProfile::new(&[ProfileText { file, text }], keys()) {
        assert!(!error.to_string().is_empty());
    }
});
