//! A client that was written without us: Python's grpcio, which knows nothing
//! but what the daemon's reflection tells it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::process::Command;

use xueka_tests::{Setup, python, workspace};

#[test]
fn a_python_client_calls_every_method_by_reflection() {
    let daemon = Setup::simulated(2).start();

    let output = Command::new(python())
        .arg(workspace().join("tests/python/call_everything.py"))
        .arg(format!("unix:{}", daemon.socket().display()))
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("called all"), "{said}");
}
