//! A tag whose memory is given.

use xueka_transport::{CardSession, CardTransport, TransportError};

/// A Type 2 tag (Ultralight, NTAG) whose pages hold a fuzzer's bytes, from the
/// capability container on; its reader does all else as it should.
pub struct MemoryCard<'a> {
    memory: &'a [u8],
}

/// The page that the memory begins with.
const FIRST_PAGE: usize = 3;
/// A reading of a block brings four pages.
const BLOCK_BYTES: usize = 16;

impl<'a> MemoryCard<'a> {
    /// The tag with these pages.
    #[must_use]
    pub fn new(memory: &'a [u8]) -> Self {
        Self { memory }
    }

    fn block(&self, page: u8) -> Option<[u8; BLOCK_BYTES]> {
        let begin = usize::from(page).checked_sub(FIRST_PAGE)? * 4;
        let there = self.memory.get(begin..).filter(|it| !it.is_empty())?;
        let mut block = [0; BLOCK_BYTES];
        for (to, from) in block.iter_mut().zip(there) {
            *to = *from;
        }
        Some(block)
    }
}

impl CardTransport for MemoryCard<'_> {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        response.clear();
        match command {
            [0xFF, 0xCA, 0x00, ..] => response.extend(b"\x04\xA1\xB2\xC3\xD4\xE5\xF6\x90\x00"),
            [0xFF, 0xB0, 0x00, page, ..] => match self.block(*page) {
                Some(block) => {
                    response.extend(block);
                    response.extend(b"\x90\x00");
                }
                None => response.extend(b"\x6A\x82"),
            },
            _ => response.extend(b"\x6D\x00"),
        }
        Ok(())
    }
}

impl CardSession for MemoryCard<'_> {
    fn atr(&self) -> &[u8] {
        b"\x3B\x8F\x80\x01\x80\x4F\x0C\xA0\x00\x00\x03\x06\x03\x00\x03\x00\x00\x00\x00\x68"
    }
}
