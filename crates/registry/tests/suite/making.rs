//! How students come by cards: requested, made, delivered, collected.

use xueka_domain::{
    CardState, Enrolment, ExitReason, HoldingState, RequestEvent, RequestKind, RequestState,
};
use xueka_registry::{
    Arrival, ArrivedCard, CardOrder, CardRequest, CardRequestId, FeeState, OrderOutcome,
    OrderRefusal, Refusal, RefusedStep, RegistryError, RequestFilter, RequestRefusal, RequestStep,
    StepOutcome, StepRefusal, WhichCard,
};

use super::stand::{
    Stand, card, entry, issued, mixed, number_key, refusal, stamp, student, student_number, time,
};

/// What a reissue costs in these tests, in fen.
const FEE: u32 = 2_000;

fn order(kind: RequestKind, students: impl IntoIterator<Item = u32>) -> CardOrder {
    CardOrder {
        students: students.into_iter().map(student_number).collect(),
        kind,
        fee_fen: FEE,
        accept_good: false,
        dry_run: false,
    }
}

async fn request(stand: &Stand, order: CardOrder) -> OrderOutcome {
    let outcome = stand
        .registry
        .request_cards(stand.request(), stamp(10), order);
    outcome.await.unwrap()
}

/// The one request that an order for one student makes.
async fn request_one(stand: &Stand, kind: RequestKind, n: u32) -> CardRequestId {
    let outcome = request(stand, order(kind, [n])).await;
    assert_eq!(outcome.refused, [], "student {n}");
    outcome.requested[0]
}

async fn step(stand: &Stand, ids: &[CardRequestId], step: RequestStep) -> StepOutcome {
    let outcome =
        stand
            .registry
            .step_requests(stand.request(), stamp(11), ids.to_vec(), step, None);
    outcome.await.unwrap()
}

/// Takes a request so far that its card is being made.
async fn produce(stand: &Stand, id: CardRequestId) {
    for next in [RequestStep::Confirm, RequestStep::Produce] {
        assert_eq!(step(stand, &[id], next).await.n_advanced, 1, "{next:?}");
    }
}

async fn deliver(stand: &Stand, arrivals: Vec<Arrival>) -> StepOutcome {
    let outcome = stand
        .registry
        .deliver_cards(stand.request(), stamp(12), arrivals);
    outcome.await.unwrap()
}

fn unnamed(request: CardRequestId) -> Arrival {
    Arrival {
        request,
        card: None,
    }
}

fn named(request: CardRequestId, n_number: Option<u32>, n_uid: Option<u32>) -> Arrival {
    let card = ArrivedCard {
        identity: mixed(n_number, n_uid),
        family: None,
        valid_from: None,
        valid_until: Some("2029-07-31".parse().unwrap()),
    };
    Arrival {
        request,
        card: Some(card),
    }
}

async fn requests_of(stand: &Stand, n: u32) -> Vec<CardRequest> {
    let filter = RequestFilter {
        student: Some(student_number(n)),
        ..RequestFilter::default()
    };
    let found = stand.registry.list_card_requests(filter, None, 100).await;
    found.unwrap()
}

async fn last_of(stand: &Stand, n: u32) -> CardRequest {
    requests_of(stand, n).await.pop().unwrap()
}

async fn exit(stand: &Stand, n: u32, reason: ExitReason) {
    let which = WhichCard::LiveCardOf(student_number(n));
    let gone = stand
        .registry
        .report_exit(stand.request(), stamp(5), which, reason);
    gone.await.unwrap();
}

pub(crate) async fn a_card_is_made_step_by_step_from_request_to_hand_out(stand: &Stand) {
    stand.enter(vec![entry(1)]).await;
    let id = request_one(stand, RequestKind::New, 1).await;
    let made = last_of(stand, 1).await;
    assert_eq!((made.id, made.state), (id, RequestState::Requested));
    assert_eq!((made.student, made.kind), (student(1), RequestKind::New));
    assert_eq!((made.replaces, made.card, made.fee), (None, None, None));
    assert_eq!((made.open_time, made.state_time), (time(10), time(10)));
    let steps = [
        (RequestStep::Confirm, RequestState::Confirmed),
        (RequestStep::Produce, RequestState::InProduction),
        (RequestStep::Remake, RequestState::Confirmed),
        (RequestStep::Produce, RequestState::InProduction),
    ];
    for (next, expected) in steps {
        let outcome = step(stand, &[id], next).await;
        assert_eq!((outcome.n_advanced, outcome.refused.len()), (1, 0));
        assert_eq!(last_of(stand, 1).await.state, expected);
        let holding = stand.student(1).await.holding;
        assert_eq!(holding, HoldingState::InProduction);
    }

    deliver(stand, vec![unnamed(id)]).await;
    let delivered = last_of(stand, 1).await;
    assert_eq!(delivered.state, RequestState::Delivered);
    assert_eq!(delivered.state_time, time(12));

    let handed = stand.collect(1, card(7)).await.unwrap();
    let done = last_of(stand, 1).await;
    assert_eq!(done.state, RequestState::Collected);
    assert_eq!(done.card, Some(card(7)));
    assert_eq!(done.version, handed.version, "in one change");
    assert_eq!(stand.student(1).await.holding, HoldingState::Holding);
}

pub(crate) async fn a_lost_card_is_reissued_and_linked_both_ways(stand: &Stand) {
    stand.enter(vec![entry(1)]).await;
    stand.collect(1, card(7)).await.unwrap();
    stand.lose(number_key(7)).await.unwrap();
    let holding = stand.student(1).await.holding;
    assert_eq!(holding, HoldingState::AwaitingReplacement);

    let id = request_one(stand, RequestKind::Reissue, 1).await;
    let made = last_of(stand, 1).await;
    assert_eq!(made.replaces, Some(card(7)));
    let fee = made.fee.unwrap();
    assert_eq!((fee.reason, fee.amount_fen), (ExitReason::Lost, FEE));
    produce(stand, id).await;
    deliver(stand, vec![named(id, Some(8), Some(8))]).await;
    let holding = stand.student(1).await.holding;
    assert_eq!(
        holding,
        HoldingState::AwaitingReplacement,
        "not yet in hand"
    );
    assert_eq!(stand.card(number_key(7)).await.state, CardState::Lost);

    let next = stand.collect(1, card(8)).await.unwrap();
    assert_eq!(next.replaces, Some(card(7)));
    let old = stand.card(number_key(7)).await;
    assert_eq!(old.state, CardState::Replaced);
    assert_eq!(old.replaced_by, Some(card(8)));
    assert_eq!(last_of(stand, 1).await.card, Some(card(8)));
    assert_eq!(stand.student(1).await.holding, HoldingState::Holding);
}

pub(crate) async fn everyone_for_whom_no_card_can_be_requested_has_a_reason(stand: &Stand) {
    let mut gone = entry(5);
    gone.enrolment = Enrolment::Left;
    stand
        .enter((1..=4).map(entry).chain([gone]).collect())
        .await;
    stand.collect(2, card(2)).await.unwrap();
    stand.collect(3, card(3)).await.unwrap();
    exit(stand, 3, ExitReason::DamagedByItself).await;
    stand.collect(4, card(4)).await.unwrap();
    exit(stand, 4, ExitReason::IssuedInError).await;
    let before = stand.registry.version().await.unwrap();
    let reasons = |outcome: &OrderOutcome| -> Vec<_> {
        let refused = outcome.refused.iter();
        refused
            .map(|refused| (refused.index, refused.reason, refused.card))
            .collect()
    };

    let students = [1, 2, 3, 4, 5, 6, 1];
    let new = request(stand, order(RequestKind::New, students)).await;
    assert_eq!(
        reasons(&new),
        [
            (1, OrderRefusal::HoldsCard, Some(card(2))),
            (2, OrderRefusal::NeedsReissue, Some(card(3))),
            (4, OrderRefusal::StudentLeft, None),
            (5, OrderRefusal::UnknownStudent, None),
            (6, OrderRefusal::AlreadyRequested, None),
        ]
    );
    assert_eq!((new.n_good, new.requested.len()), (2, 0), "one stops all");
    assert_eq!(stand.registry.version().await.unwrap(), before);
    assert_eq!(requests_of(stand, 1).await, []);

    let good = CardOrder {
        accept_good: true,
        ..order(RequestKind::Reissue, students)
    };
    let reissue = request(stand, good).await;
    assert_eq!(
        reasons(&reissue),
        [
            (0, OrderRefusal::NothingToReplace, None),
            (1, OrderRefusal::HoldsCard, Some(card(2))),
            (3, OrderRefusal::NothingToReplace, None),
            (4, OrderRefusal::StudentLeft, None),
            (5, OrderRefusal::UnknownStudent, None),
            (6, OrderRefusal::NothingToReplace, None),
        ]
    );
    assert_eq!((reissue.n_good, reissue.requested.len()), (1, 1));
    assert_eq!(last_of(stand, 3).await.id, reissue.requested[0]);
    assert_eq!(reissue.version, before + 1);
}

pub(crate) async fn a_trial_order_changes_nothing_and_a_resent_one_is_answered_again(
    stand: &Stand,
) {
    stand.enter(vec![entry(1), entry(2)]).await;
    stand.collect(2, card(2)).await.unwrap();
    let id = stand.request();
    let send = |dry_run| {
        let order = CardOrder {
            accept_good: true,
            dry_run,
            ..order(RequestKind::New, [1, 2])
        };
        stand.registry.request_cards(id.clone(), stamp(10), order)
    };
    let before = stand.registry.version().await.unwrap();
    let dry = send(true).await.unwrap();
    assert_eq!((dry.n_good, dry.requested.len()), (1, 0));
    assert_eq!(dry.version, before);

    let first = send(false).await.unwrap();
    assert_eq!(first.refused, dry.refused);
    let again = send(false).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(requests_of(stand, 1).await.len(), 1);
    let reused = send(true).await;
    assert!(matches!(reused, Err(RegistryError::RequestIdReused)));
    // Under a request id of its own it is refused, and says why.
    let second = request(stand, order(RequestKind::New, [1])).await;
    assert_eq!(second.refused[0].reason, OrderRefusal::AlreadyRequested);
}

pub(crate) async fn a_step_is_taken_by_all_requests_or_none(stand: &Stand) {
    stand.enter((1..=3).map(entry).collect()).await;
    let ids = request(stand, order(RequestKind::New, 1..=3))
        .await
        .requested;
    step(stand, &ids[..1], RequestStep::Confirm).await;
    let unknown = CardRequestId(999);

    let outcome = step(stand, &[ids[0], ids[1], unknown], RequestStep::Confirm).await;
    let illegal = RequestState::Confirmed
        .after(RequestEvent::Confirm)
        .unwrap_err();
    let expected = [
        (ids[0], RequestRefusal::Illegal(illegal)),
        (unknown, RequestRefusal::NotFound),
    ];
    assert_eq!(
        outcome.refused,
        expected.map(|(request, reason)| RefusedStep { request, reason })
    );
    assert_eq!(outcome.n_advanced, 0);
    assert_eq!(last_of(stand, 2).await.state, RequestState::Requested);

    let note: xueka_domain::Note = "photo missing".parse().unwrap();
    let id = stand.request();
    let reject = || {
        let (id, ids, note) = (id.clone(), ids[1..].to_vec(), Some(note.clone()));
        stand
            .registry
            .step_requests(id, stamp(11), ids, RequestStep::Reject, note)
    };
    let first = reject().await.unwrap();
    assert_eq!(first.n_advanced, 2);
    assert_eq!(reject().await.unwrap(), first, "answered again");
    for n in 2..=3 {
        let rejected = last_of(stand, n).await;
        assert_eq!(rejected.state, RequestState::Rejected);
        assert_eq!(rejected.note.as_ref(), Some(&note));
        assert_eq!(stand.student(n).await.holding, HoldingState::NoCard);
    }
    // Nothing stands in the way of another request.
    request_one(stand, RequestKind::New, 2).await;
}

pub(crate) async fn a_card_is_not_handed_out_before_it_is_delivered(stand: &Stand) {
    stand.enter(vec![entry(1)]).await;
    let id = request_one(stand, RequestKind::New, 1).await;
    for next in [None, Some(RequestStep::Confirm), Some(RequestStep::Produce)] {
        if let Some(next) = next {
            step(stand, &[id], next).await;
        }
        let early = refusal(stand.collect(1, card(7)).await);
        let Refusal::Step(StepRefusal::IllegalRequest(illegal)) = early else {
            panic!("another refusal: {early:?}");
        };
        assert_eq!(illegal.state, last_of(stand, 1).await.state);
        assert_eq!(illegal.event, RequestEvent::Collect);
    }
}

pub(crate) async fn a_delivered_card_waits_for_its_student_alone(stand: &Stand) {
    stand.enter(vec![entry(1), entry(2)]).await;
    let id = request_one(stand, RequestKind::New, 1).await;
    produce(stand, id).await;
    deliver(stand, vec![named(id, Some(7), Some(7))]).await;
    assert_eq!(stand.card(number_key(7)).await.state, CardState::Delivered);
    assert_eq!(last_of(stand, 1).await.card, Some(card(7)));

    let other_student = refusal(stand.collect(2, card(7)).await);
    assert_eq!(other_student, Refusal::NumberTaken);
    let other_card = refusal(stand.collect(1, card(8)).await);
    assert_eq!(other_card, Refusal::StudentHasCard);
    let other_chip = refusal(stand.collect(1, mixed(Some(7), Some(9))).await);
    assert_eq!(other_chip, Refusal::NotTheSameCard);
    stand.collect(1, card(7)).await.unwrap();
    assert_eq!(last_of(stand, 1).await.state, RequestState::Collected);
}

pub(crate) async fn what_the_factory_says_must_fit_the_record(stand: &Stand) {
    stand.enter((1..=4).map(entry).collect()).await;
    stand.collect(1, mixed(Some(1), None)).await.unwrap();
    stand.collect(2, mixed(None, Some(2))).await.unwrap();
    let ids = request(stand, order(RequestKind::New, 3..=4))
        .await
        .requested;
    for id in &ids {
        produce(stand, *id).await;
    }
    let cases = [
        (named(ids[0], Some(1), None), RequestRefusal::NumberTaken),
        (named(ids[0], Some(9), Some(2)), RequestRefusal::UidTaken),
    ];
    for (arrival, expected) in cases {
        let outcome = deliver(stand, vec![named(ids[1], Some(4), None), arrival]).await;
        assert_eq!(outcome.refused.len(), 1);
        assert_eq!(outcome.refused[0].reason, expected);
        let state = last_of(stand, 4).await.state;
        assert_eq!(state, RequestState::InProduction, "all or none");
    }
    let twice = deliver(
        stand,
        vec![named(ids[0], Some(3), None), named(ids[1], Some(3), None)],
    );
    let twice = twice.await.refused;
    assert_eq!(twice[0].reason, RequestRefusal::NumberTaken);
    assert_eq!(twice[0].request, ids[1]);
    let again = deliver(
        stand,
        vec![named(ids[0], Some(3), None), named(ids[0], Some(4), None)],
    );
    let again = again.await.refused;
    assert_eq!(again[0].reason.code(), "ILLEGAL_REQUEST");

    // A list may say later which card it was that came.
    deliver(stand, vec![unnamed(ids[0])]).await;
    let mut listed = issued(3, Some(3), None);
    listed.state = xueka_domain::IssuedState::Delivered;
    stand.take_in(vec![listed]).await;
    let found = last_of(stand, 3).await;
    assert_eq!(found.state, RequestState::Delivered);
    assert_eq!(found.card, Some(mixed(Some(3), None)));
}

pub(crate) async fn fees_follow_the_reason_and_the_request(stand: &Stand) {
    let reasons = [
        (1, ExitReason::Lost, true),
        (2, ExitReason::Stolen, true),
        (3, ExitReason::DamagedByHolder, true),
        (4, ExitReason::DamagedByItself, false),
        (5, ExitReason::Exchanged, false),
    ];
    stand.enter((1..=5).map(entry).collect()).await;
    let fee_of = async |n| last_of(stand, n).await.fee.map(|fee| fee.state);
    let pay = |id| stand.registry.pay_fee(stand.request(), stamp(13), id);
    for (n, reason, is_due) in reasons {
        stand.collect(n, card(n)).await.unwrap();
        exit(stand, n, reason).await;
        request_one(stand, RequestKind::Reissue, n).await;
        assert_eq!(fee_of(n).await.is_some(), is_due, "{reason:?}");
    }
    let id_of = async |n| last_of(stand, n).await.id;

    pay(id_of(1).await).await.unwrap();
    assert_eq!(fee_of(1).await, Some(FeeState::Paid));
    let withdrawn = [id_of(1).await, id_of(2).await];
    step(stand, &withdrawn, RequestStep::Withdraw).await;
    assert_eq!(fee_of(1).await, Some(FeeState::Paid), "to be paid back");
    assert_eq!(fee_of(2).await, Some(FeeState::Void));

    for (n, why) in [(1, "paid"), (2, "void"), (4, "free of charge")] {
        let outcome = refusal(pay(id_of(n).await).await);
        assert_eq!(outcome, Refusal::Step(StepRefusal::NoFeeDue), "{why}");
    }
    let unknown = refusal(pay(CardRequestId(999)).await);
    assert_eq!(unknown, Refusal::Step(StepRefusal::RequestNotFound));
    let request = stand.request();
    let id = id_of(3).await;
    let first = stand.registry.pay_fee(request.clone(), stamp(13), id).await;
    let again = stand.registry.pay_fee(request, stamp(14), id).await;
    assert_eq!(again.unwrap(), first.unwrap());
}

pub(crate) async fn a_request_whose_reason_is_gone_lapses(stand: &Stand) {
    stand.enter((1..=4).map(entry).collect()).await;
    // The lost card was found while the next was being made.
    stand.collect(1, card(1)).await.unwrap();
    stand.lose(number_key(1)).await.unwrap();
    let found = request_one(stand, RequestKind::Reissue, 1).await;
    produce(stand, found).await;
    stand.find_again(card(1)).await.unwrap();
    let lapsed = last_of(stand, 1).await;
    assert_eq!(lapsed.state, RequestState::Withdrawn);
    assert_eq!(lapsed.fee.unwrap().state, FeeState::Void);
    assert_eq!(stand.student(1).await.holding, HoldingState::Holding);

    // The student left while the card waited.
    let left = request_one(stand, RequestKind::New, 2).await;
    produce(stand, left).await;
    deliver(stand, vec![named(left, Some(2), Some(2))]).await;
    let mut gone = entry(2);
    gone.enrolment = Enrolment::Left;
    stand.enter(vec![gone]).await;
    assert_eq!(last_of(stand, 2).await.state, RequestState::Withdrawn);
    assert_eq!(stand.card(number_key(2)).await.state, CardState::Cancelled);

    // Nobody came for the card.
    let waiting = request_one(stand, RequestKind::New, 3).await;
    produce(stand, waiting).await;
    deliver(stand, vec![named(waiting, Some(3), Some(3))]).await;
    step(stand, &[waiting], RequestStep::Lapse).await;
    let card = stand.card(number_key(3)).await;
    assert_eq!((card.state, card.exit_reason), (CardState::Cancelled, None));
    assert_eq!(stand.student(3).await.holding, HoldingState::NoCard);

    // A list says that the student has had a card all the time.
    request_one(stand, RequestKind::New, 4).await;
    stand.take_in(vec![issued(4, Some(4), None)]).await;
    assert_eq!(last_of(stand, 4).await.state, RequestState::Withdrawn);
    assert_eq!(stand.student(4).await.holding, HoldingState::Holding);
}

pub(crate) async fn of_64_orders_for_one_student_one_is_made(stand: &Stand) {
    stand.enter(vec![entry(1)]).await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (registry, request) = (stand.registry.clone(), stand.request());
            let order = order(RequestKind::New, [1]);
            tokio::spawn(async move { registry.request_cards(request, stamp(10), order).await })
        })
        .collect();
    let mut n_made = 0;
    for task in tasks {
        n_made += task.await.unwrap().unwrap().requested.len();
    }
    assert_eq!(n_made, 1);
    assert_eq!(requests_of(stand, 1).await.len(), 1);
}

pub(crate) async fn requests_are_listed_by_student_and_state(stand: &Stand) {
    stand.enter((1..=5).map(entry).collect()).await;
    let ids = request(stand, order(RequestKind::New, 1..=5))
        .await
        .requested;
    step(stand, &ids[3..], RequestStep::Confirm).await;
    let list = async |student: Option<u32>, state, after, limit| -> Vec<_> {
        let filter = RequestFilter {
            student: student.map(student_number),
            state,
        };
        let found = stand.registry.list_card_requests(filter, after, limit);
        let found = found.await.unwrap().into_iter();
        found.map(|request| request.id).collect()
    };
    let confirmed = Some(RequestState::Confirmed);
    assert_eq!(list(None, None, None, 100).await, ids);
    assert_eq!(list(None, None, Some(ids[1]), 2).await, ids[2..4]);
    assert_eq!(list(None, confirmed, None, 100).await, ids[3..]);
    assert_eq!(list(Some(4), None, None, 100).await, ids[3..4]);
    assert_eq!(list(Some(4), confirmed, None, 100).await, ids[3..4]);
    assert_eq!(list(Some(1), confirmed, None, 100).await, []);
}
