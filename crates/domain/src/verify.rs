//! From what is known of a card to what is said of it.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::Offset};

use crate::{
    Asked, BlockReason, CardFacts, CardState, Evidence, Judgement, NoIdentity, Reason, Verdict,
};

/// How far the clock may stand before the last change on record and still be
/// trusted: changes and verifications run side by side, and time servers nudge.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// The offset in which "today" is meant: all of China keeps UTC+8, without
/// summer time since 1991.
const SCHOOL_TIME: Offset = Offset::constant(8);

/// Judges a card.
///
/// Several reasons may hold; the first by [`Verdict::ORDER`], then by
/// [`Reason::ALL`], is given.
#[must_use]
pub fn verify(evidence: &Evidence, now: Timestamp) -> Judgement {
    let held = Reason::ALL.into_iter();
    let reason = first(held.filter(|reason| holds(*reason, evidence, now)));
    let replaced_by = evidence
        .registry
        .card
        .as_ref()
        .and_then(|card| card.replaced_by);
    Judgement {
        verdict: reason.verdict(),
        reason,
        assurance: evidence.asked.assurance(),
        replaced_by: replaced_by.filter(|_| reason.verdict() == Verdict::Replaced),
    }
}

/// The date at the school at a moment.
#[must_use]
pub fn school_day(now: Timestamp) -> Date {
    SCHOOL_TIME.to_datetime(now).date()
}

/// The reason to give when several hold, of which the earlier in
/// [`Reason::ALL`] come first.
fn first(held: impl Iterator<Item = Reason>) -> Reason {
    held.min_by_key(|reason| reason.verdict().rank())
        .unwrap_or(Reason::Good)
}

/// Whether one reason, taken by itself, holds.
fn holds(reason: Reason, evidence: &Evidence, now: Timestamp) -> bool {
    let registry = &evidence.registry;
    let card = registry.card.as_ref();
    let blocked_as = |block| card.is_some_and(|card| card.state.blocks() == Some(block));
    match reason {
        Reason::LossReported => blocked_as(BlockReason::Lost),
        Reason::CardDamaged => blocked_as(BlockReason::Damaged),
        Reason::CardSpoilt => blocked_as(BlockReason::Spoilt),
        Reason::CardReplaced => blocked_as(BlockReason::Replaced),
        Reason::CardCancelled => blocked_as(BlockReason::Cancelled),
        Reason::NumberBlocked => registry.number_blocked,
        Reason::UidBlocked => registry.uid_blocked,
        Reason::ChipAuthenticationFailed => authentication_failed(&evidence.asked),
        Reason::WrongChip => card.is_some_and(|card| is_wrong_chip(&evidence.asked, card)),
        Reason::UidWithOtherNumber => registry.uid_with_other_number,
        Reason::InTwoPlaces => is_in_two_places(&evidence.asked),
        Reason::CounterRanBackwards => card.is_some_and(|card| counts_less(&evidence.asked, card)),
        Reason::NothingRead => evidence.asked.identity() == Err(NoIdentity::NothingRead),
        Reason::RandomUid => evidence.asked.identity() == Err(NoIdentity::RandomUid),
        Reason::ClockBehind => registry
            .last_change
            .is_some_and(|last| now.duration_until(last) > CLOCK_TOLERANCE),
        Reason::DataTooOld => evidence
            .allowed_age
            .is_some_and(|allowed| evidence.data_age > allowed),
        Reason::AssuranceTooLow => evidence.asked.assurance() < evidence.minimum_assurance,
        Reason::NotCollected => card.is_some_and(|card| card.state == CardState::Delivered),
        Reason::Expired => validity(evidence)
            .1
            .is_some_and(|last| school_day(now) > last),
        Reason::NotYetValid => validity(evidence)
            .0
            .is_some_and(|first| school_day(now) < first),
        Reason::NotIssued => card.is_none(),
        Reason::Good => true,
    }
}

fn authentication_failed(asked: &Asked) -> bool {
    matches!(
        asked,
        Asked::Reading {
            authentication_failed: true,
            ..
        }
    )
}

fn is_in_two_places(asked: &Asked) -> bool {
    matches!(
        asked,
        Asked::Reading {
            in_two_places: true,
            ..
        }
    )
}

/// Whether the card counts fewer writes than were seen on it.
fn counts_less(asked: &Asked, card: &CardFacts) -> bool {
    match (*asked, card.record_writes) {
        (
            Asked::Reading {
                record_writes: Some(shown),
                ..
            },
            Some(seen),
        ) => shown.is_behind(seen),
        _ => false,
    }
}

/// Whether the chip in hand is another than the one that was handed out.
///
/// A chip that shows a random UID is another chip than one whose lasting UID
/// was bound; a reading without any UID says nothing of the chip.
fn is_wrong_chip(asked: &Asked, card: &CardFacts) -> bool {
    match (*asked, card.uid) {
        (
            Asked::Reading {
                uid: Some(shown), ..
            },
            Some(bound),
        ) => shown != bound,
        _ => false,
    }
}

/// First and last day of validity: the record's where it has them, for the
/// registry may limit a card otherwise than the transit company; else the
/// card's own.
fn validity(evidence: &Evidence) -> (Option<Date>, Option<Date>) {
    let card = evidence.registry.card.as_ref();
    let (own_from, own_until) = match evidence.asked {
        Asked::Reading {
            valid_from,
            valid_until,
            ..
        } => (valid_from, valid_until),
        Asked::Key(_) => (None, None),
    };
    (
        card.and_then(|card| card.valid_from).or(own_from),
        card.and_then(|card| card.valid_until).or(own_until),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{AssuranceLevel, CardKey, CardNumber, Count, RegistryFacts, Uid};

    fn now() -> Timestamp {
        "2026-09-01T04:00:00Z".parse().unwrap()
    }

    fn number() -> CardNumber {
        "1000751012340678".parse().unwrap()
    }

    fn uid() -> Uid {
        "04A1B2C3D4E5F6".parse().unwrap()
    }

    fn reading() -> Asked {
        Asked::Reading {
            number: Some(number()),
            uid: Some(uid()),
            valid_from: None,
            valid_until: None,
            assurance: AssuranceLevel::NumberRead,
            authentication_failed: false,
            in_two_places: false,
            record_writes: Some(Count(7)),
        }
    }

    fn record() -> CardFacts {
        CardFacts {
            state: CardState::Active,
            uid: Some(uid()),
            valid_from: None,
            valid_until: None,
            replaced_by: None,
            record_writes: Some(Count(7)),
        }
    }

    /// A card against which nothing speaks.
    fn good() -> Evidence {
        Evidence {
            asked: reading(),
            registry: RegistryFacts {
                card: Some(record()),
                last_change: Some(now()),
                version: 7,
                ..RegistryFacts::default()
            },
            data_age: Duration::ZERO,
            allowed_age: Some(Duration::from_hours(1)),
            minimum_assurance: AssuranceLevel::NothingRead,
        }
    }

    fn on_record(evidence: &mut Evidence, change: impl FnOnce(&mut CardFacts)) {
        change(evidence.registry.card.get_or_insert_with(record));
    }

    fn set_state(evidence: &mut Evidence, state: CardState) {
        on_record(evidence, |card| card.state = state);
    }

    /// Changes the evidence so that a reason holds.
    fn bring_about(reason: Reason, evidence: &mut Evidence) {
        match reason {
            Reason::LossReported => set_state(evidence, CardState::Lost),
            Reason::CardDamaged => set_state(evidence, CardState::Damaged),
            Reason::CardSpoilt => set_state(evidence, CardState::Spoilt),
            Reason::CardReplaced => set_state(evidence, CardState::Replaced),
            Reason::CardCancelled => set_state(evidence, CardState::Cancelled),
            Reason::NotCollected => set_state(evidence, CardState::Delivered),
            Reason::NumberBlocked => evidence.registry.number_blocked = true,
            Reason::UidBlocked => evidence.registry.uid_blocked = true,
            Reason::UidWithOtherNumber => evidence.registry.uid_with_other_number = true,
            Reason::InTwoPlaces => {
                if let Asked::Reading { in_two_places, .. } = &mut evidence.asked {
                    *in_two_places = true;
                }
            }
            Reason::CounterRanBackwards => on_record(evidence, |card| {
                card.record_writes = Some(Count(8));
            }),
            Reason::ChipAuthenticationFailed => {
                if let Asked::Reading {
                    authentication_failed,
                    ..
                } = &mut evidence.asked
                {
                    *authentication_failed = true;
                }
            }
            Reason::WrongChip => on_record(evidence, |card| {
                card.uid = Some("04000000000000".parse().unwrap());
            }),
            Reason::NothingRead => show_nothing_lasting(evidence, None),
            Reason::RandomUid => {
                show_nothing_lasting(evidence, Some("08A1B2C3".parse().unwrap()));
            }
            Reason::ClockBehind => {
                evidence.registry.last_change = Some(now() + SignedDuration::from_secs(61));
            }
            Reason::DataTooOld => evidence.data_age = Duration::from_secs(3_601),
            Reason::AssuranceTooLow => {
                evidence.minimum_assurance = AssuranceLevel::ChipAuthenticated;
            }
            Reason::Expired => on_record(evidence, |card| {
                card.valid_until = Some("2026-08-31".parse().unwrap());
            }),
            Reason::NotYetValid => on_record(evidence, |card| {
                card.valid_from = Some("2026-09-02".parse().unwrap());
            }),
            Reason::NotIssued => evidence.registry.card = None,
            Reason::Good => {}
        }
    }

    fn show(evidence: &mut Evidence, shown_number: Option<CardNumber>, shown_uid: Option<Uid>) {
        if let Asked::Reading { number, uid, .. } = &mut evidence.asked {
            (*number, *uid) = (shown_number, shown_uid);
        }
    }

    /// Without an identity there is nothing to find in the registry.
    fn show_nothing_lasting(evidence: &mut Evidence, uid: Option<Uid>) {
        show(evidence, None, uid);
        evidence.registry.card = None;
    }

    #[test]
    fn each_reason_alone_gives_its_verdict() {
        for reason in Reason::ALL {
            let mut evidence = good();
            bring_about(reason, &mut evidence);
            let judgement = verify(&evidence, now());
            assert_eq!(judgement.reason, reason);
            assert_eq!(judgement.verdict, reason.verdict());
            assert_eq!(judgement.assurance, AssuranceLevel::NumberRead);
        }
    }

    #[test]
    fn of_any_two_reasons_the_earlier_verdict_wins() {
        for one in Reason::ALL {
            for other in Reason::ALL {
                let earlier = if one.verdict().rank() <= other.verdict().rank() {
                    one
                } else {
                    other
                };
                let given = first([one, other].into_iter());
                assert_eq!(given.verdict(), earlier.verdict(), "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn of_any_two_reasons_that_hold_for_one_card_the_earlier_is_given() {
        let mut n_pairs = 0;
        for one in Reason::ALL {
            for other in Reason::ALL {
                let mut evidence = good();
                bring_about(one, &mut evidence);
                bring_about(other, &mut evidence);
                let both = holds(one, &evidence, now()) && holds(other, &evidence, now());
                if !both {
                    // A card has one state, for example.
                    continue;
                }
                n_pairs += 1;
                let given = verify(&evidence, now()).verdict.rank();
                let earlier = one.verdict().rank().min(other.verdict().rank());
                // A third may come with the two, such as no record with no
                // reading, but none that is later.
                assert!(given <= earlier, "{one:?} and {other:?}");
            }
        }
        assert!(n_pairs > 250, "{n_pairs} pairs can be brought about");
    }

    #[test]
    fn what_is_typed_reaches_no_assurance() {
        for key in [CardKey::Number(number()), CardKey::Uid(uid())] {
            let mut evidence = Evidence {
                asked: Asked::Key(key),
                ..good()
            };
            let judgement = verify(&evidence, now());
            assert_eq!(judgement.verdict, Verdict::Valid);
            assert_eq!(judgement.assurance, AssuranceLevel::NothingRead);

            evidence.minimum_assurance = AssuranceLevel::UidOnly;
            assert_eq!(verify(&evidence, now()).reason, Reason::AssuranceTooLow);
            set_state(&mut evidence, CardState::Lost);
            assert_eq!(verify(&evidence, now()).verdict, Verdict::Lost);
        }
        let random = CardKey::Uid("08A1B2C3".parse().unwrap());
        let evidence = Evidence {
            asked: Asked::Key(random),
            ..good()
        };
        assert_eq!(verify(&evidence, now()).reason, Reason::RandomUid);
    }

    #[test]
    fn only_a_chip_that_shows_itself_can_be_the_wrong_one() {
        let random = "08A1B2C3".parse().unwrap();
        let other = "1EA68671".parse().unwrap();
        let cases = [
            (Some(uid()), Some(uid()), Verdict::Valid, "the same"),
            (Some(uid()), Some(other), Verdict::Suspect, "another"),
            (
                Some(uid()),
                Some(random),
                Verdict::Suspect,
                "one that hides",
            ),
            (
                Some(uid()),
                None,
                Verdict::Valid,
                "a contact slot shows none",
            ),
            (None, Some(other), Verdict::Valid, "none was ever bound"),
        ];
        for (bound, shown, expected, why) in cases {
            let mut evidence = good();
            on_record(&mut evidence, |card| card.uid = bound);
            show(&mut evidence, Some(number()), shown);
            assert_eq!(verify(&evidence, now()).verdict, expected, "{why}");
        }
    }

    #[test]
    fn only_a_card_that_counts_less_than_was_seen_is_suspect() {
        let cases = [
            (Some(7), Some(7), Verdict::Valid, "as it was seen"),
            (Some(6), Some(7), Verdict::Suspect, "an older copy"),
            (Some(8), Some(7), Verdict::Valid, "written since"),
            (
                Some(0),
                Some(0xFFFF),
                Verdict::Valid,
                "written over the end",
            ),
            (None, Some(7), Verdict::Valid, "not read this time"),
            (Some(7), None, Verdict::Valid, "never seen"),
        ];
        for (shown, seen, expected, why) in cases {
            let mut evidence = good();
            on_record(&mut evidence, |card| card.record_writes = seen.map(Count));
            if let Asked::Reading { record_writes, .. } = &mut evidence.asked {
                *record_writes = shown.map(Count);
            }
            assert_eq!(verify(&evidence, now()).verdict, expected, "{why}");
        }
    }

    #[test]
    fn days_are_the_schools_and_both_ends_count() {
        let until: Date = "2026-08-31".parse().unwrap();
        let from: Date = "2026-09-01".parse().unwrap();
        let cases = [
            ("2026-08-31T15:59:59Z", Verdict::Valid, Verdict::NotYetValid),
            // Midnight at the school.
            ("2026-08-31T16:00:00Z", Verdict::Expired, Verdict::Valid),
        ];
        for (time, with_until, with_from) in cases {
            let time: Timestamp = time.parse().unwrap();
            let mut evidence = good();
            evidence.registry.last_change = None;
            on_record(&mut evidence, |card| card.valid_until = Some(until));
            assert_eq!(verify(&evidence, time).verdict, with_until);
            on_record(&mut evidence, |card| {
                (card.valid_from, card.valid_until) = (Some(from), None);
            });
            assert_eq!(verify(&evidence, time).verdict, with_from);
        }
    }

    #[test]
    fn the_records_dates_come_before_the_cards_own() {
        let past: Date = "2020-01-01".parse().unwrap();
        let future: Date = "2030-01-01".parse().unwrap();
        let mut evidence = good();
        if let Asked::Reading { valid_until, .. } = &mut evidence.asked {
            *valid_until = Some(past);
        }
        assert_eq!(verify(&evidence, now()).verdict, Verdict::Expired);
        on_record(&mut evidence, |card| card.valid_until = Some(future));
        assert_eq!(verify(&evidence, now()).verdict, Verdict::Valid);
    }

    #[test]
    fn a_clock_a_little_behind_is_trusted() {
        let mut evidence = good();
        evidence.registry.last_change = Some(now() + SignedDuration::from_secs(60));
        assert_eq!(verify(&evidence, now()).verdict, Verdict::Valid);
        // A battery ran out, and it is 1970 again.
        assert_eq!(
            verify(&good(), Timestamp::UNIX_EPOCH).reason,
            Reason::ClockBehind
        );
    }

    #[test]
    fn data_may_be_as_old_as_allowed() {
        let mut evidence = good();
        evidence.data_age = Duration::from_hours(1);
        assert_eq!(verify(&evidence, now()).verdict, Verdict::Valid);
        evidence.data_age = Duration::MAX;
        assert_eq!(verify(&evidence, now()).reason, Reason::DataTooOld);
        evidence.allowed_age = None;
        assert_eq!(verify(&evidence, now()).verdict, Verdict::Valid);
    }

    #[test]
    fn the_new_card_is_told_only_of_a_replaced_one() {
        let mut evidence = good();
        on_record(&mut evidence, |card| card.replaced_by = Some(number()));
        assert_eq!(verify(&evidence, now()).replaced_by, None);
        set_state(&mut evidence, CardState::Replaced);
        assert_eq!(verify(&evidence, now()).replaced_by, Some(number()));
    }

    proptest! {
        #[test]
        fn no_reason_hides_a_known_block(
            others in proptest::collection::vec(proptest::sample::select(&Reason::ALL[..]), 0..8),
            by_number in any::<bool>(),
        ) {
            let mut evidence = good();
            for reason in others {
                bring_about(reason, &mut evidence);
            }
            evidence.registry.number_blocked |= by_number;
            evidence.registry.uid_blocked |= !by_number;
            prop_assert!(verify(&evidence, now()).verdict.is_known_block());
        }
    }
}
