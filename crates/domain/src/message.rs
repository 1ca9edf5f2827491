//! The languages in which people are told things.

/// A language that the desk speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// 中文, with the clerks' own words.
    Chinese,
    /// English.
    #[default]
    English,
}
