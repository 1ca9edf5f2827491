//! Rolls as workbooks, whole and in parts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_files::{RollLayout, parse_roll};
use xueka_fuzz::{SMALL, roll_is_sound, workbook};

fuzz_target!(|input: &[u8]| {
    match parse_roll(&workbook(input), &RollLayout::default(), &SMALL) {
        Ok(roll) => roll_is_sound(&roll),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
