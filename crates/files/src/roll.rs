//! The roll of a school (学籍名册), in and out.
//!
//! Text or workbook, the same rows come out. Numbers are text: a cell of a
//! workbook that is a number has lost its leading zeros, if it had any, and is
//! refused instead of guessed at.

mod columns;
mod layout;
mod read;
mod write;

pub use columns::RollColumn;
pub use layout::{Place, RollLayout};
pub use read::{Roll, parse_roll};
pub use write::write_roll;

#[cfg(test)]
mod tests;
