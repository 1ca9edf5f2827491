//! Cards that go out of use and come back.

use xueka_domain::{
    BlockReason, CardEvent, CardIdentity, CardState, Effect, ExitReason, IssuedState,
};
use xueka_registry::{Refusal, WhichCard};

use super::stand::{
    Stand, card, issued, mixed, number, number_key, refusal, stamp, student_number, time, uid_key,
};

pub(crate) async fn a_lost_card_is_blocked_before_the_caller_hears(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    stand.commits.lock().unwrap().clear();

    let lost = stand.lose(number_key(7)).await.unwrap();

    assert_eq!(lost.state, CardState::Lost);
    assert_eq!(lost.exit_reason, Some(ExitReason::Lost));
    assert_eq!(lost.state_time, time(2));
    // No waiting: it was told before the answer.
    let commits = stand.commits.lock().unwrap().clone();
    assert_eq!(commits.len(), 1);
    assert_eq!(commits[0].version, lost.version);
    let told: Vec<_> = commits[0]
        .blocks
        .iter()
        .map(|change| (change.key, change.effect, change.reason, change.version))
        .collect();
    assert_eq!(
        told,
        [number_key(7), uid_key(7)].map(|key| (
            key,
            Effect::Blocked,
            BlockReason::Lost,
            lost.version
        ))
    );
}

pub(crate) async fn a_found_card_is_unblocked(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    stand.lose(number_key(7)).await.unwrap();

    let found = stand.find_again(card(7)).await.unwrap();

    assert_eq!(found.state, CardState::Active);
    assert_eq!(found.exit_reason, None);
    for key in [number_key(7), uid_key(7)] {
        assert_eq!(stand.registry.find_block(key).await.unwrap(), None);
    }
    let last = stand.commits.lock().unwrap().last().cloned().unwrap();
    assert!(
        last.blocks
            .iter()
            .all(|change| change.effect == Effect::Unblocked)
    );
    assert_eq!(last.blocks.len(), 2);
}

pub(crate) async fn only_the_same_chip_cancels_a_loss(stand: &Stand) {
    stand.enrol([1, 2]).await;
    stand.collect(1, card(7)).await.unwrap();
    stand.lose(number_key(7)).await.unwrap();
    let random_uid = "08A1B2C3".parse().unwrap();
    let masked = CardIdentity::new(Some(number(7)), Some(random_uid)).unwrap();
    let cases = [
        (
            mixed(Some(7), Some(8)),
            Refusal::NotTheSameCard,
            "another chip",
        ),
        (
            mixed(Some(7), None),
            Refusal::NotTheSameCard,
            "no chip shown",
        ),
        (masked, Refusal::NotTheSameCard, "a chip that hides its UID"),
        (
            mixed(Some(9), Some(7)),
            Refusal::CardNotFound,
            "another number",
        ),
        (
            mixed(None, Some(9)),
            Refusal::CardNotFound,
            "an unknown chip",
        ),
    ];
    for (in_hand, expected, why) in cases {
        assert_eq!(refusal(stand.find_again(in_hand).await), expected, "{why}");
    }
    // The chip alone is enough where its number cannot be read.
    stand.find_again(mixed(None, Some(7))).await.unwrap();

    stand.take_in(vec![issued(3, Some(20), None)]).await;
    stand.lose(number_key(20)).await.unwrap();
    // No chip was ever bound to this one: the number is all there is.
    stand.find_again(mixed(Some(20), Some(20))).await.unwrap();
}

pub(crate) async fn a_loss_is_not_cancelled_once_another_card_is_there(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    stand.lose(number_key(7)).await.unwrap();
    let mut next = issued(1, Some(8), None);
    next.state = IssuedState::Delivered;
    stand.take_in(vec![next]).await;
    assert_eq!(
        refusal(stand.find_again(card(7)).await),
        Refusal::StudentHasCard,
        "one waits for the student"
    );

    stand.collect(1, card(8)).await.unwrap();

    let outcome = refusal(stand.find_again(card(7)).await);
    assert_eq!(outcome.state(), Some(CardState::Replaced));
}

pub(crate) async fn a_new_card_takes_the_place_of_lost_and_damaged_ones(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    stand.lose(number_key(7)).await.unwrap();

    let next = stand.collect(1, card(8)).await.unwrap();

    assert_eq!(next.replaces, Some(card(7)));
    let old = stand.card(number_key(7)).await;
    assert_eq!(old.state, CardState::Replaced);
    assert_eq!(old.replaced_by, Some(card(8)));
    assert_eq!(old.exit_reason, Some(ExitReason::Lost), "why it went stays");
    let entry = stand.registry.find_block(number_key(7)).await.unwrap();
    assert_eq!(entry.unwrap().reason, BlockReason::Replaced);

    let which = WhichCard::LiveCardOf(student_number(1));
    let exchanged = stand
        .registry
        .report_exit(stand.request(), stamp(4), which, ExitReason::Exchanged)
        .await
        .unwrap();
    assert_eq!(exchanged.state, CardState::Replaced);
    assert_eq!(exchanged.replaced_by, None, "the next one is still to come");
    stand.collect(1, card(9)).await.unwrap();
    let exchanged = stand.card(number_key(8)).await;
    assert_eq!(exchanged.replaced_by, Some(card(9)));
    let first = stand.card(number_key(7)).await;
    assert_eq!(
        first.replaced_by,
        Some(card(8)),
        "each has its own successor"
    );
}

pub(crate) async fn what_a_state_does_not_allow_is_refused_with_the_state(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    stand.lose(number_key(7)).await.unwrap();

    let Refusal::IllegalTransition(transition) = refusal(stand.lose(number_key(7)).await) else {
        panic!("another refusal");
    };

    assert_eq!(transition.state, CardState::Lost);
    assert_eq!(transition.event, CardEvent::ReportLoss);
    let which = WhichCard::LiveCardOf(student_number(1));
    let outcome = stand
        .registry
        .report_exit(stand.request(), stamp(4), which, ExitReason::Lost)
        .await;
    assert_eq!(refusal(outcome), Refusal::NoLiveCard);
}

pub(crate) async fn every_way_out_of_use_blocks(stand: &Stand) {
    for (reason, n) in ExitReason::ALL.into_iter().zip(1_u32..) {
        let mut row = issued(n, Some(n), Some(n));
        row.valid_until = Some("2026-08-31".parse().unwrap());
        stand.take_in(vec![row]).await;
        let which = WhichCard::LiveCardOf(student_number(n));
        let card = stand
            .registry
            .report_exit(stand.request(), stamp(2), which, reason)
            .await
            .unwrap();
        assert_eq!(card.exit_reason, Some(reason));
        for key in [number_key(n), uid_key(n)] {
            let entry = stand.registry.find_block(key).await.unwrap().unwrap();
            assert_eq!(Some(entry.reason), card.state.blocks(), "{reason:?}");
        }
    }
}

pub(crate) async fn a_card_that_nobody_has_is_not_found(stand: &Stand) {
    stand.enrol([1]).await;
    assert_eq!(
        refusal(stand.lose(number_key(7)).await),
        Refusal::CardNotFound
    );
    assert_eq!(refusal(stand.lose(uid_key(7)).await), Refusal::CardNotFound);
    for (n, expected) in [(1, Refusal::NoLiveCard), (2, Refusal::StudentNotFound)] {
        let which = WhichCard::LiveCardOf(student_number(n));
        assert_eq!(stand.registry.find_card(which.clone()).await.unwrap(), None);
        let outcome = stand
            .registry
            .report_exit(stand.request(), stamp(2), which, ExitReason::Lost)
            .await;
        assert_eq!(refusal(outcome), expected);
    }
}

pub(crate) async fn a_uid_that_two_live_cards_share_names_neither(stand: &Stand) {
    stand.enrol([1, 2]).await;
    stand.collect(1, mixed(Some(7), Some(5))).await.unwrap();
    stand.collect(2, mixed(Some(8), Some(5))).await.unwrap();

    assert_eq!(refusal(stand.lose(uid_key(5)).await), Refusal::CardNotFound);
    stand.lose(number_key(8)).await.unwrap();
    let meant = stand.card(uid_key(5)).await;
    assert_eq!(meant.number, Some(number(7)), "one of them lives");
}
