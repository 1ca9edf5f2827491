//! The journal of card writes.

use xueka_domain::{BlockReason, CardKey, CardState, Effect, IssuedState};
use xueka_registry::{
    CardWriteId, NewCardWrite, PlanText, Refusal, RegistryError, RequestId, WriteOutcome,
};

use super::stand::{
    Stand, card, issued, mixed, number, number_key, refusal, stamp, time, uid, uid_key,
};

const PLAN: &str = r#"{"places":["1000751000000007"]}"#;

fn write(n_number: Option<u32>, n_uid: u32) -> NewCardWrite {
    NewCardWrite {
        uid: uid(n_uid),
        number: n_number.map(number),
        plan: PlanText::new(PLAN.to_owned()),
    }
}

async fn open(
    stand: &Stand,
    n_number: Option<u32>,
    n_uid: u32,
) -> Result<CardWriteId, RegistryError> {
    let request = stand.request();
    let write = write(n_number, n_uid);
    stand.registry.open_write(request, stamp(5), write).await
}

async fn block_of(stand: &Stand, key: CardKey) -> Option<BlockReason> {
    let found = stand.registry.find_block(key).await.unwrap();
    found.map(|entry| entry.reason)
}

pub(crate) async fn a_write_is_open_until_it_is_closed(stand: &Stand) {
    let registry = &stand.registry;
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    let before = registry.version().await.unwrap();

    let id = open(stand, Some(7), 7).await.unwrap();

    assert_eq!(registry.version().await.unwrap(), before + 1);
    let found = registry.open_write_of(uid(7)).await.unwrap().unwrap();
    assert_eq!((found.id, found.uid), (id, uid(7)));
    assert_eq!(found.card, Some(card(7)));
    assert_eq!(found.plan, Some(PlanText::new(PLAN.to_owned())));
    assert_eq!((found.open_time, found.end), (time(5), None));
    assert_eq!(registry.list_open_writes(None, 10).await.unwrap(), [found]);

    let closed = registry
        .close_write(stamp(6), id, WriteOutcome::Written)
        .await
        .unwrap();

    assert_eq!(registry.version().await.unwrap(), before + 2);
    assert_eq!(closed.plan, None, "what was on the card is not kept");
    assert_eq!(closed.end, Some((WriteOutcome::Written, time(6))));
    assert_eq!(registry.open_write_of(uid(7)).await.unwrap(), None);
    assert_eq!(registry.list_open_writes(None, 10).await.unwrap(), []);
    let on_record = stand.card(number_key(7)).await;
    assert_eq!(on_record.state, CardState::Active, "a written card is good");
}

pub(crate) async fn a_card_has_one_open_write(stand: &Stand) {
    let first = open(stand, None, 7).await.unwrap();
    let again = open(stand, Some(9), 7).await;
    assert_eq!(refusal(again), Refusal::WriteUnderWay);
    let other = open(stand, None, 8).await.unwrap();

    let writes = stand.registry.list_open_writes(None, 1).await.unwrap();
    assert_eq!(
        writes.iter().map(|write| write.id).collect::<Vec<_>>(),
        [first]
    );
    let writes = stand.registry.list_open_writes(Some(first), 10).await;
    let ids: Vec<_> = writes.unwrap().iter().map(|write| write.id).collect();
    assert_eq!(ids, [other]);

    let end = stand
        .registry
        .close_write(stamp(6), first, WriteOutcome::RolledBack);
    end.await.unwrap();
    open(stand, None, 7).await.unwrap();
}

pub(crate) async fn a_write_ends_once(stand: &Stand) {
    let registry = &stand.registry;
    let id = open(stand, None, 7).await.unwrap();
    let close = |id, outcome| registry.close_write(stamp(6), id, outcome);
    let closed = close(id, WriteOutcome::Written).await.unwrap();
    let before = registry.version().await.unwrap();

    let again = registry.close_write(stamp(9), id, WriteOutcome::Written);
    assert_eq!(again.await.unwrap(), closed, "the first time stays");
    let otherwise = close(id, WriteOutcome::Spoilt).await;
    assert_eq!(refusal(otherwise), Refusal::WriteNotFound);
    for unknown in [CardWriteId(id.0 + 1), CardWriteId(0), CardWriteId(u64::MAX)] {
        let outcome = close(unknown, WriteOutcome::Written).await;
        assert_eq!(refusal(outcome), Refusal::WriteNotFound, "{unknown:?}");
    }
    assert_eq!(registry.version().await.unwrap(), before);
    assert_eq!(block_of(stand, uid_key(7)).await, None);
}

pub(crate) async fn a_spoilt_card_goes_out_of_use_and_is_blocked(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    let id = open(stand, Some(7), 7).await.unwrap();
    stand.commits.lock().unwrap().clear();

    let end = stand
        .registry
        .close_write(stamp(6), id, WriteOutcome::Spoilt);
    end.await.unwrap();

    let spoilt = stand.card(number_key(7)).await;
    assert_eq!(
        (spoilt.state, spoilt.state_time),
        (CardState::Spoilt, time(6))
    );
    for key in [number_key(7), uid_key(7)] {
        assert_eq!(block_of(stand, key).await, Some(BlockReason::Spoilt));
    }
    // It was told before the answer.
    let commits = stand.commits.lock().unwrap().clone();
    assert_eq!(commits.len(), 1);
    assert_eq!(commits[0].blocks.len(), 2);
    let all_block = |effect| effect == Effect::Blocked;
    assert!(
        commits[0]
            .blocks
            .iter()
            .all(|change| all_block(change.effect))
    );
}

pub(crate) async fn the_card_that_is_spoilt_is_found_by_number_or_lone_uid(stand: &Stand) {
    stand.enrol([1, 2, 3, 4]).await;
    stand.collect(1, mixed(Some(11), Some(1))).await.unwrap();
    stand.collect(2, mixed(Some(12), Some(2))).await.unwrap();
    stand.collect(3, mixed(Some(13), Some(3))).await.unwrap();
    stand.collect(4, mixed(Some(14), Some(3))).await.unwrap();
    let mut waiting = issued(5, Some(15), None);
    waiting.state = IssuedState::Delivered;
    stand.take_in(vec![waiting]).await;
    let cases = [
        (Some(11), 1, Some(11), "both name it"),
        (None, 2, Some(12), "the only live card with the UID"),
        (None, 3, None, "two live cards share the UID"),
        (Some(14), 3, Some(14), "the number tells them apart"),
        (Some(15), 5, Some(15), "a card that waits for its chip"),
        (Some(99), 6, None, "nobody has it"),
    ];
    for (n_number, n_uid, expected, why) in cases {
        let id = open(stand, n_number, n_uid).await.unwrap();
        let found = stand.registry.open_write_of(uid(n_uid)).await.unwrap();
        let on_record = found.unwrap().card.and_then(|card| card.number());
        assert_eq!(on_record, expected.map(number), "{why}");
        let end = stand
            .registry
            .close_write(stamp(6), id, WriteOutcome::Spoilt);
        end.await.unwrap();
        if let Some(n) = expected {
            let state = stand.card(number_key(n)).await.state;
            assert_eq!(state, CardState::Spoilt, "{why}");
        }
    }
    assert_eq!(stand.card(number_key(13)).await.state, CardState::Active);
}

pub(crate) async fn a_card_that_is_out_of_use_stays_as_it_is(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    let id = open(stand, Some(7), 7).await.unwrap();
    stand.lose(number_key(7)).await.unwrap();

    let end = stand
        .registry
        .close_write(stamp(6), id, WriteOutcome::Spoilt);
    end.await.unwrap();

    assert_eq!(stand.card(number_key(7)).await.state, CardState::Lost);
    assert_eq!(
        block_of(stand, number_key(7)).await,
        Some(BlockReason::Lost)
    );
}

pub(crate) async fn a_chip_that_is_not_whole_is_not_handed_out(stand: &Stand) {
    stand.enrol([1]).await;
    let id = open(stand, None, 7).await.unwrap();
    let outcome = stand.collect(1, card(7)).await;
    assert_eq!(refusal(outcome), Refusal::WriteUnderWay);

    let end = stand
        .registry
        .close_write(stamp(6), id, WriteOutcome::Spoilt);
    end.await.unwrap();
    assert_eq!(block_of(stand, uid_key(7)).await, Some(BlockReason::Spoilt));
    let outcome = refusal(stand.collect(1, card(7)).await);
    assert_eq!(outcome.state(), Some(CardState::Spoilt));

    // It could be written in the end: it is as good as any.
    let id = open(stand, None, 7).await.unwrap();
    let end = stand
        .registry
        .close_write(stamp(7), id, WriteOutcome::Written);
    end.await.unwrap();
    assert_eq!(block_of(stand, uid_key(7)).await, None);
    stand.collect(1, card(7)).await.unwrap();
}

pub(crate) async fn a_request_begins_one_write(stand: &Stand) {
    let registry = &stand.registry;
    let request: RequestId = "write-7".parse().unwrap();
    let none = registry.write_of_request(request.clone(), uid(7)).await;
    assert_eq!(none.unwrap(), None);
    let open = |n| registry.open_write(request.clone(), stamp(5), write(None, n));
    let id = open(7).await.unwrap();

    let again = open(7).await;
    assert_eq!(refusal(again), Refusal::WriteUnderWay);
    let other = open(8).await;
    assert!(
        matches!(other, Err(RegistryError::RequestIdReused)),
        "{other:?}"
    );

    let closed = registry.close_write(stamp(6), id, WriteOutcome::Written);
    let closed = closed.await.unwrap();
    let known = registry.write_of_request(request.clone(), uid(7)).await;
    assert_eq!(known.unwrap(), Some(closed));
    assert_eq!(
        refusal(open(7).await),
        Refusal::WriteUnderWay,
        "not once more"
    );
}
