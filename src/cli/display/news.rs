//! What happens beside the beginnings and ends of steps, as records of the log.

use base::{Digest, units};
use engine::{Event, Step};
use exec::Pull;

use crate::run_files::Level;

/// The record of an event; none of one that is shown in another way, or not at all.
pub(super) fn of(event: &Event<'_>) -> Option<(Level, String)> {
    Some(match event {
        Event::ExecQueued { step, cause, resources, is_predicted } => {
            let note = if *is_predicted { ", its memory as predicted" } else { "" };
            (Level::Debug, about(step, &format!("{}, waits for {resources}{note}", cause.text())))
        }
        Event::BlobsLost { step, lost } => (Level::Info, blobs_lost(step, lost)),
        Event::ExecElsewhere { step } => {
            (Level::Info, about(step, "another process runs this; waiting for its result"))
        }
        Event::ImagePull { image, pull } => (Level::Info, image_pull(image, pull)?),
        Event::ExecAdopted { step, since } => {
            let age = since.elapsed().map_or_else(|_| String::new(), |age| format!(" {} ago", units::duration(age)));
            (Level::Info, about(step, &format!("goes on with the container that a killed run has started{age}")))
        }
        Event::ExecRegained { step, after } => {
            let after = units::duration(*after);
            let text = format!("the engine that has its container was out of reach for {after}; it goes on");
            (Level::Info, about(step, &text))
        }
        Event::ExecRetried { step, attempt, reason, error, resources, wait } => {
            let pause = if wait.is_zero() { String::new() } else { format!(" in {:.1}s", wait.as_secs_f64()) };
            let text = format!(
                "flow {}: retryTask (reason: {}): re-submitting task with {resources}{pause} ({attempt}/3) due to error: {error}",
                step.digest().short(),
                reason.name()
            );
            (Level::Info, text)
        }
        Event::NodeChanged { step, state } => {
            let text = format!("mutate {} {} {}: {state}", step.op_name(), step.digest().short(), step.ident());
            (Level::Debug, text)
        }
        Event::LookupFailed { nodes, error } => {
            (Level::Error, format!("looking up {nodes} results failed, they count as not cached: {error}"))
        }
        _ => return None,
    })
}

fn about(step: &Step<'_>, text: &str) -> String {
    format!("{} {}: {text}", step.ident(), step.digest().short())
}

fn blobs_lost(step: &Step<'_>, lost: &[Digest]) -> String {
    let names: Vec<String> = lost.iter().take(3).map(Digest::short).collect();
    let more = if lost.len() > names.len() { ", …" } else { "" };
    format!(
        "{}: {} files it needs are gone from the store or damaged ({}{more}); what made them is run again",
        step.summary(),
        lost.len(),
        names.join(", "),
    )
}

fn image_pull(image: &str, pull: &Pull) -> Option<String> {
    match pull {
        Pull::Begun => Some(format!("fetching image {image}")),
        Pull::Done(progress) => {
            // The layers may have been here, or in somebody else's care.
            let size = match progress.known {
                0 => String::new(),
                known => format!(": {}", units::data_size(known)),
            };
            Some(format!("fetched image {image}{size}"))
        }
        // What fails says so itself.
        Pull::Going(_) | Pull::Failed => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use flow::Graph;

    use super::*;

    #[test]
    fn what_happens_to_a_step_is_said_of_it() {
        let mut graph = Graph::default();
        let id = graph.add(flow::node::Op::Intern { url: "localfile://x".into(), must_resolve: false }, []);
        let step = Step::new(&graph, id);
        let said = |event: &Event<'_>| of(event).map(|(_, text)| text.replace(&step.digest().short(), "DIGEST"));
        let regained = Event::ExecRegained { step, after: Duration::from_secs(7) };
        let expected = " DIGEST: the engine that has its container was out of reach for 7s; it goes on";
        assert_eq!(said(&regained).as_deref(), Some(expected));
        let names = |lost: &[Digest]| {
            let text = said(&Event::BlobsLost { step, lost }).unwrap();
            (text.contains("(2c26b46b, fcde2b2e, "), text.contains(", …)"))
        };
        let lost = ["foo", "bar", "baz", "more"].map(Digest::of);
        assert_eq!((names(&lost), names(&lost[..3])), ((true, true), (true, false)));
        for (pull, expected) in [(Pull::Begun, true), (Pull::Failed, false), (Pull::Done(Default::default()), true)] {
            assert_eq!(said(&Event::ImagePull { image: "debian", pull }).is_some(), expected, "{pull:?}");
        }
    }
}
