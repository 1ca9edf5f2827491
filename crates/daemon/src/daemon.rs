//! The whole daemon: its parts started in order, and ended in the other.

use std::{
    env, fs,
    net::ToSocketAddrs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
};

use anyhow::{Context, bail};
use tokio::sync::watch;
use xueka_blacklist::ListSigner;
use xueka_cards::{KeyRing, ProfileText, ReadingProfile};
use xueka_desk::{Desk, NumberForms, PublicationSettings, SystemClock};
use xueka_readers::{PcscSource, ReaderSettings, Readers};
use xueka_simulator::{Scenario, Simulator};

use crate::{
    args::Simulation,
    config::{CardsConfig, Config},
    keys::{self, CREDENTIALS_DIRECTORY},
    listen::Listeners,
    server::{self, Served},
};

/// A daemon whose registry is open, whose readers run and whose sockets are
/// bound.
pub struct Daemon {
    listeners: Listeners,
    served: Served,
    scenario: Option<Scenario>,
}

impl Daemon {
    /// Checks what a configuration names beside itself: the rules for cards
    /// and the file with their keys. Starts nothing.
    ///
    /// # Errors
    ///
    /// A text for the operator: what is wrong and what to do.
    pub fn check(config: &Config) -> anyhow::Result<()> {
        profile(&config.cards)?;
        list_signer(config).map(drop)
    }

    /// Opens, binds and starts everything that the configuration names.
    ///
    /// # Errors
    ///
    /// A text for the operator: which part cannot start, why, and what to do.
    pub async fn start(config: &Config, simulation: &Simulation) -> anyhow::Result<Self> {
        let (profile, keys) = profile(&config.cards)?;
        let scenario = simulation.scenario.as_deref().map(scenario).transpose()?;
        if scenario.is_some() && !simulation.is_on() {
            bail!("--scenario needs one of the --simulate options");
        }
        // Bound first: a second daemon ends here, before it touches anything.
        let listeners = Listeners::bind(&config.listen).await?;
        let settings = ReaderSettings {
            profile,
            contactless: config.readers.contactless.clone(),
            desk_readers: config.readers.desk_readers(),
            contact_slots: config.readers.contact_slots,
            signals: config.readers.signal_mode(),
            ..ReaderSettings::default()
        };
        let (readers, simulator) = start_readers(simulation, settings)?;
        let signer = list_signer(config)?;
        let desk = open_desk(config, simulation.is_on(), readers).await?;
        let desk = published(desk, config, signer)
            .await?
            .with_keys(keys)
            .with_raw_exchange(config.readers.raw_exchange)
            .with_rolls(config.students.settings())
            .with_making(config.making.settings());
        Ok(Self {
            listeners,
            served: Served {
                desk: Arc::new(desk),
                simulator,
                readers_are_simulated: simulation.simulate.is_some(),
                socket_role: config.listen.socket_role,
                web: config.web.clone(),
                expected_readers: config.readers.expected(),
            },
            scenario,
        })
    }

    /// Serves until `shutdown` becomes true, then drains and closes in order.
    ///
    /// # Errors
    ///
    /// When a listener fails for good.
    pub async fn run(self, shutdown: watch::Receiver<bool>) -> anyhow::Result<()> {
        let desk = Arc::clone(&self.served.desk);
        let _playing = match (self.scenario, &self.served.simulator) {
            (Some(scenario), Some(simulator)) => Some(play(scenario, simulator.clone())?),
            _ => None,
        };
        tracing::info!(
            socket = %self.listeners.socket_path().display(),
            tcp = self.listeners.tcp_address().map(tracing::field::display),
            "serving"
        );
        // Ends when the readers are shut down.
        let torn_cards = Arc::clone(&desk);
        tokio::spawn(async move { torn_cards.take_up_torn_cards().await });
        let outcome = server::run(self.listeners, self.served, shutdown).await;
        desk.close().await;
        tracing::info!("closed");
        Ok(outcome?)
    }
}

async fn open_desk(config: &Config, simulated: bool, readers: Readers) -> anyhow::Result<Desk> {
    let path = &config.registry.path;
    let address = path
        .to_str()
        .with_context(|| format!("registry.path {} is not UTF-8", path.display()))?;
    let numbers = NumberForms::new(&config.numbers.form, config.numbers.short);
    let opened = Desk::open(address, simulated, readers, Arc::new(SystemClock), numbers).await;
    // Of a server's address only the kind: somebody may have put a password in.
    let shown = address.split_once("://").map_or(address, |(kind, _)| kind);
    opened.with_context(|| format!("the registry {shown} cannot be opened"))
}

/// Who signs the blacklist, if anyone does.
fn list_signer(config: &Config) -> anyhow::Result<Option<ListSigner>> {
    let credentials = env::var_os(CREDENTIALS_DIRECTORY).map(PathBuf::from);
    keys::list_signer(&config.blacklist, credentials)
}

/// The desk with its blacklist published, where someone signs it.
async fn published(
    desk: Desk,
    config: &Config,
    signer: Option<ListSigner>,
) -> anyhow::Result<Desk> {
    let Some(signer) = signer else {
        return Ok(desk);
    };
    let settings = PublicationSettings {
        signer,
        fresh_for: config.blacklist.fresh_seconds.duration(),
        mark_file: config.blacklist.mark_file.clone(),
    };
    let published = desk.with_publication(settings).await;
    published.context("the blacklist cannot be published")
}

fn start_readers(
    simulation: &Simulation,
    settings: ReaderSettings,
) -> anyhow::Result<(Readers, Option<Simulator>)> {
    if let Some(n_readers) = simulation.simulate {
        let (simulator, source) = Simulator::in_process(n_readers.into());
        let readers = Readers::start(Box::new(source), settings)?;
        return Ok((readers, Some(simulator)));
    }
    let ours = &simulation.simulate_virtual_readers;
    let simulator = match simulation.simulate_vpcd.as_slice() {
        [] if ours.is_empty() => None,
        [] => Some(Simulator::on_virtual_readers(ours.iter().cloned())),
        addresses => Some(vpcd_simulator(addresses)?),
    };
    let readers = Readers::start(Box::new(PcscSource::new()), settings)?;
    Ok((readers, simulator))
}

fn vpcd_simulator(addresses: &[String]) -> anyhow::Result<Simulator> {
    let mut resolved = Vec::with_capacity(addresses.len());
    for address in addresses {
        let mut found = address
            .to_socket_addrs()
            .with_context(|| format!("--simulate-vpcd: {address} is not HOST:PORT"))?;
        // vpcd listens on IPv4 alone.
        let address = found
            .find(std::net::SocketAddr::is_ipv4)
            .with_context(|| format!("--simulate-vpcd: {address} has no IPv4 address"))?;
        resolved.push(address);
    }
    Ok(Simulator::on_vpcd(resolved))
}

fn scenario(path: &Path) -> anyhow::Result<Scenario> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("the scenario {} cannot be read", path.display()))?;
    Scenario::from_toml(&text).with_context(|| format!("the scenario {} is wrong", path.display()))
}

/// Plays a scenario beside the daemon, until its end or until the sender that
/// this gives back is dropped.
fn play(scenario: Scenario, simulator: Simulator) -> anyhow::Result<mpsc::Sender<()>> {
    let (running, ended) = mpsc::channel();
    let mut wait = move |pause| match ended.recv_timeout(pause) {
        Err(mpsc::RecvTimeoutError::Timeout) => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let play = move || {
        if let Err(error) = scenario.play(&simulator, &mut wait) {
            tracing::error!(%error, "the scenario ended early");
        }
    };
    thread::Builder::new().name("scenario".into()).spawn(play)?;
    Ok(running)
}

/// The profiles as one, and the keys that they name.
fn profile(config: &CardsConfig) -> anyhow::Result<(ReadingProfile, KeyRing)> {
    let keys = keys::key_ring(
        config,
        env::var_os(CREDENTIALS_DIRECTORY).map(PathBuf::from),
    )?;
    let texts = config.profiles.iter().map(|path| {
        let text = fs::read_to_string(path)
            .with_context(|| format!("the profile {} cannot be read", path.display()))?;
        Ok((path.display().to_string(), text))
    });
    let texts = texts.collect::<anyhow::Result<Vec<_>>>()?;
    let profiles: Vec<_> = texts
        .iter()
        .map(|(file, text)| ProfileText { file, text })
        .collect();
    let profile = ReadingProfile::new(&profiles, &keys).context("a profile is wrong")?;
    Ok((profile.with_key_attempts(config.key_attempts), keys))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const PROFILE: &str = r#"name = "School"
source = "our own cards"

[[mifare_classic]]
keys = [{ name = "school", kind = "A" }]
number = { sector = 1, block = 0, offset = 0, length = 8, coding = "bcd" }
"#;

    /// A configuration with one profile, and a key file with these rights.
    fn config(folder: &Path, profile: &str, mode: u32) -> Config {
        let key_file = folder.join("keys.toml");
        fs::write(&key_file, "school = \"A0A1A2A3A4A5\"\n").unwrap();
        fs::set_permissions(&key_file, fs::Permissions::from_mode(mode)).unwrap();
        let profile_file = folder.join("school.toml");
        fs::write(&profile_file, profile).unwrap();
        let text = format!("[cards]\nkey_file = {key_file:?}\nprofiles = [{profile_file:?}]\n");
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn a_configuration_is_checked_with_its_keys() {
        let folder = tempfile::tempdir().unwrap();
        let cases = [
            (PROFILE.to_owned(), 0o600, None, "as it should be"),
            (
                PROFILE.replace("\"school\"", "\"canteen\""),
                0o600,
                Some("school.toml, line 5: the key file has no key named \"canteen\""),
                "no such key",
            ),
            (
                PROFILE.replace("sector = 1", "sector = 40"),
                0o600,
                Some("school.toml, line 6: a sector is 0 to 39"),
                "no such sector",
            ),
            (
                PROFILE.to_owned(),
                0o640,
                Some("chmod 600"),
                "others can read it",
            ),
        ];
        for (profile, mode, expected, why) in cases {
            let checked = Daemon::check(&config(folder.path(), &profile, mode));
            let message = checked.err().map(|error| format!("{error:#}"));
            match (message, expected) {
                (None, None) => {}
                (Some(message), Some(expected)) => assert!(message.contains(expected), "{message}"),
                (message, _) => panic!("{why}: {message:?}"),
            }
        }
    }
}
