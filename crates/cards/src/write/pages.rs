//! Writing Ultralight and NTAG: pages of data in two copies, then, on an NTAG, a
//! password and the page from which it is asked for.
//!
//! - A page is torn like a block of a MIFARE Classic; the copy that does not
//!   count is written.
//! - A password guards writing alone. It is written before AUTH0, the setting by
//!   which it begins to be asked for, so a password that was torn is set again
//!   while the pages are still open. One that is changed on a card that asks for
//!   it already may be torn shut: then, and only then, the card is spoilt.
//! - Pages 0 to 3 (UID, lock bytes, one-time bits), dynamic lock bytes and ACCESS
//!   are never written: their bits can be set and not taken back. A card on which
//!   they are set is refused.
//! - A password goes past the reader's own commands. A reader that is not known
//!   to pass it could write it and never open the card again, so such a plan is
//!   refused.
//! - Passwords are not diversified: NXP AN10922 has no form for four bytes.
//!
//! Sources: NXP `NTAG213_215_216` data sheet, §8.5 (memory), §8.8 (password);
//! NXP MF0ICU1 data sheet, §7.5; hardware-notes/card-ultralight-ntag.md.

mod chip;
mod medium;
mod plan;

use xueka_transport::CardSession;

use self::{
    chip::{Passwords, Tag},
    medium::PageMedium,
};
use super::{
    CardContent, Content, KeyUse, Medium, Step, WriteEnd, WriteError, WritePlan, WriteTools,
};
use crate::{ReadingProfile, profile::place::PageForm};

/// Plans by the first place of the profile that says how it is written.
///
/// # Errors
///
/// [`WriteError`].
pub(super) fn plan(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    profile: &ReadingProfile,
    content: &CardContent,
) -> Result<Vec<Step>, WriteError> {
    let mut places = profile.pages().iter();
    let place = places.find_map(|place| match (&place.form, &place.write) {
        (PageForm::Copies(record), Some(write)) => Some((record, write)),
        _ => None,
    });
    let (record, write) = place.ok_or(WriteError::NotWritable)?;
    let passwords = Passwords::find(write.keys.iter().cloned(), tools.keys)?;
    let mut tag = Tag::new(session, tools.dialect, &passwords);
    plan::plan(&mut tag, record, write, content)
}

/// Hands the card with its plan to `work`.
///
/// # Errors
///
/// [`WriteError`]: of `work`, or that the plan cannot be for this card.
pub(super) fn with_medium(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    plan: &WritePlan,
    work: impl FnOnce(&mut dyn Medium) -> Result<WriteEnd, WriteError>,
) -> Result<WriteEnd, WriteError> {
    let passwords = Passwords::find(plan.steps.iter().flat_map(keys_of), tools.keys)?;
    let tag = Tag::new(session, tools.dialect, &passwords);
    work(&mut PageMedium::new(tag, plan)?)
}

/// Every password that a step names.
fn keys_of(step: &Step) -> Vec<KeyUse> {
    let mut uses = step.keys.clone();
    for content in [&step.old, &step.new] {
        if let Content::Key(name) = content {
            uses.push(KeyUse {
                name: name.clone(),
                slot: 0,
                diversified_by: Vec::new(),
            });
        }
    }
    uses
}
