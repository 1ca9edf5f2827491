//! Scenario files: the shipped ones, and how they are played and refused.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{fs, ops::ControlFlow, path::Path, time::Duration};

use xueka_simulator::{Scenario, Simulator, SimulatorError};

/// Plays a scenario in no time; returns how long it waited before each step
/// and what lay in the slots then.
fn play(scenario: &Scenario, simulator: &Simulator) -> Vec<(Duration, Vec<Option<&'static str>>)> {
    let mut seen = Vec::new();
    let mut wait = |pause| {
        let kinds = simulator.slots().into_iter().map(|slot| slot.card_kind);
        seen.push((pause, kinds.collect()));
        ControlFlow::Continue(())
    };
    scenario.play(simulator, &mut wait).unwrap();
    seen
}

#[test]
fn every_shipped_scenario_is_read_and_leaves_empty_readers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut n_files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        n_files += 1;
        let text = fs::read_to_string(&path).unwrap();
        let scenario =
            Scenario::from_toml(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let (simulator, _source) = Simulator::in_process(2);
        let waited = play(&scenario, &simulator);
        let total = waited.iter().map(|(pause, _)| *pause).sum::<Duration>();
        assert_eq!(total, scenario.duration(), "{path:?}: all pauses together");
        let left = simulator
            .slots()
            .iter()
            .filter_map(|slot| slot.card_kind)
            .count();
        assert_eq!(left, 0, "{path:?}: cards left behind");
    }
    assert_eq!(n_files, 3, "a folder that was not found proves nothing");
}

#[test]
fn steps_happen_in_their_order_and_at_their_times() {
    let scenario = Scenario::from_toml(
        r#"
        [card.anna]
        kind = "transit-cpu"

        [[step]]
        after = "1s"
        slot = 0
        insert = "anna"

        [[step]]
        at = "3500ms"
        slot = 1
        insert = { kind = "contact" }

        [[step]]
        slot = 0
        remove = true

        [[step]]
        after = "1m 30s"
        slot = 1
        remove = true
        "#,
    )
    .unwrap();
    let (simulator, _source) = Simulator::in_process(2);

    let seen = play(&scenario, &simulator);

    let expected = [
        (Duration::from_secs(1), vec![None, None]),
        (Duration::from_millis(2500), vec![Some("transit-cpu"), None]),
        (Duration::from_secs(90), vec![None, Some("contact")]),
    ];
    assert_eq!(seen, expected);
    assert_eq!(scenario.n_steps(), 4);
    assert_eq!(scenario.duration(), Duration::from_millis(93_500));
}

#[test]
fn breaking_the_wait_ends_the_play_before_the_step() {
    let text = "[[step]]\nafter = \"1s\"\nslot = 0\ninsert = { kind = \"contact\" }";
    let scenario = Scenario::from_toml(text).unwrap();
    let (simulator, _source) = Simulator::in_process(1);

    scenario
        .play(&simulator, &mut |_| ControlFlow::Break(()))
        .unwrap();

    assert_eq!(simulator.slots()[0].card_kind, None);
}

#[test]
fn a_slot_that_is_not_there_ends_the_play() {
    let text = "[[step]]\nslot = 7\nremove = true";
    let scenario = Scenario::from_toml(text).unwrap();
    let (simulator, _source) = Simulator::in_process(2);

    let error = scenario
        .play(&simulator, &mut |_| ControlFlow::Continue(()))
        .unwrap_err();

    assert!(matches!(
        error,
        SimulatorError::SlotNotFound {
            slot: 7,
            n_slots: 2
        }
    ));
}

#[test]
fn mistakes_in_a_scenario_are_refused_with_line_and_reason() {
    let cases = [
        ("", 1, "at least one [[step]]"),
        ("[[step]]\nslot = 0", 1, "needs `insert`"),
        ("[[step]]\nremove = true", 1, "needs `slot`"),
        (
            "[[step]]\nslot = -1\nremove = true",
            2,
            "`slot` must be a whole number",
        ),
        ("[[step]]\nslot = 0\nremove = false", 1, "needs `insert`"),
        (
            "[[step]]\nslot = 0\nremove = true\ninsert = \"a\"",
            1,
            "not both",
        ),
        ("[[step]]\nslot = 0\ninsert = \"anna\"", 3, "names no card"),
        (
            "[[step]]\nslot = 0\ninsert = { kind = \"credit\" }",
            3,
            "`kind` must be one of",
        ),
        (
            "[[step]]\nslot = 0\ninsert = { number = \"1\" }",
            3,
            "needs `kind`",
        ),
        (
            "[[step]]\nat = \"1s\"\nafter = \"1s\"\nslot = 0\nremove = true",
            1,
            "not both",
        ),
        (
            "[[step]]\nat = \"soon\"\nslot = 0\nremove = true",
            2,
            "a time such as",
        ),
        (
            "[[step]]\nat = \"-2s\"\nslot = 0\nremove = true",
            2,
            "a time such as",
        ),
        (
            "[[step]]\nat = \"5s\"\nslot = 0\nremove = true\n\n[[step]]\nat = \"4s\"\nslot = 0\nremove = true",
            7,
            "before the step above",
        ),
        (
            "[[step]]\nslot = 0\nremove = true\nspeed = 2",
            4,
            "no key `speed`",
        ),
        (
            "[card.anna]\nkind = \"contact\"\nuid = \"01020304\"\n",
            3,
            "no key `uid`",
        ),
        (
            "repeat = true\n[[step]]\nslot = 0\nremove = true",
            1,
            "no key `repeat`",
        ),
        ("[[step]\nslot = 0", 1, ""),
    ];
    for (text, line, reason) in cases {
        let error = Scenario::from_toml(text).unwrap_err();
        assert_eq!(error.line(), line, "{text:?}: {error}");
        assert!(error.reason().contains(reason), "{text:?}: {error}");
    }
}
