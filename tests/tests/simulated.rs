//! The main job on virtual readers inside the daemon: nothing but the two
//! programs, as other projects use them in their tests.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::fs;

use xueka_tests::{Counter, Daemon, Setup};

/// The counter at the first virtual reader.
fn counter(daemon: &Daemon) -> Counter {
    let slots = daemon.cli().json("sim list");
    let reader = slots["slots"][0]["attached_to"].as_str().unwrap();
    Counter::new(daemon, 0, reader)
}

#[test]
fn a_card_is_read_lost_refused_found_and_good_again_in_process() {
    let daemon = Setup::simulated(2).start();
    let counter = counter(&daemon);
    counter.import_example();
    counter.loss_and_return();
    counter.hand_out();
}

#[test]
fn every_family_is_answered_sensibly_in_process() {
    let daemon = Setup::simulated(1).start();
    let counter = counter(&daemon);
    counter.import_example();
    counter.all_families();
}

#[test]
fn a_registry_made_without_simulation_is_refused_to_simulated_readers() {
    let folder = tempfile::tempdir().unwrap();
    let registry = folder.path().join("registry.db");
    drop(Setup::bare().registry(&registry).start());

    let refusal = Setup::simulated(1).registry(&registry).refused();

    assert!(!refusal.status.success());
    assert!(refusal.text.contains("simulat"), "{}", refusal.text);
}

#[test]
fn without_simulation_there_is_no_simulator_to_drive() {
    let daemon = Setup::bare().start();
    let answer = daemon.cli().run("sim list");
    assert_eq!(answer.code, 7, "{answer:?}");
}

#[test]
fn a_scenario_file_taps_cards_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("scenario.toml");
    let text = "[[step]]\nat = \"300ms\"\nslot = 0\n\
                insert = { kind = \"transit-cpu\", number = \"1000751000000077\" }\n";
    fs::write(&scenario, text).unwrap();
    let daemon = Setup::simulated(1)
        .argument("--scenario")
        .argument(scenario.to_str().unwrap())
        .start();

    let reading = counter(&daemon).at_reader("read").expect(0).document();

    assert_eq!(reading["reading"]["card_number"], "1000751000000077");
}
