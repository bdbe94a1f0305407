//! Interrupts in a session: they stop what is being evaluated, and only that.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use exec::{CancelHandle, CancelToken};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::terminal;

/// Stops evaluations when the user interrupts them.
pub(super) struct Stops {
    state: Arc<Mutex<State>>,
    /// Ends what the language evaluates.
    flag: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    /// Ends what the engine runs; there is one while something is evaluated.
    handle: Option<CancelHandle>,
    was_stopped: bool,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stops {
    /// Watches for interrupts, which set `flag`. Outside of an evaluation an interrupt ends the process,
    /// unless that is a conversation.
    pub(super) fn watch(flag: Arc<AtomicBool>, is_conversation: bool) -> Result<Self, Exit> {
        let no_watch = |error: std::io::Error| Exit::failed(format!("cannot watch for interrupts: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(no_watch)?;
        let stops = Self { state: Arc::default(), flag };
        let (state, flag) = (stops.state.clone(), stops.flag.clone());
        let mut interrupts = {
            let _inside = runtime.enter();
            signal(SignalKind::interrupt()).map_err(no_watch)?
        };
        let watch = async move {
            while interrupts.recv().await.is_some() {
                let mut state = lock(&state);
                match (&state.handle, is_conversation) {
                    (Some(handle), _) => {
                        flag.store(true, Ordering::Relaxed);
                        handle.cancel();
                        state.was_stopped = true;
                    }
                    (None, true) => {}
                    (None, false) => {
                        terminal::say("reflow: interrupted");
                        #[allow(clippy::exit, reason = "the user wants it, and nothing is being evaluated")]
                        std::process::exit(1);
                    }
                }
            }
        };
        let spawned = thread::Builder::new().name("interrupts".to_owned()).spawn(move || runtime.block_on(watch));
        spawned.map(|_| stops).map_err(no_watch)
    }

    /// Begins an evaluation, which is over when the guard goes.
    pub(super) fn begin(&self) -> Evaluating {
        let mut state = lock(&self.state);
        state.handle = Some(CancelHandle::new().0);
        state.was_stopped = false;
        let silence = terminal::SilentInterrupts::begin();
        Evaluating { state: self.state.clone(), flag: self.flag.clone(), _silence: silence }
    }

    /// What stops the engine when this evaluation is interrupted.
    pub(super) fn token(&self) -> CancelToken {
        lock(&self.state).handle.as_ref().map_or_else(CancelToken::never, CancelHandle::token)
    }

    /// Whether the last evaluation was interrupted.
    pub(super) fn was_stopped(&self) -> bool {
        lock(&self.state).was_stopped
    }
}

/// An evaluation that interrupts stop.
pub(super) struct Evaluating {
    state: Arc<Mutex<State>>,
    flag: Arc<AtomicBool>,
    _silence: terminal::SilentInterrupts,
}

impl Drop for Evaluating {
    fn drop(&mut self) {
        lock(&self.state).handle = None;
        self.flag.store(false, Ordering::Relaxed);
    }
}
