//! What `why` tells, as one JSON object.

use std::collections::BTreeMap;

use base::File;
use engine::explain::{Against, Causes, Difference, Explanation, FileChange, Past, Story};
use serde_json::{Value, json};
use store::StepOutcome;

use super::{count, words};
use crate::exit::Exit;

/// The run with its executed and failed steps, and of the others how many of each ident there are.
pub(super) fn run(story: &mut Story, explained: &[Explanation]) -> Result<String, Exit> {
    let causes = story.causes(explained)?;
    let mut steps = Vec::with_capacity(explained.len());
    for at in 0..explained.len() {
        steps.push(executed(story, explained, &causes, at)?);
    }
    let mut cached: BTreeMap<&str, u64> = BTreeMap::new();
    for ((ident, outcome), count) in &story.tally {
        if matches!(outcome, StepOutcome::Cached | StepOutcome::Shared) {
            *cached.entry(ident).or_default() += count;
        }
    }
    let object = json!({
        "run": story.run.id.to_string(),
        "program": story.run.program,
        "executed": count(story, StepOutcome::Executed),
        "failed": count(story, StepOutcome::Failed),
        "cached": cached,
        "unexplained": story.unexplained(),
        "steps": steps,
    });
    Ok(format!("{object}\n"))
}

/// Single steps, of which those at a place among the explained ones were executed.
pub(super) fn steps(
    story: &mut Story,
    explained: &[Explanation],
    found: &[(Option<usize>, Explanation)],
) -> Result<String, Exit> {
    let causes = story.causes(explained)?;
    let mut steps = Vec::new();
    for (at, one) in found {
        steps.push(match at {
            Some(at) => executed(story, explained, &causes, *at)?,
            None => Value::Object(common(story, one)?),
        });
    }
    Ok(format!("{}\n", json!({ "run": story.run.id.to_string(), "steps": steps })))
}

fn executed(story: &mut Story, explained: &[Explanation], causes: &Causes, at: usize) -> Result<Value, Exit> {
    let one = &explained[at];
    let chain = causes.chain(at);
    let mut step = common(story, one)?;
    let root = words::root(story, &explained[chain.first().copied().unwrap_or(at)])?;
    step.insert("because".to_owned(), root.into());
    let flows: Vec<String> = chain.iter().map(|at| flow(&explained[*at])).collect();
    step.insert("chain".to_owned(), flows.into());
    if let Against::Nearest { differences, .. } = &one.against {
        let differences: Vec<Value> = differences.iter().map(difference).collect();
        step.insert("differences".to_owned(), differences.into());
    }
    Ok(Value::Object(step))
}

/// What there is to say of every step.
fn common(story: &mut Story, one: &Explanation) -> Result<serde_json::Map<String, Value>, Exit> {
    let outcome = match one.step.outcome {
        StepOutcome::Cached => "cached",
        StepOutcome::Shared => "shared",
        StepOutcome::Executed => "executed",
        StepOutcome::Failed => "failed",
    };
    let past = match &one.against {
        Against::Cached(past) => past.as_ref(),
        Against::Same(past) | Against::Nearest { past, .. } => Some(past),
        Against::Shared | Against::Unrecorded | Against::Nothing { .. } => None,
    };
    let fields = [
        ("ident", one.step.ident.clone().into()),
        ("flow", flow(one).into()),
        ("place", one.step.position.clone().into()),
        ("key", one.step.key.to_string().into()),
        ("outcome", outcome.into()),
        ("exec", one.task.as_ref().map(|task| task.id.to_string()).into()),
        ("reason", words::reason(story, one)?.into()),
        ("against", past.map(attempt).into()),
    ];
    Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The digits that runs show behind a step's name.
fn flow(one: &Explanation) -> String {
    format!("{:08x}", one.step.flow)
}

fn attempt(past: &Past) -> Value {
    json!({ "run": past.task.run.to_string(), "exec": past.task.id.to_string(), "failed": past.task.error.is_some() })
}

fn difference(difference: &Difference) -> Value {
    match difference {
        Difference::Image { text, image } => {
            json!({ "part": "image", "from": text.0, "to": text.1, "from_image": image.0, "to_image": image.1 })
        }
        Difference::Command { from, to } => json!({ "part": "command", "from": from, "to": to }),
        Difference::Input { argument, changes, .. } => {
            let changes: Vec<Value> = changes.iter().map(change).collect();
            json!({ "part": "input", "argument": argument, "files": changes })
        }
        Difference::InputAdded { argument, .. } => json!({ "part": "input added", "argument": argument }),
        Difference::InputRemoved { argument } => json!({ "part": "input removed", "argument": argument }),
        Difference::Arguments => json!({ "part": "arguments" }),
        Difference::Executor { from, to } => json!({ "part": "executor", "from": from, "to": to }),
        Difference::Universe { from, to } => json!({ "part": "universe", "from": from, "to": to }),
        Difference::Repetition => json!({ "part": "repetition" }),
    }
}

fn change(change: &FileChange) -> Value {
    let file = |file: &File| json!({ "digest": file.digest().to_string(), "size": file.size });
    json!({ "path": change.path, "from": change.from.as_ref().map(file), "to": change.to.as_ref().map(file) })
}
