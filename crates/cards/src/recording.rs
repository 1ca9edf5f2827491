//! What one card said to one reading, as a file that may be shared.
//!
//! The simulator replays it, so that a card which only one school has can keep
//! a test of everybody. The form is TOML and is described, with how to
//! contribute one, in `hardware-notes/recordings.md`.

use std::fmt;

use xueka_apdu::Command;
use xueka_domain::CardFamily;
use xueka_transport::{CardSession, Dialect};

use crate::{
    MaskedOutcome, MaskedTrace, ReadError, ReadingProfile, TracedSession,
    dialogue::Dialogue,
    look::{Look, look},
    mask::Failure,
    read::read_card,
};

/// A masked trace with what it is a trace of. `Display` writes the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// What the card was recognised as.
    pub family: CardFamily,
    reader: String,
    /// What passed.
    pub trace: MaskedTrace,
}

/// The form that is written here.
const VERSION: u32 = 1;

/// Reads the card as a desk does, asks for its ATS as well, and records what
/// passes.
///
/// Everything is masked before it is returned; see
/// [`MaskedTrace`](crate::MaskedTrace).
///
/// # Errors
///
/// [`ReadError::Transport`]: the card cannot be reached, or left half-way.
pub fn record_card(
    session: &mut dyn CardSession,
    dialect: &Dialect,
    profile: &ReadingProfile,
) -> Result<Recording, ReadError> {
    let mut traced = TracedSession::new(session);
    let reading = read_card(&mut traced, dialect, profile)?;
    if look(&reading.atr, dialect) != Look::Contact {
        // The answer is for whoever reads the recording.
        let _ = Dialogue::new(&mut traced).ask(&Command::get_ats_historical())?;
    }
    let numbers = Vec::from_iter(reading.number);
    Ok(Recording {
        family: reading.family,
        reader: String::new(),
        trace: traced.into_trace().masked(&numbers),
    })
}

impl Recording {
    /// The same with the model of the reader that it was made on: of its PC/SC
    /// name all but the serial number and the numbers at the end.
    #[must_use]
    pub fn on(mut self, reader: &str) -> Self {
        self.reader = without_serial(reader);
        self
    }
}

/// A reader's name without what stands in parentheses, where drivers put the
/// serial number, and without the two numbers that tell of plug order.
fn without_serial(name: &str) -> String {
    let mut depth = 0_u32;
    let kept = name.chars().filter(|c| match c {
        '(' => {
            depth += 1;
            false
        }
        ')' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    let kept: String = kept.collect();
    let mut words: Vec<_> = kept.split_whitespace().collect();
    let is_number = |word: &&str| word.len() == 2 && word.bytes().all(|b| b.is_ascii_hexdigit());
    for _ in 0..2 {
        if words.last().is_some_and(is_number) {
            words.pop();
        }
    }
    words.join(" ")
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# One reading of one card, recorded by xueka.")?;
        writeln!(
            f,
            "# Keys are removed, UIDs and numbers are made up, and what is not known to be"
        )?;
        writeln!(f, "# harmless is removed (**).")?;
        writeln!(f, "kind = \"recording\"")?;
        writeln!(f, "version = {VERSION}")?;
        writeln!(f, "family = \"{:?}\"", self.family)?;
        writeln!(f, "reader = \"{}\"", plain(&self.reader))?;
        writeln!(f, "atr = \"{}\"", self.trace.atr)?;
        for exchange in &self.trace.exchanges {
            writeln!(f, "\n[[exchange]]\ncommand = \"{}\"", exchange.command)?;
            match &exchange.outcome {
                MaskedOutcome::Response(response) => writeln!(f, "response = \"{response}\"")?,
                MaskedOutcome::Failed(failure) => {
                    writeln!(f, "failure = \"{}\"", failure_name(*failure))?;
                }
            }
        }
        match self.trace.n_dropped {
            0 => Ok(()),
            n_dropped => writeln!(f, "\n# {n_dropped} further exchanges were not kept."),
        }
    }
}

fn failure_name(failure: Failure) -> &'static str {
    match failure {
        Failure::CardGone => "card-gone",
        Failure::CardReset => "card-reset",
        Failure::Unreachable => "unreachable",
    }
}

/// Text that needs no escapes in TOML.
fn plain(text: &str) -> String {
    let keep = |c: char| {
        if matches!(c, ' '..='~') && !matches!(c, '"' | '\\') {
            c
        } else {
            '?'
        }
    };
    text.chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readers_name_tells_the_model_alone() {
        let cases = [
            (
                "ACS ACR122U PICC Interface 00 00",
                "ACS ACR122U PICC Interface",
            ),
            ("ACS ACR1252 [PICC] (S/N 12345) 01 00", "ACS ACR1252 [PICC]"),
            ("Reader (a (b) c) 5 00 00", "Reader 5"),
            ("Reader)", "Reader"),
            ("", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(without_serial(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(plain("a\"\\\n\u{1B}b學"), "a????b?");
    }
}
