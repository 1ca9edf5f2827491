//! The wire between a virtual reader and the program that plays its cards.
//!
//! A virtual reader is a driver inside pcscd; the *player* is whoever connects
//! to it: a simulator, or a program in any language. One connection stands for
//! one reader as long as it lasts. `docs/virtual-reader.md` describes the same
//! for those who write a player of their own; this module is what both of our
//! ends share, and it holds bytes only: whoever has the connection reads and
//! writes it.
//!
//! Every message is a frame of eight bytes of head and a payload, all numbers
//! the high byte first:
//!
//! ```text
//! offset 0  2  kind       what it is
//! offset 2  2  sequence   ties an answer to its question
//! offset 4  4  length     of the payload, at most 65,792 bytes
//! offset 8     payload
//! ```
//!
//! A kind that is not known is passed over, and so are bytes at the end of a
//! payload that is longer than expected: what a later version adds does not
//! break an earlier one.

mod address;
mod frame;
mod message;

pub use address::{Address, AddressError};
pub use frame::{Frame, Inbox, MOST_PAYLOAD, WireError};
pub use message::{DriverMessage, Failure, PlayerMessage, Refusal, VERSION};
