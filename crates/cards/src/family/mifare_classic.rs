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

use xueka_apdu::StatusWord;
use xueka_domain::{CardFamily, Uid};
use xueka_transport::Dialect;

use super::classic_blocks::BlockReader;
use crate::{
    Gap, NumberSource, ReadError, ReadingProfile,
    dialogue::Dialogue,
    findings::Findings,
    mifare::{Block, ClassicSize, ManufacturerBlock},
    profile::{
        field::Fields,
        place::{ClassicForm, ClassicPlace, InCopies, SectorKey},
    },
    write::copies::{self, Copy},
};

/// Reads number and dates from the first configured place that has a number.
/// Without a place that the card has, no number is promised and nothing is
/// sent.
pub(crate) fn read(
    card: &mut Dialogue<'_>,
    family: CardFamily,
    uid: Option<Uid>,
    dialect: &Dialect,
    profile: &ReadingProfile,
) -> Result<Findings, ReadError> {
    let mut findings = Findings::of(family);
    let Some(size) = ClassicSize::of(family) else {
        return Ok(findings);
    };
    let places = profile.classic(size);
    let places = places.map(|place| (place, place.keys_of(uid)));
    let places = places.collect::<Vec<_>>();
    let mut reader = BlockReader::new(dialect, profile.max_key_attempts());
    for (place, keys) in &places {
        if reader.attempts_left() == 0 {
            break;
        }
        findings = read_place(card, &mut reader, family, place, keys)?;
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
    uid: Option<Uid>,
    dialect: &Dialect,
    profile: &ReadingProfile,
) -> Result<Option<ManufacturerBlock>, ReadError> {
    let block = Block::MANUFACTURER;
    let Some(size) = ClassicSize::of(family) else {
        return Ok(None);
    };
    let in_sector = |place: &&ClassicPlace| {
        let mut blocks = place.form.blocks().into_iter();
        blocks.any(|known| known.sector() == block.sector())
    };
    let Some(place) = profile.classic(size).find(in_sector) else {
        return Ok(None);
    };
    let keys = place.keys_of(uid);
    let mut reader = BlockReader::new(dialect, profile.max_key_attempts());
    let content = reader.read(card, block, &keys)?.unwrap_or_default();
    Ok(content.try_into().ok().map(ManufacturerBlock::new))
}

/// Reads the number and, when there is one, the dates.
fn read_place<'a>(
    card: &mut Dialogue<'_>,
    reader: &mut BlockReader<'a>,
    family: CardFamily,
    place: &ClassicPlace,
    keys: &'a [SectorKey],
) -> Result<Findings, ReadError> {
    let mut findings = Findings::of(family);
    findings.assurance = place.assurance;
    match &place.form {
        ClassicForm::Blocks(fields) => {
            read_blocks(card, reader, fields, keys, &mut findings)?;
        }
        ClassicForm::Copies(copies) => {
            read_copies(card, reader, copies, keys, &mut findings)?;
        }
    }
    Ok(findings)
}

fn read_blocks<'a>(
    card: &mut Dialogue<'_>,
    reader: &mut BlockReader<'a>,
    fields: &Fields<Block>,
    keys: &'a [SectorKey],
    findings: &mut Findings,
) -> Result<(), ReadError> {
    for (block, _) in fields.places() {
        let content = reader.read(card, block, keys)?;
        let content = content.as_deref().map_err(|refused| *refused);
        fields.take(findings, block, content, source(block));
        if findings.number.is_none() {
            break;
        }
    }
    Ok(())
}

/// Reads both copies, since only both say which of them counts.
fn read_copies<'a>(
    card: &mut Dialogue<'_>,
    reader: &mut BlockReader<'a>,
    record: &InCopies<Block>,
    keys: &'a [SectorKey],
    findings: &mut Findings,
) -> Result<(), ReadError> {
    let mut read = |blocks: &[Block]| -> Result<Result<Vec<u8>, StatusWord>, ReadError> {
        let mut copy = Vec::new();
        for block in blocks {
            match reader.read(card, *block, keys)? {
                Ok(bytes) => copy.extend(bytes),
                Err(refused) => return Ok(Err(refused)),
            }
        }
        Ok(Ok(copy))
    };
    let (first, second) = match (read(&record.first)?, read(&record.second)?) {
        (Ok(first), Ok(second)) => (first, second),
        // The copy that can be read may be the one that no longer counts.
        (Err(refused), _) | (_, Err(refused)) => {
            findings.refused(&[Gap::CardNumber], refused);
            return Ok(());
        }
    };
    let held = copies::open(&first, &second);
    findings.record_writes = held.count;
    let content = Ok(held.data.unwrap_or_default());
    let blocks = match held.counts {
        Copy::First => &record.first,
        Copy::Second => &record.second,
    };
    let block = blocks.first().copied().unwrap_or(Block::MANUFACTURER);
    record.fields.take(findings, (), content, source(block));
    Ok(())
}

fn source(block: Block) -> NumberSource {
    NumberSource::MifareBlock {
        block: block.number(),
    }
}
