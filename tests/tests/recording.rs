//! `xueka record` on a real pcscd, and its file back in a reader.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::fs;

use xueka_tests::{Counter, PrivatePcscd, Setup};

const NUMBER: &str = "1000751012345678";

#[test]
fn a_recorded_card_comes_back_as_another_one() {
    let pcscd = PrivatePcscd::start(2);
    let daemon = Setup::on(&pcscd).start();
    let counter = Counter::new(&daemon, 0, &pcscd.readers()[0]);
    counter.tap(&format!("transit-cpu number={NUMBER} uid=3A5C7E91"));
    let file = daemon.folder().join("card.toml");
    let record = format!("record {}", file.display());

    let answer = counter.at_reader(&record).expect(0);

    assert_eq!(answer.document()["family"], "TRANSIT_CPU");
    let text = fs::read_to_string(&file).unwrap();
    for personal in [NUMBER, "751012345678", "3A5C7E91", "917E5C3A"] {
        assert!(!text.contains(personal), "{personal} in\n{text}");
    }

    // A recording is never written over.
    let again = counter.at_reader(&record).expect(2);
    assert!(again.stderr.contains("card.toml"), "{}", again.stderr);

    let other = Counter::new(&daemon, 1, &pcscd.readers()[1]);
    other.tap_toml(&text);
    let reading = other.at_reader("read").expect(0).document();
    assert_eq!(reading["reading"]["family"], "TRANSIT_CPU");
    assert_eq!(reading["reading"]["complete"], true);
    assert_ne!(reading["reading"]["card_number"], NUMBER);
}

#[test]
fn only_an_administrator_records() {
    let daemon = Setup::simulated(1).configured("").start();
    let token = daemon.folder().join("clerk.token");
    let made = format!(
        "token create desk --role registrar --save {}",
        token.display()
    );
    let _ = daemon.cli().run(&made).expect(0);

    let file = daemon.folder().join("card.toml");
    let refused = format!("record {} --token-file {}", file.display(), token.display());
    let answer = daemon.cli().run(&format!("{refused} --json")).expect(5);

    assert_eq!(answer.reason(), "NOT_PERMITTED");
    assert!(!file.exists());
}
