//! What only PostgreSQL brings: several processes on one database, and a server
//! that goes away.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

#[path = "suite/server.rs"]
mod server;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    time::Duration,
};

use server::Server;
use xueka_domain::{BlockChange, CardKey, CardNumber};
use xueka_registry::{Commit, OpenOptions, Refusal, Registry, RegistryError, Stamp};

/// Within this time one process hears of what another changed.
const SOON: Duration = Duration::from_secs(1);

fn stamp() -> Stamp {
    Stamp {
        actor: "uid:0".parse().unwrap(),
        now: "2026-09-01T08:00:00Z".parse().unwrap(),
    }
}

fn key(n: u32) -> CardKey {
    let number: CardNumber = format!("{n:012}").parse().unwrap();
    CardKey::Number(number)
}

async fn open(address: &str) -> (Registry, mpsc::Receiver<Commit>) {
    let (tell, told) = mpsc::channel();
    let options = OpenOptions {
        on_commit: Some(Box::new(move |commit: &Commit| {
            tell.send(commit.clone()).ok();
        })),
        ..OpenOptions::default()
    };
    (Registry::open(address, options).await.unwrap(), told)
}

async fn block(registry: &Registry, n: u32) -> Result<u64, RegistryError> {
    let request = format!("block-{n}").parse().unwrap();
    let note = "found at the gate".parse().unwrap();
    let made = registry.add_block(request, stamp(), key(n), note).await;
    made.map(|entry| entry.version)
}

fn keys(commits: &[Commit]) -> Vec<CardKey> {
    let changes = commits.iter().flat_map(|commit| &commit.blocks);
    changes.map(|change: &BlockChange| change.key).collect()
}

#[tokio::test]
async fn what_one_process_changes_the_others_hear_soon() {
    let server = Server::start();
    let address = server.database();
    let (first, told_first) = open(&address).await;
    let (second, told_second) = open(&address).await;

    block(&first, 1).await.unwrap();
    let heard = told_second.recv_timeout(SOON).unwrap();

    assert_eq!(keys(&[heard]), [key(1)]);
    // What the other changed comes before one's own change.
    block(&second, 2).await.unwrap();
    block(&first, 3).await.unwrap();
    first.close().await;
    second.close().await;
    let told: Vec<_> = told_first.try_iter().collect();
    assert_eq!(keys(&told), [key(1), key(2), key(3)], "each told once");
    let versions: Vec<_> = told.iter().map(|commit| commit.version).collect();
    assert!(versions.is_sorted());
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_on_one_database_take_turns() {
    let server = Server::start();
    let address = server.database();
    let (first, _told) = open(&address).await;
    let (second, _told) = open(&address).await;
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            // Each change is asked of both, as a caller does who lost an answer.
            let (first, second) = (first.clone(), second.clone());
            tokio::spawn(async move { tokio::join!(block(&first, n), block(&second, n)) })
        })
        .collect();
    for task in tasks {
        let (one, other) = task.await.unwrap();
        assert_eq!(one.unwrap(), other.unwrap(), "one result for one request");
    }
    assert_eq!(first.version().await.unwrap(), 200);
    assert_eq!(first.verify_audit().await.unwrap().first_bad, None);
    let refused = first.add_block(
        "another".parse().unwrap(),
        stamp(),
        key(1),
        "again".parse().unwrap(),
    );
    let refused = refused.await.unwrap_err();
    assert!(matches!(
        refused,
        RegistryError::Refused(Refusal::EntryExists)
    ));
}

/// The server is broken off amid changes, several times: what was acknowledged is
/// there, what was not can be sent again, and nothing is there by half.
#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_change_is_lost_with_the_server() {
    let mut server = Server::start();
    let (registry, told) = open(&server.database()).await;
    let next = Arc::new(AtomicU32::new(0));
    for round in 0..5 {
        let is_over = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let (registry, next) = (registry.clone(), Arc::clone(&next));
                let is_over = Arc::clone(&is_over);
                tokio::spawn(async move {
                    let mut outcomes = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let outcome = block(&registry, n).await;
                        let is_lost = outcome.is_err();
                        outcomes.push((n, outcome.ok()));
                        if is_lost {
                            break;
                        }
                    }
                    outcomes
                })
            })
            .collect();
        let begun = next.load(Ordering::Relaxed);
        while next.load(Ordering::Relaxed) < begun + 40 {
            tokio::task::yield_now().await;
        }
        server.break_off();
        is_over.store(true, Ordering::Relaxed);
        let mut outcomes = Vec::new();
        for caller in callers {
            outcomes.extend(caller.await.unwrap());
        }
        server.resume();

        for (n, acknowledged) in outcomes {
            let version = block(&registry, n).await.unwrap();
            if let Some(acknowledged) = acknowledged {
                assert_eq!(version, acknowledged, "round {round}: {n} is as it was");
            }
        }
        let audit = registry.verify_audit().await.unwrap();
        assert_eq!(audit.first_bad, None, "round {round}");
    }
    let n_asked = next.load(Ordering::Relaxed);
    assert_eq!(registry.version().await.unwrap(), u64::from(n_asked));
    registry.close().await;
    let heard = keys(&told.try_iter().collect::<Vec<_>>());
    let all: HashSet<_> = heard.iter().map(|key| key_text(*key)).collect();
    assert_eq!(all.len(), heard.len(), "none told twice");
    assert_eq!(all.len(), usize::try_from(n_asked).unwrap(), "each told");
}

fn key_text(key: CardKey) -> String {
    match key {
        CardKey::Number(number) => number.reveal(),
        CardKey::Uid(_) => panic!("only numbers were blocked"),
    }
}

#[tokio::test]
async fn a_database_of_others_is_refused() {
    let server = Server::start();
    let address = server.database();
    server.run(&address, "CREATE TABLE others (id BIGINT)");

    let error = Registry::open(&address, OpenOptions::default()).await;

    let error = error.unwrap_err();
    assert!(matches!(error, RegistryError::NotADatabase), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("postgresql://xueka@/xueka?host={}", folder.path().display());
    let error = Registry::open(&address, OpenOptions::default()).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, RegistryError::Unavailable { .. }),
        "{error}"
    );
}

/// What constraints forbid, whoever writes to the database.
#[tokio::test]
async fn the_database_itself_keeps_the_rules() {
    let server = Server::start();
    let address = server.database();
    let (registry, _told) = open(&address).await;
    server.run(
        &address,
        "INSERT INTO students (id, number, name, version) VALUES (1, 'S1', 'a', 0); \
         INSERT INTO cards (id, number, student, state, issue_time, state_time, version) \
         VALUES (1, '10000001', 1, 'ACTIVE', 0, 0, 0)",
    );
    let cases = [
        (
            "INSERT INTO cards (number, student, state, issue_time, state_time, version) \
             VALUES ('10000002', 1, 'ACTIVE', 0, 0, 0)",
            "a second live card",
        ),
        ("UPDATE cards SET number = '10000003'", "another number"),
        ("UPDATE cards SET number = NULL", "no number"),
        ("DELETE FROM cards", "a card that goes"),
        (
            "UPDATE students SET enrolment = 'LEFT'",
            "who leaves with a card",
        ),
    ];
    for (statement, why) in cases {
        assert!(!server.accepts(&address, statement), "{why}");
    }
    assert!(server.accepts(&address, "UPDATE cards SET version = 1"));
    registry.close().await;
}
