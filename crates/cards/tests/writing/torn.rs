//! The story of a card that is torn while it is written, again and again.

use jiff::civil::Date;
use xueka_cards::{
    CardContent, Content, KeyRing, NoRandomness, ProfileText, ReadingProfile, Side, Step, WriteEnd,
    WriteError, WritePlan, WriteTools, plan_write, read_card, recover_card, write_card,
};
use xueka_domain::CardNumber;
use xueka_simulator::{Story, VirtualCard};
use xueka_transport::{CardSession, CardTransport, Dialect};

use crate::notes::Notes;

/// How often a card is torn in each test, unless `TORN_WRITES` says otherwise:
/// 10,000 for each family.
const N_TORN: u64 = 10_000;

/// How often a card's number is read when it is settled: a bit between 0 and 1
/// would show.
const N_LOOKS: usize = 5;

/// How many faults befall a card.
const N_STORIES: u64 = 3;

/// How often recovery is tried. Each try meets one fault at the most.
const N_TRIES: usize = 20;

/// A kind of card and how its school writes it.
pub(crate) struct School {
    profile: ReadingProfile,
    keys: KeyRing,
    dialect: Dialect,
}

impl School {
    pub(crate) fn new(profile: &str, keys: &str, dialect: Dialect) -> Self {
        let keys = KeyRing::from_text(keys).unwrap();
        let profile = ProfileText {
            file: "school.toml",
            text: profile,
        };
        Self {
            profile: ReadingProfile::new(&[profile], &keys)
                .unwrap()
                .with_randomness(random),
            keys,
            dialect,
        }
    }

    pub(crate) fn tools(&self) -> WriteTools<'_> {
        WriteTools {
            dialect: &self.dialect,
            keys: &self.keys,
            random,
        }
    }

    pub(crate) fn plan(
        &self,
        card: &mut dyn CardSession,
        content: &CardContent,
    ) -> Result<WritePlan, WriteError> {
        plan_write(card, self.tools(), &self.profile, content)
    }

    /// Writes without a fault.
    pub(crate) fn write(&self, card: &mut VirtualCard, content: &CardContent) {
        let plan = self.plan(card, content).unwrap();
        let mut notes = Notes::default();
        let end = write_card(card, self.tools(), &plan, &mut notes).unwrap();
        assert_eq!(end, WriteEnd::Written);
        card.put_back();
        assert_eq!(self.number(card), Ok(Some(content.number.reveal())));
        card.put_back();
    }

    /// Number and last day that an ordinary reading gives.
    fn read(&self, card: &mut VirtualCard) -> Result<(Option<String>, Option<Date>), ()> {
        let reading = read_card(card, &self.dialect, &self.profile).map_err(|_| ())?;
        Ok((reading.number.map(CardNumber::reveal), reading.valid_until))
    }

    /// The number that an ordinary reading gives; an error where it was torn.
    pub(crate) fn number(&self, card: &mut VirtualCard) -> Result<Option<String>, ()> {
        let reading = read_card(card, &self.dialect, &self.profile).map_err(|_| ())?;
        Ok(reading.number.map(CardNumber::reveal))
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

/// What came of many torn cards.
#[derive(Debug, Default)]
#[expect(clippy::struct_field_names, reason = "names of counts begin with n")]
pub(crate) struct Tally {
    pub(crate) n_untouched: usize,
    pub(crate) n_written: usize,
    pub(crate) n_rolled_back: usize,
    pub(crate) n_spoilt: usize,
    pub(crate) n_torn_again: usize,
}

/// At least how many of them must have met a fate that on average befalls more
/// than one in so many; none, of too few to tell.
pub(crate) fn share(n_cards: u64, one_in: u64) -> usize {
    usize::try_from(n_cards / one_in).unwrap()
}

/// How many cards to tear in one of `n_tests` tests of a family.
pub(crate) fn n_cards(n_tests: u64) -> u64 {
    let told = std::env::var("TORN_WRITES").ok();
    let n_cards = told.map_or(N_TORN, |n| n.parse().expect("TORN_WRITES is a number"));
    n_cards.div_ceil(n_tests)
}

/// Tears many copies of a card while it gets its content, each as its seed says.
pub(crate) fn tear_many(
    school: &School,
    card: &VirtualCard,
    content: &CardContent,
    n_cards: u64,
) -> Tally {
    let mut fresh = card.clone();
    let old = school.number(&mut fresh).unwrap();
    fresh.put_back();
    let plan = school.plan(&mut fresh, content).unwrap();
    fresh.put_back();
    write_card(&mut fresh, school.tools(), &plan, &mut Notes::default()).unwrap();
    let n_commands = u32::try_from(fresh.exchanges().len()).unwrap();

    let mut tally = Tally::default();
    for seed in 0..n_cards {
        let case = Case {
            school,
            plan: &plan,
            old: old.as_deref(),
            new: &content.number.reveal(),
            n_commands,
            seed,
        };
        case.run(card.clone(), &mut tally);
    }
    tally
}

/// Tears many copies of a card that has number and day while it gets others:
/// before anything is taken up, each still has both of the one or both of the
/// other.
pub(crate) fn old_or_new(school: &School, card: &VirtualCard, content: &CardContent, n_cards: u64) {
    let mut fresh = card.clone();
    let old = school.read(&mut fresh).unwrap();
    fresh.put_back();
    let plan = school.plan(&mut fresh, content).unwrap();
    fresh.put_back();
    write_card(&mut fresh, school.tools(), &plan, &mut Notes::default()).unwrap();
    let n_commands = u32::try_from(fresh.exchanges().len()).unwrap();
    fresh.put_back();
    let new = school.read(&mut fresh).unwrap();
    assert!(old.0 != new.0 && old.1 != new.1, "both change");
    for seed in 0..n_cards {
        let story = Story::of_a_tear(seed, n_commands);
        let mut card = story.befall(card.clone());
        write_card(&mut card, school.tools(), &plan, &mut Notes::default()).unwrap_err();
        card.put_back();
        let read = school.read(&mut card).unwrap();
        assert!(read == old || read == new, "reads as another: {story}");
    }
}

struct Case<'a> {
    school: &'a School,
    plan: &'a WritePlan,
    old: Option<&'a str>,
    new: &'a str,
    n_commands: u32,
    seed: u64,
}

impl Case<'_> {
    fn story(&self, chapter: u64) -> Story {
        let seed = self.seed * 64 + chapter;
        // Mostly tears; sometimes whatever else befalls cards and readers.
        if self.has_lies() {
            Story::of(seed, self.n_commands)
        } else {
            Story::of_a_tear(seed, self.n_commands)
        }
    }

    fn run(&self, mut card: VirtualCard, tally: &mut Tally) {
        let mut notes = Notes::default();
        let mut told = self.story(0).to_string();
        card = self.story(0).befall(card);
        let _ = write_card(&mut card, self.school.tools(), self.plan, &mut notes);
        self.look(&mut card, &told);
        let Some((id, plan)) = notes.taken_up() else {
            self.check_unnoted(card, &notes, &told, tally);
            return;
        };
        assert_eq!(&plan, self.plan, "{told}");
        let wanted = match self.seed % 5 {
            0 => Some(Side::Old),
            1 => Some(Side::New),
            _ => None,
        };
        for chapter in 1..N_TRIES as u64 {
            if chapter < N_STORIES {
                let story = self.story(chapter);
                told = format!("{told}; {story}");
                card.add_fault(story.at_command(), story.fault().clone());
            }
            let tools = self.school.tools();
            let end = recover_card(&mut card, tools, id, &plan, wanted, &mut notes);
            match end {
                Err(error) => {
                    tally.n_torn_again += 1;
                    assert!(notes.open.is_some(), "closed by {error}: {told}");
                    self.look(&mut card, &told);
                }
                Ok(end) => {
                    assert_eq!(notes.ends, [end], "{told}");
                    self.check_end(card, end, wanted, &told, tally);
                    return;
                }
            }
        }
        panic!("never made whole: {told}");
    }

    /// Puts the card back and reads it as anyone does: the old number or the new
    /// one. None at all is right where there was none, where a torn trailer
    /// shuts the sector, or where the reader lies.
    fn look(&self, card: &mut VirtualCard, told: &str) {
        card.put_back();
        match self.school.number(card) {
            Ok(Some(number)) => {
                let is_known = number == self.new || Some(number.as_str()) == self.old;
                assert!(is_known, "reads as another: {told}");
            }
            Ok(None) => {
                let has_trailer = |step: &Step| matches!(step.new, Content::Trailer { .. });
                let may_be_shut = self.plan.steps.iter().any(has_trailer);
                let is_lost = self.old.is_some() && !may_be_shut && !self.has_lies();
                assert!(!is_lost, "no number is left: {told}");
            }
            Err(()) => {}
        }
        card.put_back();
    }

    /// Whether more than tears befalls the card.
    fn has_lies(&self) -> bool {
        self.seed % 4 == 3
    }

    /// Nothing is open in the journal: the card is wholly new and confirmed, or
    /// it is wholly old, which the plan itself finds out.
    fn check_unnoted(&self, mut card: VirtualCard, notes: &Notes, told: &str, tally: &mut Tally) {
        if notes.ends.is_empty() {
            tally.n_untouched += 1;
            self.settled(&mut card, self.old, told);
            let mut again = Notes::default();
            let end = write_card(&mut card, self.school.tools(), self.plan, &mut again);
            assert_eq!(end.ok(), Some(WriteEnd::Written), "half written: {told}");
        } else {
            assert_eq!(notes.ends, [WriteEnd::Written], "{told}");
            tally.n_written += 1;
        }
        card.put_back();
        self.settled(&mut card, Some(self.new), told);
    }

    fn check_end(
        &self,
        mut card: VirtualCard,
        end: WriteEnd,
        wanted: Option<Side>,
        told: &str,
        tally: &mut Tally,
    ) {
        card.put_back();
        match end {
            WriteEnd::Written => {
                tally.n_written += 1;
                assert_ne!(wanted, Some(Side::Old), "{told}");
                self.settled(&mut card, Some(self.new), told);
            }
            WriteEnd::RolledBack => {
                tally.n_rolled_back += 1;
                assert_ne!(wanted, Some(Side::New), "{told}");
                self.settled(&mut card, self.old, told);
            }
            WriteEnd::Spoilt => {
                tally.n_spoilt += 1;
                assert!(told.contains("TornWrite"), "spoilt without a tear: {told}");
            }
        }
    }

    /// Lets the faults strike that no recovery came to, where they do nothing.
    fn spend_faults(&self, card: &mut VirtualCard) {
        let get_uid = [0xFF, 0xCA, 0x00, 0x00, 0x00];
        for _ in 0..N_STORIES {
            for _ in 0..self.n_commands {
                let _ = card.transmit(&get_uid, &mut Vec::new());
            }
            card.put_back();
        }
    }

    /// The card reads as this, however often it is read.
    fn settled(&self, card: &mut VirtualCard, expected: Option<&str>, told: &str) {
        self.spend_faults(card);
        for _ in 0..N_LOOKS {
            let number = self.school.number(card).expect(told);
            assert_eq!(number.as_deref(), expected, "{told}");
            card.put_back();
        }
    }
}
