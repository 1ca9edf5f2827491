//! Keys by name, kept out of source code, logs and error texts.

use std::{collections::BTreeMap, fmt};

use crate::{Key, ProfileError, SecretKey};

/// The keys that a configuration may name.
///
/// `Debug` shows the names only.
#[derive(Clone, Default)]
pub struct KeyRing {
    keys: BTreeMap<Box<str>, Key>,
}

impl KeyRing {
    /// Reads the text of a key file: one key a line, empty lines and lines
    /// beginning with `#` aside.
    ///
    /// ```toml
    /// school = "mifare:A0A1A2A3A4A5"
    /// genuine = "3des:000102030405060708090A0B0C0D0E0F"
    /// desfire-read = "aes:000102030405060708090A0B0C0D0E0F"
    /// old = "des:0001020304050607"
    /// ntag = "password:01020304A0A1"
    /// ```
    ///
    /// Twelve digits alone are a MIFARE key. A password is followed by its
    /// acknowledgement.
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
    pub fn get(&self, name: &str) -> Option<&Key> {
        self.keys.get(name)
    }

    fn add(&mut self, line: &str) -> Result<(), &'static str> {
        let form = "write it as name = \"cipher:hexadecimal digits\"";
        let (name, value) = line.split_once('=').ok_or(form)?;
        let name = name.trim();
        let name_fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(name_fits) {
            return Err("a name has letters, digits, hyphens and underscores");
        }
        let value = value.trim();
        let value = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .ok_or(form)?;
        let key = key(value)?;
        if self.keys.insert(name.into(), key).is_some() {
            return Err("an earlier line has the same name");
        }
        Ok(())
    }
}

/// A key as a key file writes it; the problem when it is none.
fn key(value: &str) -> Result<Key, &'static str> {
    let (cipher, digits) = value.split_once(':').unwrap_or(("mifare", value));
    match cipher {
        "mifare" => SecretKey::from_hex(digits)
            .map(Key::Mifare)
            .ok_or("a MIFARE key has 12 hexadecimal digits; others begin with aes:, 3des: or des:"),
        "des" => SecretKey::from_hex(digits)
            .map(Key::Des)
            .ok_or("a DES key has 16 hexadecimal digits"),
        "3des" => SecretKey::from_hex(digits)
            .map(Key::DoubleDes)
            .ok_or("a 3DES key has 32 hexadecimal digits"),
        "aes" => SecretKey::from_hex(digits)
            .map(Key::Aes128)
            .ok_or("an AES key has 32 hexadecimal digits"),
        "password" => SecretKey::from_hex(digits)
            .map(Key::Password)
            .ok_or("a password has 8 hexadecimal digits, its acknowledgement 4 more"),
        _ => Err("the cipher before the colon is mifare, aes, 3des, des or password"),
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
            ("school = \"mifare:A0A1A2A3A4A5A6A7\"", 1, "eight bytes"),
            ("school = \"des:A0A1A2A3A4A5\"", 1, "six bytes"),
            ("school = \"3des:A0A1A2A3A4A5A6A7\"", 1, "one key of two"),
            ("school = \"password:A0A1A2A3\"", 1, "no acknowledgement"),
            ("school = \"aes:A0A1A2A3A4A5A6A7\"", 1, "half a key"),
            ("school = \"AES:A0A1A2A3A4A5\"", 1, "no such cipher"),
            ("school = \"A0A1A2A3A4A5A6A7A0A1A2A3A4A5A6A7\"", 1, "either"),
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
        let text = "# ours\n\nschool = \"A0A1A2A3A4A5\"\r\nold-one=\"mifare:ffffffffffff\"\n\
            d = \"des:0001020304050607\"\n\
            t = \"3des:000102030405060708090A0B0C0D0E0F\"\n\
            a = \"aes:000102030405060708090A0B0C0D0E0F\"\n\
            p = \"password:A0A1A2A3A4A5\"\n";
        let ring = KeyRing::from_text(text).unwrap();
        let sixteen = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let cases = [
            (
                "school",
                Key::Mifare([0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5].into()),
            ),
            ("old-one", Key::Mifare([0xFF; 6].into())),
            ("d", Key::Des([0, 1, 2, 3, 4, 5, 6, 7].into())),
            ("t", Key::DoubleDes(sixteen.into())),
            ("a", Key::Aes128(sixteen.into())),
            (
                "p",
                Key::Password([0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5].into()),
            ),
        ];
        for (name, key) in cases {
            assert_eq!(ring.get(name), Some(&key), "{name}");
        }
        assert_eq!(ring.get("School"), None);
        let shown = format!("{ring:?}");
        assert_eq!(shown, r#"{"a", "d", "old-one", "p", "school", "t"}"#);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = KeyRing::from_text(&text);
        }
    }
}
