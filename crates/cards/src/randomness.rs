//! Where unpredictable bytes come from.

use thiserror::Error;

/// Fills a slice with bytes that nobody can foresee, for the challenges that
/// chips answer. What asks cards knows no environment, so whoever lets it ask
/// them gives it this.
pub type Randomness = fn(&mut [u8]) -> Result<(), NoRandomness>;

/// There are no unpredictable bytes. A challenge that could be foreseen would
/// prove nothing, so no chip is asked to prove anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// A new challenge of `N` bytes.
pub(crate) fn challenge<const N: usize>(random: Randomness) -> Result<[u8; N], NoRandomness> {
    let mut challenge = [0; N];
    random(&mut challenge)?;
    Ok(challenge)
}

/// What a profile has until it is given a source.
pub(crate) fn none(_: &mut [u8]) -> Result<(), NoRandomness> {
    Err(NoRandomness)
}
