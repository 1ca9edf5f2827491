//! Readers from start to shutdown on simulated ones, faults included.
//!
//! Nothing here sleeps to wait: every step waits for the event that it is
//! about, and gives up after ten seconds.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

mod faults;
mod house;
mod identity;
mod models;
mod places;
mod reading;
mod release;
mod service;
mod shutdown;
mod signals;
mod standstill;
mod taps;
mod visit;
