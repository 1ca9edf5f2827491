//! Virtual cards and readers.
//!
//! A [`VirtualCard`] answers commands as a card of its family and the
//! contactless reader in front of it would, and goes wrong on demand
//! ([`Fault`]). A [`Simulator`] has slots that cards are put into: slots of
//! readers inside this process, which a [`SimulatedSource`] offers behind the
//! same traits as PC/SC, or slots of the virtual reader `vpcd` inside a real
//! pcscd. A [`Scenario`] puts cards into slots and takes them away by itself.
//!
//! Nothing here shares code or constants with the crates that read cards: each
//! constant is written again from its source, so that one mistake cannot agree
//! with itself. The numbers, UIDs and keys of virtual cards belong to nobody,
//! so recorded exchanges may be printed; errors carry none all the same.

mod card;
mod chip;
mod danger;
mod description;
mod error;
mod fields;
mod ifd;
mod in_process;
mod record;
mod scenario;
mod simulator;
mod vpcd;

pub use card::{Fault, ReaderStyle, Story, VirtualCard, card_kinds};
pub use danger::Danger;
pub use error::{DescriptionError, SimulatorError};
pub use in_process::{ServiceState, SimulatedSource, VirtualReader, VirtualService};
pub use record::{Exchange, Outcome};
pub use scenario::Scenario;
pub use simulator::{Simulator, SlotInfo};
