//! Numbers that look random and come again with their seed.

/// `SplitMix64`: one seed, one series (Steele, Lea, Flood: "Fast splittable
/// pseudorandom number generators", OOPSLA 2014).
///
/// Nothing that a virtual card keeps secret depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Noise(u64);

/// What the generator adds at each step.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    /// As often true as not.
    pub(crate) fn coin(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_brings_its_published_series() {
        // The first values of the reference implementation for the seed 1234567.
        let mut noise = Noise::new(1_234_567);
        let series = [noise.next(), noise.next(), noise.next()];
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(series, expected);
    }
}
