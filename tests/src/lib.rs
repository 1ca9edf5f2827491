//! What the end-to-end tests stand on: a pcscd of their own, the daemon and the
//! command line as processes, and an awaited end for each of them.
//!
//! Everything here panics when it fails, with what the process said: that is
//! how a test fails. Nothing waits by sleeping a guessed time; where no event
//! can be waited for, [`until`] looks at a condition again and again, bounded.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "in a test a panic is the failure"
)]

mod cli;
mod daemon;
mod fake_pcscd;
mod pcscd;
mod probe;
mod programs;
mod python;
mod story;
mod taps;
mod wait;

pub use rustix::process::Signal;

pub use cli::{Answer, Cli};
pub use daemon::{Daemon, Refusal, Setup};
pub use fake_pcscd::{FakePcscd, Manner};
pub use pcscd::{PrivatePcscd, VirtualDriver};
pub use probe::{Probe, Seen};
pub use programs::{driver, program, workspace};
pub use python::python;
pub use story::{Counter, TAPS, Tap};
pub use taps::{Taps, is_left, number_read};
pub use wait::{PATIENCE, until};
