//! T-Union transit card (交通联合).
//!
//! - AID `A0 00 00 06 32 01 01 05`.
//! - SFI 21, also in the answer to SELECT: bytes 10 to 19 are 20 BCD digits,
//!   the first a zero that is no part of the number, so 19 digits; bytes 20 to
//!   23 and 24 to 27 are the first and the last day of validity.
//! - SFI 23, byte 10: for whom the card was made; 2 is a student.
//! - Phones carry the card as well, with a random UID: the number names it.
//! - Balance, debt and trips are not read here; see `purse.rs`.
//!
//! Sources: nfcim/nfsee `assets/read.js`, `assets/codes.js`; metrodroid
//! `TUnionTransitData.kt`; sinpolib/nfcard `TUnion.java`;
//! hardware-notes/card-t-union.md.

use xueka_apdu::{Command, DfName, Le, Sfi};
use xueka_domain::{CardFamily, CardKind};

use super::info_file::{self, Info};
use crate::{
    Gap, ReadError,
    dialogue::{Dialogue, content},
    findings::Findings,
    profile::published,
};

/// The name of the application.
pub(crate) const APPLICATION: DfName =
    DfName::new([0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05]);

/// The file says more behind these bytes; a desk needs none of it.
const CLASS: Sfi = Sfi::new::<23>();
const CLASS_LENGTH: Le = Le::new::<11>();
const KIND_AT: usize = 10;

/// Reads the card; `None` when it has no T-Union application. Two exchanges
/// where SELECT offers everything, else three.
pub(crate) fn read(card: &mut Dialogue<'_>) -> Result<Option<Findings>, ReadError> {
    let is_whole = |info: &[u8]| parse_info(info).is_complete();
    let mut findings = match info_file::read(card, &APPLICATION, is_whole)? {
        None => return Ok(None),
        Some(Info::Bytes(info)) => parse_info(&info),
        Some(Info::Refused(refused)) => {
            let mut findings = Findings::of(CardFamily::TUnion);
            published::take(&mut findings, info_file::INFO, Err(refused));
            findings
        }
    };
    let response = card.ask(&Command::read_binary_by_sfi(CLASS, CLASS_LENGTH))?;
    match content(response) {
        Ok(class) => findings.set_kind(class.get(KIND_AT).copied().map(CardKind::from)),
        Err(refused) => findings.refused(&[Gap::CardKind], refused),
    }
    Ok(Some(findings))
}

fn parse_info(info: &[u8]) -> Findings {
    let mut findings = Findings::of(CardFamily::TUnion);
    published::take(&mut findings, info_file::INFO, Ok(info));
    findings
}
