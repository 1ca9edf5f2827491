//! A whole reading of a card that answers anything, by a profile that looks
//! everywhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::{confirm_same_card, read_card};
use xueka_fuzz::{GivenCard, profile};

fuzz_target!(|input: &[u8]| {
    let mut card = GivenCard::new(input);
    let dialect = card.dialect();
    if let Ok(reading) = read_card(&mut card, &dialect, profile()) {
        assert_eq!(reading.number.is_some(), reading.number_source.is_some());
        let _ = confirm_same_card(&mut card, &dialect, &reading);
    }
});
