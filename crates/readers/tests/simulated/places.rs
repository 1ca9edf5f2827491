//! Which fields show the same card.

use xueka_domain::CardIdentity;
use xueka_readers::TapChange;
use xueka_simulator::{Fault, VirtualCard};
use xueka_transport::ReaderName;

use crate::house::{House, card, name};

#[tokio::test]
async fn a_field_shows_the_card_of_its_tap_until_that_leaves() {
    let mut house = House::new(3).await;
    let reading = house.tap(0, card()).await.unwrap();
    let identity = CardIdentity::new(reading.number, reading.uid).unwrap();
    let others = |house: &House, but: usize| {
        let but = ReaderName::from(name(but).as_str());
        house.readers.others_showing(&but, &identity)
    };
    let first = [ReaderName::from(name(0).as_str())];
    assert_eq!(others(&house, 1), first);
    assert_eq!(others(&house, 0), [], "that one is not another");

    house.tap(1, VirtualCard::desfire()).await.unwrap();
    house
        .tap(2, card().fault(1, Fault::Tear { obeyed: false }))
        .await
        .unwrap_err();
    assert_eq!(others(&house, 1), first, "another card, one not read");

    house.simulator.remove(0).unwrap();
    // The torn card is told as gone as well.
    loop {
        let event = house.event().await;
        if event.reader.as_ref() == Some(&first[0]) && matches!(event.change, TapChange::CardLeft) {
            break;
        }
    }
    assert_eq!(others(&house, 1), []);
}
