//! The published blacklist: who follows it ends at the list, whatever he held.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure"
)]

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tempfile::TempDir;
use xueka_blacklist::{ListSigner, ListVerifier, Mark, Snapshot};
use xueka_desk::{
    BlacklistWatch, Caller, Clock, Desk, DeskError, NumberForms, PublicationSettings,
};
use xueka_domain::{CardKey, Role};
use xueka_readers::{ReaderSettings, Readers};
use xueka_registry::Held;
use xueka_simulator::Simulator;

/// A clock that stands until it is set.
#[derive(Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

struct Office {
    desk: Desk,
    clock: Arc<Hand>,
}

const BEGIN: i64 = 1_788_220_800;

fn trusted() -> ListVerifier {
    ListVerifier::new(&[ListSigner::new(&[7; 32]).public()]).unwrap()
}

fn key(n: u32) -> CardKey {
    CardKey::Number(format!("{n:08}").parse().unwrap())
}

fn caller() -> Caller {
    Caller {
        actor: "token:gate".parse().unwrap(),
        role: Role::Registrar,
    }
}

impl Office {
    async fn unpublished(folder: &Path) -> Self {
        let clock = Arc::new(Hand(AtomicI64::new(BEGIN)));
        let (_simulator, source) = Simulator::in_process(0);
        let readers = Readers::start(Box::new(source), ReaderSettings::default()).unwrap();
        let path = folder.join("registry.db");
        let desk = Desk::open(
            path.to_str().unwrap(),
            true,
            readers,
            Arc::clone(&clock) as Arc<dyn Clock>,
            NumberForms::default(),
        );
        Self {
            desk: desk.await.unwrap(),
            clock,
        }
    }

    async fn open(folder: &Path) -> Self {
        let Self { desk, clock } = Self::unpublished(folder).await;
        let settings = PublicationSettings {
            signer: ListSigner::new(&[7; 32]),
            fresh_for: Duration::from_hours(1),
            mark_file: folder.join("blacklist.mark"),
        };
        Self {
            desk: desk.with_publication(settings).await.unwrap(),
            clock,
        }
    }

    async fn block(&self, n: u32) -> u64 {
        let request = format!("block-{n}").parse().unwrap();
        let note = "seen".parse().unwrap();
        let caller = caller();
        let block = self.desk.add_block(&caller, request, key(n), note);
        block.await.unwrap().version
    }

    fn later(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Follows until that version.
    async fn follow(&self, copy: &mut Option<Snapshot>, version: u64) -> Vec<bool> {
        let held = copy.as_ref().map(|copy| copy.header().mark());
        let mut watch = self.desk.watch_blacklist(held, false).unwrap();
        let mut was_whole = Vec::new();
        while copy
            .as_ref()
            .is_none_or(|copy| copy.header().version < version)
        {
            was_whole.push(step(&mut watch, copy).await.unwrap());
        }
        was_whole
    }
}

/// Takes in what comes next; says whether it was a whole list. `None` at the end.
async fn step(watch: &mut BlacklistWatch, copy: &mut Option<Snapshot>) -> Option<bool> {
    let part = watch.next().await.unwrap()?;
    match part.base {
        None => {
            *copy = Some(Snapshot::open_at_any_age(&part.bytes, &trusted()).unwrap());
        }
        Some(_) => copy
            .as_mut()
            .unwrap()
            .follow(&part.bytes, &trusted())
            .unwrap(),
    }
    assert_eq!(copy.as_ref().unwrap().header().mark(), part.mark);
    Some(part.base.is_none())
}

#[tokio::test]
async fn whoever_watches_hears_of_each_block() {
    let folder = TempDir::new().unwrap();
    let office = Office::open(folder.path()).await;
    let first = office.block(1).await;
    let mut copy = None;
    office.follow(&mut copy, first).await;
    assert!(copy.as_ref().unwrap().list().check(key(1)).is_some());
    let mut watch = {
        let held = copy.as_ref().map(|copy| copy.header().mark());
        office.desk.watch_blacklist(held, false).unwrap()
    };
    for n in 2..6 {
        let version = office.block(n).await;
        while copy.as_ref().unwrap().header().version < version {
            assert_eq!(step(&mut watch, &mut copy).await, Some(false), "a delta");
        }
        assert!(copy.as_ref().unwrap().list().check(key(n)).is_some());
    }
    let request = "unblock".parse().unwrap();
    let ended = office.desk.remove_block(&caller(), request, key(2)).await;
    let version = ended.unwrap();
    while copy.as_ref().unwrap().header().version < version {
        step(&mut watch, &mut copy).await.unwrap();
    }
    assert!(copy.as_ref().unwrap().list().check(key(2)).is_none());
}

#[tokio::test]
async fn one_who_comes_back_gets_what_he_missed() {
    let folder = TempDir::new().unwrap();
    let office = Office::open(folder.path()).await;
    let mut copy = None;
    let version = office.block(1).await;
    office.follow(&mut copy, version).await;
    office.block(2).await;
    let version = office.block(3).await;
    let was_whole = office.follow(&mut copy, version).await;
    assert!(was_whole.iter().all(|was_whole| !was_whole));
    assert_eq!(copy.as_ref().unwrap().list().len(), 3);

    // After a restart the latest deltas are gone; the feed still has them.
    office.desk.close().await;
    drop(office);
    let office = Office::open(folder.path()).await;
    office.block(4).await;
    let version = office.block(5).await;
    let was_whole = office.follow(&mut copy, version).await;
    assert!(was_whole.iter().all(|was_whole| !was_whole));
    assert_eq!(copy.as_ref().unwrap().list().len(), 5);
}

#[tokio::test]
async fn one_who_only_looks_in_is_let_go() {
    let folder = TempDir::new().unwrap();
    let office = Office::open(folder.path()).await;
    let version = office.block(1).await;
    let mut copy = None;
    office.follow(&mut copy, version).await;
    office.later(10);
    let held = copy.as_ref().map(|copy| copy.header().mark());
    let mut watch = office.desk.watch_blacklist(held, true).unwrap();
    assert_eq!(step(&mut watch, &mut copy).await, Some(false));
    assert_eq!(step(&mut watch, &mut copy).await, None);
    let age = copy.as_ref().unwrap().header().age(office.clock.now());
    assert_eq!(age, Ok(Duration::ZERO), "fresh though nothing changed");
}

#[tokio::test]
async fn a_block_that_was_acknowledged_is_in_whatever_is_given_away_next() {
    let folder = TempDir::new().unwrap();
    let office = Office::open(folder.path()).await;
    let mut copy = None;
    for n in 1..20 {
        let version = office.block(n).await;
        let held = copy.as_ref().map(|copy: &Snapshot| copy.header().mark());
        let mut watch = office.desk.watch_blacklist(held, true).unwrap();
        while step(&mut watch, &mut copy).await.is_some() {}
        assert_eq!(copy.as_ref().unwrap().header().version, version);
        let whole = office.desk.blacklist_snapshot().await.unwrap();
        assert_eq!((whole.base, whole.mark.version), (None, version));
    }
}

#[tokio::test]
async fn a_restored_registry_begins_another_life() {
    let folder = TempDir::new().unwrap();
    let office = Office::open(folder.path()).await;
    let version = office.block(1).await;
    office.desk.close().await;
    drop(office);
    let database = folder.path().join("registry.db");
    let backup = folder.path().join("backup.db");
    std::fs::copy(&database, &backup).unwrap();

    let office = Office::open(folder.path()).await;
    let lost_version = office.block(2).await;
    let mut copy = None;
    office.follow(&mut copy, lost_version).await;
    let old = copy.as_ref().unwrap().header().mark();
    office.desk.close().await;
    drop(office);
    std::fs::copy(&backup, &database).unwrap();

    let office = Office::open(folder.path()).await;
    office.later(5);
    let mut watch = office.desk.watch_blacklist(Some(old), true).unwrap();
    assert_eq!(
        step(&mut watch, &mut copy).await,
        Some(true),
        "a whole list"
    );
    let mark = copy.as_ref().unwrap().header().mark();
    assert!(mark > old);
    assert_eq!(mark.version, version);
    assert!(copy.as_ref().unwrap().list().check(key(2)).is_none());
}

#[tokio::test]
async fn who_has_which_block_is_known() {
    let folder = TempDir::new().unwrap();
    let office = Office::open(folder.path()).await;
    let first = office.block(1).await;
    let mut copy = None;
    office.follow(&mut copy, first).await;
    let mark = office.desk.published_state().unwrap().mark;
    let held = |version| Held {
        epoch: mark.epoch,
        version,
    };
    let desk = &office.desk;
    desk.acknowledge_blacklist(&caller(), held(first))
        .await
        .unwrap();
    let second = office.block(2).await;
    office.follow(&mut copy, second).await;
    let known = desk.deliveries(None, 10).await.unwrap();
    assert_eq!(known.subscribers.len(), 1);
    let have: Vec<_> = known
        .deliveries
        .iter()
        .map(|it| it.receipts.len())
        .collect();
    assert_eq!(
        have,
        [0, 1],
        "the latest first; the gate has the first alone"
    );
    let one = desk.deliveries(Some(key(1)), 10).await.unwrap();
    assert_eq!(one.deliveries.len(), 1);
    let ahead = desk
        .acknowledge_blacklist(&caller(), held(second + 1))
        .await;
    assert!(matches!(ahead, Err(DeskError::NoSuchVersion)));
}

#[tokio::test]
async fn without_a_key_nothing_is_published() {
    let folder = TempDir::new().unwrap();
    let office = Office::unpublished(folder.path()).await;
    let state = office.desk.published_state();
    assert!(matches!(state, Err(DeskError::NotPublished)));
    let held: Option<Mark> = None;
    let watch = office.desk.watch_blacklist(held, false);
    assert!(matches!(watch, Err(DeskError::NotPublished)));
}
