//! Bytes to one card, and the exclusive hold on it.

use crate::TransportError;

/// One card in one reader's field, from its arrival until it leaves.
///
/// Calls block; they belong on a reader's own thread.
pub trait CardTransport {
    /// Sends one C-APDU and waits for the whole R-APDU.
    ///
    /// `response` is cleared, then filled with the data field followed by
    /// SW1 SW2, so on success it holds at least two bytes. A status word
    /// other than `9000` is the card's answer, not an error.
    ///
    /// # Errors
    ///
    /// - [`TransportError::CardGone`]: the card left mid-exchange (a tear), or
    ///   answered with fewer than two bytes. Whether it obeyed the command is
    ///   unknown: verify by reading, never repeat blindly.
    /// - [`TransportError::CardReset`]: another program reset the card between
    ///   two commands. Nothing selected or authenticated before holds.
    /// - any other: no card can be reached through this transport any more.
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError>;
}

/// A connected card on which this program holds a transaction.
///
/// Dropping it ends the transaction and leaves the card powered as it is.
pub trait CardSession: CardTransport {
    /// The answer to reset that the reader reported for this card: 2 to 33
    /// bytes as received, not checked in any way.
    fn atr(&self) -> &[u8];
}
