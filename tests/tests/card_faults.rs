//! What the daemon makes of cards that leave, lie, stall or never end, on a
//! real pcscd and on readers of its own: it says what happened, and the next
//! card is read as if nothing had been.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use xueka_tests::{Counter, Daemon, PrivatePcscd, Setup, Taps, VirtualDriver};

const NUMBER: &str = "1000751012345678";

/// A fault of a transit card, and the outcomes of a reading that make sense of
/// it: the number, or the reason why there is none.
struct Case {
    fault: &'static str,
    outcomes: &'static [Result<&'static str, &'static str>],
    why: &'static str,
}

const GONE: &[Result<&str, &str>] = &[Err("CARD_GONE")];
/// A number that the card does not give is missing from the reading; a card
/// that gives nothing at all is unreadable. Neither is ever an endless loop.
const NO_NUMBER: &[Result<&str, &str>] = &[Ok(""), Err("CARD_UNREADABLE"), Err("READER_FAILED")];

const CASES: &[Case] = &[
    Case {
        fault: "what = \"tear\"\nat_command = 1",
        outcomes: GONE,
        why: "pulled before the UID was read",
    },
    Case {
        fault: "what = \"tear\"\nat_command = 2",
        outcomes: GONE,
        why: "pulled during the reading",
    },
    Case {
        fault: "what = \"tear\"\nat_command = 2\nobeyed = true",
        outcomes: GONE,
        why: "pulled after the command was obeyed",
    },
    Case {
        fault: "what = \"half-response\"\nat_command = 2",
        outcomes: GONE,
        why: "pulled while it answered",
    },
    Case {
        fault: "what = \"empty-response\"\nat_command = 2",
        outcomes: GONE,
        why: "success without a byte is a tear",
    },
    Case {
        fault: "what = \"one-byte-response\"\nat_command = 2",
        outcomes: GONE,
        why: "success with one byte is a tear",
    },
    Case {
        fault: "what = \"endless-more\"\nat_command = 2",
        outcomes: NO_NUMBER,
        why: "61xx without end",
    },
    Case {
        fault: "what = \"endless-wrong-length\"\nat_command = 2",
        outcomes: NO_NUMBER,
        why: "6Cxx without end",
    },
    Case {
        fault: "what = \"endless-more\"\nat_command = 1",
        outcomes: &[
            Ok(NUMBER),
            Ok(""),
            Err("CARD_UNREADABLE"),
            Err("READER_FAILED"),
        ],
        why: "61xx without end where the reader itself answers",
    },
    Case {
        fault: "what = \"delay\"\nat_command = 2\nduration = \"700ms\"",
        outcomes: &[Ok(NUMBER)],
        why: "slow is not wrong",
    },
];

/// ATRs that no standard knows; what matters is that the daemon lives.
const ATRS: &[&str] = &["3B", "FFFF", "00", "3B8F80", "3B9FFFFFFFFFFF"];

fn every_fault_is_told_and_the_next_card_is_read(counter: &Counter, taps: &mut Taps) {
    for case in CASES {
        counter.tap_toml(&format!(
            "kind = \"transit-cpu\"\nnumber = \"{NUMBER}\"\n[[fault]]\n{}",
            case.fault
        ));
        let outcome = taps.arrived();
        let outcome = outcome.as_ref().map(String::as_str).map_err(String::as_str);
        assert!(
            case.outcomes.contains(&outcome),
            "{}: {outcome:?}",
            case.why
        );
        the_next_card_is_read(counter, taps, case.why);
    }
}

fn malformed_atrs_do_no_harm(counter: &Counter, taps: &mut Taps) {
    for atr in ATRS {
        counter.tap_toml(&format!("kind = \"iso14443-4\"\natr = \"{atr}\""));
        // Whatever becomes of it, pcscd included: an answer, and in time.
        let answer = counter.at_reader_for("read", "2s");
        assert!([0, 4, 6].contains(&answer.code), "{atr}: {answer:?}");
        the_next_card_is_read(counter, taps, atr);
    }
}

fn the_next_card_is_read(counter: &Counter, taps: &mut Taps, after: &str) {
    counter.tap("transit-cpu number=1000751099999999 uid=33333333");
    taps.until("the next card", |event| {
        (xueka_tests::number_read(event) == Some("1000751099999999")).then_some(())
    });
    let reading = counter.at_reader("read").expect(0).document();
    assert_eq!(
        reading["reading"]["card_number"], "1000751099999999",
        "after {after}"
    );
    counter.clear();
}

/// A daemon with readers of its own, and the counter at the first.
fn in_process() -> (Daemon, Counter) {
    let daemon = Setup::simulated(1).start();
    let slots = daemon.cli().json("sim list");
    let reader = slots["slots"][0]["attached_to"]
        .as_str()
        .unwrap()
        .to_owned();
    let counter = Counter::new(&daemon, 0, &reader);
    (daemon, counter)
}

/// A daemon on a real pcscd, and the counter at its first reader.
fn on_pcscd(driver: VirtualDriver) -> (PrivatePcscd, Daemon, Counter) {
    let pcscd = PrivatePcscd::start_with(driver, 2);
    let daemon = Setup::on(&pcscd).start();
    let counter = Counter::new(&daemon, 0, &pcscd.readers()[0]);
    (pcscd, daemon, counter)
}

#[test]
fn faults_of_cards_on_a_real_pcscd() {
    let (_pcscd, daemon, counter) = on_pcscd(VirtualDriver::Ours);
    every_fault_is_told_and_the_next_card_is_read(&counter, &mut daemon.taps());
}

#[test]
fn faults_of_cards_with_vpcd() {
    let (_pcscd, daemon, counter) = on_pcscd(VirtualDriver::Vpcd);
    every_fault_is_told_and_the_next_card_is_read(&counter, &mut daemon.taps());
}

#[test]
fn faults_of_cards_in_process() {
    let (daemon, counter) = in_process();
    every_fault_is_told_and_the_next_card_is_read(&counter, &mut daemon.taps());
}

#[test]
fn malformed_atrs_on_a_real_pcscd() {
    let (_pcscd, daemon, counter) = on_pcscd(VirtualDriver::Ours);
    malformed_atrs_do_no_harm(&counter, &mut daemon.taps());
}

#[test]
fn malformed_atrs_with_vpcd() {
    let (_pcscd, daemon, counter) = on_pcscd(VirtualDriver::Vpcd);
    malformed_atrs_do_no_harm(&counter, &mut daemon.taps());
}

#[test]
fn malformed_atrs_in_process() {
    let (daemon, counter) = in_process();
    malformed_atrs_do_no_harm(&counter, &mut daemon.taps());
}

#[test]
fn an_empty_field_is_said_at_once_and_after_a_wait() {
    let (_daemon, counter) = in_process();
    for wait in ["0s", "300ms"] {
        let answer = counter.at_reader_for("read", wait).expect(4);
        assert_eq!(answer.reason(), "NO_CARD", "{wait}");
    }
}

#[test]
fn two_readers_and_none_named_lists_both() {
    let daemon = Setup::simulated(2).start();
    let slots = daemon.cli().json("sim list");

    let answer = daemon.cli().run("read --json").expect(2);

    assert_eq!(answer.reason(), "READER_AMBIGUOUS");
    let told = daemon.cli().run("read").expect(2).stderr;
    for slot in slots["slots"].as_array().unwrap() {
        let name = slot["attached_to"].as_str().unwrap();
        assert!(told.contains(name), "{name} is listed: {told}");
    }
    let wrong = daemon.cli().run("read --reader nobody --json").expect(4);
    assert_eq!(wrong.reason(), "READER_NOT_FOUND");
}

#[test]
fn two_cards_in_turn_are_two_taps_and_one_that_stays_is_one() {
    let (daemon, counter) = in_process();
    let mut taps = daemon.taps();
    for number in ["1000751000000001", "1000751000000002"] {
        counter.tap(&format!("transit-cpu number={number}"));
        assert_eq!(taps.arrived().unwrap(), number);
        for _ in 0..3 {
            let _ = counter.at_reader("read").expect(0);
        }
        counter.clear();
        // Had the card been told of again, its arrival would come before this.
        taps.until("the card to leave", |event| {
            assert_eq!(xueka_tests::number_read(event), None, "told of twice");
            xueka_tests::is_left(event).then_some(())
        });
    }
}

#[test]
fn cards_that_follow_a_reading_at_once_are_told_apart_on_a_real_pcscd() {
    let (_pcscd, daemon, counter) = on_pcscd(VirtualDriver::Ours);
    let mut taps = daemon.taps();
    for visit in 0..6 {
        let number = format!("100075100000000{}", visit % 2);
        counter.tap(&format!("transit-cpu number={number}"));
        assert_eq!(taps.arrived().unwrap(), number, "visit {visit}");
        // The connection of the first reading is kept for the second, and is
        // no way to a card that left.
        for _ in 0..2 {
            let reading = counter.at_reader("read").expect(0).document();
            assert_eq!(reading["reading"]["card_number"], number, "visit {visit}");
        }
        counter.clear();
    }
}

#[test]
fn another_card_at_the_end_than_at_the_beginning_is_not_handed_out() {
    let mut noticed = 0;
    // At which command the swap meets the hand-out depends on how many the
    // tap itself took; each place must be safe, and one is in between.
    for at_command in 1..=6 {
        let (daemon, counter) = in_process();
        counter.import_example();
        counter.tap_toml(&format!(
            "kind = \"transit-cpu\"\nnumber = \"1000751012345686\"\nuid = \"B1C2D3E4\"\n\
             [[fault]]\nwhat = \"swap\"\nat_command = {at_command}\nuid = \"22222222\""
        ));
        let answer = counter.at_reader("card collect --student G202401004");
        if answer.code == 0 {
            continue;
        }
        assert_eq!(answer.reason(), "CARD_CHANGED", "at {at_command}");
        let shown = daemon.cli().json("card show --number 1000751012345686");
        assert_eq!(shown["card"]["state"], "DELIVERED", "{shown}");
        noticed += 1;
    }
    assert!(noticed > 0, "no swap was noticed");
}
