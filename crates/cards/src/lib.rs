//! How each card family is recognised and read.
//!
//! [`read_card`] makes a [`CardReading`] of the card behind a
//! [`CardSession`](xueka_transport::CardSession); [`confirm_same_card`] asks
//! whether that card is still there. What may be configured about cards is a
//! [`ReadingProfile`], made of the profiles of schools and the [`KeyRing`] that
//! opens their places.
//!
//! [`inspect_card`] looks closer, for people: why a card was recognised as what
//! it was, what else is on it, whether something hints at a copy; [`explain`]
//! puts that into words.
//!
//! A reading sends what the family's identification, number, dates and kind
//! need, and nothing more: never a balance, never a log of trips, never a
//! command that could change a card. Reader models, threads, clocks and the
//! registry are unknown here.

mod chip;
mod confirm;
mod crypto;
mod decimal;
mod dialogue;
mod diversify;
mod error;
pub mod explain;
mod family;
mod findings;
mod hints;
mod inspect;
mod key_ring;
mod look;
mod mask;
pub mod mifare;
mod ndef;
mod profile;
mod purse;
mod randomness;
mod raw;
mod read;
mod reading;
mod recognise;
mod recording;
mod secret;
mod trace;
pub mod type2;
mod write;

pub use chip::ChipAuthentication;
pub use confirm::confirm_same_card;
pub use error::{ProfileError, ReadError};
pub use family::desfire::version::{DesfireGeneration, DesfireVersion};
pub use hints::{Grade, Hint};
pub use inspect::{AskedAts, FoundApplication, Inspection, KnownApplication, inspect_card};
pub use key_ring::KeyRing;
pub use mask::{Failure, MaskedByte, MaskedBytes, MaskedExchange, MaskedOutcome, MaskedTrace};
pub use profile::place::{Communication, Directory, FileName, KeyInput};
pub use profile::{KeyAttempts, PUBLISHED_PROFILES, ProfileText, ReadingProfile};
pub use purse::{Balance, NoPurse, Trip, TripKind, counts, read_balance, read_trips};
pub use randomness::{NoRandomness, Randomness};
pub use raw::{Danger, RawCommand, RawRefusal, danger_of};
pub use read::read_card;
pub use reading::{CardReading, Gap, LayoutVersion, MissingPart, NumberSource};
pub use recognise::{Bearing, Clue, Recognition, Seen, Weight};
pub use recording::{Recording, record_card};
pub use secret::{Key, MifareKey, SecretKey};
pub use trace::{Trace, TracedSession};
pub use write::{
    CardContent, Chip, Content, InvalidPlan, Journal, JournalError, KeyUse, Place, Side, Step,
    WriteEnd, WriteError, WriteId, WritePlan, WriteTools, plan_write, recover_card, write_card,
};
