//! When a failed exec is worth another try, and with how much room (runtime spec §3.9).

use base::resources::MEM;
use base::{Error, Kind, Resources};

/// How often, and how far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Tries after the first.
    pub retries: u32,
    /// By what memory grows after a shortage.
    pub memory_factor: f64,
    /// Bytes of memory beyond which a shortage no longer raises it.
    pub memory_limit: f64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { retries: 3, memory_factor: 1.5, memory_limit: (800_u64 << 30) as f64 }
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

impl RetryPolicy {
    /// Why and with what room an exec is to be tried again that failed with `error` after `retries`
    /// tries beyond the first, having `declared` one room and `used` another; `None` if it is not.
    ///
    /// What a broken connection or an unavailable service did to the machinery may pass, too.
    pub fn next(
        &self,
        error: &Error,
        retries: u32,
        declared: &Resources,
        used: &Resources,
    ) -> Option<(Reason, Resources)> {
        if retries >= self.retries {
            return None;
        }
        match error.kind() {
            Kind::Oom => Some((Reason::Oom, self.more_memory(declared, used))),
            Kind::Canceled => None,
            _ if used.get(MEM) < declared.get(MEM) => Some((Reason::Predictor, declared.clone())),
            kind if kind.is_transient() || kind == Kind::Net => Some((Reason::Temporary, used.clone())),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(bytes: f64) -> Resources {
        Resources::of(1.0, bytes, 0.0)
    }

    #[test]
    fn memory_grows_as_in_the_spec() {
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
    fn three_retries_for_what_may_pass_and_none_for_what_will_not() {
        let policy = RetryPolicy::default();
        let next = |kind, retries, used| {
            let error = Error::new(kind, "failed");
            policy.next(&error, retries, &memory(8.0), &memory(used)).map(|(reason, room)| (reason, room.get(MEM)))
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
}
