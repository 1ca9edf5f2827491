//! Writing transparent files of FMCOS: a record in two copies, each in a file of
//! its own.
//!
//! - Whether the chip writes a file with backup is not published, so a torn file
//!   may hold anything: the copy that does not count is written, by one command.
//! - Files are read back without a key. Before a key is shown to the card, the
//!   chip proves one itself where the profile has one for that: this costs
//!   nothing, and tells another card, or a key made from something else, before a
//!   try of the key is lost.
//! - A key is shown once. A refusal ends the writing, and taking up a plan that
//!   had not begun shows no key at all: what a copy holds that does not count
//!   need not be set again.
//! - Directories, files and keys are made where the profile says so
//!   ([`making`]); nothing is ever blocked.
//!
//! Sources: hardware-notes/card-fm1208-fmcos.md.

mod making;
mod plan;

use xueka_apdu::StatusWord;
use xueka_domain::Uid;
use xueka_transport::CardSession;

pub(super) use self::plan::plan;
use super::{
    Content, KeyUse, Medium, Place, Side, Standing, Step, WriteEnd, WriteError, WritePlan,
    WriteTools,
};
use crate::{
    ChipAuthentication, Key,
    dialogue::Dialogue,
    diversify::card_key,
    family::{
        fmcos::{self, Line},
        proof,
    },
    profile::place::{Directory, FileName, InternalAuthentication, ProfileKey, ProofAnswer},
    read::ask_uid,
};

/// What a key of FMCOS is for: the upper byte of its slot.
pub(crate) mod key_kind {
    /// It proves the chip by enciphering.
    pub(crate) const ENCRYPT: u8 = 0x30;
    /// It proves the chip by deciphering.
    pub(crate) const DECRYPT: u8 = 0x31;
    /// It makes the MAC of what is written.
    pub(crate) const LINE_PROTECTION: u8 = 0x36;
    /// The same key, by which what is written is enciphered besides: the bits
    /// with which the settings of a file ask for that.
    pub(crate) const LINE_ENCIPHERED: u8 = 0xF6;
    /// It is proved to the card for a right.
    pub(crate) const EXTERNAL: u8 = 0x39;
}

/// One card while it is written.
struct FmcosMedium<'a> {
    card: Dialogue<'a>,
    tools: WriteTools<'a>,
    uid: Uid,
    /// Where the card is.
    directory: Option<Directory>,
    /// The directory in which the right to write was had.
    opened: Option<Directory>,
    /// The plan that is carried out, and the directory that it makes.
    making: Option<(&'a WritePlan, Directory)>,
    /// How that directory stood when it was last looked at.
    made: Option<Standing>,
}

/// Hands the card with its plan to `work`.
///
/// # Errors
///
/// [`WriteError`]: of `work`.
pub(super) fn with_medium(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    plan: &WritePlan,
    work: impl FnOnce(&mut dyn Medium) -> Result<WriteEnd, WriteError>,
) -> Result<WriteEnd, WriteError> {
    let mut medium = FmcosMedium::new(session, tools, plan.uid);
    medium.making = making::directory_of(plan).map(|directory| (plan, directory));
    work(&mut medium)
}

impl<'a> FmcosMedium<'a> {
    /// The card with that UID, from which its own keys are made.
    fn new(session: &'a mut dyn CardSession, tools: WriteTools<'a>, uid: Uid) -> Self {
        Self {
            card: Dialogue::new(session),
            tools,
            uid,
            directory: None,
            opened: None,
            making: None,
            made: None,
        }
    }

    fn enter(&mut self, directory: Directory) -> Result<(), WriteError> {
        if self.directory == Some(directory) {
            return Ok(());
        }
        self.directory = None;
        self.opened = None;
        fmcos::enter(&mut self.card, directory)?.map_err(WriteError::refused)?;
        self.directory = Some(directory);
        Ok(())
    }

    /// Bytes of a file of the directory where the card is.
    fn read(&mut self, file: FileName, offset: u8, n_bytes: usize) -> Result<Vec<u8>, WriteError> {
        fmcos::read(&mut self.card, file, offset, n_bytes)?.map_err(WriteError::refused)
    }

    /// Has the chip prove itself and proves to it what it asks for.
    fn open(&mut self, directory: Directory, keys: &[KeyUse]) -> Result<(), WriteError> {
        self.enter(directory)?;
        if self.opened == Some(directory) {
            return Ok(());
        }
        self.prove_all(directory, keys)?;
        for key in keys {
            if let [key_kind::EXTERNAL, id] = key.slot.to_be_bytes() {
                let secret = self.secret(key, directory)?;
                let shown = fmcos::authenticate(&mut self.card, id, &secret)?;
                shown.map_err(WriteError::not_opened)?;
            }
        }
        self.opened = Some(directory);
        Ok(())
    }

    /// Has the chip prove each of the keys that are there for that.
    fn prove_all(&mut self, directory: Directory, keys: &[KeyUse]) -> Result<(), WriteError> {
        for key in keys {
            let [kind, id] = key.slot.to_be_bytes();
            match kind {
                key_kind::ENCRYPT => self.prove(directory, key, id, ProofAnswer::Enciphered)?,
                key_kind::DECRYPT => self.prove(directory, key, id, ProofAnswer::Deciphered)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Has the chip prove a key.
    fn prove(
        &mut self,
        directory: Directory,
        key: &KeyUse,
        key_id: u8,
        answer: ProofAnswer,
    ) -> Result<(), WriteError> {
        let proof = InternalAuthentication {
            key_id,
            answer,
            key: self.named(key)?,
        };
        let (uid, application) = (Some(self.uid), directory.name());
        let random = self.tools.random;
        match proof::ask(&mut self.card, &proof, uid, &application, random)? {
            ChipAuthentication::Passed => Ok(()),
            ChipAuthentication::Failed => Err(WriteError::NotPermitted),
            ChipAuthentication::Refused { status_word } => {
                Err(WriteError::not_opened(StatusWord::from(status_word)))
            }
            ChipAuthentication::NoKey => Err(no_such_key(key)),
        }
    }

    fn named(&self, key: &KeyUse) -> Result<ProfileKey, WriteError> {
        let named = self.tools.keys.get(&key.name);
        Ok(ProfileKey {
            key: named.ok_or_else(|| no_such_key(key))?.clone(),
            diversified_by: key.diversified_by.clone().into(),
        })
    }

    /// The card's own key of that name.
    fn secret(&self, key: &KeyUse, directory: Directory) -> Result<Key, WriteError> {
        let own = card_key(&self.named(key)?, Some(self.uid), &directory.name());
        match own {
            Some(own @ (Key::Des(_) | Key::DoubleDes(_))) => Ok(own),
            _ => Err(no_such_key(key)),
        }
    }
}

impl Medium for FmcosMedium<'_> {
    fn uid(&mut self) -> Result<Uid, WriteError> {
        ask_uid(&mut self.card)?.map_err(|refused| WriteError::Refused {
            status_word: refused.map_or(0, StatusWord::value),
        })
    }

    fn standing(&mut self, step: &Step) -> Result<Standing, WriteError> {
        if let Some((plan, directory)) = self.making {
            return self.standing_of_made(directory, &plan.steps);
        }
        let Place::File {
            directory,
            file,
            offset,
        } = step.place
        else {
            return Err(WriteError::NoSuchPlace);
        };
        self.enter(directory)?;
        let bytes = self.read(file, offset, step.n_bytes())?;
        Ok(step.compared(Some(&bytes)))
    }

    fn set(&mut self, step: &Step, side: Side) -> Result<(), WriteError> {
        self.made = None;
        let wanted = step.content(side);
        let (
            Place::File {
                directory,
                file,
                offset,
            },
            Content::Bytes(bytes),
        ) = (step.place, wanted)
        else {
            return self.set_part(step, wanted);
        };
        // What a copy held that did not count counts no more when it wavers: no
        // key is shown for it.
        if side == Side::Old && self.standing(step)?.is(side) {
            return Ok(());
        }
        self.open(directory, &step.keys)?;
        let line_key = step
            .keys
            .iter()
            .find_map(|key| match key.slot.to_be_bytes() {
                [key_kind::LINE_PROTECTION, _] => Some((key, false)),
                [key_kind::LINE_ENCIPHERED, _] => Some((key, true)),
                _ => None,
            });
        let line_key = line_key
            .map(|(key, is_enciphered)| {
                Ok::<_, WriteError>((self.secret(key, directory)?, is_enciphered))
            })
            .transpose()?;
        let line = line_key.as_ref().map(|(key, is_enciphered)| Line {
            key,
            is_enciphered: *is_enciphered,
        });
        let written = fmcos::update(&mut self.card, file, offset, bytes, line)?;
        written.map_err(WriteError::refused)
    }

    /// Leaves the directory, so that what was made is read back as everybody
    /// finds it.
    fn commit(&mut self) -> Result<(), WriteError> {
        self.directory = None;
        self.opened = None;
        Ok(())
    }
}

fn no_such_key(key: &KeyUse) -> WriteError {
    WriteError::NoSuchKey {
        name: key.name.clone(),
    }
}
