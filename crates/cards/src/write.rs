//! Writing the school's own cards, so that none is ever half written unnoticed.
//!
//! ```text
//!   plan ──► journal opened ──► steps written ──► all read back ──► journal closed
//!   (what stands there,  │                                   │
//!    what shall)         └── the card leaves anywhere here ──┘
//!                              ▼ next tap of the same card
//!                        recovery: finished, rolled back, or spoilt
//! ```
//!
//! A [`WritePlan`] says of each place on the chip what stands there and what
//! shall; keys appear by name. The [`Journal`] holds the plan durably before the
//! first byte changes, so a card that left half-way is known at its next tap.
//! Every write sets a place to a given content and none adds or subtracts, so
//! each may be repeated. What readers elsewhere see of a torn card is old or
//! new, where the plan writes [`copies`] in turn or the chip commits by itself.
//!
//! What is written where comes from the profile of the school, so what was
//! written is read by the same profile. Transit cards belong to others and are
//! never written.

pub(crate) mod classic;
mod content;
pub(crate) mod copies;
mod desfire;
mod error;
pub(crate) mod fmcos;
mod journal;
mod medium;
pub(crate) mod names;
mod pages;
mod plan;
mod run;

use xueka_domain::CardFamily;
use xueka_transport::{CardSession, Dialect};

use crate::{KeyRing, Randomness, ReadingProfile, read_card};

pub use content::CardContent;
pub use error::WriteError;
pub use journal::{Journal, JournalError, WriteEnd, WriteId};
pub use medium::Side;
pub(crate) use medium::{Medium, Standing};
pub use plan::{Chip, Content, InvalidPlan, KeyUse, Place, Step, WritePlan};

/// What writing needs besides a card and a plan.
#[derive(Clone, Copy, Debug)]
pub struct WriteTools<'a> {
    /// What differs between reader models.
    pub dialect: &'a Dialect,
    /// The keys that plans name.
    pub keys: &'a KeyRing,
    /// Where the challenges of authentications come from.
    pub random: Randomness,
}

/// Plans how the card in the field gets this content, by the first place of the
/// profile for its family that says how it is written.
///
/// Reads what stands on the card and writes nothing. A plan without steps says
/// that the card holds everything already. The plan is shown to a person, then
/// carried out by [`write_card`].
///
/// # Errors
///
/// [`WriteError`]: among others that the card is a transit card or unknown, or
/// that the profile says nothing about writing it.
pub fn plan_write(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    profile: &ReadingProfile,
    content: &CardContent,
) -> Result<WritePlan, WriteError> {
    let reading = read_card(session, tools.dialect, profile)?;
    let uid = reading.uid.filter(|uid| !uid.is_random());
    let uid = uid.ok_or(WriteError::NoFixedUid)?;
    let steps = match reading.family {
        CardFamily::TransitCpu | CardFamily::TUnion | CardFamily::CityUnion => {
            return Err(WriteError::TransitCard);
        }
        family @ (CardFamily::MifareClassicMini
        | CardFamily::MifareClassic1K
        | CardFamily::MifareClassic4K) => {
            classic::plan(session, tools, profile, (family, uid), content)?
        }
        CardFamily::Ultralight => pages::plan(session, tools, profile, content)?,
        CardFamily::Desfire => {
            // A plan made for the UID behind a random one could not be taken up
            // before the card had told it.
            let shown = reading.shown_uid.is_none();
            shown.then_some(()).ok_or(WriteError::NoFixedUid)?;
            desfire::plan(session, tools, profile, uid, content)?
        }
        CardFamily::OtherIso14443 => fmcos::plan(session, tools, profile, uid, content)?,
        _ => return Err(WriteError::NotWritable),
    };
    Ok(WritePlan { uid, steps })
}

/// Writes the card in the field by a plan.
///
/// Nothing is written unless the card is the plan's, every place holds what the
/// plan says, and the journal has taken the plan. Everything is read back before
/// the journal is told the end.
///
/// # Errors
///
/// [`WriteError`]. Where something was written, the journal's entry is open, and
/// [`recover_card`] takes it up at the card's next tap.
pub fn write_card(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    plan: &WritePlan,
    journal: &mut dyn Journal,
) -> Result<WriteEnd, WriteError> {
    with_medium(session, tools, plan, |medium| {
        run::carry_out(medium, plan, journal)
    })
}

/// Takes up a plan whose entry in the journal is open, with its card back in the
/// field.
///
/// A card on which nothing was changed yet keeps its old content; any other gets
/// the new one, unless `wanted` says otherwise. A card with a place that no key
/// opens any more is [`WriteEnd::Spoilt`].
///
/// # Errors
///
/// [`WriteError`]. The entry stays open: put the card back once more.
pub fn recover_card(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    id: WriteId,
    plan: &WritePlan,
    wanted: Option<Side>,
    journal: &mut dyn Journal,
) -> Result<WriteEnd, WriteError> {
    with_medium(session, tools, plan, |medium| {
        run::recover(medium, id, plan, wanted, journal)
    })
}

/// Hands the family's medium, chosen by the places of the plan, to `work`.
fn with_medium(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    plan: &WritePlan,
    work: impl FnOnce(&mut dyn Medium) -> Result<WriteEnd, WriteError>,
) -> Result<WriteEnd, WriteError> {
    match plan.chip()? {
        Chip::MifareClassic => classic::with_medium(session, tools, plan, work),
        Chip::Type2 => pages::with_medium(session, tools, plan, work),
        Chip::Desfire => desfire::with_medium(session, tools, plan, work),
        Chip::Files => fmcos::with_medium(session, tools, plan, work),
    }
}
