//! How a MIFARE Classic gets its content.

use super::sectors::{Sectors, access_bits};
use crate::{
    family::classic_blocks::BLOCK_BYTES,
    mifare::{AccessBits, Block, KeyKind, Sector},
    profile::place::{ClassicWrite, InCopies, NewTrailer},
    write::{
        CardContent, Content, KeyUse, Place, Step, WriteError,
        copies::{self, Copy},
    },
};

/// Plans the copy that does not count, then the trailers of both copies'
/// sectors; what stands there already is left out.
///
/// # Errors
///
/// [`WriteError`]: the card cannot be read with the keys of the profile, or not
/// be written with them; nothing is planned that could not be taken back.
pub(in crate::write) fn plan(
    sectors: &mut Sectors<'_>,
    record: &InCopies<Block>,
    write: &ClassicWrite,
    content: &CardContent,
) -> Result<Vec<Step>, WriteError> {
    let first = read_copy(sectors, &record.first, &write.keys)?;
    let second = read_copy(sectors, &record.second, &write.keys)?;
    let mut steps = Vec::new();
    let held = copies::open(&first, &second);
    let n_bytes = first.len();
    let n_data_bytes = n_bytes.saturating_sub(copies::N_SEAL_BYTES);
    let mut data = held.data.map_or(vec![0; n_data_bytes], <[u8]>::to_vec);
    content.lay_out(&record.fields, (), &mut data)?;
    if held.data != Some(&data) {
        let (blocks, stands) = match held.next {
            Copy::First => (&record.first, &first),
            Copy::Second => (&record.second, &second),
        };
        let sealed = copies::seal(&data, held.next_sequence, n_bytes);
        let sealed = sealed.ok_or(WriteError::DoesNotFit)?;
        let contents = stands.chunks(BLOCK_BYTES).zip(sealed.chunks(BLOCK_BYTES));
        for (block, (old, new)) in blocks.iter().zip(contents) {
            if old != new {
                steps.push(Step {
                    place: Place::ClassicBlock(block.number()),
                    keys: write.keys.to_vec(),
                    old: Content::Bytes(old.to_vec()),
                    new: Content::Bytes(new.to_vec()),
                });
            }
        }
    }
    let mut trailers = Vec::new();
    for sector in sectors_of(record) {
        let found = Found::look(sectors, sector, &write.keys)?;
        let may_write = |step: &Step| match step.place {
            Place::ClassicBlock(block) if Block::from(block).sector() == sector => {
                found.may_write(Block::from(block))
            }
            _ => true,
        };
        if !steps.iter().all(may_write) {
            return Err(WriteError::NotPermitted);
        }
        if let Some(new) = &write.trailer {
            trailers.extend(trailer_step(sectors, sector, found, new, &write.keys)?);
        }
    }
    steps.append(&mut trailers);
    Ok(steps)
}

fn read_copy(
    sectors: &mut Sectors<'_>,
    blocks: &[Block],
    keys: &[KeyUse],
) -> Result<Vec<u8>, WriteError> {
    let mut copy = Vec::new();
    for block in blocks {
        match sectors.read(*block, keys)? {
            Ok(bytes) if bytes.len() == BLOCK_BYTES => copy.extend(bytes),
            Ok(_) => return Err(WriteError::NotPermitted),
            Err(word) => return Err(WriteError::not_opened(word)),
        }
    }
    Ok(copy)
}

fn sectors_of(record: &InCopies<Block>) -> Vec<Sector> {
    let blocks = record.first.iter().chain(&record.second);
    let mut sectors = blocks.map(|block| block.sector()).collect::<Vec<_>>();
    sectors.sort_unstable();
    sectors.dedup();
    sectors
}

/// What is known of a sector: by which keys it opens, and what they may do.
struct Found {
    key_a: Option<String>,
    key_b: Option<String>,
    access: [u8; 4],
    bits: AccessBits,
}

impl Found {
    /// Tries the keys on a sector.
    fn look(
        sectors: &mut Sectors<'_>,
        sector: Sector,
        keys: &[KeyUse],
    ) -> Result<Self, WriteError> {
        let mut shown = None;
        let [mut key_a, mut key_b] = [None, None];
        for used in keys {
            let name = &used.name;
            match KeyKind::from_slot(used.slot) {
                Some(KeyKind::A) if key_a.is_none() => {
                    if let Some(found) = sectors.look(sector, name, KeyKind::A)? {
                        shown = Some(found);
                        key_a = Some(name.clone());
                    }
                }
                Some(KeyKind::B) if key_b.is_none() => {
                    let opens = sectors.opens(sector, name, KeyKind::B)?;
                    key_b = opens.then(|| name.clone());
                }
                _ => {}
            }
        }
        // Key A can always read the access bits of its trailer.
        let shown = shown.ok_or(WriteError::NotPermitted)?;
        let bits = shown.access_bits().ok_or(WriteError::NotPermitted)?;
        if !bits.key_b_opens() {
            key_b = sectors.name_of(&shown.key_b);
        }
        Ok(Self {
            key_a,
            key_b,
            access: shown.access,
            bits,
        })
    }

    fn has(&self, kind: KeyKind) -> bool {
        match kind {
            KeyKind::A => self.key_a.is_some(),
            KeyKind::B => self.key_b.is_some() && self.bits.key_b_opens(),
        }
    }

    fn may_write(&self, block: Block) -> bool {
        let allowed = self.bits.condition(block).of_data().write;
        [KeyKind::A, KeyKind::B]
            .into_iter()
            .any(|kind| self.has(kind) && allowed.includes(kind))
    }

    fn may_change_trailer(&self) -> bool {
        [KeyKind::A, KeyKind::B]
            .into_iter()
            .any(|kind| self.has(kind) && self.bits.may_be_changed_by(kind))
    }
}

/// The step that brings a trailer to its new content, unless it is there.
fn trailer_step(
    sectors: &mut Sectors<'_>,
    sector: Sector,
    found: Found,
    new: &NewTrailer,
    keys: &[KeyUse],
) -> Result<Option<Step>, WriteError> {
    let [first, second, third] = new.access.encode();
    // The free byte stays as it is.
    let [_, _, _, free] = found.access;
    let new = Content::Trailer {
        key_a: new.key_a.to_string(),
        access: [first, second, third, free],
        key_b: new.key_b.to_string(),
    };
    if sectors.holds(sector, &new)? {
        return Ok(None);
    }
    if !found.may_change_trailer() || access_bits(found.access).is_none() {
        return Err(WriteError::NotPermitted);
    }
    // Without the names of both keys the sector could not be set back.
    let (Some(key_a), Some(key_b)) = (found.key_a, found.key_b) else {
        return Err(WriteError::NotPermitted);
    };
    let old = Content::Trailer {
        key_a,
        access: found.access,
        key_b,
    };
    Ok(Some(Step {
        place: Place::ClassicTrailer {
            sector: sector.number(),
        },
        keys: keys.to_vec(),
        old,
        new,
    }))
}
