//! What is printed on cards, and how it follows from a UID or a number.
//!
//! The same UID is printed by one factory in hexadecimal, by another as a
//! decimal number with leading zeros, by a third as the facility and number of
//! an access-control system; with the bytes in the order of the chip or turned
//! round. A [`NumberForm`] is one such form. Forms are views: whatever matches
//! under one is looked up, and it is the card's full UID or number that is
//! judged, bound and blocked.
//!
//! The short number of a bad card is no form: it finds no card, it is compared
//! with the one in hand, under one [`ShortNumberRule`] for the whole school.

mod clash;
mod digits;
mod form;
mod lesson;
mod settings;
mod short;
mod text;
mod words;

pub use clash::{Clashes, Clashing, Counting};
pub use digits::{CheckDigit, DigitRange};
pub use form::{InvalidForm, NumberForm};
pub use lesson::{Fitting, Lesson, fitting_forms};
pub use settings::{ByteOrder, Coding, FormParts, Subject, Take};
pub use short::{InvalidShortNumber, PrintedAs, ShortNumber, ShortNumberFit, ShortNumberRule};
pub use text::{InvalidPrinted, Printed};
