//! MIFARE DESFire EV1 to EV3: native commands wrapped in ISO 7816-4 APDUs.
//!
//! Sources: NXP MF2DLHX0 data sheet and AN12343; proxmark3
//! `client/src/mifare/desfirecore.c`; NXP AN10833 (`GetVersion`).
//!
//! Keys are AES; an application with DES keys can be made and selected, and
//! nobody authenticates there.

mod authenticate;
mod code;
mod commands;
mod data;
mod file;
mod session;
mod status;

use std::collections::{BTreeMap, VecDeque};

pub(crate) use self::file::{Application, Content, File, Rights};
use self::{
    authenticate::Begun,
    session::{Incoming, Mode, Session},
};
use super::{
    command::{Command, refuse, reply},
    noise::Noise,
};

/// Class byte of wrapped native commands.
const CLA_NATIVE: u8 = 0x90;
const ISO_SELECT: u8 = 0xA4;

/// The data of one frame, in both directions.
const FRAME: usize = 59;
/// The longest command that is put together from frames.
const LONGEST: usize = 8 * 1024;
/// Bytes for applications and files.
const SPACE: usize = 4 * 1024;
/// The card itself among the applications.
pub(crate) const CARD: [u8; 3] = [0; 3];
/// The UID that a card with random ones keeps to itself, unless told.
const REAL_UID: [u8; 7] = [0x04, 0x5A, 0x13, 0x7C, 0x2B, 0x66, 0x80];
/// The series of challenges unless told another.
const SEED: u64 = 0xDE5F_14E0;

/// Batch number, then calendar week and year of production in BCD.
const BATCH: [u8; 7] = [0xBA, 0x34, 0x51, 0x7A, 0x10, 0x36, 0x19];

/// Which DESFire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Generation {
    #[default]
    Ev1,
    Ev2,
    Ev3,
}

/// One card.
#[derive(Clone, Debug)]
pub(crate) struct Desfire {
    generation: Generation,
    real_uid: [u8; 7],
    applications: BTreeMap<[u8; 3], Application>,
    /// SET CONFIGURATION asked for random UIDs, which the next activation shows.
    pub(crate) wants_random_uid: bool,
    /// Survives the loss of power, so that no challenge comes twice.
    noise: Noise,
    life: Life,
}

/// What power-up forgets.
#[derive(Clone, Debug, Default)]
struct Life {
    selected: [u8; 3],
    session: Option<Session>,
    begun: Option<Begun>,
    /// A command of which more frames come.
    unfinished: Vec<u8>,
    /// Frames of an answer that were not collected yet.
    frames: VecDeque<Vec<u8>>,
}

/// An answer before the session adds to it.
struct Answer {
    data: Vec<u8>,
    mode: Mode,
    /// The reader did not say how many bytes it wants.
    open_end: bool,
}

impl Answer {
    fn mac(data: Vec<u8>) -> Self {
        Self {
            data,
            mode: Mode::Mac,
            open_end: false,
        }
    }

    fn done() -> Self {
        Self::mac(Vec::new())
    }
}

impl Default for Desfire {
    fn default() -> Self {
        let card = Application::new(file::OPEN_SETTINGS, 1);
        Self {
            generation: Generation::Ev1,
            real_uid: REAL_UID,
            applications: BTreeMap::from([(CARD, card)]),
            wants_random_uid: false,
            noise: Noise::new(SEED),
            life: Life::default(),
        }
    }
}

impl Desfire {
    pub(crate) fn set_generation(&mut self, generation: Generation) {
        self.generation = generation;
    }

    /// The UID that is shown to who authenticated; other lengths than seven
    /// bytes are none of this chip's.
    pub(crate) fn set_real_uid(&mut self, uid: &[u8]) {
        if let Ok(uid) = uid.try_into() {
            self.real_uid = uid;
        }
    }

    /// The application of that identifier, made if need be with `n_keys` keys;
    /// three zeros are the card itself.
    pub(crate) fn application(&mut self, id: [u8; 3], n_keys: u8) -> &mut Application {
        let fresh = || Application::new(file::OPEN_SETTINGS, n_keys);
        self.applications.entry(id).or_insert_with(fresh)
    }

    pub(crate) fn power_up(&mut self) {
        self.life = Life::default();
        for application in self.applications.values_mut() {
            application.abort();
        }
    }

    /// The field went away during a command.
    pub(crate) fn tear(&mut self, old: &Self, noise: &mut Noise) {
        for (id, now) in &mut self.applications {
            let old = old.applications.get(id);
            for (number, file) in &mut now.files {
                if let Some(old) = old.and_then(|old| old.files.get(number)) {
                    file.content.tear(&old.content, noise);
                }
            }
        }
    }

    /// Answers one command; `uid` is the one shown at activation.
    pub(crate) fn answer(&mut self, command: &Command<'_>, uid: &[u8]) -> Vec<u8> {
        match (command.cla, command.ins) {
            (CLA_NATIVE, _) if command.data.len() > FRAME => native(&[], status::LENGTH_ERROR),
            (CLA_NATIVE, code::ADDITIONAL_FRAME) => self.go_on(command.data, uid),
            (CLA_NATIVE, ins) => {
                self.life.begun = None;
                self.life.frames.clear();
                self.life.unfinished = vec![ins];
                self.collect(command.data, uid)
            }
            (0x00, ISO_SELECT) => refuse(super::status::NOT_FOUND),
            (0x00, _) => refuse(super::status::UNKNOWN_INS),
            _ => refuse(super::status::UNKNOWN_CLA),
        }
    }

    /// AF: the second step of an authentication, more of a command, or the
    /// request for more of an answer.
    fn go_on(&mut self, data: &[u8], uid: &[u8]) -> Vec<u8> {
        if let Some(begun) = self.life.begun.take() {
            let result = self.finish_authentication(begun, data);
            return self.concluded(result);
        }
        if !self.life.unfinished.is_empty() {
            return self.collect(data, uid);
        }
        match self.life.frames.pop_front() {
            Some(frame) if data.is_empty() => self.frame(&frame),
            Some(_) => native(&[], status::LENGTH_ERROR),
            None => native(&[], status::ILLEGAL_COMMAND),
        }
    }

    /// Puts the frames of a command together and executes it when it is whole.
    fn collect(&mut self, data: &[u8], uid: &[u8]) -> Vec<u8> {
        self.life.unfinished.extend_from_slice(data);
        let n_wanted = self.n_bytes(&self.life.unfinished);
        if self.life.unfinished.len() < n_wanted.min(LONGEST) && data.len() == FRAME {
            return native(&[], status::MORE_FRAMES);
        }
        let whole = std::mem::take(&mut self.life.unfinished);
        let Some((&ins, data)) = whole.split_first() else {
            return native(&[], status::ILLEGAL_COMMAND);
        };
        match ins {
            code::AUTHENTICATE_AES | code::AUTHENTICATE_EV2_FIRST => {
                match self.begin_authentication(ins, data) {
                    Ok(challenge) => native(&challenge, status::MORE_FRAMES),
                    Err(code) => self.concluded(Err(code)),
                }
            }
            // Frames of their own lengths.
            code::GET_VERSION => {
                let version = self.version(uid);
                let result = self.receive(code::GET_VERSION, data, 0, Mode::Mac, 0);
                let result = result.map(|_| self.sent(Answer::mac(version)));
                match result {
                    Ok(answer) => {
                        let (hardware, rest) = answer.split_at(7.min(answer.len()));
                        let (software, rest) = rest.split_at(7.min(rest.len()));
                        let frames = [hardware, software, rest].map(<[u8]>::to_vec);
                        self.life.frames = VecDeque::from(frames);
                        let first = self.life.frames.pop_front().unwrap_or_default();
                        self.frame(&first)
                    }
                    Err(code) => self.concluded(Err(code)),
                }
            }
            _ => {
                let result = self.execute(ins, data);
                self.concluded(result)
            }
        }
    }

    /// An error ends the session, as on the chip.
    fn concluded(&mut self, result: Result<Vec<u8>, u8>) -> Vec<u8> {
        match result {
            Ok(answer) => {
                let frames = answer.chunks(FRAME).map(<[u8]>::to_vec);
                self.life.frames = frames.collect();
                let first = self.life.frames.pop_front().unwrap_or_default();
                self.frame(&first)
            }
            Err(code) => {
                self.life.session = None;
                if let Some(application) = self.applications.get_mut(&self.life.selected) {
                    application.abort();
                }
                native(&[], code)
            }
        }
    }

    fn frame(&self, data: &[u8]) -> Vec<u8> {
        let more = !self.life.frames.is_empty();
        native(
            data,
            if more {
                status::MORE_FRAMES
            } else {
                status::OK
            },
        )
    }

    /// Checks what a session adds to a command: `n_header` bytes are never
    /// encrypted, `n_data` bytes behind them may be.
    fn receive(
        &mut self,
        ins: u8,
        data: &[u8],
        n_header: usize,
        mode: Mode,
        n_data: usize,
    ) -> Result<(Vec<u8>, Vec<u8>), u8> {
        let (header, body) = data
            .split_at_checked(n_header)
            .ok_or(status::LENGTH_ERROR)?;
        let body = match &mut self.life.session {
            Some(session) => {
                // EV1 sends a MAC only behind data, and only in that mode; EV2
                // behind every command but plain ones.
                let mode = match mode {
                    Mode::Mac | Mode::Full if !session.is_ev2() && n_data == 0 => Mode::Plain,
                    mode => mode,
                };
                session.receive(Incoming {
                    ins,
                    header,
                    body,
                    mode,
                    n_data,
                })?
            }
            None => body.to_vec(),
        };
        if body.len() == n_data {
            Ok((header.to_vec(), body))
        } else {
            Err(status::LENGTH_ERROR)
        }
    }

    fn sent(&mut self, answer: Answer) -> Vec<u8> {
        match &mut self.life.session {
            Some(session) => session.send(&answer.data, answer.mode, answer.open_end),
            None => answer.data,
        }
    }

    /// The key that the session was begun with.
    fn key(&self) -> Option<u8> {
        self.life.session.as_ref().map(|session| session.key_number)
    }

    /// Hardware, software, UID and batch. A card with random UIDs shows zeros
    /// for its UID.
    fn version(&self, uid: &[u8]) -> Vec<u8> {
        let (major, minor) = match self.generation {
            Generation::Ev1 => (0x01, 0x04),
            Generation::Ev2 => (0x12, 0x01),
            Generation::Ev3 => (0x33, 0x00),
        };
        let hardware_minor = if major == 0x01 { 0x00 } else { minor };
        let software_major = match self.generation {
            Generation::Ev1 => 0x01,
            Generation::Ev2 => 0x02,
            Generation::Ev3 => 0x03,
        };
        let software_minor = if major == 0x01 { minor } else { 0x00 };
        let mut version = vec![0x04, 0x01, 0x01, major, hardware_minor, 0x18, 0x05];
        version.extend([0x04, 0x01, 0x01, software_major, software_minor, 0x18, 0x05]);
        version.extend(<[u8; 7]>::try_from(uid).unwrap_or_default());
        version.extend(BATCH);
        version
    }
}

/// A wrapped native answer.
fn native(data: &[u8], code: u8) -> Vec<u8> {
    reply(data, u16::from_be_bytes([0x91, code]))
}
