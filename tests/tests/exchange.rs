//! Commands sent to cards as they are: off by default, for engineers alone, and
//! none that could do harm.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use serde_json::{Value, json};
use xueka_tests::{Daemon, Setup};

const NUMBER: &str = "1000751012345678";
/// READ BINARY of the bytes of a transit card that hold its number.
const READ: &str = "00B0840008";

const ON: &str = "[readers]\nraw_exchange = true\n";

/// What no raw command may do, and the word for why.
const DENIED: &[(&str, &str, &str)] = &[
    ("erase a directory", "800E000000", "ERASE"),
    ("format a DESFire", "90FC000000", "ERASE"),
    ("make a file", "80E000160728002000F0F0FFFF", "CREATE"),
    ("write a key", "80D401000D39F0F0AA55", "WRITE_KEY"),
    ("change a key of a DESFire", "90C40000010000", "WRITE_KEY"),
    ("write bytes", "00D684000100", "WRITE"),
    ("block an application", "841E000004", "BLOCK"),
    (
        "external authentication",
        "00820000080000000000000000",
        "SHOW_KEY",
    ),
    ("show a PIN", "0020000003123456", "SHOW_KEY"),
    ("initialise the purse", "805000020B", "PURSE"),
    (
        "load a key into the reader",
        "FF82000006FFFFFFFFFFFF",
        "READER",
    ),
    ("erase in another channel", "030E000000", "ERASE"),
    ("a balance", "805C000204", "NOT_LISTED"),
    ("two commands in one", "00B084002000D6000001", "NOT_SHORT"),
];

fn with_card(daemon: &Daemon) {
    let line = format!("sim insert transit-cpu number={NUMBER}");
    let _ = daemon.cli().run(&line).expect(0);
}

#[test]
fn an_engineer_asks_a_card_where_the_setting_allows_it() {
    let daemon = Setup::simulated(1).configured(ON).start();
    let cli = daemon.cli();
    with_card(&daemon);
    let token = |role: &str| {
        let file = daemon.folder().join(role);
        let file = file.to_str().unwrap().to_owned();
        let words = ["token", "create", role, "--role", role, "--save", &file];
        let _ = cli.run_words(&words).expect(0);
        file
    };
    for (role, code) in [("engineer", 0), ("administrator", 0), ("registrar", 5)] {
        let line = format!("exchange {READ} --wait 10s --token-file {}", token(role));
        assert_eq!(cli.run(&line).code, code, "{role}");
    }
    let answer = cli.json(&format!("exchange {READ} 00A4000002DF99"));
    let responses = &answer["responses"];
    assert_eq!(responses[0], format!("{NUMBER}9000"), "{answer}");
    assert_ne!(responses[1], json!("9000"), "no such file: {answer}");
    let text = cli.run(&format!("exchange {READ}")).expect(0).stdout;
    assert_eq!(text, format!("> {READ}\n< {NUMBER}9000\n"));
    let log = daemon.log();
    assert!(!log.contains(NUMBER), "{log}");
}

#[test]
fn nobody_asks_unless_the_setting_allows_it() {
    let daemon = Setup::simulated(1).start();
    with_card(&daemon);
    let line = format!("exchange {READ} --wait 10s --json");
    let off = daemon.cli().run(&line).expect(1);
    assert_eq!(off.reason(), "RAW_EXCHANGE_OFF");
}

#[test]
fn no_command_that_could_do_harm_is_sent() {
    let daemon = Setup::simulated(1).configured(ON).start();
    let cli = daemon.cli();
    with_card(&daemon);
    for (what, command, cause) in DENIED {
        let refused = cli.run(&format!("exchange {READ} {command} --wait 10s --json"));
        let told: Value = serde_json::from_str(&refused.stderr).unwrap();
        assert_eq!(refused.code, 2, "{what}: {told}");
        assert_eq!(told["reason"], "COMMAND_REFUSED", "{what}: {told}");
        let expected = json!({ "command": "1", "cause": cause });
        assert_eq!(told["metadata"], expected, "{what}: {told}");
    }
    let nothing = cli.run("exchange XY --json");
    assert_eq!(nothing.code, 2, "no hexadecimal: {nothing:?}");
}
