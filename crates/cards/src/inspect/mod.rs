//! A close look at a card: more questions than a reading, none that changes
//! anything.
//!
//! A reading comes first and as ever, so that what is explained is what the
//! desk would do with the card. Then the ATS is asked for, block 0 of a MIFARE
//! Classic is read where the profile has the key of its sector, and published
//! applications are looked for on ISO 14443-4 cards. To a contact slot nothing
//! is sent.

mod applications;

use std::cmp::Reverse;

use xueka_apdu::{AtrClaim, Ats, Command};
use xueka_domain::CardFamily;
use xueka_transport::{CardSession, Dialect};

pub use applications::{FoundApplication, KnownApplication};

use crate::{
    CardReading, ChipAuthentication, DesfireVersion, ReadError, ReadingProfile, Recognition, Trace,
    TracedSession,
    dialogue::{Dialogue, content},
    family::{desfire, mifare_classic},
    hints::{self, Hint},
    look::{Look, look},
    mifare::ManufacturerBlock,
    read::read_card,
    recognise::Seen,
};

/// Everything that a close look found.
#[derive(Debug)]
pub struct Inspection {
    /// What a reading of the card gives.
    pub reading: CardReading,
    /// Why it was recognised as what it was.
    pub recognition: Recognition,
    /// What came of asking for the ATS.
    pub ats: AskedAts,
    /// The published applications that were looked for, in their order; empty
    /// where none was.
    pub applications: Vec<FoundApplication>,
    /// Which `DESFire` the card says it is; `None` for other cards and for one
    /// that does not say.
    pub desfire_version: Option<DesfireVersion>,
    /// Signs that the card may be a copy, the strongest first.
    pub hints: Vec<Hint>,
    /// What passed, with everything in it.
    pub trace: Trace,
}

/// What came of asking the reader for the card's ATS (`FF CA 01 00 00`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedAts {
    /// A contact slot: nothing was asked.
    NotAsked,
    /// The answer: historical bytes by the standard, the whole ATS from some
    /// readers, the answer to ATTRIB of a type B card.
    Given(Vec<u8>),
    /// There is none: the status word that says so.
    Refused(u16),
}

impl AskedAts {
    /// The historical bytes, cut out where the reader gave the whole ATS.
    #[must_use]
    pub fn historical_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Given(bytes) => match Ats::parse(bytes) {
                Ok(ats) if ats.t0().is_some() => Some(ats.historical().as_bytes()),
                _ => Some(bytes),
            },
            Self::NotAsked | Self::Refused(_) => None,
        }
    }
}

/// Looks at the card closely.
///
/// Sends at most the exchanges of a reading, one for the ATS, those of
/// [`KnownApplication::ALL`], and four for the version of a `DESFire`. Afterwards the card is led back to the root of
/// its files, so that a reading that follows needs no more than usual.
///
/// # Errors
///
/// [`ReadError::Transport`]: the card cannot be reached, or left half-way.
pub fn inspect_card(
    session: &mut dyn CardSession,
    dialect: &Dialect,
    profile: &ReadingProfile,
) -> Result<Inspection, ReadError> {
    let mut traced = TracedSession::new(session);
    let reading = read_card(&mut traced, dialect, profile)?;
    let (mut ats, mut block_0, mut applications) = (AskedAts::NotAsked, None, Vec::new());
    let mut desfire_version = None;
    if look(&reading.atr, dialect) != Look::Contact {
        let mut card = Dialogue::new(&mut traced);
        ats = ask_ats(&mut card)?;
        block_0 =
            mifare_classic::read_block_0(&mut card, reading.family, reading.uid, dialect, profile)?;
        if has_processor(&reading.atr, &ats) {
            applications = applications::look_for(&mut card)?;
        }
        if reading.family == CardFamily::Desfire {
            desfire_version = desfire::version::read(&mut card)?;
        }
    }
    let trace = traced.into_trace();
    let recognition = Recognition::of(&reading, dialect, &ats, &applications);
    let hints = gather_hints(&reading, &recognition, block_0, &trace);
    Ok(Inspection {
        reading,
        recognition,
        ats,
        applications,
        desfire_version,
        hints,
        trace,
    })
}

fn ask_ats(card: &mut Dialogue<'_>) -> Result<AskedAts, ReadError> {
    let response = card.ask(&Command::get_ats_historical())?;
    Ok(match content(response) {
        Ok(bytes) => AskedAts::Given(bytes.to_vec()),
        Err(refused) => AskedAts::Refused(refused.value()),
    })
}

/// Whether the card understands commands of ISO 7816-4: by its own ATS, or by
/// the ATR where the reader knows of no ATS.
fn has_processor(atr: &[u8], ats: &AskedAts) -> bool {
    matches!(ats, AskedAts::Given(_)) || matches!(AtrClaim::of(atr), AtrClaim::Iso14443(_))
}

/// All hints, the strongest first.
fn gather_hints(
    reading: &CardReading,
    recognition: &Recognition,
    block_0: Option<ManufacturerBlock>,
    trace: &Trace,
) -> Vec<Hint> {
    let mut found = disagreements(recognition);
    if let Some(uid) = &reading.uid {
        found.extend(hints::of_uid(uid));
        let of_block = block_0.map(|block| hints::of_block_0(block, uid, &reading.atr));
        found.extend(of_block.into_iter().flatten());
    }
    if reading.chip == Some(ChipAuthentication::Failed) {
        found.push(Hint::AuthenticationFailed);
    }
    if hints::published_key_opened(trace) {
        found.push(Hint::PublishedKey);
    }
    found.sort_by_key(|hint| Reverse(hint.grade()));
    found
}

/// Where ATR, SAK and ATS say different things.
fn disagreements(recognition: &Recognition) -> Vec<Hint> {
    let mut found = Vec::new();
    let is_there = |wanted: fn(&Seen) -> bool| {
        let mut clues = recognition.because.iter();
        clues.any(|clue| wanted(&clue.seen))
    };
    let is_storage = |seen: &Seen| matches!(seen, Seen::AtrNames(_) | Seen::AtrNamesOldForm(_));
    if is_there(|seen| matches!(seen, Seen::Ats { copier: true, .. })) {
        found.push(Hint::CopierAts);
    } else if is_there(is_storage) && is_there(|seen| matches!(seen, Seen::Ats { .. })) {
        found.push(Hint::AtsOnStorageCard);
    }
    if is_there(|seen| matches!(seen, Seen::AtrIso14443 { .. }))
        && is_there(|seen| matches!(seen, Seen::NoAts(_)))
    {
        found.push(Hint::NoAtsOnProcessorCard);
    }
    let mut against = recognition.disagreements();
    if against.any(|clue| matches!(clue.seen, Seen::AtrGivesSak(_))) {
        found.push(Hint::SakAgainstFamily);
    }
    found
}
