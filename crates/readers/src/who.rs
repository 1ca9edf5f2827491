//! Which reader a station has, once it was asked.

use std::sync::Arc;

use xueka_transport::{ReaderIdentity, ReaderName, SlotKind};

use crate::{ReaderModel, ReaderSettings, SignalMode, SignalPlan, desk_reader::desk_reader_of};

/// A reader's identity, and what follows from it and the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) identity: ReaderIdentity,
    /// What the configuration calls it.
    pub(crate) alias: Option<Arc<str>>,
    pub(crate) model: ReaderModel,
    /// How it shows signals; `None` where it cannot or must not.
    pub(crate) signals: Option<&'static SignalPlan>,
}

impl Who {
    /// What `settings` make of a reader that says this of itself.
    pub(crate) fn new(
        name: &ReaderName,
        identity: ReaderIdentity,
        settings: &ReaderSettings,
    ) -> Self {
        let desk_reader = desk_reader_of(&settings.desk_readers, name, &identity);
        let configured = desk_reader.and_then(|it| ReaderModel::by_key(it.model.as_deref()?));
        let mut model = configured.unwrap_or_else(|| ReaderModel::by_name(name));
        if is_named_contactless(name, settings) {
            model.dialect.slot = SlotKind::Contactless;
        }
        let is_silent = settings.signals == SignalMode::Off
            || desk_reader.is_some_and(|it| !it.has_signals)
            || model.dialect.slot == SlotKind::Contact;
        Self {
            identity,
            alias: desk_reader.map(|it| it.alias.as_str().into()),
            model,
            signals: model.signals.filter(|_| !is_silent),
        }
    }
}

/// Whether a reader is left out because its name says that it is a slot for
/// security modules or contact cards, and nobody asked for such.
pub(crate) fn is_left_out(name: &ReaderName, settings: &ReaderSettings) -> bool {
    let slot = ReaderModel::by_name(name).dialect.slot;
    !settings.contact_slots && slot == SlotKind::Contact && !is_named_contactless(name, settings)
}

/// The configuration has the last word on what is contactless.
fn is_named_contactless(name: &ReaderName, settings: &ReaderSettings) -> bool {
    let mut parts = settings.contactless.iter();
    parts.any(|part| !part.is_empty() && name.as_str().contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeskReader;

    const SAM: &str = "ACS ACR1252 1S CL Reader [ACR1252 SAM Reader] 00 01";
    const FIELD: &str = "ACS ACR1252 1S CL Reader [ACR1252 1S CL Reader PICC] 00 00";

    fn who(name: &str, settings: &ReaderSettings) -> Who {
        Who::new(&name.into(), ReaderIdentity::default(), settings)
    }

    fn contactless(part: &str) -> ReaderSettings {
        ReaderSettings {
            contactless: vec![part.to_owned()],
            ..ReaderSettings::default()
        }
    }

    #[test]
    fn the_configuration_has_the_last_word_on_the_slot() {
        let cases = [
            (FIELD, "", SlotKind::ByAtr, "an empty part names no reader"),
            (FIELD, "PICC", SlotKind::Contactless, "configured"),
            (SAM, "PICC", SlotKind::Contact, "the table"),
            (
                SAM,
                "ACR1252",
                SlotKind::Contactless,
                "configured against it",
            ),
            ("Virtual PCD 00 00", "PICC", SlotKind::ByAtr, "unknown"),
        ];
        for (name, part, slot, why) in cases {
            let who = who(name, &contactless(part));
            assert_eq!(who.model.dialect.slot, slot, "{why}");
        }
    }

    #[test]
    fn slots_for_security_modules_are_left_out_unless_asked_for() {
        let asked_for = ReaderSettings {
            contact_slots: true,
            ..ReaderSettings::default()
        };
        let cases = [
            (SAM, ReaderSettings::default(), true, "nobody asked"),
            (SAM, asked_for, false, "asked for"),
            (SAM, contactless("SAM Reader"), false, "called contactless"),
            (FIELD, ReaderSettings::default(), false, "the field"),
        ];
        for (name, settings, expected, why) in cases {
            assert_eq!(is_left_out(&name.into(), &settings), expected, "{why}");
        }
    }

    #[test]
    fn the_configuration_names_model_and_alias_and_keeps_a_reader_silent() {
        let desk_reader = DeskReader {
            name: Some("Desk".to_owned()),
            model: Some("acs-acr122u".to_owned()),
            ..DeskReader::new("entry desk")
        };
        let silent = DeskReader {
            name: Some("Library".to_owned()),
            has_signals: false,
            ..desk_reader.clone()
        };
        let mut settings = ReaderSettings {
            desk_readers: vec![desk_reader, silent],
            ..ReaderSettings::default()
        };
        let named = who("Rebranded Desk Reader 00 00", &settings);
        assert_eq!(named.alias.as_deref(), Some("entry desk"));
        assert_eq!(named.model.key, "acs-acr122u");
        assert_eq!(named.signals, Some(&SignalPlan::ACR122));
        assert_eq!(who("Library 00 00", &settings).signals, None);
        assert_eq!(who("ACS ACR122U 00 00", &settings).alias, None);

        settings.signals = SignalMode::Off;
        assert_eq!(who("Rebranded Desk Reader 00 00", &settings).signals, None);
    }
}
