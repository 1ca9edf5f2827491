//! Requests that are sent twice, and changes that are counted.

use std::task::{Context, Poll};

use xueka_domain::{CardState, ExitReason};
use xueka_registry::{Refusal, RegistryError, WhichCard};

use super::stand::{
    Stand, card, collection, issued, list, number_key, refusal, stamp, student_number,
};

pub(crate) async fn a_request_sent_twice_is_done_once(stand: &Stand) {
    let register = stand.request();
    let rows = list(vec![issued(1, Some(1), Some(1)), issued(2, Some(2), None)]);
    let first = stand
        .registry
        .register_issued(register.clone(), stamp(0), rows.clone());
    let first = first.await.unwrap();
    let again = stand
        .registry
        .register_issued(register, stamp(9), rows)
        .await;
    assert_eq!(again.unwrap(), first);

    let lose = stand.request();
    let which = WhichCard::LiveCardOf(student_number(1));
    let reason = ExitReason::Lost;
    let first = stand
        .registry
        .report_exit(lose.clone(), stamp(2), which.clone(), reason);
    let first = first.await.unwrap();
    let again = stand
        .registry
        .report_exit(lose, stamp(9), which, reason)
        .await;
    assert_eq!(again.unwrap(), first);

    let find = stand.request();
    let first = stand.registry.cancel_loss(find.clone(), stamp(3), card(1));
    let first = first.await.unwrap();
    let again = stand.registry.cancel_loss(find, stamp(9), card(1)).await;
    assert_eq!(again.unwrap(), first);

    let block = stand.request();
    let note: xueka_domain::Note = "why".parse().unwrap();
    let key = number_key(77);
    let first = stand
        .registry
        .add_block(block.clone(), stamp(4), key, note.clone());
    let first = first.await.unwrap();
    let again = stand.registry.add_block(block, stamp(9), key, note).await;
    assert_eq!(again.unwrap(), first);

    let unblock = stand.request();
    let first = stand.registry.remove_block(unblock.clone(), stamp(5), key);
    let first = first.await.unwrap();
    let again = stand.registry.remove_block(unblock, stamp(9), key).await;
    assert_eq!(again.unwrap(), first);

    assert_eq!(stand.registry.version().await.unwrap(), 5, "five changes");
    assert_eq!(stand.commits.lock().unwrap().len(), 5);
}

pub(crate) async fn the_first_answer_stays_though_the_card_moves_on(stand: &Stand) {
    stand.enrol([1]).await;
    let request = stand.request();
    let collect = || {
        stand
            .registry
            .collect(request.clone(), stamp(1), collection(1, card(7)))
    };
    let first = collect().await.unwrap();
    stand.lose(number_key(7)).await.unwrap();
    stand.collect(1, card(8)).await.unwrap();

    let again = collect().await.unwrap();

    assert_eq!(again, first);
    assert_eq!(stand.card(number_key(7)).await.state, CardState::Replaced);
}

pub(crate) async fn a_request_id_serves_one_request(stand: &Stand) {
    stand.enrol([1, 2]).await;
    let request = stand.request();
    stand
        .registry
        .collect(request.clone(), stamp(1), collection(1, card(7)))
        .await
        .unwrap();
    let version = stand.registry.version().await.unwrap();

    let other_student = stand
        .registry
        .collect(request.clone(), stamp(1), collection(2, card(8)))
        .await;
    assert!(matches!(other_student, Err(RegistryError::RequestIdReused)));
    let note = "why".parse().unwrap();
    let other_kind = stand
        .registry
        .add_block(request, stamp(1), number_key(7), note)
        .await;
    assert!(matches!(other_kind, Err(RegistryError::RequestIdReused)));
    assert_eq!(stand.registry.version().await.unwrap(), version);
}

pub(crate) async fn a_hand_out_sent_again_is_recalled_whatever_card_is_in_hand(stand: &Stand) {
    stand.enrol([1]).await;
    let request = stand.request();
    let registry = &stand.registry;
    let student = collection(1, card(7)).student;
    let recalled = registry.collected(request.clone(), student.clone()).await;
    assert_eq!(recalled.unwrap(), None, "nothing was handed out yet");
    let first = registry
        .collect(request.clone(), stamp(1), collection(1, card(7)))
        .await
        .unwrap();

    let again = registry
        .collect(request.clone(), stamp(1), collection(1, card(8)))
        .await;
    let recalled = registry.collected(request, student).await;

    assert_eq!(again.unwrap(), first);
    assert_eq!(recalled.unwrap(), Some(first));
    assert_eq!(
        registry
            .find_card(WhichCard::Key(number_key(8)))
            .await
            .unwrap(),
        None
    );
}

pub(crate) async fn a_cancelled_loss_is_recalled(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    stand.lose(number_key(7)).await.unwrap();
    let request = stand.request();
    let registry = &stand.registry;
    let first = registry
        .cancel_loss(request.clone(), stamp(1), card(7))
        .await
        .unwrap();

    let recalled = registry.loss_cancelled(request).await;

    assert_eq!(recalled.unwrap(), Some(first));
}

pub(crate) async fn a_refused_request_may_be_sent_again(stand: &Stand) {
    let request = stand.request();
    let collect = || {
        stand
            .registry
            .collect(request.clone(), stamp(1), collection(1, card(7)))
    };
    assert_eq!(refusal(collect().await), Refusal::StudentNotFound);
    stand.enrol([1]).await;
    assert_eq!(collect().await.unwrap().state, CardState::Active);
}

pub(crate) async fn every_change_has_its_version(stand: &Stand) {
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            let registry = stand.registry.clone();
            let request = stand.request();
            let note = "why".parse().unwrap();
            tokio::spawn(async move {
                registry
                    .add_block(request, stamp(1), number_key(n), note)
                    .await
            })
        })
        .collect();
    let mut versions = Vec::new();
    for task in tasks {
        versions.push(task.await.unwrap().unwrap().version);
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=200).collect::<Vec<_>>());
    let told: Vec<_> = {
        let commits = stand.commits.lock().unwrap();
        let changes = commits.iter().flat_map(|commit| commit.blocks.clone());
        changes.map(|change| change.version).collect()
    };
    assert_eq!(told, versions, "told once each, in order");
    assert_eq!(stand.registry.verify_audit().await.unwrap().n_good, 200);
}

pub(crate) async fn a_change_is_made_though_its_caller_left(stand: &Stand) {
    stand.enrol([1]).await;
    {
        let collecting = stand.collect(1, card(7));
        let mut collecting = std::pin::pin!(collecting);
        let waker = std::task::Waker::noop();
        let polled = collecting.as_mut().poll(&mut Context::from_waker(waker));
        assert!(matches!(polled, Poll::Pending), "handed over and left");
    }
    // What is handed over later is done later.
    stand.enrol([2]).await;
    assert_eq!(stand.card(number_key(7)).await.state, CardState::Active);
}
