//! What is proved by doing it very often, as `make prove` does; each proof is
//! also done a few times with the other tests.
//!
//! A proof prints its figures, with the goals, and fails when one is missed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

mod recovery;
mod spread;
mod torn;

#[test]
fn a_pcscd_that_is_killed_is_found_again() {
    recovery::prove(4);
}

#[test]
#[ignore = "takes minutes: make prove"]
fn a_pcscd_that_is_killed_a_hundred_times_is_found_again() {
    recovery::prove(100);
}

#[test]
fn cards_torn_while_they_are_written_through_pcscd_are_made_whole() {
    torn::prove(1);
}

/// A hundred of each of seven kinds.
#[test]
#[ignore = "much of the same: make prove"]
fn seven_hundred_cards_torn_while_they_are_written_through_pcscd_are_made_whole() {
    torn::prove(100);
}
