//! The places of a plan on a MIFARE Classic.

use xueka_domain::Uid;

use super::sectors::{Sectors, access_bits};
use crate::{
    family::classic_blocks::BLOCK_BYTES,
    mifare::{AccessBits, Block, KeyKind, Sector},
    write::{Content, KeyUse, Medium, Place, Side, Standing, Step, WriteError, WritePlan},
};

/// A MIFARE Classic with a plan.
pub(in crate::write) struct ClassicMedium<'a> {
    sectors: Sectors<'a>,
    plan: &'a WritePlan,
}

impl<'a> ClassicMedium<'a> {
    /// Refuses a plan by which the maker's block would be written, or a sector
    /// be left with nobody who could change it.
    ///
    /// # Errors
    ///
    /// [`WriteError::NoSuchPlace`], [`WriteError::LocksOut`].
    pub(in crate::write) fn new(
        sectors: Sectors<'a>,
        plan: &'a WritePlan,
    ) -> Result<Self, WriteError> {
        for step in &plan.steps {
            match (step.place, &step.old, &step.new) {
                (Place::ClassicBlock(block), Content::Bytes(old), Content::Bytes(new)) => {
                    let block = Block::from(block);
                    let is_whole = [old, new].iter().all(|it| it.len() == BLOCK_BYTES);
                    if block == Block::MANUFACTURER || block.is_trailer() || !is_whole {
                        return Err(WriteError::NoSuchPlace);
                    }
                }
                (
                    Place::ClassicTrailer { sector },
                    Content::Trailer { access: old, .. },
                    Content::Trailer { access: new, .. },
                ) => {
                    Sector::new(sector).ok_or(WriteError::NoSuchPlace)?;
                    let stays_open = |access: &[u8; 4]| {
                        access_bits(*access).is_some_and(AccessBits::may_be_changed)
                    };
                    if !stays_open(old) || !stays_open(new) {
                        return Err(WriteError::LocksOut);
                    }
                }
                _ => return Err(WriteError::NoSuchPlace),
            }
        }
        Ok(Self { sectors, plan })
    }

    fn has_trailer_of(&self, block: Block) -> bool {
        let sector = block.sector().number();
        let mut places = self.plan.steps.iter().map(|step| step.place);
        places.any(|place| place == Place::ClassicTrailer { sector })
    }

    fn block_standing(&mut self, step: &Step, block: Block) -> Result<Standing, WriteError> {
        match self.sectors.read(block, &step.keys)? {
            Ok(bytes) => Ok(compare(step, &bytes)),
            // The trailer may be torn, and its own step tells.
            Err(_) if self.has_trailer_of(block) => Ok(Standing::Other),
            Err(word) => Err(WriteError::refused(word)),
        }
    }

    /// A trailer that seems to be closed is looked at twice, and the card must
    /// be there before and after: some readers say of every failure the same.
    fn trailer_standing(&mut self, step: &Step, sector: Sector) -> Result<Standing, WriteError> {
        for _ in 0..2 {
            let standing = self.look_at_trailer(step, sector)?;
            if standing != Standing::Closed {
                return Ok(standing);
            }
            if self.sectors.uid()? != self.plan.uid {
                return Err(WriteError::OtherCard);
            }
        }
        Ok(Standing::Closed)
    }

    fn look_at_trailer(&mut self, step: &Step, sector: Sector) -> Result<Standing, WriteError> {
        if self.sectors.holds(sector, &step.new)? {
            return Ok(if step.new == step.old {
                Standing::Same
            } else {
                Standing::New
            });
        }
        if self.sectors.holds(sector, &step.old)? {
            return Ok(Standing::Old);
        }
        for used in &step.keys {
            if self.may_repair(sector, used)? {
                return Ok(Standing::Other);
            }
        }
        Ok(Standing::Closed)
    }

    /// Whether a key opens a trailer that is neither old nor new, and may set
    /// it. Access bits that are damaged block the sector for good.
    fn may_repair(&mut self, sector: Sector, used: &KeyUse) -> Result<bool, WriteError> {
        let Some(kind) = KeyKind::from_slot(used.slot) else {
            return Ok(false);
        };
        let shown = self.sectors.look(sector, &used.name, kind)?;
        let bits = shown.and_then(|shown| shown.access_bits());
        Ok(bits.is_some_and(|bits| bits.may_be_changed_by(kind)))
    }
}

fn compare(step: &Step, bytes: &[u8]) -> Standing {
    let is = |content: &Content| matches!(content, Content::Bytes(held) if held == bytes);
    match (is(&step.old), is(&step.new)) {
        (true, true) => Standing::Same,
        (true, false) => Standing::Old,
        (false, true) => Standing::New,
        (false, false) => Standing::Other,
    }
}

impl Medium for ClassicMedium<'_> {
    fn uid(&mut self) -> Result<Uid, WriteError> {
        self.sectors.uid()
    }

    fn standing(&mut self, step: &Step) -> Result<Standing, WriteError> {
        match step.place {
            Place::ClassicBlock(block) => self.block_standing(step, Block::from(block)),
            Place::ClassicTrailer { sector } => {
                let sector = Sector::new(sector).ok_or(WriteError::NoSuchPlace)?;
                self.trailer_standing(step, sector)
            }
            _ => Err(WriteError::NoSuchPlace),
        }
    }

    fn set(&mut self, step: &Step, side: Side) -> Result<(), WriteError> {
        let content = match side {
            Side::Old => &step.old,
            Side::New => &step.new,
        };
        match (step.place, content) {
            (Place::ClassicBlock(block), Content::Bytes(bytes)) => {
                let bytes = bytes.as_slice().try_into();
                let bytes = bytes.map_err(|_| WriteError::NoSuchPlace)?;
                self.sectors.write(Block::from(block), &step.keys, bytes)
            }
            (Place::ClassicTrailer { sector }, trailer) => {
                let sector = Sector::new(sector).ok_or(WriteError::NoSuchPlace)?;
                let bytes = self.sectors.trailer_bytes(trailer)?;
                self.sectors.write(sector.trailer(), &step.keys, &bytes)
            }
            _ => Err(WriteError::NoSuchPlace),
        }
    }
}
