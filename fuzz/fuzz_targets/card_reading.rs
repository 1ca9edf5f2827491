//! A whole reading of a card that answers anything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::{ReadingProfile, confirm_same_card, read_card};
use xueka_fuzz::GivenCard;
use xueka_transport::Dialect;

fuzz_target!(|input: &[u8]| {
    let mut card = GivenCard::new(input);
    let profile = ReadingProfile::default();
    if let Ok(reading) = read_card(&mut card, &Dialect::STANDARD, &profile) {
        let _ = confirm_same_card(&mut card, &Dialect::STANDARD, &reading);
    }
});
