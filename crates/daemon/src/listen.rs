//! The addresses on which the daemon is reached.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixStream as BlockingUnixStream,
    },
    path::{Path, PathBuf},
};

use thiserror::Error;
use tokio::net::{TcpListener, UnixListener, UnixSocket};

use crate::config::{ListenConfig, OctalMode};

/// How many connections may wait to be taken.
const BACKLOG: u32 = 1024;

/// Bound sockets, ready to be served.
#[derive(Debug)]
pub struct Listeners {
    /// The Unix socket.
    pub unix: UnixListener,
    /// Loopback TCP, when configured.
    pub tcp: Option<TcpListener>,
    socket_file: SocketFile,
}

/// Removes the socket's file when the daemon ends.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone already; there is nobody left to tell.
        fs::remove_file(&self.0).ok();
    }
}

/// Why an address cannot be listened on.
#[derive(Debug, Error)]
pub enum ListenError {
    /// Another program answers on the socket.
    #[error("another xuekad listens on {0}: stop it, or set another listen.socket")]
    SocketInUse(PathBuf),
    /// Something that is no socket stands at its path.
    #[error("{0} exists and is no socket: remove it, or set another listen.socket")]
    NotASocket(PathBuf),
    /// The socket cannot be made.
    #[error("the socket {path} cannot be made; its folder must exist and be writable by this user")]
    Socket {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The TCP address cannot be had.
    #[error("cannot listen on {address}; set another listen.tcp")]
    Tcp {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

impl Listeners {
    /// Binds what the configuration names. Needs a Tokio runtime.
    ///
    /// A socket file that a daemon left behind when it was killed is replaced;
    /// one on which somebody still answers is not.
    ///
    /// # Errors
    ///
    /// [`ListenError`] says which address and what to do.
    pub async fn bind(config: &ListenConfig) -> Result<Self, ListenError> {
        let path = &config.socket;
        check_unused(path)?;
        let unix = bind_unix(path, config.socket_mode).map_err(|source| ListenError::Socket {
            path: path.clone(),
            source,
        })?;
        let socket_file = SocketFile(path.clone());
        let tcp = match config.tcp {
            Some(address) => Some(
                TcpListener::bind(address)
                    .await
                    .map_err(|source| ListenError::Tcp { address, source })?,
            ),
            None => None,
        };
        Ok(Self {
            unix,
            tcp,
            socket_file,
        })
    }

    /// The loopback address, when one is configured.
    #[must_use]
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        self.tcp.as_ref()?.local_addr().ok()
    }

    /// The path of the Unix socket.
    #[must_use]
    pub fn socket_path(&self) -> &Path {
        &self.socket_file.0
    }
}

/// Refuses a path on which somebody answers, or at which something else stands.
fn check_unused(path: &Path) -> Result<(), ListenError> {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !metadata.file_type().is_socket() {
        return Err(ListenError::NotASocket(path.into()));
    }
    match BlockingUnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        _ => Err(ListenError::SocketInUse(path.into())),
    }
}

/// Makes a socket in the place of one that a killed daemon left behind. It has
/// its permission bits before it listens, so nobody else ever gets in.
fn bind_unix(path: &Path, mode: OctalMode) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode.0))?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(path: &Path) -> ListenConfig {
        ListenConfig {
            socket: path.into(),
            ..ListenConfig::default()
        }
    }

    #[tokio::test]
    async fn a_socket_that_answers_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xuekad.sock");
        let _first = Listeners::bind(&config(&path)).await.unwrap();

        let error = Listeners::bind(&config(&path)).await.unwrap_err();

        assert!(matches!(error, ListenError::SocketInUse(_)), "{error}");
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_socket_left_behind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xuekad.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "a killed daemon leaves its file");

        let listeners = Listeners::bind(&config(&path)).await.unwrap();

        assert_eq!(listeners.socket_path(), path);
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("precious");
        fs::write(&path, "data").unwrap();

        let error = Listeners::bind(&config(&path)).await.unwrap_err();

        assert!(matches!(error, ListenError::NotASocket(_)), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"data");
    }

    #[tokio::test]
    async fn what_the_system_says_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/xuekad.sock");

        let error = anyhow::Error::from(Listeners::bind(&config(&path)).await.unwrap_err());

        let told = format!("{error:#}");
        assert_eq!(told.matches("No such file").count(), 1, "{told}");
    }

    #[tokio::test]
    async fn the_socket_has_its_mode_and_goes_with_the_daemon() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xuekad.sock");

        let listeners = Listeners::bind(&config(&path)).await.unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        drop(listeners);

        assert_eq!(mode, 0o660);
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "nothing stays");
    }
}
