//! Any sequence of operations, beside a simple model of what they may do.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use xueka_domain::{BlockReason, CardKey, CardState, ExitReason, IssuedState};
use xueka_registry::{RegistryError, WhichCard};

use super::{
    blacklist,
    stand::{Stand, issued, list, mixed, number, number_key, stamp, student_number, uid, uid_key},
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
}

fn step() -> impl Strategy<Value = Step> {
    let name = || {
        prop_oneof![
            (0..N).prop_map(|n| (Some(n), None)),
            (0..N).prop_map(|n| (None, Some(n))),
            (0..N, 0..N).prop_map(|(number, uid)| (Some(number), Some(uid))),
        ]
    };
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
        let steps = proptest::collection::vec(step(), 1..24);
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
