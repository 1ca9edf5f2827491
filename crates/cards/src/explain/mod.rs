//! What an inspection found, in words for people.
//!
//! Every text stands here in English and Chinese, beside a code for programs
//! that does not change. Nothing here is found out; see
//! [`inspect_card`](crate::inspect_card).

mod applications;
mod atr;
mod clues;
mod hints;
mod historical;
mod outcome;
mod status;
mod version;

use xueka_domain::Language;

pub use applications::application;
pub use atr::{AtrPart, atr};
pub use clues::clue;
pub use hints::hint;
pub use outcome::outcome;
pub use status::status_word;
pub use version::desfire_version;

/// Something said, by a code and in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// A stable upper-case word for programs.
    pub code: &'static str,
    /// The same for people.
    pub text: String,
}

impl Explanation {
    fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}

/// The text of the language.
fn choose<T>(language: Language, english: T, chinese: T) -> T {
    match language {
        Language::English => english,
        Language::Chinese => chinese,
    }
}

/// Bytes as `1EA68671`.
fn hexadecimal(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}

#[cfg(test)]
mod tests;
