//! Any sequence of operations, beside a simple model of what they may do.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use xueka_domain::{
    BlockReason, CardKey, CardState, ExitReason, HoldingState, IssuedState, RequestKind,
};
use xueka_registry::{
    Arrival, ArrivedCard, CardOrder, CardRequestId, MoveTo, RegistryError, RequestFilter,
    RequestStep, StudentsMove, WhichCard,
};

use super::{
    blacklist,
    stand::{
        Stand, entry, issued, list, mixed, number, number_key, stamp, student_number, uid, uid_key,
    },
};

/// How many students, numbers and UIDs there are to mix: few, so that they
/// meet.
const N: u32 = 4;

#[derive(Clone, Debug)]
enum Step {
    Register {
        student: u32,
        number: Option<u32>,
        uid: Option<u32>,
        waiting: bool,
    },
    Collect {
        student: u32,
        number: Option<u32>,
        uid: Option<u32>,
    },
    ExitByNumber(u32, ExitReason),
    ExitByUid(u32, ExitReason),
    ExitOf(u32, ExitReason),
    CancelLoss {
        number: Option<u32>,
        uid: Option<u32>,
    },
    Block(bool, u32),
    Unblock(bool, u32),
    Procedure(Procedure),
}

/// A step of the procedure around the cards.
#[derive(Clone, Debug)]
enum Procedure {
    Request(u32, RequestKind),
    Further(u32, RequestStep),
    Deliver(u32, Option<(Option<u32>, Option<u32>)>),
    CorrectDamage(Option<u32>, Option<u32>),
    Exchange(u32),
    Leave(u32),
    Return(u32),
}

/// By what a card shows itself.
fn name() -> impl Strategy<Value = (Option<u32>, Option<u32>)> {
    prop_oneof![
        (0..N).prop_map(|n| (Some(n), None)),
        (0..N).prop_map(|n| (None, Some(n))),
        (0..N, 0..N).prop_map(|(number, uid)| (Some(number), Some(uid))),
    ]
}

fn procedure() -> impl Strategy<Value = Procedure> {
    use Procedure::*;
    const STEPS: [RequestStep; 8] = [
        // The way ahead is taken more often than the others.
        RequestStep::Confirm,
        RequestStep::Confirm,
        RequestStep::Produce,
        RequestStep::Produce,
        RequestStep::Remake,
        RequestStep::Reject,
        RequestStep::Withdraw,
        RequestStep::Lapse,
    ];
    let kind = proptest::sample::select(&RequestKind::ALL[..]);
    let further = proptest::sample::select(&STEPS[..]);
    prop_oneof![
        3 => (0..N, kind).prop_map(|(n, kind)| Request(n, kind)),
        6 => (0..N, further).prop_map(|(n, step)| Further(n, step)),
        3 => (0..N, proptest::option::of(name())).prop_map(|(n, card)| Deliver(n, card)),
        1 => name().prop_map(|(number, uid)| CorrectDamage(number, uid)),
        1 => (0..N).prop_map(Exchange),
        1 => (0..N).prop_map(Leave),
        1 => (0..N).prop_map(Return),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let reason = || proptest::sample::select(&ExitReason::ALL[..]);
    prop_oneof![
        2 => (0..N, name(), any::<bool>()).prop_map(|(student, (number, uid), waiting)| {
            Step::Register { student, number, uid, waiting }
        }),
        3 => (0..N, name()).prop_map(|(student, (number, uid))| {
            Step::Collect { student, number, uid }
        }),
        1 => (0..N, reason()).prop_map(|(n, reason)| Step::ExitByNumber(n, reason)),
        1 => (0..N, reason()).prop_map(|(n, reason)| Step::ExitByUid(n, reason)),
        2 => (0..N, reason()).prop_map(|(n, reason)| Step::ExitOf(n, reason)),
        2 => name().prop_map(|(number, uid)| Step::CancelLoss { number, uid }),
        1 => (any::<bool>(), 0..N).prop_map(|(by_number, n)| Step::Block(by_number, n)),
        1 => (any::<bool>(), 0..N).prop_map(|(by_number, n)| Step::Unblock(by_number, n)),
        12 => procedure().prop_map(Step::Procedure),
    ]
}

/// What the model knows of a card that has a number.
type Seen = BTreeMap<u32, u32>;

pub(crate) async fn any_sequence_of_operations_keeps_the_rules(stand: &Stand) {
    let mut runner = TestRunner::new(Config::default());
    let mut holders: Seen = BTreeMap::new();
    let mut by_hand = BTreeSet::new();
    // One registry for all sequences: what went before only makes it harder,
    // and new indices keep room for what is new.
    for round in 0..24 {
        let students = round * N..(round + 1) * N;
        stand.enter(students.map(entry).collect()).await;
        let steps = proptest::collection::vec(step(), 1..48);
        let steps = steps.new_tree(&mut runner).unwrap().current();
        for step in &steps {
            let before = stand.registry.version().await.unwrap();
            let n_told = stand.commits.lock().unwrap().len();
            let outcome = take(stand, round * N, step, &mut by_hand).await;
            let after = stand.registry.version().await.unwrap();
            match outcome {
                Ok(changed) => assert_eq!(after, before + u64::from(changed), "{step:?}"),
                Err(RegistryError::Refused(_)) => assert_eq!(after, before, "{step:?}"),
                Err(other) => panic!("{step:?}: {other}"),
            }
            let told = stand.commits.lock().unwrap().len() - n_told;
            assert_eq!(told as u64, after - before, "{step:?}");
        }
        check(stand, round * N, &mut holders, &by_hand, &steps).await;
        check_students(stand, round * N, &steps).await;
    }
}

/// Does a step; answers whether it changed something.
async fn take(
    stand: &Stand,
    base: u32,
    step: &Step,
    by_hand: &mut BTreeSet<CardKey>,
) -> Result<bool, RegistryError> {
    let registry = &stand.registry;
    let request = stand.request();
    let up = |n: &Option<u32>| n.map(|n| base + n);
    let exit = |which, reason| registry.report_exit(stand.request(), stamp(2), which, reason);
    match step {
        Step::Register {
            student,
            number,
            uid,
            waiting,
        } => {
            let mut row = issued(base + student, up(number), up(uid));
            if *waiting {
                row.state = IssuedState::Delivered;
            }
            let outcome = registry.register_issued(request, stamp(0), list(vec![row]));
            Ok(outcome.await?.registered > 0)
        }
        Step::Collect {
            student,
            number,
            uid,
        } => {
            stand
                .collect(base + student, mixed(up(number), up(uid)))
                .await?;
            Ok(true)
        }
        Step::ExitByNumber(n, reason) => {
            exit(WhichCard::Key(number_key(base + n)), *reason).await?;
            Ok(true)
        }
        Step::ExitByUid(n, reason) => {
            exit(WhichCard::Key(uid_key(base + n)), *reason).await?;
            Ok(true)
        }
        Step::ExitOf(n, reason) => {
            exit(WhichCard::LiveCardOf(student_number(base + n)), *reason).await?;
            Ok(true)
        }
        Step::CancelLoss { number, uid } => {
            stand.find_again(mixed(up(number), up(uid))).await?;
            Ok(true)
        }
        Step::Block(by_number, n) => {
            let key = key(*by_number, base + n);
            let note = "why".parse().unwrap();
            registry.add_block(request, stamp(4), key, note).await?;
            assert!(by_hand.insert(key));
            Ok(true)
        }
        Step::Unblock(by_number, n) => {
            let key = key(*by_number, base + n);
            registry.remove_block(request, stamp(5), key).await?;
            assert!(by_hand.remove(&key));
            Ok(true)
        }
        Step::Procedure(procedure) => take_procedure(stand, base, procedure).await,
    }
}

/// Does a step of the procedure; answers whether it changed something.
async fn take_procedure(
    stand: &Stand,
    base: u32,
    procedure: &Procedure,
) -> Result<bool, RegistryError> {
    let registry = &stand.registry;
    let request = stand.request();
    let in_hand = |number: &Option<u32>, uid: &Option<u32>| {
        mixed(number.map(|n| base + n), uid.map(|n| base + n))
    };
    match procedure {
        Procedure::Request(n, kind) => {
            let order = CardOrder {
                students: vec![student_number(base + n)],
                kind: *kind,
                fee_fen: 2_000,
                accept_good: false,
                dry_run: false,
            };
            let outcome = registry.request_cards(request, stamp(6), order).await?;
            Ok(!outcome.requested.is_empty())
        }
        Procedure::Further(n, step) => {
            let ids: Vec<_> = open_requests(stand, base + n).await;
            let outcome = registry.step_requests(request, stamp(6), ids, *step, None);
            Ok(outcome.await?.n_advanced > 0)
        }
        Procedure::Deliver(n, card) => {
            let ids = open_requests(stand, base + n).await;
            let card = card.as_ref().map(|(number, uid)| ArrivedCard {
                identity: in_hand(number, uid),
                family: None,
                valid_from: None,
                valid_until: None,
            });
            let arrivals = ids.into_iter().map(|request| Arrival {
                request,
                card: card.clone(),
            });
            let outcome = registry.deliver_cards(request, stamp(6), arrivals.collect());
            Ok(outcome.await?.n_advanced > 0)
        }
        Procedure::CorrectDamage(number, uid) => {
            let note = "why".parse().unwrap();
            let corrected = registry.correct_damage(request, stamp(6), in_hand(number, uid), note);
            corrected.await.map(|_| true)
        }
        Procedure::Exchange(n) => {
            let which = WhichCard::LiveCardOf(student_number(base + n));
            let exchanged = registry.exchange(request, stamp(6), which, Some(100));
            exchanged.await.map(|_| true)
        }
        Procedure::Leave(n) | Procedure::Return(n) => {
            let since = None;
            let students = StudentsMove {
                students: vec![student_number(base + n)],
                to: match procedure {
                    Procedure::Leave(_) => MoveTo::Away { since },
                    _ => MoveTo::Back { since },
                },
                dry_run: false,
            };
            let outcome = registry.move_students(request, stamp(6), students);
            Ok(outcome.await?.n_moved > 0)
        }
    }
}

/// The requests of a student that are open: at most one, which is checked.
async fn open_requests(stand: &Stand, n: u32) -> Vec<CardRequestId> {
    let filter = RequestFilter {
        student: Some(student_number(n)),
        ..RequestFilter::default()
    };
    let requests = stand.registry.list_card_requests(filter, None, 1_000).await;
    let requests = requests.unwrap().into_iter();
    let open: Vec<_> = requests
        .filter(|request| request.state.is_open())
        .map(|request| request.id)
        .collect();
    assert!(open.len() <= 1, "two open requests of one student");
    open
}

/// The rules for students that hold after any sequence.
async fn check_students(stand: &Stand, base: u32, steps: &[Step]) {
    for n in base..base + N {
        let student = stand.student(n).await;
        let is_requested = !open_requests(stand, n).await.is_empty();
        let which = WhichCard::LiveCardOf(student_number(n));
        let live = stand.registry.find_card(which).await.unwrap();
        let has_active = live
            .as_ref()
            .is_some_and(|card| card.state == CardState::Active);
        let holds = student.holding == HoldingState::Holding;
        assert_eq!(holds, has_active, "{steps:?}");
        let awaits = matches!(
            student.holding,
            HoldingState::InProduction | HoldingState::AwaitingReplacement
        );
        if is_requested {
            assert!(awaits, "a request for nothing: {steps:?}");
        }
        if student.holding == HoldingState::Left {
            assert_eq!(live, None, "a card of who left: {steps:?}");
        }
    }
}

fn key(by_number: bool, n: u32) -> CardKey {
    if by_number { number_key(n) } else { uid_key(n) }
}

/// The rules that hold after any sequence.
async fn check(
    stand: &Stand,
    base: u32,
    holders: &mut Seen,
    by_hand: &BTreeSet<CardKey>,
    steps: &[Step],
) {
    let loaded = blacklist::load(stand).await;
    let blocked_by_hand: BTreeSet<_> = loaded
        .keys()
        .filter(|(_, by_hand)| *by_hand)
        .map(|(key, _)| *key)
        .collect();
    assert_eq!(&blocked_by_hand, by_hand, "{steps:?}");

    let mut live_of_student: BTreeMap<u32, u32> = BTreeMap::new();
    for n in base..base + N {
        let which = WhichCard::Key(number_key(n));
        let found = stand.registry.find_card(which).await.unwrap();
        let state = found.as_ref().map(|card| card.state);
        let by_state = loaded
            .get(&(number_key(n), false))
            .map(|(reason, _)| *reason);
        assert_eq!(by_state, state.and_then(CardState::blocks), "{steps:?}");
        let Some(card) = found else { continue };
        let holder: u32 = card.student.number.reveal()[1..].parse().unwrap();
        let first = *holders.entry(n).or_insert(holder);
        assert_eq!(holder, first, "a number changed hands: {steps:?}");
        if card.state.is_live() {
            let other = live_of_student.insert(holder, n);
            assert_eq!(other, None, "two live cards of one student: {steps:?}");
            let which = WhichCard::LiveCardOf(student_number(holder));
            let live = stand.registry.find_card(which).await.unwrap().unwrap();
            assert_eq!(live.number, Some(number(n)), "{steps:?}");
        }
        if card.state == CardState::Active
            && let Some(uid) = card.uid
        {
            let by_state = loaded.get(&(CardKey::Uid(uid), false));
            assert_eq!(by_state, None, "a live card's UID is blocked: {steps:?}");
        }
    }
    for n in base..base + N {
        let by_state = loaded.get(&(uid_key(n), false)).map(|(reason, _)| *reason);
        let which = WhichCard::Key(CardKey::Uid(uid(n)));
        if let Some(card) = stand.registry.find_card(which).await.unwrap() {
            let expected: Option<BlockReason> = card.state.blocks();
            assert_eq!(by_state, expected, "{steps:?}");
        }
    }
}
