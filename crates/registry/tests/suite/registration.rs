//! Lists of cards that were issued before.

use xueka_domain::{CardState, Column, IssuedCard, IssuedState};
use xueka_registry::{RefusedRow, Registration, RowRefusal, WhichCard};

use super::stand::{
    Stand, card, issued, list, number_key, stamp, student, student_number, uid, uid_key,
};

pub(crate) async fn a_list_is_taken_in_whole(stand: &Stand) {
    let mut rows: Vec<_> = (0..500).map(|n| issued(n, Some(n), Some(n))).collect();
    rows[7].state = IssuedState::Delivered;
    rows[8].number = None;
    rows[9].uid = None;

    let outcome = stand.take_in(rows).await;

    assert_eq!((outcome.received, outcome.registered), (500, 500));
    assert_eq!((outcome.unchanged, outcome.refused.len()), (0, 0));
    assert_eq!(outcome.version, 1, "one change for the whole list");
    assert_eq!(stand.registry.version().await.unwrap(), 1);
    assert_eq!(stand.card(number_key(7)).await.state, CardState::Delivered);
    assert_eq!(stand.card(uid_key(8)).await.number, None);
    assert_eq!(stand.card(number_key(9)).await.student, student(9));
}

pub(crate) async fn one_bad_row_stops_all_unless_good_rows_are_wanted(stand: &Stand) {
    let mut bad = issued(2, None, None);
    bad.row = 17;
    let rows = vec![issued(1, Some(1), None), bad, issued(3, Some(3), None)];
    let refused = vec![RefusedRow {
        row: 17,
        column: None,
        reason: RowRefusal::NothingNamesTheCard,
    }];

    let outcome = stand.take_in(rows.clone()).await;
    assert_eq!(outcome.refused, refused);
    assert_eq!((outcome.registered, outcome.version), (0, 0));
    let which = WhichCard::Key(number_key(1));
    assert_eq!(stand.registry.find_card(which).await.unwrap(), None);

    let wanted = Registration {
        accept_good_rows: true,
        ..list(rows)
    };
    let request = stand.request();
    let outcome = stand
        .registry
        .register_issued(request.clone(), stamp(0), wanted.clone())
        .await
        .unwrap();
    assert_eq!(outcome.refused, refused);
    assert_eq!(outcome.registered, 2);
    stand.card(number_key(3)).await;
    let again = stand.registry.register_issued(request, stamp(9), wanted);
    assert_eq!(again.await.unwrap(), outcome, "refusals are kept as well");
}

pub(crate) async fn rows_are_judged_against_the_rows_before_them(stand: &Stand) {
    let mut rows = vec![
        issued(1, Some(1), Some(1)),
        issued(2, Some(1), Some(2)),
        issued(1, Some(3), None),
        issued(4, None, Some(1)),
        issued(1, Some(5), None),
        issued(6, None, Some(6)),
        issued(7, Some(7), Some(6)),
    ];
    for (row, place) in rows.iter_mut().zip(1..) {
        row.row = place;
    }
    rows[4].student.name = "另一人".parse().unwrap();

    let outcome = stand.take_in(rows).await;

    let faults: Vec<_> = outcome
        .refused
        .iter()
        .map(|refused| (refused.row, refused.column, refused.reason))
        .collect();
    assert_eq!(
        faults,
        [
            (2, Some(Column::CardNumber), RowRefusal::NumberTaken),
            (3, Some(Column::StudentNumber), RowRefusal::StudentHasCard),
            (4, Some(Column::Uid), RowRefusal::UidTaken),
            (5, Some(Column::Name), RowRefusal::NameDiffers),
            (7, Some(Column::Uid), RowRefusal::UidTaken),
        ]
    );
}

pub(crate) async fn every_fault_of_a_row_has_its_column_and_reason(stand: &Stand) {
    let mut known = issued(1, Some(1), Some(1));
    known.valid_from = Some("2026-09-01".parse().unwrap());
    known.valid_until = Some("2029-07-31".parse().unwrap());
    let mut waiting = issued(2, Some(2), None);
    waiting.state = IssuedState::Delivered;
    stand.take_in(vec![known.clone(), waiting.clone()]).await;

    let changed = |change: fn(&mut IssuedCard)| {
        let mut row = known.clone();
        change(&mut row);
        row
    };
    let differs = RowRefusal::DiffersFromRecord;
    let cases = [
        (
            changed(|row| row.uid = Some("08A1B2C3".parse().unwrap())),
            (Column::Uid, RowRefusal::RandomUid),
        ),
        (
            changed(|row| row.valid_until = Some("2026-08-31".parse().unwrap())),
            (Column::ValidUntil, RowRefusal::DatesReversed),
        ),
        (
            changed(|row| row.student = student(2)),
            (Column::CardNumber, RowRefusal::NumberTaken),
        ),
        (
            changed(|row| row.uid = Some(uid(9))),
            (Column::Uid, differs),
        ),
        (
            changed(|row| row.valid_from = Some("2026-09-02".parse().unwrap())),
            (Column::ValidFrom, differs),
        ),
        (
            changed(|row| row.valid_until = Some("2030-07-31".parse().unwrap())),
            (Column::ValidUntil, differs),
        ),
        (
            changed(|row| row.student.class_name = Some("高二(3)班".parse().unwrap())),
            (Column::ClassName, differs),
        ),
        (
            {
                waiting.state = IssuedState::Active;
                waiting
            },
            (Column::State, differs),
        ),
    ];
    for (row, expected) in cases {
        let outcome = stand.take_in(vec![row]).await;
        let fault = outcome.refused[0];
        let (column, reason) = expected;
        assert_eq!((fault.column, fault.reason), (Some(column), reason));
    }
}

pub(crate) async fn the_same_list_again_changes_nothing(stand: &Stand) {
    let mut waiting = issued(2, Some(2), None);
    waiting.state = IssuedState::Delivered;
    let rows = vec![
        issued(1, Some(1), Some(1)),
        waiting,
        issued(3, None, Some(3)),
    ];
    stand.take_in(rows.clone()).await;
    stand.collect(2, card(2)).await.unwrap();
    stand.lose(number_key(1)).await.unwrap();
    stand.lose(uid_key(3)).await.unwrap();
    let version = stand.registry.version().await.unwrap();

    let outcome = stand.take_in(rows).await;

    assert_eq!((outcome.registered, outcome.unchanged), (0, 3));
    assert_eq!(outcome.refused, []);
    assert_eq!(outcome.version, version);
    assert_eq!(stand.registry.version().await.unwrap(), version);
    assert_eq!(stand.card(number_key(1)).await.state, CardState::Lost);
}

pub(crate) async fn a_dry_run_changes_nothing(stand: &Stand) {
    let rehearsal = Registration {
        dry_run: true,
        ..list(vec![issued(1, Some(1), None), issued(2, Some(1), None)])
    };
    let outcome = stand
        .registry
        .register_issued(stand.request(), stamp(0), rehearsal)
        .await
        .unwrap();

    assert_eq!(outcome.registered, 0);
    assert_eq!(outcome.refused.len(), 1);
    assert_eq!(stand.registry.version().await.unwrap(), 0);
    let which = WhichCard::LiveCardOf(student_number(1));
    assert_eq!(stand.registry.find_card(which).await.unwrap(), None);
    assert!(stand.commits.lock().unwrap().is_empty());
}
