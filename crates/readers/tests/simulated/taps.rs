//! Taps as listeners hear of them.

use std::time::Duration;

use jiff::Timestamp;
use xueka_readers::{ReaderError, ReaderSettings, ReaderState, TapChange};
use xueka_simulator::VirtualCard;

use crate::house::{House, PATIENT, card, name};

#[tokio::test]
async fn a_card_that_stays_is_one_tap_and_put_back_it_is_two() {
    let mut house = House::new(1).await;
    let number = house.tap(0, card()).await.unwrap().number.unwrap();
    assert_eq!(number.reveal(), "1000751012345678");
    // Reading it again is no tap.
    house.read(0, PATIENT).await.unwrap();
    house.simulator.remove(0).unwrap();
    assert_eq!(house.letter().await, 'L');
    house.simulator.insert(0, card()).unwrap();
    assert_eq!(house.letter().await, 'A');
}

#[tokio::test]
async fn a_card_changed_for_another_left_before_the_other_arrived() {
    let mut house = House::new(1).await;
    house.tap(0, card()).await.unwrap();
    // One step of the simulator: no look falls between the two.
    house
        .simulator
        .insert(0, VirtualCard::ultralight())
        .unwrap();
    assert_eq!(house.letters(2).await, "LA");
}

#[tokio::test]
async fn events_carry_reader_time_and_a_number_that_rises_by_one() {
    let settings = ReaderSettings {
        clock: || Timestamp::from_second(1_800_000_000).unwrap(),
        ..ReaderSettings::default()
    };
    let mut house = House::with(2, Duration::from_secs(5), settings).await;
    house.simulator.insert(1, card()).unwrap();
    let event = house.event().await;
    assert_eq!(event.sequence, 3, "two readers were attached before");
    assert_eq!(event.time.as_second(), 1_800_000_000);
    assert_eq!(event.reader.unwrap().as_str(), name(1));

    let mut again = house.readers.watch(2, event.epoch);
    assert_eq!(again.next().await.unwrap().sequence, 3);
}

#[tokio::test]
async fn a_slow_listener_is_told_what_it_missed_and_slows_nobody() {
    let settings = ReaderSettings {
        n_kept_events: 4,
        ..ReaderSettings::default()
    };
    let mut house = House::with(1, Duration::from_secs(5), settings).await;
    let mut slow = house.readers.watch(0, 0);
    for _ in 0..5 {
        house.tap(0, card()).await.unwrap();
        house.simulator.remove(0).unwrap();
        assert_eq!(house.letter().await, 'L');
    }
    let first = slow.next().await.unwrap();
    assert!(matches!(first.change, TapChange::Missed(6)), "{first:?}");
    let mut letters = 0;
    while letters < 4 {
        slow.next().await.unwrap();
        letters += 1;
    }
}

#[tokio::test]
async fn a_card_that_leaves_during_its_reading_is_told_as_gone() {
    let mut house = House::new(1).await;
    let torn = house.tap(0, card().tear_at_command(2)).await;
    assert!(matches!(torn, Err(ReaderError::CardGone)), "{torn:?}");
    assert_eq!(house.letter().await, 'L');
    assert_eq!(house.state(0), ReaderState::Empty);
}

#[tokio::test]
async fn a_card_that_does_not_answer_is_told_and_listed_as_mute() {
    let mut house = House::new(1).await;
    let mute = house.tap(0, card().mute()).await;
    assert!(matches!(mute, Err(ReaderError::CardMute)), "{mute:?}");
    assert_eq!(house.state(0), ReaderState::CardMute);
}

#[tokio::test]
async fn a_reader_unplugged_with_a_card_tells_that_it_left_first() {
    let mut house = House::new(2).await;
    house.tap(0, card()).await.unwrap();
    house.service.unplug(0).unwrap();
    assert_eq!(house.letters(2).await, "L-");
    assert_eq!(house.readers.list().readers.len(), 1);
    house.service.plug_in(0).unwrap();
    assert_eq!(house.letter().await, '+');
    house.tap(0, card()).await.unwrap();
}
