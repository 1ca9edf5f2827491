//! Cards written by a profile, torn at any exchange, and made whole again.
//!
//! The simulator knows nothing of how this crate writes: what it keeps after a
//! tear is what a chip would.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

mod classic;
mod desfire;
mod fmcos;
mod fmcos_making;
mod lies;
mod notes;
mod pages;
mod torn;
