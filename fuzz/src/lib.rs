//! What the targets share: cards that answer with the bytes of a fuzzer, a
//! school whose profile looks everywhere, and files around what a fuzzer gives.

mod given;
mod layouts;
mod memory;
mod roll;
mod school;
mod twisted;
mod workbook;

pub use given::GivenCard;
pub use layouts::{factory_result, making_file};
pub use memory::MemoryCard;
pub use roll::{SMALL, roll_is_sound};
pub use school::{keys, profile, same_bytes, writer};
pub use twisted::TwistedCard;
pub use workbook::workbook;

/// The most commands that any reading may need, whatever a card answers. It is
/// far above what readings of honest cards send: 4 places with their keys and
/// blocks, or the files of a profile, each with the exchanges of `61xx`, `6Cxx`
/// and `91AF`.
pub const MAX_COMMANDS: usize = 1_200;

/// Takes one byte off the front.
fn take_byte(input: &mut &[u8]) -> Option<u8> {
    let (&byte, rest) = input.split_first()?;
    *input = rest;
    Some(byte)
}

/// Takes so many bytes off the front; none when there are fewer.
fn take<'a>(input: &mut &'a [u8], n_bytes: u8) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(n_bytes.into())?;
    *input = rest;
    Some(taken)
}
