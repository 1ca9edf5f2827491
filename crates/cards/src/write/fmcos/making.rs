//! Making the school's directory on a card that lacks it: the directory, its key
//! file, its keys, its two files, and last the record.
//!
//! - The record is what makes the directory whole: it is written when the card
//!   has confirmed everything before it, and each part of such a plan stands as
//!   the whole does. No reader takes a number from a directory without one.
//! - What a torn key or file holds cannot be told without costing tries. So what
//!   is not whole is emptied and made again from its beginning, and going back
//!   empties it for good. The right to that comes from a key of the root, which
//!   is there before and after.
//! - Only a directory that bears the school's name and has not both files is
//!   taken for one that was begun; any other is left alone.
//!
//! Sources: hardware-notes/card-fm1208-fmcos.md.

use super::{FmcosMedium, key_kind};
use crate::{
    family::fmcos::{self, making},
    profile::place::{CpuCopies, CpuMaking, CpuPlace, Directory},
    write::{
        CardContent, Content, KeyUse, Place, Side, Standing, Step, WriteError, WritePlan, copies,
    },
};

/// The card has no file or directory of that name.
const NOT_FOUND: u16 = 0x6A82;

/// The parts of a directory that is made, in their order.
///
/// # Errors
///
/// [`WriteError::DoesNotFit`].
pub(super) fn steps(
    place: &CpuPlace,
    record: &CpuCopies,
    keys: &[KeyUse],
    making: &CpuMaking,
    content: &CardContent,
) -> Result<Vec<Step>, WriteError> {
    let directory = place.directory;
    let n_keys = u16::try_from(keys.len()).map_err(|_| WriteError::DoesNotFit)?;
    let copies = [record.first, record.second];
    let sizes = copies.map(|copy| u16::from(copy.offset) + u16::from(record.length));
    let slots = || keys.iter().map(|key| key.slot.to_be_bytes());
    let has_key = slots().any(|[kind, _]| kind == key_kind::EXTERNAL);
    let is_line_key = |[kind, _]: &[u8; 2]| {
        matches!(*kind, key_kind::LINE_PROTECTION | key_kind::LINE_ENCIPHERED)
    };
    let line_key = slots().find(is_line_key);
    let part = |place, keys, new| Step {
        place,
        keys,
        old: Content::Nothing,
        new,
    };
    let settings = |settings: Option<Vec<u8>>| {
        let settings = settings.ok_or(WriteError::DoesNotFit)?;
        Ok::<_, WriteError>(Content::Bytes(settings))
    };
    let id = making.id;
    let mut steps = vec![
        part(
            Place::FmcosDirectory { directory, id },
            vec![making.card_key.clone()],
            settings(making::directory(&directory.name(), n_keys, sizes))?,
        ),
        part(
            Place::FmcosKeyFile { directory },
            Vec::new(),
            settings(making::key_file(n_keys))?,
        ),
    ];
    for key in keys {
        let [kind, id] = key.slot.to_be_bytes();
        let place = Place::FmcosKey {
            directory,
            kind: kind & making::KIND_BITS,
            id,
        };
        let name = Content::Key(key.name.clone());
        steps.push(part(place, vec![key.clone()], name));
    }
    for (copy, n_bytes) in copies.into_iter().zip(sizes) {
        let id = copy.file.id();
        let settings = making::transparent(n_bytes, has_key, line_key);
        let place = Place::FmcosFile { directory, id };
        steps.push(part(place, Vec::new(), Content::Bytes(settings)));
    }
    // Whether a new file is empty is not published: what stood there before
    // must not pass for the later copy.
    let n_bytes = usize::from(record.length);
    let mut data = vec![0; n_bytes.saturating_sub(copies::N_SEAL_BYTES)];
    content.lay_out(&place.fields, place.fields.number.0, &mut data)?;
    let sealed = copies::seal(&data, 1, n_bytes).ok_or(WriteError::DoesNotFit)?;
    for (copy, bytes) in [(record.second, vec![0; n_bytes]), (record.first, sealed)] {
        let place = Place::File {
            directory,
            file: copy.file,
            offset: copy.offset,
        };
        steps.push(part(place, keys.to_vec(), Content::Bytes(bytes)));
    }
    Ok(steps)
}

/// The directory that a plan makes.
pub(super) fn directory_of(plan: &WritePlan) -> Option<Directory> {
    plan.steps.iter().find_map(|step| match step.place {
        Place::FmcosDirectory { directory, .. } => Some(directory),
        _ => None,
    })
}

impl FmcosMedium<'_> {
    /// Whether the directory is there with both files of the record.
    pub(super) fn has_files(
        &mut self,
        directory: Directory,
        record: &CpuCopies,
    ) -> Result<bool, WriteError> {
        if !self.is_there(directory)? {
            return Ok(false);
        }
        for copy in [record.first, record.second] {
            let n_bytes = usize::from(record.length);
            let read = fmcos::read(&mut self.card, copy.file, copy.offset, n_bytes)?;
            if read.is_err_and(|refused| refused.value() == NOT_FOUND) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks whether the directory can be made: its identifier is free or its own,
    /// and the key of the root, which is shown once, gives the right.
    ///
    /// # Errors
    ///
    /// [`WriteError::NotPermitted`]: another directory has the identifier;
    /// [`WriteError::NotOpened`]: the key is another.
    pub(super) fn may_make(
        &mut self,
        directory: Directory,
        making: &CpuMaking,
    ) -> Result<(), WriteError> {
        if !self.is_there(directory)? && self.is_there(Directory::Numbered(making.id))? {
            return Err(WriteError::NotPermitted);
        }
        self.open(Directory::Root, std::slice::from_ref(&making.card_key))
    }

    /// Goes to a directory, if the card has it.
    fn is_there(&mut self, directory: Directory) -> Result<bool, WriteError> {
        if self.directory == Some(directory) {
            return Ok(true);
        }
        match self.enter(directory) {
            Ok(()) => Ok(true),
            Err(WriteError::Refused {
                status_word: NOT_FOUND,
            }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How the directory stands that the plan makes, and so each part of it.
    pub(super) fn standing_of_made(
        &mut self,
        directory: Directory,
        steps: &[Step],
    ) -> Result<Standing, WriteError> {
        if let Some(known) = self.made {
            return Ok(known);
        }
        let standing = self.look_at_made(directory, steps)?;
        self.made = Some(standing);
        Ok(standing)
    }

    fn look_at_made(
        &mut self,
        directory: Directory,
        steps: &[Step],
    ) -> Result<Standing, WriteError> {
        if !self.is_there(directory)? {
            return Ok(Standing::Old);
        }
        let mut is_whole = true;
        let mut keys: &[KeyUse] = &[];
        for step in steps {
            let Place::File { file, offset, .. } = step.place else {
                continue;
            };
            match fmcos::read(&mut self.card, file, offset, step.n_bytes())? {
                Ok(bytes) => is_whole &= step.compared(Some(&bytes)).is(Side::New),
                Err(refused) if refused.value() == NOT_FOUND => return Ok(Standing::Old),
                Err(refused) => return Err(WriteError::refused(refused)),
            }
            keys = &step.keys;
        }
        if !is_whole {
            return Ok(Standing::Other);
        }
        // What was written as a key is read back as far as that costs no try.
        match self.prove_all(directory, keys) {
            Ok(()) => Ok(Standing::New),
            Err(WriteError::NotPermitted | WriteError::NotOpened { .. }) => Ok(Standing::Other),
            Err(error) => Err(error),
        }
    }

    /// Sets one part of the directory that the plan makes.
    pub(super) fn set_part(&mut self, step: &Step, wanted: &Content) -> Result<(), WriteError> {
        match (step.place, wanted) {
            (Place::FmcosDirectory { directory, id }, Content::Bytes(settings)) => {
                if self.emptied(directory, &step.keys)? {
                    return Ok(());
                }
                self.open(Directory::Root, &step.keys)?;
                let made = making::create_file(&mut self.card, id, settings)?;
                made.map_err(WriteError::refused)?;
                self.enter(directory)
            }
            (Place::FmcosDirectory { directory, .. }, Content::Nothing) => {
                self.emptied(directory, &step.keys).map(drop)
            }
            // It went with its directory.
            (_, Content::Nothing) => Ok(()),
            (Place::FmcosKeyFile { directory }, Content::Bytes(settings)) => {
                self.enter(directory)?;
                let made = making::create_file(&mut self.card, making::KEY_FILE, settings)?;
                made.map_err(WriteError::refused)
            }
            (Place::FmcosFile { directory, id }, Content::Bytes(settings)) => {
                self.enter(directory)?;
                let made = making::create_file(&mut self.card, id, settings)?;
                made.map_err(WriteError::refused)
            }
            (
                Place::FmcosKey {
                    directory,
                    kind,
                    id,
                },
                Content::Key(name),
            ) => {
                let key = step.keys.iter().find(|key| key.name == *name);
                let secret = self.secret(key.ok_or(WriteError::NoSuchPlace)?, directory)?;
                self.enter(directory)?;
                let written = making::write_key(&mut self.card, kind, id, &secret)?;
                written.map_err(WriteError::refused)
            }
            _ => Err(WriteError::NoSuchPlace),
        }
    }

    /// Empties the directory under a key of the root, if the card has it.
    fn emptied(&mut self, directory: Directory, keys: &[KeyUse]) -> Result<bool, WriteError> {
        if !self.is_there(directory)? {
            return Ok(false);
        }
        self.open(Directory::Root, keys)?;
        self.enter(directory)?;
        let erased = making::erase(&mut self.card)?;
        erased.map_err(WriteError::refused)?;
        Ok(true)
    }
}
