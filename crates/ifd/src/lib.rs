//! A virtual reader: a driver inside pcscd whose cards a program plays.
//!
//! pcscd loads this library as it loads the driver of a device, by an entry in
//! `reader.conf`, and calls it through the IFD handler interface of pcsc-lite,
//! version 3 (`ffi`). The library listens on a Unix socket or on loopback;
//! whoever connects is the *player*, and says when a card enters the field and
//! what it answers. `docs/virtual-reader.md` tells how to use it and how to
//! write a player; the messages stand in [`xueka_transport::wire`].
//!
//! - **Event-driven.** pcscd waits inside `watch` and learns of a card at once.
//! - **No threads.** All work is done on the threads on which pcscd calls, so
//!   nothing is left when a reader is closed.
//! - **In turn.** pcscd is told of every state of the field, one after the
//!   other: a card that is replaced in an instant has left in between
//!   (`reader`).
//! - **Honest.** A card that leaves during an exchange, or answers with less
//!   than a status word, is a communication error, never an empty success; a
//!   card that is silent ends the exchange when the reader's patience does
//!   (`exchange`).
#![cfg(target_os = "linux")]

mod abi;
mod attributes;
mod exchange;
pub mod ffi;
mod link;
mod listener;
mod reader;
mod settings;
mod stream;
mod table;
#[cfg(test)]
mod testing;
mod watch;
