//! Sectors and blocks of a MIFARE Classic through one reader: opened by key,
//! read and written, as the reader's `Dialect` says.
//!
//! All of it is answered by the reader: LOAD KEY, GENERAL AUTHENTICATE, READ
//! BINARY, UPDATE BINARY. Sources: PC/SC Part 3, §3.2.2.1.4 to §3.2.2.1.9;
//! hardware-notes/card-mifare-classic.md.

use xueka_apdu::{Command, Le, StatusWord};
use xueka_transport::{Asked, AuthenticateForm, Dialect, KeyPlace, Meaning, TransportError};
use zeroize::Zeroize;

use crate::{
    ReadError,
    dialogue::{Dialogue, content},
    mifare::{Block, KeyKind, Sector},
    profile::place::SectorKey,
};

/// Bytes of a block.
pub(crate) const BLOCK_BYTES: usize = 16;
const BLOCK_LENGTH: Le = Le::new::<16>();

/// Opens sectors and reads blocks, with no more exchanges than that needs: a
/// sector that is open and a key that is loaded stay so.
pub(crate) struct BlockReader<'a> {
    dialect: &'a Dialect,
    /// How many authentications may follow.
    attempts_left: u8,
    /// Which of the dialect's key memories the reader has, as far as is known.
    memory: usize,
    /// The key that the reader holds.
    loaded: Option<&'a SectorKey>,
    /// The sector that is open, by the loaded key.
    open: Option<Sector>,
}

/// A refusal to open a sector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    /// What the reader answered.
    pub(crate) status_word: StatusWord,
    /// Whether the card may have refused the key. Otherwise reader or card
    /// could do nothing with any key.
    pub(crate) is_of_key: bool,
}

/// The bytes of a block, none for a write, or the status word that refused it.
pub(crate) type BlockRead = Result<Vec<u8>, StatusWord>;

impl<'a> BlockReader<'a> {
    /// A reader of that dialect, and how many authentications it may do.
    pub(crate) fn new(dialect: &'a Dialect, max_attempts: u8) -> Self {
        Self {
            dialect,
            attempts_left: max_attempts,
            memory: 0,
            loaded: None,
            open: None,
        }
    }

    /// How many authentications may follow.
    pub(crate) fn attempts_left(&self) -> u8 {
        self.attempts_left
    }

    /// Lets so many authentications follow.
    pub(crate) fn set_attempts(&mut self, n_attempts: u8) {
        self.attempts_left = n_attempts;
    }

    /// Reads a block with the first of these keys that opens its sector and may
    /// read it.
    pub(crate) fn read(
        &mut self,
        card: &mut Dialogue<'_>,
        block: Block,
        keys: impl IntoIterator<Item = &'a SectorKey>,
    ) -> Result<BlockRead, ReadError> {
        let command = Command::read_storage(block.number().into(), BLOCK_LENGTH);
        self.access(card, block, keys, &command)
    }

    /// Sets a block with the first of these keys that opens its sector and may
    /// write it. The data may be keys.
    pub(crate) fn write(
        &mut self,
        card: &mut Dialogue<'_>,
        block: Block,
        keys: impl IntoIterator<Item = &'a SectorKey>,
        data: &[u8; BLOCK_BYTES],
    ) -> Result<BlockRead, ReadError> {
        let mut command = Command::write_storage(block.number().into(), data);
        let answer = self.access(card, block, keys, &command);
        command.zeroize();
        if block.is_trailer() {
            // Its keys are others now.
            self.open = None;
        }
        answer
    }

    /// Opens a sector anew with this key; the status word when the card refuses
    /// it, or the reader does not take it.
    pub(crate) fn open(
        &mut self,
        card: &mut Dialogue<'_>,
        block: Block,
        key: &'a SectorKey,
    ) -> Result<Result<(), Refusal>, ReadError> {
        self.open = None;
        if let Err(status_word) = self.load(card, key)? {
            return Ok(Err(Refusal {
                status_word,
                is_of_key: false,
            }));
        }
        match self.authenticate(card, block, key)? {
            Ok(()) => Ok(Ok(())),
            Err(status_word) => Ok(Err(Refusal {
                status_word,
                is_of_key: self.another_key_may_help(Asked::Authenticate, status_word)?,
            })),
        }
    }

    /// Sends a command to a block, with the first of these keys that opens its
    /// sector and may do that.
    fn access(
        &mut self,
        card: &mut Dialogue<'_>,
        block: Block,
        keys: impl IntoIterator<Item = &'a SectorKey>,
        command: &Command,
    ) -> Result<BlockRead, ReadError> {
        let mut refused = StatusWord::SECURITY_NOT_SATISFIED;
        for key in self.in_order(keys) {
            let is_open = self.open == Some(block.sector()) && self.loaded == Some(key);
            if !is_open {
                if self.attempts_left == 0 {
                    break;
                }
                if let Err(word) = self.load(card, key)? {
                    return Ok(Err(word));
                }
                if let Err(word) = self.authenticate(card, block, key)? {
                    refused = word;
                    if self.another_key_may_help(Asked::Authenticate, word)? {
                        continue;
                    }
                    break;
                }
            }
            match content(card.ask(command)?) {
                Ok(bytes) => return Ok(Ok(bytes.to_vec())),
                Err(word) => {
                    // A refusal ends the authentication (MF1S50yyX, §9).
                    self.open = None;
                    refused = word;
                    if !self.another_key_may_help(Asked::Access, word)? {
                        break;
                    }
                }
            }
        }
        Ok(Err(refused))
    }

    /// The keys, the loaded one first: it opened the sector before.
    fn in_order(&self, keys: impl IntoIterator<Item = &'a SectorKey>) -> Vec<&'a SectorKey> {
        let mut keys = keys.into_iter().collect::<Vec<_>>();
        let at = keys.iter().position(|key| self.loaded == Some(*key));
        keys.rotate_left(at.unwrap_or_default());
        keys
    }

    /// Puts a key into the reader, into the first memory that takes it; the
    /// status word when none does.
    fn load(
        &mut self,
        card: &mut Dialogue<'_>,
        key: &'a SectorKey,
    ) -> Result<Result<(), StatusWord>, ReadError> {
        if self.loaded == Some(key) {
            return Ok(Ok(()));
        }
        (self.loaded, self.open) = (None, None);
        let mut refused = StatusWord::SECURITY_NOT_SATISFIED;
        let slot = self.place_of(key.kind).load_slot;
        let memories = self.dialect.key_memories.iter().enumerate();
        for (index, structure) in memories.skip(self.memory) {
            let mut command = Command::load_key(*structure, slot, key.key.reveal());
            let answer = card.ask(&command).map(|response| response.status_word);
            command.zeroize();
            let word = answer?;
            if word.is_ok() {
                (self.memory, self.loaded) = (index, Some(key));
                return Ok(Ok(()));
            }
            refused = word;
            if self.meaning(Asked::LoadKey, word)? != Meaning::WrongMemory {
                break;
            }
        }
        Ok(Err(refused))
    }

    fn authenticate(
        &mut self,
        card: &mut Dialogue<'_>,
        block: Block,
        key: &SectorKey,
    ) -> Result<Result<(), StatusWord>, ReadError> {
        let KeyPlace { kind, slot, .. } = self.place_of(key.kind);
        let command = match self.dialect.authenticate {
            AuthenticateForm::General => Command::authenticate_block(block.number(), kind, slot),
            AuthenticateForm::Short => {
                Command::authenticate_block_short(block.number(), kind, slot)
            }
        };
        self.attempts_left = self.attempts_left.saturating_sub(1);
        let word = card.ask(&command)?.status_word;
        self.open = word.is_ok().then(|| block.sector());
        Ok(if word.is_ok() { Ok(()) } else { Err(word) })
    }

    fn place_of(&self, kind: KeyKind) -> KeyPlace {
        match kind {
            KeyKind::A => self.dialect.key_a,
            KeyKind::B => self.dialect.key_b,
        }
    }

    /// Whether it makes sense to go on with the next configured key: the card
    /// refused this one, or the reader does not say what failed.
    fn another_key_may_help(&self, asked: Asked, word: StatusWord) -> Result<bool, ReadError> {
        Ok(match self.meaning(asked, word)? {
            Meaning::KeyRefused | Meaning::NotAuthenticated | Meaning::Unclear => true,
            Meaning::WrongMemory
            | Meaning::KeyNotTaken
            | Meaning::NoSuchBlock
            | Meaning::WrongCard
            | Meaning::NoAnswer => false,
        })
    }

    /// What a status word means on this reader. That the card does not answer
    /// is no answer of the card but a tear.
    fn meaning(&self, asked: Asked, word: StatusWord) -> Result<Meaning, ReadError> {
        match self.dialect.meaning(asked, word.value()) {
            Meaning::NoAnswer => Err(TransportError::CardGone.into()),
            meaning => Ok(meaning),
        }
    }
}
