//! The socket at which players connect.

use std::{
    fs, io,
    net::TcpListener,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::{
            fs::{FileTypeExt, MetadataExt, PermissionsExt},
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
};

use xueka_transport::wire::Address;

use crate::stream::Stream;

/// Listens until it is dropped; the socket's file goes with it.
#[derive(Debug)]
pub(crate) enum Listener {
    Unix {
        socket: UnixListener,
        /// Goes with the socket.
        _file: File,
    },
    Tcp(TcpListener),
}

/// The file of a Unix socket.
#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    /// Device and inode: another driver may have put its own there since.
    identity: (u64, u64),
}

impl Listener {
    /// Listens at `address`; `mode` says who may connect to a Unix socket.
    ///
    /// What a driver that was killed left behind is put aside; an address on
    /// which somebody listens is not taken from them.
    pub(crate) fn bind(address: &Address, mode: u32) -> io::Result<Self> {
        match address {
            Address::Tcp(socket) => {
                let listener = TcpListener::bind(socket)?;
                listener.set_nonblocking(true)?;
                Ok(Self::Tcp(listener))
            }
            Address::Unix(path) => {
                let (socket, file) = bind_unix(path, mode)?;
                Ok(Self::Unix {
                    socket,
                    _file: file,
                })
            }
        }
    }

    /// The next player, if one waits.
    pub(crate) fn accept(&self) -> io::Result<Option<Stream>> {
        let accepted = match self {
            Self::Unix { socket, .. } => socket.accept().map(|(stream, _)| Stream::unix(stream)),
            Self::Tcp(socket) => socket.accept().map(|(stream, _)| Stream::tcp(stream)),
        };
        match accepted {
            Ok(stream) => stream.map(Some),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix { socket, .. } => socket.as_fd(),
            Self::Tcp(socket) => socket.as_fd(),
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|now| now == self.identity) {
            fs::remove_file(&self.path).ok();
        }
    }
}

/// Binds under another name and renames, so that whoever sees the socket can
/// connect to it, and with the rights that it is to have.
fn bind_unix(path: &Path, mode: u32) -> io::Result<(UnixListener, File)> {
    if let Ok(metadata) = fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            let message = format!("{} is there and is no socket", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        if UnixStream::connect(path).is_ok() {
            let message = format!("somebody listens on {}", path.display());
            return Err(io::Error::new(io::ErrorKind::AddrInUse, message));
        }
    }
    let mut hidden = path.as_os_str().to_owned();
    hidden.push("~");
    let hidden = PathBuf::from(hidden);
    match fs::remove_file(&hidden) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let socket = UnixListener::bind(&hidden)?;
    fs::set_permissions(&hidden, fs::Permissions::from_mode(mode))?;
    socket.set_nonblocking(true)?;
    fs::rename(&hidden, path)?;
    let file = File {
        identity: identity(path)?,
        path: path.to_owned(),
    };
    Ok((socket, file))
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(folder: &tempfile::TempDir) -> (PathBuf, Address) {
        let path = folder.path().join("reader");
        let address = Address::unix(&path).unwrap();
        (path, address)
    }

    #[test]
    fn a_socket_that_nobody_serves_any_more_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = at(&folder);
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "std leaves the file, as a killed pcscd does");

        let listener = Listener::bind(&address, 0o600).unwrap();

        let _player = UnixStream::connect(&path).unwrap();
        assert!(listener.accept().unwrap().is_some());
        assert!(listener.accept().unwrap().is_none());
    }

    #[test]
    fn a_socket_that_is_served_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = at(&folder);
        let first = Listener::bind(&address, 0o600).unwrap();

        let error = Listener::bind(&address, 0o600).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = at(&folder);
        fs::write(&path, "precious").unwrap();

        let error = Listener::bind(&address, 0o600).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn the_file_of_a_successor_outlives_its_predecessor() {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = at(&folder);
        let first = Listener::bind(&address, 0o600).unwrap();
        fs::remove_file(&path).unwrap();
        let _second = Listener::bind(&address, 0o600).unwrap();

        drop(first);

        assert!(UnixStream::connect(&path).is_ok());
    }

    #[test]
    fn the_rights_are_those_of_the_entry() {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = at(&folder);
        for mode in [0o600, 0o666] {
            let _listener = Listener::bind(&address, mode).unwrap();
            let rights = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(rights & 0o777, mode);
        }
    }

    #[test]
    fn tcp_is_listened_on_at_loopback() {
        let address = "tcp:127.0.0.1:0".parse().unwrap();
        let Listener::Tcp(socket) = Listener::bind(&address, 0).unwrap() else {
            panic!("TCP was asked for");
        };
        assert!(socket.local_addr().unwrap().ip().is_loopback());
    }
}
