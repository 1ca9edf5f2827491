//! Keys by name, kept out of source code, logs and error texts.

use std::{collections::BTreeMap, fmt};

use zeroize::Zeroize;

use crate::ProfileError;

/// A key of a MIFARE Classic sector: six bytes.
///
/// `Debug` shows nothing of it; the bytes are wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct MifareKey([u8; 6]);

/// The keys that a configuration may name.
///
/// `Debug` shows the names only.
#[derive(Clone, Default)]
pub struct KeyRing {
    keys: BTreeMap<Box<str>, MifareKey>,
}

impl MifareKey {
    /// The bytes, for the command that loads them into a reader.
    #[must_use]
    pub fn reveal(&self) -> &[u8; 6] {
        &self.0
    }

    /// Reads 12 hexadecimal digits.
    fn from_hex(digits: &str) -> Option<Self> {
        let mut key = Self([0; 6]);
        hex::decode_to_slice(digits, &mut key.0).ok()?;
        Some(key)
    }
}

impl From<[u8; 6]> for MifareKey {
    fn from(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }
}

impl Drop for MifareKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for MifareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MifareKey(…)")
    }
}

impl KeyRing {
    /// Reads the text of a key file: one `name = "A0A1A2A3A4A5"` a line, empty
    /// lines and lines beginning with `#` aside.
    ///
    /// That is a small part of TOML. It is read here, line by line, because a
    /// general parser copies what it reads and quotes it in its messages. The
    /// caller wipes the text.
    ///
    /// # Errors
    ///
    /// [`ProfileError::KeyFile`], with the line and never its text.
    pub fn from_text(text: &str) -> Result<Self, ProfileError> {
        let mut ring = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            ring.add(line).map_err(|problem| ProfileError::KeyFile {
                line: index + 1,
                problem,
            })?;
        }
        Ok(ring)
    }

    /// The key of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&MifareKey> {
        self.keys.get(name)
    }

    fn add(&mut self, line: &str) -> Result<(), &'static str> {
        let form = "write it as name = \"12 hexadecimal digits\"";
        let (name, value) = line.split_once('=').ok_or(form)?;
        let name = name.trim();
        let name_fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(name_fits) {
            return Err("a name has letters, digits, hyphens and underscores");
        }
        let value = value.trim();
        let digits = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .ok_or(form)?;
        let key = MifareKey::from_hex(digits).ok_or("a key has 12 hexadecimal digits")?;
        if self.keys.insert(name.into(), key).is_some() {
            return Err("an earlier line has the same name");
        }
        Ok(())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_malformed_line_is_named_and_not_quoted() {
        let cases = [
            ("school", 1, "no value"),
            ("school = A0A1A2A3A4A5", 1, "no quotes"),
            ("school = \"A0A1A2A3A4A5", 1, "one quote"),
            ("school = \"", 1, "one quote alone"),
            ("\nschool = \"A0A1A2A3A4\"", 2, "five bytes"),
            ("school = \"A0A1A2A3A4A5A6\"", 1, "seven bytes"),
            ("school = \"A0A1A2A3A4AX\"", 1, "not hexadecimal"),
            (" = \"A0A1A2A3A4A5\"", 1, "no name"),
            ("[keys]\n", 1, "a table"),
            (
                "a = \"A0A1A2A3A4A5\"\na = \"A0A1A2A3A4A5\"",
                2,
                "a name twice",
            ),
        ];
        for (text, expected, why) in cases {
            let error = KeyRing::from_text(text).unwrap_err();
            let ProfileError::KeyFile { line, .. } = &error else {
                panic!("{why}: {error}");
            };
            assert_eq!(*line, expected, "{why}");
            assert!(!error.to_string().contains("A0A1"), "{why}");
        }
    }

    #[test]
    fn keys_are_found_by_name_and_never_shown() {
        let text = "# ours\n\nschool = \"A0A1A2A3A4A5\"\r\nold-one=\"ffffffffffff\"\n";
        let ring = KeyRing::from_text(text).unwrap();
        let key = ring.get("school").unwrap();
        assert_eq!(key.reveal(), &[0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5]);
        assert_eq!(ring.get("old-one"), Some(&MifareKey::from([0xFF; 6])));
        assert_eq!(ring.get("School"), None);
        assert_eq!(format!("{ring:?}"), r#"{"old-one", "school"}"#);
        assert_eq!(format!("{key:?}"), "MifareKey(…)");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = KeyRing::from_text(&text);
        }
    }
}
