//! What cards count, and what is said when they count less.

use xueka_domain::{CardIdentity, Count, Counter};
use xueka_registry::{NewCardWrite, PlanText, WriteOutcome};

use super::stand::{Stand, card, mixed, number, stamp, uid};

async fn note(stand: &Stand, shown: CardIdentity, counts: &[(Counter, u16)]) -> Vec<Counter> {
    let counts = counts
        .iter()
        .map(|(counter, count)| (*counter, Count(*count)));
    let noted = stand
        .registry
        .note_counts(stamp(4), shown, counts.collect())
        .await;
    noted.unwrap()
}

async fn writes_seen(stand: &Stand) -> Option<u16> {
    let facts = stand.registry.facts(card(7)).await.unwrap();
    let seen = facts.card.unwrap().record_writes;
    seen.map(|Count(count)| count)
}

pub(crate) async fn counts_only_rise(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    let writes = Counter::RecordWrites;
    let none: [Counter; 0] = [];
    let cases = [
        (5, &none[..], 5, 1, "never seen"),
        (5, &none[..], 5, 0, "as it was"),
        (4, &[writes][..], 5, 1, "an older copy, put on record"),
        (6, &none[..], 6, 1, "written on"),
        (5, &[writes][..], 6, 1, "the copy again"),
    ];
    for (count, behind, seen, n_changes, why) in cases {
        let before = stand.registry.version().await.unwrap();
        assert_eq!(
            note(stand, card(7), &[(writes, count)]).await,
            behind,
            "{why}"
        );
        assert_eq!(writes_seen(stand).await, Some(seen), "{why}");
        let after = stand.registry.version().await.unwrap();
        assert_eq!(after - before, n_changes, "{why}");
    }
}

pub(crate) async fn each_count_is_kept_apart(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    let (loads, payments) = (Counter::PurseLoads, Counter::PursePayments);
    let first = [(loads, 3), (payments, 0xFFFF)];
    assert_eq!(note(stand, card(7), &first).await, []);
    let later = [(loads, 2), (payments, 0)];
    assert_eq!(note(stand, card(7), &later).await, [loads]);
    assert_eq!(note(stand, card(7), &first).await, [payments]);
    assert_eq!(writes_seen(stand).await, None);
}

pub(crate) async fn only_cards_on_record_are_counted(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    let before = stand.registry.version().await.unwrap();
    let writes = Counter::RecordWrites;
    for (shown, why) in [
        (card(66), "a stranger"),
        (mixed(Some(7), Some(9)), "another chip with its number"),
    ] {
        for count in [5, 4] {
            assert_eq!(note(stand, shown, &[(writes, count)]).await, [], "{why}");
        }
    }
    assert_eq!(writes_seen(stand).await, None);
    assert_eq!(stand.registry.version().await.unwrap(), before);
}

pub(crate) async fn a_write_of_ours_may_begin_the_count_anew(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    let counted = [(Counter::RecordWrites, 9), (Counter::PurseLoads, 3)];
    assert_eq!(note(stand, card(7), &counted).await, []);
    let write = NewCardWrite {
        uid: uid(7),
        number: Some(number(7)),
        plan: PlanText::new("{}".to_owned()),
    };
    let opened = stand.registry.open_write(stand.request(), stamp(5), write);
    let id = opened.await.unwrap();
    assert_eq!(writes_seen(stand).await, Some(9), "nothing is known yet");
    let closed = stand
        .registry
        .close_write(stamp(6), id, WriteOutcome::Written);
    closed.await.unwrap();
    assert_eq!(writes_seen(stand).await, None);
    assert_eq!(
        note(stand, card(7), &[(Counter::RecordWrites, 1)]).await,
        []
    );
    assert_eq!(
        note(stand, card(7), &[(Counter::PurseLoads, 2)]).await,
        [Counter::PurseLoads],
        "a write touches no purse"
    );
}
