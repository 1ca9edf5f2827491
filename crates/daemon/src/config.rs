//! The one configuration file: its shape, its defaults, and what is wrong with it.
//!
//! Every setting stands, with its default and a comment, in
//! `xuekad.example.toml`; a test keeps the two together.

mod blacklist;

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use serde::Deserialize;
use thiserror::Error;
use xueka_cards::KeyAttempts;
use xueka_desk::{MakingSettings, RollSettings};
use xueka_domain::{DistrictCode, Language, NumberForm, SchoolCode, ShortNumberRule};
use xueka_files::{
    ColumnName as _, FactoryLayout, Limits, MakingLayout, Place, RollColumn, RollLayout,
};
use xueka_readers::{DeskReader, DeskReaderError, SignalMode, check_desk_readers};

pub use self::blacklist::BlacklistConfig;
use crate::logging;

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the daemon listens.
    pub listen: ListenConfig,
    /// Where the registry is kept.
    pub registry: RegistryConfig,
    /// What the log looks like.
    pub log: LogConfig,
    /// Who may call from a browser.
    pub web: WebConfig,
    /// Which readers are used, and how.
    pub readers: ReadersConfig,
    /// How cards are read.
    pub cards: CardsConfig,
    /// What is printed on cards.
    pub numbers: NumbersConfig,
    /// How the blacklist is published.
    pub blacklist: BlacklistConfig,
    /// The rolls of students.
    pub students: StudentsConfig,
    /// Card-making files.
    pub making: MakingConfig,
}

/// Where the daemon listens.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// Path of the Unix socket.
    pub socket: PathBuf,
    /// Permission bits of the socket, in octal: who may connect may do what
    /// [`socket_role`](Self::socket_role) says.
    pub socket_mode: OctalMode,
    /// What callers on the Unix socket may do.
    pub socket_role: SocketRole,
    /// Loopback address and port for callers with a token; none by default.
    pub tcp: Option<SocketAddr>,
}

/// What callers on the Unix socket may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SocketRole {
    /// Verify cards and check the blacklist.
    Verifier,
    /// Work at the desk.
    Clerk,
    /// What a clerk may, bulk registration, writing cards and the blacklist by
    /// hand.
    Registrar,
    /// Everything, tokens included.
    Administrator,
}

/// Permission bits, written in octal as text: `"0660"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct OctalMode(pub u32);

impl TryFrom<String> for OctalMode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match u32::from_str_radix(&text, 8) {
            Ok(mode) if mode <= 0o777 => Ok(Self(mode)),
            _ => Err("permission bits are three or four octal digits, such as \"0660\"".into()),
        }
    }
}

/// Where the registry is kept.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistryConfig {
    /// Path of the SQLite file, which is created when it does not exist; or the
    /// address of a PostgreSQL database, `postgresql://…`, without a password.
    pub path: PathBuf,
}

/// What the log looks like.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Text for people or JSON for programs.
    pub format: LogFormat,
    /// What is logged, as a filter of `tracing-subscriber`: `info`, or
    /// `info,xueka_readers=debug`.
    pub filter: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line per event.
    Text,
    /// One JSON object per line.
    Json,
}

/// Who may call from a browser.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebConfig {
    /// Exact origins, such as `https://desk.example`, whose pages may call over
    /// gRPC-Web. Empty: gRPC-Web is off.
    pub origins: Vec<String>,
}

/// Which readers are used, and how.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReadersConfig {
    /// Parts of reader names: such a reader is contactless whatever the ATR of
    /// its cards says, so pseudo-APDUs may be sent to it.
    pub contactless: Vec<String>,
    /// Whether slots for security modules and contact cards are readers, too.
    pub contact_slots: bool,
    /// When readers show signals by light and buzzer.
    pub signals: SignalsConfig,
    /// Whether engineers may send commands to cards as they are.
    pub raw_exchange: bool,
    /// The readers that have an alias.
    pub desk: Vec<DeskReaderConfig>,
}

/// When readers show signals by light and buzzer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignalsConfig {
    /// At each tap, at each verification, and when asked to.
    #[default]
    Taps,
    /// At each verification, and when asked to.
    Verdicts,
    /// Only when asked to.
    Asked,
    /// Never.
    Off,
}

/// A reader that has an alias. At least one of the three that say which it is
/// has to be there; it is the reader that agrees in all that are.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskReaderConfig {
    /// What people call it.
    pub alias: String,
    /// Its serial number.
    #[serde(default)]
    pub serial: Option<String>,
    /// The USB socket it is in.
    #[serde(default)]
    pub usb_path: Option<String>,
    /// A part of its PC/SC name.
    #[serde(default)]
    pub name: Option<String>,
    /// The row of the table of models that holds for it, where its name does
    /// not tell.
    #[serde(default)]
    pub model: Option<String>,
    /// Whether it is reported when it is missing.
    #[serde(default = "yes")]
    pub expected: bool,
    /// Whether it shows signals.
    #[serde(default = "yes")]
    pub signals: bool,
}

fn yes() -> bool {
    true
}

impl ReadersConfig {
    /// The readers that have an alias, as `readers` takes them.
    #[must_use]
    pub fn desk_readers(&self) -> Vec<DeskReader> {
        self.desk.iter().map(DeskReader::from).collect()
    }

    /// The aliases of the readers that are reported when they are missing.
    #[must_use]
    pub fn expected(&self) -> Arc<[String]> {
        let expected = self.desk.iter().filter(|it| it.expected);
        expected.map(|it| it.alias.clone()).collect()
    }

    /// When readers show signals.
    #[must_use]
    pub fn signal_mode(&self) -> SignalMode {
        match self.signals {
            SignalsConfig::Taps => SignalMode::Taps,
            SignalsConfig::Verdicts => SignalMode::Verdicts,
            SignalsConfig::Asked => SignalMode::Asked,
            SignalsConfig::Off => SignalMode::Off,
        }
    }
}

impl From<&DeskReaderConfig> for DeskReader {
    fn from(config: &DeskReaderConfig) -> Self {
        let config = config.clone();
        Self {
            alias: config.alias,
            serial_number: config.serial,
            usb_path: config.usb_path,
            name: config.name,
            model: config.model,
            is_expected: config.expected,
            has_signals: config.signals,
        }
    }
}

/// How cards are read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CardsConfig {
    /// A file with the keys that profiles name; readable by the daemon alone.
    pub key_file: Option<PathBuf>,
    /// The systemd credential with those keys, in place of the file.
    pub key_credential: Option<String>,
    /// Profiles, which say where cards keep their number; their places are
    /// tried in this order.
    pub profiles: Vec<PathBuf>,
    /// How often keys are tried on one card.
    pub key_attempts: KeyAttempts,
}

/// What is printed on cards.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NumbersConfig {
    /// Forms in which cards bear their UID or number, beside the standard ones;
    /// at most [`NumbersConfig::MOST_FORMS`].
    pub form: Vec<NumberForm>,
    /// Which digits of a printed number are the short number of a bad card.
    pub short: ShortNumberRule,
}

impl NumbersConfig {
    /// The most forms: each that shows a part of a number makes every change of
    /// a card dearer.
    pub const MOST_FORMS: usize = 8;
}

/// The rolls of students.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StudentsConfig {
    /// How the rolls of the school look, where their headings do not say it.
    pub roll: RollLayout,
    /// How much a roll may ask of the daemon.
    pub limits: Limits,
}

impl StudentsConfig {
    /// What holds for rolls, as `desk` takes it.
    #[must_use]
    pub fn settings(&self) -> RollSettings {
        RollSettings {
            layout: self.roll.clone(),
            limits: self.limits,
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let has_place =
            |column: &RollColumn| matches!(self.roll.columns.get(column), Some(Place::Number(1..)));
        let needed = [RollColumn::StudentNumber, RollColumn::Name];
        match needed.iter().find(|column| !has_place(column)) {
            Some(missing) if self.roll.header_row == 0 => {
                Err(ConfigError::RollPlace(missing.name(Language::English)))
            }
            _ => Ok(()),
        }
    }
}

/// Card-making files, the factory and the delivery.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MakingConfig {
    /// The district code, four digits, which stands in the files.
    pub district: Option<Code<DistrictCode>>,
    /// The school code, at a school's desk.
    pub school: Option<Code<SchoolCode>>,
    /// What a reissue costs where a fee is due, in fen.
    pub fee_fen: u32,
    /// How the files for the district and for the factory look.
    pub file: MakingLayout,
    /// How the files from the factory and from the district look.
    pub factory_result: FactoryLayout,
}

impl Default for MakingConfig {
    fn default() -> Self {
        let settings = MakingSettings::default();
        Self {
            district: None,
            school: None,
            fee_fen: settings.fee_fen,
            file: settings.file,
            factory_result: settings.factory_result,
        }
    }
}

impl MakingConfig {
    /// What holds for card-making files, as `desk` takes it.
    #[must_use]
    pub fn settings(&self) -> MakingSettings {
        MakingSettings {
            district: self.district.as_ref().map(|code| code.0),
            school: self.school.as_ref().map(|code| code.0.clone()),
            fee_fen: self.fee_fen,
            file: self.file.clone(),
            factory_result: self.factory_result.clone(),
        }
    }
}

/// A code, written as text so that its leading zeros count.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String", bound = "T: FromStr, T::Err: std::fmt::Display")]
pub struct Code<T>(pub T);

impl<T: FromStr> TryFrom<String> for Code<T> {
    type Error = T::Err;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            socket: "/run/xueka/xuekad.sock".into(),
            socket_mode: OctalMode(0o660),
            socket_role: SocketRole::Administrator,
            tcp: None,
        }
    }
}

impl Default for RegistryConfig {
    fn default() -> Self {
        Self {
            path: "/var/lib/xueka/registry.db".into(),
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".into(),
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {path} cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not TOML, or has a setting that does not exist or has a
    /// wrong value. The text of the cause has line and column.
    #[error("the configuration file {path} is wrong; every setting stands in xuekad.example.toml")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// TCP is asked for on an address that other machines can reach.
    #[error(
        "listen.tcp = \"{0}\" is not a loopback address: without TLS only this machine may call; \
         use 127.0.0.1 or [::1]"
    )]
    NotLoopback(SocketAddr),
    /// Browsers are let in and there is nowhere to come in.
    #[error(
        "web.origins is set, but browsers need listen.tcp: set it to a loopback address and port"
    )]
    WebWithoutTcp,
    /// An entry of `web.origins` is no exact origin.
    #[error(
        "web.origins has \"{0}\": an origin is scheme, host and port alone, such as https://desk.example"
    )]
    NotAnOrigin(String),
    /// An empty part of a name, which every reader has: contact readers too.
    #[error(
        "readers.contactless has an empty entry, which fits every reader; write a part of a name"
    )]
    EveryReader,
    /// More forms of printed numbers than are kept.
    #[error("numbers.form is there {0} times; at most 8 forms are kept")]
    TooManyForms(usize),
    /// Rolls without headings, and nothing says where a column is.
    #[error(
        "students.roll.header_row is 0, so students.roll.columns has to place {0} by a number, \
         counted from 1"
    )]
    RollPlace(&'static str),
    /// A reader with an alias is described wrongly.
    #[error("readers.desk is wrong")]
    DeskReader(#[from] DeskReaderError),
    /// The log filter is wrong.
    #[error("log.filter is wrong: {0}")]
    LogFilter(String),
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] says which file, where, and what is expected there.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.into(),
            source,
        })?;
        let config: Self = toml::from_str(&text).map_err(|source| ConfigError::Wrong {
            path: path.into(),
            source: Box::new(source),
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        logging::filter(&self.log)?;
        match self.listen.tcp {
            Some(address) if !address.ip().is_loopback() => {
                return Err(ConfigError::NotLoopback(address));
            }
            None if !self.web.origins.is_empty() => return Err(ConfigError::WebWithoutTcp),
            _ => {}
        }
        if self
            .readers
            .contactless
            .iter()
            .any(|part| part.trim().is_empty())
        {
            return Err(ConfigError::EveryReader);
        }
        check_desk_readers(&self.readers.desk_readers())?;
        self.students.check()?;
        if self.numbers.form.len() > NumbersConfig::MOST_FORMS {
            return Err(ConfigError::TooManyForms(self.numbers.form.len()));
        }
        match self.web.origins.iter().find(|origin| !is_origin(origin)) {
            Some(wrong) => Err(ConfigError::NotAnOrigin(wrong.clone())),
            None => Ok(()),
        }
    }
}

/// Whether a text is an origin as a browser sends it: scheme and authority,
/// without path, wildcard or user.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else {
        return false;
    };
    let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = !text.ends_with('/') && uri.path() == "/" && uri.query().is_none();
    let host = uri
        .authority()
        .is_some_and(|a| !a.host().is_empty() && !a.as_str().contains(['*', '@']));
    scheme && bare && host
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = include_str!("../../../xuekad.example.toml");

    fn parse(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        let checked = config.check();
        checked.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        Ok(config)
    }

    #[test]
    fn the_example_shows_the_defaults() {
        assert_eq!(parse(EXAMPLE).unwrap(), Config::default());
    }

    /// The example with every setting that it shows.
    fn with_everything_set() -> String {
        // Lines that show a setting without setting it begin with "#key =" or
        // "#[[table]]", without a space.
        let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with([' ', '#']) => format!("{setting}\n"),
            _ => format!("{line}\n"),
        });
        lines.collect()
    }

    #[test]
    fn the_example_with_everything_set_is_understood() {
        let config = parse(&with_everything_set()).unwrap();
        assert!(config.listen.tcp.is_some());
        assert!(!config.web.origins.is_empty());
        let desk_readers = config.readers.desk_readers();
        assert_eq!(desk_readers.len(), 1);
        assert!(desk_readers[0].is_expected && desk_readers[0].has_signals);
        assert!(config.cards.key_file.is_some());
        assert_eq!(config.cards.profiles.len(), 1);
        assert_eq!(config.numbers.form.len(), 1);
        assert!(config.making.district.is_some() && config.making.school.is_some());
        let roll = &config.students.roll;
        assert_eq!(roll.columns.len(), 2);
        assert!(roll.delimiter.is_some() && roll.encoding.is_some() && roll.sheet.is_some());
    }

    #[test]
    fn what_the_system_says_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xuekad.toml");
        let told = || {
            format!(
                "{:#}",
                anyhow::Error::from(Config::load(&path).unwrap_err())
            )
        };

        let missing = told();
        fs::write(&path, "[listen]\nsokcet = 1\n").unwrap();
        let misspelt = told();

        assert_eq!(missing.matches("No such file").count(), 1, "{missing}");
        assert_eq!(misspelt.matches("line 2").count(), 1, "{misspelt}");
    }

    #[test]
    fn mistakes_about_rolls_are_named() {
        let cases = [
            (
                "[students.roll]\nheader_row = 0\ncolumns.student_number = 1",
                "has to place name",
                "nothing says where the names are",
            ),
            (
                "[students.roll]\ncolums.name = 1",
                "colums",
                "a misspelt setting of rolls",
            ),
        ];
        for (text, expected, why) in cases {
            let message = parse(text).unwrap_err();
            assert!(message.contains(expected), "{why}: {message}");
        }
    }

    #[test]
    fn mistakes_about_card_making_are_named() {
        let cases = [
            (
                "[making]\ndistrict = \"106\"",
                "four digits",
                "a code has its zeros",
            ),
            ("[making]\ndistrikt = \"0106\"", "distrikt", "misspelt"),
            (
                "[making.file]\nencoding = \"utf8\"",
                "line_end",
                "a layout is whole",
            ),
        ];
        for (text, expected, why) in cases {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains(expected), "{why}: {refused}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let cases = [
            (
                "[listen]\nsokcet = \"/x\"",
                "sokcet",
                "an unknown key is named",
            ),
            ("[listen]\nsokcet = \"/x\"", "line 2", "with its line"),
            ("[lisen]", "lisen", "an unknown section is named"),
            ("[listen]\nsocket_mode = \"0888\"", "octal", "a wrong mode"),
            (
                "[listen]\nsocket_role = \"king\"",
                "administrator",
                "what is allowed",
            ),
            (
                "[log]\nfilter = \"xueka_desk=loud\"",
                "log.filter",
                "no such level",
            ),
            (
                "[listen]\ntcp = \"0.0.0.0:1\"",
                "not a loopback",
                "open to others",
            ),
            (
                "[web]\norigins = [\"http://a\"]",
                "listen.tcp",
                "nowhere to come in",
            ),
            (
                "[listen]\ntcp = \"127.0.0.1:1\"\n[web]\norigins = [\"*\"]",
                "origin is",
                "a wildcard is no origin",
            ),
            (
                "[listen]\ntcp = \"127.0.0.1:1\"\n[web]\norigins = [\"http://a/\"]",
                "origin is",
                "a path is no origin",
            ),
            (
                "[[readers.desk]]\nserial = \"S\"",
                "alias",
                "a reader without a name",
            ),
            (
                "[[readers.desk]]\nalias = \"a\"\nserail = \"S\"",
                "serail",
                "misspelt",
            ),
            (
                "[[readers.desk]]\nalias = \"entry desk\"",
                "which reader \"entry desk\" is",
                "nothing says which",
            ),
            (
                "[[readers.desk]]\nalias = \"a\"\nname = \"R\"\nmodel = \"acr\"",
                "acs-acr122u",
                "the models that there are",
            ),
            (
                "[readers]\nsignals = \"loud\"",
                "verdicts",
                "what is allowed",
            ),
            (
                "[readers]\ncontactless = [\"ACR\", \" \"]",
                "every reader",
                "nothing is part of every name",
            ),
            (
                "[[numbers.form]]\ncoding = \"octal\"",
                "hex",
                "what a coding can be",
            ),
            (
                "[[numbers.form]]\ncoding = \"facility\"",
                "three bytes",
                "settings that do not go together",
            ),
            (
                "[numbers.short]\nprinted = \"both\"",
                "either",
                "what can be printed",
            ),
            (
                "[numbers.short]\nfrom_digit = 0",
                "positions from 1 on",
                "no such digit",
            ),
            (
                &"[[numbers.form]]\n".repeat(9),
                "at most 8",
                "more forms than are kept",
            ),
        ];
        for (text, expected, why) in cases {
            let message = parse(text).unwrap_err();
            assert!(message.contains(expected), "{why}: {message}");
        }
    }

    proptest! {
        #[test]
        fn no_settings_panic(
            at: prop::sample::Index,
            n_removed in 0_usize..40,
            piece in "[\\PC\n]{0,40}",
            text in "\\PC{0,200}",
        ) {
            let mut characters: Vec<char> = with_everything_set().chars().collect();
            let from = at.index(characters.len());
            let to = characters.len().min(from + n_removed);
            characters.splice(from..to, piece.chars());
            let spoiled: String = characters.into_iter().collect();
            for text in [&spoiled, &text] {
                if let Err(message) = parse(text) {
                    prop_assert!(!message.is_empty());
                }
            }
        }
    }
}
