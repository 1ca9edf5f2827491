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
//! # One state machine for each reader
//!
//! Capitals are what listeners are told.
//!
//! ```text
//!  listed ──► Attaching
//!                │ it was asked which one it is: ATTACHED
//!                ├──────────── a card lies there ─────────┐
//!                ▼                                        ▼
//!              Empty ───────── a card comes ──────────► Unread ── reading begins ──► Reading
//!               ▲ ▲ ▲                                   │  ▲                          │ │ │
//!               │ │ └─ it leaves: ARRIVED (gone), LEFT ─┘  └── it left meanwhile and ─┘ │ │
//!               │ │                                            another came:            │ │
//!               │ │                                            ARRIVED, LEFT            │ │
//!               │ └────────────── it left meanwhile: ARRIVED, LEFT ─────────────────────┘ │
//!               └── it leaves: LEFT ────────────── Told ◄──── it is read: ARRIVED ────────┘
//!                                                   └─ another one lies there: LEFT ──► Unread
//!
//!  from each of them, when the reader or the service goes away ──► Detached
//!               (what arrived is told as ARRIVED and LEFT before DETACHED)
//! ```
//!
//! A card that leaves while it is read is told as *arrived* and then *left*
//! once the reading has ended. Taps are told apart by removal, never by time: a
//! card that stays is one tap. The table of the machine is a test in
//! `field.rs`.
//!
//! Beside the machine stand four things that change no state:
//!
//! - *stalled*, whether an exchange has lasted too long, is asked of a clock, so
//!   it is true at whatever moment someone asks;
//! - *doubtful*, after the machine slept or the service stood still for five
//!   seconds: the card is powered anew before anything else is done, and one that
//!   was told is read again, for it may have been changed for another unseen;
//! - *wedged*, when one exchange after the other fails and the card stays: who
//!   asks for more is told to unplug the reader, which is tried each time and
//!   listed as wedged until an exchange succeeds;
//! - *lit*, while a signal is shown: the lights are put back after 0.6 s.
//!
//! Whatever is to be done on a reader, its thread does, one thing after the
//! other and the most urgent first: power a doubtful card anew, read a tap, serve
//! a caller, show a signal. The signal of a tap or a verdict lets calls that follow
//! at once go first, for some readers serve nobody while they blink.
//!
//! # Which reader is which
//!
//! A PC/SC name changes with plug order. So each thread begins by asking its
//! reader for serial number and USB path; [`DeskReader`]s of the settings bind
//! aliases to those. What differs between models is one table,
//! [`READER_MODELS`]: it gives the [`Dialect`](xueka_transport::Dialect) that
//! `cards` follows and the [`SignalPlan`] of light and buzzer.
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
mod random;
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
mod wedge;
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
