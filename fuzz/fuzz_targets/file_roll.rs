//! Rolls as text, with the layouts that a school may set.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_domain::Language;
use xueka_files::{ListFormat, RollLayout, parse_roll, write_roll};
use xueka_fuzz::{SMALL, roll_is_sound};

/// Nothing said; a title above the headings; another heading and another
/// encoding; no headings at all.
const LAYOUTS: [&str; 4] = [
    "",
    "header_row = 2\ndelimiter = \"semicolon\"",
    "encoding = \"gb18030\"\ncolumns.student_number = \"ID\"\ncolumns.class_name = 5",
    "header_row = 0\ncolumns.student_number = 1\ncolumns.name = 2\ncolumns.state = 3",
];

fuzz_target!(|input: &[u8]| {
    let (choice, bytes) = input.split_first().unwrap_or((&0, &[]));
    let layout = LAYOUTS[usize::from(choice % 4)];
    let layout: RollLayout = toml::from_str(layout).unwrap();
    // Good headings, which a fuzzer would have to guess.
    let bytes = match choice & 0x80 == 0 {
        true => bytes.to_vec(),
        false => [
            "student_number,name,sex,cohort,class_name,state,state_since\n".as_bytes(),
            bytes,
        ]
        .concat(),
    };
    let Ok(roll) = parse_roll(&bytes, &layout, &SMALL) else {
        return;
    };
    roll_is_sound(&roll);
    if roll.rows.is_empty() {
        return;
    }
    let entries: Vec<_> = roll.rows.into_iter().map(|row| row.value).collect();
    // Half of the inputs each, for writing costs more than reading.
    let format = match choice & 0x40 == 0 {
        true => ListFormat::CsvUtf8,
        false => ListFormat::CsvGb18030,
    };
    // A character may have no place in GB18030; nothing else stops a list.
    let Ok(file) = write_roll(&entries, format, Language::Chinese) else {
        assert_eq!(format, ListFormat::CsvGb18030);
        return;
    };
    let read = parse_roll(&file, &RollLayout::default(), &SMALL).unwrap();
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    let read: Vec<_> = read.rows.into_iter().map(|row| row.value).collect();
    assert_eq!(read, entries);
});
