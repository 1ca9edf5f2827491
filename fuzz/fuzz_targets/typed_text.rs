//! Numbers that somebody typed, and the cards that they may be printed on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_domain::{CardNumber, NumberRule, Printed, StudentNumber, Uid};

fuzz_target!(|text: &str| {
    if let Ok(number) = text.parse::<CardNumber>() {
        assert_eq!(number.reveal().parse(), Ok(number));
    }
    if let Ok(uid) = text.parse::<Uid>() {
        assert_eq!(Uid::try_from(uid.reveal()), Ok(uid));
    }
    let _ = text.parse::<StudentNumber>();
    let Ok(printed) = text.parse::<Printed>() else {
        return;
    };
    assert_eq!(printed.reveal().parse(), Ok(printed.clone()));
    for rule in NumberRule::standard() {
        let _ = (rule.candidates(&printed), rule.key_of(text));
    }
});
