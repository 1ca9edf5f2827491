//! How an Ultralight or NTAG gets its content.

use super::chip::{Opened, Tag};
use crate::{
    profile::place::{InCopies, PageWrite},
    type2::{Ntag, PAGE_BYTES},
    write::{
        CardContent, Content, Place, Step, WriteError,
        copies::{self, Copy},
    },
};

/// The page with the lock bytes of the first sixteen pages, whose bits can be
/// set and never be taken back.
const LOCK_PAGE: u8 = 2;
/// In the access byte: reading asks for the password too, the configuration is
/// locked for good, wrong passwords are counted.
const UNWANTED_ACCESS: u8 = 0x80 | 0x40 | 0x07;

/// Plans the copy that does not count, then password, acknowledgement and AUTH0;
/// what stands there already is left out.
///
/// # Errors
///
/// [`WriteError`]: the card cannot be read or written, or its reader passes no
/// password; nothing is planned that could not be taken back.
pub(super) fn plan(
    tag: &mut Tag<'_>,
    record: &InCopies<u8>,
    write: &PageWrite,
    content: &CardContent,
) -> Result<Vec<Step>, WriteError> {
    let (pages, usual) = tag.data_pages()?;
    let mut used = record.first.iter().chain(&record.second);
    if !used.all(|page| pages.contains(&u16::from(*page))) {
        return Err(WriteError::NoSuchPlace);
    }
    if is_locked(tag, usual)? {
        return Err(WriteError::NotPermitted);
    }
    let mut steps = data_steps(tag, record, write, content)?;
    let last = record.first.iter().chain(&record.second).max();
    let first = record.first.iter().chain(&record.second).min();
    let (Some(first), Some(last)) = (first.copied(), last.copied()) else {
        return Err(WriteError::NoSuchPlace);
    };
    if write.keys.is_empty() {
        if let Some(chip) = usual {
            let [.., auth0] = tag.read(chip.configuration_page())?;
            if auth0 <= last {
                return Err(WriteError::NotPermitted);
            }
        }
    } else {
        steps.extend(password_steps(tag, usual, write, first)?);
    }
    Ok(steps)
}

/// Whether any lock bit is set, of whichever pages.
fn is_locked(tag: &mut Tag<'_>, usual: Option<Ntag>) -> Result<bool, WriteError> {
    let [_, _, low, high] = tag.read(LOCK_PAGE)?;
    let dynamic = match usual {
        Some(chip) => {
            let [low, high, _, _] = tag.read(chip.lock_page())?;
            [low, high]
        }
        None => [0, 0],
    };
    Ok([low, high] != [0, 0] || dynamic != [0, 0])
}

fn data_steps(
    tag: &mut Tag<'_>,
    record: &InCopies<u8>,
    write: &PageWrite,
    content: &CardContent,
) -> Result<Vec<Step>, WriteError> {
    let mut read = |pages: &[u8]| -> Result<Vec<u8>, WriteError> {
        let mut copy = Vec::new();
        for page in pages {
            copy.extend(tag.read(*page)?);
        }
        Ok(copy)
    };
    let (first, second) = (read(&record.first)?, read(&record.second)?);
    let held = copies::open(&first, &second);
    let n_data_bytes = first.len().saturating_sub(copies::N_SEAL_BYTES);
    let mut data = held.data.map_or(vec![0; n_data_bytes], <[u8]>::to_vec);
    content.lay_out(&record.fields, (), &mut data)?;
    if held.data == Some(&data) {
        return Ok(Vec::new());
    }
    let (pages, stands) = match held.next {
        Copy::First => (&record.first, &first),
        Copy::Second => (&record.second, &second),
    };
    let sealed = copies::seal(&data, held.next_sequence, first.len());
    let sealed = sealed.ok_or(WriteError::DoesNotFit)?;
    let contents = stands.chunks(PAGE_BYTES).zip(sealed.chunks(PAGE_BYTES));
    let steps = pages.iter().zip(contents).map(|(page, (old, new))| Step {
        place: Place::Page(*page),
        keys: write.keys.to_vec(),
        old: Content::Bytes(old.to_vec()),
        new: Content::Bytes(new.to_vec()),
    });
    Ok(steps.filter(|step| step.old != step.new).collect())
}

/// Password, acknowledgement, AUTH0, as far as they are to change.
fn password_steps(
    tag: &mut Tag<'_>,
    usual: Option<Ntag>,
    write: &PageWrite,
    first_page: u8,
) -> Result<Vec<Step>, WriteError> {
    if !tag.passes() {
        return Err(WriteError::NoPassThrough);
    }
    let chip = tag.version()?.ok_or(WriteError::NoSuchPlace)?;
    if usual != Some(chip) {
        return Err(WriteError::NoSuchPlace);
    }
    let [access, ..] = tag.read(chip.access_page())?;
    if access & UNWANTED_ACCESS != 0 {
        return Err(WriteError::NotPermitted);
    }
    let names = write.keys.iter().map(|used| used.name.as_str());
    let opened = tag.open(names)?.ok_or(WriteError::NotPermitted)?;
    let Some(new) = write.password.as_deref() else {
        return Ok(Vec::new());
    };
    let configuration = tag.read(chip.configuration_page())?;
    let [mirror, reserved, mirror_page, _] = configuration;
    let step = |page, old, new| Step {
        place: Place::Page(page),
        keys: write.keys.to_vec(),
        old,
        new,
    };
    let old_password = Content::Key(opened.name.clone());
    let old_acknowledgement = Content::Key(named(tag, &opened, write)?);
    let new_key = Content::Key(new.to_owned());
    let changes_password = tag.passwords.password(&opened.name)? != tag.passwords.password(new)?;
    let changes_acknowledgement = opened.acknowledgement != tag.passwords.acknowledgement(new)?;
    let changed = [
        (
            changes_password,
            step(chip.password_page(), old_password, new_key.clone()),
        ),
        (
            changes_acknowledgement,
            step(chip.acknowledgement_page(), old_acknowledgement, new_key),
        ),
    ];
    let mut steps = changed
        .into_iter()
        .filter_map(|(changes, step)| changes.then_some(step))
        .collect::<Vec<_>>();
    let guarded = [mirror, reserved, mirror_page, first_page];
    if configuration != guarded {
        steps.push(step(
            chip.configuration_page(),
            Content::Bytes(configuration.to_vec()),
            Content::Bytes(guarded.to_vec()),
        ));
    }
    Ok(steps)
}

/// The name of a password whose acknowledgement stands on the chip; without one
/// it could not be set back.
fn named(tag: &Tag<'_>, opened: &Opened, write: &PageWrite) -> Result<String, WriteError> {
    let others = write.keys.iter().map(|used| &used.name);
    for name in [&opened.name].into_iter().chain(others) {
        if tag.passwords.acknowledgement(name)? == opened.acknowledgement {
            return Ok(name.clone());
        }
    }
    Err(WriteError::NotPermitted)
}
