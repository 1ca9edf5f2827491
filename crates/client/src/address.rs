//! Where a daemon is reached.

use std::{
    env, fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use thiserror::Error;
use tonic::transport::Uri;

/// Where the daemon listens unless told otherwise.
const SYSTEM_SOCKET: &str = "/run/xueka/xuekad.sock";

/// Where a daemon is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerAddress {
    /// A Unix socket.
    Unix(PathBuf),
    /// A host and a port, without encryption.
    Tcp {
        /// Name or address; an IPv6 address without its brackets.
        host: String,
        /// The port.
        port: u16,
    },
}

/// Why a text is no address of a daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an address; write unix:/path or http://127.0.0.1:PORT")]
pub struct InvalidAddress;

impl FromStr for ServerAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            // `unix:///path` and `unix:/path` are two spellings of one thing.
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err(InvalidAddress),
                path => Ok(Self::Unix(path.into())),
            };
        }
        let uri: Uri = text.parse().map_err(|_| InvalidAddress)?;
        let is_plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/");
        let host = uri
            .host()
            .filter(|_| is_plain && uri.query().is_none())
            .ok_or(InvalidAddress)?;
        let port = uri.port_u16().ok_or(InvalidAddress)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self::Tcp { host, port })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "http://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "http://{host}:{port}"),
        }
    }
}

impl ServerAddress {
    /// The address that `$XUEKA_SERVER` gives, or the default: the user's own
    /// daemon when there is one, else that of the system.
    ///
    /// # Errors
    ///
    /// [`InvalidAddress`] when the variable holds something else.
    pub fn from_environment() -> Result<Self, InvalidAddress> {
        match env::var("XUEKA_SERVER") {
            Ok(text) if !text.is_empty() => text.parse(),
            _ => {
                let runtime_dir = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
                Ok(Self::default_on(runtime_dir, Path::exists))
            }
        }
    }

    /// Whether it is a socket in the file system.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    /// The address when none is given: the user's own daemon when there is
    /// one, else that of the system.
    fn default_on(runtime_dir: Option<PathBuf>, exists: impl Fn(&Path) -> bool) -> Self {
        let own = runtime_dir.map(|directory| directory.join("xueka/xuekad.sock"));
        Self::Unix(
            own.filter(|socket| exists(socket))
                .unwrap_or_else(|| SYSTEM_SOCKET.into()),
        )
    }

    /// Whether what is sent there stays on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp { host, .. } => {
                host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unix(path: &str) -> ServerAddress {
        ServerAddress::Unix(path.into())
    }

    fn tcp(host: &str, port: u16) -> ServerAddress {
        let host = host.to_owned();
        ServerAddress::Tcp { host, port }
    }

    #[test]
    fn an_address_is_a_socket_or_a_port() {
        let cases = [
            ("unix:/run/x.sock", Ok(unix("/run/x.sock")), "socket"),
            (
                "unix:///run/x.sock",
                Ok(unix("/run/x.sock")),
                "as gRPC spells it",
            ),
            ("unix:x.sock", Ok(unix("x.sock")), "relative"),
            ("http://127.0.0.1:7071", Ok(tcp("127.0.0.1", 7071)), "port"),
            ("http://[::1]:7071/", Ok(tcp("::1", 7071)), "IPv6"),
            ("http://localhost:1", Ok(tcp("localhost", 1)), "name"),
            ("unix:", Err(InvalidAddress), "no path"),
            ("http://127.0.0.1", Err(InvalidAddress), "no port"),
            ("http://127.0.0.1:1/x", Err(InvalidAddress), "a path"),
            (
                "https://127.0.0.1:1",
                Err(InvalidAddress),
                "not spoken here",
            ),
            ("/run/x.sock", Err(InvalidAddress), "no scheme"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(text.parse::<ServerAddress>(), expected, "{text}: {why}");
        }
    }

    #[test]
    fn an_address_is_shown_as_it_can_be_typed() {
        for text in ["unix:/a", "http://127.0.0.1:1", "http://[::1]:1"] {
            let address: ServerAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn the_users_own_daemon_comes_first() {
        let own = || Some(PathBuf::from("/run/user/1"));
        let system = unix(SYSTEM_SOCKET);
        let found = ServerAddress::default_on(own(), |_| true);
        assert_eq!(found, unix("/run/user/1/xueka/xuekad.sock"));
        assert_eq!(ServerAddress::default_on(own(), |_| false), system);
        assert_eq!(ServerAddress::default_on(None, |_| true), system);
    }

    #[test]
    fn a_token_stays_on_this_machine() {
        let cases = [
            (unix("/a"), true),
            (tcp("localhost", 1), true),
            (tcp("127.0.0.2", 1), true),
            (tcp("::1", 1), true),
            (tcp("192.168.0.2", 1), false),
            (tcp("desk.example", 1), false),
        ];
        for (address, expected) in cases {
            assert_eq!(address.is_local(), expected, "{address}");
        }
    }
}
