//! Answers put together to what they are parts of.
//!
//! What a byte means depends on the file and the place it was read from, and a
//! number can begin in one answer and end in the next. So all answers are
//! first laid out as files and memories ([`Area`]); those are masked as wholes
//! and cut apart again.

use std::{collections::BTreeMap, ops::Range};

use xueka_apdu::{Atr, StorageCard, StorageName, StorageStandard};

use super::{
    MaskedByte,
    layout::{self, Sheet},
    split,
    values::Values,
};
use crate::trace::{RawExchange, RawOutcome};

/// What an answer is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Area {
    /// `FF CA 00 00`.
    Uid,
    /// `FF CA 01 00`.
    Historical,
    /// The answer to SELECT of what is current since.
    Selected(Place),
    /// A file, by its short identifier, of what was current.
    File(Place, u8),
    /// The memory of a storage card, in units of so many bytes.
    Memory(usize),
    /// The three frames of a DESFire's version.
    DesfireVersion,
    /// Lists and settings of a DESFire: the same on all cards of an issuer.
    DesfireSettings,
    /// Anything else: nothing in it is kept.
    Other,
}

/// Where in its files a card stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Root,
    TUnion,
    CityUnion,
    Elsewhere,
}

/// One area with the bytes that are known of it.
struct Image {
    area: Area,
    bytes: BTreeMap<usize, u8>,
}

/// All answers of a trace.
pub(super) struct Answers {
    images: Vec<Image>,
    /// For each response, in their order, where its data field lies.
    parts: Vec<(usize, Range<usize>)>,
}

/// T-Union and `CityUnion` (nfsee `assets/read.js`; see `family/`).
const T_UNION: [u8; 8] = [0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05];
const CITY_UNION: [u8; 9] = [0xA0, 0x00, 0x00, 0x00, 0x03, 0x86, 0x98, 0x07, 0x01];

impl Answers {
    /// Lays out the answers.
    pub(super) fn gather(atr: &[u8], exchanges: &[RawExchange]) -> Self {
        let mut answers = Self {
            images: Vec::new(),
            parts: Vec::new(),
        };
        let mut walk = Walk::new(atr);
        for exchange in exchanges {
            match &exchange.outcome {
                RawOutcome::Failed(_) => walk.forget(),
                RawOutcome::Response(response) => {
                    let (data, status_word) = split(response);
                    let (area, start) = walk.follow(&exchange.command, data.len(), status_word);
                    let continues = walk.continues;
                    answers.put(area, start, data, continues);
                }
            }
        }
        answers
    }

    /// Learns the values that files of published layout hold.
    pub(super) fn learn(&self, values: &mut Values) {
        for (area, start, run) in self.runs() {
            let run = match area {
                // A profile may have asked for the middle of it alone.
                Area::File(Place::TUnion | Place::CityUnion, 21) if start <= 10 => {
                    from_beginning(start, &run)
                }
                _ if start == 0 => run,
                _ => continue,
            };
            match area {
                Area::Uid => values.add_uid(&run),
                Area::DesfireVersion => values.add_uid(run.get(14..21).unwrap_or_default()),
                Area::File(_, 4) => {
                    if let Some(number) = layout::transit_number(&run) {
                        values.add_number(&number);
                    }
                }
                Area::File(Place::Root, 5) => {
                    if let Some(number) = layout::chongqing_number(&run) {
                        values.add_number(&number);
                    }
                }
                Area::File(Place::TUnion | Place::CityUnion, 21) => {
                    for number in layout::union_numbers(&run) {
                        values.add_number(&number);
                    }
                }
                Area::Selected(Place::TUnion | Place::CityUnion) => {
                    let path = [0x6F, 0xA5, 0x9F0C];
                    let info = xueka_apdu::tlv::find(&run, &path).ok().flatten();
                    for number in info.map(layout::union_numbers).unwrap_or_default() {
                        values.add_number(&number);
                    }
                }
                _ => {}
            }
        }
    }

    /// The masked data field of each response, in their order.
    pub(super) fn mask(&self, values: &Values) -> Vec<Vec<MaskedByte>> {
        let masked = self.images.iter().map(|image| {
            let mut masked = BTreeMap::new();
            for (start, run) in image.runs() {
                let bytes = mask_run(image.area, start, &run, values);
                masked.extend((start..).zip(bytes));
            }
            masked
        });
        let masked = masked.collect::<Vec<BTreeMap<usize, MaskedByte>>>();
        let data = self.parts.iter().map(|(image, range)| {
            let image = masked.get(*image);
            let byte = |place: usize| image.and_then(|image| image.get(&place)).copied();
            let byte = |place| byte(place).unwrap_or(MaskedByte::Removed);
            range.clone().map(byte).collect()
        });
        data.collect()
    }

    /// Lays one answer into the newest image of its area, or into a new one
    /// when the area said something else before.
    fn put(&mut self, area: Area, start: usize, data: &[u8], continues: bool) {
        let is_shared = continues || matches!(area, Area::File(..) | Area::Memory(_));
        let newest = self.images.iter_mut().enumerate().rev();
        let fitting = newest
            .filter(|(_, image)| is_shared && image.area == area)
            .find(|(_, image)| image.agrees(start, data));
        let place = if let Some((place, image)) = fitting {
            image.bytes.extend((start..).zip(data.iter().copied()));
            place
        } else {
            let bytes = (start..).zip(data.iter().copied()).collect();
            self.images.push(Image { area, bytes });
            self.images.len() - 1
        };
        self.parts.push((place, start..start + data.len()));
    }

    fn runs(&self) -> impl Iterator<Item = (Area, usize, Vec<u8>)> {
        self.images.iter().flat_map(|image| {
            let runs = image.runs().into_iter();
            runs.map(|(start, run)| (image.area, start, run))
        })
    }
}

impl Image {
    fn agrees(&self, start: usize, data: &[u8]) -> bool {
        let mut data = (start..).zip(data);
        data.all(|(place, byte)| self.bytes.get(&place).is_none_or(|known| known == byte))
    }

    /// The bytes that stand without a gap, with the place of the first.
    fn runs(&self) -> Vec<(usize, Vec<u8>)> {
        let mut runs: Vec<(usize, Vec<u8>)> = Vec::new();
        for (place, byte) in &self.bytes {
            match runs.last_mut() {
                Some((start, run)) if *start + run.len() == *place => run.push(*byte),
                _ => runs.push((*place, vec![*byte])),
            }
        }
        runs
    }
}

fn mask_run(area: Area, start: usize, run: &[u8], values: &Values) -> Vec<MaskedByte> {
    if let Area::Memory(16) = area {
        return mask_blocks(start, run, values);
    }
    let whole = match area {
        Area::File(..) => from_beginning(start, run),
        _ => run.to_vec(),
    };
    let mut sheet = Sheet::new(&whole, values);
    match area {
        Area::Memory(_) if start == 0 => layout::ultralight_memory(&mut sheet, values),
        Area::File(Place::TUnion, 21) => layout::union_info(&mut sheet, true),
        Area::File(Place::CityUnion, 21) => layout::union_info(&mut sheet, false),
        Area::File(Place::TUnion, 23) => layout::t_union_class(&mut sheet),
        Area::File(_, 4) => layout::transit_info(&mut sheet),
        Area::File(Place::Root, 5) => layout::chongqing_info(&mut sheet),
        Area::Selected(place) => {
            let is_t_union = match place {
                Place::TUnion => Some(true),
                Place::CityUnion => Some(false),
                Place::Root | Place::Elsewhere => None,
            };
            layout::control_information(&mut sheet, is_t_union, values);
        }
        Area::Historical => layout::historical(&mut sheet),
        Area::DesfireVersion => layout::desfire_version(&mut sheet),
        Area::DesfireSettings => sheet.keep(0, run.len()),
        Area::Uid | Area::Memory(_) | Area::File(..) | Area::Other => {}
    }
    sheet.keep_padding();
    let masked = sheet.finish();
    masked.into_iter().skip(whole.len() - run.len()).collect()
}

/// A part of a file at its place in the file, zeros before it.
fn from_beginning(start: usize, run: &[u8]) -> Vec<u8> {
    let mut whole = vec![0; start];
    whole.extend_from_slice(run);
    whole
}

/// Blocks are masked one by one, and values that lie across two of them as
/// well.
fn mask_blocks(start: usize, run: &[u8], values: &Values) -> Vec<MaskedByte> {
    let across = values.replace(run);
    let first = 16 - start % 16;
    let (head, rest) = run.split_at_checked(first % 16).unwrap_or((run, &[]));
    let head = Some(head).filter(|head| !head.is_empty());
    let blocks = head.into_iter().chain(rest.chunks(16));
    let mut masked = Vec::with_capacity(run.len());
    for block in blocks {
        let number = (start + masked.len()) / 16;
        let mut sheet = Sheet::new(block, values);
        if block.len() == 16 {
            layout::classic_block(&mut sheet, number);
        }
        sheet.keep_padding();
        masked.extend(sheet.finish());
    }
    let masked = masked.into_iter().zip(across);
    masked
        .map(|(alone, across)| match alone {
            MaskedByte::MadeUp(_) => alone,
            MaskedByte::Kept(_) | MaskedByte::Removed => across.unwrap_or(alone),
        })
        .collect()
}

/// Follows where a card stands from command to command.
struct Walk {
    place: Place,
    file: Option<u8>,
    unit: usize,
    /// The area and the next place of an answer that goes on.
    last: (Area, usize),
    continues: bool,
}

impl Walk {
    fn new(atr: &[u8]) -> Self {
        let card = Atr::parse(atr).ok();
        let card = card.as_ref().and_then(StorageCard::from_atr);
        let is_paged = card.is_some_and(|card| {
            // Ultralight with NTAG, Ultralight C, Ultralight EV1.
            let ultralight = [0x0003, 0x003A, 0x003D].map(StorageName::from);
            ultralight.contains(&card.name)
                || matches!(card.standard, StorageStandard::Iso15693 { .. })
        });
        Self {
            place: Place::Root,
            file: None,
            unit: if is_paged { 4 } else { 16 },
            last: (Area::Other, 0),
            continues: false,
        }
    }

    /// The card was reset or has gone.
    fn forget(&mut self) {
        self.place = Place::Root;
        self.file = None;
        self.last = (Area::Other, 0);
    }

    /// What this answer is a part of, and where it begins there.
    fn follow(&mut self, command: &[u8], n_bytes: usize, status_word: &[u8]) -> (Area, usize) {
        self.continues = matches!(command, [_, 0xC0, ..] | [0x90, 0xAF, ..]);
        let (area, start) = if self.continues {
            self.last
        } else {
            self.begin(command, matches!(status_word, [0x90 | 0x61 | 0x62, _]))
        };
        self.last = (area, start + n_bytes);
        (area, start)
    }

    fn begin(&mut self, command: &[u8], is_done: bool) -> (Area, usize) {
        match *command {
            [0xFF, 0xCA, 0x00, ..] => (Area::Uid, 0),
            [0xFF, 0xCA, 0x01, ..] => (Area::Historical, 0),
            [0xFF, 0xB0, high, low, ..] => {
                let unit = usize::from(u16::from_be_bytes([high, low]));
                (Area::Memory(self.unit), unit * self.unit)
            }
            [0x00, 0xA4, ..] => {
                if is_done {
                    self.select(command);
                }
                (Area::Selected(self.place), 0)
            }
            [0x00, 0xB0, p1, p2, ..] if p1 & 0x80 != 0 => {
                let sfi = p1 & 0x1F;
                self.file = Some(sfi);
                (Area::File(self.place, sfi), usize::from(p2))
            }
            [0x00, 0xB0, p1, p2, ..] => {
                let offset = usize::from(u16::from_be_bytes([p1, p2]));
                let file = self
                    .file
                    .map_or(Area::Other, |sfi| Area::File(self.place, sfi));
                (file, offset)
            }
            [0x90, 0x60, ..] => (Area::DesfireVersion, 0),
            [0x90, 0x45 | 0x64 | 0x6A | 0x6E | 0x6F | 0xF5, ..] => (Area::DesfireSettings, 0),
            _ => (Area::Other, 0),
        }
    }

    fn select(&mut self, command: &[u8]) {
        let n_bytes = command.get(4).copied().map_or(0, usize::from);
        let wanted = command.get(5..5 + n_bytes).unwrap_or_default();
        self.file = None;
        match (command.get(2), wanted) {
            (Some(0x00), [] | [0x3F, 0x00]) => self.place = Place::Root,
            (Some(0x00), [0x00, id @ 1..=30]) => self.file = Some(*id),
            (_, name) if name == T_UNION => self.place = Place::TUnion,
            (_, name) if name == CITY_UNION => self.place = Place::CityUnion,
            _ => self.place = Place::Elsewhere,
        }
    }
}
