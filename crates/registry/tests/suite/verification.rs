//! What verification is told.

use std::time::Duration;

use xueka_domain::{
    Asked, AssuranceLevel, CardFacts, CardIdentity, CardState, Evidence, ExitReason, RegistryFacts,
    Verdict, verify,
};
use xueka_registry::WhichCard;

use super::stand::{Stand, card, issued, mixed, number, number_key, stamp, time, uid, uid_key};

async fn facts(stand: &Stand, identity: CardIdentity) -> RegistryFacts {
    stand.registry.facts(identity).await.unwrap()
}

/// What is said of a card that shows a number and UID.
async fn verdict(stand: &Stand, shown: CardIdentity) -> Verdict {
    let evidence = Evidence {
        asked: Asked::Reading {
            number: shown.number(),
            uid: shown.uid(),
            valid_from: None,
            valid_until: None,
            assurance: AssuranceLevel::NumberRead,
            authentication_failed: false,
            in_two_places: false,
            record_writes: None,
        },
        registry: facts(stand, shown).await,
        data_age: Duration::ZERO,
        allowed_age: None,
        minimum_assurance: AssuranceLevel::NothingRead,
    };
    verify(&evidence, time(10)).verdict
}

pub(crate) async fn facts_tell_what_is_on_record(stand: &Stand) {
    let unknown = facts(stand, card(7)).await;
    assert_eq!(unknown, RegistryFacts::default());

    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    let note: xueka_domain::Note = "why".parse().unwrap();
    let block = |key| {
        stand
            .registry
            .add_block(stand.request(), stamp(4), key, note.clone())
    };
    let expected = RegistryFacts {
        card: Some(CardFacts {
            state: CardState::Active,
            uid: Some(uid(7)),
            valid_from: None,
            valid_until: Some("2029-07-31".parse().unwrap()),
            replaced_by: None,
            record_writes: None,
        }),
        last_change: Some(time(1)),
        version: 3,
        ..RegistryFacts::default()
    };
    for identity in [card(7), mixed(Some(7), None), mixed(None, Some(7))] {
        assert_eq!(facts(stand, identity).await, expected);
    }

    block(uid_key(7)).await.unwrap();
    let typed = facts(stand, mixed(Some(7), None)).await;
    assert!(typed.uid_blocked, "the number brings its UID with it");
    block(number_key(7)).await.unwrap();
    let tapped = facts(stand, mixed(None, Some(7))).await;
    assert!(tapped.number_blocked, "the UID brings its number with it");
    assert_eq!(tapped.last_change, Some(time(4)));

    let which = WhichCard::Key(number_key(7));
    stand
        .registry
        .report_exit(stand.request(), stamp(5), which, ExitReason::Stolen)
        .await
        .unwrap();
    stand.collect(1, card(8)).await.unwrap();
    let replaced = facts(stand, mixed(Some(7), None)).await.card.unwrap();
    assert_eq!(replaced.state, CardState::Replaced);
    assert_eq!(replaced.replaced_by, Some(number(8)));
}

pub(crate) async fn a_uid_seen_with_another_number_is_noticed(stand: &Stand) {
    stand.enrol([1]).await;
    stand.collect(1, card(7)).await.unwrap();
    assert_eq!(verdict(stand, card(7)).await, Verdict::Valid);
    assert_eq!(
        verdict(stand, mixed(Some(7), Some(9))).await,
        Verdict::Suspect
    );
    assert_eq!(
        verdict(stand, mixed(Some(66), Some(7))).await,
        Verdict::Suspect,
        "the chip of 7 shows a number it was not handed out with"
    );
    assert_eq!(verdict(stand, card(66)).await, Verdict::NotIssued);

    let noted = stand.registry.record_sighting(stamp(4), number(66), uid(7));
    assert!(noted.await.unwrap());
    for shown in [card(7), mixed(None, Some(7))] {
        let verdict = verdict(stand, shown).await;
        assert_eq!(
            verdict,
            Verdict::Valid,
            "a copy does not spoil the card it copies"
        );
    }
}

pub(crate) async fn two_unbound_numbers_on_one_uid_are_both_suspect(stand: &Stand) {
    let row = |student, n| issued(student, Some(n), None);
    stand.take_in(vec![row(1, 8), row(2, 9)]).await;
    for n in [8, 9] {
        let noted = stand.registry.record_sighting(stamp(4), number(n), uid(5));
        assert!(noted.await.unwrap());
    }
    for n in [8, 9] {
        let verdict = verdict(stand, mixed(Some(n), Some(5))).await;
        assert_eq!(verdict, Verdict::Suspect);
    }
}

pub(crate) async fn a_uid_that_was_bound_twice_speaks_against_neither_card(stand: &Stand) {
    stand.enrol([1, 2]).await;
    stand.collect(1, mixed(Some(7), Some(5))).await.unwrap();
    stand.collect(2, mixed(Some(8), Some(5))).await.unwrap();
    for n in [7, 8] {
        assert_eq!(
            verdict(stand, mixed(Some(n), Some(5))).await,
            Verdict::Valid
        );
    }
    let alone = verdict(stand, mixed(None, Some(5))).await;
    assert_eq!(alone, Verdict::Suspect, "the UID alone names two cards");
    stand.lose(number_key(7)).await.unwrap();
    assert_eq!(verdict(stand, mixed(Some(7), Some(5))).await, Verdict::Lost);
    assert_eq!(
        verdict(stand, mixed(Some(8), Some(5))).await,
        Verdict::Valid
    );
}

pub(crate) async fn a_sighting_is_noted_once(stand: &Stand) {
    stand
        .take_in(vec![issued(1, Some(8), Some(8)), issued(2, Some(7), None)])
        .await;
    let note = || stand.registry.record_sighting(stamp(1), number(7), uid(7));
    assert!(note().await.unwrap());
    assert!(!note().await.unwrap());
    assert_eq!(stand.registry.version().await.unwrap(), 2);

    let strangers = stand
        .registry
        .record_sighting(stamp(1), number(99), uid(99));
    assert!(!strangers.await.unwrap(), "neither is on record");
    let bound = stand.registry.record_sighting(stamp(1), number(8), uid(8));
    assert!(!bound.await.unwrap(), "a list is a sighting too");
    let random = "08A1B2C3".parse().unwrap();
    let random = stand.registry.record_sighting(stamp(1), number(8), random);
    assert!(!random.await.unwrap(), "a random UID names nothing");
}

pub(crate) async fn a_card_known_by_its_uid_may_show_a_number(stand: &Stand) {
    stand.take_in(vec![issued(1, None, Some(7))]).await;
    assert_eq!(verdict(stand, mixed(None, Some(7))).await, Verdict::Valid);
    assert_eq!(verdict(stand, card(7)).await, Verdict::Valid);
}
