//! A copy of what a card held before, through both programs.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use xueka_tests::{Daemon, Setup};

const PROFILE: &str = r#"
name = "School"
source = "a test"
[[mifare_classic]]
keys = [{ name = "factory", kind = "A" }]
copies = { first = { sector = 1, block = 0 }, second = { sector = 2, block = 0 }, blocks = 1 }
number = { offset = 0, length = 8, coding = "bcd" }
"#;

const LIST: &str = "\
student_number,name,class,card_number,UID
G202401001,李小雨,高一(1)班,1000751012345678,9B27D4E6
G202401002,王子涵,高一(1)班,3104870012345678901,04A1B2C3000102
";

/// A school's card: the number, how often it was written, the CRC-32 of both.
const WRITTEN_ONCE: &str = "kind = 'mifare-classic-1k'\nuid = '9B27D4E6'\n\
    [[block]]\nnumber = 4\ndata = '100075101234567800000001CDADE05B'\n";
const WRITTEN_TWICE: &str = "kind = 'mifare-classic-1k'\nuid = '9B27D4E6'\n\
    [[block]]\nnumber = 4\ndata = '100075101234567800000001CDADE05B'\n\
    [[block]]\nnumber = 8\ndata = '10007510123456780000000254A4B1E1'\n";

/// A transit card after its 423rd payment, and before.
const PAID: &str = "kind = 't-union'\nnumber = '3104870012345678901'\nuid = '04A1B2C3000102'\n\
    [[log]]\nrecord = '01A7000000000001F40930010203040520260901073005'\n";
const PAID_LESS: &str = "kind = 't-union'\nnumber = '3104870012345678901'\nuid = '04A1B2C3000102'\n\
    [[log]]\nrecord = '01A6000000000001F40930010203040520260831073005'\n";

/// A daemon with the school's profile and list, and the folder of its keys.
fn start() -> (Daemon, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    let keys = file("keys.toml", "factory = \"FFFFFFFFFFFF\"\n");
    let profile = file("school.toml", PROFILE);
    let list = file("list.csv", LIST);
    let cards = format!("[cards]\nkey_file = '{keys}'\nprofiles = ['{profile}']\n");
    let daemon = Setup::simulated(1).configured(&cards).start();
    let words = ["card", "import", list.as_str()];
    let _ = daemon.cli().run_words(&words).expect(0);
    (daemon, folder)
}

fn put(daemon: &Daemon, card: &str) {
    let file = daemon.folder().join("card.toml");
    fs::write(&file, card).unwrap();
    let words = ["sim", "insert", "--file", file.to_str().unwrap()];
    let _ = daemon.cli().run_words(&words).expect(0);
}

fn verify(daemon: &Daemon, card: &str) -> Value {
    put(daemon, card);
    let words = ["verify", "--wait", "10s", "--json"];
    daemon.cli().run_words(&words).document()
}

#[test]
fn an_older_copy_of_a_card_is_suspect_and_the_card_stays_good() {
    let (daemon, _folder) = start();
    for (card, why) in [
        (WRITTEN_ONCE, "never seen"),
        (WRITTEN_ONCE, "the same"),
        (WRITTEN_TWICE, "written on"),
    ] {
        assert_eq!(verify(&daemon, card)["verdict"], "VALID", "{why}");
    }
    // How often it was written is noted behind the answer.
    let begun = Instant::now();
    let copy = loop {
        let copy = verify(&daemon, WRITTEN_ONCE);
        if copy["verdict"] == "SUSPECT" || begun.elapsed() > Duration::from_secs(10) {
            break copy;
        }
    };
    assert_eq!(copy["reason"], "COUNTER_RAN_BACKWARDS", "{copy}");
    assert_eq!(verify(&daemon, WRITTEN_TWICE)["verdict"], "VALID");
}

#[test]
fn a_purse_that_counts_less_is_told_of() {
    let (daemon, _folder) = start();
    let trips = |card| {
        put(&daemon, card);
        daemon.cli().json("card trips --wait 10s")["ran_backwards"].clone()
    };
    assert_eq!(trips(PAID_LESS), json!([]));
    assert_eq!(trips(PAID), json!([]));
    assert_eq!(trips(PAID_LESS), json!(["PAYMENTS"]));
    assert_eq!(trips(PAID), json!([]));
    put(&daemon, PAID_LESS);
    let told = daemon.cli().run("card trips --wait 10s").expect(0).stdout;
    assert!(told.contains("may be a copy"), "{told}");
}
