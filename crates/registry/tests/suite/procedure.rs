//! What happens to students and their cards besides issue and loss.

use jiff::SignedDuration;
use xueka_domain::{
    BlockReason, CardEvent, CardState, Enrolment, ExitReason, HoldingState, RequestKind,
};
use xueka_registry::{
    CardNotes, CardOrder, CardRecord, MoveOutcome, MoveRefusal, MoveTo, Refusal, RefusedMove,
    RegistryError, Stamp, StepRefusal, StudentsMove, WhichCard,
};

use super::stand::{
    Stand, card, entry, issued, mixed, number_key, refusal, stamp, student_number, time, uid_key,
};

async fn move_to(stand: &Stand, students: &[u32], to: MoveTo) -> MoveOutcome {
    let students = StudentsMove {
        students: students.iter().copied().map(student_number).collect(),
        to,
        dry_run: false,
    };
    let moved = stand
        .registry
        .move_students(stand.request(), stamp(20), students);
    moved.await.unwrap()
}

async fn notes(stand: &Stand, n: u32) -> CardNotes {
    let which = WhichCard::Key(number_key(n));
    stand.registry.card_notes(which).await.unwrap().unwrap()
}

async fn exit(
    stand: &Stand,
    n: u32,
    stamp: Stamp,
    reason: ExitReason,
) -> Result<CardRecord, RegistryError> {
    let which = WhichCard::Key(number_key(n));
    stand
        .registry
        .report_exit(stand.request(), stamp, which, reason)
        .await
}

/// Asks for a new card for a student; gives how many requests were made.
async fn request(stand: &Stand, kind: RequestKind, n: u32) -> usize {
    let order = CardOrder {
        students: vec![student_number(n)],
        kind,
        fee_fen: 0,
        accept_good: false,
        dry_run: false,
    };
    let outcome = stand
        .registry
        .request_cards(stand.request(), stamp(21), order);
    outcome.await.unwrap().requested.len()
}

pub(crate) async fn students_move_all_of_them_or_none(stand: &Stand) {
    let mut gone = entry(3);
    gone.enrolment = Enrolment::Left;
    stand.enter(vec![entry(1), entry(2), gone]).await;
    stand.collect(1, card(1)).await.unwrap();
    let class = || MoveTo::Place {
        school: None,
        cohort: None,
        class_name: Some("高二(1)班".parse().unwrap()),
    };
    let before = stand.registry.version().await.unwrap();

    let outcome = move_to(stand, &[1, 3, 9], class()).await;
    let refused = [
        (1, MoveRefusal::StudentLeft),
        (2, MoveRefusal::UnknownStudent),
    ];
    assert_eq!(
        outcome.refused,
        refused.map(|(index, reason)| RefusedMove { index, reason })
    );
    assert_eq!((outcome.n_moved, outcome.version), (0, before));
    assert_eq!(stand.student(1).await.entry, entry(1));

    let outcome = move_to(stand, &[1, 2, 1], class()).await;
    assert_eq!((outcome.n_moved, outcome.n_unchanged), (2, 1));
    assert_eq!(outcome.version, before + 1);
    let mut moved = entry(1);
    moved.student.class_name = Some("高二(1)班".parse().unwrap());
    assert_eq!(stand.student(1).await.entry, moved, "the rest stays");
    let live = stand.card(number_key(1)).await;
    assert_eq!(live.state, CardState::Active, "the card moves along");
    assert_eq!(live.student, moved.student);

    let school = MoveTo::Place {
        school: Some("0106002".parse().unwrap()),
        cohort: Some("2028".parse().unwrap()),
        class_name: None,
    };
    let dry = StudentsMove {
        students: vec![student_number(1)],
        to: school.clone(),
        dry_run: true,
    };
    let dry = stand
        .registry
        .move_students(stand.request(), stamp(20), dry);
    assert_eq!(dry.await.unwrap().n_moved, 1);
    assert_eq!(stand.student(1).await.entry, moved, "tried alone");
    move_to(stand, &[1], school).await;
    (moved.school, moved.cohort) = ("0106002".parse().ok(), "2028".parse().ok());
    assert_eq!(stand.student(1).await.entry, moved);
}

pub(crate) async fn who_leaves_and_returns_needs_a_new_card(stand: &Stand) {
    stand.enter(vec![entry(1), entry(2)]).await;
    stand.collect(1, card(1)).await.unwrap();
    let request_id = stand.request();
    let leave = || {
        let students = StudentsMove {
            students: vec![student_number(1), student_number(2)],
            to: MoveTo::Away { since: None },
            dry_run: false,
        };
        let id = request_id.clone();
        stand.registry.move_students(id, stamp(20), students)
    };
    let first = leave().await.unwrap();
    assert_eq!((first.n_moved, first.refused.len()), (2, 0));
    assert_eq!(leave().await.unwrap(), first, "answered again");
    let left = stand.student(1).await;
    assert_eq!(left.holding, HoldingState::Left);
    assert_eq!(
        left.entry.enrolment_since,
        Some("2026-09-01".parse().unwrap()),
        "the day of the change"
    );
    let old = stand.card(number_key(1)).await;
    assert_eq!(old.state, CardState::Cancelled);
    assert_eq!(old.exit_reason, Some(ExitReason::LeftSchool));
    assert_eq!(request(stand, RequestKind::New, 1).await, 0);
    let again = move_to(stand, &[1], MoveTo::Away { since: None }).await;
    assert_eq!((again.n_moved, again.n_unchanged), (0, 1));

    let since = Some("2027-02-20".parse().unwrap());
    move_to(stand, &[1], MoveTo::Back { since }).await;
    let back = stand.student(1).await;
    assert_eq!(back.holding, HoldingState::NoCard);
    assert_eq!(back.entry.enrolment, Enrolment::Enrolled);
    assert_eq!(back.entry.enrolment_since, since);
    let state = stand.card(number_key(1)).await.state;
    assert_eq!(state, CardState::Cancelled, "the old card stays so");
    assert_eq!(request(stand, RequestKind::New, 1).await, 1);
}

pub(crate) async fn an_exchanged_card_is_taken_back_with_its_balance(stand: &Stand) {
    stand.enter(vec![entry(1)]).await;
    stand.collect(1, card(1)).await.unwrap();
    let request_id = stand.request();
    let exchange = || {
        let which = WhichCard::LiveCardOf(student_number(1));
        let id = request_id.clone();
        stand.registry.exchange(id, stamp(20), which, Some(-350))
    };
    let first = exchange().await.unwrap();
    assert_eq!(first.state, CardState::Replaced);
    assert_eq!(first.exit_reason, Some(ExitReason::Exchanged));
    assert_eq!(exchange().await.unwrap(), first, "answered again");
    let noted = notes(stand, 1).await;
    assert_eq!(noted.final_balance_fen, Some(-350), "a trip on credit");
    assert_eq!(noted.hand_in_time, Some(time(20)));
    let block = stand.registry.find_block(number_key(1)).await.unwrap();
    assert!(block.is_some());
    let holding = stand.student(1).await.holding;
    assert_eq!(holding, HoldingState::AwaitingReplacement);
    assert_eq!(request(stand, RequestKind::Reissue, 1).await, 1);

    let which = WhichCard::Key(number_key(1));
    let again = stand
        .registry
        .exchange(stand.request(), stamp(21), which, None);
    let Refusal::IllegalTransition(illegal) = refusal(again.await) else {
        panic!("another refusal");
    };
    assert_eq!(illegal.state, CardState::Replaced);
    assert_eq!(illegal.event, CardEvent::Replace);
}

pub(crate) async fn a_damaged_card_is_handed_in_once(stand: &Stand) {
    stand.enter(vec![entry(1)]).await;
    stand.collect(1, card(1)).await.unwrap();
    let hand_in = |minute| {
        let which = WhichCard::Key(number_key(1));
        stand
            .registry
            .hand_in(stand.request(), stamp(minute), which)
    };
    let early = refusal(hand_in(20).await);
    assert_eq!(early, Refusal::Step(StepRefusal::CardInUse));
    exit(stand, 1, stamp(21), ExitReason::DamagedByItself)
        .await
        .unwrap();
    assert_eq!(notes(stand, 1).await, CardNotes::default());

    hand_in(22).await.unwrap();
    let version = stand.registry.version().await.unwrap();
    hand_in(23).await.unwrap();
    assert_eq!(notes(stand, 1).await.hand_in_time, Some(time(22)));
    assert_eq!(stand.registry.version().await.unwrap(), version);
}

pub(crate) async fn a_uid_is_blocked_as_the_card_that_changed_last(stand: &Stand) {
    stand.enter(vec![entry(1), entry(2), entry(3)]).await;
    let reasons = [
        (1, ExitReason::DamagedByItself),
        (2, ExitReason::Exchanged),
        (3, ExitReason::IssuedInError),
    ];
    for (n, reason) in reasons {
        stand.collect(n, mixed(Some(n), Some(9))).await.unwrap();
        exit(stand, n, stamp(20), reason).await.unwrap();
    }
    let blocked_as = async || {
        let block = stand.registry.find_block(uid_key(9)).await.unwrap();
        let card = stand.card(uid_key(9)).await;
        let reason = block.map(|entry| entry.reason);
        assert_eq!(reason, card.state.blocks(), "as the card that it names");
        reason
    };
    assert_eq!(blocked_as().await, Some(BlockReason::Cancelled));

    let which = WhichCard::Key(number_key(1));
    let handed_in = stand.registry.hand_in(stand.request(), stamp(21), which);
    handed_in.await.unwrap();
    assert_eq!(blocked_as().await, Some(BlockReason::Damaged));

    stand.collect(2, card(4)).await.unwrap();
    assert_eq!(blocked_as().await, Some(BlockReason::Replaced));
}

pub(crate) async fn a_card_is_registered_once_a_school_year(stand: &Stand) {
    stand.enter(vec![entry(1)]).await;
    stand.collect(1, card(1)).await.unwrap();
    let register = |in_hand, stamp| {
        stand
            .registry
            .register_year(stand.request(), stamp, in_hand)
    };
    let request_id = stand.request();
    let none = stand.registry.year_registered(request_id.clone()).await;
    assert_eq!(none.unwrap(), None);
    let first = stand
        .registry
        .register_year(request_id.clone(), stamp(20), card(1))
        .await
        .unwrap();
    assert_eq!(first.state, CardState::Active);
    let recalled = stand.registry.year_registered(request_id).await;
    assert_eq!(recalled.unwrap(), Some(first.clone()));

    let again = register(card(1), stamp(21)).await.unwrap();
    assert_eq!(again.version, first.version, "once a year");
    let mut next_year = stamp(22);
    next_year.now += SignedDuration::from_hours(365 * 24);
    register(card(1), next_year).await.unwrap();
    assert_eq!(notes(stand, 1).await.school_years, [2026, 2027]);

    let other_chip = refusal(register(mixed(Some(1), Some(9)), stamp(23)).await);
    assert_eq!(other_chip, Refusal::NotTheSameCard);
    let stranger = refusal(register(card(9), stamp(23)).await);
    assert_eq!(stranger, Refusal::CardNotFound);
    stand.lose(number_key(1)).await.unwrap();
    let lost = refusal(register(card(1), stamp(24)).await);
    assert_eq!(lost.state(), Some(CardState::Lost));
}

pub(crate) async fn a_damage_registered_in_error_is_taken_back_with_the_card_in_hand(
    stand: &Stand,
) {
    stand.enter(vec![entry(1), entry(2)]).await;
    stand.collect(1, card(1)).await.unwrap();
    let correct = |in_hand| {
        let note = "the twin's card was meant".parse().unwrap();
        stand
            .registry
            .correct_damage(stand.request(), stamp(22), in_hand, note)
    };
    let good = refusal(correct(card(1)).await);
    assert_eq!(good.state(), Some(CardState::Active));
    exit(stand, 1, stamp(20), ExitReason::DamagedByHolder)
        .await
        .unwrap();
    assert_eq!(request(stand, RequestKind::Reissue, 1).await, 1);
    let other = refusal(correct(mixed(Some(1), Some(9))).await);
    assert_eq!(other, Refusal::NotTheSameCard);

    let back = correct(card(1)).await.unwrap();

    assert_eq!((back.state, back.exit_reason), (CardState::Active, None));
    let noted = notes(stand, 1).await.correction.unwrap();
    assert_eq!(noted.reveal(), "the twin's card was meant");
    let block = stand.registry.find_block(number_key(1)).await.unwrap();
    assert_eq!(block, None);
    assert_eq!(stand.student(1).await.holding, HoldingState::Holding);
    // The request for another has lapsed.
    stand.lose(number_key(1)).await.unwrap();
    assert_eq!(request(stand, RequestKind::Reissue, 1).await, 1);
    let lost = refusal(correct(card(1)).await);
    assert_eq!(lost.state(), Some(CardState::Lost), "a loss is cancelled");
}

pub(crate) async fn a_card_expires_after_its_last_day(stand: &Stand) {
    let mut last_day = issued(1, Some(1), None);
    last_day.valid_until = Some("2026-09-01".parse().unwrap());
    stand
        .take_in(vec![last_day, issued(2, Some(2), None)])
        .await;
    let expire = async |n, stamp| exit(stand, n, stamp, ExitReason::Expired).await;
    let mut next_day = stamp(0);
    next_day.now += SignedDuration::from_hours(8);

    let on_the_day = refusal(expire(1, stamp(0)).await);
    assert_eq!(on_the_day, Refusal::Step(StepRefusal::NotExpired));
    // Midnight at the school.
    let expired = expire(1, next_day.clone()).await.unwrap();
    assert_eq!(expired.state, CardState::Cancelled);
    assert_eq!(expired.exit_reason, Some(ExitReason::Expired));
    let unlimited = refusal(expire(2, next_day).await);
    assert_eq!(unlimited, Refusal::Step(StepRefusal::NotExpired));
}
