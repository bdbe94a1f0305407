//! Reasons in words.

use base::{Error, units};
use engine::describe::abbreviate_left;
use engine::explain::{Against, Difference, Explanation, FileChange, Origin, Past, Story};

/// Bytes of a path that are shown.
const PATH_WIDTH: usize = 60;

/// A path as it is shown.
pub(super) fn path(path: &str) -> String {
    abbreviate_left(path, PATH_WIDTH)
}

/// The last part of a path or URL.
fn file_name(source: &str) -> &str {
    source.trim_end_matches('/').rsplit('/').next().unwrap_or(source)
}

/// Why a step was executed, by itself: what of it changed, in short.
pub(super) fn reason(story: &mut Story, explanation: &Explanation) -> Result<String, Error> {
    Ok(match &explanation.against {
        Against::Nearest { past, differences } => {
            let mut parts = Vec::new();
            for difference in differences {
                parts.push(part(story, past, difference)?);
            }
            // An argument may stand in a command several times.
            let mut seen = std::collections::HashSet::new();
            parts.retain(|part| seen.insert(part.clone()));
            parts.join("; ")
        }
        Against::Nothing { kept: 0 } => "new".to_owned(),
        Against::Nothing { kept } => format!("new, beside {kept} others of its name"),
        Against::Same(past) => same(explanation, past),
        Against::Unrecorded => "what it was made from is not recorded".to_owned(),
        Against::Cached(Some(past)) => format!("made by run {}", past.task.run.short()),
        Against::Cached(None) => "made elsewhere".to_owned(),
        Against::Shared => "the same as another step of the run".to_owned(),
    })
}

/// Why a step was executed although nothing of its key had changed.
pub(super) fn same(explanation: &Explanation, past: &Past) -> String {
    let run = past.task.run.short();
    match explanation.step.cause.as_deref() {
        Some("cache off") => "the cache was not to be read".to_owned(),
        Some("invalidated") => "invalidated on request".to_owned(),
        Some("empty") => "its cached result had an empty part".to_owned(),
        Some("outdated") => "what its cached result was made from had been touched".to_owned(),
        Some("lookup failed") => "the cache could not be read".to_owned(),
        Some("incomplete") => "files of its cached result were missing or damaged".to_owned(),
        Some("unreadable") => "its cached result could not be read".to_owned(),
        _ if past.task.error.is_some() => format!("it had failed in run {run}"),
        _ => format!("the cache had no result, though run {run} had made one"),
    }
}

/// A difference in short.
fn part(story: &mut Story, past: &Past, difference: &Difference) -> Result<String, Error> {
    Ok(match difference {
        Difference::Command { .. } => "command".to_owned(),
        Difference::Image { text: (from, to), .. } if from == to => format!("image {to} stands for another one"),
        Difference::Image { text: (from, to), .. } => format!("image {from} → {to}"),
        Difference::Input { argument, changes, .. } => format!("{argument}{}", input(story, past, changes)?),
        Difference::InputAdded { argument, .. } => format!("{argument} added"),
        Difference::InputRemoved { argument } => format!("{argument} removed"),
        Difference::Arguments => "arguments".to_owned(),
        Difference::Executor { from, to } => format!("executor {from} → {to}"),
        Difference::Universe { from, to } => format!("universe {from:?} → {to:?}"),
        Difference::Repetition => "a repetition of its own".to_owned(),
    })
}

/// What became of an input, behind its name.
fn input(story: &mut Story, past: &Past, changes: &[FileChange]) -> Result<String, Error> {
    let [change] = changes else {
        let made_by = maker(story, changes)?.map(|maker| format!(", made by {maker}")).unwrap_or_default();
        return Ok(format!(": {} files{made_by}", changes.len()));
    };
    let place = if change.path.is_empty() || change.path.starts_with('[') {
        change.path.clone()
    } else {
        format!(" {}", path(&change.path))
    };
    Ok(place + &origin_of_change(story, past, change)?)
}

fn origin_of_change(story: &mut Story, past: &Past, change: &FileChange) -> Result<String, Error> {
    let Some(to) = &change.to else { return Ok(" is gone".to_owned()) };
    Ok(match story.origin(to)? {
        Some(Origin::Executed(number)) => format!(" made by {}", story.ident(number).unwrap_or("another step")),
        Some(Origin::Cached(ident)) => format!(" made by {ident}, cached"),
        Some(Origin::Import(source)) => match change.from.as_ref().and_then(|from| story.past_source(past, from)) {
            Some(before) if before != source => format!(": {} instead of {}", file_name(&source), file_name(before)),
            Some(_) => format!(": {} changed", file_name(&source)),
            None => format!(": {}", file_name(&source)),
        },
        None if change.from.is_none() => " is new".to_owned(),
        None => " changed".to_owned(),
    })
}

/// The step that made what changed, if it is one.
fn maker(story: &mut Story, changes: &[FileChange]) -> Result<Option<String>, Error> {
    for file in changes.iter().filter_map(|change| change.to.as_ref()) {
        if let Some(Origin::Executed(number)) = story.origin(file)? {
            return Ok(story.ident(number).map(str::to_owned));
        }
    }
    Ok(None)
}

/// An ident as it is shown.
pub(super) fn named(ident: &str) -> String {
    if ident.is_empty() { "(no name)".to_owned() } else { ident.to_owned() }
}

/// What set a chain of steps going, in a line.
pub(super) fn root(story: &mut Story, root: &Explanation) -> Result<String, Error> {
    let ident = &named(&root.step.ident);
    Ok(match &root.against {
        Against::Nothing { .. } => "new steps".to_owned(),
        Against::Unrecorded => "steps of which too little is recorded".to_owned(),
        Against::Same(past) => format!("{ident}: {}", same(root, past)),
        Against::Nearest { past, differences } => {
            let mut causes = Vec::new();
            for difference in differences {
                causes.push(match difference {
                    Difference::Input { changes, .. } => match imports(story, past, changes)?.as_slice() {
                        [] => format!("{ident}: {}", part(story, past, difference)?),
                        [only] => only.clone(),
                        [first, rest @ ..] => format!("{first}, and {} files more", rest.len()),
                    },
                    Difference::Executor { .. } | Difference::Universe { .. } => part(story, past, difference)?,
                    Difference::Image { .. } => part(story, past, difference)?,
                    _ => format!("{ident}: {}", part(story, past, difference)?),
                });
            }
            causes.dedup();
            causes.join("; ")
        }
        Against::Cached(_) | Against::Shared => ident.clone(),
    })
}

/// The changed files that the program names.
fn imports(story: &mut Story, past: &Past, changes: &[FileChange]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for change in changes {
        let Some(to) = &change.to else { continue };
        let Some(Origin::Import(source)) = story.origin(to)? else { continue };
        let size = match &change.from {
            Some(from) => format!("{} → {}", units::data_size(from.size), units::data_size(to.size)),
            None => units::data_size(to.size),
        };
        let before = change.from.as_ref().and_then(|from| story.past_source(past, from));
        let source = path(&source);
        found.push(match before.map(path) {
            Some(before) if before != source => format!("{source} instead of {before} ({size})"),
            Some(_) => format!("{source} changed ({size})"),
            None => format!("{source} ({size})"),
        });
    }
    Ok(found)
}
