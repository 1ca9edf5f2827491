//! One Ultralight or NTAG in a reader, and the passwords of a plan.

use std::ops::Range;

use xueka_apdu::{Command, Le, StatusWord};
use xueka_domain::Uid;
use xueka_transport::{Asked, CardSession, Dialect, Meaning, PassThrough, TransportError};
use zeroize::Zeroize;

use crate::{
    Key, KeyRing, SecretKey,
    dialogue::{Dialogue, content},
    read::ask_uid,
    type2::{CapabilityContainer, Ntag, PAGE_BYTES},
    write::{KeyUse, WriteError},
};

/// A page's bytes.
pub(super) type Page = [u8; PAGE_BYTES];

const READ_LENGTH: Le = Le::new::<16>();

/// Native commands of the chip: GET VERSION and `PWD_AUTH` (`NTAG213_215_216`,
/// §10.1 and §10.7), and the bytes of their answers.
const GET_VERSION: u8 = 0x60;
const PWD_AUTH: u8 = 0x1B;
const VERSION_LENGTH: usize = 8;
const PACK_LENGTH: usize = 2;

/// What the PN532 puts before an answer: response code and a status, whose low
/// six bits are zero when all is well (UM0701-02, §7.1 and §7.3.9).
const PN532_HEAD: [u8; 2] = [0xD5, 0x43];
const PN532_HEAD_LENGTH: usize = 3;
const PN532_ERROR: u8 = 0x3F;

/// Data pages of a chip that has no capability container: an Ultralight.
const N_ULTRALIGHT_DATA_PAGES: u8 = 12;

/// The passwords of a plan, found in the key file: each four bytes and the two
/// of its acknowledgement.
pub(super) struct Passwords(Vec<(String, SecretKey<6>)>);

impl Passwords {
    /// Finds each of these.
    ///
    /// # Errors
    ///
    /// [`WriteError::NoSuchKey`].
    pub(super) fn find(
        uses: impl IntoIterator<Item = KeyUse>,
        ring: &KeyRing,
    ) -> Result<Self, WriteError> {
        let mut found: Vec<(String, SecretKey<6>)> = Vec::new();
        for used in uses {
            if found.iter().any(|(known, _)| *known == used.name) {
                continue;
            }
            let is_plain = used.slot == 0 && used.diversified_by.is_empty();
            match ring.get(&used.name).filter(|_| is_plain) {
                Some(Key::Password(key)) => found.push((used.name, key.clone())),
                _ => return Err(WriteError::NoSuchKey { name: used.name }),
            }
        }
        Ok(Self(found))
    }

    fn get(&self, name: &str) -> Result<&SecretKey<6>, WriteError> {
        let found = self.0.iter().find(|(known, _)| known == name);
        let found = found.map(|(_, key)| key);
        found.ok_or_else(|| WriteError::NoSuchKey {
            name: name.to_owned(),
        })
    }

    /// The password's page.
    pub(super) fn password(&self, name: &str) -> Result<Page, WriteError> {
        let [a, b, c, d, _, _] = *self.get(name)?.reveal();
        Ok([a, b, c, d])
    }

    /// The acknowledgement.
    pub(super) fn acknowledgement(&self, name: &str) -> Result<[u8; PACK_LENGTH], WriteError> {
        let [_, _, _, _, first, second] = *self.get(name)?.reveal();
        Ok([first, second])
    }
}

/// A password that opened a chip.
#[derive(Clone)]
pub(super) struct Opened {
    /// Its name.
    pub(super) name: String,
    /// What the chip answered, which may be another one's.
    pub(super) acknowledgement: [u8; PACK_LENGTH],
}

/// A card in a reader.
pub(super) struct Tag<'a> {
    card: Dialogue<'a>,
    dialect: &'a Dialect,
    pub(super) passwords: &'a Passwords,
    /// Which password opened it last.
    last_opened: Option<String>,
    /// Whether the chip has its password since it last refused something.
    is_open: bool,
}

impl<'a> Tag<'a> {
    pub(super) fn new(
        session: &'a mut dyn CardSession,
        dialect: &'a Dialect,
        passwords: &'a Passwords,
    ) -> Self {
        Self {
            card: Dialogue::new(session),
            dialect,
            passwords,
            last_opened: None,
            is_open: false,
        }
    }

    /// Whether the chip's own commands pass the reader.
    pub(super) fn passes(&self) -> bool {
        match self.dialect.pass_through {
            PassThrough::Unknown => false,
            PassThrough::Pn532 => true,
        }
    }

    /// The card's UID, asked anew.
    pub(super) fn uid(&mut self) -> Result<Uid, WriteError> {
        let asked = ask_uid(&mut self.card)?;
        asked.map_err(|refused| match refused {
            Some(word) => WriteError::refused(word),
            None => WriteError::OtherCard,
        })
    }

    /// Reads a page.
    pub(super) fn read(&mut self, page: u8) -> Result<Page, WriteError> {
        let command = Command::read_storage(page.into(), READ_LENGTH);
        match content(self.card.ask(&command)?) {
            Ok(bytes) => bytes.first_chunk().copied().ok_or(WriteError::NotConfirmed),
            Err(word) => {
                self.is_open = false;
                Err(self.refusal(word))
            }
        }
    }

    /// Sets a page; where passwords are named, the first that opens the chip is
    /// given before. The data may be a password.
    pub(super) fn write(
        &mut self,
        page: u8,
        mut data: Page,
        names: &[KeyUse],
    ) -> Result<(), WriteError> {
        if !self.is_open {
            self.open(names.iter().map(|used| used.name.as_str()))?;
        }
        let mut command = Command::write_storage(page.into(), &data);
        data.zeroize();
        let answer = self.card.ask(&command).map(|it| it.status_word);
        command.zeroize();
        let word = answer?;
        if word.is_ok() {
            return Ok(());
        }
        self.is_open = false;
        Err(self.refusal(word))
    }

    /// Gives these passwords, the one that opened the chip before first, until
    /// one opens it.
    pub(super) fn open<'n>(
        &mut self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Option<Opened>, WriteError> {
        let mut names = names.into_iter().collect::<Vec<_>>();
        let last = self.last_opened.take();
        let at = names.iter().position(|name| last.as_deref() == Some(*name));
        names.rotate_left(at.unwrap_or_default());
        for name in names {
            let [a, b, c, d] = self.passwords.password(name)?;
            let answer = self.pass(&[PWD_AUTH, a, b, c, d], PACK_LENGTH)?;
            if let Some(acknowledgement) = answer.and_then(|bytes| bytes.try_into().ok()) {
                self.is_open = true;
                self.last_opened = Some(name.to_owned());
                return Ok(Some(Opened {
                    name: name.to_owned(),
                    acknowledgement,
                }));
            }
            self.is_open = false;
        }
        Ok(None)
    }

    /// What kind of NTAG it says to be, where it can be asked.
    pub(super) fn version(&mut self) -> Result<Option<Ntag>, WriteError> {
        let version = self.pass(&[GET_VERSION], VERSION_LENGTH)?;
        Ok(version.and_then(|version| Ntag::of_version(&version)))
    }

    /// The pages for data, as the capability container says, and the NTAG that
    /// usually has such a one.
    pub(super) fn data_pages(&mut self) -> Result<(Range<u16>, Option<Ntag>), WriteError> {
        let page = self.read(CapabilityContainer::PAGE)?;
        let container = CapabilityContainer::parse(page);
        let n_pages = container.map_or(N_ULTRALIGHT_DATA_PAGES.into(), |container| {
            container.n_data_bytes() / PAGE_BYTES
        });
        let first = u16::from(CapabilityContainer::FIRST_DATA_PAGE);
        let end = first.saturating_add(u16::try_from(n_pages).unwrap_or(u16::MAX));
        Ok((first..end, container.and_then(Ntag::of_container)))
    }

    /// Hands a frame to the chip; its answer when it has so many bytes, `None`
    /// when the chip or the reader refused it.
    fn pass<const N: usize>(
        &mut self,
        frame: &[u8; N],
        n_bytes: usize,
    ) -> Result<Option<Vec<u8>>, WriteError> {
        let PassThrough::Pn532 = self.dialect.pass_through else {
            return Ok(None);
        };
        let mut command = Command::pass_by_pn532(frame);
        // An answer to something else may be longer.
        let asked = self.card.ask_for(&command, usize::from(u8::MAX));
        command.zeroize();
        let response = asked?;
        let answer = match response.data {
            [first, second, status, answer @ ..]
                if [*first, *second] == PN532_HEAD && status & PN532_ERROR == 0 =>
            {
                answer
            }
            _ => &[],
        };
        let is_whole = response.data.len() == PN532_HEAD_LENGTH + n_bytes;
        let answer = (response.status_word.is_ok() && is_whole).then(|| answer.to_vec());
        let word = response.status_word;
        if !word.is_ok() {
            self.fails_as_gone(word)?;
        }
        Ok(answer.filter(|answer| answer.len() == n_bytes))
    }

    fn refusal(&self, word: StatusWord) -> WriteError {
        match self.fails_as_gone(word) {
            Err(gone) => gone,
            Ok(()) => WriteError::refused(word),
        }
    }

    /// That the card does not answer is no answer of the card but a tear.
    fn fails_as_gone(&self, word: StatusWord) -> Result<(), WriteError> {
        match self.dialect.meaning(Asked::Access, word.value()) {
            Meaning::NoAnswer => Err(TransportError::CardGone.into()),
            _ => Ok(()),
        }
    }
}
