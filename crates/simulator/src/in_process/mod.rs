//! Readers inside this process, behind the traits of `transport`.

mod session;
mod source;
mod world;

pub use self::source::{ServiceState, SimulatedSource, VirtualService};
pub(crate) use self::world::{World, world};
