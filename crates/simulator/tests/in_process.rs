//! Readers inside the process, as a watcher and reader threads meet them.
//!
//! A test that needs another thread to be blocked looks at what that thread
//! has done so far; none waits for time to pass.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{sync::mpsc, thread, time::Duration};

use xueka_simulator::{
    Fault, ServiceState, SimulatedSource, Simulator, SimulatorError, VirtualCard, VirtualReader,
};
use xueka_transport::{
    CardPresence, CardReader, CardTransport, ReaderSource, SourceError, TransportError,
};

const GET_UID: [u8; 5] = [0xFF, 0xCA, 0x00, 0x00, 0x00];

fn one_reader() -> (Simulator, SimulatedSource, Box<dyn CardReader>) {
    let (simulator, source) = Simulator::in_process(1);
    let reader = source.reader(&"Xueka Virtual Reader 00 00".into());
    (simulator, source, reader)
}

fn card() -> VirtualCard {
    VirtualCard::transit("1000751012345678").uid([1, 2, 3, 4])
}

fn get_uid(card: &mut (impl CardTransport + ?Sized)) -> Result<String, TransportError> {
    let mut response = Vec::new();
    card.transmit(&GET_UID, &mut response)?;
    Ok(hex::encode_upper(response))
}

/// Lets other threads run until `n` commands have reached the card in slot 0.
fn until_commands(simulator: &Simulator, n: usize) {
    while simulator.exchanges(0).unwrap().len() < n {
        thread::yield_now();
    }
}

/// Presence and count of events of each reader.
fn look(source: &mut SimulatedSource) -> Vec<(CardPresence, u64)> {
    let snapshots = source.wait().unwrap().into_iter();
    snapshots
        .map(|reader| (reader.presence, reader.n_events))
        .collect()
}

#[test]
fn the_first_wait_tells_of_all_readers_at_once() {
    let (simulator, mut source) = Simulator::in_process(2);
    let names = source
        .wait()
        .unwrap()
        .into_iter()
        .map(|reader| reader.name.to_string());
    let names = names.collect::<Vec<_>>();
    assert_eq!(
        names,
        ["Xueka Virtual Reader 00 00", "Xueka Virtual Reader 01 00"]
    );
    let attached = simulator.slots().into_iter().map(|slot| slot.attached_to);
    assert_eq!(attached.collect::<Vec<_>>(), names);
}

#[test]
fn arrivals_and_departures_wake_the_wait_and_are_counted() {
    let (simulator, mut source) = Simulator::in_process(1);
    let service = source.service();
    let (report, reports) = mpsc::channel();
    let watcher = thread::spawn(move || {
        loop {
            match source.wait() {
                Ok(readers) => report.send(readers).unwrap(),
                Err(error) => return error,
            }
        }
    });
    let seen = || {
        let readers = reports.recv().unwrap();
        (
            readers[0].presence == CardPresence::Empty,
            readers[0].n_events,
        )
    };
    assert_eq!(seen(), (true, 0));
    simulator.insert(0, card()).unwrap();
    assert_eq!(seen(), (false, 1));
    simulator.insert(0, card()).unwrap();
    assert_eq!(seen(), (false, 3), "one left, another came");
    simulator.remove(0).unwrap();
    assert_eq!(seen(), (true, 4));
    simulator.remove(0).unwrap();
    assert_eq!(seen(), (true, 4), "an empty field stays so");

    service.set_state(ServiceState::Away);
    assert!(matches!(watcher.join().unwrap(), SourceError::NoService));
}

#[test]
fn a_wait_is_cancelled_whether_it_runs_or_is_to_come() {
    let (_simulator, mut source) = Simulator::in_process(1);
    let canceller = source.canceller();
    canceller.cancel();
    assert!(
        matches!(source.wait(), Err(SourceError::Cancelled)),
        "the next one"
    );
    assert!(source.wait().is_ok(), "and only that one");

    let (entered, blocked) = mpsc::channel();
    let watcher = thread::spawn(move || {
        entered.send(()).unwrap();
        source.wait()
    });
    blocked.recv().unwrap();
    canceller.cancel();
    assert!(matches!(
        watcher.join().unwrap(),
        Err(SourceError::Cancelled)
    ));
}

#[test]
fn opening_says_why_there_is_no_card_to_talk_to() {
    let (simulator, source, mut reader) = one_reader();
    assert!(matches!(reader.open().err(), Some(TransportError::NoCard)));
    simulator.insert(0, card().mute()).unwrap();
    assert!(matches!(
        reader.open().err(),
        Some(TransportError::CardMute)
    ));
    simulator.insert(0, card()).unwrap();
    assert_eq!(
        get_uid(reader.open().unwrap().as_mut()).unwrap(),
        "010203049000"
    );

    source.service().set_held_by_another(0, true).unwrap();
    assert!(matches!(reader.open().err(), Some(TransportError::InUse)));
    source.service().set_held_by_another(0, false).unwrap();
    assert!(reader.open().is_ok());

    let mut unknown = source.reader(&"Xueka Virtual Reader 07 00".into());
    assert!(matches!(
        unknown.open().err(),
        Some(TransportError::ReaderGone)
    ));
}

#[test]
fn a_session_reports_the_atr_and_ends_with_its_card() {
    let (simulator, mut source, mut reader) = one_reader();
    simulator.insert(0, card()).unwrap();
    let mut session = reader.open().unwrap();
    let presence = CardPresence::Present {
        atr: session.atr().to_vec(),
    };
    assert_eq!(look(&mut source), [(presence, 1)]);

    simulator.insert(0, card()).unwrap();
    let error = get_uid(session.as_mut()).unwrap_err();
    assert!(
        matches!(error, TransportError::CardGone),
        "the card of the session left: {error:?}"
    );
    drop(session);
    assert!(
        get_uid(reader.open().unwrap().as_mut()).is_ok(),
        "the new one is another session"
    );
}

#[test]
fn a_torn_card_leaves_the_field() {
    let (simulator, mut source, mut reader) = one_reader();
    simulator.insert(0, card().tear_at_command(2)).unwrap();
    let mut session = reader.open().unwrap();
    assert!(get_uid(session.as_mut()).is_ok());
    assert!(matches!(
        get_uid(session.as_mut()),
        Err(TransportError::CardGone)
    ));
    drop(session);

    assert_eq!(look(&mut source), [(CardPresence::Empty, 2)]);
    assert_eq!(simulator.slots()[0].card_kind, None);
    let printed = simulator
        .exchanges(0)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    assert_eq!(
        printed,
        ["FFCA000000 -> 010203049000", "FFCA000000 -> (torn)"]
    );
}

#[test]
fn a_card_that_is_reset_answers_again_in_a_new_session() {
    let (simulator, _source, mut reader) = one_reader();
    simulator.insert(0, card().fault(1, Fault::Reset)).unwrap();
    let mut session = reader.open().unwrap();
    assert!(matches!(
        get_uid(session.as_mut()),
        Err(TransportError::CardReset)
    ));
    assert!(matches!(
        get_uid(session.as_mut()),
        Err(TransportError::CardReset)
    ));
    drop(session);
    assert!(get_uid(reader.open().unwrap().as_mut()).is_ok());
}

#[test]
fn a_short_answer_is_a_tear_of_a_card_that_stays() {
    let (simulator, _source, mut reader) = one_reader();
    simulator
        .insert(0, card().fault(1, Fault::OneByteResponse))
        .unwrap();
    let mut session = reader.open().unwrap();
    assert!(matches!(
        get_uid(session.as_mut()),
        Err(TransportError::CardGone)
    ));
    assert!(get_uid(session.as_mut()).is_ok());
}

#[test]
fn a_contact_card_dies_of_a_pseudo_apdu() {
    let (simulator, mut source, mut reader) = one_reader();
    simulator.insert(0, VirtualCard::contact()).unwrap();
    let mut session = reader.open().unwrap();
    assert!(matches!(
        get_uid(session.as_mut()),
        Err(TransportError::CardMute)
    ));
    drop(session);
    assert_eq!(look(&mut source), [(CardPresence::Mute, 1)]);
    assert!(matches!(
        reader.open().err(),
        Some(TransportError::CardMute)
    ));
}

#[test]
fn a_stuck_card_blocks_its_reader_until_it_is_taken_away() {
    let (simulator, _source, mut reader) = one_reader();
    simulator.insert(0, card().fault(1, Fault::Stuck)).unwrap();
    let blocked = thread::spawn(move || get_uid(reader.open().unwrap().as_mut()));
    until_commands(&simulator, 1);
    simulator.remove(0).unwrap();
    assert!(matches!(
        blocked.join().unwrap(),
        Err(TransportError::CardGone)
    ));
}

#[test]
fn a_delay_passes_and_ends_early_when_the_card_goes() {
    let (simulator, _source, mut reader) = one_reader();
    let a_moment = Duration::from_millis(20);
    simulator
        .insert(0, card().response_delay(a_moment))
        .unwrap();
    let began = std::time::Instant::now();
    assert!(get_uid(reader.open().unwrap().as_mut()).is_ok());
    assert!(began.elapsed() >= a_moment);

    let a_day = Duration::from_hours(24);
    simulator
        .insert(0, card().fault(1, Fault::Delay(a_day)))
        .unwrap();
    let blocked = thread::spawn(move || get_uid(reader.open().unwrap().as_mut()));
    until_commands(&simulator, 1);
    simulator.remove(0).unwrap();
    assert!(matches!(
        blocked.join().unwrap(),
        Err(TransportError::CardGone)
    ));
}

#[test]
fn one_session_at_a_time_holds_the_card() {
    let (simulator, source, mut reader) = one_reader();
    simulator.insert(0, card()).unwrap();
    let mut other = source.reader(&"Xueka Virtual Reader 00 00".into());
    let mut session = reader.open().unwrap();
    let (entered, begun) = mpsc::channel();
    let waiting = thread::spawn(move || {
        entered.send(()).unwrap();
        get_uid(other.open().unwrap().as_mut())
    });
    begun.recv().unwrap();
    for n in 1..=50 {
        assert!(get_uid(session.as_mut()).is_ok());
        assert_eq!(
            simulator.exchanges(0).unwrap().len(),
            n,
            "nobody comes between"
        );
    }
    drop(session);
    assert_eq!(waiting.join().unwrap().unwrap(), "010203049000");
    assert_eq!(simulator.exchanges(0).unwrap().len(), 51);
}

#[test]
fn an_unplugged_reader_is_gone_for_good_and_its_successor_is_new() {
    let (simulator, mut source, mut reader) = one_reader();
    let service = source.service();
    simulator.insert(0, card()).unwrap();
    let mut session = reader.open().unwrap();
    service.unplug(0).unwrap();
    assert!(matches!(
        get_uid(session.as_mut()),
        Err(TransportError::ReaderGone)
    ));
    drop(session);
    assert!(matches!(
        reader.open().err(),
        Some(TransportError::ReaderGone)
    ));
    assert_eq!(look(&mut source), []);
    assert!(matches!(
        simulator.insert(0, card()),
        Err(SimulatorError::VirtualReaderGone { .. })
    ));

    service.plug_in(0).unwrap();
    assert_eq!(
        look(&mut source),
        [(CardPresence::Empty, 0)],
        "the card went with the reader"
    );
    simulator.insert(0, card()).unwrap();
    assert!(
        matches!(reader.open().err(), Some(TransportError::ReaderGone)),
        "the old value"
    );
    let mut successor = source.reader(&"Xueka Virtual Reader 00 00".into());
    assert!(get_uid(successor.open().unwrap().as_mut()).is_ok());
}

#[test]
fn a_service_that_goes_away_ends_sessions_and_comes_back_with_its_cards() {
    let (simulator, mut source, mut reader) = one_reader();
    let service = source.service();
    simulator.insert(0, card()).unwrap();
    simulator.insert(0, card()).unwrap();
    let atr = reader.open().unwrap().atr().to_vec();
    let mut session = reader.open().unwrap();

    service.set_state(ServiceState::Away);
    assert!(matches!(source.wait(), Err(SourceError::NoService)));
    assert!(
        matches!(source.wait(), Err(SourceError::NoService)),
        "as long as it is away"
    );
    let is_away = |error| matches!(error, TransportError::Source(SourceError::NoService));
    assert!(is_away(get_uid(session.as_mut()).unwrap_err()));

    service.set_state(ServiceState::Running);
    assert!(
        is_away(get_uid(session.as_mut()).unwrap_err()),
        "an old session stays dead"
    );
    drop(session);
    assert_eq!(
        look(&mut source),
        [(CardPresence::Present { atr }, 1)],
        "counted anew"
    );
    assert!(
        get_uid(reader.open().unwrap().as_mut()).is_ok(),
        "the reader connects anew"
    );

    service.set_state(ServiceState::NotPermitted);
    assert!(matches!(source.wait(), Err(SourceError::NotPermitted)));
    let error = reader.open().err().unwrap();
    assert!(matches!(
        error,
        TransportError::Source(SourceError::NotPermitted)
    ));
}

#[test]
fn a_service_that_goes_away_frees_those_who_wait() {
    let (simulator, mut source, mut reader) = one_reader();
    let service = source.service();
    simulator.insert(0, card().fault(1, Fault::Stuck)).unwrap();
    let mut second = source.reader(&"Xueka Virtual Reader 00 00".into());
    let first = thread::spawn(move || get_uid(reader.open().unwrap().as_mut()).unwrap_err());
    until_commands(&simulator, 1);
    let second = thread::spawn(move || second.open().err());
    source.wait().unwrap();
    let watcher = thread::spawn(move || source.wait().unwrap_err());
    service.set_state(ServiceState::Away);
    for error in [first.join().unwrap(), second.join().unwrap().unwrap()] {
        assert!(
            matches!(error, TransportError::Source(SourceError::NoService)),
            "{error:?}"
        );
    }
    assert!(matches!(watcher.join().unwrap(), SourceError::NoService));
}

#[test]
fn a_restart_is_told_even_to_a_watcher_that_looked_away() {
    let (_simulator, mut source) = Simulator::in_process(1);
    source.wait().unwrap();
    source.service().set_state(ServiceState::Away);
    source.service().set_state(ServiceState::Running);
    assert!(matches!(source.wait(), Err(SourceError::NoService)));
    assert!(source.wait().is_ok());
}

#[test]
fn a_slot_that_is_not_there_is_named() {
    let (simulator, _source) = Simulator::in_process(2);
    let errors = [
        simulator.insert(2, card()).unwrap_err(),
        simulator.remove(2).unwrap_err(),
        simulator.exchanges(2).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(
            error,
            SimulatorError::SlotNotFound {
                slot: 2,
                n_slots: 2
            }
        ));
        assert!(error.to_string().contains("there are 2"), "{error}");
    }
}

#[test]
fn several_sources_see_the_same_readers_each_for_itself() {
    let (simulator, mut first) = Simulator::in_process(1);
    let mut second = first.service().source();
    first.wait().unwrap();
    simulator.insert(0, card()).unwrap();
    assert_eq!(look(&mut first), look(&mut second));
}

const ONE: &str = "ACS ACR122U PICC Interface 00 00";
const OTHER: &str = "ACS ACR122U PICC Interface 01 00";

fn two_of_one_model() -> (Simulator, SimulatedSource) {
    Simulator::with_readers([
        VirtualReader::named(ONE)
            .serial_number("A1")
            .usb_path("1-1.3:1.0"),
        VirtualReader::named(OTHER)
            .usb_path("1-1.4:1.0")
            .without_escape(),
    ])
}

#[test]
fn two_of_one_model_are_told_apart_by_what_they_tell() {
    let (_simulator, source) = two_of_one_model();
    let one = source.reader(&ONE.into()).identity().unwrap();
    let other = source.reader(&OTHER.into()).identity().unwrap();
    assert_eq!(one.serial_number.as_deref(), Some("A1"));
    assert_eq!(other.serial_number, None);
    assert_ne!(one.usb_path, other.usb_path);

    // Plugged in anew in another order, the names are exchanged.
    let service = source.service();
    let mut old = source.reader(&ONE.into());
    service
        .plug_in_as(0, "ACS ACR122U PICC Interface 02 00")
        .unwrap();
    service.plug_in_as(1, ONE).unwrap();
    assert!(matches!(old.identity(), Err(TransportError::ReaderGone)));
    let now = source.reader(&ONE.into()).identity().unwrap();
    assert_eq!(now.usb_path.as_deref(), Some("1-1.4:1.0"));
}

#[test]
fn escape_commands_switch_lights_and_are_recorded() {
    let (simulator, source) = two_of_one_model();
    let service = source.service();
    let mut reader = source.reader(&ONE.into());
    let green = [0xFF, 0x00, 0x40, 0x0E, 0x04, 0x00, 0x00, 0x00, 0x00];
    let mut response = vec![0xEE];
    reader.control(&green, &mut response).unwrap();
    assert_eq!(
        (response.as_slice(), service.lights(0).unwrap()),
        (&[0x90, 0x02][..], 0b10)
    );
    let error = reader.control(&[0xAB], &mut response).unwrap_err();
    assert!(matches!(error, TransportError::Unsupported), "{error:?}");
    assert_eq!(response, [], "no answer");
    assert_eq!(service.escapes(0).unwrap(), [green.to_vec(), vec![0xAB]]);

    let error = source.reader(&OTHER.into()).control(&green, &mut response);
    assert!(
        matches!(error, Err(TransportError::Unsupported)),
        "not permitted"
    );
    assert_eq!(service.lights(1).unwrap(), 0);

    service.set_held_by_another(0, true).unwrap();
    let error = reader.control(&green, &mut response);
    assert!(matches!(error, Err(TransportError::InUse)));
    service.set_state(ServiceState::Away);
    let error = reader.control(&green, &mut response);
    assert!(matches!(
        error,
        Err(TransportError::Source(SourceError::NoService))
    ));
    assert!(matches!(
        service.lights(2),
        Err(SimulatorError::SlotNotFound {
            slot: 2,
            n_slots: 2
        })
    ));
    assert_eq!(simulator.exchanges(0).unwrap(), [], "no card was asked");
}

#[test]
fn a_card_laid_over_another_is_one_jump_of_two() {
    let (simulator, mut source) = two_of_one_model();
    simulator.insert(0, card()).unwrap();
    let before = source.wait().unwrap()[0].n_events;
    simulator.insert(0, card()).unwrap();
    let after = source.wait().unwrap();
    assert_eq!(after[0].n_events, before + 2, "nobody saw it leave");
    assert!(matches!(after[0].presence, CardPresence::Present { .. }));
}
