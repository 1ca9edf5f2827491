//! MIFARE Classic (M1): 1K, 4K, Mini.
//!
//! - A sector opens with LOAD KEY, GENERAL AUTHENTICATE; then READ BINARY
//!   gives a block of 16 bytes. All three are answered by the reader.
//! - Some readers keep keys in non-volatile memory only and refuse the other:
//!   `6986` by the standard, `6982` and `6300` as seen in the field. Only then
//!   is the key stored for good, which wears the memory and leaves it there.
//! - Readers by ACS answer `6300` to any failure, so a failed authentication
//!   is not taken for a wrong key, and no other key is tried but those of
//!   further configured rules.
//! - The cipher is broken and cards with any UID are sold: a number behind a
//!   key is no better proved than one in a plain file.
//!
//! Sources: PC/SC Part 3, §3.2.2.1; liblogicalaccess
//! `mifareomnikeyxx21commands.cpp`, `acsacrresultchecker.cpp`; nfc-pcsc issue
//! 119; hardware-notes/card-mifare-classic.md.

use xueka_apdu::{Command, KeyMemory, Le, StatusWord};
use xueka_domain::{CardFamily, CardNumber};
use zeroize::Zeroize;

use crate::{
    Gap, NumberSource, ReadError, ReadingProfile,
    dialogue::{Dialogue, content},
    findings::Findings,
    profile::NumberPlace,
};

/// The reader's slot for the key: every reader that follows the standard has
/// this one.
const KEY_SLOT: u8 = 0x00;

const BLOCK_LENGTH: Le = Le::new::<16>();

/// Reads the number from the first configured place that has one. Without a
/// place that the card has, no number is promised and nothing is sent.
pub(crate) fn read(
    card: &mut Dialogue<'_>,
    family: CardFamily,
    profile: &ReadingProfile,
) -> Result<Findings, ReadError> {
    let mut findings = Findings::of(family);
    for place in profile.places(family) {
        findings = Findings::of(family);
        let source = NumberSource::MifareBlock {
            block: place.block(),
        };
        match read_place(card, place)? {
            Ok(number) => findings.set_number(number, source),
            Err(refused) => findings.refused(&[Gap::CardNumber], refused),
        }
        if findings.is_complete() {
            break;
        }
    }
    Ok(findings)
}

/// The number, `None` for a block that holds none, or the status word that
/// refused it.
type PlaceRead = Result<Option<CardNumber>, StatusWord>;

fn read_place(card: &mut Dialogue<'_>, place: &NumberPlace) -> Result<PlaceRead, ReadError> {
    let mut loaded = load_key(card, place, KeyMemory::Volatile)?;
    if has_no_volatile_memory(loaded) {
        loaded = load_key(card, place, KeyMemory::NonVolatile)?;
    }
    if !loaded.is_ok() {
        return Ok(Err(loaded));
    }
    let block = place.block();
    let authenticate = Command::authenticate_block(block, place.key_kind(), KEY_SLOT);
    let opened = card.ask(&authenticate)?.status_word;
    if !opened.is_ok() {
        return Ok(Err(opened));
    }
    let response = card.ask(&Command::read_storage(block.into(), BLOCK_LENGTH))?;
    Ok(content(response).map(|block| place.number(block)))
}

fn load_key(
    card: &mut Dialogue<'_>,
    place: &NumberPlace,
    memory: KeyMemory,
) -> Result<StatusWord, ReadError> {
    let mut command = Command::load_key(memory, KEY_SLOT, place.key().reveal());
    let loaded = card.ask(&command).map(|response| response.status_word);
    command.zeroize();
    loaded
}

fn has_no_volatile_memory(loaded: StatusWord) -> bool {
    matches!(
        loaded,
        StatusWord::NOT_ALLOWED | StatusWord::SECURITY_NOT_SATISFIED | StatusWord::NO_INFORMATION
    )
}
