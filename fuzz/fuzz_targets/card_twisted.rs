//! A reading of a virtual card whose answers are twisted on the way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::read_card;
use xueka_fuzz::{TwistedCard, profile};
use xueka_transport::Dialect;

fuzz_target!(|input: &[u8]| {
    let mut card = TwistedCard::new(input);
    let reading = read_card(&mut card, &Dialect::STANDARD, profile());
    if card.must_give_number() {
        let number = reading.expect("nothing was twisted").number;
        assert!(number.is_some(), "the number of an honest card is read");
    }
});
