//! Factory results of several layouts: what is read can be written, and is read
//! again as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_files::{Limits, parse_factory_result, write_factory_result};
use xueka_fuzz::factory_result;

fuzz_target!(|input: &[u8]| {
    let (layout, file) = factory_result(input);
    let limits = Limits::default();
    let Ok(read) = parse_factory_result(&file, &layout, &limits) else {
        return;
    };
    assert!(read.rows.len() <= read.n_rows);
    assert!(read.errors.is_sorted_by_key(|error| error.row));
    let rows: Vec<_> = read.rows.into_iter().map(|row| row.value).collect();
    let file = write_factory_result(&read.marks, &rows, &layout).unwrap();
    let again = parse_factory_result(&file, &layout, &limits).unwrap();
    assert_eq!(again.errors, []);
    let again: Vec<_> = again.rows.into_iter().map(|row| row.value).collect();
    assert_eq!(again, rows);
});
