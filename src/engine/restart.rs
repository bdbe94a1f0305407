//! When a run that failed is worth another attempt (runtime spec §3.21).
//!
//! What has completed is in the cache, so another attempt goes on where the last one stopped. Whoever runs
//! programs keeps the clock and sleeps.

use std::time::Duration;

use crate::failure::Failures;

/// How many attempts, and how far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Attempts in all.
    pub attempts: u32,
    /// From the beginning of one attempt to that of the next at least.
    pub spacing: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self { attempts: 3, spacing: Duration::from_secs(60) }
    }
}

impl RestartPolicy {
    /// How long to wait for the next attempt after the one of this number, counted from 0, which began so
    /// long ago; `None` if there is to be none. All failures must be such as may pass: one that stays would
    /// only come again. An image that cannot be had has been asked for several times already, and nothing of
    /// its execs has run.
    pub fn next(&self, attempt: u32, since_begin: Duration, failures: &Failures) -> Option<Duration> {
        let may_pass = failures.is_restartable()
            && failures.nodes().iter().all(|node| node.error.is_restartable() && !node.of_image);
        (may_pass && attempt.saturating_add(1) < self.attempts).then(|| self.spacing.saturating_sub(since_begin))
    }
}
