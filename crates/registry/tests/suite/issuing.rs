//! Who is handed which card.

use xueka_domain::{CardEvent, CardFamily, CardState, ExitReason, IllegalTransition, IssuedState};
use xueka_registry::{Refusal, WhichCard};

use super::stand::{
    Stand, card, collection, issued, mixed, number, number_key, refusal, stamp, student,
    student_number, time, uid, uid_key,
};

pub(crate) async fn a_collected_card_is_on_record_with_its_holder(stand: &Stand) {
    stand.enrol([1]).await;

    let answer = stand.collect(1, card(7)).await.unwrap();

    assert_eq!(answer.number, Some(number(7)));
    assert_eq!(answer.uid, Some(uid(7)));
    assert_eq!(answer.family, Some(CardFamily::TransitCpu));
    assert_eq!(answer.state, CardState::Active);
    assert_eq!(answer.student, student(1));
    assert_eq!(answer.issue_time, time(1));
    assert_eq!(answer.valid_until, Some("2029-07-31".parse().unwrap()));
    assert_eq!(answer.version, stand.registry.version().await.unwrap());
    for which in [
        WhichCard::Key(number_key(7)),
        WhichCard::Key(uid_key(7)),
        WhichCard::LiveCardOf(student_number(1)),
    ] {
        let found = stand.registry.find_card(which).await.unwrap();
        assert_eq!(found.as_ref(), Some(&answer));
    }
}

pub(crate) async fn a_number_is_never_given_to_a_second_student(stand: &Stand) {
    stand.enrol([1, 2]).await;
    stand.collect(1, card(7)).await.unwrap();
    assert_eq!(
        refusal(stand.collect(2, card(7)).await),
        Refusal::NumberTaken
    );

    for reason in [ExitReason::Lost, ExitReason::LeftSchool] {
        let which = WhichCard::Key(number_key(7));
        stand
            .registry
            .report_exit(stand.request(), stamp(2), which, reason)
            .await
            .unwrap();
        let again = stand.collect(2, card(7)).await;
        assert_eq!(refusal(again), Refusal::NumberTaken, "after {reason:?}");
    }
}

pub(crate) async fn a_student_has_one_live_card(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();

    assert_eq!(
        refusal(stand.collect(1, card(8)).await),
        Refusal::StudentHasCard
    );
    let again = refusal(stand.collect(1, card(7)).await);
    assert_eq!(
        again,
        Refusal::IllegalTransition(IllegalTransition {
            state: CardState::Active,
            event: CardEvent::Collect
        })
    );
}

pub(crate) async fn a_listed_card_is_bound_by_the_hand_out_tap(stand: &Stand) {
    let mut row = issued(1, Some(7), None);
    row.state = IssuedState::Delivered;
    let mut lone = issued(2, None, Some(8));
    lone.state = IssuedState::Delivered;
    stand.take_in(vec![row, lone]).await;
    assert_eq!(stand.card(number_key(7)).await.state, CardState::Delivered);

    let by_number = stand.collect(1, card(7)).await.unwrap();
    let by_uid = stand.collect(2, mixed(Some(9), Some(8))).await.unwrap();

    assert_eq!(by_number.state, CardState::Active);
    assert_eq!(by_number.uid, Some(uid(7)), "the tap gave the UID");
    assert_eq!(by_number.issue_time, time(1));
    assert_eq!(by_uid.number, Some(number(9)), "the tap gave the number");
}

pub(crate) async fn a_listed_card_is_not_handed_out_as_another_chip(stand: &Stand) {
    let mut row = issued(1, Some(7), Some(7));
    row.state = IssuedState::Delivered;
    stand.take_in(vec![row]).await;

    for in_hand in [mixed(Some(7), Some(99)), mixed(Some(7), None)] {
        let outcome = stand.collect(1, in_hand).await;
        assert_eq!(refusal(outcome), Refusal::NotTheSameCard);
    }
    assert_eq!(
        stand.card(number_key(7)).await.state,
        CardState::Delivered,
        "a refusal leaves no trace"
    );
}

pub(crate) async fn a_lone_uid_names_one_card_at_a_time(stand: &Stand) {
    stand.enrol([1, 2, 3]).await;
    stand.collect(1, mixed(None, Some(7))).await.unwrap();
    for other in [mixed(None, Some(7)), mixed(Some(8), Some(7))] {
        assert_eq!(refusal(stand.collect(2, other).await), Refusal::UidTaken);
    }

    let which = WhichCard::Key(uid_key(7));
    stand
        .registry
        .report_exit(stand.request(), stamp(2), which, ExitReason::LeftSchool)
        .await
        .unwrap();
    let reissued = stand.collect(3, mixed(None, Some(7))).await.unwrap();

    assert_eq!(reissued.student, student(3));
    assert_eq!(
        stand.card(uid_key(7)).await,
        reissued,
        "the live one is meant"
    );
}

pub(crate) async fn two_cards_with_numbers_may_share_a_uid(stand: &Stand) {
    stand.enrol([1, 2]).await;
    stand.collect(1, mixed(Some(7), Some(5))).await.unwrap();
    stand.collect(2, mixed(Some(8), Some(5))).await.unwrap();
    assert_eq!(stand.card(number_key(7)).await.student, student(1));
    assert_eq!(stand.card(number_key(8)).await.student, student(2));
}

pub(crate) async fn a_lost_card_that_someone_brings_is_not_handed_out(stand: &Stand) {
    stand.enrol([1, 2]).await;
    stand.collect(1, mixed(None, Some(7))).await.unwrap();
    stand.lose(uid_key(7)).await.unwrap();

    let to_another = stand.collect(2, mixed(None, Some(7))).await;
    assert_eq!(refusal(to_another), Refusal::UidTaken);
    let to_its_holder = stand.collect(1, mixed(None, Some(7))).await;
    assert_eq!(refusal(to_its_holder).state(), Some(CardState::Lost));
}

pub(crate) async fn nobody_is_handed_a_card_who_is_not_on_record(stand: &Stand) {
    let outcome = stand.collect(1, card(7)).await;
    assert_eq!(refusal(outcome), Refusal::StudentNotFound);
}

pub(crate) async fn of_64_hand_outs_to_one_student_one_wins(stand: &Stand) {
    stand.enrol([1]).await;
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let registry = stand.registry.clone();
            let request = stand.request();
            tokio::spawn(async move {
                registry
                    .collect(request, stamp(1), collection(1, card(n)))
                    .await
            })
        })
        .collect();
    let mut n_won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => n_won += 1,
            lost => assert_eq!(refusal(lost), Refusal::StudentHasCard),
        }
    }
    assert_eq!(n_won, 1);
}
