//! Cards are torn while they are written through a real pcscd.

use std::process::Command;

use xueka_tests::{PrivatePcscd, program};

/// Tears so many cards of each kind that can be written; fails where one is half
/// written and not known to be.
pub(crate) fn prove(n_cards: u32) {
    let pcscd = PrivatePcscd::start(1);
    println!("cards torn while they are written through pcscd");
    let status = Command::new("setpriv")
        .args(["--pdeathsig", "KILL"])
        .arg(program("torn-writer"))
        .args([&pcscd.addresses()[0], &pcscd.readers()[0]])
        .arg(n_cards.to_string())
        .env("PCSCLITE_CSOCK_NAME", pcscd.socket())
        .status()
        .expect("util-linux is here");
    assert!(status.success(), "{status}");
}
