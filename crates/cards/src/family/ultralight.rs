//! MIFARE Ultralight and NTAG: pages of four bytes.
//!
//! - READ BINARY at a page gives sixteen bytes: four pages, or fewer on some
//!   readers. It is answered by the reader.
//! - From the last page a chip goes on with page 0, so the pages behind the last
//!   one seem to hold the UID. A page that looks like page 0 is read by itself,
//!   which a page that does not exist refuses.
//! - Pages may lie behind a password. No reader has a common command for it, so
//!   they are refused, and reported so.
//!
//! Sources: PC/SC Part 3, §3.2.2.1.8; NXP MF0ICU1 data sheet, §7.6.5 (READ), and
//! `NTAG213_215_216` data sheet, §10.2; hardware-notes/card-ultralight-ntag.md.

use std::collections::BTreeMap;

use xueka_apdu::{Command, Le, StatusWord};
use xueka_domain::{CardFamily, CardNumber, Uid};

use crate::{
    Gap, NumberSource, ReadError, ReadingProfile,
    dialogue::{Dialogue, content},
    findings::Findings,
    ndef,
    profile::{
        field::Fields,
        place::{InCopies, PageForm, PagePlace, TextPattern},
    },
    type2::{CapabilityContainer, NdefSearch, PAGE_BYTES, find_ndef},
    write::copies::{self, Copy},
};

const READ_LENGTH: Le = Le::new::<16>();

/// The longest part of a data area that is read for a text, in bytes: the whole
/// of the largest NTAG.
const MAX_AREA: usize = 888;

/// The most reads on one card: those that the longest text takes, four pages at
/// once. A card is given up that is read more slowly than that.
const MAX_READS: u8 = 56;

/// Reads number and dates from the first configured place that has a number.
/// Without a place no number is promised and nothing is sent.
pub(crate) fn read(
    card: &mut Dialogue<'_>,
    uid: Option<Uid>,
    profile: &ReadingProfile,
) -> Result<Findings, ReadError> {
    let mut findings = Findings::of(CardFamily::Ultralight);
    let mut pages = Pages {
        known: BTreeMap::new(),
        first_page: uid.and_then(first_page),
        reads_left: MAX_READS,
    };
    for place in profile.pages() {
        findings = read_place(card, &mut pages, place)?;
        if findings.number.is_some() {
            break;
        }
    }
    Ok(findings)
}

fn read_place(
    card: &mut Dialogue<'_>,
    pages: &mut Pages,
    place: &PagePlace,
) -> Result<Findings, ReadError> {
    let mut findings = Findings::of(CardFamily::Ultralight);
    findings.assurance = place.assurance;
    match &place.form {
        PageForm::Fields(fields) => read_fields(card, pages, fields, &mut findings)?,
        PageForm::Copies(record) => read_copies(card, pages, record, &mut findings)?,
        PageForm::NdefText(pattern) => match read_text(card, pages, pattern)? {
            Ok(number) => findings.set_number(number, NumberSource::NdefText),
            Err(refused) => findings.refused(&[Gap::CardNumber], refused),
        },
    }
    Ok(findings)
}

fn read_fields(
    card: &mut Dialogue<'_>,
    pages: &mut Pages,
    fields: &Fields<u8>,
    findings: &mut Findings,
) -> Result<(), ReadError> {
    for (page, n_bytes) in fields.places() {
        let content = pages.read(card, page, n_bytes)?;
        let content = content.as_deref().map_err(|refused| *refused);
        fields.take(findings, page, content, NumberSource::Page { page });
        if findings.number.is_none() {
            break;
        }
    }
    Ok(())
}

/// Reads both copies, since only both say which of them counts.
fn read_copies(
    card: &mut Dialogue<'_>,
    pages: &mut Pages,
    record: &InCopies<u8>,
    findings: &mut Findings,
) -> Result<(), ReadError> {
    let mut read = |copy: &[u8]| {
        let first = copy.first().copied().unwrap_or_default();
        pages.read(card, first, copy.len() * PAGE_BYTES)
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
    let page = match held.counts {
        Copy::First => record.first.first(),
        Copy::Second => record.second.first(),
    };
    let page = page.copied().unwrap_or_default();
    let content = Ok(held.data.unwrap_or_default());
    let source = NumberSource::Page { page };
    record.fields.take(findings, (), content, source);
    Ok(())
}

/// The number in the first text that has one, `None` when there is none, or the
/// status word that refused a page.
fn read_text(
    card: &mut Dialogue<'_>,
    pages: &mut Pages,
    pattern: &TextPattern,
) -> Result<Result<Option<CardNumber>, StatusWord>, ReadError> {
    let first = match pages.read(card, CapabilityContainer::PAGE, PAGE_BYTES)? {
        Ok(bytes) => bytes.first_chunk().copied(),
        Err(refused) => return Ok(Err(refused)),
    };
    let container = first.and_then(CapabilityContainer::parse);
    let Some(container) = container.filter(|container| container.is_readable()) else {
        return Ok(Ok(None));
    };
    let n_area_bytes = container.n_data_bytes().min(MAX_AREA);
    let mut n_known = 0;
    loop {
        // What is known already costs nothing.
        let known = pages.read(card, CapabilityContainer::FIRST_DATA_PAGE, n_known)?;
        let known = match known {
            Ok(known) => known,
            Err(refused) => return Ok(Err(refused)),
        };
        match find_ndef(&known, n_area_bytes) {
            NdefSearch::Need(n_bytes) if n_bytes > n_known => n_known = n_bytes,
            NdefSearch::Found(message) => {
                let number = ndef::texts(&message).find_map(|text| number_in(&text, pattern));
                return Ok(Ok(number));
            }
            NdefSearch::Need(_) | NdefSearch::Absent => return Ok(Ok(None)),
        }
    }
}

/// The number in a text of this pattern.
fn number_in(text: &str, pattern: &TextPattern) -> Option<CardNumber> {
    let rest = text.strip_prefix(&*pattern.prefix)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let number: CardNumber = rest.get(..end)?.parse().ok()?;
    let fits = pattern
        .n_digits
        .is_none_or(|n_digits| n_digits == number.n_digits());
    fits.then_some(number)
}

/// Page 0 of a chip with this UID: its first three bytes and their check byte.
///
/// Source: ISO/IEC 14443-3:2018, §6.5.4: the cascade tag `88` is checked with
/// them.
fn first_page(uid: Uid) -> Option<[u8; PAGE_BYTES]> {
    match *uid.reveal() {
        [first, second, third, _, _, _, _] => {
            Some([first, second, third, 0x88 ^ first ^ second ^ third])
        }
        _ => None,
    }
}

/// The pages that are known so far.
struct Pages {
    known: BTreeMap<u8, [u8; PAGE_BYTES]>,
    /// What page 0 must hold, which tells that a read went round.
    first_page: Option<[u8; PAGE_BYTES]>,
    /// How many reads may follow.
    reads_left: u8,
}

impl Pages {
    /// So many bytes from the beginning of a page on; reads what is not known
    /// yet, four pages at once. Shorter when the card gives no more.
    fn read(
        &mut self,
        card: &mut Dialogue<'_>,
        first: u8,
        n_bytes: usize,
    ) -> Result<Result<Vec<u8>, StatusWord>, ReadError> {
        let mut bytes = Vec::with_capacity(n_bytes);
        for page in first..=u8::MAX {
            if bytes.len() >= n_bytes {
                break;
            }
            if !self.known.contains_key(&page)
                && let Err(refused) = self.fetch(card, page)?
            {
                return Ok(Err(refused));
            }
            let Some(known) = self.known.get(&page) else {
                break;
            };
            bytes.extend_from_slice(known);
        }
        Ok(Ok(bytes))
    }

    /// Reads from a page on and keeps the whole pages of the answer.
    fn fetch(
        &mut self,
        card: &mut Dialogue<'_>,
        page: u8,
    ) -> Result<Result<(), StatusWord>, ReadError> {
        let Some(reads_left) = self.reads_left.checked_sub(1) else {
            return Ok(Ok(()));
        };
        self.reads_left = reads_left;
        let response = card.ask(&Command::read_storage(page.into(), READ_LENGTH))?;
        let bytes = match content(response) {
            Ok(bytes) => bytes,
            Err(refused) => return Ok(Err(refused)),
        };
        let (whole, _) = bytes.as_chunks::<PAGE_BYTES>();
        for (number, (index, data)) in (page..=u8::MAX).zip(whole.iter().enumerate()) {
            if index > 0 && self.first_page == Some(*data) {
                break;
            }
            self.known.insert(number, *data);
        }
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_texts() {
        let cases = [
            ("No. 2024001712", "No. ", None, Some("2024001712")),
            ("No. 2024001712", "No. ", Some(10), Some("2024001712")),
            ("No. 2024001712", "No. ", Some(8), None),
            ("No. 20240017, Class 3", "No. ", Some(8), Some("20240017")),
            ("20240017", "", None, Some("20240017")),
            ("学号：20240017", "学号：", None, Some("20240017")),
            ("X 20240017", "No. ", None, None),
            ("No. 123", "No. ", None, None),
            ("No. ", "No. ", None, None),
        ];
        for (text, prefix, n_digits, expected) in cases {
            let pattern = TextPattern {
                prefix: prefix.into(),
                n_digits,
            };
            let number = number_in(text, &pattern).map(CardNumber::reveal);
            assert_eq!(number.as_deref(), expected, "{text}, {prefix}");
        }
    }
}
