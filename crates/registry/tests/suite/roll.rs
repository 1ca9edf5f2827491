//! The roll: who is a student, who leaves, who is found.

use xueka_domain::{CardState, Enrolment, ExitReason, HoldingState, IssuedState, Sex};
use xueka_registry::{
    Refusal, RefusedRollRow, RegistryError, RollRefusal, RollUpdate, RowRefusal, StepRefusal,
    StudentFilter,
};

use super::stand::{Stand, card, entry, issued, number_key, refusal, roll, stamp, student_number};

pub(crate) async fn a_roll_puts_students_on_record_and_up_to_date(stand: &Stand) {
    let first = stand.enter((0..300).map(entry).collect()).await;
    assert_eq!((first.received, first.added, first.changed), (300, 300, 0));
    assert_eq!((first.taken, first.version), (true, 1), "one change");
    let found = stand.student(7).await;
    assert_eq!(found.entry, entry(7));
    assert_eq!((found.holding, found.version), (HoldingState::NoCard, 1));

    let mut moved = entry(7);
    moved.student.class_name = Some("高二(1)班".parse().unwrap());
    moved.sex = Some(Sex::Female);
    moved.cohort = None;
    let mut resting = entry(8);
    resting.enrolment = Enrolment::OnLeave;
    resting.enrolment_since = Some("2026-09-01".parse().unwrap());
    let second = stand
        .enter(vec![moved.clone(), resting.clone(), entry(9)])
        .await;

    assert_eq!((second.added, second.changed, second.unchanged), (0, 2, 1));
    let found = stand.student(7).await;
    moved.cohort = entry(7).cohort;
    assert_eq!(found.entry, moved, "what a row leaves out stays");
    assert_eq!(found.version, 2);
    assert_eq!(stand.student(8).await.entry, resting);
    assert_eq!(stand.student(9).await.version, 1, "nothing changed there");

    stand.enter(vec![entry(8)]).await;
    let back = stand.student(8).await.entry;
    assert_eq!(back, entry(8), "since when goes with whether");
}

pub(crate) async fn every_row_that_cannot_be_taken_has_its_reason(stand: &Stand) {
    let mut gone = entry(3);
    gone.enrolment = Enrolment::Left;
    stand.enter(vec![entry(1), entry(2), gone.clone()]).await;
    let mut renamed = entry(1);
    renamed.student.name = "另一人".parse().unwrap();
    let mut moved = entry(4);
    moved.student.class_name = None;

    let outcome = stand
        .enter(vec![
            renamed.clone(),
            entry(3),
            entry(4),
            moved,
            entry(4),
            renamed.clone(),
            gone,
        ])
        .await;

    let expected = [
        (1, RollRefusal::NameDiffers),
        (2, RollRefusal::StudentLeft),
        (4, RollRefusal::Contradicts),
        (6, RollRefusal::NameDiffers),
        (7, RollRefusal::Contradicts),
    ];
    assert_eq!(
        outcome.refused,
        expected.map(|(row, reason)| RefusedRollRow { row, reason })
    );
    assert_eq!((outcome.added, outcome.unchanged), (1, 1), "rows 3 and 5");
    assert!(!outcome.taken);

    let corrected = RollUpdate {
        correct_names: true,
        ..roll(vec![renamed.clone()])
    };
    let outcome = stand
        .registry
        .upsert_students(stand.request(), stamp(1), corrected);
    assert_eq!(outcome.await.unwrap().changed, 1);
    assert_eq!(stand.student(1).await.entry, renamed);
}

pub(crate) async fn one_refused_row_stops_all_unless_good_rows_are_wanted(stand: &Stand) {
    let mut other = entry(1);
    other.cohort = None;
    let rows = vec![entry(1), other, entry(2)];

    let outcome = stand.enter(rows.clone()).await;
    assert_eq!((outcome.added, outcome.taken), (2, false));
    assert_eq!(stand.registry.version().await.unwrap(), 0);
    let found = stand.registry.find_student(student_number(1)).await;
    assert_eq!(found.unwrap(), None);

    let wanted = RollUpdate {
        accept_good_rows: true,
        ..roll(rows)
    };
    let outcome = stand
        .registry
        .upsert_students(stand.request(), stamp(0), wanted);
    let outcome = outcome.await.unwrap();
    assert_eq!((outcome.added, outcome.taken), (2, true));
    assert_eq!(outcome.refused.len(), 1);
    assert_eq!(stand.student(1).await.entry, entry(1));
    stand.student(2).await;
}

pub(crate) async fn a_dry_run_of_a_roll_changes_nothing(stand: &Stand) {
    let update = RollUpdate {
        dry_run: true,
        ..roll(vec![entry(1), entry(2)])
    };
    let request = stand.request();
    let dry = stand
        .registry
        .upsert_students(request.clone(), stamp(0), update.clone())
        .await
        .unwrap();
    assert_eq!((dry.added, dry.taken, dry.version), (2, false, 0));
    assert_eq!(stand.registry.version().await.unwrap(), 0);
    // A dry run spends no request id.
    let real = RollUpdate {
        dry_run: false,
        ..update
    };
    let real = stand.registry.upsert_students(request, stamp(0), real);
    assert!(real.await.unwrap().taken);
}

pub(crate) async fn the_same_roll_again_is_answered_again(stand: &Stand) {
    let request = stand.request();
    let send = |entries| {
        let update = RollUpdate {
            accept_good_rows: true,
            ..roll(entries)
        };
        stand
            .registry
            .upsert_students(request.clone(), stamp(0), update)
    };
    let mut other = entry(1);
    other.school = None;
    let rows = vec![entry(1), other, entry(2)];
    let first = send(rows.clone()).await.unwrap();
    assert_eq!(first.refused.len(), 1);

    assert_eq!(send(rows.clone()).await.unwrap(), first);
    assert_eq!(stand.registry.version().await.unwrap(), 1);
    let reused = send(vec![entry(1)]).await;
    assert!(matches!(reused, Err(RegistryError::RequestIdReused)));
    // Under a request of its own there is nothing to do.
    let again = stand.enter(vec![entry(1), entry(2)]).await;
    assert_eq!((again.unchanged, again.taken, again.version), (2, false, 1));
}

pub(crate) async fn who_leaves_by_the_roll_gives_up_every_card(stand: &Stand) {
    stand.enter((1..=3).map(entry).collect()).await;
    for n in 1..=3 {
        stand.collect(n, card(n)).await.unwrap();
        assert_eq!(stand.student(n).await.holding, HoldingState::Holding);
    }
    stand.lose(number_key(2)).await.unwrap();
    let holding = stand.student(2).await.holding;
    assert_eq!(holding, HoldingState::AwaitingReplacement);
    stand.commits.lock().unwrap().clear();

    let leave = |n| {
        let mut gone = entry(n);
        gone.enrolment = Enrolment::Left;
        gone.enrolment_since = Some("2027-07-31".parse().unwrap());
        gone
    };
    let outcome = stand.enter(vec![leave(1), leave(2)]).await;

    assert_eq!(outcome.changed, 2);
    let reasons = [(1, ExitReason::LeftSchool), (2, ExitReason::Lost)];
    for (n, reason) in reasons {
        let card = stand.card(number_key(n)).await;
        assert_eq!(card.state, CardState::Cancelled);
        assert_eq!(card.exit_reason, Some(reason), "why it went stays");
        assert_eq!(stand.student(n).await.entry, leave(n));
        assert_eq!(stand.student(n).await.holding, HoldingState::Left);
    }
    assert_eq!(stand.card(number_key(3)).await.state, CardState::Active);
    let commits = stand.commits.lock().unwrap().clone();
    assert_eq!(commits.len(), 1);
    let keys: Vec<_> = commits[0].blocks.iter().map(|change| change.key).collect();
    for n in 1..=2 {
        assert!(keys.contains(&number_key(n)), "{keys:?}");
    }
}

pub(crate) async fn who_left_gets_no_card(stand: &Stand) {
    let mut gone = entry(1);
    gone.enrolment = Enrolment::Left;
    stand.enter(vec![gone]).await;

    let handed = refusal(stand.collect(1, card(1)).await);
    assert_eq!(handed, Refusal::Step(StepRefusal::StudentLeft));
    for state in [IssuedState::Active, IssuedState::Delivered] {
        let mut row = issued(1, Some(1), None);
        row.state = state;
        let listed = stand.take_in(vec![row]).await;
        let reasons: Vec<_> = listed.refused.iter().map(|row| row.reason).collect();
        assert_eq!(reasons, [RowRefusal::StudentLeft], "{state:?}");
    }
}

/// What is looked for, and whom of the students of the test that finds.
fn searches() -> Vec<(StudentFilter, Vec<u32>, &'static str)> {
    let any = StudentFilter::default;
    let school = || entry(10).school;
    let class = || entry(10).student.class_name;
    vec![
        (any(), vec![10, 11, 12, 13, 200], "all who attend"),
        (
            StudentFilter {
                with_left: true,
                ..any()
            },
            vec![10, 11, 12, 13, 14, 200],
            "and who left",
        ),
        (
            StudentFilter {
                number: Some(student_number(11)),
                ..any()
            },
            vec![11],
            "a whole number",
        ),
        (
            StudentFilter {
                number: Some("S0001".parse().unwrap()),
                ..any()
            },
            vec![10, 11, 12, 13],
            "the beginning of numbers",
        ),
        (
            StudentFilter {
                name: Some("学生12".parse().unwrap()),
                ..any()
            },
            vec![12],
            "a name",
        ),
        (
            StudentFilter {
                name: Some("学生1".parse().unwrap()),
                ..any()
            },
            vec![10, 11, 12, 13],
            "the beginning of names",
        ),
        (
            StudentFilter {
                name: Some("生1".parse().unwrap()),
                ..any()
            },
            vec![],
            "not the middle",
        ),
        (
            StudentFilter {
                school: school(),
                ..any()
            },
            vec![10, 11, 13],
            "a school",
        ),
        (
            StudentFilter {
                cohort: entry(10).cohort,
                ..any()
            },
            vec![10, 11, 12],
            "a cohort",
        ),
        (
            StudentFilter {
                class_name: class(),
                ..any()
            },
            vec![10, 12, 13, 200],
            "a class of any school",
        ),
        (
            StudentFilter {
                school: school(),
                cohort: entry(10).cohort,
                class_name: class(),
                ..any()
            },
            vec![10],
            "a class of one school and cohort",
        ),
    ]
}

pub(crate) async fn students_are_found_by_what_is_known_of_them(stand: &Stand) {
    let mut other_class = entry(11);
    other_class.student.class_name = Some("高一(4)班".parse().unwrap());
    let mut other_school = entry(12);
    other_school.school = Some("0106002".parse().unwrap());
    let mut other_cohort = entry(13);
    other_cohort.cohort = Some("2028".parse().unwrap());
    let mut gone = entry(14);
    gone.enrolment = Enrolment::Left;
    let nowhere = xueka_domain::RollEntry {
        school: None,
        cohort: None,
        ..entry(200)
    };
    let all = vec![
        entry(10),
        other_class,
        other_school,
        other_cohort,
        gone,
        nowhere,
    ];
    stand.enter(all.clone()).await;
    for (filter, expected, why) in searches() {
        let held = all.iter().filter(|entry| filter.holds_for(entry));
        let held: Vec<_> = held.map(|entry| entry.student.number.clone()).collect();
        let page = stand.registry.search_students(filter, None, 100);
        let page = page.await.unwrap();
        let numbers: Vec<_> = page
            .students
            .iter()
            .map(|found| found.entry.student.number.clone())
            .collect();
        let expected: Vec<_> = expected.into_iter().map(student_number).collect();
        assert_eq!(numbers, expected, "{why}");
        assert_eq!(held, expected, "{why}, without the database");
        assert_eq!(page.next, None, "{why}");
    }
}

pub(crate) async fn pages_of_students_follow_each_other(stand: &Stand) {
    stand.enter((0..25).rev().map(entry).collect()).await;
    let mut after = None;
    let mut numbers = Vec::new();
    let mut n_pages = 0;
    loop {
        let filter = StudentFilter::default();
        let page = stand.registry.search_students(filter, after, 10);
        let page = page.await.unwrap();
        numbers.extend(
            page.students
                .into_iter()
                .map(|found| found.entry.student.number),
        );
        n_pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(numbers, (0..25).map(student_number).collect::<Vec<_>>());
    assert_eq!(n_pages, 3);
    let all = stand
        .registry
        .search_students(StudentFilter::default(), None, 25);
    assert_eq!(all.await.unwrap().next, None, "a full page may be the last");
}

pub(crate) async fn all_cards_of_a_student_are_told(stand: &Stand) {
    stand.enter((1..=2).map(entry).collect()).await;
    stand.collect(1, card(1)).await.unwrap();
    stand.lose(number_key(1)).await.unwrap();
    stand.collect(1, card(2)).await.unwrap();

    let told = async |n| {
        let cards = stand.registry.cards_of_student(student_number(n)).await;
        let cards = cards.unwrap()?;
        Some(cards.iter().map(|card| card.state).collect::<Vec<_>>())
    };

    let states = vec![CardState::Replaced, CardState::Active];
    assert_eq!(told(1).await, Some(states), "the first one first");
    assert_eq!(told(2).await, Some(Vec::new()), "a student without cards");
    assert_eq!(told(3).await, None, "nobody");
}

pub(crate) async fn a_roll_is_taken_away_on_record(stand: &Stand) {
    let mut gone = entry(3);
    gone.enrolment = Enrolment::Left;
    stand.enter(vec![entry(2), entry(1), gone.clone()]).await;
    let version = stand.registry.version().await.unwrap();
    let take = |filter, limit| stand.registry.take_away_roll(stamp(1), filter, limit);

    let too_many = take(StudentFilter::default(), 1).await.unwrap();
    assert_eq!(too_many, None);
    assert_eq!(stand.registry.version().await.unwrap(), version);

    let taken = take(StudentFilter::default(), 2).await.unwrap();
    assert_eq!(taken, Some(vec![entry(1), entry(2)]), "in their order");
    assert_eq!(stand.registry.version().await.unwrap(), version + 1);
    let all = StudentFilter {
        with_left: true,
        ..StudentFilter::default()
    };
    let all = take(all, 10).await.unwrap();
    assert_eq!(all, Some(vec![entry(1), entry(2), gone]));
}
