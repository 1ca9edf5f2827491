//! The thread of a card on a virtual reader: connect, answer, connect again.
//!
//! Source: frankmorgner/vsmartcard, `virtualsmartcard/src/vpcd/vpcd.c`. Each
//! message is a length of two bytes, the high one first, and the payload. One
//! byte of payload from the reader is a control code, more are a C-APDU; only
//! the code that asks for the ATR and the C-APDUs are answered. An answer of
//! length zero would block that slot of the driver for good, so none is sent.

use std::{
    io::{self, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use xueka_transport::CardSession;

use super::link::Link;
use crate::{VirtualCard, card::Reaction, record::Outcome};

/// Control codes that something follows from; 0 is power off.
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const GET_ATR: u8 = 4;

/// An answer longer than any ATR: the driver has no room for it, and pcscd
/// takes the card for one that does not answer.
const NO_ATR: [u8; 64] = [0; 64];

/// A slot that another card occupies, or that has not noticed yet that one
/// left, does not answer at all; a new attempt then gets through sooner than
/// TCP's own repetition after a second.
const CONNECT_LIMIT: Duration = Duration::from_millis(250);
/// Pauses between attempts, doubled from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_millis(200);

/// A card and the reader it belongs on.
pub(super) struct Server {
    address: SocketAddr,
    card: VirtualCard,
    link: Arc<Link>,
    pause: Duration,
}

/// Why a connection ended.
#[derive(PartialEq, Eq)]
enum End {
    /// The card left the field by itself.
    Left,
    /// The reader went away, or the card was taken away.
    Lost,
}

impl Server {
    pub(super) fn new(address: SocketAddr, card: VirtualCard, link: Arc<Link>) -> Self {
        Self {
            address,
            card,
            link,
            pause: FIRST_PAUSE,
        }
    }

    /// The whole life of the thread; the card as it was in the end.
    pub(super) fn run(mut self) -> VirtualCard {
        while !self.link.is_stopped() {
            if let Ok(stream) = connect(self.address)
                && self.lie_on(stream) == End::Left
            {
                break;
            }
            if !self.link.pause(self.pause) {
                break;
            }
            self.pause = LAST_PAUSE.min(self.pause * 2);
        }
        self.link.over();
        self.card
    }

    /// One connection, from its beginning to its end.
    fn lie_on(&mut self, stream: TcpStream) -> End {
        let is_wanted = stream
            .try_clone()
            .is_ok_and(|clone| self.link.connected(clone));
        if !is_wanted {
            return End::Lost;
        }
        // An error means that the line was cut, from one side or the other.
        let end = self.serve(stream).unwrap_or(End::Lost);
        self.link.disconnected();
        end
    }

    fn serve(&mut self, stream: TcpStream) -> io::Result<End> {
        let mut reader = BufReader::new(stream);
        let mut message = Vec::new();
        acknowledge_at_once(reader.get_ref())?;
        loop {
            read_message(&mut reader, &mut message)?;
            // Only a reader that speaks has accepted the card.
            self.pause = FIRST_PAUSE;
            let left = match message.as_slice() {
                [POWER_ON | RESET] => {
                    self.card.power_up();
                    false
                }
                [GET_ATR] => {
                    let atr = match self.card.atr() {
                        [] => &NO_ATR,
                        _ if self.card.is_mute() => &NO_ATR,
                        atr => atr,
                    };
                    send(reader.get_mut(), atr)?;
                    false
                }
                // Power off, and codes that mean nothing here.
                [] | [_] => false,
                command => self.obey(command, &mut reader)?,
            };
            if left {
                return Ok(End::Left);
            }
            acknowledge_at_once(reader.get_ref())?;
        }
    }

    /// Answers a command; whether the card has left the field.
    fn obey(&mut self, command: &[u8], reader: &mut BufReader<TcpStream>) -> io::Result<bool> {
        loop {
            let Reaction { delay, outcome } = self.card.exchange(command);
            if !delay.is_zero() && !self.link.pause(delay) {
                return Ok(true);
            }
            return match outcome {
                // The reader cannot be told, so the command goes to a card that
                // has forgotten everything.
                Outcome::Reset => continue,
                Outcome::Response(response) if !response.is_empty() => {
                    send(reader.get_mut(), &response)?;
                    Ok(false)
                }
                // The reader makes an empty success of a card that leaves.
                Outcome::Response(_)
                | Outcome::Silent
                | Outcome::Unplugged
                | Outcome::ServiceRestarted
                | Outcome::Violation
                | Outcome::Dead
                | Outcome::Torn { unfinished: None } => Ok(true),
                Outcome::Torn {
                    unfinished: Some(response),
                } => {
                    let mut frame = frame(&response);
                    frame.truncate(2 + response.len() / 2);
                    reader.get_mut().write_all(&frame)?;
                    Ok(true)
                }
                Outcome::Stuck => {
                    // Whatever is said now goes unheard, until the line is cut.
                    io::copy(reader, &mut io::sink())?;
                    Ok(false)
                }
            };
        }
    }
}

/// Connects, but never to itself.
///
/// Where nothing listens on a port of the range that clients get theirs from,
/// TCP can connect a socket to its own end; it would then keep the port from
/// the reader.
fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, CONNECT_LIMIT)?;
    if stream.local_addr()? == address {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn read_message(reader: &mut impl Read, message: &mut Vec<u8>) -> io::Result<()> {
    let mut length = [0; 2];
    reader.read_exact(&mut length)?;
    message.resize(u16::from_be_bytes(length).into(), 0);
    reader.read_exact(message)
}

/// Length and payload leave together, in one segment.
fn send(stream: &mut TcpStream, payload: &[u8]) -> io::Result<()> {
    stream.write_all(&frame(payload))
}

/// A message; what is beyond the longest is cut off.
fn frame(payload: &[u8]) -> Vec<u8> {
    let payload = payload.get(..usize::from(u16::MAX)).unwrap_or(payload);
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let mut frame = Vec::with_capacity(2 + payload.len());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// Makes the kernel acknowledge what comes next without delay.
///
/// The driver sends length and payload apart and leaves Nagle's algorithm on:
/// its payload waits for the acknowledgement of its length, which the kernel
/// delays by 40 ms. Sending puts a socket back into that mode, so this is said
/// again after every message.
#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_tcp_quickack(stream, true)?)
}

/// Other systems have no such option; an exchange takes longer there.
#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &TcpStream) -> io::Result<()> {
    Ok(())
}
