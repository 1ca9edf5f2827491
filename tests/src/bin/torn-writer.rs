//! Writes cards through pcscd that are torn while it does, takes them up again,
//! and says what became of them.
//!
//! ```text
//! torn-writer ADDRESS READER N
//! ```
//!
//! plays the virtual reader at ADDRESS, which pcscd calls READER, and tears N
//! cards of each kind. It ends with a panic when one of them reads as anything
//! but its old or its new number, or is half written and not known to be.
//!
//! A program of its own because libpcsclite takes the socket of pcscd from the
//! environment of its process.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "in a test a panic is the failure"
)]

use std::env;

use xueka_cards::{
    CardContent, Journal, JournalError, KeyRing, NoRandomness, ProfileText, ReadingProfile,
    WriteEnd, WriteId, WritePlan, WriteTools, plan_write, read_card, recover_card, write_card,
};
use xueka_domain::CardNumber;
use xueka_readers::PcscReader;
use xueka_simulator::{Simulator, Story, VirtualCard};
use xueka_transport::{CardReader, CardSession, Dialect, PassThrough, TransportError};

/// The one slot that is played.
const SLOT: usize = 0;
/// How often a card is taken up: no fault is left after the first.
const N_TRIES: usize = 3;
const OLD: &str = "1000751012345678";
const NEW: &str = "2000751012345678";

/// A place on each kind of chip that can be written.
const PROFILE: &str = r#"
    name = "School"
    source = "a test"
    [[mifare_classic]]
    keys = [{ name = "school-a", kind = "A" }]
    copies = { first = { sector = 1, block = 0 }, second = { sector = 2, block = 1 }, blocks = 2 }
    number = { offset = 0, length = 8, coding = "bcd" }
    [mifare_classic.write]
    keys = [{ name = "factory", kind = "A" }, { name = "school-a", kind = "A" }, { name = "school-b", kind = "B" }]
    trailer = { key_a = "school-a", key_b = "school-b", data = "100", trailer = "011" }
    [[ultralight]]
    copies = { first = 5, second = 11, pages = 5 }
    number = { offset = 0, length = 8, coding = "bcd" }
    [ultralight.write]
    password = "password"
    passwords = ["factory-password"]
    [[cpu]]
    directory = "3F01"
    copies = { first = { sfi = 21 }, second = { file = "0016", offset = 2 }, length = 20 }
    number = { offset = 0, length = 8, coding = "bcd" }
    [cpu.write]
    key = { name = "cpu", id = 0 }
    [[desfire]]
    application = "F48120"
    key = "read"
    key_number = 1
    number = { file = 1, communication = "full", offset = 4, length = 8, coding = "bcd" }
    [desfire.write]
    key = { name = "write", number = 2 }
    factory_key = "zeros"
    master_key = { name = "master" }
    card_key = { name = "zeros" }
"#;

const KEYS: &str = r#"
    factory = "FFFFFFFFFFFF"
    school-a = "A0A1A2A3A4A5"
    school-b = "B0B1B2B3B4B5"
    factory-password = "password:FFFFFFFF0000"
    password = "password:A1A2A3A45A6B"
    cpu = "3des:00112233445566778899AABBCCDDEEFF"
    zeros = "aes:00000000000000000000000000000000"
    master = "aes:A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"
    read = "aes:101112131415161718191A1B1C1D1E1F"
    write = "aes:202122232425262728292A2B2C2D2E2F"
"#;

/// An FM1208 with two empty files.
const FM1208: &str = "kind = 'fm1208'\n\
    [[file]]\nid = '0015'\nread = 'F0'\nwrite = 'F1'\naccess = 'FF'\n\
    data = '0000000000000000000000000000000000000000000000000000'\n\
    [[file]]\nid = '0016'\nread = 'F0'\nwrite = 'F1'\naccess = 'FF'\n\
    data = '0000000000000000000000000000000000000000000000000000'\n";

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, reader, n_torn] = &arguments[..] else {
        panic!("usage: torn-writer ADDRESS READER N");
    };
    let mut field = Field {
        simulator: Simulator::on_virtual_readers([address.parse().unwrap()]),
        reader: PcscReader::by_name(reader),
    };
    let (school, n_torn) = (School::new(), n_torn.parse::<u64>().unwrap());
    let blank_classic = VirtualCard::mifare_classic_1k();
    let blank_ntag = VirtualCard::ntag213();
    let fm1208 = VirtualCard::from_toml(FM1208).unwrap();
    let sets = [
        ("MIFARE Classic, blank", blank_classic.clone()),
        ("MIFARE Classic", school.written(blank_classic)),
        ("NTAG213, blank", blank_ntag.clone()),
        ("NTAG213", school.written(blank_ntag)),
        ("FM1208", school.written(fm1208)),
        ("DESFire, blank", VirtualCard::desfire()),
        ("DESFire", school.written(VirtualCard::desfire())),
    ];
    for (seed, (name, card)) in (0..).step_by(1000).zip(sets) {
        let tally = field.tear_many(&school, &card, seed..seed + n_torn);
        println!(
            "  {name:<22} {n_torn} torn: {} finished, {} as before, {} spoilt and known to be",
            tally.n_new, tally.n_old, tally.n_spoilt
        );
    }
}

/// What became of torn cards.
#[derive(Default)]
#[expect(clippy::struct_field_names, reason = "names of counts begin with n")]
struct Tally {
    n_new: usize,
    n_old: usize,
    n_spoilt: usize,
}

/// The virtual reader: the hand on the one side, pcscd on the other.
struct Field {
    simulator: Simulator,
    reader: PcscReader,
}

impl Field {
    fn tear_many(
        &mut self,
        school: &School,
        card: &VirtualCard,
        seeds: impl Iterator<Item = u64>,
    ) -> Tally {
        let mut fresh = card.clone();
        let old = school.number(&mut fresh);
        fresh.put_back();
        let plan = school.plan(&mut fresh, NEW);
        fresh.put_back();
        write_card(&mut fresh, school.tools(), &plan, &mut Notes::default()).unwrap();
        let n_commands = u32::try_from(fresh.exchanges().len()).unwrap();

        let mut tally = Tally::default();
        for seed in seeds {
            let story = Story::of_a_tear(seed, n_commands);
            let torn = story.befall(card.clone());
            self.simulator.insert(SLOT, torn).unwrap();
            let end = self.write_and_take_up(school, &plan, old.as_deref(), &story);
            let (count, expected) = match end {
                WriteEnd::Written => (&mut tally.n_new, Some(NEW)),
                WriteEnd::RolledBack => (&mut tally.n_old, old.as_deref()),
                WriteEnd::Spoilt => {
                    tally.n_spoilt += 1;
                    continue;
                }
            };
            *count += 1;
            let number = self.number(school);
            assert_eq!(number.as_deref(), expected, "{story}");
        }
        tally
    }

    /// Writes a card that is torn meanwhile, and makes it whole.
    fn write_and_take_up(
        &mut self,
        school: &School,
        plan: &WritePlan,
        old: Option<&str>,
        story: &Story,
    ) -> WriteEnd {
        let mut notes = Notes::default();
        let tools = school.tools();
        let outcome = self.visit(|card| write_card(card, tools, plan, &mut notes));
        assert!(!matches!(outcome, Ok(Ok(_))), "it was torn: {story}");

        // Anybody else may read it before it is taken up.
        self.simulator.put_back(SLOT).unwrap();
        let number = self.number(school);
        let is_known = number.as_deref() == old || number.as_deref() == Some(NEW);
        assert!(
            is_known || (number.is_none() && notes.open.is_some()),
            "half written and not known to be: {story}"
        );
        let Some((id, text)) = notes.open.clone() else {
            assert_eq!(number.as_deref(), old, "changed without a note: {story}");
            return WriteEnd::RolledBack;
        };
        let plan = WritePlan::from_text(&text).unwrap();
        for _ in 0..N_TRIES {
            self.simulator.put_back(SLOT).unwrap();
            let taken_up =
                self.visit(|card| recover_card(card, tools, id, &plan, None, &mut notes));
            if let Ok(Ok(end)) = taken_up {
                assert!(notes.open.is_none(), "{story}");
                self.simulator.put_back(SLOT).unwrap();
                return end;
            }
        }
        panic!("never made whole: {story}");
    }

    /// The number that an ordinary reading gives.
    fn number(&mut self, school: &School) -> Option<String> {
        self.visit(|card| school.number(card)).unwrap()
    }

    /// Does something with the card, through pcscd.
    fn visit<T>(
        &mut self,
        work: impl FnOnce(&mut dyn CardSession) -> T,
    ) -> Result<T, TransportError> {
        let mut session = self.reader.open()?;
        Ok(work(session.as_mut()))
    }
}

/// How the school's cards are read and written.
struct School {
    profile: ReadingProfile,
    keys: KeyRing,
    dialect: Dialect,
}

impl School {
    fn new() -> Self {
        let keys = KeyRing::from_text(KEYS).unwrap();
        let text = ProfileText {
            file: "school.toml",
            text: PROFILE,
        };
        let profile = ReadingProfile::new(&[text], &keys).unwrap();
        Self {
            profile: profile.with_randomness(random),
            keys,
            dialect: Dialect {
                pass_through: PassThrough::Pn532,
                ..Dialect::STANDARD
            },
        }
    }

    fn tools(&self) -> WriteTools<'_> {
        WriteTools {
            dialect: &self.dialect,
            keys: &self.keys,
            random,
        }
    }

    fn plan(&self, card: &mut VirtualCard, number: &str) -> WritePlan {
        let content = CardContent {
            number: number.parse().unwrap(),
            valid_from: None,
            valid_until: None,
        };
        plan_write(card, self.tools(), &self.profile, &content).unwrap()
    }

    /// The card with the old number, written without a fault.
    fn written(&self, mut card: VirtualCard) -> VirtualCard {
        let plan = self.plan(&mut card, OLD);
        card.put_back();
        write_card(&mut card, self.tools(), &plan, &mut Notes::default()).unwrap();
        card.put_back();
        card
    }

    fn number(&self, card: &mut dyn CardSession) -> Option<String> {
        let reading = read_card(card, &self.dialect, &self.profile).unwrap();
        reading.number.map(CardNumber::reveal)
    }
}

/// Enough for challenges: no virtual card foresees them.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the shape of a source of randomness"
)]
fn random(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    bytes.fill(0x5A);
    Ok(())
}

/// A journal in memory, which keeps its one plan as text.
#[derive(Default)]
struct Notes {
    open: Option<(WriteId, String)>,
}

impl Journal for Notes {
    fn open(&mut self, plan: &WritePlan) -> Result<WriteId, JournalError> {
        let id = WriteId(1);
        self.open = Some((id, plan.to_text().unwrap()));
        Ok(id)
    }

    fn close(&mut self, id: WriteId, _: WriteEnd) -> Result<(), JournalError> {
        assert_eq!(self.open.take().map(|(open, _)| open), Some(id));
        Ok(())
    }
}
