//! PC/SC readers, their threads, and the taps on them.
//!
//! [`Readers`] is what the rest of the program holds: an asynchronous handle
//! that lists readers, reads cards and tells of taps. Behind it stand one
//! watcher thread, which asks a [`ReaderSource`](xueka_transport::ReaderSource)
//! what happens in all fields, and one thread for each reader, the only one
//! that exchanges bytes with the card there. Both kinds of threads block; the
//! handle never does.
//!
//! ```text
//!   callers                                  ReaderSource (pcscd, simulator)
//!     │ read_card        watch                      │ wait
//!     ▼                    ▲                        ▼
//!  ┌──────────┐   ┌────────┴────────┐        ┌─────────────┐
//!  │ Readers  │   │ ring of events  │◄───────│   watcher   │
//!  └────┬─────┘   └────────▲────────┘        └──────┬──────┘
//!       │ bounded queue    │ taps                   │ arrivals, departures
//!       ▼                  │                        ▼
//!  ┌──────────────────────────────────────────────────────┐
//!  │ station: one for each reader, with its own thread    │──► CardReader
//!  └──────────────────────────────────────────────────────┘
//! ```
//!
//! # One state machine for each field
//!
//! ```text
//!               arrival                 reading begins
//!     Empty ──────────────► Unread ──────────────────────► Reading
//!      ▲ ▲                    │ departure:                    │ reading ended:
//!      │ └────────────────────┘ arrived (card gone), left     │ arrived (reading or error)
//!      │  departure: left                                     ▼
//!      └──────────────────────────────────────────────────── Told
//! ```
//!
//! A card that leaves while it is read is told as *arrived* and then *left*
//! once the reading has ended; one that comes after it is *unread* then. Taps
//! are told apart by removal, never by time: a card that stays is one tap.
//! Whether an exchange has lasted too long (*stalled*) is asked of a clock
//! beside the machine, so it is true at whatever moment someone asks.
//!
//! # Where PC/SC begins
//!
//! [`PcscSource`] is the only part that links PC/SC. Tested on Linux with
//! pcsc-lite; Windows and macOS have the same interface and were not tried.

mod desk_reader;
mod error;
mod exchange;
mod field;
mod hub;
mod listing;
mod models;
mod pcsc;
mod readers;
mod settings;
mod signals;
mod stall_watch;
mod station;
mod sync;
mod taps;
mod timing;
mod uptime;
mod waiting;
mod watcher;
mod who;

pub use desk_reader::{DeskReader, DeskReaderError, check_desk_readers};
pub use error::ReaderError;
pub use listing::{MissingReader, ReaderInfo, ReaderList, ReaderState, SourceState};
pub use models::{READER_MODELS, ReaderModel};
pub use pcsc::{
    PcscReader, PcscSource, ReaderAccess, ReaderProbe, ServiceAnswer, ServiceProbe, probe,
    service_socket,
};
pub use readers::Readers;
pub use settings::{ReadOptions, ReaderSettings, SignalMode};
pub use signals::{Signal, SignalPlan};
pub use taps::{TapChange, TapEvent, TapWatcher};
pub use timing::time_exchange;
