//! A card's holder, who is a minor: everything here hides itself.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::text::{InvalidText, check_visible, composed};

/// The student number (学籍号) under which the school knows a student.
///
/// Shape: 1 to 32 ASCII letters, digits or hyphens; text, so leading zeros and
/// the case of letters count. `Display` and `Debug` hide it;
/// [`reveal`](Self::reveal) gives it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StudentNumber(Box<str>);

/// Why a text is no student number. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidStudentNumber {
    /// A character other than an ASCII letter, digit or hyphen.
    #[error("character {} is not a letter, digit or hyphen", index + 1)]
    Character {
        /// Its position, counted in characters from 0.
        index: usize,
    },
    /// Empty or too long.
    #[error("{n_chars} characters; a student number has 1 to 32")]
    Length {
        /// How many characters were given.
        n_chars: usize,
    },
}

impl StudentNumber {
    /// The most characters a student number has.
    pub const MAX_CHARS: usize = 32;

    /// The number, for those who may see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for StudentNumber {
    type Err = InvalidStudentNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if let Some(index) = text.chars().position(|c| !allowed(c)) {
            return Err(InvalidStudentNumber::Character { index });
        }
        if !(1..=Self::MAX_CHARS).contains(&text.len()) {
            return Err(InvalidStudentNumber::Length {
                n_chars: text.len(),
            });
        }
        Ok(Self(text.into()))
    }
}

/// A student's name: 1 to 64 visible characters, in composed form (Unicode NFC),
/// so that a name is equal to itself whatever editor wrote it.
///
/// `Display` and `Debug` hide it; [`reveal`](Self::reveal) gives it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StudentName(Box<str>);

impl StudentName {
    /// The most characters (Unicode scalar values) a name has.
    pub const MAX_CHARS: usize = 64;

    /// The name, for those who may see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for StudentName {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = composed(text);
        check_visible(&text, Self::MAX_CHARS)?;
        Ok(Self(text.into()))
    }
}

/// The name of a class (班), such as `高一(3)班`: 1 to 64 visible characters,
/// in composed form (Unicode NFC).
///
/// `Display` and `Debug` hide it; [`reveal`](Self::reveal) gives it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassName(Box<str>);

impl ClassName {
    /// The most characters (Unicode scalar values) a class name has.
    pub const MAX_CHARS: usize = 64;

    /// The class name, for those who may see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClassName {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = composed(text);
        check_visible(&text, Self::MAX_CHARS)?;
        Ok(Self(text.into()))
    }
}

/// A card's holder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Student {
    /// The student number.
    pub number: StudentNumber,
    /// The name.
    pub name: StudentName,
    /// The class, when it is known.
    pub class_name: Option<ClassName>,
}

macro_rules! hide {
    ($($personal:ident),+) => {$(
        impl fmt::Display for $personal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("***")
            }
        }

        impl fmt::Debug for $personal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($personal), "(***)"))
            }
        }
    )+};
}

hide!(StudentNumber, StudentName, ClassName);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn student_numbers_are_short_ascii_text() {
        let cases = [
            ("20230101-7a", Ok("20230101-7a"), "letters and hyphens too"),
            ("007", Ok("007"), "leading zeros count"),
            (
                "",
                Err(InvalidStudentNumber::Length { n_chars: 0 }),
                "empty",
            ),
            (
                "2023 01",
                Err(InvalidStudentNumber::Character { index: 4 }),
                "a space",
            ),
            (
                "学籍1",
                Err(InvalidStudentNumber::Character { index: 0 }),
                "not ASCII",
            ),
            (
                "123456789012345678901234567890123",
                Err(InvalidStudentNumber::Length { n_chars: 33 }),
                "too long",
            ),
        ];
        for (text, expected, why) in cases {
            let parsed = text.parse::<StudentNumber>();
            let shown = parsed.as_ref().map(StudentNumber::reveal);
            assert_eq!(shown, expected.as_ref().copied(), "{why}");
        }
    }

    #[test]
    fn a_name_is_one_name_however_it_was_written() {
        let decomposed: StudentName = "Jose\u{301}".parse().unwrap();
        assert_eq!(decomposed, "Jos\u{E9}".parse().unwrap());
        let class: ClassName = "E\u{301}cole 3".parse().unwrap();
        assert_eq!(class.reveal(), "\u{C9}cole 3");
        // The limit counts what is kept: 64 letters, each written as two.
        assert!("e\u{301}".repeat(64).parse::<StudentName>().is_ok());
    }

    #[test]
    fn nothing_of_a_student_shows() {
        let student = Student {
            number: "20230107".parse().unwrap(),
            name: "李雷".parse().unwrap(),
            class_name: Some("高一(3)班".parse().unwrap()),
        };
        let shown = format!("{student:?} {} {}", student.number, student.name);
        for secret in ["20230107", "李", "高一"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<StudentNumber>();
            let _ = text.parse::<StudentName>();
            let _ = text.parse::<ClassName>();
        }
    }
}
