//! Memory in numbered blocks that anyone may read and write (ISO 15693).

use super::{
    command::{refuse, reply_exactly},
    pseudo::Memory,
    status,
};

/// Bytes in a block and blocks on the card, as on an ICODE SLI.
///
/// Source: NXP SL2 ICS20 data sheet, memory organisation.
const BLOCK: usize = 4;
const N_BLOCKS: usize = 28;

/// The memory of an ISO 15693 card.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    bytes: [u8; BLOCK * N_BLOCKS],
}

impl Default for Blocks {
    fn default() -> Self {
        Self {
            bytes: [0; BLOCK * N_BLOCKS],
        }
    }
}

impl Blocks {
    fn block(&mut self, block: u16) -> Option<&mut [u8]> {
        let start = usize::from(block) * BLOCK;
        self.bytes.get_mut(start..start + BLOCK)
    }
}

impl Memory for Blocks {
    fn read(&mut self, block: u16, le: u8) -> Vec<u8> {
        match self.block(block) {
            Some(block) => reply_exactly(block, le),
            None => refuse(status::NOT_FOUND),
        }
    }

    fn write(&mut self, block: u16, data: &[u8]) -> u16 {
        match self.block(block) {
            Some(block) if block.len() == data.len() => {
                block.copy_from_slice(data);
                status::OK
            }
            Some(_) => status::WRONG_LENGTH,
            None => status::NOT_FOUND,
        }
    }
}
