//! The main job on real parts: pcscd, its virtual readers, the daemon, the
//! command line.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use xueka_tests::{Counter, PrivatePcscd, Setup, VirtualDriver};

fn loss_and_return(driver: VirtualDriver) {
    let pcscd = PrivatePcscd::start_with(driver, 2);
    let daemon = Setup::on(&pcscd).start();
    let counter = Counter::new(&daemon, 0, &pcscd.readers()[0]);
    counter.import_example();
    counter.loss_and_return();
    counter.hand_out();
}

fn every_family(driver: VirtualDriver) {
    let pcscd = PrivatePcscd::start_with(driver, 2);
    let daemon = Setup::on(&pcscd).start();
    let counter = Counter::new(&daemon, 1, &pcscd.readers()[1]);
    counter.import_example();
    counter.all_families();
}

fn many_readers(driver: VirtualDriver, n_readers: usize) {
    let pcscd = PrivatePcscd::start_with(driver, n_readers);
    let daemon = Setup::on(&pcscd).start();
    let counters: Vec<Counter> = pcscd
        .readers()
        .iter()
        .enumerate()
        .map(|(slot, reader)| Counter::new(&daemon, slot, reader))
        .collect();
    let number = |slot: usize| format!("10007510000000{slot:02}");
    for (slot, counter) in counters.iter().enumerate() {
        counter.tap(&format!("transit-cpu number={}", number(slot)));
    }
    for (slot, counter) in counters.iter().enumerate() {
        let reading = counter.at_reader("read").expect(0).document();
        assert_eq!(reading["reading"]["card_number"], number(slot), "{reading}");
    }
}

#[test]
fn a_card_is_read_lost_refused_found_and_good_again_on_a_real_pcscd() {
    loss_and_return(VirtualDriver::Ours);
}

#[test]
fn a_card_is_read_lost_refused_found_and_good_again_with_vpcd() {
    loss_and_return(VirtualDriver::Vpcd);
}

#[test]
fn every_family_is_answered_sensibly_on_a_real_pcscd() {
    every_family(VirtualDriver::Ours);
}

#[test]
fn every_family_is_answered_sensibly_with_vpcd() {
    every_family(VirtualDriver::Vpcd);
}

#[test]
fn sixteen_readers_each_have_a_card_of_their_own() {
    many_readers(VirtualDriver::Ours, 16);
}

#[test]
fn many_readers_each_have_a_card_of_their_own_with_vpcd() {
    many_readers(VirtualDriver::Vpcd, 8);
}
