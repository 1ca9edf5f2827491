//! What the daemon makes of a registry that is newer, locked, read-only or
//! full, and of lists and wishes that the registry refuses.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{fmt::Write as _, fs, path::PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use xueka_tests::{Daemon, Setup, workspace};

/// A registry that a daemon has made and left.
fn register() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    drop(Setup::bare().registry(&path).start());
    (folder, path)
}

/// Imports a list; returns the exit code and everything said.
fn import(daemon: &Daemon, list: &str, more: &[&str]) -> (i32, String) {
    let file = daemon.folder().join("list.csv");
    fs::write(&file, list).unwrap();
    let mut words = vec!["card", "import", file.to_str().unwrap()];
    words.extend(more);
    let answer = daemon.cli().run_words(&words);
    (answer.code, format!("{}{}", answer.stdout, answer.stderr))
}

#[test]
fn a_registry_from_a_newer_version_is_left_alone() {
    let (_folder, path) = register();
    let database = Connection::open(&path).unwrap();
    let version: i64 = database
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert!(version > 0, "the registry says which version made it");
    database
        .pragma_update(None, "user_version", version + 1)
        .unwrap();
    drop(database);

    let refusal = Setup::bare().registry(&path).refused();

    assert!(!refusal.status.success());
    assert!(refusal.text.contains("newer"), "{}", refusal.text);
}

#[test]
fn a_registry_that_another_program_holds_is_named() {
    let (_folder, path) = register();
    let holder = Connection::open(&path).unwrap();
    holder
        .pragma_update(None, "locking_mode", "EXCLUSIVE")
        .unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE; COMMIT").unwrap();

    let refusal = Setup::bare().registry(&path).refused();

    assert!(!refusal.status.success());
    assert!(refusal.text.contains("registry.db"), "{}", refusal.text);
}

#[test]
fn two_daemons_never_share_a_registry() {
    let (_folder, path) = register();
    let first = Setup::bare().registry(&path).start();

    let refusal = Setup::bare().registry(&path).refused();

    assert!(!refusal.status.success());
    assert!(refusal.text.contains("registry.db"), "{}", refusal.text);
    let verdict = first.cli().run("verify --number 1000751012345678");
    let _ = verdict.expect(1);
}

#[test]
fn a_registry_on_a_read_only_disk_is_named() {
    let (_folder, path) = register();

    let refusal = Setup::bare().registry(&path).on_read_only_disk().refused();

    assert!(!refusal.status.success());
    assert!(refusal.text.contains("registry.db"), "{}", refusal.text);
    assert!(
        refusal.text.contains("cannot be written"),
        "{}",
        refusal.text
    );
}

#[test]
fn a_full_disk_refuses_the_change_and_keeps_the_rest() {
    let daemon = Setup::bare().on_small_disk(1_500_000).start();
    let words = [
        "blacklist",
        "add",
        "--json",
        "--number",
        "1000751012345678",
        "--note",
        "found in the yard",
    ];
    let _ = daemon.cli().run_words(&words).expect(0);
    let mut list = String::from("student_number,name,card_number\n");
    for row in 0..20_000 {
        writeln!(list, "S{row:08},测试,10007520{row:08}").unwrap();
    }

    let (code, said) = import(&daemon, &list, &["--json"]);

    assert_eq!(code, 7, "{said}");
    assert!(said.contains("REGISTRY_FULL"), "{said}");
    let shown = daemon.cli().run("card show --student S00000000 --json");
    assert_eq!(
        shown.expect(1).reason(),
        "CARD_NOT_FOUND",
        "nothing was taken"
    );
    let blocked = daemon.cli().run("verify --number 1000751012345678 --json");
    assert_eq!(blocked.expect(1).document()["verdict"], "BLACKLISTED");
}

#[test]
fn a_bad_row_is_named_and_nothing_is_taken_unless_asked() {
    let daemon = Setup::bare().start();
    let list = "student_number,name,card_number\n\
                S1,甲,1000751000000001\n\
                S2,乙,10007510000000XY\n\
                S3,丙,1000751000000003\n";

    let (code, said) = import(&daemon, list, &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains('3') && said.contains("card_number"), "{said}");
    assert!(
        !said.contains("10007510000000XY"),
        "no content of the row: {said}"
    );
    let shown = daemon.cli().run("card show --student S1 --json");
    assert_eq!(shown.expect(1).reason(), "CARD_NOT_FOUND");

    let (code, said) = import(&daemon, list, &["--accept-good-rows"]);
    assert_eq!(code, 1, "a row was refused: {said}");
    let shown = daemon.cli().json("card show --student S1");
    assert_eq!(shown["card"]["card_number"], "1000751000000001", "{shown}");
}

#[test]
fn a_number_that_is_another_students_is_refused() {
    let daemon = Setup::bare().start();
    let example = fs::read_to_string(workspace().join("examples/issued-cards.csv")).unwrap();
    let (code, said) = import(&daemon, &example, &[]);
    assert_eq!(code, 0, "{said}");
    let list = "student_number,name,card_number\nS9,新生,1000751012345678\n";

    let (code, said) = import(&daemon, list, &[]);

    assert_eq!(code, 1, "{said}");
    assert!(said.contains('2') && said.contains("card_number"), "{said}");
    assert!(!said.contains("李小雨"), "the holder stays unknown: {said}");
}

#[test]
fn the_same_request_twice_is_done_once() {
    let daemon = Setup::bare().start();
    let line = "blacklist add --number 1000751012345678 --note lost --request-id once --json";
    let first = daemon.cli().run(line).expect(0).document();
    let again = daemon.cli().run(line).expect(0).document();
    assert_eq!(first, again, "the first answer is given again");

    let other = line.replace("--note lost", "--note stolen");
    let reused = daemon.cli().run(&other).expect(2);
    assert_eq!(reused.reason(), "REQUEST_ID_REUSED");
}

#[test]
fn what_was_registered_is_there_after_a_restart() {
    let (_folder, path) = register();
    let daemon = Setup::bare().registry(&path).start();
    let example = fs::read_to_string(workspace().join("examples/issued-cards.csv")).unwrap();
    let (code, said) = import(&daemon, &example, &[]);
    assert_eq!(code, 0, "{said}");
    let _ = daemon.cli().json("card report-loss --student G202401001");
    drop(daemon);

    let daemon = Setup::bare().registry(&path).start();

    let verdict = daemon.cli().run("verify --number 1000751012345678 --json");
    assert_eq!(verdict.expect(1).document()["verdict"], "LOST");
    let checked = daemon
        .cli()
        .run("blacklist check --number 1000751012345678");
    let _ = checked.expect(1);
}
