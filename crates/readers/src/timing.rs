//! The cost of what a reader's thread does, for benchmarks.

use std::time::{Duration, Instant};

use xueka_transport::{CardReader, TransportError};

/// Opens a session, sends each command, ends the session, and says how long
/// all of it took: what a reader's thread does for one reading, without the
/// reading.
///
/// `response` holds the last answer afterwards.
///
/// # Errors
///
/// The first error that opening or an exchange gave.
pub fn time_exchange(
    reader: &mut dyn CardReader,
    commands: &[&[u8]],
    response: &mut Vec<u8>,
) -> Result<Duration, TransportError> {
    let begin = Instant::now();
    let mut session = reader.open()?;
    for command in commands {
        session.transmit(command, response)?;
    }
    drop(session);
    Ok(begin.elapsed())
}
