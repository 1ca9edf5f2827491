//! A `DESFire` as something with places that are written.
//!
//! What is written to backup data files waits in the chip until COMMIT
//! TRANSACTION makes all of it valid at once, so a tear leaves the old record
//! or the new one. Making an application or a file and changing a key take
//! effect one by one, in the order of the plan: the application, its file, what
//! is in it, and last its keys, so that a card that left half-way still has a
//! key that opens it.
//!
//! A key that the card denies is not shown again; no `DESFire` that is set up
//! as it comes counts such attempts.

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
    Key, KeyRing, SecretKey,
    dialogue::Dialogue,
    diversify::card_key,
    family::desfire::changes::{Conversation, Failure, Shown},
    profile::place::{DesfireAid, ProfileKey},
    read::ask_uid,
};

/// The card itself among the applications.
const CARD: DesfireAid = DesfireAid([0; 3]);

/// The number of the key that rules over the others of an application, and of
/// the only one of the card.
const MASTER: u16 = 0;

/// What a card says of a key that it does not have.
const DENIED: u16 = 0x91AE;

/// One card while it is written.
pub(crate) struct DesfireMedium<'a> {
    card: Conversation<'a>,
    keys: &'a KeyRing,
    uid: Uid,
    /// The application that is selected, with the key of its session.
    opened: Option<(DesfireAid, KeyUse)>,
    /// Something was written that waits for the commit.
    is_pending: bool,
}

/// What came of going to an application with some keys.
enum Entered {
    /// The card has no such application.
    Missing,
    /// A session is under this key; or there are no keys to show, and the
    /// application is selected.
    Open(Option<KeyUse>),
    /// The card denied every key.
    Closed,
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
    work(&mut DesfireMedium::new(session, tools, plan.uid))
}

impl<'a> DesfireMedium<'a> {
    /// The card with that UID, from which its own keys are made.
    pub(crate) fn new(session: &'a mut dyn CardSession, tools: WriteTools<'a>, uid: Uid) -> Self {
        Self {
            card: Conversation::new(Dialogue::new(session), tools.random),
            keys: tools.keys,
            uid,
            opened: None,
            is_pending: false,
        }
    }

    /// Goes to an application and shows the first of these keys that stands
    /// there; a session under one of them goes on.
    fn enter(&mut self, application: DesfireAid, keys: &[KeyUse]) -> Result<Entered, WriteError> {
        if let Some((place, key)) = &self.opened
            && *place == application
            && keys.contains(key)
            && self.card.is_in_session()
        {
            return Ok(Entered::Open(Some(key.clone())));
        }
        // Selecting and authenticating drop what waits for the commit.
        self.flush()?;
        self.opened = None;
        if !self.card.select(application)? {
            return Ok(Entered::Missing);
        }
        for key in keys {
            let secret = self.secret(key, application)?;
            let number = u8::try_from(key.slot).map_err(|_| WriteError::NoSuchPlace)?;
            if self.card.show(number, &secret)? == Shown::Right {
                self.opened = Some((application, key.clone()));
                return Ok(Entered::Open(Some(key.clone())));
            }
        }
        Ok(if keys.is_empty() {
            Entered::Open(None)
        } else {
            Entered::Closed
        })
    }

    /// Goes to an application that must be there and open.
    fn enter_open(&mut self, application: DesfireAid, keys: &[KeyUse]) -> Result<(), WriteError> {
        match self.enter(application, keys)? {
            Entered::Open(_) => Ok(()),
            Entered::Missing => Err(WriteError::NoSuchPlace),
            Entered::Closed => Err(denied()),
        }
    }

    /// The card's own key of that name.
    fn secret(&self, key: &KeyUse, application: DesfireAid) -> Result<SecretKey<16>, WriteError> {
        let named = self.keys.get(&key.name).map(|named| ProfileKey {
            key: named.clone(),
            diversified_by: key.diversified_by.clone().into(),
        });
        let own = named.and_then(|key| card_key(&key, Some(self.uid), &application.0));
        match own {
            Some(Key::Aes128(secret)) => Ok(secret),
            _ => Err(WriteError::NoSuchKey {
                name: key.name.clone(),
            }),
        }
    }

    /// Settings of an application; `None`: there is none.
    fn application(&mut self, application: DesfireAid) -> Result<Option<Vec<u8>>, WriteError> {
        match self.enter(application, &[])? {
            Entered::Open(_) => Ok(Some(self.card.key_settings()?)),
            Entered::Missing | Entered::Closed => Ok(None),
        }
    }

    /// Settings of a file; `None`: there is none. Where they are not told to
    /// everybody, under the first of these keys that stands there.
    fn file(
        &mut self,
        application: DesfireAid,
        file: u8,
        keys: &[KeyUse],
    ) -> Result<Option<Vec<u8>>, WriteError> {
        if let Entered::Missing = self.enter(application, &[])? {
            return Ok(None);
        }
        match self.card.file_settings(file) {
            Err(failure) if failure.is_for_want_of_a_key() && !keys.is_empty() => {
                self.enter_open(application, keys)?;
                Ok(self.card.file_settings(file)?)
            }
            told => Ok(told?),
        }
    }

    /// Which of these keys stands at a number of an application.
    fn standing_key(
        &mut self,
        application: DesfireAid,
        number: u16,
        keys: &[KeyUse],
    ) -> Result<Entered, WriteError> {
        let keys = keys.iter().filter(|key| key.slot == number).cloned();
        self.enter(application, &keys.collect::<Vec<_>>())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        if std::mem::take(&mut self.is_pending) {
            self.card.commit()?;
        }
        Ok(())
    }

    fn set_application(
        &mut self,
        application: DesfireAid,
        step: &Step,
        wanted: &Content,
    ) -> Result<(), WriteError> {
        let found = self.application(application)?;
        match (wanted, found) {
            (Content::Bytes(settings), None) => {
                self.enter_open(CARD, &step.keys)?;
                Ok(self.card.create_application(application, settings)?)
            }
            (Content::Nothing, Some(_)) => {
                self.enter_open(CARD, &step.keys)?;
                Ok(self.card.delete_application(application)?)
            }
            (Content::Bytes(_) | Content::Nothing, _) => Ok(()),
            (Content::Trailer { .. } | Content::Key(_), _) => Err(WriteError::NoSuchPlace),
        }
    }

    fn set_file(
        &mut self,
        application: DesfireAid,
        file: u8,
        step: &Step,
        wanted: &Content,
    ) -> Result<(), WriteError> {
        let found = self.file(application, file, &step.keys)?;
        match (wanted, found) {
            (Content::Bytes(settings), None) => {
                self.enter_open(application, &step.keys)?;
                Ok(self.card.create_file(file, settings)?)
            }
            (Content::Nothing, Some(_)) => {
                self.enter_open(application, &step.keys)?;
                Ok(self.card.delete_file(file)?)
            }
            (Content::Bytes(_) | Content::Nothing, _) => Ok(()),
            (Content::Trailer { .. } | Content::Key(_), _) => Err(WriteError::NoSuchPlace),
        }
    }

    fn set_key(
        &mut self,
        application: DesfireAid,
        number: u8,
        step: &Step,
        wanted: &Content,
    ) -> Result<(), WriteError> {
        let wanted = match wanted {
            Content::Key(name) => name,
            // It goes with its application.
            Content::Nothing => return Ok(()),
            Content::Bytes(_) | Content::Trailer { .. } => return Err(WriteError::NoSuchPlace),
        };
        let slot = u16::from(number);
        let is_wanted = |key: &&KeyUse| key.slot == slot && key.name == *wanted;
        let new = step.keys.iter().find(is_wanted);
        let new = new.ok_or(WriteError::NoSuchPlace)?;
        let old = match self.standing_key(application, slot, &step.keys)? {
            Entered::Open(Some(old)) => old,
            Entered::Open(None) | Entered::Missing => return Err(WriteError::NoSuchPlace),
            Entered::Closed => return Err(denied()),
        };
        if old.name == new.name {
            return Ok(());
        }
        self.flush()?;
        let (new, old) = (
            self.secret(new, application)?,
            self.secret(&old, application)?,
        );
        if slot == MASTER {
            self.opened = None;
            return Ok(self.card.change_key(number, &new, None)?);
        }
        let masters = step.keys.iter().filter(|key| key.slot == MASTER).cloned();
        self.enter_open(application, &masters.collect::<Vec<_>>())?;
        Ok(self.card.change_key(number, &new, Some(&old))?)
    }
}

impl Medium for DesfireMedium<'_> {
    fn uid(&mut self) -> Result<Uid, WriteError> {
        match ask_uid(self.card.dialogue())? {
            Ok(uid) => Ok(uid),
            Err(refused) => Err(WriteError::Refused {
                status_word: refused.map_or(0, StatusWord::value),
            }),
        }
    }

    fn standing(&mut self, step: &Step) -> Result<Standing, WriteError> {
        match step.place {
            Place::DesfireApplication { application } => {
                let settings = self.application(DesfireAid(application))?;
                Ok(step.compared(settings.as_deref()))
            }
            Place::DesfireFileSettings { application, file } => {
                let settings = self.file(DesfireAid(application), file, &step.keys)?;
                Ok(step.compared(settings.as_deref()))
            }
            Place::DesfireFile {
                application,
                file,
                communication,
                offset,
            } => match self.enter(DesfireAid(application), &step.keys)? {
                Entered::Missing => Ok(step.compared(None)),
                Entered::Closed => Ok(Standing::Closed),
                Entered::Open(_) => {
                    let n_bytes = step.n_bytes();
                    let bytes = self.card.read(file, communication, offset, n_bytes)?;
                    Ok(step.compared(bytes.as_ref().map(|bytes| bytes.as_slice())))
                }
            },
            Place::DesfireKey { application, key } => {
                let found = self.standing_key(DesfireAid(application), key.into(), &step.keys)?;
                Ok(match found {
                    Entered::Missing => step.compared_key(None),
                    Entered::Closed => Standing::Closed,
                    Entered::Open(Some(key)) => step.compared_key(Some(&key.name)),
                    Entered::Open(None) => return Err(WriteError::NoSuchPlace),
                })
            }
            _ => Err(WriteError::NoSuchPlace),
        }
    }

    fn set(&mut self, step: &Step, side: Side) -> Result<(), WriteError> {
        let wanted = step.content(side);
        match step.place {
            Place::DesfireApplication { application } => {
                self.set_application(DesfireAid(application), step, wanted)
            }
            Place::DesfireFileSettings { application, file } => {
                self.set_file(DesfireAid(application), file, step, wanted)
            }
            Place::DesfireFile {
                application,
                file,
                communication,
                offset,
            } => match wanted {
                Content::Bytes(bytes) => {
                    self.enter_open(DesfireAid(application), &step.keys)?;
                    // It waits from the first frame on, whatever the answer.
                    self.is_pending = true;
                    Ok(self.card.write(file, communication, offset, bytes)?)
                }
                // It goes with its file.
                Content::Nothing => Ok(()),
                Content::Trailer { .. } | Content::Key(_) => Err(WriteError::NoSuchPlace),
            },
            Place::DesfireKey { application, key } => {
                self.set_key(DesfireAid(application), key, step, wanted)
            }
            _ => Err(WriteError::NoSuchPlace),
        }
    }

    fn commit(&mut self) -> Result<(), WriteError> {
        self.flush()
    }
}

/// The card has none of the keys that it was shown.
fn denied() -> WriteError {
    WriteError::not_opened(StatusWord::from(DENIED))
}

impl From<Failure> for WriteError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(word) => Self::Refused {
                status_word: word.value(),
            },
            Failure::Unknown(error) => error.into(),
        }
    }
}
