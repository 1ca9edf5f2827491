//! Writes to a card that answers anything: planned, carried out, taken up again.
//! What the journal was not told is not written, and a plan survives it.
#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use xueka_cards::{
    CardContent, Journal, JournalError, WriteEnd, WriteId, WritePlan, WriteTools, plan_write,
    recover_card, write_card,
};
use xueka_fuzz::{GivenCard, keys, same_bytes, writer};

/// Keeps the text of a plan, as the registry does.
#[derive(Default)]
struct Kept(Option<String>);

impl Journal for Kept {
    fn open(&mut self, plan: &WritePlan) -> Result<WriteId, JournalError> {
        self.0 = Some(plan.to_text().unwrap());
        Ok(WriteId(1))
    }

    fn close(&mut self, _: WriteId, _: WriteEnd) -> Result<(), JournalError> {
        assert!(self.0.take().is_some(), "an end without a beginning");
        Ok(())
    }
}

fuzz_target!(|input: &[u8]| {
    let mut card = GivenCard::new(input);
    let dialect = card.dialect();
    let tools = WriteTools {
        dialect: &dialect,
        keys: keys(),
        random: same_bytes,
    };
    let content = CardContent {
        number: "20240017".parse().unwrap(),
        valid_from: None,
        valid_until: Some(date(2027, 8, 31)),
    };
    let Ok(plan) = plan_write(&mut card, tools, writer(), &content) else {
        return;
    };
    assert!(format!("{plan:?}").find("20240017").is_none());
    let mut journal = Kept::default();
    let ended = write_card(&mut card, tools, &plan, &mut journal);
    let Some(text) = journal.0.clone() else {
        return;
    };
    assert!(ended.is_err(), "the journal was not told the end");
    let kept = WritePlan::from_text(&text).unwrap();
    assert!(kept == plan);
    let _ = recover_card(&mut card, tools, WriteId(1), &kept, None, &mut journal);
});
