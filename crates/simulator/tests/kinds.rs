//! The list of kinds that the command line shows in its help is made from the
//! simulator's table.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{env, fmt::Write as _, fs, path::Path};

use xueka_simulator::card_kinds;

#[test]
fn the_help_of_sim_insert_is_up_to_date() {
    let width = card_kinds().map(|(name, _)| name.len()).max().unwrap();
    let mut text = String::from("The kind of card, one of:\n");
    for (name, summary) in card_kinds() {
        writeln!(text, "- {name:width$}  {summary}").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/src/card_kinds.txt");
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        committed, text,
        "run UPDATE_GENERATED=1 cargo test -p xueka-simulator --test kinds"
    );
}
