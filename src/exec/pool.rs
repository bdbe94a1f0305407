//! The ledger of room: what a machine has, less what running commands hold.
//!
//! A scheduler takes a [`Lease`] before it starts a command and drops it when the command has
//! exited. The ledger never lends more than the capacity.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::Resources;

/// Shared account of resources. Clones are the same account.
#[derive(Clone, Debug)]
pub struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    capacity: Resources,
    account: Mutex<Account>,
}

/// `used` is kept as a sum over leases; it is set back to nothing when the last lease returns, so that
/// rounding errors of fractional amounts do not add up over a long run.
#[derive(Debug, Default)]
struct Account {
    used: Resources,
    leases: usize,
}

/// Room held; given back on drop.
#[derive(Debug)]
pub struct Lease {
    pool: Pool,
    resources: Resources,
}

/// Fractions of cores do not add up exactly in binary; a request may exceed what is left by this
/// part of the capacity. It is far below anything that limits could express.
const ROUNDING: f64 = 1e-9;

impl Pool {
    /// An account of which nothing is lent.
    pub fn new(capacity: Resources) -> Self {
        Self(Arc::new(Shared { capacity, account: Mutex::default() }))
    }

    /// What there is in total.
    pub fn capacity(&self) -> &Resources {
        &self.0.capacity
    }

    /// What is not lent.
    pub fn available(&self) -> Resources {
        let account = self.lock();
        let mut left = self.0.capacity.clone();
        for (label, used) in account.used.iter() {
            left.set(label, (self.0.capacity.get(label) - used).max(0.0));
        }
        left
    }

    /// Whether `resources` could ever be lent: the amounts are sound and within the capacity.
    pub fn can_ever_hold(&self, resources: &Resources) -> bool {
        resources.iter().all(|(label, amount)| fits(0.0, amount, self.0.capacity.get(label)))
    }

    /// Takes `resources` if that much is free; labels that are not asked for are not looked at.
    pub fn try_acquire(&self, resources: &Resources) -> Option<Lease> {
        let mut account = self.lock();
        let free =
            resources.iter().all(|(label, amount)| fits(account.used.get(label), amount, self.0.capacity.get(label)));
        if !free {
            return None;
        }
        for (label, amount) in resources.iter() {
            let used = account.used.get(label) + amount;
            account.used.set(label, used);
        }
        account.leases += 1;
        Some(Lease { pool: self.clone(), resources: resources.clone() })
    }

    // A thread that panicked while it held the lock left whole numbers behind: all changes are made
    // after all checks.
    fn lock(&self) -> MutexGuard<'_, Account> {
        self.0.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `amount` can be lent on top of `used`. Negative amounts and NaN never fit.
fn fits(used: f64, amount: f64, capacity: f64) -> bool {
    amount == 0.0 || (amount > 0.0 && used + amount <= capacity * (1.0 + ROUNDING))
}

impl Lease {
    /// What is held.
    pub fn resources(&self) -> &Resources {
        &self.resources
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut account = self.pool.lock();
        account.leases -= 1;
        if account.leases == 0 {
            account.used = Resources::new();
            return;
        }
        for (label, amount) in self.resources.iter() {
            let used = (account.used.get(label) - amount).max(0.0);
            account.used.set(label, used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lends_up_to_the_capacity_and_no_more() {
        let pool = Pool::new(Resources::of(2.0, 100.0, 10.0));
        let first = pool.try_acquire(&Resources::of(1.0, 60.0, 0.0)).unwrap();
        assert!(pool.try_acquire(&Resources::of(1.0, 41.0, 0.0)).is_none());
        let second = pool.try_acquire(&Resources::of(1.0, 40.0, 10.0)).unwrap();
        assert_eq!(pool.available(), Resources::new());
        drop(first);
        assert_eq!(pool.available(), Resources::of(1.0, 60.0, 0.0));
        assert_eq!(second.resources(), &Resources::of(1.0, 40.0, 10.0));
        drop(second);
        assert_eq!(pool.available(), Resources::of(2.0, 100.0, 10.0));
    }

    #[test]
    fn unsound_and_unknown_amounts_are_refused() {
        let pool = Pool::new(Resources::of(2.0, 100.0, 10.0));
        for (label, amount) in [("cpu", -1.0), ("cpu", f64::NAN), ("cpu", f64::INFINITY), ("gpu", 1.0)] {
            let mut resources = Resources::new();
            resources.set(label, amount);
            assert!(pool.try_acquire(&resources).is_none(), "{label} {amount}");
            assert!(!pool.can_ever_hold(&resources), "{label} {amount}");
        }
        assert!(pool.try_acquire(&Resources::new()).is_some());
    }

    #[test]
    fn fractions_fill_the_pool_exactly_and_leave_no_dust() {
        let pool = Pool::new(Resources::of(1.0, 0.0, 0.0));
        let tenth = Resources::of(0.1, 0.0, 0.0);
        let leases: Vec<Lease> = (0..10).map(|_| pool.try_acquire(&tenth).unwrap()).collect();
        assert!(pool.try_acquire(&tenth).is_none());
        drop(leases);
        assert_eq!(pool.available(), Resources::of(1.0, 0.0, 0.0));
    }

    #[test]
    fn threads_never_hold_more_than_there_is() {
        let pool = Pool::new(Resources::of(3.0, 0.0, 0.0));
        let (held, most) = (std::sync::atomic::AtomicUsize::new(0), std::sync::atomic::AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    use std::sync::atomic::Ordering::SeqCst;
                    for _ in 0..500 {
                        if let Some(_lease) = pool.try_acquire(&Resources::of(1.0, 0.0, 0.0)) {
                            most.fetch_max(held.fetch_add(1, SeqCst) + 1, SeqCst);
                            held.fetch_sub(1, SeqCst);
                        }
                    }
                });
            }
        });
        assert!((1..=3).contains(&most.into_inner()));
        assert_eq!(pool.available(), Resources::of(3.0, 0.0, 0.0));
    }
}
