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
            false => Self::Plain(Plain::new(model, now)),
        }
    }

    /// Takes an event in.
    pub(super) fn on(&mut self, event: &Event<'_>) {
        let now = Instant::now();
        match self {
            Self::Live(live) => live.update(|model| model.on(event, now)),
            Self::Plain(plain) => {
                plain.model.on(event, now);
                if let Some(snapshot) = plain.snapshot(now) {
                    terminal::say(&snapshot);
                }
            }
        }
    }
}

impl Plain {
    fn new(model: Model, now: Instant) -> Self {
        Self { model, next: now + SNAPSHOTS, last: Vec::new() }
    }

    /// Where the run stands, if it is time and something has happened.
    fn snapshot(&mut self, now: Instant) -> Option<String> {
        if now < self.next {
            return None;
        }
        self.next = now + SNAPSHOTS;
        let state = self.model.state();
        if state == self.last {
            return None;
        }
        self.last = state;
        Some(self.model.lines(now, None).join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CLI-109
    #[test]
    fn snapshots_come_once_a_minute_and_only_if_something_happened() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut plain = Plain::new(Model::new("5c902b1c", start), start);
        assert_eq!(plain.snapshot(at(59)), None);
        let first = plain.snapshot(at(60)).unwrap();
        assert!(first.starts_with("5c902b1c: elapsed: 1m"), "{first}");
        assert_eq!(plain.snapshot(at(61)), None, "it is too early");
        assert_eq!(plain.snapshot(at(120)), None, "nothing has happened");
        let mut graph = flow::Graph::default();
        let id = graph.intern("s3://bkt/in.txt", false);
        plain.model.on(&Event::TransferStarted { step: engine::Step::new(&graph, id), fileset: None }, at(121));
        assert_eq!(plain.snapshot(at(179)), None, "it is too early");
        let second = plain.snapshot(at(180)).unwrap();
        assert!(second.contains("intern s3://bkt/in.txt"), "{second}");
    }
}
