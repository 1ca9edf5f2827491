//! Writing MIFARE Classic: data blocks in two copies, then keys and access bits
//! of their sectors.
//!
//! - A copy is one record over one or more blocks; a write goes to the copy that
//!   does not count, so a tear leaves the other.
//! - Trailers come last, when all data stand. A block of 16 bytes is written by
//!   one command that the chip does not back up, so a torn trailer may open with
//!   no key any more, or have access bits that block the sector for good: then
//!   the card is spoilt, and nothing but such a trailer makes it so.
//! - Whether a key stands is told by authentication: key A is never shown. Key B
//!   is compared where the access bits show it, for there it opens nothing.
//! - A key of six bytes may be made for one card from an AES key: the beginning
//!   of what NXP AN10922 makes, which itself has no form for six bytes.
//!
//! Sources: NXP MF1S50yyX/V1 data sheet, §8.6 to §8.7 (trailer, access bits);
//! hardware-notes/card-mifare-classic.md.

mod medium;
mod plan;
mod sectors;

use xueka_domain::{CardFamily, Uid};
use xueka_transport::CardSession;

use self::{
    medium::ClassicMedium,
    sectors::{SectorKeys, Sectors},
};
use super::{
    CardContent, Content, KeyUse, Medium, Place, Step, WriteEnd, WriteError, WritePlan, WriteTools,
};
use crate::{
    ReadingProfile,
    mifare::{ClassicSize, KeyKind},
    profile::place::{ClassicForm, KeyInput},
};

/// Plans by the first place of the profile that says how it is written.
///
/// # Errors
///
/// [`WriteError`].
pub(super) fn plan(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    profile: &ReadingProfile,
    (family, uid): (CardFamily, Uid),
    content: &CardContent,
) -> Result<Vec<Step>, WriteError> {
    let size = ClassicSize::of(family).ok_or(WriteError::NotWritable)?;
    let place = profile
        .classic(size)
        .find_map(|place| match (&place.form, &place.write) {
            (ClassicForm::Copies(record), Some(write)) => Some((record, write)),
            _ => None,
        });
    let (record, write) = place.ok_or(WriteError::NotWritable)?;
    let keys = SectorKeys::find(write.keys.iter().cloned(), tools.keys, uid)?;
    let mut sectors = Sectors::new(session, tools.dialect, &keys);
    plan::plan(&mut sectors, record, write, content)
}

/// Hands the card with its plan to `work`.
///
/// # Errors
///
/// [`WriteError`]: of `work`, or that the plan cannot be for this family.
pub(super) fn with_medium(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    plan: &WritePlan,
    work: impl FnOnce(&mut dyn Medium) -> Result<WriteEnd, WriteError>,
) -> Result<WriteEnd, WriteError> {
    let keys = SectorKeys::find(plan.steps.iter().flat_map(keys_of), tools.keys, plan.uid)?;
    let sectors = Sectors::new(session, tools.dialect, &keys);
    work(&mut ClassicMedium::new(sectors, plan)?)
}

/// Every key that a step names, for opening and for writing.
fn keys_of(step: &Step) -> Vec<KeyUse> {
    let mut uses = step.keys.clone();
    if let Place::ClassicTrailer { .. } = step.place {
        for content in [&step.old, &step.new] {
            if let Content::Trailer { key_a, key_b, .. } = content {
                for (name, kind) in [(key_a, KeyKind::A), (key_b, KeyKind::B)] {
                    // A key is made in one way, whichever of the two it is.
                    let known = step.keys.iter().find(|known| known.name == *name);
                    let made_from = known.map(|known| known.diversified_by.clone());
                    uses.push(key_use(name, kind, made_from.unwrap_or_default()));
                }
            }
        }
    }
    uses
}

/// A key of that name, as one of the two of a sector.
pub(crate) fn key_use(name: &str, kind: KeyKind, diversified_by: Vec<KeyInput>) -> KeyUse {
    KeyUse {
        name: name.to_owned(),
        slot: kind.slot(),
        diversified_by,
    }
}
