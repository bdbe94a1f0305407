//! How often, and with which chances.

use std::time::{SystemTime, UNIX_EPOCH};

/// Random numbers that a seed repeats (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Between 0 and 1.
    pub(crate) fn part(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Random {
    /// Less than `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.bits() % limit
    }
}

/// The number of rounds of a fault, and its chances. Both are printed, so that a failure can be had again.
pub(crate) fn rounds(fault: &str, short: u64) -> (u64, Random) {
    let rounds = setting("REFLOW_TEST_ROUNDS").unwrap_or(short);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = setting("REFLOW_TEST_SEED").unwrap_or(clock);
    println!("{fault}: REFLOW_TEST_ROUNDS={rounds} REFLOW_TEST_SEED={seed}");
    (rounds, Random(seed))
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number: {text:?}")))
}
