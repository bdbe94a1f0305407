//! Live status on a terminal: what runs now, below the log.

use std::collections::HashMap;
use std::time::Duration;

use engine::{Event, Progress};
use flow::FlowId;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Lines that are redrawn in place.
pub(super) struct Status {
    lines: MultiProgress,
    run: ProgressBar,
    steps: HashMap<FlowId, ProgressBar>,
    /// Steps beyond what the screen has lines for.
    hidden: usize,
}

/// The most steps that are shown at once.
const SHOWN: usize = 12;
const TICK: Duration = Duration::from_millis(200);

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl Status {
    pub(super) fn new() -> Self {
        let lines = MultiProgress::new();
        let run = lines.add(ProgressBar::new_spinner());
        run.set_style(style("{spinner} elapsed: {elapsed}{msg}"));
        run.enable_steady_tick(TICK);
        Self { lines, run, steps: HashMap::new(), hidden: 0 }
    }

    /// Writes a line above the status.
    pub(super) fn say(&self, line: &str) {
        // A terminal that cannot be drawn on any more takes plain lines or nothing.
        if self.lines.println(line).is_err() {
            crate::terminal::say(line);
        }
    }

    pub(super) fn close(self) {
        self.steps.values().for_each(ProgressBar::finish_and_clear);
        self.run.finish_and_clear();
    }

    pub(super) fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::ExecSubmitted { step, .. } | Event::TransferStarted { step } => {
                self.begin(step.id(), &format!("{}: {} {}", step.ident(), step.op_name(), step.summary()));
            }
            Event::ExecEnded { step, .. } | Event::Interned { step, .. } | Event::Externed { step, .. } => {
                self.end(step.id());
            }
            Event::NodeFailed(failure) => self.end(failure.id),
            Event::Progress(progress) => self.progress(progress),
            _ => {}
        }
    }

    fn begin(&mut self, id: FlowId, text: &str) {
        if self.steps.len() >= SHOWN {
            self.hidden += 1;
            return;
        }
        let line = self.lines.add(ProgressBar::new_spinner());
        line.set_style(style("  {wide_msg} {elapsed}"));
        line.set_message(text.to_owned());
        line.enable_steady_tick(TICK);
        self.steps.insert(id, line);
    }

    fn end(&mut self, id: FlowId) {
        match self.steps.remove(&id) {
            Some(line) => {
                line.finish_and_clear();
                self.lines.remove(&line);
            }
            None => self.hidden = self.hidden.saturating_sub(1),
        }
    }

    fn progress(&mut self, progress: &Progress) {
        let running = progress.executing + progress.transferring;
        let waiting = progress.queued + progress.waiting;
        let parts = [("executing", running), ("waiting", waiting)];
        let parts: String =
            parts.iter().filter(|part| part.1 > 0).map(|(name, count)| format!(", {name}:{count}")).collect();
        let total = progress.done + progress.failed + running + waiting;
        self.run.set_message(format!("{parts}, completed: {}/{total}", progress.done));
    }
}
