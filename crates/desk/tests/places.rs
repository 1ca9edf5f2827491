//! One card in two places at once, on virtual readers and a registry in a file.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure"
)]

use std::{sync::Arc, time::Duration};

use tempfile::TempDir;
use xueka_desk::{Caller, CardInReader, Desk, NumberForms, Question, SystemClock, VerifyRequest};
use xueka_domain::{AssuranceLevel, Reason, Role};
use xueka_readers::{ReaderSettings, Readers, TapChange, TapWatcher};
use xueka_simulator::{Simulator, VirtualCard};

const NUMBER: &str = "1000751012345678";

struct Office {
    desk: Desk,
    simulator: Simulator,
    taps: TapWatcher,
    caller: Caller,
    _folder: TempDir,
}

impl Office {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let (simulator, source) = Simulator::in_process(2);
        let readers = Readers::start(Box::new(source), ReaderSettings::default()).unwrap();
        let clock = Arc::new(SystemClock);
        let numbers = NumberForms::default();
        let desk = Desk::open(path.to_str().unwrap(), true, readers, clock, numbers).await;
        let desk = desk.unwrap();
        Self {
            taps: desk.watch_taps(1, 0),
            desk,
            simulator,
            caller: Caller {
                actor: "test".parse().unwrap(),
                role: Role::Clerk,
            },
            _folder: folder,
        }
    }

    /// Puts a card on a reader and waits until its tap was told: from then on
    /// the field shows it.
    async fn tap(&mut self, slot: usize, card: VirtualCard) {
        self.simulator.insert(slot, card).unwrap();
        loop {
            let told = tokio::time::timeout(Duration::from_secs(10), self.taps.next()).await;
            if let TapChange::CardArrived(outcome) = told.unwrap().unwrap().change {
                outcome.unwrap();
                return;
            }
        }
    }

    /// Why the card on a reader is judged as it is.
    async fn judge(&self, slot: usize) -> Reason {
        let request = VerifyRequest {
            question: Question::InReader(CardInReader {
                reader: Some(format!("Xueka Virtual Reader {slot:02} 00")),
                wait: Some(Duration::from_secs(10)),
            }),
            minimum_assurance: AssuranceLevel::NothingRead,
        };
        let verified = self.desk.verify(&self.caller, request).await;
        verified.unwrap().judgement.reason
    }

    fn n_exchanges(&self, slot: usize) -> usize {
        self.simulator.exchanges(slot).unwrap().len()
    }
}

#[tokio::test]
async fn a_card_that_lies_on_two_readers_is_suspect_on_both() {
    let mut office = Office::open().await;
    office.tap(0, VirtualCard::transit(NUMBER)).await;
    assert_eq!(office.judge(0).await, Reason::NotIssued);
    office.tap(1, VirtualCard::transit(NUMBER)).await;
    assert_eq!(office.judge(1).await, Reason::InTwoPlaces);
    assert_eq!(office.judge(0).await, Reason::InTwoPlaces);

    office.simulator.remove(0).unwrap();
    assert_eq!(office.judge(1).await, Reason::NotIssued);
    office.desk.close().await;
}

#[tokio::test]
async fn other_cards_on_other_readers_are_left_alone() {
    let mut office = Office::open().await;
    let other = VirtualCard::transit("1000751012345679");
    office.tap(0, other).await;
    assert_eq!(office.judge(0).await, Reason::NotIssued);
    let n_read = office.n_exchanges(0);
    office.tap(1, VirtualCard::transit(NUMBER)).await;
    assert_eq!(office.judge(1).await, Reason::NotIssued);
    assert_eq!(office.n_exchanges(0), n_read, "nothing was asked there");
    office.desk.close().await;
}
