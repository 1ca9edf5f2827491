//! What is to change in the files of a card, after a look at them.

use xueka_domain::Uid;
use xueka_transport::CardSession;

use super::{FmcosMedium, making};
use crate::{
    ReadingProfile,
    family::{city_union, t_union},
    profile::place::{CpuCopies, CpuCopy, CpuPlace},
    write::{
        CardContent, Content, KeyUse, Place, Step, WriteError, WriteTools,
        copies::{self, Copy},
    },
};

/// Plans by the first place of the profile that says how it is written. No key
/// is shown to the card, but that of the root where the directory is to be made.
///
/// # Errors
///
/// [`WriteError`].
pub(in crate::write) fn plan(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    profile: &ReadingProfile,
    uid: Uid,
    content: &CardContent,
) -> Result<Vec<Step>, WriteError> {
    let mut places = profile.cpu().iter();
    let place = places.find_map(|place| match (&place.copies, &place.write) {
        (Some(record), Some(keys)) => Some((place, record, keys)),
        _ => None,
    });
    let (place, record, keys) = place.ok_or(WriteError::NotWritable)?;
    let mut card = FmcosMedium::new(session, tools, uid);
    // Its own places are looked at before these in a reading.
    if t_union::read(&mut card.card)?.is_some() || city_union::read(&mut card.card)?.is_some() {
        return Err(WriteError::TransitCard);
    }
    if let Some(making) = &place.make
        && !card.has_files(place.directory, record)?
    {
        card.may_make(place.directory, making)?;
        return making::steps(place, record, keys, making, content);
    }
    card.enter(place.directory)
        .map_err(|_| WriteError::NoSuchPlace)?;
    let step = changed(&mut card, place, record, keys, content)?;
    Ok(step.into_iter().collect())
}

/// What changes in the copy that does not count; `None`: the other one holds
/// everything already.
fn changed(
    card: &mut FmcosMedium<'_>,
    place: &CpuPlace,
    record: &CpuCopies,
    keys: &[KeyUse],
    content: &CardContent,
) -> Result<Option<Step>, WriteError> {
    let n_bytes = usize::from(record.length);
    let mut read = |copy: CpuCopy| card.read(copy.file, copy.offset, n_bytes);
    let (first, second) = (read(record.first)?, read(record.second)?);
    let held = copies::open(&first, &second);
    let n_data_bytes = n_bytes.saturating_sub(copies::N_SEAL_BYTES);
    let mut data = held.data.map_or(vec![0; n_data_bytes], <[u8]>::to_vec);
    let known = place.fields.number.0;
    content.lay_out(&place.fields, known, &mut data)?;
    if held.data == Some(&data) {
        return Ok(None);
    }
    let (copy, stands) = match held.next {
        Copy::First => (record.first, first.clone()),
        Copy::Second => (record.second, second.clone()),
    };
    let sealed = copies::seal(&data, held.next_sequence, n_bytes);
    Ok(Some(Step {
        place: Place::File {
            directory: place.directory,
            file: copy.file,
            offset: copy.offset,
        },
        keys: keys.to_vec(),
        old: Content::Bytes(stands),
        new: Content::Bytes(sealed.ok_or(WriteError::DoesNotFit)?),
    }))
}
