//! One connection, whichever kind of socket it came by.

use std::{
    io,
    net::TcpStream,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
};

use rustix::net::{RecvFlags, SendFlags, recv, send};

/// A connected socket that does not block.
#[derive(Debug)]
pub(crate) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    pub(crate) fn unix(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self::Unix(stream))
    }

    pub(crate) fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        // Each message leaves in one piece; nothing is gained by waiting for
        // more, and up to 40 ms are lost.
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream))
    }

    /// As `read`: zero bytes are the end.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let (n_bytes, _) = recv(self, buffer, RecvFlags::empty())?;
        Ok(n_bytes)
    }

    /// As `write`, but a peer that has gone is an error, never a signal: the
    /// process is not ours.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(self, bytes, SendFlags::NOSIGNAL)?)
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }
}
