//! Interrupts: the first one cancels the run and lets clean-up finish, the second ends the process.

use exec::{CancelHandle, CancelToken};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use crate::terminal;

/// A token that the first interrupt or termination signal cancels.
pub(crate) fn token(runtime: &Handle) -> CancelToken {
    let (handle, token) = CancelHandle::new();
    runtime.spawn(watch(handle));
    token
}

async fn watch(handle: CancelHandle) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without a handler the signals end the process, which loses no result.
        std::future::pending::<()>().await;
        return;
    };
    tokio::select! { _ = interrupt.recv() => {} _ = terminate.recv() => {} }
    terminal::say("reflow: interrupted: stopping what runs (interrupt again to leave at once)");
    handle.cancel();
    tokio::select! { _ = interrupt.recv() => {} _ = terminate.recv() => {} }
    terminal::stop_drawing();
    #[allow(clippy::exit, reason = "the user asked twice; what is durable stays so")]
    std::process::exit(1);
}
