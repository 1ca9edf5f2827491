//! The commands that change a `DESFire`, in AES sessions begun with `AA`, which
//! every card from EV1 on knows.
//!
//! - An application belongs to the card and is made under the card's own key;
//!   files belong to the application and are made under its key 0.
//! - What is written to a backup data file waits for COMMIT TRANSACTION, which
//!   makes all of it valid at once. Until then it is gone with the field, with
//!   SELECT APPLICATION and with any refusal.
//! - CHANGE KEY takes effect at once. Changing the session's own key ends the
//!   session.
//! - A refusal ends the session.
//!
//! Nothing outside the writing by plans calls these.
//!
//! Sources: NXP MF2DLHX0 data sheet (commands, key settings, file settings);
//! libfreefare `mifare_desfire.c`; hardware-notes/card-desfire.md.

use xueka_apdu::StatusWord;
use xueka_transport::TransportError;
use zeroize::Zeroizing;

use super::{
    READ_DATA, SELECT_APPLICATION,
    authenticate::{Outcome, authenticate},
    native::{DONE, ask},
    session::{CHANGE_KEY, Ev1Session, Session},
    three_bytes,
};
use crate::{
    Randomness, ReadError, SecretKey,
    dialogue::Dialogue,
    profile::place::{AuthenticationForm, Communication, DesfireAid},
    randomness::challenge,
};

const WRITE_DATA: u8 = 0x3D;
const GET_KEY_SETTINGS: u8 = 0x45;
const COMMIT_TRANSACTION: u8 = 0xC7;
const CREATE_APPLICATION: u8 = 0xCA;
const CREATE_BACKUP_DATA_FILE: u8 = 0xCB;
const DELETE_APPLICATION: u8 = 0xDA;
const DELETE_FILE: u8 = 0xDF;
const GET_FILE_SETTINGS: u8 = 0xF5;

/// There is no such application.
const NO_APPLICATION: u16 = 0x91A0;
/// There is no such file.
const NO_FILE: u16 = 0x91F0;

/// A right that no key gives, or the key of the session does not.
const RIGHT_MISSING: [u16; 2] = [0x91AE, 0x919D];

/// What GET FILE SETTINGS says first of a backup data file.
pub(crate) const BACKUP_DATA_FILE: u8 = 0x01;

/// The version that a key is given, by which some systems know generations of
/// keys. The factory's keys have this one.
const KEY_VERSION: u8 = 0x00;

/// Why a command came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The card refused it, with this status word, and did nothing.
    Refused(StatusWord),
    /// There is no answer that could be trusted: whether the card obeyed is
    /// unknown.
    Unknown(ReadError),
}

/// What came of showing a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It stands there; a session has begun.
    Right,
    /// The card says that another one stands there.
    Wrong,
}

impl Failure {
    /// Whether the card refused because another key is needed.
    pub(crate) fn is_for_want_of_a_key(&self) -> bool {
        matches!(self, Self::Refused(word) if RIGHT_MISSING.contains(&word.value()))
    }
}

type Result<T> = std::result::Result<T, Failure>;

/// A conversation in which a card is changed.
pub(crate) struct Conversation<'a> {
    card: Dialogue<'a>,
    random: Randomness,
    session: Option<Ev1Session>,
}

impl<'a> Conversation<'a> {
    /// Begins to talk, with a source of challenges.
    pub(crate) fn new(card: Dialogue<'a>, random: Randomness) -> Self {
        Self {
            card,
            random,
            session: None,
        }
    }

    /// The conversation with the reader.
    pub(crate) fn dialogue(&mut self) -> &mut Dialogue<'a> {
        &mut self.card
    }

    /// Whether a session holds: any refusal has ended it.
    pub(crate) fn is_in_session(&self) -> bool {
        self.session.is_some()
    }

    /// Selects an application, zeros for the card itself; `false`: there is
    /// none of that name. Ends the session.
    pub(crate) fn select(&mut self, application: DesfireAid) -> Result<bool> {
        self.session = None;
        let on_wire = application.on_wire();
        let answer = self.command(SELECT_APPLICATION, &on_wire);
        or_none(answer, NO_APPLICATION).map(|found| found.is_some())
    }

    /// Shows a key of the selected application; the session that follows is
    /// under it.
    pub(crate) fn show(&mut self, number: u8, key: &SecretKey<16>) -> Result<Shown> {
        self.session = None;
        let rnd_a = challenge(self.random).map_err(ReadError::NoRandomness)?;
        let rnd_a = Zeroizing::new(rnd_a);
        let form = AuthenticationForm::Ev1;
        let outcome = authenticate(&mut self.card, form, number, key.reveal(), &rnd_a)?;
        match outcome {
            Outcome::Proved(Session::Ev1(session)) => {
                self.session = Some(*session);
                Ok(Shown::Right)
            }
            Outcome::Denied => Ok(Shown::Wrong),
            Outcome::Refused(word) => Err(Failure::Refused(word)),
            Outcome::Failed | Outcome::Proved(Session::Ev2(_)) => Err(untrusted()),
        }
    }

    /// What GET KEY SETTINGS tells of the selected application: settings, then
    /// kind and number of keys.
    pub(crate) fn key_settings(&mut self) -> Result<Vec<u8>> {
        let told = self.command(GET_KEY_SETTINGS, &[])?;
        Ok(told.to_vec())
    }

    /// What GET FILE SETTINGS tells of a file; `None`: there is none.
    pub(crate) fn file_settings(&mut self, file: u8) -> Result<Option<Vec<u8>>> {
        let told = or_none(self.command(GET_FILE_SETTINGS, &[file]), NO_FILE)?;
        Ok(told.map(|told| told.to_vec()))
    }

    /// Makes an application with `settings` as GET KEY SETTINGS will tell them.
    pub(crate) fn create_application(
        &mut self,
        application: DesfireAid,
        settings: &[u8],
    ) -> Result<()> {
        let parameters = [&application.on_wire()[..], settings].concat();
        self.command(CREATE_APPLICATION, &parameters).map(drop)
    }

    /// Deletes an application with everything in it.
    pub(crate) fn delete_application(&mut self, application: DesfireAid) -> Result<()> {
        self.command(DELETE_APPLICATION, &application.on_wire())
            .map(drop)
    }

    /// Makes a backup data file with `settings` as GET FILE SETTINGS will tell
    /// them, its kind among them.
    pub(crate) fn create_file(&mut self, file: u8, settings: &[u8]) -> Result<()> {
        let parameters = [&[file], settings.get(1..).unwrap_or_default()].concat();
        self.command(CREATE_BACKUP_DATA_FILE, &parameters).map(drop)
    }

    /// Deletes a file.
    pub(crate) fn delete_file(&mut self, file: u8) -> Result<()> {
        self.command(DELETE_FILE, &[file]).map(drop)
    }

    /// Reads `n_bytes` of a file from `offset` on; `None`: there is no such
    /// file.
    pub(crate) fn read(
        &mut self,
        file: u8,
        travel: Communication,
        offset: u16,
        n_bytes: usize,
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let place = place(file, offset, n_bytes);
        or_none(self.read_place(place, travel, n_bytes), NO_FILE)
    }

    fn read_place(
        &mut self,
        place: [u8; 7],
        travel: Communication,
        n_bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let answer = match (travel, self.session.as_mut()) {
            (Communication::Full, Some(session)) => {
                session.command(READ_DATA, &place);
                let answer = self.whole_answer(READ_DATA, &place)?;
                let session = self.session.as_mut();
                let opened = session.and_then(|it| it.open_enciphered(answer, n_bytes));
                opened.ok_or_else(|| self.lost())?
            }
            _ => self.command(READ_DATA, &place)?,
        };
        if answer.len() == n_bytes {
            Ok(answer)
        } else {
            Err(self.lost())
        }
    }

    /// Writes to a file. To a backup data file, it is as if nothing happened
    /// until [`Self::commit`].
    pub(crate) fn write(
        &mut self,
        file: u8,
        travel: Communication,
        offset: u16,
        bytes: &[u8],
    ) -> Result<()> {
        let place = place(file, offset, bytes.len());
        let sent = match &mut self.session {
            Some(session) => session.carry(WRITE_DATA, &place, bytes, travel),
            None => Zeroizing::new([&place, bytes].concat()),
        };
        let answer = self.whole_answer(WRITE_DATA, &sent)?;
        self.open(answer).map(drop)
    }

    /// Makes all that was written to the selected application valid at once.
    pub(crate) fn commit(&mut self) -> Result<()> {
        self.command(COMMIT_TRANSACTION, &[]).map(drop)
    }

    /// Changes a key of the selected application. `old` is what stands there,
    /// unless it is the key of the session itself, which then ends.
    pub(crate) fn change_key(
        &mut self,
        number: u8,
        new: &SecretKey<16>,
        old: Option<&SecretKey<16>>,
    ) -> Result<()> {
        let session = self.session.as_mut().ok_or_else(untrusted)?;
        let old = old.map(SecretKey::reveal);
        let sent = session.new_key(number, (new.reveal(), KEY_VERSION), old);
        let answer = self.whole_answer(CHANGE_KEY, &sent)?;
        if old.is_none() {
            self.session = None;
        }
        self.open(answer).map(drop)
    }

    /// A command without content, and what its answer carries.
    fn command(&mut self, instruction: u8, parameters: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        if let Some(session) = &mut self.session {
            session.command(instruction, parameters);
        }
        let answer = self.whole_answer(instruction, parameters)?;
        self.open(answer)
    }

    fn whole_answer(&mut self, instruction: u8, sent: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let answer = ask(&mut self.card, instruction, sent)?;
        if answer.ends_with(DONE) {
            return Ok(answer.data);
        }
        self.session = None;
        Err(Failure::Refused(answer.status_word))
    }

    /// Checks the MAC behind an answer, where a session holds.
    fn open(&mut self, answer: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>> {
        match &mut self.session {
            None => Ok(answer),
            Some(session) => session.open_maced(answer).ok_or_else(|| self.lost()),
        }
    }

    /// The two sides have lost each other.
    fn lost(&mut self) -> Failure {
        self.session = None;
        untrusted()
    }
}

/// An answer that does not check is none: as after a tear, the card is to be
/// asked anew.
fn untrusted() -> Failure {
    Failure::Unknown(TransportError::CardGone.into())
}

/// `None` where the card says that there is no such thing.
fn or_none<T>(answer: Result<T>, no_such_thing: u16) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Failure::Refused(word)) if word.value() == no_such_thing => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// File, offset and length at the head of a command.
fn place(file: u8, offset: u16, n_bytes: usize) -> [u8; 7] {
    let [o0, o1, o2] = three_bytes(offset.into());
    let [n0, n1, n2] = three_bytes(n_bytes);
    [file, o0, o1, o2, n0, n1, n2]
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Unknown(error)
    }
}
