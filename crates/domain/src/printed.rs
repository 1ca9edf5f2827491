//! What is printed on cards, and how it follows from a UID or a number.
//!
//! The same UID is printed by one factory in hexadecimal, by another as a
//! decimal number with leading zeros, by a third as the facility and number of
//! an access-control system; with the bytes in the order of the chip or turned
//! round. A [`NumberRule`] is one such form. Forms are views: whatever matches
//! under one is looked up, and it is the card's full UID or number that is
//! judged, bound and blocked.

mod clash;
mod digits;
mod lesson;
mod rule;
mod settings;
mod short;
mod text;
mod words;

pub use clash::{Clashes, Clashing, Counting};
pub use digits::{CheckDigit, DigitRange};
pub use lesson::{Fitting, Lesson, fitting_rules};
pub use rule::{InvalidRule, NumberRule};
pub use settings::{ByteOrder, Coding, RuleParts, Subject, Take};
pub use short::{InvalidShortNumber, PrintedAs, ShortNumber, ShortNumberFit, ShortNumberRule};
pub use text::{InvalidPrinted, Printed};
