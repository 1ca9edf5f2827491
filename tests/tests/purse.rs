//! Looking into purses through both programs: who may, and what is told.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::fs;

use serde_json::json;
use xueka_tests::Setup;

const CARD: &str = "kind = \"t-union\"
number = \"3104870012345678901\"
balance = 2050
[[log]]
record=\"01A7000000000001F40930010203040520260901073005\"
";

#[test]
fn a_registrar_sees_a_purse_and_a_clerk_does_not() {
    let daemon = Setup::simulated(1).start();
    let cli = daemon.cli();
    let card = daemon.folder().join("card.toml");
    fs::write(&card, CARD).unwrap();
    let _ = cli
        .run_words(&["sim", "insert", "--file", card.to_str().unwrap()])
        .expect(0);

    let balance = cli.json("card balance --wait 10s");
    assert_eq!(balance["balance_fen"], 2050);
    assert_eq!(balance["card_number"], "3104870012345678901");
    let trips = cli.json("card trips --wait 10s");
    let expected = json!([{
        "number": 423,
        "kind": "COMPOUND_PURCHASE",
        "kind_code": 9,
        "amount_fen": 500,
        "terminal": "300102030405",
        "date": "2026-09-01",
        "time_of_day": "07:30:05",
    }]);
    assert_eq!(trips["trips"], expected);

    let token = daemon.folder().join("clerk");
    let token = token.to_str().unwrap();
    let _ = cli
        .run_words(&[
            "token", "create", "clerk", "--role", "clerk", "--save", token,
        ])
        .expect(0);
    for look in ["balance", "trips"] {
        let refused = cli.run_words(&["--token-file", token, "card", look]);
        assert_eq!(refused.code, 5, "{refused:?}");
    }
    let read = cli.run_words(&["--token-file", token, "read"]);
    assert_eq!(read.code, 0, "{read:?}");
}

#[test]
fn a_card_without_a_purse_is_refused_with_what_to_know() {
    let daemon = Setup::simulated(1).start();
    let cli = daemon.cli();
    let _ = cli.run("sim insert desfire").expect(0);
    let refused = cli.run("--json card balance --wait 10s");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert_eq!(refused.reason(), "NO_PURSE");
}
