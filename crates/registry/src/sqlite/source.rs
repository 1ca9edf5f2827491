//! Where the database is, and how connections to it are made.

use std::{
    fmt, fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use postgres::config::{Config, Host};

use super::{connect, failure::Work, place::Place};
use crate::{
    RegistryError,
    sql::{self, Connection, Session},
};

/// How long a connection to a server may take.
const CONNECT: Duration = Duration::from_secs(5);

/// An address of a database.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    /// An SQLite file.
    File(PathBuf),
    /// A PostgreSQL server.
    Server(Box<Server>),
}

/// How a server is reached.
#[derive(Clone)]
pub(crate) struct Server {
    config: Config,
    /// Read at every connection, so that a password can be changed.
    password_file: Option<PathBuf>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

impl Address {
    pub(crate) fn parse(address: &str) -> Result<Self, RegistryError> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Ok(Self::Server(Box::new(Server::parse(address)?)));
        }
        let path = address.strip_prefix("sqlite:").unwrap_or(address);
        let path = path.strip_prefix("//").unwrap_or(path);
        let is_other_kind = path.contains("://") || path.starts_with("postgres:");
        if path.is_empty() || is_other_kind {
            return Err(RegistryError::UnknownBackend);
        }
        Ok(Self::File(path.into()))
    }
}

impl Server {
    fn parse(address: &str) -> Result<Self, RegistryError> {
        let (address, password_file) = take_password_file(address);
        let refused = RegistryError::BadAddress;
        let mut config: Config = address
            .parse()
            .map_err(|_| refused("write postgresql://USER@HOST/DATABASE"))?;
        if config.get_password().is_some() {
            return Err(refused(
                "put the password into a file and write ?password_file=PATH",
            ));
        }
        if !config.get_hosts().iter().all(is_this_machine) {
            return Err(refused(
                "without TLS only a server on this machine is used; name its socket's folder or localhost",
            ));
        }
        config.connect_timeout(CONNECT);
        config.application_name("xueka");
        Ok(Self {
            config,
            password_file,
        })
    }

    pub(super) fn config(&self) -> sql::Result<Config> {
        let mut config = self.config.clone();
        if let Some(path) = &self.password_file {
            let read = fs::read_to_string(path);
            let password =
                read.map_err(|error| sql::Error::Lost(format!("its password file: {error}")))?;
            config.password(password.trim_end_matches(['\r', '\n']));
        }
        Ok(config)
    }

    fn connect(&self, settings: &str) -> Work<Connection> {
        let sql = Connection::postgres(Session::open(&self.config()?)?);
        sql.execute_batch(settings)?;
        Ok(sql)
    }
}

/// Takes our own setting out of the address, for the library knows none of it.
fn take_password_file(address: &str) -> (String, Option<PathBuf>) {
    let Some((base, settings)) = address.split_once('?') else {
        return (address.to_owned(), None);
    };
    let (ours, theirs): (Vec<_>, Vec<_>) = settings
        .split('&')
        .partition(|setting| setting.starts_with("password_file="));
    let path = ours.first().and_then(|setting| setting.split_once('='));
    let path = path.map(|(_, path)| PathBuf::from(path));
    (format!("{base}?{}", theirs.join("&")), path)
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let is_loopback = |address: IpAddr| address.is_loopback();
            name == "localhost" || name.parse().is_ok_and(is_loopback)
        }
    }
}

/// Where connections are made to.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A file, by its one name.
    File(Arc<Path>),
    Server(Arc<Server>),
}

impl Source {
    /// Takes the database for this process. A file belongs to it as long as the
    /// place lives; a server has none.
    pub(super) fn take(address: &Address) -> Result<(Self, Option<Place>), RegistryError> {
        match address {
            Address::File(path) => {
                connect::check_library()?;
                let place = Place::take(path)?;
                Ok((Self::File(place.path().into()), Some(place)))
            }
            Address::Server(server) => Ok((Self::Server(Arc::new((**server).clone())), None)),
        }
    }

    /// Opens a connection that may write: a commit that was answered is on the
    /// disk, and nothing is waited for without end.
    pub(super) fn writing(&self) -> Work<Connection> {
        match self {
            Self::File(path) => connect::writing(path),
            Self::Server(server) => server.connect(
                "SET synchronous_commit = on; SET lock_timeout = '10s'; \
                 SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'",
            ),
        }
    }

    /// Opens a connection that only reads.
    pub(super) fn reading(&self) -> Work<Connection> {
        match self {
            Self::File(path) => connect::reading(path),
            Self::Server(server) => server
                .connect("SET default_transaction_read_only = on; SET statement_timeout = '600s'"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_files_and_servers() {
        let cases = [
            ("registry.db", Some("registry.db"), "a relative path"),
            ("/srv/registry.db", Some("/srv/registry.db"), "a path"),
            ("sqlite:registry.db", Some("registry.db"), "with its scheme"),
            (
                "sqlite:///srv/registry.db",
                Some("/srv/registry.db"),
                "as a URL",
            ),
            ("mysql://db/xueka", None, "a kind that is not known"),
            ("postgres:db", None, "half an address"),
            ("sqlite:", None, "no path"),
            ("", None, "nothing"),
        ];
        for (address, expected, why) in cases {
            let found = Address::parse(address).ok();
            let path = match &found {
                Some(Address::File(path)) => path.to_str(),
                _ => None,
            };
            assert_eq!(path, expected, "{why}");
        }
    }

    #[test]
    fn a_server_is_on_this_machine_and_its_password_in_a_file() {
        let cases = [
            ("postgresql://xueka@localhost/xueka", true, "loopback"),
            ("postgres://xueka@127.0.0.1:5433/xueka", true, "its number"),
            ("postgres:///xueka?host=/run/postgresql", true, "a socket"),
            (
                "postgres:///xueka?host=/run/pg&password_file=/etc/x",
                true,
                "a password file",
            ),
            ("postgres://xueka@db.school/xueka", false, "another machine"),
            (
                "postgres://xueka:secret@localhost/xueka",
                false,
                "a password",
            ),
            ("postgres://localhost/xueka?who=me", false, "no setting"),
        ];
        for (address, expected, why) in cases {
            assert_eq!(Address::parse(address).is_ok(), expected, "{why}");
        }
    }

    #[test]
    fn the_password_is_read_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "secret\n").unwrap();
        let address = format!(
            "postgres:///x?host=/run/pg&password_file={}",
            path.display()
        );
        let server = Server::parse(&address).unwrap();

        let config = server.config().unwrap();

        assert_eq!(config.get_password(), Some(b"secret".as_slice()));
        assert!(!format!("{server:?}").contains("secret"));
    }
}
