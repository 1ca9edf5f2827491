//! Lists of cards that were issued before.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_files::parse_issued_cards;

fuzz_target!(|input: &[u8]| {
    let (choice, bytes) = input.split_first().unwrap_or((&0, &[]));
    // Good headings, which a fuzzer would have to guess.
    let headings = match choice % 3 {
        0 => "",
        1 => "学籍号,姓名,卡号,班级,发卡日期,有效期至,状态\n",
        _ => "student_number\tname\tuid\tcard_number\n",
    };
    match parse_issued_cards(&[headings.as_bytes(), bytes].concat()) {
        Ok(list) => {
            assert!(list.cards.len() <= list.n_rows);
            assert!(list.errors.is_sorted_by_key(|error| error.row));
            for card in &list.cards {
                assert!(!card.uid.is_some_and(|uid| uid.is_random()));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
