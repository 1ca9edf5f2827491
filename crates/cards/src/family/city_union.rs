//! `CityUnion` transit card (城市一卡通).
//!
//! - AID `A0 00 00 00 03 86 98 07 01`.
//! - SFI 21, also in the answer to SELECT: bytes 2 and 3 are the city; bytes
//!   12 to 19 are the number, 16 BCD digits; bytes 20 to 23 and 24 to 27 are
//!   the first and the last day of validity.
//! - Shanghai (city `20 00`): bytes 16 to 19 are the number, an unsigned
//!   integer, most significant byte first; the bytes before are no digits.
//! - Chongqing (city `40 00`): bytes 8 to 11 are the last day of validity;
//!   number and first day stand in the file with SFI 5 at the root, bytes 12
//!   to 19 and 20 to 23.
//!
//! nfsee takes bytes 12 to 19 as digits; metrodroid takes bytes 16 to 19 as an
//! integer, least significant byte first outside Shanghai. The two agree on
//! no card outside Shanghai. The digits are taken here, since a number of 16
//! digits can stand in print; bytes that are no digits are reported missing
//! rather than guessed at. In Shanghai there are no digits, and both metrodroid
//! and nfcard read the integer.
//!
//! A campus card of the same family keeps name and student number in SFI 22.
//! No name is ever read; balance and trips are left to `purse.rs`.
//!
//! Sources: nfcim/nfsee `assets/read.js`; metrodroid
//! `CityUnionTransitData.kt`; sinpolib/nfcard `CityUnion.java`;
//! hardware-notes/card-city-union.md.

use xueka_apdu::{Command, DfName, FileId, Le, Sfi};
use xueka_domain::CardFamily;

use super::info_file::{self, Info};
use crate::{
    Gap, NumberSource, ReadError, decimal,
    dialogue::{Dialogue, content},
    findings::Findings,
    profile::published,
};

/// The name of the application.
pub(crate) const APPLICATION: DfName =
    DfName::new([0xA0, 0x00, 0x00, 0x00, 0x03, 0x86, 0x98, 0x07, 0x01]);

/// City codes, two BCD bytes.
const SHANGHAI: [u8; 2] = [0x20, 0x00];
const CHONGQING: [u8; 2] = [0x40, 0x00];

/// Chongqing's file at the root, up to the end of the first day.
const ROOT_INFO: Sfi = Sfi::new::<5>();
const ROOT_INFO_LENGTH: Le = Le::new::<24>();

/// Reads the card; `None` when it has no `CityUnion` application. One exchange
/// where SELECT offers everything, else two; two more for Chongqing.
pub(crate) fn read(card: &mut Dialogue<'_>) -> Result<Option<Findings>, ReadError> {
    let is_whole = |info: &[u8]| parse_info(info).is_complete();
    match info_file::read(card, &APPLICATION, is_whole)? {
        None => Ok(None),
        Some(Info::Bytes(info)) => {
            let mut findings = parse_info(&info);
            if city(&info) == Some(CHONGQING) {
                add_root_info(card, &mut findings)?;
            }
            Ok(Some(findings))
        }
        Some(Info::Refused(refused)) => {
            let mut findings = Findings::of(CardFamily::CityUnion);
            published::take(&mut findings, info_file::INFO, Err(refused));
            Ok(Some(findings))
        }
    }
}

fn city(info: &[u8]) -> Option<[u8; 2]> {
    info.get(2..4)?.try_into().ok()
}

/// What SFI 21 says; of a Chongqing card that is the last day alone.
fn parse_info(info: &[u8]) -> Findings {
    let field = |start, end| info.get(start..end).unwrap_or_default();
    let mut findings = Findings::of(CardFamily::CityUnion);
    match city(info) {
        Some(CHONGQING) => findings.set_valid_until(decimal::bcd_date(field(8, 12))),
        Some(SHANGHAI) => {
            let source = NumberSource::PlainFile {
                sfi: info_file::INFO.number(),
            };
            findings.set_number(decimal::integer_number(field(16, 20).iter()), source);
            findings.set_valid_from(decimal::bcd_date(field(20, 24)));
            findings.set_valid_until(decimal::bcd_date(field(24, 28)));
        }
        _ => published::take(&mut findings, info_file::INFO, Ok(info)),
    }
    findings
}

/// Adds what a Chongqing card keeps at the root of its files.
fn add_root_info(card: &mut Dialogue<'_>, findings: &mut Findings) -> Result<(), ReadError> {
    let parts = [Gap::CardNumber, Gap::ValidFrom];
    let root = card.ask(&Command::select_by_id(FileId::MF))?;
    if !root.status_word.is_ok() {
        findings.refused(&parts, root.status_word);
        return Ok(());
    }
    let response = card.ask(&Command::read_binary_by_sfi(ROOT_INFO, ROOT_INFO_LENGTH))?;
    match content(response) {
        Ok(info) => {
            let field = |start, end| info.get(start..end).unwrap_or_default();
            let source = NumberSource::PlainFile {
                sfi: ROOT_INFO.number(),
            };
            findings.set_number(decimal::bcd_number(field(12, 20)), source);
            findings.set_valid_from(decimal::bcd_date(field(20, 24)));
        }
        Err(refused) => findings.refused(&parts, refused),
    }
    Ok(())
}
