//! The readers of the desk: which device has which alias.
//!
//! A PC/SC name changes with plug order, so an alias is bound to what stays:
//! the serial number, else the USB socket, else a part of the name. An alias
//! that fits two readers is nobody's, and whoever uses it is told why.

use thiserror::Error;
use xueka_transport::{ReaderIdentity, ReaderName};

use crate::ReaderModel;

/// A reader that the configuration knows, and what it is called.
///
/// It is the attached reader that agrees in all of `serial_number`, `usb_path`
/// and `name` that are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskReader {
    /// What people call it, such as `entry desk`. Unique.
    pub alias: String,
    /// The device's own serial number, exactly.
    pub serial_number: Option<String>,
    /// The USB socket, exactly, such as `1-1.3:1.0`; without `:` and what
    /// follows it, every interface of the device in that socket.
    pub usb_path: Option<String>,
    /// A part of the PC/SC name.
    pub name: Option<String>,
    /// The [`key`](ReaderModel::key) of the model, where the name does not tell
    /// it or tells a wrong one.
    pub model: Option<String>,
    /// Whether it is reported when it is missing.
    pub is_expected: bool,
    /// Whether it shows signals by light and buzzer.
    pub has_signals: bool,
}

impl DeskReader {
    /// A reader that is expected and shows signals, bound to nothing yet.
    #[must_use]
    pub fn new(alias: &str) -> Self {
        Self {
            alias: alias.to_owned(),
            serial_number: None,
            usb_path: None,
            name: None,
            model: None,
            is_expected: true,
            has_signals: true,
        }
    }

    /// How surely it is the reader given: the higher, the surer; `None` when it
    /// is another one.
    fn fits(&self, name: &ReaderName, identity: &ReaderIdentity) -> Option<u8> {
        let checks = [
            (1, &self.name, is_part(self.name.as_deref(), name.as_str())),
            (
                2,
                &self.usb_path,
                is_socket(self.usb_path.as_deref(), identity.usb_path.as_deref()),
            ),
            (
                4,
                &self.serial_number,
                self.serial_number == identity.serial_number,
            ),
        ];
        let given = checks.iter().filter(|(_, given, _)| given.is_some());
        given
            .map(|(weight, _, agrees)| agrees.then_some(*weight))
            .sum()
    }

    /// Whether both are bound to the same thing, and so never to one reader
    /// each.
    fn is_bound_like(&self, other: &Self) -> bool {
        self.serial_number == other.serial_number
            && self.usb_path == other.usb_path
            && self.name == other.name
    }
}

fn is_part(part: Option<&str>, name: &str) -> bool {
    part.is_some_and(|part| name.contains(part))
}

fn is_socket(wanted: Option<&str>, path: Option<&str>) -> bool {
    let (Some(wanted), Some(path)) = (wanted, path) else {
        return false;
    };
    let socket = path.split_once(':').map_or(path, |(socket, _)| socket);
    wanted == path || wanted == socket
}

/// The entry of the configuration that is the reader given: the one bound the
/// surest, by serial number before USB socket before name. `None` where there
/// is none, or where two are bound equally.
pub(crate) fn desk_reader_of<'a>(
    desk_readers: &'a [DeskReader],
    name: &ReaderName,
    identity: &ReaderIdentity,
) -> Option<&'a DeskReader> {
    let mut claims: Vec<_> = desk_readers
        .iter()
        .filter_map(|entry| Some((entry.fits(name, identity)?, entry)))
        .collect();
    claims.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    match claims.as_slice() {
        [(_, only)] => Some(only),
        [(first, entry), (second, _), ..] if first > second => Some(entry),
        [(_, one), (_, other), ..] => {
            tracing::warn!(
                reader = %name, one = one.alias, other = other.alias,
                "two aliases fit this reader equally, so it gets neither; bind them by serial number \
                 or USB path",
            );
            None
        }
        [] => None,
    }
}

/// What is wrong with the readers of a configuration.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DeskReaderError {
    /// An alias has no visible character.
    #[error("a reader has an empty alias; give it a name, such as \"entry desk\"")]
    EmptyAlias,
    /// Two readers have the same alias.
    #[error("two readers have the alias {0:?}; give each its own")]
    SameAlias(String),
    /// Nothing says which reader it is.
    #[error("nothing says which reader {0:?} is; give its serial, usb_path or name")]
    Unbound(String),
    /// An empty text fits every reader or none.
    #[error("the reader {0:?} has an empty serial, usb_path or name; leave it out instead")]
    EmptyBinding(String),
    /// Two aliases for one and the same reader.
    #[error("the readers {0:?} and {1:?} are bound to the same thing, so nothing tells them apart")]
    BoundAlike(String, String),
    /// The model is none of the table.
    #[error("the reader {alias:?} has the model {model:?}, which is none of these: {known}")]
    UnknownModel {
        /// The reader.
        alias: String,
        /// What it says.
        model: String,
        /// All that there are.
        known: String,
    },
}

/// Checks the readers of a configuration.
///
/// # Errors
///
/// [`DeskReaderError`] says which reader is wrong, and what to write instead.
pub fn check_desk_readers(desk_readers: &[DeskReader]) -> Result<(), DeskReaderError> {
    for (index, reader) in desk_readers.iter().enumerate() {
        let alias = || reader.alias.clone();
        if reader.alias.trim().is_empty() {
            return Err(DeskReaderError::EmptyAlias);
        }
        let bindings = [&reader.serial_number, &reader.usb_path, &reader.name];
        if bindings.iter().all(|binding| binding.is_none()) {
            return Err(DeskReaderError::Unbound(alias()));
        }
        let is_empty =
            |binding: &&Option<String>| binding.as_ref().is_some_and(|text| text.trim().is_empty());
        if bindings.iter().any(is_empty) {
            return Err(DeskReaderError::EmptyBinding(alias()));
        }
        if let Some(model) = &reader.model
            && ReaderModel::by_key(model).is_none()
        {
            return Err(DeskReaderError::UnknownModel {
                alias: alias(),
                model: model.clone(),
                known: ReaderModel::keys().collect::<Vec<_>>().join(", "),
            });
        }
        for other in desk_readers.iter().take(index) {
            if other.alias == reader.alias {
                return Err(DeskReaderError::SameAlias(alias()));
            }
            if other.is_bound_like(reader) {
                return Err(DeskReaderError::BoundAlike(other.alias.clone(), alias()));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(alias: &str, serial: &str, usb_path: &str, name: &str) -> DeskReader {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        DeskReader {
            serial_number: given(serial),
            usb_path: given(usb_path),
            name: given(name),
            ..DeskReader::new(alias)
        }
    }

    #[test]
    fn an_alias_follows_what_it_is_bound_to() {
        let readers = [
            entry("by serial", "S1", "", ""),
            entry("by socket", "", "1-1.3", ""),
            entry("by name", "", "", "ACR122U"),
            entry("by both", "S2", "1-1.4:1.0", ""),
        ];
        let cases = [
            (
                "ACS ACR122U 00 00",
                "S1",
                "1-1.3:1.0",
                Some("by serial"),
                "the serial number first",
            ),
            (
                "ACS ACR122U 01 00",
                "S1",
                "9-9:1.0",
                Some("by serial"),
                "wherever it is plugged in",
            ),
            (
                "ACS ACR122U 00 00",
                "S9",
                "1-1.3:1.0",
                Some("by socket"),
                "then the socket",
            ),
            (
                "ACS ACR122U 00 00",
                "",
                "1-1.3:1.1",
                Some("by socket"),
                "any interface there",
            ),
            (
                "ACS ACR122U 00 00",
                "",
                "1-1.30:1.0",
                Some("by name"),
                "another socket",
            ),
            (
                "ACS ACR122U 00 00",
                "",
                "",
                Some("by name"),
                "then the name",
            ),
            (
                "Other 00 00",
                "S2",
                "1-1.4:1.0",
                Some("by both"),
                "both agree",
            ),
            (
                "Other 00 00",
                "S2",
                "1-1.5:1.0",
                None,
                "one of two is not enough",
            ),
            ("Other 00 00", "", "", None, "nobody knows it"),
        ];
        for (name, serial, usb_path, expected, why) in cases {
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let identity = ReaderIdentity {
                serial_number: given(serial),
                usb_path: given(usb_path),
                ..ReaderIdentity::default()
            };
            let found = desk_reader_of(&readers, &name.into(), &identity);
            let alias = found.map(|entry| entry.alias.as_str());
            assert_eq!(alias, expected, "{why}");
        }
    }

    #[test]
    fn a_reader_that_two_aliases_fit_equally_gets_neither() {
        let readers = [entry("a", "", "", "ACR122U"), entry("b", "", "", "PICC")];
        let name = "ACS ACR122U PICC Interface 00 00".into();
        let found = desk_reader_of(&readers, &name, &ReaderIdentity::default());
        assert_eq!(found, None);
    }

    #[test]
    fn mistakes_in_the_configuration_are_named() {
        let wrong_model = DeskReader {
            model: Some("acr".to_owned()),
            ..entry("a", "S", "", "")
        };
        let cases = [
            (vec![entry(" ", "S", "", "")], "empty alias"),
            (vec![entry("a", "", "", "")], "which reader \"a\" is"),
            (vec![entry("a", "S", "", " ")], "empty serial"),
            (
                vec![entry("a", "S", "", ""), entry("a", "T", "", "")],
                "alias \"a\"",
            ),
            (
                vec![entry("a", "S", "", ""), entry("b", "S", "", "")],
                "\"a\" and \"b\"",
            ),
            (vec![wrong_model], "acs-acr122u"),
        ];
        for (readers, expected) in cases {
            let message = check_desk_readers(&readers).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        let fine = [entry("a", "S", "", ""), entry("b", "T", "", "")];
        assert_eq!(check_desk_readers(&fine), Ok(()));
    }
}
