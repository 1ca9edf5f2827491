//! How the daemon starts and stops: what it refuses to start with, and that it
//! ends in order whatever a reader does.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::time::Duration;

use xueka_tests::{Cli, Counter, PrivatePcscd, Setup, Signal, until};

#[test]
fn a_socket_in_use_is_named_and_left_to_its_daemon() {
    let first = Setup::simulated(1).start();

    let refusal = Setup::bare().socket(first.socket()).refused();

    assert!(!refusal.status.success());
    assert!(refusal.text.contains("listen.socket"), "{}", refusal.text);
    let _ = first.cli().run("readers").expect(0);
}

#[test]
fn an_unknown_setting_is_named_with_its_line() {
    let refusal = Setup::bare().configured("[web]\norigin = []\n").refused();
    assert!(!refusal.status.success());
    assert!(refusal.text.contains("`origin`"), "{}", refusal.text);
    assert!(refusal.text.contains("line 8"), "{}", refusal.text);
}

#[test]
fn a_daemon_that_is_not_there_is_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("nobody.sock");

    let answer = Cli::new(&socket).run("readers").expect(3);

    let text = answer.stderr;
    assert!(text.contains(socket.to_str().unwrap()), "{text}");
    assert!(text.contains("xuekad"), "it says what to start: {text}");
}

#[test]
fn both_signals_end_it_in_order_and_leave_no_socket() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = Setup::simulated(4).start();
        // A listener that never reads again must not hold it up either.
        let _taps = daemon.taps();

        let (status, took) = daemon.stop(signal);

        assert!(status.success(), "{signal:?}: {status}");
        assert!(took < Duration::from_secs(5), "{signal:?}: {took:?}");
        assert!(!daemon.socket().exists());
    }
}

#[test]
fn a_reader_that_is_stuck_does_not_hold_up_the_end() {
    // A reader whose patience lasts longer than ours.
    let pcscd = PrivatePcscd::with_readers(&["Patient Reader;timeout=60000", "Another"]);
    let mut daemon = Setup::on(&pcscd).start();
    let counter = Counter::new(&daemon, 0, &pcscd.readers()[0]);
    counter.tap_toml("kind = \"transit-cpu\"\n[[fault]]\nwhat = \"stuck\"");
    until("the reader to be stuck", || {
        (counter.state() == "STALLED").then_some(())
    });
    let other = Counter::new(&daemon, 1, &pcscd.readers()[1]);
    other.tap("transit-cpu number=1000751012345678");
    let reading = other.at_reader("read").expect(0).document();
    assert_eq!(reading["reading"]["family"], "TRANSIT_CPU", "others go on");

    let (status, took) = daemon.stop(Signal::TERM);

    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}
