//! Plans of writes as a journal may hand them over, and a card that answers
//! anything to them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::{Journal, JournalError, WriteEnd, WriteId, WritePlan, WriteTools, recover_card};
use xueka_fuzz::{GivenCard, keys, same_bytes};

struct Forgetful;

impl Journal for Forgetful {
    fn open(&mut self, _: &WritePlan) -> Result<WriteId, JournalError> {
        panic!("nothing new is begun");
    }

    fn close(&mut self, _: WriteId, _: WriteEnd) -> Result<(), JournalError> {
        Ok(())
    }
}

fuzz_target!(|input: &[u8]| {
    // The answers of the card stand behind the plan, after a NUL.
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let text = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let Ok(plan) = WritePlan::from_text(&text) else {
        return;
    };
    assert!(WritePlan::from_text(&plan.to_text().unwrap()).unwrap() == plan);
    let mut card = GivenCard::new(parts.next().unwrap_or_default());
    let dialect = card.dialect();
    let tools = WriteTools {
        dialect: &dialect,
        keys: keys(),
        random: same_bytes,
    };
    let _ = recover_card(&mut card, tools, WriteId(1), &plan, None, &mut Forgetful);
});
