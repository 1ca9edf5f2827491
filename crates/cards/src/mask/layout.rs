//! Which bytes of an answer say the same of many cards.
//!
//! Each function knows one published layout and keeps of it what recognition
//! and reading need. Sources stand where the layout is read: the families of
//! this crate and `hardware-notes/`.

use xueka_apdu::{Atr, StorageCard, tlv};

use super::{MaskedByte, values::Values};
use crate::decimal;

/// A masked run of bytes under construction.
pub(super) struct Sheet<'a> {
    bytes: &'a [u8],
    masked: Vec<Option<MaskedByte>>,
}

impl<'a> Sheet<'a> {
    /// Puts replacements where known values stand.
    pub(super) fn new(bytes: &'a [u8], values: &Values) -> Self {
        Self {
            bytes,
            masked: values.replace(bytes),
        }
    }

    /// Keeps a part, but for what was replaced in it.
    pub(super) fn keep(&mut self, start: usize, end: usize) {
        let part = self.masked.iter_mut().zip(self.bytes);
        for (slot, byte) in part.take(end).skip(start) {
            slot.get_or_insert(MaskedByte::Kept(*byte));
        }
    }

    /// Puts one made-up byte.
    fn make_up(&mut self, place: usize, value: u8) {
        if let Some(slot) = self.masked.get_mut(place) {
            *slot = Some(MaskedByte::MadeUp(value));
        }
    }

    /// Turns four bytes that are a day into the first day of its year.
    fn blur_day(&mut self, start: usize) {
        let day = self.bytes.get(start..start + 4).unwrap_or_default();
        if decimal::bcd_date(day).is_some() {
            self.keep(start, start + 2);
            self.make_up(start + 2, 0x01);
            self.make_up(start + 3, 0x01);
        } else if is_blank(day) {
            self.keep(start, start + 4);
        }
    }

    /// Keeps the padding behind a replaced number: `F` nibbles, blanks and
    /// zeros end it, and without them it would seem longer.
    pub(super) fn keep_padding(&mut self) {
        let mut after_value = false;
        for (slot, byte) in self.masked.iter_mut().zip(self.bytes) {
            match slot {
                Some(MaskedByte::MadeUp(_)) => after_value = true,
                None if after_value && matches!(byte, 0x00 | 0x20 | 0xFF) => {
                    *slot = Some(MaskedByte::Kept(*byte));
                }
                _ => after_value = false,
            }
        }
    }

    /// The masked bytes: what nothing was decided about is removed.
    pub(super) fn finish(self) -> Vec<MaskedByte> {
        let masked = self.masked.into_iter();
        masked
            .map(|byte| byte.unwrap_or(MaskedByte::Removed))
            .collect()
    }

    /// The bytes without those that were removed or replaced, zeros there.
    fn value_at(&self, place: usize) -> Option<u8> {
        self.masked.get(place).copied().flatten()?.value()
    }
}

/// Whether bytes were never written: all zeros or all ones.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0x00) || bytes.iter().all(|byte| *byte == 0xFF)
}

/// The number in the Beijing transit card's file with SFI 4.
pub(super) fn transit_number(file: &[u8]) -> Option<String> {
    let number = file
        .get(..8)
        .filter(|field| field.starts_with(&[0x10, 0x00]))?;
    decimal::bcd_number(number).map(xueka_domain::CardNumber::reveal)
}

/// The Beijing transit card's file with SFI 4: number, version, days.
pub(super) fn transit_info(sheet: &mut Sheet<'_>) {
    if sheet.bytes.starts_with(&[0x10, 0x00]) {
        sheet.keep(0, 2);
        sheet.keep(8, 11);
        sheet.blur_day(24);
        sheet.blur_day(28);
    }
}

/// The numbers that may stand in the file with SFI 21 of a transit
/// application: 19 or 16 digits, or an integer.
pub(super) fn union_numbers(file: &[u8]) -> Vec<String> {
    let field = |start, end| file.get(start..end).unwrap_or_default();
    let found = [
        decimal::bcd_number_after_zero(field(10, 20)),
        decimal::bcd_number(field(12, 20)),
        decimal::integer_number(field(16, 20).iter()),
    ];
    let found = found.into_iter().flatten();
    found.map(xueka_domain::CardNumber::reveal).collect()
}

/// The file with SFI 21 of T-Union (`is_t_union`) or `CityUnion`: issuer or
/// city, number, days.
pub(super) fn union_info(sheet: &mut Sheet<'_>, is_t_union: bool) {
    sheet.keep(0, if is_t_union { 10 } else { 4 });
    if !is_t_union {
        // Chongqing's last day.
        sheet.blur_day(8);
    }
    sheet.blur_day(20);
    sheet.blur_day(24);
}

/// The file with SFI 23 of T-Union: place and kind of card.
pub(super) fn t_union_class(sheet: &mut Sheet<'_>) {
    sheet.keep(0, 11);
}

/// The file with SFI 5 at the root, in which Chongqing keeps number and first
/// day.
pub(super) fn chongqing_number(file: &[u8]) -> Option<String> {
    decimal::bcd_date(file.get(20..24)?)?;
    decimal::bcd_number(file.get(12..20)?).map(xueka_domain::CardNumber::reveal)
}

/// See [`chongqing_number`].
pub(super) fn chongqing_info(sheet: &mut Sheet<'_>) {
    sheet.blur_day(20);
}

/// The answer to SELECT: tags and lengths, names and versions; and the copy of
/// the file with SFI 21 (`9F0C`) as that file.
pub(super) fn control_information(
    sheet: &mut Sheet<'_>,
    is_t_union: Option<bool>,
    values: &Values,
) {
    let bytes = sheet.bytes;
    let mut templates = vec![(0, bytes)];
    while let Some((start, template)) = templates.pop() {
        let mut next = 0;
        for element in tlv::elements(template) {
            let Ok(element) = element else { return };
            let value_at = element.value.as_ptr().addr() - template.as_ptr().addr();
            sheet.keep(start + next, start + value_at);
            next = value_at + element.value.len();
            match element.tag {
                0x6F | 0xA5 => templates.push((start + value_at, element.value)),
                // Name, directory file, priority, version.
                0x84 | 0x87 | 0x88 | 0x9F08 => sheet.keep(start + value_at, start + next),
                0x9F0C => {
                    if let Some(is_t_union) = is_t_union {
                        let mut inner = Sheet::new(element.value, values);
                        union_info(&mut inner, is_t_union);
                        sheet.put(start + value_at, inner);
                    }
                }
                _ => {}
            }
        }
        sheet.keep(start + next, start + template.len());
    }
}

impl Sheet<'_> {
    /// Takes over what was decided about a part.
    fn put(&mut self, start: usize, part: Sheet<'_>) {
        for (slot, byte) in self.masked.iter_mut().skip(start).zip(part.masked) {
            *slot = slot.or(byte);
        }
    }
}

/// A block of a MIFARE Classic. Access bits are no secret, keys are; block 0
/// says the UID's check byte, SAK and ATQA behind the UID.
pub(super) fn classic_block(sheet: &mut Sheet<'_>, block: usize) {
    let is_trailer = if block < 128 {
        block % 4 == 3
    } else {
        block % 16 == 15
    };
    if is_trailer {
        sheet.masked.fill(None);
        sheet.keep(6, 10);
    } else if block == 0 {
        let uid = sheet
            .masked
            .iter()
            .take_while(|byte| byte.is_some())
            .count();
        let (check, rest) = if uid == 4 { (Some(4), 5) } else { (None, uid) };
        if let Some(check) = check {
            let made_up = (0..4).filter_map(|place| sheet.value_at(place));
            sheet.make_up(check, made_up.fold(0, |all, byte| all ^ byte));
        }
        if uid >= 4 {
            sheet.keep(rest, rest + 3);
        }
    } else if is_blank(sheet.bytes) {
        sheet.keep(0, sheet.bytes.len());
    }
}

/// The memory of an Ultralight or NTAG from its first byte: UID with its check
/// bytes in the first nine, then capabilities and the frame of an NDEF text.
pub(super) fn ultralight_memory(sheet: &mut Sheet<'_>, values: &Values) {
    let bytes = sheet.bytes;
    if let [a, b, c, _, d, e, f, g, _, ..] = *bytes {
        let made_up = values.replace(&[a, b, c, d, e, f, g]);
        let made_up = made_up.into_iter().flatten().filter_map(MaskedByte::value);
        if let [a, b, c, d, e, f, g] = *made_up.collect::<Vec<_>>() {
            // The cascade tag 88 counts into the first check byte.
            let (first, second) = (0x88 ^ a ^ b ^ c, d ^ e ^ f ^ g);
            for (place, byte) in [a, b, c, first, d, e, f, g, second].into_iter().enumerate() {
                sheet.make_up(place, byte);
            }
        }
    }
    // Lock bytes, then E1 and what a tag can do.
    sheet.keep(10, 16);
    keep_ndef_frame(sheet, 16);
    for (page, content) in bytes.chunks(4).enumerate().skip(4) {
        if is_blank(content) {
            sheet.keep(page * 4, page * 4 + 4);
        }
    }
}

/// Keeps what is around the text of an NDEF text record: the TLV `03`, the
/// record's header, the type `T`, the language.
///
/// Source: NFC Forum Type 2 Tag, §2.3; NDEF, §3.2; Text RTD, §3.2.
fn keep_ndef_frame(sheet: &mut Sheet<'_>, start: usize) {
    let Some([0x03, _, 0xD1, 0x01, n_payload, b'T', status, text @ ..]) = sheet.bytes.get(start..)
    else {
        return;
    };
    let n_language = usize::from(status & 0x3F);
    sheet.keep(start, start + 7 + n_language);
    let end = usize::from(*n_payload).saturating_sub(1);
    if text.get(end) == Some(&0xFE) {
        sheet.keep(start + 7 + end, start + 7 + end + 1);
    }
}

/// The three frames of a DESFire's version: hardware, software, then UID and
/// production, of which the first two are kept.
pub(super) fn desfire_version(sheet: &mut Sheet<'_>) {
    sheet.keep(0, 14);
}

/// Historical bytes: seven say the kind of chip, of which there are many; a
/// serial number may follow, as on FM1208. Objects of ISO 7816-4 that an
/// issuer fills are removed.
pub(super) fn historical(sheet: &mut Sheet<'_>) {
    sheet.keep(0, 7);
}

/// An ATR. That of a storage card says nothing of one card; of others the
/// historical bytes are masked and the check byte is made to fit.
pub(super) fn atr(bytes: &[u8], values: &Values) -> Vec<MaskedByte> {
    let mut sheet = Sheet::new(bytes, values);
    let Ok(atr) = Atr::parse(bytes) else {
        sheet.keep(0, 2);
        return sheet.finish();
    };
    if StorageCard::from_atr(&atr).is_some() {
        sheet.masked.fill(None);
        sheet.keep(0, bytes.len());
        return sheet.finish();
    }
    let historical_bytes = atr.historical_bytes();
    let start = 2 + atr.interface_bytes().len();
    let end = start + historical_bytes.len();
    sheet.keep(0, start);
    let mut inner = Sheet::new(historical_bytes, values);
    historical(&mut inner);
    sheet.put(start, inner);
    // Removed bytes become zeros, for an ATR has no gaps.
    for place in start..end {
        if sheet.value_at(place).is_none() {
            sheet.make_up(place, 0x00);
        }
    }
    if end < bytes.len() {
        let said = (1..end).filter_map(|place| sheet.value_at(place));
        let check = said.fold(0, |all, byte| all ^ byte);
        if bytes.get(end) == Some(&check) {
            sheet.keep(end, end + 1);
        } else {
            sheet.make_up(end, check);
        }
    }
    sheet.finish()
}
