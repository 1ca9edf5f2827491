//! Readers of a real pcscd: known by what they are, shown signals, and alive
//! again after pcscd stood still.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use serde_json::Value;
use xueka_tests::{Counter, Daemon, PrivatePcscd, Setup, Signal, VirtualDriver, until};

const CARD: &str = "transit-cpu number=1000751012345678";

/// What the daemon says of its readers.
fn readers(daemon: &Daemon) -> Value {
    daemon.cli().run("readers --json").document()
}

/// Waits until a reader with this alias is listed.
fn until_alias(daemon: &Daemon, alias: &str) -> Value {
    until("the alias to be listed", || {
        let document = readers(daemon);
        let list = document["readers"].as_array().unwrap();
        list.iter().find(|it| it["alias"] == alias).cloned()
    })
}

#[test]
fn twins_are_told_apart_by_their_serial_numbers() {
    let twin = |serial| format!("ACS ACR122U PICC Interface;serial={serial};vendor=ACS");
    let (first, second) = (twin("A1"), twin("B2"));
    let pcscd = PrivatePcscd::with_readers(&[&first, &second]);
    let desk = "[[readers.desk]]\nalias = \"library\"\nserial = \"B2\"\n";
    let daemon = Setup::on(&pcscd).configured(desk).start();

    let library = until_alias(&daemon, "library");
    assert_eq!(library["name"], pcscd.readers()[1]);
    assert_eq!(library["serial_number"], "B2");
    assert_eq!(library["vendor"], "ACS");
    assert_eq!(library["model"], "acs-acr122u");

    let counter = Counter::new(&daemon, 1, "library");
    counter.tap(CARD);
    let reading = counter.at_reader("read").expect(0).document();
    assert_eq!(reading["reader_alias"], "library");
    assert_eq!(reading["reader"], pcscd.readers()[1]);
    let named = Counter::new(&daemon, 1, &pcscd.readers()[1]);
    let _ = named.at_reader("read").expect(0);
}

#[test]
fn an_expected_reader_that_is_not_there_is_reported_with_what_to_do() {
    let pcscd = PrivatePcscd::start(1);
    let desk = "[[readers.desk]]\nalias = \"entry desk\"\nserial = \"NOT-THIS-ONE\"\n";
    let daemon = Setup::on(&pcscd).configured(desk).start();
    let missing = until("the reader to be missed", || {
        let document = readers(&daemon);
        document["missing_readers"].get(0).cloned()
    });
    assert_eq!(missing["alias"], "entry desk");
    let message = missing["message"].as_str().unwrap();
    assert!(message.contains("plug"), "{message}");
    assert!(daemon.log().contains("entry desk"), "{}", daemon.log());
    let refused = daemon
        .cli()
        .run_words(&["read", "--reader", "entry desk", "--json"])
        .expect(4);
    assert_eq!(refused.reason(), "READER_GONE");
}

#[test]
fn a_driver_without_escape_commands_counts_the_signal_and_stays_silent() {
    let pcscd = PrivatePcscd::start_with(VirtualDriver::Vpcd, 2);
    let desk = format!(
        "[[readers.desk]]\nalias = \"desk\"\nname = {:?}\nmodel = \"acs-acr122u\"\n",
        pcscd.readers()[0]
    );
    let daemon = Setup::on(&pcscd).configured(&desk).start();
    assert_eq!(until_alias(&daemon, "desk")["shows_signals"], true);

    let counter = Counter::new(&daemon, 0, "desk");
    counter.tap(CARD);
    let _ = counter.at_reader_for("read", "10s").expect(0);
    let silent = until("the reader to fall silent", || {
        let reader = until_alias(&daemon, "desk");
        (reader["shows_signals"] == false).then_some(reader)
    });
    assert_eq!(silent["failed_signals"], 1);
    let _ = daemon.cli().run("signal refuse --reader desk").expect(1);
    let _ = counter.at_reader("read").expect(0);
}

#[test]
fn signals_reach_a_reader_that_has_a_light() {
    let pcscd = PrivatePcscd::with_readers(&["ACS ACR122U PICC Interface;serial=A1"]);
    let desk = "[[readers.desk]]\nalias = \"desk\"\nserial = \"A1\"\n";
    let daemon = Setup::on(&pcscd).configured(desk).start();
    let _ = until_alias(&daemon, "desk");
    let counter = Counter::new(&daemon, 0, "desk");
    counter.tap(CARD);
    let _ = counter.at_reader_for("read", "10s").expect(0);
    for signal in ["ok", "refuse", "busy"] {
        let line = format!("signal {signal} --reader desk");
        let _ = daemon.cli().run(&line).expect(0);
        // What is read next is read after the signal was shown, or instead.
        let _ = counter.at_reader("read").expect(0);
    }
    let reader = until_alias(&daemon, "desk");
    assert_eq!(reader["shows_signals"], true, "no command was refused");
    assert_eq!(reader["failed_signals"], 0);
}

#[test]
fn a_card_is_powered_anew_after_pcscd_stood_still() {
    let pcscd = PrivatePcscd::start(1);
    let daemon = Setup::on(&pcscd).start();
    let counter = Counter::new(&daemon, 0, &pcscd.readers()[0]);
    let mut taps = daemon.taps();
    counter.tap(CARD);
    assert_eq!(taps.arrived().unwrap(), "1000751012345678");

    pcscd.signal(Signal::STOP);
    until("the service to be listed as stalled", || {
        (readers(&daemon)["source_state"] == "STALLED").then_some(())
    });
    pcscd.signal(Signal::CONT);
    until("the card to be powered anew", || {
        let log = daemon.log();
        log.contains("card powered anew").then_some(())
    });
    assert!(daemon.log().contains("stood still"), "{}", daemon.log());
    let _ = counter.at_reader("read").expect(0);
    assert_eq!(readers(&daemon)["source_state"], "READY");

    // The card that stayed is the same tap: the next event is its departure.
    counter.clear();
    let next = taps.until("an event", |event| Some(xueka_tests::is_left(event)));
    assert!(next, "nothing was told of the card that stayed");
}
