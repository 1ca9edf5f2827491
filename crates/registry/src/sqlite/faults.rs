//! Tests of what happens when the database cannot do what it should.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use crate::sql::Connection;
use tempfile::TempDir;
use tokio::sync::oneshot;
use xueka_domain::{CardKey, Note};

use super::{schema, writer};
use crate::{BlacklistEntry, Commit, OpenOptions, Registry, RegistryError, Stamp};

/// A registry whose connections a test can spoil.
struct Bench {
    registry: Registry,
    commits: Arc<Mutex<Vec<Commit>>>,
    path: PathBuf,
    _folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let commits = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&commits);
        let options = OpenOptions {
            on_commit: Some(Box::new(move |commit: &Commit| {
                told.lock().unwrap().push(commit.clone());
            })),
            ..OpenOptions::default()
        };
        let registry = Registry::open(path.to_str().unwrap(), options).await;
        Self {
            registry: registry.unwrap(),
            commits,
            path,
            _folder: folder,
        }
    }

    /// Runs SQL on the writer's connection, outside any transaction.
    async fn on_writer(&self, batch: &'static str) {
        let (done, waiting) = oneshot::channel();
        let probe = move |sql: &Connection| {
            done.send(sql.execute_batch(batch)).unwrap();
        };
        let message = writer::Message::Probe(Box::new(probe));
        self.registry.database.writer.send(message).await.unwrap();
        waiting.await.unwrap().unwrap();
    }

    async fn block(&self, n: u32) -> Result<BlacklistEntry, RegistryError> {
        let request = format!("block-{n}").parse().unwrap();
        self.registry
            .add_block(request, stamp(), key(n), long_note())
            .await
    }

    async fn is_blocked(&self, n: u32) -> bool {
        self.registry.find_block(key(n)).await.unwrap().is_some()
    }
}

fn stamp() -> Stamp {
    Stamp {
        actor: "uid:0".parse().unwrap(),
        now: "2026-09-01T08:00:00Z".parse().unwrap(),
    }
}

fn key(n: u32) -> CardKey {
    CardKey::Number(format!("{n:012}").parse().unwrap())
}

/// Long, so that few entries fill the database.
fn long_note() -> Note {
    "x".repeat(200).parse().unwrap()
}

async fn open(path: &Path, simulated: bool) -> Result<Registry, RegistryError> {
    let options = OpenOptions {
        simulated,
        ..OpenOptions::default()
    };
    Registry::open(path.to_str().unwrap(), options).await
}

#[tokio::test]
async fn a_full_disk_stops_changes_until_there_is_room() {
    let bench = Bench::new().await;
    bench.block(0).await.unwrap();
    bench.on_writer("PRAGMA max_page_count = 1").await;
    let mut n_made = 1;
    let error = loop {
        match bench.block(n_made).await {
            Ok(_) => n_made += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, RegistryError::Full), "{error}");
    assert!(bench.is_blocked(0).await, "reading goes on");
    assert!(!bench.is_blocked(n_made).await, "nothing was changed");
    assert_eq!(bench.registry.version().await.unwrap(), u64::from(n_made));

    bench.on_writer("PRAGMA max_page_count = 1000000").await;
    bench.block(n_made).await.unwrap();
    assert!(bench.is_blocked(n_made).await);
    let told = bench.commits.lock().unwrap().len();
    assert_eq!(
        told,
        usize::try_from(n_made).unwrap() + 1,
        "only what was made"
    );
    assert_eq!(bench.registry.verify_audit().await.unwrap().first_bad, None);
}

#[tokio::test]
async fn one_change_that_fails_does_not_stop_its_neighbours() {
    let bench = Bench::new().await;
    // The writer is held until all are waiting, so that they are one group.
    let (release, waiting) = std::sync::mpsc::channel::<()>();
    let (begin, has_begun) = oneshot::channel();
    let hold = move |sql: &Connection| {
        begin.send(()).unwrap();
        waiting.recv().unwrap();
        sql.execute_batch(
            "CREATE TEMP TRIGGER spoil BEFORE INSERT ON blocks \
             WHEN NEW.number = '000000000002' BEGIN SELECT RAISE(ABORT, 'spoilt'); END",
        )
        .unwrap();
    };
    let message = writer::Message::Probe(Box::new(hold));
    bench.registry.database.writer.send(message).await.unwrap();
    has_begun.await.unwrap();
    let tasks: Vec<_> = (0..5)
        .map(|n| {
            let registry = bench.registry.clone();
            let request = format!("block-{n}").parse().unwrap();
            tokio::spawn(async move {
                registry
                    .add_block(request, stamp(), key(n), long_note())
                    .await
            })
        })
        .collect();
    while bench.registry.database.writer.capacity() > writer::QUEUE - 5 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();

    for (task, n) in tasks.into_iter().zip(0_u32..) {
        let outcome = task.await.unwrap();
        assert_eq!(outcome.is_err(), n == 2, "{n}: {outcome:?}");
    }
    assert_eq!(bench.registry.version().await.unwrap(), 4);
    let commits = bench.commits.lock().unwrap();
    let told: Vec<_> = commits.iter().flat_map(|commit| &commit.blocks).collect();
    assert_eq!(told.len(), 4, "each told once");
}

#[tokio::test]
async fn a_database_that_cannot_be_written_to_can_be_read() {
    let bench = Bench::new().await;
    bench.block(0).await.unwrap();
    bench.on_writer("PRAGMA query_only = ON").await;
    let error = bench.block(1).await.unwrap_err();
    assert!(matches!(error, RegistryError::ReadOnly), "{error}");
    assert!(bench.is_blocked(0).await);
    bench.on_writer("PRAGMA query_only = OFF").await;
    bench.block(1).await.unwrap();
}

#[tokio::test]
async fn a_commit_of_unknown_outcome_is_told_once_it_is_known() {
    let bench = Bench::new().await;
    bench.block(0).await.unwrap();
    // As after a failed write to the disk: the commit is there, but the
    // writer never heard so, and has given up its connection.
    let (done, waiting) = oneshot::channel();
    let outcome_lost = move |sql: &Connection| {
        let request = "block-1".parse().unwrap();
        let stamp = stamp();
        let transaction = sql.begin_change().unwrap();
        super::add_block(&transaction, &stamp, &request, key(1), &long_note()).unwrap();
        transaction.commit().unwrap();
        done.send(()).unwrap();
    };
    let message = writer::Message::Probe(Box::new(outcome_lost));
    bench.registry.database.writer.send(message).await.unwrap();
    waiting.await.unwrap();
    let message = writer::Message::GiveUpConnection;
    bench.registry.database.writer.send(message).await.unwrap();

    let again = bench.block(1).await.unwrap();

    assert_eq!(again.version, 2, "the first answer");
    let commits = bench.commits.lock().unwrap();
    let told: Vec<_> = commits.iter().flat_map(|commit| &commit.blocks).collect();
    let told: Vec<_> = told.iter().map(|change| change.key).collect();
    assert_eq!(told, [key(0), key(1)]);
}

#[tokio::test]
async fn a_second_daemon_is_refused_until_the_first_has_closed() {
    let bench = Bench::new().await;
    let error = open(&bench.path, false).await.unwrap_err();
    assert!(matches!(error, RegistryError::InUse), "{error}");

    bench.block(0).await.unwrap();
    bench.registry.close().await;
    let error = bench.block(1).await.unwrap_err();
    assert!(matches!(error, RegistryError::Closed), "{error}");
    let error = bench.registry.version().await.unwrap_err();
    assert!(matches!(error, RegistryError::Closed), "{error}");

    let second = open(&bench.path, false).await.unwrap();
    assert_eq!(second.version().await.unwrap(), 1, "what was made is there");
}

#[tokio::test]
async fn a_database_locked_by_another_program_is_in_use() {
    let bench = Bench::new().await;
    bench.registry.close().await;
    let other = rusqlite::Connection::open(&bench.path).unwrap();
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let error = open(&bench.path, false).await.unwrap_err();
    assert!(matches!(error, RegistryError::InUse), "{error}");
}

#[tokio::test]
async fn made_up_and_real_cards_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [(false, "real.db"), (true, "made-up.db")];
    for (simulated, name) in cases {
        let path = folder.path().join(name);
        open(&path, simulated).await.unwrap().close().await;
        open(&path, simulated).await.unwrap().close().await;
        let error = open(&path, !simulated).await.unwrap_err();
        if simulated {
            assert!(matches!(error, RegistryError::ForSimulationOnly), "{error}");
        } else {
            assert!(matches!(error, RegistryError::NotForSimulation), "{error}");
        }
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let bench = Bench::new().await;
    bench.registry.close().await;
    let newer = schema::known_version() + 1;
    let sql = rusqlite::Connection::open(&bench.path).unwrap();
    sql.pragma_update(None, "user_version", newer).unwrap();
    drop(sql);
    let before = fs::read(&bench.path).unwrap();

    let error = open(&bench.path, false).await.unwrap_err();

    let RegistryError::NewerVersion { found, known } = error else {
        panic!("{error}");
    };
    assert_eq!((found, known), (newer, newer - 1));
    assert_eq!(fs::read(&bench.path).unwrap(), before);
}

#[tokio::test]
async fn files_that_are_no_registry_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(
        &text,
        "not a database, but long enough to be taken for one".repeat(40),
    )
    .unwrap();
    let other = folder.path().join("other.db");
    let sql = rusqlite::Connection::open(&other).unwrap();
    sql.execute_batch("CREATE TABLE others (id)").unwrap();
    drop(sql);
    for path in [&text, &other] {
        let before = fs::read(path).unwrap();
        let error = open(path, false).await.unwrap_err();
        assert!(matches!(error, RegistryError::NotADatabase), "{error}");
        assert_eq!(fs::read(path).unwrap(), before, "left as it was");
    }
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let bench = Bench::new().await;
    for n in 0..200 {
        bench.block(n).await.unwrap();
    }
    bench.registry.close().await;
    let mut bytes = fs::read(&bench.path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xA5);
    fs::write(&bench.path, bytes).unwrap();

    let error = open(&bench.path, false).await.unwrap_err();

    assert!(matches!(error, RegistryError::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn a_place_that_is_not_there_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("registry.db");
    let error = open(&path, false).await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Unavailable { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn every_way_to_tamper_with_the_trail_is_found() {
    let cases = [
        ("UPDATE audit SET actor = 'uid:1' WHERE version = 3", 3),
        ("UPDATE audit SET action = 'collect' WHERE version = 1", 1),
        ("UPDATE audit SET subjects = 'block:9' WHERE version = 2", 2),
        ("UPDATE audit SET time = time + 1 WHERE version = 4", 4),
        ("UPDATE audit SET request = NULL WHERE version = 4", 4),
        ("DELETE FROM audit WHERE version = 2", 2),
        ("DELETE FROM audit WHERE version = 5", 5),
        ("UPDATE audit SET hash = zeroblob(32) WHERE version = 5", 5),
        ("UPDATE audit SET version = 9 WHERE version = 5", 5),
        (
            "INSERT INTO audit SELECT 6, time, actor, action, subjects, request, \
             previous_hash, hash FROM audit WHERE version = 5",
            6,
        ),
    ];
    for (tampering, first_bad) in cases {
        let bench = Bench::new().await;
        for n in 0..5 {
            bench.block(n).await.unwrap();
        }
        let report = bench.registry.verify_audit().await.unwrap();
        assert_eq!((report.n_good, report.first_bad), (5, None));

        bench.on_writer(tampering).await;

        let report = bench.registry.verify_audit().await.unwrap();
        assert_eq!(report.first_bad, Some(first_bad), "{tampering}");
        assert_eq!(report.n_good, first_bad - 1, "{tampering}");
    }
}

#[tokio::test]
async fn the_schema_itself_forbids_what_the_rules_forbid() {
    let bench = Bench::new().await;
    bench
        .on_writer(
            "INSERT INTO students (id, number, name, class_name, version) VALUES (1, 'A', 'a', NULL, 1), \
             (2, 'B', 'b', NULL, 1), (4, 'D', 'd', NULL, 1);
             UPDATE students SET enrolment = 'LEFT' WHERE id = 4;
             INSERT INTO cards (id, number, uid, student, state, issue_time, state_time, version)
             VALUES (1, '1000', NULL, 1, 'ACTIVE', 0, 0, 1),
                    (2, NULL, x'01020304', 2, 'ACTIVE', 0, 0, 1),
                    (3, '3000', NULL, 4, 'LOST', 0, 0, 1);
             INSERT INTO students (id, number, name, version) VALUES (5, 'E', 'e', 1);
             INSERT INTO card_requests (id, student, kind, state, open_time, state_time, version)
             VALUES (1, 5, 'NEW', 'IN_PRODUCTION', 0, 0, 1);",
        )
        .await;
    let insert = |values: &str| {
        format!(
            "INSERT INTO cards (number, uid, student, state, issue_time, state_time, version)
             VALUES ({values}, 0, 0, 1)"
        )
    };
    let request = |values: &str| {
        format!(
            "INSERT INTO card_requests \
             (student, kind, state, old_card, open_time, state_time, version)
             VALUES ({values}, 0, 0, 1)"
        )
    };
    let forbidden = [
        request("5, 'NEW', 'REQUESTED', NULL"),
        request("4, 'NEW', 'REQUESTED', NULL"),
        request("2, 'REISSUE', 'REQUESTED', NULL"),
        request("2, 'NEW', 'REQUESTED', 1"),
        request("2, 'NEW', 'COLLECTED', NULL"),
        request("2, 'NEW', 'LOST', NULL"),
        "UPDATE students SET enrolment = 'LEFT' WHERE id = 5".to_owned(),
        "INSERT INTO fees VALUES (1, 'LOST', -1, 'DUE', 0)".to_owned(),
        "INSERT INTO fees VALUES (9, 'LOST', 1, 'DUE', 0)".to_owned(),
        insert("'1000', NULL, 2, 'LOST'"),
        insert("'1001', NULL, 1, 'DELIVERED'"),
        insert("NULL, NULL, 1, 'LOST'"),
        insert("'1002', NULL, 9, 'LOST'"),
        insert("'1003', NULL, 1, 'GONE'"),
        "INSERT INTO students (id, number, name, class_name, version) VALUES (3, 'A', 'c', NULL, 1)".to_owned(),
        "UPDATE cards SET number = '2000' WHERE id = 1".to_owned(),
        "UPDATE cards SET number = NULL WHERE id = 1".to_owned(),
        "UPDATE cards SET student = 1 WHERE id = 2".to_owned(),
        "DELETE FROM cards WHERE id = 1".to_owned(),
        "UPDATE students SET enrolment = 'LEFT' WHERE id = 1".to_owned(),
        "UPDATE students SET enrolment = 'GONE' WHERE id = 1".to_owned(),
        insert("'1004', NULL, 4, 'ACTIVE'"),
        "UPDATE cards SET state = 'ACTIVE' WHERE id = 3".to_owned(),
        "INSERT INTO blocks (by_hand, reason, create_time, version) \
         VALUES (1, 'BY_HAND', 0, 1)"
            .to_owned(),
        "INSERT INTO blocks (number, by_hand, reason, create_time, version) \
         VALUES ('1', 1, 'LOST', 0, 1)"
            .to_owned(),
    ];
    let (done, waiting) = oneshot::channel();
    let probe = move |sql: &Connection| {
        let allowed = forbidden
            .into_iter()
            .filter(|statement| sql.execute_batch(statement).is_ok());
        done.send(allowed.collect::<Vec<_>>()).unwrap();
    };
    let message = writer::Message::Probe(Box::new(probe));
    bench.registry.database.writer.send(message).await.unwrap();
    assert_eq!(waiting.await.unwrap(), Vec::<String>::new());
}
