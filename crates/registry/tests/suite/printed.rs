//! Cards by what is printed on them.

use xueka_domain::{CardIdentity, CardKey, CardState};
use xueka_registry::{FoundCards, WhichCard};

use super::stand::{Stand, card, forms, issued, mixed, number, number_key, student_number};

async fn find(stand: &Stand, printed: &str) -> FoundCards {
    let printed = printed.parse().unwrap();
    stand.registry.find_printed(printed, forms()).await.unwrap()
}

/// The prints of a card in every form of the stand that it has.
fn prints(card: &CardIdentity) -> Vec<(usize, String)> {
    let forms = forms();
    let prints = forms.iter().enumerate();
    prints
        .filter_map(|(at, rule)| Some((at, rule.apply(card)?)))
        .collect()
}

pub(crate) async fn every_form_finds_the_card(stand: &Stand) {
    // Random-looking UIDs, so that no two forms give the same print.
    stand
        .take_in(vec![
            issued(1, Some(1), Some(0x1EA6_8671)),
            issued(2, Some(20_000_002), Some(0x2EB7_9782)),
        ])
        .await;
    let in_hand = mixed(Some(1), Some(0x1EA6_8671));
    let prints = prints(&in_hand);
    assert_eq!(prints.len(), forms().len());

    for (rule, print) in prints {
        let found = find(stand, &print).await;
        assert_eq!(found.cards.len(), 1, "rule {rule}");
        let only = &found.cards[0];
        assert_eq!(only.card.number, Some(number(1)), "rule {rule}");
        assert!(only.forms.contains(&rule), "rule {rule}: {:?}", only.forms);
        assert!(!found.more);
    }
}

pub(crate) async fn a_card_is_found_by_what_the_hand_out_tap_showed(stand: &Stand) {
    let mut row = issued(1, Some(1), None);
    row.state = xueka_domain::IssuedState::Delivered;
    stand.take_in(vec![row]).await;
    let in_hand = mixed(Some(1), Some(0x1EA6_8671));
    let facility = forms()[5].apply(&in_hand).unwrap();
    assert_eq!(find(stand, &facility).await.cards, []);

    stand.collect(1, in_hand).await.unwrap();

    let found = find(stand, &facility).await;
    assert_eq!(found.cards.len(), 1);
    assert_eq!(found.cards[0].card.state, CardState::Active);
    assert_eq!(found.cards[0].card.student.number, student_number(1));
}

/// Two cards of which the registry cannot know which is meant: never the first
/// without a word.
pub(crate) async fn all_cards_that_bear_a_print_are_given(stand: &Stand) {
    stand
        .take_in(vec![
            issued(1, Some(1), Some(1)),
            issued(2, Some(2), Some(2)),
            issued(3, Some(30_000_001), Some(3)),
        ])
        .await;
    let digits = forms()[6].apply(&card(1)).unwrap();

    let found = find(stand, &digits).await;

    // Numbers 1 and 2 differ in their last digit only, which is left out.
    let numbers: Vec<_> = found.cards.iter().map(|found| found.card.number).collect();
    assert_eq!(numbers, [Some(number(1)), Some(number(2))]);
    assert!(found.cards.iter().all(|found| found.forms == [6]));

    stand.lose(number_key(1)).await.unwrap();
    let found = find(stand, &digits).await;
    let states: Vec<_> = found.cards.iter().map(|found| found.card.state).collect();
    assert_eq!(states, [CardState::Active, CardState::Lost], "live first");
}

pub(crate) async fn a_print_that_nobody_bears_finds_nothing(stand: &Stand) {
    stand.take_in(vec![issued(1, Some(1), Some(1))]).await;
    for printed in ["99999999", "FFFFFFFF", "255,65535", "0000"] {
        let found = find(stand, printed).await;
        assert_eq!(found, FoundCards::default(), "{printed}");
    }
}

pub(crate) async fn clashes_are_counted_over_all_cards(stand: &Stand) {
    let rows = (0..30).map(|n| issued(n, Some(n), Some(n))).collect();
    stand.take_in(rows).await;
    stand.lose(number_key(3)).await.unwrap();

    let report = stand.registry.clashes(forms()).await.unwrap();

    assert_eq!(report.n_cards, 30);
    assert_eq!(report.clashes.len(), forms().len());
    let digits = &report.clashes[6];
    assert_eq!((digits.n_prints, digits.n_cards), (3, 30), "ten each");
    for (at, clashes) in report.clashes.iter().enumerate().take(6) {
        assert_eq!(clashes.n_cards, 0, "rule {at}");
    }
    let Some((one, other)) = digits.example else {
        panic!("no example of a clash");
    };
    for key in [one, other] {
        assert!(matches!(key, CardKey::Number(_)));
        let known = stand.registry.find_card(WhichCard::Key(key)).await;
        assert!(known.unwrap().is_some());
    }
    assert_ne!(one, other);
}
