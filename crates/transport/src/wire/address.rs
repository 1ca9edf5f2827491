//! Where a virtual reader listens.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use thiserror::Error;

/// The longest path that fits into the address of a Unix socket on every
/// system: 104 bytes on some, 108 on Linux, each with a zero at the end.
const MOST_PATH: usize = 103;

/// An address that only programs on the same machine can reach.
///
/// Written `unix:/run/pcscd/reader0` or `tcp:127.0.0.1:35990`; nothing else
/// can be represented, so nothing else can be listened on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A Unix socket at an absolute path.
    Unix(PathBuf),
    /// TCP on a loopback address.
    Tcp(SocketAddr),
}

/// Why a text is no [`Address`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It begins with neither `unix:` nor `tcp:`.
    #[error("write unix:/PATH or tcp:127.0.0.1:PORT")]
    Scheme,
    /// The path does not begin with a slash, or has a zero byte in it.
    #[error("the path after unix: must be absolute")]
    Path,
    /// The path does not fit into the address of a socket.
    #[error("the path after unix: has {length} bytes; a socket takes {MOST_PATH}")]
    PathLength {
        /// Bytes of the path.
        length: usize,
    },
    /// No IP address and port follow `tcp:`.
    #[error("after tcp: there must be an IP address and a port, such as 127.0.0.1:35990")]
    Socket,
    /// The address would be open to other machines.
    #[error("only loopback addresses (127.0.0.1, [::1]) are allowed, for anyone can connect")]
    NotLoopback,
}

impl Address {
    /// An address for the socket at `path`.
    ///
    /// # Errors
    ///
    /// [`AddressError::Path`] and [`AddressError::PathLength`].
    pub fn unix(path: impl AsRef<Path>) -> Result<Self, AddressError> {
        let path = path.as_ref();
        let bytes = path.as_os_str().as_encoded_bytes();
        if !path.is_absolute() || bytes.contains(&0) {
            return Err(AddressError::Path);
        }
        if bytes.len() > MOST_PATH {
            return Err(AddressError::PathLength {
                length: bytes.len(),
            });
        }
        Ok(Self::Unix(path.to_owned()))
    }

    /// An address for a TCP port.
    ///
    /// # Errors
    ///
    /// [`AddressError::NotLoopback`].
    pub fn tcp(socket: SocketAddr) -> Result<Self, AddressError> {
        if !socket.ip().is_loopback() {
            return Err(AddressError::NotLoopback);
        }
        Ok(Self::Tcp(socket))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            Self::unix(path)
        } else if let Some(socket) = text.strip_prefix("tcp:") {
            Self::tcp(socket.parse().map_err(|_| AddressError::Socket)?)
        } else {
            Err(AddressError::Scheme)
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(socket) => write!(f, "tcp:{socket}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_read_and_written_alike() {
        for text in [
            "unix:/run/pcscd/reader0",
            "tcp:127.0.0.1:35990",
            "tcp:127.8.9.1:1",
            "tcp:[::1]:35990",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn whatever_others_could_reach_is_refused() {
        let long = format!("unix:/{}", "x".repeat(MOST_PATH));
        let cases = [
            ("tcp:0.0.0.0:35990", AddressError::NotLoopback, "everywhere"),
            ("tcp:[::]:35990", AddressError::NotLoopback, "everywhere"),
            (
                "tcp:192.168.1.4:1",
                AddressError::NotLoopback,
                "the network",
            ),
            // A mapped address is loopback for IPv4 sockets alone.
            (
                "tcp:[::ffff:10.0.0.1]:1",
                AddressError::NotLoopback,
                "mapped",
            ),
            ("tcp:localhost:1", AddressError::Socket, "names can change"),
            ("tcp:127.0.0.1", AddressError::Socket, "no port"),
            ("tcp:127.0.0.1:70000", AddressError::Socket, "no such port"),
            ("unix:reader0", AddressError::Path, "relative"),
            ("unix:", AddressError::Path, "no path"),
            ("unix:/a\0b", AddressError::Path, "cut short by the system"),
            (&long, AddressError::PathLength { length: 104 }, "too long"),
            ("127.0.0.1:35990", AddressError::Scheme, "no scheme"),
            ("", AddressError::Scheme, "nothing"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(text.parse::<Address>(), Err(expected), "{text}: {why}");
        }
    }
}
