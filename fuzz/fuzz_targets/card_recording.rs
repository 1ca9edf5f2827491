//! The recording of a card that answers anything: it can be replayed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::record_card;
use xueka_fuzz::{GivenCard, profile};
use xueka_simulator::VirtualCard;

fuzz_target!(|input: &[u8]| {
    let mut card = GivenCard::new(input);
    let dialect = card.dialect();
    if let Ok(recording) = record_card(&mut card, &dialect, profile()) {
        let text = recording.on("A \"Reader\" (S/N 1) 00 00").to_string();
        if let Err(error) = VirtualCard::replay(&text) {
            panic!("{error}:\n{text}");
        }
    }
});
