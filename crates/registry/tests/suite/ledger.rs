//! The delivery ledger: who holds which version of the blacklist since when.

use xueka_domain::CardKey;
use xueka_registry::{Held, ListReceipt, Stamp};

use super::stand::{Stand, stamp, time};

fn by(name: &str, minute: i64) -> Stamp {
    Stamp {
        actor: name.parse().unwrap(),
        now: time(minute),
    }
}

fn held(epoch: u64, version: u64) -> Held {
    Held { epoch, version }
}

async fn receipts(stand: &Stand, epoch: u64, version: u64) -> Vec<(String, i64)> {
    let receipts = stand.registry.list_receipts(held(epoch, version)).await;
    let told = |receipt: ListReceipt| {
        let minute = (receipt.time.as_second() - time(0).as_second()) / 60;
        (receipt.subscriber.as_str().to_owned(), minute)
    };
    receipts.unwrap().into_iter().map(told).collect()
}

pub(crate) async fn who_has_a_version_has_those_before(stand: &Stand) {
    let registry = &stand.registry;
    let before = registry.version().await.unwrap();
    for (name, minute, version) in [("gate", 1, 5), ("library", 2, 7), ("gate", 3, 8)] {
        registry
            .acknowledge_list(by(name, minute), held(1, version))
            .await
            .unwrap();
    }
    assert_eq!(
        receipts(stand, 1, 5).await,
        [("gate".to_owned(), 1), ("library".to_owned(), 2)]
    );
    assert_eq!(
        receipts(stand, 1, 6).await,
        [("gate".to_owned(), 3), ("library".to_owned(), 2)]
    );
    assert_eq!(receipts(stand, 1, 8).await, [("gate".to_owned(), 3)]);
    assert_eq!(receipts(stand, 1, 9).await, []);
    assert_eq!(receipts(stand, 2, 5).await, [], "another life");
    let after = registry.version().await.unwrap();
    assert_eq!(after, before, "a receipt is no change to be delivered");
}

pub(crate) async fn a_subscriber_is_heard_of_without_news(stand: &Stand) {
    let registry = &stand.registry;
    for minute in [1, 9] {
        registry
            .acknowledge_list(by("gate", minute), held(1, 5))
            .await
            .unwrap();
    }
    let subscribers = registry.list_subscribers().await.unwrap();
    let [gate] = subscribers.as_slice() else {
        panic!("{subscribers:?}");
    };
    assert_eq!(gate.held, held(1, 5));
    assert_eq!(gate.acknowledge_time, time(1));
    assert_eq!(gate.heard_time, time(9));
    assert_eq!(receipts(stand, 1, 5).await, [("gate".to_owned(), 1)]);

    // Whoever went back to an older copy is told with it.
    registry
        .acknowledge_list(by("gate", 10), held(1, 4))
        .await
        .unwrap();
    let subscribers = registry.list_subscribers().await.unwrap();
    assert_eq!(subscribers[0].held, held(1, 4));
    assert_eq!(subscribers[0].acknowledge_time, time(10));
}

pub(crate) async fn old_receipts_are_forgotten(stand: &Stand) {
    const DAY: i64 = 24 * 60;
    for (minute, version) in [(0, 5), (DAY, 6), (401 * DAY, 6)] {
        stand
            .registry
            .acknowledge_list(by("gate", minute), held(1, version))
            .await
            .unwrap();
    }
    assert_eq!(
        receipts(stand, 1, 1).await,
        [("gate".to_owned(), DAY)],
        "what it holds is kept, what it held before is not"
    );
}

pub(crate) async fn the_latest_blocks_come_first(stand: &Stand) {
    for number in ["0001", "0002", "0003"] {
        let key = CardKey::Number(number.parse().unwrap());
        stand
            .registry
            .add_block(stand.request(), stamp(0), key, "seen".parse().unwrap())
            .await
            .unwrap();
    }
    let latest = stand.registry.latest_blocks(2).await.unwrap();
    let keys: Vec<_> = latest.iter().map(|entry| entry.key).collect();
    let expected = ["0003", "0002"].map(|number| CardKey::Number(number.parse().unwrap()));
    assert_eq!(keys, expected);
}
