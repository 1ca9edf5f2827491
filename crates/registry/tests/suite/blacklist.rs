//! What is blocked, and who can end it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use xueka_domain::{BlockReason, CardKey, Effect, ExitReason};
use xueka_registry::{Refusal, RegistryError, WhichCard};

use super::stand::{Stand, card, issued, mixed, number_key, refusal, stamp, time, uid_key};

async fn add(stand: &Stand, key: CardKey) -> Result<xueka_registry::BlacklistEntry, RegistryError> {
    let note = "seen at the gate twice".parse().unwrap();
    stand
        .registry
        .add_block(stand.request(), stamp(5), key, note)
        .await
}

async fn remove(stand: &Stand, key: CardKey) -> Result<u64, RegistryError> {
    stand
        .registry
        .remove_block(stand.request(), stamp(6), key)
        .await
}

pub(crate) async fn a_block_by_hand_goes_by_hand(stand: &Stand) {
    for key in [number_key(7), uid_key(7)] {
        let entry = add(stand, key).await.unwrap();
        assert_eq!(entry.key, key);
        assert_eq!(entry.reason, BlockReason::ByHand);
        assert_eq!(
            entry.note.as_ref().unwrap().reveal(),
            "seen at the gate twice"
        );
        assert_eq!(entry.create_time, time(5));
        let found = stand.registry.find_block(key).await.unwrap();
        assert_eq!(found.as_ref(), Some(&entry));
        assert_eq!(refusal(add(stand, key).await), Refusal::EntryExists);

        let version = remove(stand, key).await.unwrap();
        assert_eq!(version, stand.registry.version().await.unwrap());
        assert_eq!(stand.registry.find_block(key).await.unwrap(), None);
        assert_eq!(refusal(remove(stand, key).await), Refusal::EntryNotFound);
    }
}

pub(crate) async fn a_block_from_a_state_cannot_be_removed_by_hand(stand: &Stand) {
    stand.take_in(vec![issued(1, Some(7), Some(7))]).await;
    stand.lose(number_key(7)).await.unwrap();
    for key in [number_key(7), uid_key(7)] {
        assert_eq!(refusal(remove(stand, key).await), Refusal::EntryFromState);
        assert!(stand.registry.find_block(key).await.unwrap().is_some());
    }
}

pub(crate) async fn both_kinds_of_block_hold_side_by_side(stand: &Stand) {
    stand.take_in(vec![issued(1, Some(7), None)]).await;
    let key = number_key(7);
    stand.lose(key).await.unwrap();
    add(stand, key).await.unwrap();

    let told = stand.registry.find_block(key).await.unwrap().unwrap();
    assert_eq!(told.reason, BlockReason::Lost, "the state is told first");
    stand.find_again(mixed(Some(7), None)).await.unwrap();
    let left = stand.registry.find_block(key).await.unwrap().unwrap();
    assert_eq!(left.reason, BlockReason::ByHand);

    stand.lose(key).await.unwrap();
    remove(stand, key).await.unwrap();
    let left = stand.registry.find_block(key).await.unwrap().unwrap();
    assert_eq!(left.reason, BlockReason::Lost);
}

pub(crate) async fn pages_keep_their_order_whatever_is_removed(stand: &Stand) {
    for n in 0..10 {
        add(stand, number_key(n)).await.unwrap();
    }
    stand.take_in(vec![issued(1, Some(50), None)]).await;
    stand.lose(number_key(50)).await.unwrap();

    let mut listed = Vec::new();
    let mut from = None;
    loop {
        let page = stand.registry.list_blocks(from, 4).await.unwrap();
        listed.extend(page.entries.into_iter().map(|entry| entry.key));
        from = page.next;
        if from.is_none() {
            break;
        }
        if listed.len() == 4 {
            // The entry at which the next page would begin goes away, and
            // comes back as a new one.
            remove(stand, number_key(4)).await.unwrap();
            add(stand, number_key(4)).await.unwrap();
        }
    }

    let expected = [0, 1, 2, 3, 5, 6, 7, 8, 9, 50, 4];
    assert_eq!(listed, expected.map(number_key));
}

pub(crate) async fn the_feed_tells_what_was_told_at_commit(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    stand.lose(number_key(7)).await.unwrap();
    add(stand, number_key(9)).await.unwrap();
    stand.collect(1, card(8)).await.unwrap();
    remove(stand, number_key(9)).await.unwrap();

    let told: Vec<_> = {
        let commits = stand.commits.lock().unwrap();
        commits
            .iter()
            .flat_map(|commit| commit.blocks.clone())
            .collect()
    };
    let mut read = Vec::new();
    let mut after = 0;
    loop {
        let some = stand.registry.block_changes(after, 2).await.unwrap();
        let Some(last) = some.last() else { break };
        after = last.version;
        read.extend(some);
    }
    assert_eq!(read, told);

    // Following the feed from nothing leads to what is there.
    let mut followed = BTreeMap::new();
    for change in read {
        let place = (change.key, change.reason.is_by_hand());
        match change.effect {
            Effect::Blocked => followed.insert(place, (change.reason, change.version)),
            Effect::Unblocked => followed.remove(&place),
        };
    }
    assert_eq!(followed, load(stand).await);
}

/// All entries, by key and kind.
pub(super) async fn load(stand: &Stand) -> BTreeMap<(CardKey, bool), (BlockReason, u64)> {
    let loaded = Arc::new(Mutex::new(BTreeMap::new()));
    let kept = Arc::clone(&loaded);
    let version = stand
        .registry
        .load_blocks(move |chunk| {
            let mut kept = kept.lock().unwrap();
            for entry in chunk {
                let place = (entry.key, entry.reason.is_by_hand());
                kept.insert(place, (entry.reason, entry.version));
            }
        })
        .await
        .unwrap();
    assert_eq!(version, stand.registry.version().await.unwrap());
    Arc::into_inner(loaded).unwrap().into_inner().unwrap()
}

pub(crate) async fn a_uid_is_blocked_while_no_live_card_bears_it(stand: &Stand) {
    stand.enrol([1, 2]).await;
    stand.collect(1, mixed(Some(7), Some(5))).await.unwrap();
    stand.collect(2, mixed(Some(8), Some(5))).await.unwrap();

    stand.lose(number_key(7)).await.unwrap();
    let key = uid_key(5);
    assert_eq!(
        stand.registry.find_block(key).await.unwrap(),
        None,
        "8 lives"
    );

    let which = WhichCard::Key(number_key(8));
    stand
        .registry
        .report_exit(
            stand.request(),
            stamp(6),
            which,
            ExitReason::DamagedByItself,
        )
        .await
        .unwrap();
    let entry = stand.registry.find_block(key).await.unwrap().unwrap();
    assert_eq!(entry.reason, BlockReason::Damaged, "8 changed last");

    stand.find_again(mixed(Some(7), Some(5))).await.unwrap();
    assert_eq!(
        stand.registry.find_block(key).await.unwrap(),
        None,
        "7 lives"
    );
}
