//! Recordings and descriptions of cards that anybody may have written, and
//! whatever such a card then answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::read_card;
use xueka_fuzz::profile;
use xueka_simulator::VirtualCard;
use xueka_transport::Dialect;

fuzz_target!(|text: &str| {
    if let Ok(mut card) = VirtualCard::replay(text) {
        let _ = read_card(&mut card, &Dialect::STANDARD, profile());
    }
    // Not read: a description may make a card wait.
    let _ = VirtualCard::from_toml(text);
});
