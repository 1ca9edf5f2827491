//! A close look at a card that answers anything, put into words, and masked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::{MaskedOutcome, explain, inspect_card};
use xueka_domain::Language;
use xueka_fuzz::{GivenCard, profile};
use xueka_transport::CardSession;

fuzz_target!(|input: &[u8]| {
    let mut card = GivenCard::new(input);
    let dialect = card.dialect();
    let Ok(inspection) = inspect_card(&mut card, &dialect, profile()) else {
        return;
    };
    for language in [Language::English, Language::Chinese] {
        let _ = explain::atr(card.atr(), language);
        let _ = explain::outcome(&inspection.reading, language);
        for clue in &inspection.recognition.because {
            let _ = explain::clue(clue.seen, language);
        }
        for hint in &inspection.hints {
            let _ = explain::hint(*hint, language);
        }
    }
    let numbers = Vec::from_iter(inspection.reading.number);
    let masked = inspection.trace.masked(&numbers);
    assert_eq!(masked.atr.as_slice().len(), card.atr().len());
    for exchange in &masked.exchanges {
        assert!(exchange.command.as_slice().len() >= 4);
        if let MaskedOutcome::Response(response) = &exchange.outcome {
            assert!(response.as_slice().len() >= 2, "the status word stays");
        }
    }
});
