//! Copies of the blacklist: kept up to date from the daemon, asked without it, and
//! refused when they are stale, gapped, forged or rolled back.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use tempfile::TempDir;
use xueka_blacklist::Snapshot;
use xueka_tests::{Answer, Cli, Daemon, Setup, Signal, until};

const LOST: &str = "1000751012345678";
const OTHER: &str = "1000751087654321";

/// A daemon that signs, and where copies of its list are kept.
struct School {
    daemon: Daemon,
    folder: TempDir,
}

impl School {
    fn open(fresh_seconds: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let key = folder.path().join("blacklist.key");
        new_key(&key, &folder.path().join("trusted"));
        let settings = format!(
            "[blacklist]\nsigning_key_file = '{}'\nmark_file = '{}'\nfresh_seconds = {fresh_seconds}\n",
            key.display(),
            folder.path().join("blacklist.mark").display(),
        );
        Self {
            daemon: Setup::simulated(1).configured(&settings).start(),
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn copy(&self) -> PathBuf {
        self.path("copy")
    }

    /// Runs a command on a copy with the trusted key.
    fn on(&self, words: &[&str], copy: &Path) -> Answer {
        let trusted = self.path("trusted");
        let more = [
            copy.to_str().unwrap(),
            "--key",
            trusted.to_str().unwrap(),
            "--json",
        ];
        let words: Vec<_> = words.iter().copied().chain(more).collect();
        self.daemon.cli().run_words(&words)
    }

    fn pull(&self) -> Value {
        let pulled = self.on(&["blacklist", "pull"], &self.copy());
        pulled.expect(0).document()
    }

    fn block(&self, number: &str) {
        let added = self.daemon.cli();
        let added = added.run_words(&["blacklist", "add", "--number", number, "--note", "seen"]);
        let _ = added.expect(0);
    }

    /// Asks the copy.
    fn check(&self, number: &str) -> Answer {
        let words = ["blacklist", "check", "--number", number, "--offline"];
        self.on(&words, &self.copy())
    }

    fn verify(&self) -> Answer {
        self.on(&["blacklist", "verify"], &self.copy())
    }

    fn refused_as(&self, reason: &str) {
        for answer in [self.verify(), self.check(OTHER)] {
            let answer = answer.expect(6);
            assert_eq!(answer.reason(), reason, "{}", answer.line);
        }
    }
}

/// Makes a key; its public half goes to a file of trusted keys.
fn new_key(key: &Path, trusted: &Path) {
    let nowhere = Cli::new(Path::new("/nonexistent"));
    let made = nowhere.run_words(&["blacklist", "key", "new", key.to_str().unwrap()]);
    let made = made.expect(0).stdout;
    let shown = nowhere.run_words(&["blacklist", "key", "show", key.to_str().unwrap()]);
    assert_eq!(shown.expect(0).stdout, made);
    assert!(!fs::read_to_string(key).unwrap().contains(made.trim()));
    fs::write(trusted, made).unwrap();
}

#[test]
fn a_copy_answers_without_the_daemon() {
    let mut school = School::open(3_600);
    school.block(LOST);
    let pulled = school.pull();
    assert_eq!(pulled["keys"], 1);
    school.daemon.stop(Signal::TERM);

    let blocked = school.check(LOST).expect(1).document();
    assert_eq!(blocked["blocked"], true);
    assert_eq!(blocked["reason"], "BY_HAND");
    assert_eq!(blocked["data_version"], pulled["version"]);
    assert!(blocked["data_age"].as_str().unwrap().ends_with('s'));
    let good = school.check(OTHER).expect(0).document();
    assert_eq!(good["blocked"], false);
    let verified = school.verify().expect(0).document();
    assert_eq!(verified["fingerprint"], pulled["fingerprint"]);
    let unreachable = school.on(&["blacklist", "pull"], &school.copy());
    let _ = unreachable.expect(3);
    let _ = school.check(LOST).expect(1);
}

#[test]
fn a_copy_without_news_is_fresh_and_one_left_alone_goes_stale() {
    let school = School::open(4);
    let first = school.pull();
    until("the copy to go stale", || {
        let answer = school.check(OTHER);
        (answer.code != 0).then_some(answer)
    });
    school.refused_as("LIST_STALE");
    let second = school.pull();
    assert_eq!(second["version"], first["version"], "nothing has changed");
    assert_ne!(second["made_time"], first["made_time"]);
    let _ = school.check(OTHER).expect(0);
}

#[test]
fn a_gapped_list_is_refused_and_fetched_anew() {
    let school = School::open(3_600);
    school.pull();
    for number in [LOST, OTHER] {
        school.block(number);
        school.pull();
    }
    let file = fs::read(school.copy()).unwrap();
    let parts: Vec<_> = Snapshot::parts(&file).collect();
    assert_eq!(parts.len(), 3, "a snapshot and a delta for each block");
    fs::write(school.copy(), [parts[0], parts[2]].concat()).unwrap();
    school.refused_as("LIST_GAPPED");
    school.pull();
    let _ = school.check(OTHER).expect(1);
}

#[test]
fn a_forged_list_is_refused_wherever_it_was_changed() {
    let school = School::open(3_600);
    school.block(LOST);
    school.pull();
    let file = fs::read(school.copy()).unwrap();
    // A version, a signature, an entry.
    for at in [24, 150, file.len() - 1] {
        let mut forged = file.clone();
        forged[at] ^= 1;
        fs::write(school.copy(), forged).unwrap();
        school.refused_as("LIST_FORGED");
    }
    fs::write(school.copy(), &file[..file.len() - 1]).unwrap();
    school.refused_as("LIST_INCOMPLETE");
    fs::write(school.copy(), "card_number\n1000751012345678\n").unwrap();
    school.refused_as("LIST_NOT_A_LIST");
    fs::write(school.copy(), &file).unwrap();
    let _ = school.check(LOST).expect(1);

    // Signed rightly, by a stranger.
    new_key(&school.path("strange.key"), &school.path("trusted"));
    school.refused_as("LIST_KEY_UNKNOWN");
}

#[test]
fn a_rolled_back_list_is_refused_though_it_was_signed() {
    let school = School::open(3_600);
    school.pull();
    let old = fs::read(school.copy()).unwrap();
    school.block(LOST);
    school.pull();
    let _ = school.check(LOST).expect(1);
    fs::write(school.copy(), &old).unwrap();
    school.refused_as("LIST_ROLLED_BACK");
    school.pull();
    let _ = school.check(LOST).expect(1);
    fs::write(school.path("copy.mark"), "1\n").unwrap();
    school.refused_as("LIST_MARK_INVALID");
}

#[test]
fn a_copy_and_the_list_are_compared_entry_by_entry() {
    let school = School::open(3_600);
    school.block(LOST);
    school.pull();
    let compare = || school.on(&["blacklist", "compare"], &school.copy());
    assert_eq!(compare().expect(0).document()["same"], true);
    school.block(OTHER);
    let remove = ["blacklist", "remove", "--number", LOST];
    let _ = school.daemon.cli().run_words(&remove).expect(0);
    let difference = compare().expect(1).document();
    let card = |number: &str| serde_json::json!([{ "card_number": number }]);
    assert_eq!(difference["only_in_first"], card(LOST));
    assert_eq!(difference["only_in_second"], card(OTHER));
    assert_eq!(difference["on_other_terms"], serde_json::json!([]));
    fs::copy(school.copy(), school.path("old")).unwrap();
    school.pull();
    let old = school.path("old");
    let with = ["blacklist", "compare", "--with", old.to_str().unwrap()];
    let _ = school.on(&with, &school.copy()).expect(1);
}

#[test]
fn the_ledger_says_who_has_a_block_and_who_is_behind() {
    let school = School::open(3_600);
    let cli = school.daemon.cli();
    let none = cli.json("blacklist delivery");
    assert_eq!(none["subscribers"], serde_json::json!([]));
    let pull = |gate: &str| {
        let (token, copy) = (school.path(gate), school.path(&format!("{gate}.copy")));
        let words = ["blacklist", "pull", "--token-file", token.to_str().unwrap()];
        let _ = school.on(&words, &copy).expect(0);
    };
    for gate in ["gate-1", "gate-2"] {
        let token = school.path(gate);
        let make = ["token", "create", gate, "--role", "verifier", "--save"];
        let words = [&make[..], &[token.to_str().unwrap()]].concat();
        let _ = cli.run_words(&words).expect(0);
        pull(gate);
    }
    school.block(LOST);
    pull("gate-1");
    let delivery = ["blacklist", "delivery", "--number", LOST, "--json"];
    let told = cli.run_words(&delivery).expect(1).document();
    let told = &told["deliveries"][0];
    assert_eq!(told["entry"]["card"]["card_number"], LOST);
    assert_eq!(told["behind"], serde_json::json!(["token:gate-2"]));
    assert_eq!(told["receipts"][0]["subscriber"], "token:gate-1");
    assert!(told["receipts"][0]["receive_time"].is_string());
    pull("gate-2");
    let told = cli.run_words(&delivery).expect(0).document();
    assert_eq!(told["deliveries"][0]["behind"], serde_json::json!([]));
    let unknown = ["blacklist", "delivery", "--number", OTHER, "--json"];
    let unknown = cli.run_words(&unknown).expect(1);
    assert_eq!(unknown.reason(), "ENTRY_NOT_FOUND");
}

#[test]
fn one_who_follows_hears_of_each_block_until_the_token_ends() {
    let school = School::open(3_600);
    let cli = school.daemon.cli();
    let token = school.path("gate");
    let make = ["token", "create", "gate", "--role", "verifier", "--save"];
    let words = [&make[..], &[token.to_str().unwrap()]].concat();
    let _ = cli.run_words(&words).expect(0);
    let (copy, trusted) = (school.copy(), school.path("trusted"));
    let mut follower = cli
        .command(&[
            "blacklist",
            "pull",
            copy.to_str().unwrap(),
            "--key",
            trusted.to_str().unwrap(),
            "--token-file",
            token.to_str().unwrap(),
            "--follow",
            "--json",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut heard = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(heard()["keys"], 0);
    for (number, n_keys) in [(LOST, 1), (OTHER, 2)] {
        school.block(number);
        while heard()["keys"] != n_keys {}
        let _ = school.check(number).expect(1);
    }
    let _ = cli.run("token revoke gate").expect(0);
    let ended = until("the follower to be let go", || follower.try_wait().unwrap());
    assert_eq!(ended.code(), Some(5), "not permitted any more");
}

#[test]
fn without_a_key_nothing_is_given_away() {
    let daemon = Setup::simulated(1).start();
    let refused = daemon.cli().run("blacklist delivery --json").expect(1);
    assert_eq!(refused.reason(), "BLACKLIST_NOT_SIGNED");
}
