//! The status on a terminal. A thread of its own lets the clocks run while nothing happens.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::model::{Model, Size};
use crate::terminal;

/// The time between two drawings.
const FRAME: Duration = Duration::from_millis(200);
/// Drawings a second at most.
const RATE: u8 = 20;

/// Lines below the log that are redrawn in place.
pub(in crate::display) struct Live {
    model: Arc<Mutex<Model>>,
    bar: ProgressBar,
    stop: Sender<()>,
    clock: Option<JoinHandle<()>>,
}

impl Live {
    pub(super) fn new(model: Model) -> Self {
        let model = Arc::new(Mutex::new(model));
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(RATE));
        // A message may have any number of lines.
        bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
        terminal::draw_below(bar.clone());
        let (stop, stopped) = mpsc::channel();
        let clock = {
            let (model, bar) = (model.clone(), bar.clone());
            let run = move || {
                while stopped.recv_timeout(FRAME) == Err(RecvTimeoutError::Timeout) {
                    draw(&lock(&model), &bar);
                }
            };
            // Without a clock the lines are drawn when something happens.
            thread::Builder::new().name("status".to_owned()).spawn(run).ok()
        };
        Self { model, bar, stop, clock }
    }

    /// Changes what is shown.
    pub(super) fn update(&self, change: impl FnOnce(&mut Model)) {
        let mut model = lock(&self.model);
        change(&mut model);
        if self.clock.is_none() {
            draw(&model, &self.bar);
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(clock) = self.clock.take() {
            let _ = clock.join();
        }
        terminal::stop_drawing();
    }
}

/// A listener that failed half-way has at worst left a step too many.
fn lock(model: &Mutex<Model>) -> MutexGuard<'_, Model> {
    model.lock().unwrap_or_else(PoisonError::into_inner)
}

fn draw(model: &Model, bar: &ProgressBar) {
    let (columns, rows) = terminal::size();
    // The last column stays free: some terminals wrap a line that fills it.
    let size = Size { columns: columns.saturating_sub(1), rows: rows.saturating_sub(2).max(1) };
    bar.set_message(model.lines(Instant::now(), Some(size)).join("\n"));
}
