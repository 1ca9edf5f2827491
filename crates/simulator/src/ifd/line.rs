//! The connection to a virtual reader, whichever kind of socket it is.

#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use xueka_transport::wire::{Address, DriverMessage, Inbox, PlayerMessage};

/// How long pcscd may leave its end of the line full. It reads at once, unless
/// it was stopped.
const WRITE_LIMIT: Duration = Duration::from_secs(1);

/// One end of the line; a clone is the same end.
#[derive(Debug)]
pub(super) enum Line {
    #[cfg(unix)]
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Line {
    /// Connects, but never to itself.
    ///
    /// Where nothing listens on a port of the range that clients get theirs
    /// from, TCP can connect a socket to its own end.
    pub(super) fn connect(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(socket) => {
                let stream = TcpStream::connect(socket)?;
                if stream.local_addr()? == *socket {
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(WRITE_LIMIT))?;
                Ok(Self::Tcp(stream))
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_write_timeout(Some(WRITE_LIMIT))?;
                Ok(Self::Unix(stream))
            }
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
        }
    }

    /// Ends the line for both of its ends.
    pub(super) fn cut(&self) {
        // One that is closed already has been cut by the other side.
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(Shutdown::Both).ok(),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both).ok(),
        };
    }

    /// Sends one message, in one piece.
    pub(super) fn say(&mut self, message: PlayerMessage, sequence: u16) -> io::Result<()> {
        let bytes = message.encode(sequence);
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => stream.write_all(&bytes),
            Self::Tcp(stream) => stream.write_all(&bytes),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer),
            Self::Tcp(stream) => stream.read(buffer),
        }
    }
}

/// What the driver says, message by message.
pub(super) struct Heard {
    line: Line,
    inbox: Inbox,
}

impl Heard {
    pub(super) fn new(line: Line) -> Self {
        Self {
            line,
            inbox: Inbox::default(),
        }
    }

    /// Waits for the next message and its sequence.
    pub(super) fn next(&mut self) -> io::Result<(u16, DriverMessage)> {
        let mut buffer = [0; 4096];
        loop {
            while let Some(frame) = self.inbox.next_frame().map_err(io::Error::other)? {
                let sequence = frame.sequence;
                if let Some(message) = DriverMessage::decode(frame).map_err(io::Error::other)? {
                    return Ok((sequence, message));
                }
            }
            match self.line.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n_bytes) => self.inbox.extend(buffer.get(..n_bytes).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
