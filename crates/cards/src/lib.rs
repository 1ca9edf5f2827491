//! How each card family is recognised and read.

mod reading;

pub use reading::{CardReading, Gap, MissingPart, NumberSource};
