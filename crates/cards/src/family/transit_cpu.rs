//! Beijing transit CPU card (市政交通一卡通, BMAC).
//!
//! - The file with SFI 4 at the root opens without a key: `00 B0 84 00 20`.
//!   It is one of these cards when the answer begins `10 00`.
//! - Bytes 0 to 7 are the card number: 16 BCD digits beginning 1000.
//! - Bytes 24 to 27 and 28 to 31 are the first and the last day of validity,
//!   BCD `YYYYMMDD`.
//! - Bytes 8 to 10 are the version of the layout, shown as `XX.XXXX`.
//! - The purse (DF `1001`) holds balance and trips; see `purse.rs`.
//!
//! Sources: nfcim/nfsee `assets/read.js`; metrodroid `BeijingTransitData.kt`;
//! sinpolib/nfcard `BeijingMunicipal.java`;
//! hardware-notes/card-transit-cpu.md.

use xueka_apdu::{Command, FileId, Le, Sfi};
use xueka_domain::CardFamily;

use crate::{
    LayoutVersion, ReadError,
    dialogue::{Dialogue, content},
    findings::Findings,
    profile::published,
};

const INFO: Sfi = Sfi::new::<4>();
const INFO_LENGTH: Le = Le::new::<32>();

/// With these two bytes begins the number of every such card.
const NUMBER_BEGINS: [u8; 2] = [0x10, 0x00];

/// Where the version of the layout begins.
const VERSION_AT: usize = 8;

/// Reads the card from the directory in which it stands; `None` when it is no
/// Beijing card. One exchange.
pub(crate) fn read(card: &mut Dialogue<'_>) -> Result<Option<Findings>, ReadError> {
    let response = card.ask(&Command::read_binary_by_sfi(INFO, INFO_LENGTH))?;
    let info = content(response).unwrap_or_default();
    if !info.starts_with(&NUMBER_BEGINS) {
        return Ok(None);
    }
    let mut findings = Findings::of(CardFamily::TransitCpu);
    published::take(&mut findings, INFO, Ok(info));
    let version = info.get(VERSION_AT..).and_then(<[u8]>::first_chunk);
    findings.version = version.copied().map(LayoutVersion);
    Ok(Some(findings))
}

/// Leads the card back to the root of its files, which another program that
/// shares the reader may have left. `false`: it has none.
pub(crate) fn return_to_root(card: &mut Dialogue<'_>) -> Result<bool, ReadError> {
    let response = card.ask(&Command::select_by_id(FileId::MF))?;
    Ok(response.status_word.is_ok())
}
