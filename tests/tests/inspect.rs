//! A close look at cards through both programs: what is explained, to whom.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use serde_json::Value;
use xueka_tests::{Answer, PrivatePcscd, Setup};

const NUMBER: &str = "3104870012345678901";

fn done(answer: &Answer) {
    assert_eq!(answer.code, 0, "{answer:?}");
}

/// The codes in a list of explanations.
fn codes(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|said| said["code"].as_str().unwrap()).collect()
}

#[test]
fn a_card_is_explained_in_both_languages() {
    let daemon = Setup::simulated(1).start();
    let cli = daemon.cli();
    done(&cli.run(&format!("sim insert t-union number={NUMBER}")));

    let found = cli.json("card inspect --wait 10s");
    assert_eq!(found["reading"]["family"], "T_UNION");
    assert_eq!(found["reading"]["card_number"], NUMBER);
    let clues = codes(&found["clues"]);
    assert!(clues.contains(&"APPLICATION"), "{clues:?}");
    assert!(clues.contains(&"NUMBER"), "{clues:?}");
    assert_eq!(found["applications"][0]["code"], "T_UNION");
    assert_eq!(found["applications"][0]["state"], "FOUND");
    assert_eq!(found["atr_parts"][0]["name"], "TS");
    assert_eq!(found["hints"], Value::Array(Vec::new()));
    assert_eq!(found["exchanges"], Value::Null);

    let english = cli.run("--lang en card inspect");
    assert_eq!(english.code, 0, "{english:?}");
    for said in [
        "It answers as T-Union transit.",
        "check character, fits",
        "Signs of a copy",
        "can be copied to another chip",
    ] {
        assert!(english.stdout.contains(said), "{said}: {}", english.stdout);
    }
    let chinese = cli.run("--lang zh card inspect");
    for said in ["具有应用：交通联合。", "校验字符，正确", "仿制迹象"] {
        assert!(chinese.stdout.contains(said), "{said}: {}", chinese.stdout);
    }
}

#[test]
fn a_clerk_may_look_and_an_administrator_may_trace() {
    let daemon = Setup::simulated(1).start();
    let cli = daemon.cli();
    done(&cli.run(&format!("sim insert t-union number={NUMBER}")));
    let trace = cli.json("card inspect --trace --wait 10s");
    let exchanges = trace["exchanges"].as_array().unwrap();
    assert_eq!(exchanges[0]["command"], "FFCA000000");
    assert_eq!(trace["dropped_count"], 0);
    let uid = trace["reading"]["uid"].as_str().unwrap();
    for exchange in exchanges {
        let shown = exchange.to_string();
        assert!(!shown.contains(uid), "{shown}");
        assert!(!shown.contains(NUMBER), "{shown}");
    }

    for (role, look, traces) in [("clerk", 0, 5), ("verifier", 5, 5), ("administrator", 0, 0)] {
        let file = daemon.folder().join(role);
        let file = file.to_str().unwrap();
        done(&cli.run_words(&["token", "create", role, "--role", role, "--save", file]));
        let looked = cli.run_words(&["--token-file", file, "card", "inspect"]);
        assert_eq!(looked.code, look, "{role}: {looked:?}");
        let traced = cli.run_words(&["--token-file", file, "card", "inspect", "--trace"]);
        assert_eq!(traced.code, traces, "{role}: {traced:?}");
    }
}

#[test]
fn an_empty_reader_has_nothing_to_explain() {
    let daemon = Setup::simulated(1).start();
    let none = daemon.cli().run("--json card inspect");
    assert_eq!(none.code, 4, "{none:?}");
    assert_eq!(none.reason(), "NO_CARD");
}

#[test]
fn a_card_behind_a_real_pcscd_is_explained() {
    let pcscd = PrivatePcscd::start(2);
    let daemon = Setup::on(&pcscd).start();
    let cli = daemon.cli();
    done(&cli.run("sim insert transit-cpu number=1000751012345678"));
    let reader = &pcscd.readers()[0];
    let args = ["--json", "card", "inspect", "--wait", "10s", "--reader"];
    let words: Vec<&str> = args.into_iter().chain([reader.as_str()]).collect();
    let looked = cli.run_words(&words);
    assert_eq!(looked.code, 0, "{looked:?}");
    let found: Value = serde_json::from_str(&looked.stdout).unwrap();
    assert_eq!(found["reading"]["family"], "TRANSIT_CPU");
    assert!(codes(&found["clues"]).contains(&"NUMBER"));
    // The card lies there as it did: it reads again as before.
    let read = ["--json", "read", "--reader", reader];
    let read = cli.run_words(&read);
    let read: Value = serde_json::from_str(&read.stdout).unwrap();
    assert_eq!(read["reading"], found["reading"]);
}
