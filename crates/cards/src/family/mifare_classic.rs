//! MIFARE Classic (M1): 1K, 4K, Mini.
//!
//! - A sector opens with LOAD KEY, GENERAL AUTHENTICATE; then READ BINARY
//!   gives a block of 16 bytes. All three are answered by the reader, and
//!   readers differ in them: the `Dialect` says how.
//! - Several keys may be configured for a place, since schools change theirs.
//!   They are tried in their order and no more often than is configured: a
//!   reading is no search for a key.
//! - Readers by ACS answer `6300` to any failure. It leads to the next
//!   configured key, as a wrong key would, and is reported as it came: nothing
//!   says that the key was wrong.
//! - The cipher is broken and cards with any UID are sold: a number behind a
//!   key is no better proved than one in a plain file.
//!
//! Sources: PC/SC Part 3, §3.2.2.1; liblogicalaccess
//! `mifareomnikeyxx21commands.cpp`, `acsacrresultchecker.cpp`; nfc-pcsc issue
//! 119; hardware-notes/card-mifare-classic.md.

use xueka_apdu::{Command, Le, StatusWord};
use xueka_domain::CardFamily;
use xueka_transport::{Asked, AuthenticateForm, Dialect, KeyPlace, Meaning, TransportError};
use zeroize::Zeroize;

use crate::{
    NumberSource, ReadError, ReadingProfile,
    dialogue::{Dialogue, content},
    findings::Findings,
    mifare::{Block, ClassicSize, KeyKind, ManufacturerBlock, Sector},
    profile::place::{ClassicPlace, SectorKey},
};

const BLOCK_LENGTH: Le = Le::new::<16>();

/// Reads number and dates from the first configured place that has a number.
/// Without a place that the card has, no number is promised and nothing is
/// sent.
pub(crate) fn read(
    card: &mut Dialogue<'_>,
    family: CardFamily,
    dialect: &Dialect,
    profile: &ReadingProfile,
) -> Result<Findings, ReadError> {
    let mut findings = Findings::of(family);
    let Some(size) = ClassicSize::of(family) else {
        return Ok(findings);
    };
    let mut reader = BlockReader::new(dialect, profile.max_key_attempts());
    for place in profile.classic(size) {
        if reader.attempts_left == 0 {
            break;
        }
        findings = read_place(card, &mut reader, family, place)?;
        if findings.number.is_some() {
            break;
        }
    }
    Ok(findings)
}

/// Reads block 0, in which the maker wrote what the chip is, where the profile
/// has keys for its sector; `None` where it has none or they do not open it.
///
/// For a close look at the card: a reading has no need of it.
pub(crate) fn read_block_0(
    card: &mut Dialogue<'_>,
    family: CardFamily,
    dialect: &Dialect,
    profile: &ReadingProfile,
) -> Result<Option<ManufacturerBlock>, ReadError> {
    let block = Block::MANUFACTURER;
    let Some(size) = ClassicSize::of(family) else {
        return Ok(None);
    };
    let in_sector = |place: &&ClassicPlace| {
        let mut places = place.fields.places().into_iter();
        places.any(|(known, _)| known.sector() == block.sector())
    };
    let Some(place) = profile.classic(size).find(in_sector) else {
        return Ok(None);
    };
    let mut reader = BlockReader::new(dialect, profile.max_key_attempts());
    let content = reader.read(card, block, &place.keys)?.unwrap_or_default();
    Ok(content.try_into().ok().map(ManufacturerBlock::new))
}

/// Reads the number and, when there is one, the dates.
fn read_place<'a>(
    card: &mut Dialogue<'_>,
    reader: &mut BlockReader<'a>,
    family: CardFamily,
    place: &'a ClassicPlace,
) -> Result<Findings, ReadError> {
    let mut findings = Findings::of(family);
    findings.assurance = place.assurance;
    for (block, _) in place.fields.places() {
        let content = reader.read(card, block, &place.keys)?;
        let content = content.as_deref().map_err(|refused| *refused);
        let source = NumberSource::MifareBlock {
            block: block.number(),
        };
        place.fields.take(&mut findings, block, content, source);
        if findings.number.is_none() {
            break;
        }
    }
    Ok(findings)
}

/// Opens sectors and reads blocks, with no more exchanges than that needs: a
/// sector that is open and a key that is loaded stay so.
struct BlockReader<'a> {
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

/// The bytes of a block, or the status word that refused it.
type BlockRead = Result<Vec<u8>, StatusWord>;

impl<'a> BlockReader<'a> {
    fn new(dialect: &'a Dialect, max_attempts: u8) -> Self {
        Self {
            dialect,
            attempts_left: max_attempts,
            memory: 0,
            loaded: None,
            open: None,
        }
    }

    /// Reads a block with the first of these keys that opens its sector and may
    /// read it.
    fn read(
        &mut self,
        card: &mut Dialogue<'_>,
        block: Block,
        keys: &'a [SectorKey],
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
            let command = Command::read_storage(block.number().into(), BLOCK_LENGTH);
            match content(card.ask(&command)?) {
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
    fn in_order(&self, keys: &'a [SectorKey]) -> impl Iterator<Item = &'a SectorKey> + use<'a> {
        let at = keys.iter().position(|key| self.loaded == Some(key));
        let (before, from) = keys.split_at(at.unwrap_or_default());
        from.iter().chain(before)
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
