//! Readers inside this process, behind the traits of `transport`.

mod reader;
mod session;
mod source;
mod world;

pub use self::reader::VirtualReader;
pub use self::source::{ServiceState, SimulatedSource, VirtualService};
pub(crate) use self::world::{World, world};
