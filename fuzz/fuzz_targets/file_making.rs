//! Card-making files of several layouts: what is read can be written, and is
//! read again as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_files::{Limits, WriteError, parse_making_file, write_making_file};
use xueka_fuzz::making_file;

fuzz_target!(|input: &[u8]| {
    let (layout, file) = making_file(input);
    let limits = Limits::default();
    let Ok(read) = parse_making_file(&file, &layout, &limits) else {
        return;
    };
    assert!(read.rows.len() <= read.n_rows);
    assert!(read.errors.is_sorted_by_key(|error| error.row));
    let mut rows: Vec<_> = read.rows.into_iter().map(|row| row.value).collect();
    let file = match write_making_file(&read.marks, &rows, &layout) {
        Ok(file) => file,
        // A layout may leave out what its own header or its trailer does not say.
        Err(WriteError::MissingMark { .. }) => return,
        Err(error) => panic!("{error:?}"),
    };
    let again = parse_making_file(&file, &layout, &limits).unwrap();
    assert_eq!(again.errors, []);
    assert!(
        again
            .marks
            .differences(&read.marks)
            .iter()
            .all(|mark| *mark == xueka_files::Mark::Rows)
    );
    rows.sort_by(|one, other| one.student.number.cmp(&other.student.number));
    let again: Vec<_> = again.rows.into_iter().map(|row| row.value).collect();
    assert_eq!(again, rows);
});
