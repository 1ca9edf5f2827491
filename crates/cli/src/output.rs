//! What is written where: answers to standard output, for people or as JSON.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
};

use serde_json::Value;

use crate::{
    failure::Failure,
    report::Report,
    words::{Language, Word},
};

/// How a text is to stand out where there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Green.
    Good,
    /// Red.
    Bad,
    /// Yellow.
    Doubtful,
}

/// Standard output in the form and language asked for.
#[derive(Debug)]
pub(crate) struct Output {
    is_json: bool,
    has_colour: bool,
    /// Whether whoever read us has gone.
    is_closed: bool,
    /// The language of what is written.
    pub(crate) language: Language,
}

impl Output {
    /// Standard output; colour only where a person sees it and wants it.
    pub(crate) fn new(is_json: bool, language: Language) -> Self {
        let wants_none = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            is_json,
            has_colour: !is_json && !wants_none && io::stdout().is_terminal(),
            is_closed: false,
            language,
        }
    }

    /// Writes an answer: `json` as one line, or what `text` makes for people.
    ///
    /// Somebody who has stopped reading (`xueka … | head`) is no failure; see
    /// [`is_closed`](Self::is_closed).
    pub(crate) fn answer(
        &mut self,
        json: &Value,
        text: impl FnOnce(&Self) -> String,
    ) -> Result<(), Failure> {
        let line = if self.is_json {
            json.to_string()
        } else {
            text(self)
        };
        self.line(&line)
    }

    /// Writes one line as it is.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            result => result.map_err(Failure::Output),
        }
    }

    /// Tells a person, on standard error, what nothing is seen of for a while.
    pub(crate) fn tell_waiting(&self, word: Word) {
        if !self.is_json && io::stderr().is_terminal() {
            remark(self.word(word));
        }
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether answers are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.is_json
    }

    /// A word in the language of the output.
    pub(crate) fn word(&self, word: Word) -> &'static str {
        word.text(self.language)
    }

    /// A word with its places filled in.
    pub(crate) fn with(&self, word: Word, values: &[(&str, &str)]) -> String {
        word.with(self.language, values)
    }

    /// The text so that it stands out, where there is colour.
    pub(crate) fn toned(&self, tone: Tone, text: &str) -> String {
        let colour = match tone {
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Doubtful => 33,
        };
        if self.has_colour {
            // ECMA-48, SGR: bold and a foreground colour, then back.
            format!("\u{1B}[1;{colour}m{text}\u{1B}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Writes a failure to standard error. There is nobody to tell when that fails.
pub(crate) fn tell_failure(report: &Report, is_json: bool) {
    let text = if is_json {
        report.to_json().to_string()
    } else {
        report.to_text()
    };
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes a remark to standard error, where it is in nobody's way.
pub(crate) fn remark(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
