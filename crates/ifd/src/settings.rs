//! What the entry of a reader says, in its `DEVICENAME`.
//!
//! ```text
//! DEVICENAME "unix:/run/pcscd/reader0;serial=XK0001;vendor=ACS;timeout=5000"
//! ```
//!
//! An address as [`Address`] reads it, then settings, each after a semicolon.
//! pcscd hands the text over with its quotes.

use std::{str::FromStr, time::Duration};

use thiserror::Error;
use xueka_transport::wire::{Address, AddressError};

/// The longest wait of ISO/IEC 14443-4 that a card may ask for in its ATS is
/// 4,949 ms (FWI 14, §5.2.5); a real reader waits that long and not much
/// longer.
const DEFAULT_PATIENCE: Duration = Duration::from_secs(5);

/// A text of an attribute beyond this is a mistake; pcscd's buffer for
/// attributes has 264 bytes.
const MOST_TEXT: usize = 128;

/// One virtual reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) address: Address,
    /// `serial`: the serial number; none unless set.
    pub(crate) serial: Option<String>,
    /// `vendor`: the name of the vendor.
    pub(crate) vendor: String,
    /// `model`: what the vendor calls the reader.
    pub(crate) model: String,
    /// `version`: of the reader's firmware, `MMmmbbbb`.
    pub(crate) version: u32,
    /// `channel`: where the reader is plugged in, `DDDDCCCC`. Without it the
    /// kind that the standard leaves to vendors, and the reader's number.
    pub(crate) channel: Option<u32>,
    /// `timeout`, in milliseconds: how long the player may be silent when it
    /// is asked something.
    pub(crate) patience: Duration,
    /// `mode`, in octal: who may connect to a Unix socket. Without it the user
    /// of pcscd alone.
    pub(crate) mode: u32,
}

/// What is wrong with a `DEVICENAME`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SettingsError {
    #[error("the address: {0}")]
    Address(#[from] AddressError),
    #[error(
        "`{0}` is no setting; there are serial, vendor, model, version, channel, timeout, mode"
    )]
    Unknown(String),
    #[error("`{0}` stands there twice")]
    Twice(&'static str),
    #[error("`{key}` must be {expected}")]
    Value {
        key: &'static str,
        expected: &'static str,
    },
}

impl FromStr for Settings {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_prefix('"').unwrap_or(text);
        let text = text.strip_suffix('"').unwrap_or(text);
        let mut parts = text.split(';');
        let mut settings = Self {
            address: parts.next().unwrap_or_default().trim().parse()?,
            serial: None,
            vendor: "Xueka".into(),
            model: "Virtual Reader".into(),
            version: 0x0100_0000,
            channel: None,
            patience: DEFAULT_PATIENCE,
            mode: 0o600,
        };
        let mut seen = Vec::new();
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let key = settings.set(key.trim(), value.trim())?;
            if seen.contains(&key) {
                return Err(SettingsError::Twice(key));
            }
            seen.push(key);
        }
        Ok(settings)
    }
}

impl Settings {
    fn set(&mut self, key: &str, value: &str) -> Result<&'static str, SettingsError> {
        match key {
            "serial" => {
                self.serial = Some(words("serial", value)?);
                Ok("serial")
            }
            "vendor" => {
                self.vendor = words("vendor", value)?;
                Ok("vendor")
            }
            "model" => {
                self.model = words("model", value)?;
                Ok("model")
            }
            "version" => {
                self.version = hexadecimal("version", value)?;
                Ok("version")
            }
            "channel" => {
                self.channel = Some(hexadecimal("channel", value)?);
                Ok("channel")
            }
            "timeout" => {
                self.patience = patience(value)?;
                Ok("timeout")
            }
            "mode" => {
                self.mode = mode(value)?;
                Ok("mode")
            }
            _ => Err(SettingsError::Unknown(key.into())),
        }
    }
}

fn words(key: &'static str, value: &str) -> Result<String, SettingsError> {
    let is_printable = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if value.is_empty() || value.len() > MOST_TEXT || !is_printable {
        return Err(SettingsError::Value {
            key,
            expected: "1 to 128 printable ASCII characters",
        });
    }
    Ok(value.into())
}

fn hexadecimal(key: &'static str, value: &str) -> Result<u32, SettingsError> {
    let digits = value.strip_prefix("0x").unwrap_or_default();
    u32::from_str_radix(digits, 16).map_err(|_| SettingsError::Value {
        key,
        expected: "a hexadecimal number of at most eight digits, such as 0x00200104",
    })
}

fn patience(value: &str) -> Result<Duration, SettingsError> {
    match value.parse() {
        Ok(millis @ 1..=600_000) => Ok(Duration::from_millis(millis)),
        _ => Err(SettingsError::Value {
            key: "timeout",
            expected: "a number of milliseconds from 1 to 600000",
        }),
    }
}

fn mode(value: &str) -> Result<u32, SettingsError> {
    match u32::from_str_radix(value, 8) {
        Ok(mode @ 0..=0o777) if value.len() <= 4 => Ok(mode),
        _ => Err(SettingsError::Value {
            key: "mode",
            expected: "octal rights such as 660",
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_alone_is_enough() {
        let settings: Settings = "unix:/run/pcscd/reader0".parse().unwrap();
        assert_eq!(settings.address.to_string(), "unix:/run/pcscd/reader0");
        assert_eq!(settings.serial, None);
        assert_eq!(settings.patience, Duration::from_secs(5));
        assert_eq!(settings.mode, 0o600, "closed unless it is opened");
    }

    #[test]
    fn everything_can_be_set_and_quotes_do_not_matter() {
        let text = "\"tcp:127.0.0.1:35990;serial=RR 17-0042;vendor=ACS;model=ACR1252;\
                    version=0x01020304;channel=0x00200104;timeout=250;mode=660\"";
        let settings: Settings = text.parse().unwrap();
        assert_eq!(settings.address.to_string(), "tcp:127.0.0.1:35990");
        assert_eq!(settings.serial.as_deref(), Some("RR 17-0042"));
        assert_eq!(settings.vendor, "ACS");
        assert_eq!(settings.model, "ACR1252");
        assert_eq!(settings.version, 0x0102_0304);
        assert_eq!(settings.channel, Some(0x0020_0104));
        assert_eq!(settings.patience, Duration::from_millis(250));
        assert_eq!(settings.mode, 0o660);
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("tcp:0.0.0.0:1", "loopback", "open to others"),
            ("/dev/null:0x8C7B", "unix:", "as for other drivers"),
            ("unix:/a;colour=red", "`colour`", "no such setting"),
            ("unix:/a;", "``", "a semicolon too many"),
            ("unix:/a;serial", "`serial`", "without a value"),
            ("unix:/a;serial=1;serial=2", "twice", "which one?"),
            ("unix:/a;serial=é", "`serial`", "PC/SC has ASCII alone"),
            ("unix:/a;channel=12", "`channel`", "decimal or not?"),
            ("unix:/a;timeout=0", "`timeout`", "nothing could answer"),
            ("unix:/a;timeout=5s", "`timeout`", "a unit"),
            ("unix:/a;mode=999", "`mode`", "not octal"),
            ("unix:/a;mode=7777", "`mode`", "more than rights"),
        ];
        for (text, expected, why) in cases {
            let error = text.parse::<Settings>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}: {why}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "(unix:/|tcp:)?[ -~é\"]{0,40}(;[a-z]{0,8}=?[ -~]{0,9}){0,4}") {
            let _ = text.parse::<Settings>();
        }
    }
}
