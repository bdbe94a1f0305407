//! One step: every part of its key that differs, and what brought that about.

use base::File;
use base::units;
use engine::describe;
use engine::explain::{Against, Difference, Explanation, FileChange, Origin, Past, Story};
use similar::{ChangeTag, TextDiff};
use store::StepOutcome;

use super::words;
use crate::exit::Exit;
use crate::paint::Paint;

/// Files of one input that are told.
const FILES: usize = 20;

/// All there is to say of the step at this place among the explained ones.
pub(super) fn text(story: &mut Story, explained: &[Explanation], at: usize, paint: Paint) -> Result<String, Exit> {
    let explanation = &explained[at];
    let mut out = heading(explanation, paint);
    match &explanation.against {
        Against::Cached(None) => out.push_str("    its result was in the cache; which run made it is not known\n"),
        Against::Cached(Some(past)) => {
            out.push_str(&format!("    its result was in the cache: made by {}\n", attempt(past)));
        }
        Against::Shared => out.push_str("    it has the key, and so the result, of another step of this run\n"),
        Against::Unrecorded => {
            out.push_str("    what it was made from is not recorded, so it cannot be compared\n");
        }
        Against::Nothing { kept: 0 } => out.push_str("    no earlier run has had a step of this name\n"),
        Against::Nothing { kept } => out.push_str(&format!(
            "    it is new: this run has everything as it was that earlier runs had of this name ({kept})\n"
        )),
        Against::Same(past) => {
            out.push_str(&format!("    nothing of it changed since {}\n", attempt(past)));
            out.push_str(&format!("    {}\n", words::same(explanation, past)));
        }
        Against::Nearest { past, differences } => {
            out.push_str(&format!("    compared with {}\n", attempt(past)));
            for (number, difference) in differences.iter().enumerate() {
                // An argument may stand in a command several times.
                if !differences[..number].iter().any(|known| is_same(known, difference)) {
                    describe_difference(story, past, difference, paint, &mut out)?;
                }
            }
            out.push_str(&unchanged(explanation, differences));
            out.push_str(&chain(story, explained, at, paint)?);
        }
    }
    if let Some(task) = &explanation.task {
        out.push_str(&paint.faint(&format!("    to run it again by itself: reflow replay {}", task.id.short())));
        out.push('\n');
    }
    Ok(out)
}

/// Whether two differences tell the same.
fn is_same(one: &Difference, other: &Difference) -> bool {
    match (one, other) {
        (Difference::Input { argument: left, changes: those, .. }, Difference::Input { argument, changes, .. }) => {
            left == argument && those == changes
        }
        _ => one == other,
    }
}

fn heading(explanation: &Explanation, paint: Paint) -> String {
    let step = &explanation.step;
    let outcome = match step.outcome {
        StepOutcome::Cached | StepOutcome::Shared => paint.good("cached"),
        StepOutcome::Executed => paint.notable("executed"),
        StepOutcome::Failed => paint.bad("failed"),
    };
    let place = if step.position.is_empty() { String::new() } else { format!(" ({})", step.position) };
    format!("{} {:08x}{place}: {outcome}\n", paint.strong(&words::named(&step.ident)), step.flow)
}

fn attempt(past: &Past) -> String {
    let end = if past.task.error.is_some() { ", which failed" } else { "" };
    format!("run {}, exec {}{end}", past.task.run.short(), past.task.id.short())
}

fn describe_difference(
    story: &mut Story,
    past: &Past,
    difference: &Difference,
    paint: Paint,
    out: &mut String,
) -> Result<(), Exit> {
    let mut title = |text: &str| out.push_str(&format!("\n    {}\n", paint.strong(text)));
    match difference {
        Difference::Command { from, to } => {
            title("command");
            out.push_str(&difference_of_texts(from, to, paint));
        }
        Difference::Image { text: (from, to), image } => {
            title("image");
            if from == to {
                out.push_str(&format!("        {to} stands for another image now\n"));
            }
            let named =
                |text: &str, image: &str| if text == image { text.to_owned() } else { format!("{text} = {image}") };
            out.push_str(&removed(&named(from, &image.0), paint));
            out.push_str(&added(&named(to, &image.1), paint));
        }
        Difference::Input { argument, changes, .. } => {
            title(&format!("input {argument}"));
            for change in changes.iter().take(FILES) {
                describe_file(story, past, change, paint, out)?;
            }
            if changes.len() > FILES {
                out.push_str(&format!("        … and {} files more\n", changes.len() - FILES));
            }
        }
        Difference::InputAdded { argument, .. } => title(&format!("input {argument} is new")),
        Difference::InputRemoved { argument } => title(&format!("input {argument} is gone")),
        Difference::Arguments => title("what the arguments of the command stand for"),
        Difference::Executor { from, to } => {
            title("executor");
            out.push_str(&removed(from, paint));
            out.push_str(&added(to, paint));
        }
        Difference::Universe { from, to } => {
            title("universe");
            let shown = |name: &str| if name.is_empty() { "the usual one".to_owned() } else { name.to_owned() };
            out.push_str(&removed(&shown(from), paint));
            out.push_str(&added(&shown(to), paint));
        }
        Difference::Repetition => title("it is a repetition that the program keeps apart"),
    }
    Ok(())
}

fn removed(text: &str, paint: Paint) -> String {
    format!("        {}\n", paint.bad(&format!("- {text}")))
}

fn added(text: &str, paint: Paint) -> String {
    format!("        {}\n", paint.good(&format!("+ {text}")))
}

/// The lines that differ, with some around them.
fn difference_of_texts(from: &str, to: &str, paint: Paint) -> String {
    const AROUND: usize = 2;
    let (from, to) = (describe::command_lines(from).join("\n"), describe::command_lines(to).join("\n"));
    let difference = TextDiff::from_lines(from.as_str(), to.as_str());
    let mut out = String::new();
    for (number, group) in difference.grouped_ops(AROUND).iter().enumerate() {
        if number > 0 {
            out.push_str("        …\n");
        }
        for change in group.iter().flat_map(|op| difference.iter_changes(op)) {
            let line = change.value().trim_end_matches('\n');
            match change.tag() {
                ChangeTag::Delete => out.push_str(&removed(line, paint)),
                ChangeTag::Insert => out.push_str(&added(line, paint)),
                ChangeTag::Equal => out.push_str(&format!("          {line}\n")),
            }
        }
    }
    out
}

fn describe_file(
    story: &mut Story,
    past: &Past,
    change: &FileChange,
    paint: Paint,
    out: &mut String,
) -> Result<(), Exit> {
    if !change.path.is_empty() {
        out.push_str(&format!("        {}\n", change.path));
    }
    if let Some(from) = &change.from {
        let source = story.past_source(past, from).map(|source| format!("  {source}")).unwrap_or_default();
        out.push_str(&removed(&format!("{}{source}", file(from)), paint));
    }
    if let Some(to) = &change.to {
        let source = match story.origin(to)? {
            Some(Origin::Import(source)) => format!("  {source}"),
            Some(Origin::Executed(number)) => {
                format!("  made by {}, executed in this run", story.ident(number).unwrap_or("another step"))
            }
            Some(Origin::Cached(ident)) => format!("  made by {ident}, cached"),
            None => String::new(),
        };
        out.push_str(&added(&format!("{}{source}", file(to)), paint));
    }
    Ok(())
}

fn file(file: &File) -> String {
    format!("{} {}", file.digest().short(), units::data_size(file.size))
}

/// The parts that are what they were.
fn unchanged(explanation: &Explanation, differences: &[Difference]) -> String {
    let mut parts = Vec::new();
    if !differences.iter().any(|one| matches!(one, Difference::Image { .. })) {
        parts.push("image".to_owned());
    }
    if !differences.iter().any(|one| matches!(one, Difference::Command { .. })) {
        parts.push("command".to_owned());
    }
    let changed: Vec<usize> = differences
        .iter()
        .filter_map(|one| match one {
            Difference::Input { number, .. } | Difference::InputAdded { number, .. } => Some(*number),
            _ => None,
        })
        .collect();
    let inputs = explanation.material.iter().flat_map(engine::explain::named_inputs);
    let same = inputs.enumerate().filter(|(number, _)| !changed.contains(number));
    parts.extend(same.map(|(_, (name, _))| name.to_owned()).filter(|name| !name.is_empty()));
    parts.dedup();
    if parts.is_empty() { String::new() } else { format!("\n    unchanged: {}\n", parts.join(", ")) }
}

/// From what changed in the first place to this step.
fn chain(story: &mut Story, explained: &[Explanation], at: usize, paint: Paint) -> Result<String, Exit> {
    let chain = story.causes(explained)?.chain(at);
    if chain.len() < 2 {
        return Ok(String::new());
    }
    let mut out = format!("\n    {}\n", paint.strong("because"));
    let root = words::root(story, &explained[chain[0]])?;
    out.push_str(&format!("        {root}\n"));
    for place in chain {
        let one = &explained[place];
        out.push_str(&format!(
            "          → {} {}\n",
            words::named(&one.step.ident),
            paint.faint(&format!("{:08x}", one.step.flow))
        ));
    }
    Ok(out)
}
