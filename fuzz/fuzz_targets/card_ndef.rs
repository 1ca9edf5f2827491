//! A Type 2 tag with anything in its memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::read_card;
use xueka_fuzz::{MemoryCard, profile};
use xueka_transport::Dialect;

fuzz_target!(|memory: &[u8]| {
    let mut card = MemoryCard::new(memory);
    let reading = read_card(&mut card, &Dialect::STANDARD, profile());
    assert!(reading.is_ok(), "a reader that answers all is no failure");
});
