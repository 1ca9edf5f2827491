//! Numbers that somebody typed, and the cards that they may be printed on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_domain::{CardNumber, NumberForm, Printed, StudentNumber, Uid};

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
    for form in NumberForm::standard() {
        let _ = (form.candidates(&printed), form.key_of(text));
    }
});
