//! The way from async code to file work.

use base::{Error, Kind};

/// Runs `work` on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
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
