//! What goes on now (CLI spec §6.3): on a terminal redrawn in place below the log, elsewhere a snapshot now
//! and then.
//!
//! [`model`] knows the steps of the run and lays them out in lines; [`live`] draws these lines on a
//! terminal.

mod live;
mod model;

use std::time::{Duration, Instant};

use engine::Event;

use crate::terminal;
use live::Live;
use model::Model;

/// The time between snapshots where nothing can be redrawn.
const SNAPSHOTS: Duration = Duration::from_secs(60);

/// Shows the steps of a run.
pub(super) enum Status {
    Live(Live),
    Plain(Plain),
}

/// A snapshot now and then.
pub(super) struct Plain {
    model: Model,
    next: Instant,
    last: Vec<String>,
}

impl Status {
    /// The status of a run of this title.
    pub(super) fn new(title: &str) -> Self {
        let now = Instant::now();
        let model = Model::new(title, now);
        match terminal::is_interactive() {
            true => Self::Live(Live::new(model)),
            false => Self::Plain(Plain { model, next: now + SNAPSHOTS, last: Vec::new() }),
        }
    }

    /// Writes a line of the log.
    pub(super) fn say(&self, line: &str) {
        match self {
            Self::Live(live) => live.say(line),
            Self::Plain(_) => terminal::say(line),
        }
    }

    /// Takes an event in.
    pub(super) fn on(&mut self, event: &Event<'_>) {
        let now = Instant::now();
        match self {
            Self::Live(live) => live.update(|model| model.on(event, now)),
            Self::Plain(plain) => {
                plain.model.on(event, now);
                plain.show(now);
            }
        }
    }

    /// Takes the status away.
    pub(super) fn close(self) {
        if let Self::Live(live) = self {
            live.close();
        }
    }
}

impl Plain {
    /// Shows where the run stands if it is time and something has happened.
    fn show(&mut self, now: Instant) {
        if now < self.next {
            return;
        }
        self.next = now + SNAPSHOTS;
        let state = self.model.state();
        if state == self.last {
            return;
        }
        terminal::say(&self.model.lines(now, None).join("\n"));
        self.last = state;
    }
}
