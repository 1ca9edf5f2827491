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

impl Language {
    /// Of two texts that say the same, the one in this language.
    #[must_use]
    pub fn choose<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }
}
