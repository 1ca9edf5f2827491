//! The stage of schooling, by whose colour printed cards are told apart.

use std::str::FromStr;

use thiserror::Error;

use crate::Language;

/// The stage of schooling (学段). A printed card has its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// 小学, yellow.
    Primary,
    /// 初中, green.
    Junior,
    /// 高中, blue.
    Senior,
}

/// Why a text is no stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a stage is 小学, 初中 or 高中, or PRIMARY, JUNIOR or SENIOR")]
pub struct InvalidStage;

impl Stage {
    /// All stages, in the order in which a student goes through them.
    pub const ALL: [Self; 3] = [Self::Primary, Self::Junior, Self::Senior];

    /// The stage as a stable upper-case word for programs, such as `JUNIOR`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Junior => "JUNIOR",
            Self::Senior => "SENIOR",
        }
    }

    /// The stage in the words of the desk.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        match self {
            Self::Primary => language.choose("小学", "primary"),
            Self::Junior => language.choose("初中", "junior"),
            Self::Senior => language.choose("高中", "senior"),
        }
    }
}

/// From the code, or the name in either language.
impl FromStr for Stage {
    type Err = InvalidStage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_meant = |stage: &Self| {
            text == stage.code()
                || text == stage.name(Language::Chinese)
                || text == stage.name(Language::English)
        };
        Self::ALL.into_iter().find(is_meant).ok_or(InvalidStage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_known_by_its_code_and_names() {
        for stage in Stage::ALL {
            let texts = [
                stage.code(),
                stage.name(Language::Chinese),
                stage.name(Language::English),
            ];
            for text in texts {
                assert_eq!(text.parse(), Ok(stage), "{text}");
            }
        }
        assert_eq!("大学".parse::<Stage>(), Err(InvalidStage));
    }
}
