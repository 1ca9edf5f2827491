//! The seams between cards, readers and those who use them.
//!
//! [`CardTransport`] carries bytes to one card; [`CardReader`] opens the card
//! in one reader's field; [`ReaderSource`] tells which readers there are and
//! what happens in their fields; [`Dialect`] says what differs between reader
//! models. PC/SC and the simulator both stand behind these traits, so nothing
//! that reads a card knows which of them it talks to.
//!
//! Everything here blocks and belongs on threads of its own; asynchronous
//! handles are made in `readers`.

mod dialect;
mod error;
mod identity;
mod reader;
mod source;
mod transport;
pub mod wire;

pub use dialect::{
    Asked, AuthenticateForm, Dialect, KeyPlace, Meaning, PassThrough, STANDARD_STATUS_WORDS,
    SlotKind, StatusRow, StorageNameRow,
};
pub use error::{SourceError, TransportError};
pub use identity::ReaderIdentity;
pub use reader::{CardPresence, ReaderName, ReaderSnapshot};
pub use source::{CancelWait, CardReader, ReaderSource};
pub use transport::{CardSession, CardTransport};
