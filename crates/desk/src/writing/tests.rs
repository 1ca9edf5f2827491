//! Writing at a desk whose registry is a real file and whose cards are virtual.

use std::{path::Path, sync::Arc, time::Duration};

use xueka_cards::{ProfileText, Side};
use xueka_domain::{BlockReason, IssuedCard, IssuedState, Role, Student};
use xueka_readers::{ReaderError, ReaderSettings, Readers};
use xueka_registry::{NewCardWrite, PlanText, Registration};
use xueka_simulator::{Fault, Simulator, VirtualCard};

use super::*;
use crate::{NumberForms, SystemClock};

const NUMBER: &str = "1000751012345678";
const SECOND: &str = "1000751087654321";
const UID: [u8; 4] = [0x9B, 0x27, 0xD4, 0xE6];

const PROFILE: &str = r#"
    name = "School"
    source = "a test"
    [[mifare_classic]]
    keys = [{ name = "school-a", kind = "A" }]
    copies = { first = { sector = 1, block = 0 }, second = { sector = 2, block = 0 }, blocks = 1 }
    number = { offset = 0, length = 8, coding = "bcd" }
    [mifare_classic.write]
    keys = [{ name = "factory", kind = "A" }]
    trailer = { key_a = "school-a", key_b = "school-b", data = "100", trailer = "011" }
"#;

const KEYS: &str = "
    factory = \"FFFFFFFFFFFF\"
    school-a = \"A0A1A2A3A4A5\"
    school-b = \"B0B1B2B3B4B5\"
";

/// A desk with one virtual reader.
struct Bench {
    folder: tempfile::TempDir,
    simulator: Simulator,
    readers: Readers,
    desk: Arc<Desk>,
}

impl Bench {
    async fn new() -> Self {
        let keys = KeyRing::from_text(KEYS).unwrap();
        let profile = ProfileText {
            file: "school.toml",
            text: PROFILE,
        };
        let settings = ReaderSettings {
            profile: ReadingProfile::new(&[profile], &keys).unwrap(),
            ..ReaderSettings::default()
        };
        let (simulator, source) = Simulator::in_process(1);
        let readers = Readers::start(Box::new(source), settings).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let desk = open(&folder.path().join("registry.db"), &readers).await;
        Self {
            folder,
            simulator,
            readers,
            desk,
        }
    }

    /// Ends the desk and opens another on the same file; the readers stay, with
    /// what lies on them.
    async fn restart(&mut self) {
        self.desk.registry.close().await;
        self.desk = open(&self.folder.path().join("registry.db"), &self.readers).await;
    }

    fn put(&self, card: VirtualCard) {
        self.simulator.insert(0, card).unwrap();
    }

    fn n_exchanges(&self) -> u32 {
        let exchanges = self.simulator.exchanges(0).unwrap();
        u32::try_from(exchanges.len()).unwrap()
    }

    async fn plan(&self, number: &str) -> Result<PlannedWrite, DeskError> {
        let content = CardContent {
            number: number.parse().unwrap(),
            valid_from: None,
            valid_until: None,
        };
        self.desk.plan_write(&place(), content).await
    }

    async fn write(&self, request: &str, plan: PlanId) -> Result<EndedWrite, DeskError> {
        let request = request.parse().unwrap();
        self.desk
            .write_card(&caller(), request, &place(), plan)
            .await
    }

    async fn number(&self) -> Option<String> {
        let (_, reading) = self.desk.read_card(&place()).await.unwrap();
        reading.number.map(CardNumber::reveal)
    }

    async fn n_open(&self) -> usize {
        self.desk.list_open_writes(None, 10).await.unwrap().len()
    }
}

async fn open(path: &Path, readers: &Readers) -> Arc<Desk> {
    let address = path.to_str().unwrap();
    let clock = Arc::new(SystemClock);
    let numbers = NumberForms::default();
    let desk = Desk::open(address, true, readers.clone(), clock, numbers).await;
    Arc::new(desk.unwrap().with_keys(KeyRing::from_text(KEYS).unwrap()))
}

fn caller() -> Caller {
    Caller {
        actor: "test".parse().unwrap(),
        role: Role::Registrar,
    }
}

fn place() -> CardInReader {
    CardInReader {
        reader: None,
        wait: Some(Duration::from_secs(10)),
    }
}

fn blank() -> VirtualCard {
    VirtualCard::mifare_classic_1k().uid(UID)
}

/// Keys that nobody knows, in the sectors that are written.
fn foreign() -> VirtualCard {
    let keys = [0x5A; 6];
    blank().keys(1, keys, keys).keys(2, keys, keys)
}

#[tokio::test]
async fn a_blank_card_is_planned_written_and_read_by_the_same_profile() {
    let bench = Bench::new().await;
    bench.put(blank());
    let planned = bench.plan(NUMBER).await.unwrap();
    assert_eq!(planned.family, CardFamily::MifareClassic1K);
    assert!(!planned.plan.steps.is_empty() && planned.number.is_none());
    assert_eq!(bench.number().await, None, "a plan writes nothing");

    let ended = bench.write("w1", planned.id).await.unwrap();
    assert_eq!(ended.outcome, WriteOutcome::Written);
    assert_eq!(bench.number().await.as_deref(), Some(NUMBER));
    assert_eq!(bench.n_open().await, 0);

    let n_exchanges = bench.n_exchanges();
    let again = bench.write("w1", planned.id).await.unwrap();
    assert_eq!((again, bench.n_exchanges()), (ended, n_exchanges));

    let whole = bench.plan(NUMBER).await.unwrap();
    assert!(whole.plan.steps.is_empty(), "{:?}", whole.plan);
    let nothing = bench.write("w2", whole.id).await.unwrap();
    assert_eq!((nothing.id, nothing.outcome), (None, WriteOutcome::Written));
}

/// The card leaves at each command of a write, the desk begins anew, and the
/// next tap alone makes the card whole.
#[tokio::test]
async fn a_torn_card_is_made_whole_at_its_next_tap_though_the_desk_began_anew() {
    let mut bench = Bench::new().await;
    bench.put(blank());
    let planned = bench.plan(NUMBER).await.unwrap();
    let n_before = bench.n_exchanges();
    bench.write("measure", planned.id).await.unwrap();
    let n_after = bench.n_exchanges();

    let mut n_torn = 0;
    for at_command in n_before + 1..=n_after {
        bench.put(blank().fault(at_command, Fault::Tear { obeyed: true }));
        let planned = bench.plan(NUMBER).await.unwrap();
        let request = format!("torn-{at_command}");
        let error = bench.write(&request, planned.id).await.unwrap_err();
        let is_open = bench.n_open().await == 1;
        assert_eq!(
            matches!(error, DeskError::WriteOpen { .. }),
            is_open,
            "{at_command}: {error}"
        );
        if !is_open {
            continue;
        }
        n_torn += 1;
        bench.restart().await;
        let desk = Arc::clone(&bench.desk);
        let taking_up = tokio::spawn(async move { desk.take_up_torn_cards().await });

        bench.simulator.put_back(0).unwrap();
        let made_whole = async {
            while bench.n_open().await > 0 {
                tokio::task::yield_now().await;
            }
        };
        let made_whole = tokio::time::timeout(Duration::from_secs(20), made_whole);
        assert!(made_whole.await.is_ok(), "{at_command}: still open");
        taking_up.abort();
        let number = bench.number().await;
        assert!(
            number.is_none() || number.as_deref() == Some(NUMBER),
            "{at_command}: {number:?}"
        );
        let found = bench.desk.recover_card(&caller(), &place(), None).await;
        assert_eq!(found.unwrap().write, None, "{at_command}");
    }
    assert!(n_torn > 5, "only {n_torn} writes were torn");
}

#[tokio::test]
async fn a_card_takes_the_side_that_is_asked_for() {
    for (side, outcome, number) in [
        (Side::Old, WriteOutcome::RolledBack, NUMBER),
        (Side::New, WriteOutcome::Written, SECOND),
    ] {
        let bench = Bench::new().await;
        bench.put(blank());
        let planned = bench.plan(NUMBER).await.unwrap();
        bench.write("first", planned.id).await.unwrap();
        let planned = bench.plan(SECOND).await.unwrap();
        let uid = planned.plan.uid;
        // As after a program that was killed when it had begun.
        let write = NewCardWrite {
            uid,
            number: None,
            plan: PlanText::new(planned.plan.to_text().unwrap()),
        };
        let (request, stamp) = ("second".parse().unwrap(), bench.desk.stamp(&caller()));
        let id = bench.desk.registry.open_write(request, stamp, write).await;

        let found = bench
            .desk
            .recover_card(&caller(), &place(), Some(side))
            .await;

        let expected = EndedWrite {
            id: Some(id.unwrap()),
            uid,
            outcome,
        };
        assert_eq!(found.unwrap().write, Some(expected));
        assert_eq!(bench.number().await.as_deref(), Some(number));
    }
}

#[tokio::test]
async fn nothing_is_written_that_cannot_be_put_into_the_journal() {
    let bench = Bench::new().await;
    bench.put(blank());
    let planned = bench.plan(NUMBER).await.unwrap();
    bench.desk.registry.close().await;

    let error = bench.write("w", planned.id).await.unwrap_err();
    assert!(
        matches!(error, DeskError::Registry(RegistryError::Closed)),
        "{error}"
    );
    assert_eq!(bench.number().await, None);
}

#[tokio::test]
async fn a_card_that_opens_with_no_key_any_more_is_spoilt_and_blocked() {
    let bench = Bench::new().await;
    let id = torn(&bench).await;
    let error = bench.plan(NUMBER).await.unwrap_err();
    assert!(
        matches!(error, DeskError::WriteOpen { id: open } if open == id),
        "{error}"
    );

    bench.put(foreign());
    let found = bench.desk.recover_card(&caller(), &place(), None).await;
    let outcome = found.unwrap().write.map(|write| write.outcome);
    assert_eq!(outcome, Some(WriteOutcome::Spoilt));
    is_quarantined(&bench).await;
}

#[tokio::test]
async fn a_card_that_is_given_up_is_blocked() {
    let bench = Bench::new().await;
    let id = torn(&bench).await;
    for _ in 0..2 {
        let ended = bench.desk.declare_spoilt(&caller(), id).await.unwrap();
        assert_eq!((ended.id, ended.outcome), (Some(id), WriteOutcome::Spoilt));
    }
    is_quarantined(&bench).await;
    let none = CardWriteId(id.0 + 1);
    let error = bench.desk.declare_spoilt(&caller(), none).await;
    let error = error.unwrap_err();
    assert!(
        matches!(
            error,
            DeskError::Registry(RegistryError::Refused(Refusal::WriteNotFound))
        ),
        "{error}"
    );
}

/// A blank card that left while it was written, back on the reader.
async fn torn(bench: &Bench) -> CardWriteId {
    bench.put(blank());
    let planned = bench.plan(NUMBER).await.unwrap();
    let n_before = bench.n_exchanges();
    bench.write("measure", planned.id).await.unwrap();
    let n_after = bench.n_exchanges();
    for at_command in n_before + 1..=n_after {
        bench.put(blank().tear_at_command(at_command));
        let planned = bench.plan(NUMBER).await.unwrap();
        let request = format!("torn-{at_command}");
        // Before it is in the journal it is looked at.
        if let Err(DeskError::WriteOpen { id }) = bench.write(&request, planned.id).await {
            bench.simulator.put_back(0).unwrap();
            return id;
        }
    }
    panic!("the card was never torn");
}

async fn is_quarantined(bench: &Bench) {
    assert_eq!(bench.n_open().await, 0);
    let key = CardKey::Uid(Uid::try_from(UID.as_slice()).unwrap());
    let checked = bench.desk.check(&[key]);
    assert_eq!(checked.reasons, [Some(BlockReason::Spoilt)]);
}

#[tokio::test]
async fn what_must_not_be_written_is_refused_before_anything_is_written() {
    let bench = Bench::new().await;
    bench.put(VirtualCard::transit(NUMBER));
    let error = bench.plan(SECOND).await.unwrap_err();
    assert!(
        matches!(error, DeskError::Write(WriteError::TransitCard)),
        "{error}"
    );

    bench.put(blank());
    let planned = bench.plan(NUMBER).await.unwrap();
    let unknown = PlanId(planned.id.0 ^ 1);
    let error = bench.write("a", unknown).await.unwrap_err();
    assert!(matches!(error, DeskError::NoSuchPlan), "{error}");
    bench.put(blank().uid([1, 2, 3, 4]));
    let error = bench.write("b", planned.id).await.unwrap_err();
    assert!(
        matches!(error, DeskError::Write(WriteError::OtherCard)),
        "{error}"
    );
    bench.simulator.remove(0).unwrap();
    let absent = CardInReader::default();
    let error = loop {
        let request = "c".parse().unwrap();
        let written = bench
            .desk
            .write_card(&caller(), request, &absent, planned.id)
            .await;
        match written.unwrap_err() {
            // Until the reader has noticed that the card left.
            DeskError::Write(WriteError::OtherCard) => {}
            error => break error,
        }
    };
    assert!(
        matches!(
            error,
            DeskError::Reader(ReaderError::NoCard | ReaderError::CardGone)
        ),
        "{error}"
    );
    assert_eq!(bench.n_open().await, 0);
}

#[tokio::test]
async fn a_number_on_record_with_another_chip_is_not_written() {
    let bench = Bench::new().await;
    let card = IssuedCard {
        row: 1,
        student: Student {
            number: "G1".parse().unwrap(),
            name: "A".parse().unwrap(),
            class_name: None,
        },
        number: NUMBER.parse().ok(),
        uid: Uid::try_from([1, 2, 3, 4].as_slice()).ok(),
        family: None,
        valid_from: None,
        valid_until: None,
        state: IssuedState::Active,
    };
    let registration = Registration {
        rows: vec![card],
        accept_good_rows: false,
        dry_run: false,
    };
    bench
        .desk
        .registry
        .register_issued(
            "r".parse().unwrap(),
            bench.desk.stamp(&caller()),
            registration,
        )
        .await
        .unwrap();
    bench.put(blank());
    let error = bench.plan(NUMBER).await.unwrap_err();
    assert!(
        matches!(
            error,
            DeskError::Registry(RegistryError::Refused(Refusal::NotTheSameCard))
        ),
        "{error}"
    );
    assert!(bench.plan(SECOND).await.is_ok(), "another number is free");
}
