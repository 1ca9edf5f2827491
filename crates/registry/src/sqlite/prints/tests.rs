//! That the kept prints follow the configuration and the writer's connection.

use std::path::Path;

use tokio::sync::oneshot;
use xueka_domain::{FormParts, IssuedCard, IssuedState, Student, Take};

use super::{super::writer, *};
use crate::{OpenOptions, Registration, Registry, Stamp};

fn form(take: Take) -> NumberForm {
    NumberForm::new(FormParts {
        take,
        ..FormParts::default()
    })
    .unwrap()
}

async fn open(path: &Path, forms: Vec<NumberForm>) -> Registry {
    let options = OpenOptions {
        forms,
        ..OpenOptions::default()
    };
    let address = path.to_str().unwrap();
    Registry::open(address, options).await.unwrap()
}

async fn take_in(registry: &Registry, uid: &str) {
    let row = IssuedCard {
        row: 1,
        student: Student {
            number: uid.parse().unwrap(),
            name: "李雷".parse().unwrap(),
            class_name: None,
        },
        number: None,
        uid: Some(uid.parse().unwrap()),
        family: None,
        valid_from: None,
        valid_until: None,
        state: IssuedState::Active,
    };
    let list = Registration {
        rows: vec![row],
        accept_good_rows: false,
        dry_run: false,
    };
    let stamp = Stamp {
        actor: "uid:0".parse().unwrap(),
        now: "2026-09-01T08:00:00Z".parse().unwrap(),
    };
    let request = format!("take-in-{uid}").parse().unwrap();
    let outcome = registry.register_issued(request, stamp, list).await;
    assert_eq!(outcome.unwrap().registered, 1);
}

async fn n_found(registry: &Registry, printed: &str, rule: &NumberForm) -> usize {
    let printed = printed.parse().unwrap();
    let found = registry.find_printed(printed, vec![rule.clone()]).await;
    found.unwrap().cards.len()
}

async fn n_prints(registry: &Registry) -> i64 {
    let count =
        |sql: &Connection| Ok(sql.query_row("SELECT count(*) FROM prints", [], |row| row.get(0))?);
    registry.database.read("counting", count).await.unwrap()
}

#[tokio::test]
async fn prints_follow_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    let (first, last) = (form(Take::First(3)), form(Take::Last(3)));

    let registry = open(&path, NumberForm::standard()).await;
    take_in(&registry, "1EA68671").await;
    assert_eq!(n_prints(&registry).await, 0, "whole forms need none");
    assert_eq!(n_found(&registry, "1EA686", &first).await, 0);
    registry.close().await;

    let registry = open(&path, vec![first.clone()]).await;
    assert_eq!(
        n_found(&registry, "1EA686", &first).await,
        1,
        "made at start"
    );
    take_in(&registry, "2EA68671").await;
    assert_eq!(n_found(&registry, "2EA686", &first).await, 1, "and kept up");
    registry.close().await;

    let registry = open(&path, vec![last.clone()]).await;
    assert_eq!(n_found(&registry, "1EA686", &first).await, 0, "dropped");
    assert_eq!(n_found(&registry, "A68671", &last).await, 2, "another");
    assert_eq!(n_prints(&registry).await, 2);
    registry.close().await;

    let registry = open(&path, Vec::new()).await;
    assert_eq!(n_prints(&registry).await, 0);
    registry.close().await;
}

#[tokio::test]
async fn a_new_connection_of_the_writer_keeps_prints_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    let first = form(Take::First(3));
    let registry = open(&path, vec![first.clone()]).await;
    take_in(&registry, "1EA68671").await;

    let message = writer::Message::GiveUpConnection;
    registry.database.writer.send(message).await.unwrap();
    take_in(&registry, "2EA68671").await;

    assert_eq!(n_found(&registry, "2EA686", &first).await, 1);
    registry.close().await;
}

/// The prints of a card that is taken back with its transaction go with it.
#[tokio::test]
async fn prints_are_part_of_the_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    let registry = open(&path, vec![form(Take::First(3))]).await;
    take_in(&registry, "1EA68671").await;
    let (done, waiting) = oneshot::channel();
    let probe = move |sql: &Connection| {
        let undone = sql.execute_batch(
            "BEGIN; INSERT INTO cards (uid, student, state, issue_time, state_time, version) \
             SELECT x'2EA68671', student, 'LOST', 0, 0, 0 FROM cards; ROLLBACK;",
        );
        done.send(undone).unwrap();
    };
    let message = writer::Message::Probe(Box::new(probe));
    registry.database.writer.send(message).await.unwrap();
    waiting.await.unwrap().unwrap();

    assert_eq!(n_prints(&registry).await, 1);
    registry.close().await;
}
