//! Readings of cards that follow a script.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

mod babble;
mod confirmation;
mod conversations;
mod inspection;
mod malformed;
mod mifare;
mod pages;
mod purse;
mod school;
mod script;
