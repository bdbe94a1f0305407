//! The way from async code to file work.

use std::cell::Cell;

use base::{Error, Kind};
use tokio::runtime::Handle;

thread_local! {
    /// Whether this thread does the work of one future only.
    static IS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Drives a future to its end on this thread, which must be one that may block. Work on files is done here, too:
/// many small pieces of it would take longer on their way to other threads and back.
pub fn on_own_thread<T>(runtime: &Handle, future: impl Future<Output = T>) -> T {
    struct Own;
    impl Drop for Own {
        // Also when the future panics: the thread is used again.
        fn drop(&mut self) {
            IS_OWN.set(false);
        }
    }
    IS_OWN.set(true);
    let _own = Own;
    runtime.block_on(future)
}

/// Runs `work` on a thread that may block.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    if IS_OWN.get() {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::new(Kind::Fatal, format!("a worker thread failed: {error}"))),
    }
}

/// Drops a value whose drop removes files.
pub(crate) async fn discard<T: Send + 'static>(value: T) -> Result<(), Error> {
    blocking(move || {
        drop(value);
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn work_stays_on_an_own_thread_and_leaves_others() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let where_it_runs = || blocking(|| Ok(thread::current().id()));
        let here = thread::current().id();
        assert_eq!(on_own_thread(runtime.handle(), where_it_runs()).unwrap(), here);
        assert_ne!(runtime.block_on(where_it_runs()).unwrap(), here);
        let panic = std::panic::AssertUnwindSafe(|| on_own_thread(runtime.handle(), async { panic!("on purpose") }));
        assert!(std::panic::catch_unwind(panic).is_err());
        assert_ne!(runtime.block_on(where_it_runs()).unwrap(), here);
    }
}
