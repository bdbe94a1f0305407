//! Retry policies as data: how long to wait before each further try (runtime spec §11).
//!
//! Nothing here sleeps, draws lots or reads a clock. Whoever retries asks for the next wait and hands
//! in a random number, so that a run can be replayed.

use std::time::Duration;

/// `a ×b to c, n`: wait `a` first, `b` times longer before each further retry, at most `c`, and give up
/// after `n` retries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// The wait before the first retry.
    pub first: Duration,
    /// What each wait is multiplied by to give the next one.
    pub factor: f64,
    /// The longest wait.
    pub max: Duration,
    /// How many times to try again; the first try does not count.
    pub retries: u32,
    /// The part of each wait that is left to chance, from 0 (none) to 1 (all of it).
    pub jitter: f64,
}

impl Policy {
    /// A policy whose waits grow by `factor` from `first` to `max`, without jitter.
    pub const fn growing(first: Duration, factor: f64, max: Duration, retries: u32) -> Self {
        Self { first, factor, max, retries, jitter: 0.0 }
    }

    /// A policy whose waits are all the same.
    pub const fn constant(wait: Duration, retries: u32) -> Self {
        Self::growing(wait, 1.0, wait, retries)
    }

    /// The same policy with `jitter` of each wait left to chance.
    #[must_use]
    pub const fn with_jitter(self, jitter: f64) -> Self {
        Self { jitter, ..self }
    }

    /// The wait before the retry of this number, counted from 0; `None` when the retries are used up.
    ///
    /// `random` lies between 0 and 1; the larger it is, the more of the jitter is taken off.
    pub fn wait(&self, retry: u32, random: f64) -> Option<Duration> {
        if retry >= self.retries {
            return None;
        }
        let grown = self.first.as_secs_f64() * self.factor.powi(i32::try_from(retry).unwrap_or(i32::MAX));
        let full = grown.min(self.max.as_secs_f64());
        let wait = full * (1.0 - self.jitter.clamp(0.0, 1.0) * random.clamp(0.0, 1.0));
        // What is no duration, such as zero times infinity, waits as long as the policy allows.
        Some(Duration::try_from_secs_f64(wait).map_or(self.max, |wait| wait.min(self.max)))
    }

    /// As [`Policy::wait`], but `None` also when the wait would not end within `left`, the time that
    /// remains: there is no use in waiting for a try that comes too late.
    pub fn wait_within(&self, left: Duration, retry: u32, random: f64) -> Option<Duration> {
        self.wait(retry, random).filter(|wait| *wait < left)
    }

    /// All waits, with a random number for each.
    pub fn waits(&self, mut random: impl FnMut() -> f64) -> impl Iterator<Item = Duration> {
        let policy = *self;
        (0..policy.retries).map_while(move |retry| policy.wait(retry, random()))
    }
}
