//! What is told of the rows of any file: a list that every program reads, in
//! which no cell runs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_domain::Language;
use xueka_files::{Limits, ListFormat, RowVerdict, parse_making_file, write_verdicts};
use xueka_fuzz::making_file;

fuzz_target!(|input: &[u8]| {
    let (layout, file) = making_file(input);
    let Ok(read) = parse_making_file(&file, &layout, &Limits::default()) else {
        return;
    };
    for language in [Language::Chinese, Language::English] {
        let good = read.rows.iter().map(|row| row.row);
        let verdicts = RowVerdict::of_rows(good, &read.errors, language);
        assert!(verdicts.is_sorted_by_key(|verdict| verdict.row));
        let lines = verdicts.iter().map(|verdict| verdict.findings.len().max(1));
        let n_lines: usize = lines.sum();
        assert!(
            !write_verdicts(&verdicts, ListFormat::CsvGb18030, language)
                .unwrap()
                .is_empty()
        );
        let list = write_verdicts(&verdicts, ListFormat::CsvUtf8, language).unwrap();
        let mut reader = csv::Reader::from_reader(list.strip_prefix(b"\xEF\xBB\xBF").unwrap());
        let mut n_read = 0;
        for record in reader.records() {
            let record = record.unwrap();
            assert_eq!(record.len(), 6);
            assert!(record[0].parse::<u64>().is_ok());
            let runs = |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert!(!record.iter().any(runs));
            n_read += 1;
        }
        assert_eq!(n_read, n_lines);
    }
});
