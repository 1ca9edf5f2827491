//! Balance and trips of a card that answers anything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::{read_balance, read_trips};
use xueka_domain::CardFamily;
use xueka_fuzz::GivenCard;

fuzz_target!(|input: &[u8]| {
    for family in [
        CardFamily::TransitCpu,
        CardFamily::TUnion,
        CardFamily::CityUnion,
    ] {
        let _ = read_balance(&mut GivenCard::new(input), family);
        let _ = read_trips(&mut GivenCard::new(input), family);
    }
});
