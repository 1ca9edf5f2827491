//! ATRs taken apart here and by `ATR_analysis` of pcsc-tools, compared over
//! every ATR of its list.
//!
//! Runs where that package is installed, as `make test` sees to; elsewhere it
//! says that it was left out. The tool is a Perl script that analyses one ATR
//! and ends; `every_atr.pl` lets one Perl process play it for all of them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

mod list;
mod report;
mod tool;

use xueka_apdu::{Atr, AtrAnatomy};

/// ATRs that the list does not have: cut off at every place, with bytes too
/// many, with a wrong check character, of no convention at all.
const DAMAGED: [&str; 18] = [
    "3B",
    "00",
    "3B00",
    "3B80",
    "3B8080",
    "3B808001",
    "3B8080010100",
    "3B80800102",
    "3B8F80",
    "3B8F8001804F0CA0",
    "3B8F8001804F0CA00000030603000100000000",
    "3B8F8001804F0CA0000003060300010000000000",
    "3BFF",
    "3BFF11",
    "3BFF110000F1",
    "3B02AABBCC",
    "3B02AABBCCDD",
    "03021450",
];

#[test]
fn every_atr_of_the_list_is_taken_apart_alike() {
    let Some(tool) = tool::Tool::find() else {
        eprintln!("left out: pcsc-tools is not installed");
        return;
    };
    let list = list::List::load(tool.list());
    assert!(list.n_lines > 3_000, "{} lines", list.n_lines);
    assert_eq!(list.not_understood, Vec::<String>::new());
    assert_eq!(list.n_plain + list.n_patterns, list.n_lines);
    assert!(list.n_patterns > 100, "the list has patterns");

    let damaged = DAMAGED.iter().map(|text| hex::decode(text).unwrap());
    let atrs: Vec<_> = list.atrs.iter().cloned().chain(damaged).collect();
    let outputs = tool.analyse(&atrs);
    assert_eq!(outputs.len(), atrs.len());

    let mut differences = Vec::new();
    let (mut n_strict, mut n_unfollowed) = (0, 0);
    for (atr, output) in atrs.iter().zip(&outputs) {
        let mut theirs = report::Report::of_tool(output);
        let mut ours = report::Report::of_anatomy(&AtrAnatomy::of(atr));
        if ours.leave_out_unfollowed() {
            theirs.leave_out_unfollowed();
            n_unfollowed += 1;
        }
        if let Some(difference) = ours.difference(&theirs) {
            differences.push(format!("{}: {difference}", hex::encode_upper(atr)));
        }
        n_strict += usize::from(Atr::parse(atr).is_ok());
    }
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        atrs.len(),
        differences.join("\n")
    );
    assert!(
        n_unfollowed < atrs.len() / 50,
        "{n_unfollowed} left out in part"
    );
    eprintln!(
        "{} ATRs taken apart alike: {} of the list as they stand, {} made of its {} patterns, \
         {} damaged; {n_strict} of all follow the rules; of {n_unfollowed} the last objects \
         are not compared",
        atrs.len(),
        list.n_plain,
        list.atrs.len() - list.n_plain,
        list.n_patterns,
        DAMAGED.len(),
    );
}
