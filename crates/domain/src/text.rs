//! Text that people type, and what is refused in it.

use std::{borrow::Cow, fmt, str::FromStr};

use thiserror::Error;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// Why a text is not taken. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("nothing is written there")]
    Empty,
    /// Too many characters.
    #[error("{n_chars} characters; at most {limit} are taken")]
    Length {
        /// How many characters were given.
        n_chars: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// White space before or after the text, which makes two of one name.
    #[error("begins or ends with a space")]
    Untrimmed,
    /// A control character or a mark that turns the writing direction: such
    /// text can look like another.
    #[error("character {} is invisible: a control character or a direction mark", index + 1)]
    Invisible {
        /// Its position, counted in characters from 0.
        index: usize,
    },
}

/// Checks a text that people will read: 1 to `limit` characters (Unicode
/// scalar values), no invisible ones, no white space at either end.
pub(crate) fn check_visible(text: &str, limit: usize) -> Result<(), InvalidText> {
    if let Some(index) = text.chars().position(is_invisible) {
        return Err(InvalidText::Invisible { index });
    }
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(InvalidText::Empty);
    }
    let n_chars = text.chars().count();
    if n_chars > limit {
        return Err(InvalidText::Length { n_chars, limit });
    }
    if trimmed.len() != text.len() {
        return Err(InvalidText::Untrimmed);
    }
    Ok(())
}

/// The text in composed form, in which two texts that look alike are equal: an
/// editor may write `é` as one character or as a letter and its accent.
///
/// Source: Unicode Standard Annex #15, normalization form C.
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    // Chinese text is composed already, and a roll has a million names.
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}

/// Controls, line and paragraph separators, zero-width characters and the
/// marks of the bidirectional algorithm.
///
/// Source: Unicode Standard Annex #9, table 1, for the direction marks. The
/// replacement character is here too: it is what a wrong decoding leaves.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061C}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{2069}'
                | '\u{FEFF}'
                | '\u{FFFD}'
        )
}

/// A clerk's own words on why a card is blocked.
///
/// Shape: 1 to 200 visible characters. It may, against the rules, name a
/// person, so `Display` and `Debug` hide it; [`reveal`](Self::reveal) gives it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Note(Box<str>);

impl Note {
    /// The most characters a note has.
    pub const MAX_CHARS: usize = 200;

    /// The words, for those who may see them.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Note {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_visible(text, Self::MAX_CHARS)?;
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Note({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_that_can_deceive_the_eye_is_refused() {
        let cases = [
            ("高一(3)班", Ok(()), "plain Chinese"),
            ("欧阳 娜娜", Ok(()), "a space inside"),
            ("阿依古丽·买买提", Ok(()), "a middle dot"),
            ("", Err(InvalidText::Empty), "nothing"),
            ("  ", Err(InvalidText::Empty), "spaces only"),
            (" 李", Err(InvalidText::Untrimmed), "a space before"),
            (
                "李\n",
                Err(InvalidText::Invisible { index: 1 }),
                "a line end",
            ),
            (
                "ab\u{202E}c",
                Err(InvalidText::Invisible { index: 2 }),
                "right-to-left override",
            ),
            (
                "\u{FEFF}李",
                Err(InvalidText::Invisible { index: 0 }),
                "a byte order mark left by an editor",
            ),
            (
                "李\u{FFFD}",
                Err(InvalidText::Invisible { index: 1 }),
                "what a wrong decoding leaves",
            ),
        ];
        for (text, expected, why) in cases {
            assert_eq!(check_visible(text, 64), expected, "{why}");
        }
    }

    #[test]
    fn texts_that_look_alike_become_equal() {
        let cases = [
            ("Jose\u{301}", "Jos\u{E9}", "a letter and its accent"),
            ("Jos\u{E9}", "Jos\u{E9}", "composed already"),
            ("李雷", "李雷", "Chinese stays"),
            ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}", "Korean syllables"),
            ("ﾘ", "ﾘ", "width is no matter of composition"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(composed(text), expected, "{why}");
        }
    }

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert_eq!(check_visible(&"学".repeat(64), 64), Ok(()));
        assert_eq!(
            check_visible(&"学".repeat(65), 64),
            Err(InvalidText::Length {
                n_chars: 65,
                limit: 64
            })
        );
    }

    #[test]
    fn a_note_hides_its_words() {
        let note: Note = "canteen debt".parse().unwrap();
        assert_eq!(format!("{note} {note:?}"), "*** Note(***)");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Note>();
        }

        #[test]
        fn composing_again_changes_nothing(text in ".*") {
            let once = composed(&text);
            prop_assert_eq!(composed(&once), once.as_ref());
        }
    }
}
