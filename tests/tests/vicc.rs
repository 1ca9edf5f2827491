//! A card that was written without us: vicc, the emulator of the vsmartcard
//! project, as an ISO 7816 contact card.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use xueka_tests::{PrivatePcscd, Setup, VirtualDriver, python};

/// The emulator as a process; it ends with this value, and with the test.
struct Vicc(Child);

impl Vicc {
    /// Plugs an ISO 7816 card into the virtual reader at `address`.
    fn plug_into(address: &str) -> Self {
        let (host, port) = address.rsplit_once(':').unwrap();
        // The distribution installs the modules where no Python looks.
        let modules = "/usr/lib/python3/site-packages/virtualsmartcard";
        assert!(Path::new(modules).exists(), "vsmartcard-vpicc is installed");
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(python())
            .args([
                "/usr/bin/vicc",
                "--type",
                "iso7816",
                "--hostname",
                host,
                "--port",
                port,
            ])
            .env("PYTHONPATH", modules)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// It ends when it is sent a command that it cannot parse.
    fn is_plugged_in(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Vicc {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn an_emulated_contact_card_is_read_as_unknown_iso_7816_card() {
    let pcscd = PrivatePcscd::start_with(VirtualDriver::Vpcd, 2);
    let daemon = Setup::with_readers_of(&pcscd).log("debug").start();
    let cli = daemon.cli();
    let [_, reader] = pcscd.readers() else {
        panic!("two readers: {:?}", pcscd.readers());
    };
    let mut vicc = Vicc::plug_into(&pcscd.addresses()[1]);

    for attempt in ["at its first", "and at a second"] {
        let words = ["read", "--json", "--wait", "20s", "--reader", reader];
        let reading = &cli.run_words(&words).expect(0).document()["reading"];
        assert_eq!(reading["family"], "ISO7816", "{attempt} reading: {reading}");
        assert_eq!(reading["atr"], "3B951381018073FF01000B");
        assert!(
            reading["uid"].is_null(),
            "a contact card has no UID: {reading}"
        );
    }

    let readers = cli.json("readers");
    assert_eq!(readers["readers"].as_array().unwrap().len(), 2, "{readers}");
    assert!(vicc.is_plugged_in(), "a pseudo-APDU would have ended it");
    let log = daemon.log();
    assert!(!log.contains("ERROR") && !log.contains("WARN"), "{log}");
}
