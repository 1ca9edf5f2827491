//! What people are told of a daemon's error where this program can say it
//! better: it knows its own commands and options, the daemon does not.
//!
//! The JSON form keeps what the daemon said.

use std::{collections::BTreeMap, path::Path};

use xueka_api::v1::{CardState, ErrorReason};
use xueka_domain::CardEvent;

use crate::{
    protocol_words,
    words::{Language, Word},
};

/// The words for people instead of the daemon's `message`; `None` where these
/// do as they are.
pub(crate) fn of_answer(
    reason: ErrorReason,
    message: &str,
    metadata: &BTreeMap<String, String>,
    language: Language,
) -> Option<String> {
    match reason {
        ErrorReason::IllegalTransition => transition(message, metadata, language),
        ErrorReason::ReaderAmbiguous => {
            let reader = metadata.get("readers")?.lines().next()?;
            let advice = Word::NameReader.with(language, &[("reader", reader)]);
            Some(format!("{message}\n  {advice}"))
        }
        _ => None,
    }
}

/// What a caller without a good token can do, given the file of the token that
/// was sent, if one was.
pub(crate) fn of_not_authenticated(token_file: Option<&Path>, language: Language) -> String {
    match token_file {
        Some(file) => Word::FailTokenUnknown.with(language, &[("file", &file.to_string_lossy())]),
        None => Word::FailNoToken.text(language).to_owned(),
    }
}

/// The state of the card and what this program can do with it. A state that is
/// not known here, of a newer daemon, is left in the daemon's words.
fn transition(
    message: &str,
    metadata: &BTreeMap<String, String>,
    language: Language,
) -> Option<String> {
    let (code, allowed) = (metadata.get("state")?, metadata.get("allowed")?);
    let state = CardState::from_str_name(&format!("CARD_STATE_{code}"))?;
    let said = message
        .strip_suffix(&format!(": {code} → {allowed}"))
        .unwrap_or(message);
    let actions = allowed
        .split(", ")
        .filter_map(action)
        .map(|word| word.text(language));
    let actions = actions.collect::<Vec<_>>().join(Word::Or.text(language));
    let state = protocol_words::card_state(state).text(language);
    let word = if actions.is_empty() {
        Word::NothingPossible
    } else {
        Word::PossibleNow
    };
    let values = [("said", said), ("state", state), ("actions", &actions)];
    Some(word.with(language, &values))
}

/// What can happen to a card, by its code, when a command brings it about.
fn action(code: &str) -> Option<Word> {
    let commands = [
        (CardEvent::Collect, Word::ActionCollect),
        (CardEvent::ReportLoss, Word::ActionReportLoss),
        (CardEvent::CancelLoss, Word::ActionCancelLoss),
    ];
    let found = commands.into_iter().find(|(event, _)| event.code() == code);
    found.map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(state: &str, allowed: &str, language: Language) -> Option<String> {
        let metadata = [("state", state), ("allowed", allowed)];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let message = format!("no: {state} → {allowed}");
        let reason = ErrorReason::IllegalTransition;
        of_answer(reason, &message, &metadata.into(), language)
    }

    #[test]
    fn a_refused_change_names_the_commands_that_are_possible() {
        use Language::{Chinese, English};
        let cases = [
            (
                ("LOST", "CANCEL_LOSS, REPLACE, CANCEL", English),
                Some(
                    "no: the card is lost; possible now: cancel the loss \
                     (`xueka card cancel-loss`)",
                ),
                "what has no command is left out",
            ),
            (
                ("LOST", "CANCEL_LOSS, REPLACE, CANCEL", Chinese),
                Some("no：此卡状态为“挂失”；现在可以：解挂（`xueka card cancel-loss`）"),
                "in Chinese",
            ),
            (
                ("DELIVERED", "COLLECT, REPORT_LOSS", English),
                Some(
                    "no: the card is delivered; possible now: hand it out (`xueka card collect`) \
                     or report the loss (`xueka card report-loss`)",
                ),
                "several",
            ),
            (
                ("CANCELLED", "", English),
                Some("no: the card is cancelled; no command of this program changes that"),
                "nothing is allowed",
            ),
            (
                ("MELTED", "CANCEL", English),
                None,
                "a state of a newer daemon",
            ),
        ];
        for ((state, allowed, language), expected, why) in cases {
            let told = told(state, allowed, language);
            assert_eq!(told.as_deref(), expected, "{why}");
        }
    }

    #[test]
    fn the_option_that_names_a_reader_is_said() {
        let metadata = BTreeMap::from([("readers".to_owned(), "A 00\nB 01".to_owned())]);
        let reason = ErrorReason::ReaderAmbiguous;
        for (language, expected) in [
            (Language::English, "two\n  name one with --reader \"A 00\""),
            (Language::Chinese, "two\n  请指定一个：--reader \"A 00\""),
        ] {
            let told = of_answer(reason, "two", &metadata, language);
            assert_eq!(told.as_deref(), Some(expected));
        }
    }

    #[test]
    fn whoever_sent_a_token_is_told_which() {
        let language = Language::English;
        let sent = of_not_authenticated(Some(Path::new("/t")), language);
        assert!(
            sent.contains("the token in /t is unknown or has ended"),
            "{sent}"
        );
        let none = of_not_authenticated(None, language);
        assert!(none.contains("send one with --token-file FILE"), "{none}");
    }
}
