//! Writes to a blank card whose answers are twisted, and to one that answers
//! anything: planned, carried out, taken up again. An honest card is written; a
//! plan that the journal keeps is the one that was made.
#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use xueka_cards::{
    CardContent, Journal, JournalError, WriteEnd, WriteId, WritePlan, WriteTools, plan_write,
    recover_card, write_card,
};
use xueka_fuzz::{GivenCard, TwistedCard, keys, same_bytes, writer};
use xueka_transport::{CardSession, Dialect};

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

/// How the write ended; `None` where nothing could be planned.
fn written(card: &mut dyn CardSession, dialect: &Dialect) -> Option<WriteEnd> {
    let tools = WriteTools {
        dialect,
        keys: keys(),
        random: same_bytes,
    };
    let content = CardContent {
        number: "20240017".parse().unwrap(),
        valid_from: None,
        valid_until: Some(date(2027, 8, 31)),
    };
    let plan = plan_write(card, tools, writer(), &content).ok()?;
    let mut journal = Kept::default();
    let ended = write_card(card, tools, &plan, &mut journal);
    let Some(text) = journal.0.clone() else {
        return ended.ok();
    };
    assert!(ended.is_err(), "the journal was not told the end");
    let kept = WritePlan::from_text(&text).unwrap();
    assert!(kept == plan);
    recover_card(card, tools, WriteId(1), &kept, None, &mut journal).ok()
}

fuzz_target!(|input: &[u8]| {
    let (choice, input) = input.split_first().unwrap_or((&0, &[]));
    if choice & 3 == 0 {
        let mut card = GivenCard::new(input);
        let dialect = card.dialect();
        written(&mut card, &dialect);
        return;
    }
    let mut card = TwistedCard::blank(input);
    let ended = written(&mut card, &Dialect::STANDARD);
    if card.is_honest() {
        assert_eq!(ended, Some(WriteEnd::Written));
    }
});
