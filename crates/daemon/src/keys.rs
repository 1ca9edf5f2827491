//! The keys of cards, and the one that signs the blacklist: from files or systemd
//! credentials that the daemon alone can read.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use xueka_blacklist::ListSigner;
use xueka_cards::KeyRing;
use zeroize::Zeroizing;

use crate::config::{BlacklistConfig, CardsConfig};

/// The variable in which systemd says where the credentials of a service lie.
///
/// Source: systemd.exec(5), "Credentials".
pub(crate) const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// Rights that nobody but the daemon may have on a key file.
const OTHERS: u32 = 0o077;

/// Those that nobody may have on a credential. systemd gives the service its
/// right by an access control list, whose mask stands in the bits of the group.
const OTHERS_BUT_GROUP: u32 = 0o007;

/// The keys that a configuration names. `credentials` is where systemd put the
/// credentials of the service, if it did.
pub(crate) fn key_ring(
    config: &CardsConfig,
    credentials: Option<PathBuf>,
) -> anyhow::Result<KeyRing> {
    let source = Source {
        settings: ["cards.key_file", "cards.key_credential"],
        file: config.key_file.as_deref(),
        credential: config.key_credential.as_deref(),
    };
    let Some((path, text)) = source.read(credentials)? else {
        return Ok(KeyRing::default());
    };
    let shown = path.display();
    KeyRing::from_text(&text).with_context(|| format!("the key file {shown} is wrong"))
}

/// Who signs the blacklist, if anyone does.
pub(crate) fn list_signer(
    config: &BlacklistConfig,
    credentials: Option<PathBuf>,
) -> anyhow::Result<Option<ListSigner>> {
    let source = Source {
        settings: [
            "blacklist.signing_key_file",
            "blacklist.signing_key_credential",
        ],
        file: config.signing_key_file.as_deref(),
        credential: config.signing_key_credential.as_deref(),
    };
    let Some((path, text)) = source.read(credentials)? else {
        return Ok(None);
    };
    let signer = ListSigner::from_text(&text).with_context(|| {
        let shown = path.display();
        format!("{shown} holds no signing key: make one with `xueka blacklist key new FILE`")
    })?;
    Ok(Some(signer))
}

/// Where a secret text comes from.
struct Source<'a> {
    /// The names of the settings for the file and for the credential.
    settings: [&'static str; 2],
    file: Option<&'a Path>,
    credential: Option<&'a str>,
}

impl Source<'_> {
    /// The text and where it was; `None` when neither is set.
    fn read(
        &self,
        credentials: Option<PathBuf>,
    ) -> anyhow::Result<Option<(PathBuf, Zeroizing<String>)>> {
        let [of_file, of_credential] = self.settings;
        let (path, forbidden) = match (self.file, self.credential) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                bail!("{of_file} and {of_credential} are both set; keep one of them")
            }
            (Some(path), None) => (path.to_owned(), OTHERS),
            (None, Some(name)) => {
                if name.is_empty() || name.contains('/') || name.starts_with('.') {
                    bail!("{of_credential} is the name of a credential, not a path");
                }
                let folder = credentials.with_context(|| {
                    format!(
                        "{of_credential} = {name:?} needs the daemon to be started by systemd \
                         with LoadCredential={name}: or LoadCredentialEncrypted={name}:"
                    )
                })?;
                (folder.join(name), OTHERS_BUT_GROUP)
            }
        };
        let text = read(&path, forbidden)?;
        Ok(Some((path, text)))
    }
}

fn read(path: &Path, forbidden: u32) -> anyhow::Result<Zeroizing<String>> {
    let shown = path.display();
    let metadata = fs::metadata(path).with_context(|| format!("the key file {shown}"))?;
    if metadata.permissions().mode() & forbidden != 0 {
        bail!("the key file {shown} can be read by others: chmod 600 {shown}");
    }
    let text = fs::read_to_string(path).with_context(|| format!("the key file {shown}"))?;
    Ok(Zeroizing::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = "school = \"A0A1A2A3A4A5\"\n";

    /// What is said of a credential of that name and those rights.
    fn outcome(name: &str, mode: u32, has_folder: bool) -> Result<bool, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card-keys");
        fs::write(&path, KEYS).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let config = CardsConfig {
            key_credential: Some(name.to_owned()),
            ..CardsConfig::default()
        };
        let credentials = has_folder.then(|| folder.path().to_owned());
        key_ring(&config, credentials)
            .map(|keys| keys.get("school").is_some())
            .map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn keys_come_from_a_credential() {
        let cases = [
            (
                "card-keys",
                0o400,
                true,
                None,
                "as systemd gives it to root",
            ),
            ("card-keys", 0o440, true, None, "by an access control list"),
            (
                "card-keys",
                0o444,
                true,
                Some("read by others"),
                "for everybody",
            ),
            ("other", 0o400, true, Some("other"), "no such credential"),
            ("../card-keys", 0o400, true, Some("not a path"), "a path"),
            ("", 0o400, true, Some("not a path"), "nothing"),
            (
                "card-keys",
                0o400,
                false,
                Some("LoadCredential=card-keys:"),
                "no systemd",
            ),
        ];
        for (name, mode, has_folder, expected, why) in cases {
            match (outcome(name, mode, has_folder), expected) {
                (Ok(has_key), None) => assert!(has_key, "{why}"),
                (Err(message), Some(part)) => assert!(message.contains(part), "{why}: {message}"),
                (outcome, _) => panic!("{why}: {outcome:?}"),
            }
        }
    }

    #[test]
    fn the_signing_key_is_the_daemons_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blacklist.key");
        let config = BlacklistConfig {
            signing_key_file: Some(path.clone()),
            ..BlacklistConfig::default()
        };
        let secret = ListSigner::secret_text(&[7; 32]);
        let public = ListSigner::new(&[7; 32]).public_text();
        let cases = [
            (secret.as_str(), 0o600, None, "as it is made"),
            (
                secret.as_str(),
                0o640,
                Some("chmod 600"),
                "others can read it",
            ),
            (
                public.as_str(),
                0o600,
                Some("xueka blacklist key new"),
                "the other half",
            ),
        ];
        for (text, mode, expected, why) in cases {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let signer = list_signer(&config, None).map_err(|error| format!("{error:#}"));
            match (signer, expected) {
                (Ok(signer), None) => assert!(signer.is_some(), "{why}"),
                (Err(message), Some(part)) => assert!(message.contains(part), "{why}: {message}"),
                (outcome, _) => panic!("{why}: {outcome:?}"),
            }
        }
        let none = list_signer(&BlacklistConfig::default(), None).unwrap();
        assert!(none.is_none(), "none is set");
    }

    #[test]
    fn one_source_of_keys_is_named() {
        let config = CardsConfig {
            key_file: Some("/etc/xueka/keys.toml".into()),
            key_credential: Some("card-keys".to_owned()),
            ..CardsConfig::default()
        };
        let message = key_ring(&config, None).unwrap_err().to_string();
        assert!(message.contains("keep one of them"), "{message}");
    }
}
