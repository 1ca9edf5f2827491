//! Ten thousand writes of each family during which the card leaves: what is
//! left is seen at the next tap, and one seed tells one story.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::collections::BTreeSet;

use xueka_simulator::{Fault, Simulator, Story, VirtualCard};
use xueka_transport::{CardTransport, ReaderSource, SourceError, TransportError};

const N_STORIES: u64 = 10_000;

/// Selects the application of the DESFire cards.
const SELECT: &str = "905A00000301020300";

/// A family, the commands that write, and those that read it back.
struct Family {
    card: VirtualCard,
    writes: &'static [&'static str],
    reads: &'static [&'static str],
    /// What is read before and after a write that was not torn.
    old: &'static str,
    new: &'static str,
    /// Whether a tear may leave neither.
    has_third: bool,
}

fn families() -> Vec<Family> {
    let desfire = "kind = 'desfire'\n[[application]]\nid = '010203'\n\
                   [[file]]\napplication = '010203'\nnumber = 1\nrights = 'EEEE'\n";
    let standard = format!("{desfire}data = '11111111'");
    let backup = format!("{desfire}kind = 'backup'\ndata = '11111111'");
    vec![
        Family {
            card: VirtualCard::mifare_classic_1k().block(4, [0x11; 16]),
            writes: &[
                "FF82000006FFFFFFFFFFFF",
                "FF860000050100046000",
                "FFD600041022222222222222222222222222222222",
            ],
            reads: &[
                "FF82000006FFFFFFFFFFFF",
                "FF860000050100046000",
                "FFB0000410",
            ],
            old: "111111111111111111111111111111119000",
            new: "222222222222222222222222222222229000",
            has_third: true,
        },
        Family {
            card: VirtualCard::ntag213().page(4, [0x11; 4]),
            writes: &["FFD600040422222222"],
            reads: &["FFB0000404"],
            old: "111111119000",
            new: "222222229000",
            has_third: true,
        },
        Family {
            card: VirtualCard::fm1208().fmcos_file(0x3F01, 0x0016, [0x11; 4]),
            writes: &["00A40000023F01", "00D696000422222222"],
            reads: &["00A40000023F01", "00B0960004"],
            old: "111111119000",
            new: "222222229000",
            has_third: true,
        },
        Family {
            card: VirtualCard::from_toml(&standard).unwrap(),
            writes: &[SELECT, "903D00000B010000000400002222222200"],
            reads: &[SELECT, "90BD0000070100000000000000"],
            old: "111111119100",
            new: "222222229100",
            has_third: true,
        },
        Family {
            card: VirtualCard::from_toml(&backup).unwrap(),
            writes: &[SELECT, "903D00000B010000000400002222222200", "90C7000000"],
            reads: &[SELECT, "90BD0000070100000000000000"],
            old: "111111119100",
            new: "222222229100",
            has_third: false,
        },
    ]
}

fn send(card: &mut VirtualCard, command: &str) -> Result<String, TransportError> {
    let mut response = Vec::new();
    card.transmit(&hex::decode(command).unwrap(), &mut response)?;
    Ok(hex::encode_upper(response))
}

fn read_back(card: &mut VirtualCard, reads: &[&str]) -> String {
    let answers = reads.iter().map(|command| send(card, command).unwrap());
    answers.last().unwrap()
}

#[test]
fn a_torn_write_leaves_what_its_seed_says_and_nothing_else_changes() {
    for family in families() {
        let kind = family.card.kind();
        let n_commands = u32::try_from(family.writes.len()).unwrap();
        let mut seen = BTreeSet::new();
        for seed in 0..N_STORIES {
            let story = Story::of_a_tear(seed, n_commands);
            let mut left = Vec::new();
            for _ in 0..2 {
                let mut card = story.befall(family.card.clone());
                let torn = family
                    .writes
                    .iter()
                    .find_map(|it| send(&mut card, it).err());
                assert!(
                    matches!(torn, Some(TransportError::CardGone)),
                    "{kind}, {story}"
                );
                card.put_back();
                left.push(read_back(&mut card, family.reads));
                // The chip is as good as new: it takes the same write again.
                card.put_back();
                for command in family.writes {
                    let answer = send(&mut card, command).unwrap();
                    let is_done = answer.ends_with("9000") || answer.ends_with("9100");
                    assert!(is_done, "{kind}, {story}: {command}: {answer}");
                }
                card.put_back();
                let now = read_back(&mut card, family.reads);
                assert_eq!(now, family.new, "{kind}, {story}");
            }
            assert_eq!(left[0], left[1], "{kind}, {story}: told twice");
            seen.extend(left);
        }
        assert!(
            seen.contains(family.old) && seen.contains(family.new),
            "{kind}"
        );
        assert_eq!(
            seen.len() > 2,
            family.has_third,
            "{kind}: {} contents",
            seen.len()
        );
    }
}

#[test]
fn a_torn_sector_trailer_can_end_its_sector_for_good() {
    let load = "FF82000006FFFFFFFFFFFF";
    let open = "FF860000050100076000";
    let write = "FFD6000710A1A1A1A1A1A178778869B1B1B1B1B1B1";
    let (mut n_bricked, mut n_opened) = (0, 0);
    for seed in 0..N_STORIES {
        let fault = Fault::TornWrite { seed };
        let mut card = VirtualCard::mifare_classic_1k().fault(3, fault);
        send(&mut card, load).unwrap();
        send(&mut card, open).unwrap();
        send(&mut card, write).unwrap_err();
        let opens = ["FFFFFFFFFFFF", "A1A1A1A1A1A1"].into_iter().any(|key| {
            card.put_back();
            send(&mut card, &format!("FF82000006{key}")).unwrap();
            send(&mut card, open).unwrap() == "9000"
                && send(&mut card, "FFB0000410").is_ok_and(|answer| answer.ends_with("9000"))
        });
        n_opened += u64::from(opens);
        n_bricked += u64::from(!opens);
    }
    assert!(n_bricked > N_STORIES / 10, "{n_bricked} sectors are lost");
    assert!(n_opened > N_STORIES / 10, "{n_opened} sectors are not");
}

#[test]
fn a_weak_bit_reads_differently_until_it_is_written_again() {
    let n_weak = (0..1000)
        .filter(|seed| {
            let fault = Fault::TornWrite { seed: *seed };
            let mut card = VirtualCard::ntag213().fault(1, fault);
            send(&mut card, "FFD600040422222222").unwrap_err();
            card.put_back();
            let first = send(&mut card, "FFB0000404").unwrap();
            let wavers = (0..20).any(|_| send(&mut card, "FFB0000404").unwrap() != first);
            send(&mut card, "FFD600040433333333").unwrap();
            for _ in 0..20 {
                let read = send(&mut card, "FFB0000404").unwrap();
                assert_eq!(read, "333333339000", "seed {seed}");
            }
            wavers
        })
        .count();
    assert!(n_weak > 50, "{n_weak} of 1000");
}

#[test]
fn a_lost_answer_is_not_a_lost_write() {
    for (obeyed, expected) in [(false, "000000009000"), (true, "222222229000")] {
        let mut card = VirtualCard::ntag213().fault(1, Fault::Silence { obeyed });
        let error = send(&mut card, "FFD600040422222222").unwrap_err();
        assert!(matches!(error, TransportError::CardGone), "{error:?}");
        let read = send(&mut card, "FFB0000404").unwrap();
        assert_eq!(read, expected, "the card stayed; obeyed: {obeyed}");
    }
}

#[test]
fn garbage_comes_again_with_its_seed() {
    let answer = |seed| {
        let card = VirtualCard::transit("1");
        send(&mut card.fault(1, Fault::Garbage { seed }), "00B0840008").unwrap()
    };
    assert_eq!(answer(1), answer(1));
    assert_ne!(answer(1), answer(2));
}

#[test]
fn a_torn_card_is_put_back_into_its_slot_with_its_memory() {
    let (simulator, source) = Simulator::in_process(1);
    simulator.put_back(0).unwrap();
    assert_eq!(simulator.slots()[0].card_kind, None, "none lay there");
    let card = VirtualCard::ultralight().fault(1, Fault::Tear { obeyed: true });
    simulator.insert(0, card).unwrap();
    let mut reader = source.reader(&"Xueka Virtual Reader 00 00".into());
    let mut response = Vec::new();
    let write = hex::decode("FFD600050461626364").unwrap();
    let torn = reader.open().unwrap().transmit(&write, &mut response);
    assert!(matches!(torn, Err(TransportError::CardGone)));
    assert_eq!(simulator.slots()[0].card_kind, None, "it left");

    simulator.put_back(0).unwrap();
    let read = [0xFF, 0xB0, 0x00, 0x05, 0x04];
    reader
        .open()
        .unwrap()
        .transmit(&read, &mut response)
        .unwrap();
    assert_eq!(response, *b"abcd\x90\x00");
}

#[test]
fn a_reader_unplugged_and_a_service_killed_end_the_exchange() {
    let (simulator, mut source) = Simulator::in_process(1);
    let get_uid = [0xFF, 0xCA, 0x00, 0x00, 0x00];
    let mut response = Vec::new();
    simulator
        .insert(0, VirtualCard::transit("1").fault(1, Fault::ServiceRestart))
        .unwrap();
    source.wait().unwrap();
    let mut reader = source.reader(&"Xueka Virtual Reader 00 00".into());
    let mut session = reader.open().unwrap();
    for _ in 0..2 {
        let error = session.transmit(&get_uid, &mut response).unwrap_err();
        let is_away = matches!(error, TransportError::Source(SourceError::NoService));
        assert!(is_away, "{error:?}");
    }
    drop(session);
    assert!(matches!(source.wait(), Err(SourceError::NoService)), "once");
    assert_eq!(source.wait().unwrap().len(), 1, "and it is back");
    let mut session = reader.open().unwrap();
    session.transmit(&get_uid, &mut response).unwrap();
    drop(session);

    simulator
        .insert(0, VirtualCard::transit("1").fault(1, Fault::Unplug))
        .unwrap();
    let mut session = reader.open().unwrap();
    let error = session.transmit(&get_uid, &mut response).unwrap_err();
    assert!(matches!(error, TransportError::ReaderGone), "{error:?}");
    drop(session);
    assert_eq!(source.wait().unwrap(), [], "the reader is gone");
}
