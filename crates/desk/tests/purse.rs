//! Looks into purses, on virtual readers and a registry in a file.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure"
)]

use std::{sync::Arc, time::Duration};

use tempfile::TempDir;
use xueka_cards::{NoPurse, TripKind};
use xueka_desk::{Caller, CardInReader, Desk, DeskError, NumberForms, SystemClock};
use xueka_domain::{CardFamily, Role};
use xueka_readers::{ReaderSettings, Readers};
use xueka_simulator::{Outcome, Simulator, VirtualCard};

const NUMBER: &str = "1000751012345678";

/// A ride of 5 yuan on 2026-09-01 at 07:30:05.
const RIDE: [u8; 23] = [
    0x01, 0xA7, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xF4, 0x09, 0x30, 0x01, 0x02, 0x03, 0x04, 0x05,
    0x20, 0x26, 0x09, 0x01, 0x07, 0x30, 0x05,
];

struct Office {
    desk: Desk,
    simulator: Simulator,
    caller: Caller,
    _folder: TempDir,
}

impl Office {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let (simulator, source) = Simulator::in_process(1);
        let readers = Readers::start(Box::new(source), ReaderSettings::default()).unwrap();
        let clock = Arc::new(SystemClock);
        let desk = Desk::open(
            path.to_str().unwrap(),
            true,
            readers,
            clock,
            NumberForms::default(),
        )
        .await;
        Self {
            desk: desk.unwrap(),
            simulator,
            caller: Caller {
                actor: "token:office".parse().unwrap(),
                role: Role::Registrar,
            },
            _folder: folder,
        }
    }

    /// Puts a card on the reader.
    fn put(&self, card: VirtualCard) -> CardInReader {
        self.simulator.insert(0, card).unwrap();
        CardInReader {
            reader: None,
            wait: Some(Duration::from_secs(10)),
        }
    }
}

#[tokio::test]
async fn a_balance_and_trips_are_told_of_the_card_in_hand() {
    let office = Office::open().await;
    let card = VirtualCard::transit(NUMBER).balance(2050).log_record(RIDE);
    let place = office.put(card);

    let seen = office.desk.read_balance(&office.caller, &place).await;
    let seen = seen.unwrap();
    assert_eq!(seen.content.fen(), 2050);
    assert_eq!(seen.reading.number.unwrap().reveal(), NUMBER);

    let seen = office.desk.read_trips(&office.caller, &place).await;
    let seen = seen.unwrap();
    assert_eq!(seen.reading.family, CardFamily::TransitCpu);
    let [ride] = seen.content.trips[..] else {
        panic!("{} trips", seen.content.trips.len());
    };
    assert_eq!((ride.number, ride.amount), (423, 500));
    assert_eq!(ride.kind(), TripKind::CompoundPurchase);
}

#[tokio::test]
async fn a_card_without_a_purse_is_asked_for_none() {
    let office = Office::open().await;
    let place = office.put(VirtualCard::desfire());
    let error = office.desk.read_trips(&office.caller, &place).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, DeskError::NoPurse(NoPurse::Family)),
        "{error}"
    );
    let recorded = office.simulator.exchanges(0).unwrap();
    assert!(
        recorded.iter().all(|it| it.command[..2] != [0x80, 0x5C]),
        "{recorded:?}"
    );
    assert!(
        recorded
            .iter()
            .all(|it| matches!(it.outcome, Outcome::Response(_)))
    );
}
