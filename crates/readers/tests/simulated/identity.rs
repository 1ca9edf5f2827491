//! Readers known by what they are, whatever they are called just now.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use xueka_readers::{DeskReader, ReadOptions, ReaderError, ReaderSettings, TapChange};
use xueka_simulator::{ServiceState, VirtualReader};

use crate::house::{House, PATIENT, card, soon};

const FIRST: &str = "ACS ACR122U PICC Interface 00 00";
const SECOND: &str = "ACS ACR122U PICC Interface 01 00";
const LIMIT: Duration = Duration::from_secs(5);

fn by_serial(alias: &str, serial_number: &str) -> DeskReader {
    DeskReader {
        serial_number: Some(serial_number.to_owned()),
        ..DeskReader::new(alias)
    }
}

fn desk(desk_readers: Vec<DeskReader>) -> ReaderSettings {
    ReaderSettings {
        desk_readers,
        ..ReaderSettings::default()
    }
}

/// Two readers of one model, told apart by their serial numbers alone.
async fn twins() -> House {
    let readers = vec![
        VirtualReader::named(FIRST).serial_number("A1"),
        VirtualReader::named(SECOND).serial_number("B2"),
    ];
    let settings = desk(vec![
        by_serial("entry desk", "A1"),
        by_serial("library", "B2"),
    ]);
    House::furnished(readers, 2, LIMIT, settings).await
}

fn aliases(house: &House) -> Vec<(String, Option<String>)> {
    let readers = house.readers.list().readers.into_iter();
    let named = readers.map(|it| (it.name.to_string(), it.alias.map(|it| it.to_string())));
    named.collect()
}

#[tokio::test]
async fn an_alias_follows_its_device_when_the_names_swap() {
    let mut house = twins().await;
    let alias = |text: &str| Some(text.to_owned());
    let before = [
        (FIRST.to_owned(), alias("entry desk")),
        (SECOND.to_owned(), alias("library")),
    ];
    assert_eq!(aliases(&house), before);

    house.service.unplug(0).unwrap();
    house.service.unplug(1).unwrap();
    assert_eq!(house.letters(2).await, "--");
    house.service.plug_in_as(0, SECOND).unwrap();
    house.service.plug_in_as(1, FIRST).unwrap();
    assert_eq!(house.letters(2).await, "++");
    let after = [
        (FIRST.to_owned(), alias("library")),
        (SECOND.to_owned(), alias("entry desk")),
    ];
    assert_eq!(aliases(&house), after);

    house.tap(0, card()).await.unwrap();
    let read = house
        .readers
        .read_card(Some("entry desk"), ReadOptions::default());
    let (name, _) = soon(read).await.unwrap();
    assert_eq!(
        name.as_str(),
        SECOND,
        "the device in slot 0, now under that name"
    );
    let other = soon(
        house
            .readers
            .read_card(Some("library"), ReadOptions::default()),
    )
    .await;
    assert!(matches!(other, Err(ReaderError::NoCard)), "{other:?}");
}

#[tokio::test]
async fn events_name_the_device_and_its_alias() {
    let mut house = twins().await;
    house.simulator.insert(1, card()).unwrap();
    let event = house.event().await;
    assert!(
        matches!(event.change, TapChange::CardArrived(Ok(_))),
        "{event:?}"
    );
    assert_eq!(event.alias.as_deref(), Some("library"));
    assert_eq!(event.reader.unwrap().as_str(), SECOND);
}

#[tokio::test]
async fn a_caller_waits_on_when_its_reader_comes_back_under_another_name() {
    let mut house = twins().await;
    let readers = house.readers.clone();
    let waiting =
        tokio::spawn(async move { soon(readers.read_card(Some("entry desk"), PATIENT)).await });
    // One more call queues behind the other: once it is answered, so is the
    // other's look at the field.
    tokio::task::yield_now().await;
    let look = soon(house.readers.read_card(Some(FIRST), ReadOptions::default())).await;
    assert!(matches!(look, Err(ReaderError::NoCard)), "{look:?}");

    house
        .service
        .plug_in_as(0, "ACS ACR122U PICC Interface 02 00")
        .unwrap();
    assert_eq!(house.letters(2).await, "-+");
    house.tap(0, card()).await.unwrap();
    let (name, _) = waiting.await.unwrap().unwrap();
    assert_eq!(name.as_str(), "ACS ACR122U PICC Interface 02 00");
}

#[tokio::test]
async fn a_reader_is_found_by_its_socket_and_what_it_tells_is_listed() {
    let readers = vec![VirtualReader::named(FIRST).usb_path("1-1.3:1.0")];
    let socket = DeskReader {
        usb_path: Some("1-1.3".to_owned()),
        ..DeskReader::new("entry desk")
    };
    let mut house = House::furnished(readers, 1, LIMIT, desk(vec![socket])).await;
    house.tap(0, card()).await.unwrap();
    soon(house.readers.read_card(Some("entry desk"), PATIENT))
        .await
        .unwrap();
    let info = house.info(FIRST);
    assert_eq!(info.identity.usb_path.as_deref(), Some("1-1.3:1.0"));
    assert_eq!(info.model, "acs-acr122u");
    assert!(info.has_signals);
}

#[tokio::test]
async fn an_alias_that_fits_two_readers_is_refused_with_both_names() {
    // Some makers give every unit the same serial number.
    let readers = vec![
        VirtualReader::named(FIRST).serial_number("0001"),
        VirtualReader::named(SECOND).serial_number("0001"),
    ];
    let settings = desk(vec![by_serial("entry desk", "0001")]);
    let house = House::furnished(readers, 2, LIMIT, settings).await;
    let refused = soon(house.readers.read_card(Some("entry desk"), PATIENT)).await;
    let Err(error @ ReaderError::AliasAmbiguous { .. }) = refused else {
        panic!("{refused:?}")
    };
    assert!(error.to_string().contains("USB path"), "{error}");
    let ReaderError::AliasAmbiguous { names, .. } = error else {
        unreachable!()
    };
    assert_eq!(names, [FIRST.into(), SECOND.into()]);
}

#[tokio::test]
async fn an_alias_whose_reader_is_not_attached_says_so() {
    let settings = desk(vec![by_serial("entry desk", "A1")]);
    let house = House::with(1, LIMIT, settings).await;
    let refused = soon(house.readers.read_card(Some("entry desk"), PATIENT)).await;
    assert!(
        matches!(refused, Err(ReaderError::AliasMissing { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_reader_that_another_program_held_is_asked_again_at_the_next_tap() {
    let readers = vec![VirtualReader::named(FIRST).serial_number("A1")];
    let settings = desk(vec![by_serial("entry desk", "A1")]);
    let mut house = House::furnished(readers, 1, LIMIT, settings).await;
    house.service.unplug(0).unwrap();
    assert_eq!(house.letter().await, '-');
    house.service.set_held_by_another(0, true).unwrap();
    house.service.plug_in(0).unwrap();
    assert_eq!(house.letter().await, '+');
    assert_eq!(house.info(FIRST).alias, None);

    house.service.set_held_by_another(0, false).unwrap();
    house.tap(0, card()).await.unwrap();
    assert_eq!(house.info(FIRST).alias.as_deref(), Some("entry desk"));
}

#[tokio::test]
async fn a_reader_replugged_between_two_looks_is_asked_anew() {
    let mut house = twins().await;
    // The watcher may see this as one change or as none.
    house.service.unplug(0).unwrap();
    house.service.plug_in(0).unwrap();
    house.simulator.insert(0, card()).unwrap();
    while house.arrival().await.is_err() {}
    assert_eq!(house.info(FIRST).alias.as_deref(), Some("entry desk"));
}

#[tokio::test]
async fn slots_for_security_modules_are_listed_only_when_asked_for() {
    const SAM: &str = "ACS ACR1252 1S CL Reader [ACR1252 SAM Reader] 00 01";
    let readers = || vec![VirtualReader::named(FIRST), VirtualReader::named(SAM)];
    let house = House::furnished(readers(), 1, LIMIT, ReaderSettings::default()).await;
    assert_eq!(house.readers.list().readers.len(), 1);
    let refused = soon(house.readers.read_card(Some(SAM), PATIENT)).await;
    assert!(
        matches!(refused, Err(ReaderError::NotFound { .. })),
        "{refused:?}"
    );

    let asked_for = ReaderSettings {
        contact_slots: true,
        ..ReaderSettings::default()
    };
    let house = House::furnished(readers(), 2, LIMIT, asked_for).await;
    assert_eq!(house.readers.list().readers.len(), 2);
}

#[tokio::test]
async fn an_expected_reader_that_stays_away_is_reported_and_forgotten_when_it_comes() {
    static SECONDS: AtomicU64 = AtomicU64::new(100);
    let unexpected = DeskReader {
        is_expected: false,
        ..by_serial("spare", "C3")
    };
    let settings = ReaderSettings {
        desk_readers: vec![by_serial("entry desk", "A1"), unexpected],
        uptime: || Duration::from_secs(SECONDS.load(Ordering::Relaxed)),
        clock: || Timestamp::from_second(1_800_000_000).unwrap(),
        ..ReaderSettings::default()
    };
    let readers = vec![VirtualReader::named(FIRST).serial_number("A1")];
    let mut house = House::furnished(readers, 1, LIMIT, settings).await;
    house.service.unplug(0).unwrap();
    assert_eq!(house.letter().await, '-');
    assert_eq!(house.readers.list().missing, [], "not for long enough");

    // The watcher looks once a second, and at whatever happens.
    SECONDS.fetch_add(10, Ordering::Relaxed);
    let event = house.event().await;
    assert!(matches!(event.change, TapChange::Missing), "{event:?}");
    assert_eq!(
        (event.reader, event.alias.as_deref()),
        (None, Some("entry desk"))
    );
    let missing = house.readers.list().missing;
    assert_eq!(missing.len(), 1, "the spare one is not expected");
    assert_eq!(
        (&*missing[0].alias, missing[0].since.as_second()),
        ("entry desk", 1_800_000_000)
    );

    house.service.plug_in(0).unwrap();
    assert_eq!(house.letter().await, '+');
    soon(async {
        while !house.readers.list().missing.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_reader_is_missed_no_sooner_than_the_list_is_known_again_for_long_enough() {
    static SECONDS: AtomicU64 = AtomicU64::new(100);
    let settings = ReaderSettings {
        desk_readers: vec![by_serial("entry desk", "A1")],
        uptime: || Duration::from_secs(SECONDS.load(Ordering::Relaxed)),
        ..ReaderSettings::default()
    };
    let readers = vec![
        VirtualReader::named(FIRST).serial_number("A1"),
        VirtualReader::named(SECOND).serial_number("B2"),
    ];
    let mut house = House::furnished(readers, 2, LIMIT, settings).await;
    house.service.unplug(0).unwrap();
    assert_eq!(house.letter().await, '-');
    // That this is told shows that the watcher has looked since.
    house.tap(1, card()).await.unwrap();

    house.service.set_state(ServiceState::Away);
    assert_eq!(house.letters(2).await, "L-");
    SECONDS.fetch_add(60, Ordering::Relaxed);
    house.service.set_state(ServiceState::Running);
    assert_eq!(house.letters(2).await, "+A");
    house.simulator.remove(1).unwrap();
    assert_eq!(house.letter().await, 'L', "nobody knew for a minute");
    assert_eq!(house.readers.list().missing, []);

    SECONDS.fetch_add(10, Ordering::Relaxed);
    assert_eq!(house.letter().await, '?');

    // What was told before an outage says nothing of what is there after it.
    house.service.set_state(ServiceState::Away);
    assert_eq!(house.letter().await, '-');
    assert_eq!(house.readers.list().missing, []);
    house.service.set_state(ServiceState::Running);
    assert_eq!(house.letter().await, '+');
    house.tap(1, card()).await.unwrap();
    SECONDS.fetch_add(10, Ordering::Relaxed);
    assert_eq!(house.letter().await, '?');
}
