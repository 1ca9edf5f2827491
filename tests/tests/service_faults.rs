//! What the daemon makes of a PC/SC service that is absent, late, empty, or
//! killed while it is used.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use xueka_tests::{Counter, Daemon, PrivatePcscd, Setup, until};

/// How soon after its return pcscd must be used again.
const RECOVERY: Duration = Duration::from_secs(2);

/// What the daemon says of the service.
fn source_state(daemon: &Daemon) -> String {
    // Without a reader the exit code says so; the answer is there all the same.
    let document = daemon.cli().run("readers --json").document();
    document["source_state"].as_str().unwrap().to_owned()
}

/// Waits until the daemon has found pcscd and its readers, all of them empty.
fn until_ready(daemon: &Daemon) {
    until("the readers to be known", || {
        let document = daemon.cli().run("readers --json").document();
        let readers = document["readers"].as_array().unwrap();
        let is_ready = readers.iter().all(|reader| reader["state"] == "EMPTY");
        (is_ready && !readers.is_empty()).then_some(())
    });
}

/// How many connections the daemon's socket has accepted and not closed.
fn connections(daemon: &Daemon) -> usize {
    let path = daemon.socket().to_str().unwrap();
    let sockets = fs::read_to_string("/proc/net/unix").unwrap();
    // The sixth column is the state; 03 is a connection.
    let is_ours = |line: &&str| line.ends_with(path) && line.split(' ').any(|word| word == "03");
    sockets.lines().filter(is_ours).count()
}

#[test]
fn without_pcscd_the_daemon_serves_and_says_what_is_missing() {
    let daemon = Setup::bare().start();
    let cli = daemon.cli();
    until("the daemon to notice", || {
        (source_state(&daemon) == "NO_SERVICE").then_some(())
    });

    let read = cli.run("read --json").expect(4);
    assert_eq!(read.reason(), "PCSC_UNAVAILABLE");
    let told = cli.run("read").expect(4);
    assert!(told.stderr.contains("pcscd"), "{}", told.stderr);
    let verdict = cli.run("verify --number 1000751012345678 --json").expect(1);
    assert_eq!(verdict.document()["verdict"], "NOT_ISSUED");
}

#[test]
fn a_pcscd_that_starts_later_is_found_within_two_seconds() {
    let pcscd = PrivatePcscd::start(2);
    pcscd.kill();
    let daemon = Setup::with_readers_of(&pcscd).start();
    until("the daemon to notice", || {
        (source_state(&daemon) == "NO_SERVICE").then_some(())
    });
    let mut taps = daemon.taps();

    pcscd.restart();
    let returned = Instant::now();
    taps.attached(&pcscd.readers()[0]);

    assert!(returned.elapsed() < RECOVERY, "{:?}", returned.elapsed());
    assert_eq!(source_state(&daemon), "READY");
}

#[test]
fn a_pcscd_without_readers_is_no_error_until_one_is_needed() {
    let pcscd = PrivatePcscd::start(0);
    let daemon = Setup::with_readers_of(&pcscd).start();
    until("the daemon to find pcscd", || {
        (source_state(&daemon) == "READY").then_some(())
    });

    let read = daemon.cli().run("read --json").expect(4);

    assert_eq!(read.reason(), "NO_READER");
}

#[test]
fn a_pcscd_killed_while_waiting_is_used_again_within_two_seconds() {
    let pcscd = PrivatePcscd::start(2);
    let daemon = Setup::on(&pcscd).start();
    let counter = Counter::new(&daemon, 0, &pcscd.readers()[0]);
    until_ready(&daemon);
    for round in 0..3 {
        let mut taps = daemon.taps();
        pcscd.kill();
        pcscd.restart();
        let returned = Instant::now();
        taps.attached(&pcscd.readers()[0]);
        assert!(
            returned.elapsed() < RECOVERY,
            "round {round}: {:?}",
            returned.elapsed()
        );
    }
    counter.tap("transit-cpu number=1000751012345678");
    let reading = counter.at_reader("read").expect(0).document();
    assert_eq!(reading["reading"]["card_number"], "1000751012345678");
}

#[test]
fn a_read_that_waits_outlives_a_killed_pcscd() {
    let pcscd = PrivatePcscd::start(2);
    let daemon = Setup::on(&pcscd).start();
    let reader = &pcscd.readers()[0];
    let counter = Counter::new(&daemon, 0, reader);
    until_ready(&daemon);
    let mut taps = daemon.taps();
    let n_clients = connections(&daemon);
    let waiting = counter
        .cli()
        .command(&["read", "--json", "--wait", "25s", "--reader", reader])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("the call to arrive", || {
        (connections(&daemon) > n_clients).then_some(())
    });
    // What was sent before this was answered has been taken up as well.
    assert_eq!(counter.state(), "EMPTY");

    pcscd.kill();
    pcscd.restart();
    taps.attached(reader);
    counter.tap("transit-cpu number=1000751012345678");

    let output = waiting.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}{complained}");
    assert!(said.contains("1000751012345678"), "{said}");
}

#[test]
fn a_pcscd_killed_during_a_reading_is_used_again_within_two_seconds() {
    let pcscd = PrivatePcscd::start(2);
    let daemon = Setup::on(&pcscd).log("debug").start();
    let counter = Counter::new(&daemon, 0, &pcscd.readers()[0]);
    let mut taps = daemon.taps();
    // Its first answer never comes, so the kill meets a reading.
    counter.tap_toml("kind = \"transit-cpu\"\n[[fault]]\nwhat = \"stuck\"");
    until("the reading to begin", || {
        (counter.state() != "EMPTY").then_some(())
    });
    pcscd.kill();
    let _ = counter.cli().run("sim remove --slot 0").expect(0);

    pcscd.restart();
    let returned = Instant::now();
    taps.attached(&pcscd.readers()[0]);

    assert!(returned.elapsed() < RECOVERY, "{:?}", returned.elapsed());
    counter.tap("transit-cpu number=1000751012345678");
    let reading = counter.at_reader("read").expect(0).document();
    assert_eq!(reading["reading"]["card_number"], "1000751012345678");
}
