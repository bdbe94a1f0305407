//! When a failed exec is worth another try, how long to wait for it, and with how much room (runtime spec
//! §3.9).

use std::time::Duration;

use base::resources::MEM;
use base::{Digest, Error, Kind, Resources, retry};

/// How often, how soon, and how far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Tries after the first, and the waits before those for what may pass. More room is tried at once.
    pub tries: retry::Policy,
    /// By what memory grows after a shortage.
    pub memory_factor: f64,
    /// Bytes of memory beyond which a shortage no longer raises it.
    pub memory_limit: f64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        // The spec tries again at once (its §12 #39 asks for a wait): what is to pass needs time to.
        let tries = retry::Policy::growing(Duration::from_millis(500), 2.0, Duration::from_secs(30), 3);
        Self { tries: tries.with_jitter(0.25), memory_factor: 1.5, memory_limit: (800_u64 << 30) as f64 }
    }
}

/// Why a failure is worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It ran with less than was declared, by prediction.
    Predictor,
    /// Memory ran out.
    Oom,
    /// The failure may pass.
    Temporary,
}

impl Reason {
    /// The word in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Predictor => "Predictor",
            Self::Oom => "OOM",
            Self::Temporary => "Temporary",
        }
    }
}

/// Another try.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Why it is worth it.
    pub reason: Reason,
    /// The room it gets, as far as there is that much.
    pub room: Resources,
    /// How long to wait before it.
    pub wait: Duration,
}

impl RetryPolicy {
    /// Why and with what room an exec is to be tried again that failed with `error` after `retries`
    /// tries beyond the first, having `declared` one room and `used` another; `None` if it is not.
    ///
    /// What a broken connection or an unavailable service did to the machinery may pass, too. `chance` lies
    /// between 0 and 1 and keeps those that failed together from coming back together.
    pub fn next(
        &self,
        error: &Error,
        retries: u32,
        declared: &Resources,
        used: &Resources,
        chance: f64,
    ) -> Option<Retry> {
        let wait = self.tries.wait(retries, chance)?;
        let at_once = |reason, room| Some(Retry { reason, room, wait: Duration::ZERO });
        match error.kind() {
            Kind::Oom => at_once(Reason::Oom, self.more_memory(declared, used)),
            Kind::Canceled => None,
            _ if used.get(MEM) < declared.get(MEM) => at_once(Reason::Predictor, declared.clone()),
            kind if kind.is_transient() || kind == Kind::Net => {
                Some(Retry { reason: Reason::Temporary, room: used.clone(), wait })
            }
            _ => None,
        }
    }

    /// The room after a shortage of memory: that of the failed try, with at least the declared memory,
    /// and more where the failed try had that.
    pub fn more_memory(&self, declared: &Resources, used: &Resources) -> Resources {
        let (declared, had) = (declared.get(MEM), used.get(MEM).min(self.memory_limit));
        let memory = if had < declared { declared } else { (had * self.memory_factor).min(self.memory_limit) };
        let mut next = used.clone();
        next.set(MEM, memory);
        next
    }
}

/// A number between 0 and 1 that looks like chance, and is the same in every run.
pub(crate) fn chance(of: &Digest, attempt: u32) -> f64 {
    let [first, second, ..] = *of.as_bytes();
    let mixed = u16::from_be_bytes([first, second]).wrapping_mul(2 * attempt as u16 + 1);
    f64::from(mixed) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(bytes: f64) -> Resources {
        Resources::of(1.0, bytes, 0.0)
    }

    #[test]
    fn rt_72_memory_grows_as_in_the_spec() {
        let gib = (1_u64 << 30) as f64;
        let table = [
            (10.0, 9.0, 10.0),
            (10.0, 10.0, 15.0),
            (10.0, 11.0, 16.5),
            (4.0 * gib, 2.0 * gib, 4.0 * gib),
            (4.0 * gib, 7.0 * gib, 10.5 * gib),
            (700.0 * gib, 600.0 * gib, 700.0 * gib),
            (500.0 * gib, 600.0 * gib, 800.0 * gib),
            (900.0 * gib, 600.0 * gib, 900.0 * gib),
            (900.0 * gib, 800.0 * gib, 900.0 * gib),
            (900.0 * gib, 1200.0 * gib, 900.0 * gib),
            (790.0 * gib, 790.0 * gib, 800.0 * gib),
        ];
        let policy = RetryPolicy::default();
        for (declared, used, expected) in table {
            let next = policy.more_memory(&memory(declared), &memory(used));
            assert_eq!(next.get(MEM), expected, "declared {declared}, used {used}");
        }
        let next = policy.more_memory(&Resources::of(5.0, 10.0, 7.0), &Resources::of(4.0, 10.0, 6.0));
        assert_eq!(next, Resources::of(4.0, 15.0, 6.0));
    }

    #[test]
    fn rt_73_74_three_retries_for_what_may_pass_and_none_for_what_will_not() {
        let policy = RetryPolicy::default();
        let next = |kind, retries, used| {
            let error = Error::new(kind, "failed");
            let next = policy.next(&error, retries, &memory(8.0), &memory(used), 0.0);
            next.map(|retry| (retry.reason, retry.room.get(MEM)))
        };
        assert_eq!(next(Kind::Temporary, 0, 8.0), Some((Reason::Temporary, 8.0)));
        assert_eq!(next(Kind::Unavailable, 2, 8.0), Some((Reason::Temporary, 8.0)));
        assert_eq!(next(Kind::Temporary, 3, 8.0), None);
        assert_eq!(next(Kind::Oom, 2, 8.0), Some((Reason::Oom, 12.0)));
        assert_eq!(next(Kind::Oom, 3, 8.0), None);
        assert_eq!(next(Kind::DockerExec, 0, 8.0), None);
        assert_eq!(next(Kind::DockerExec, 0, 4.0), Some((Reason::Predictor, 8.0)));
        assert_eq!(next(Kind::Canceled, 0, 4.0), None);
    }

    #[test]
    fn what_may_pass_is_given_time_and_more_room_is_given_at_once() {
        let policy = RetryPolicy::default();
        let wait = |kind, retries, chance| {
            let next = policy.next(&Error::new(kind, "failed"), retries, &memory(8.0), &memory(8.0), chance);
            next.map(|retry| retry.wait.as_millis())
        };
        let waits: Vec<_> = (0..4).map(|retries| wait(Kind::Temporary, retries, 0.0)).collect();
        assert_eq!(waits, [Some(500), Some(1000), Some(2000), None]);
        assert_eq!(wait(Kind::Temporary, 0, 1.0), Some(375));
        assert_eq!(wait(Kind::Oom, 2, 0.0), Some(0));
    }

    #[test]
    fn chance_is_a_part_of_one() {
        for attempt in 0..4 {
            for byte in 0..=255 {
                assert!((0.0..=1.0).contains(&chance(&Digest::from_bytes([byte; 32]), attempt)));
            }
        }
    }
}
