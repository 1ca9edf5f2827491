//! Unpredictable bytes from the operating system.

use xueka_cards::NoRandomness;

/// Fills a slice for the challenges that chips answer. The one place where
/// readings meet the system's generator.
pub(crate) fn of_system(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    getrandom::fill(bytes).map_err(|_| NoRandomness)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_challenges_differ() {
        let (mut first, mut second) = ([0; 16], [0; 16]);
        of_system(&mut first).unwrap();
        of_system(&mut second).unwrap();
        assert_ne!(first, second);
    }
}
