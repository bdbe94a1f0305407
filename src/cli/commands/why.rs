//! `reflow why`: why the steps of a run were executed, or not.

mod json;
mod overview;
mod step;
mod words;

use std::collections::HashMap;

use base::digest::PartialDigest;
use base::spelling;
use engine::explain::{Explanation, Story};
use store::{LocalStore, StepOutcome};

use super::{answer, named};
use crate::arguments::WhyFlags;
use crate::exit::Exit;
use crate::paint::Paint;
use crate::terminal;

/// Steps that are told about in full.
const STEPS: usize = 20;

pub(super) fn run(flags: &WhyFlags) -> Result<(), Exit> {
    let store = crate::home::open(&flags.place.existing()?)?;
    let run = named::run(&store, &flags.run)?;
    let mut story = Story::read(&store, run)?;
    if story.tally.is_empty() && !flags.json {
        return answer(overview::empty(&store, &story.run)?);
    }
    let paint = Paint::of(terminal::answers_in_colour());
    let explained = story.explain()?;
    match (&flags.node, flags.json) {
        (None, false) => answer(overview::text(&mut story, &explained, paint)?),
        (None, true) => answer(json::run(&mut story, &explained)?),
        (Some(node), false) => answer(nodes(&store, &mut story, &explained, node, paint)?),
        (Some(node), true) => {
            let found = steps(&store, &mut story, &explained, node, usize::MAX)?;
            answer(json::steps(&mut story, &explained, &found)?)
        }
    }
}

/// The steps that a name stands for, at most so many, in the order of their names; with the place of those that were
/// executed among the explained ones.
fn steps(
    store: &LocalStore,
    story: &mut Story,
    explained: &[Explanation],
    node: &str,
    limit: usize,
) -> Result<Vec<(Option<usize>, Explanation)>, Exit> {
    let by_task: Vec<u64> = match PartialDigest::parse(node) {
        Ok(id) => {
            let is_it = |one: &&Explanation| one.task.as_ref().is_some_and(|task| id.expands_to(&task.id));
            explained.iter().filter(is_it).map(|one| one.number).collect()
        }
        Err(_) => Vec::new(),
    };
    let mut found = match by_task.as_slice() {
        [] => story.find(&|step| named::is_called(step, node), limit)?,
        numbers => {
            let those = explained.iter().filter(|one| numbers.contains(&one.number));
            those.map(|one| (one.number, one.step.clone())).collect()
        }
    };
    if found.is_empty() {
        return Err(match named::transfer(store, &story.run, node)? {
            Some(task) => Exit::failed(format!("{node} is an {}: only execs are explained", task.kind.name())),
            None => unknown(story, node),
        });
    }
    found.sort_by(|(_, left), (_, right)| (&left.ident, left.flow).cmp(&(&right.ident, right.flow)));
    let known: HashMap<u64, usize> = explained.iter().enumerate().map(|(at, one)| (one.number, at)).collect();
    let told = found.into_iter().map(|(number, step)| match known.get(&number) {
        Some(at) => Ok((Some(*at), explained[*at].clone())),
        None => Ok((None, story.explain_other(number, step)?)),
    });
    told.collect()
}

/// What is said about the steps that a name stands for.
fn nodes(
    store: &LocalStore,
    story: &mut Story,
    explained: &[Explanation],
    node: &str,
    paint: Paint,
) -> Result<String, Exit> {
    let found = steps(store, story, explained, node, STEPS + 1)?;
    let mut texts = Vec::new();
    for (at, one) in found.iter().take(STEPS) {
        texts.push(match at {
            Some(at) => step::text(story, explained, *at, paint)?,
            None => step::text(story, std::slice::from_ref(one), 0, paint)?,
        });
    }
    if found.len() > STEPS {
        texts.push(format!(
            "… and more steps called {node}; a position, or the digits behind the name of one, tell them apart\n"
        ));
    }
    Ok(texts.join("\n"))
}

/// There is no such step; what there is.
fn unknown(story: &Story, node: &str) -> Exit {
    let idents = || story.tally.keys().map(|(ident, _)| ident.as_str());
    let near = spelling::nearest(node, idents());
    let is_part = |ident: &&str| ident.contains(node);
    let hint = match (near, idents().find(is_part)) {
        (Some(near), _) | (None, Some(near)) => format!("; did you mean {near}?"),
        (None, None) => {
            let mut all: Vec<&str> = idents().collect();
            all.dedup();
            all.truncate(10);
            format!("; its steps are called {}", all.join(", "))
        }
    };
    Exit::failed(format!("run {} has no step {node}{hint}{}", story.run.id.short(), unreached(story)))
}

/// What a run with failures has no steps of: a name that the program has may be meant.
fn unreached(story: &Story) -> String {
    let failed = story.tally.keys().filter(|(_, outcome)| *outcome == StepOutcome::Failed);
    let failed: Vec<&str> = failed.map(|(ident, _)| ident.as_str()).take(10).collect();
    match failed.as_slice() {
        [] => String::new(),
        failed => format!("; what needs {} was not reached, as that failed", failed.join(", ")),
    }
}

/// How often an outcome came about.
fn count(story: &Story, wanted: StepOutcome) -> u64 {
    story.tally.iter().filter(|((_, outcome), _)| *outcome == wanted).map(|(_, count)| count).sum()
}
