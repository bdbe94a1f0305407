//! A whole run: what changed, and what had to be executed for it.

use std::path::Path;

use engine::explain::{Against, Explanation, Story};
use store::{LocalStore, RunRecord, StepOutcome, TaskKind, TaskQuery};

use super::{count, words};
use crate::exit::Exit;
use crate::paint::Paint;

/// Cached steps that are looked at one by one; of more there are only numbers.
const CACHED: usize = 2000;
/// Tasks that are looked at for one that is an exec.
const TASKS: usize = 1000;
/// Lines of one group.
const LINES: usize = 40;

/// What is said of a run of which no step is known.
pub(super) fn empty(store: &LocalStore, run: &RunRecord) -> Result<String, Exit> {
    let tasks = TaskQuery { run: Some(run.id), limit: Some(TASKS), ..TaskQuery::default() };
    let had_execs = store.tasks().list(&tasks)?.iter().any(|task| task.kind == TaskKind::Exec);
    let why = match run.end {
        Some(_) if had_execs => "it was stopped before an exec of it came to an end",
        Some(_) => "it had no execs",
        None => "it goes on, or was killed; of no exec of it an end is recorded yet",
    };
    Ok(format!("run {} of {}: {why}\n", run.id.short(), name(run)))
}

fn name(run: &RunRecord) -> String {
    Path::new(&run.program).file_name().map_or(run.program.clone(), |name| name.to_string_lossy().into_owned())
}

/// Steps of one ident with one reason.
struct Row {
    outcome: StepOutcome,
    ident: String,
    digest: String,
    reason: String,
    count: u64,
}

/// What one thing brought about.
struct Group {
    title: String,
    rows: Vec<Row>,
}

impl Group {
    /// Adds a step; it is counted with the last one like it.
    fn add(&mut self, row: Row) {
        let like =
            |known: &&mut Row| known.outcome == row.outcome && known.ident == row.ident && known.reason == row.reason;
        match self.rows.iter_mut().find(like) {
            Some(known) => known.count += row.count,
            None => self.rows.push(row),
        }
    }
}

/// Adds a step to the group of this title.
fn add(groups: &mut Vec<Group>, title: String, row: Row) {
    let at = groups.iter().position(|group| group.title == title).unwrap_or_else(|| {
        groups.push(Group { title, rows: Vec::new() });
        groups.len() - 1
    });
    groups[at].add(row);
}

pub(super) fn text(story: &mut Story, explained: &[Explanation], paint: Paint) -> Result<String, Exit> {
    let mut groups = Vec::new();
    let roots = story.causes(explained)?.roots();
    let mut order: Vec<usize> = (0..explained.len()).collect();
    // Causes before effects, and otherwise the same order whatever ended first.
    order.sort_by_key(|at| (roots[*at].1, &explained[*at].step.ident, explained[*at].step.flow));
    for at in order {
        let explanation = &explained[at];
        let title = words::root(story, &explained[roots[at].0])?;
        let reason = words::reason(story, explanation)?;
        add(&mut groups, title, row(explanation, reason));
    }
    let cached = cached(story)?;
    let mut text = format!("run {} of {}: {}\n", story.run.id.short(), name(&story.run), numbers(story));
    for group in groups.iter().chain(&cached) {
        text.push('\n');
        text.push_str(&paint.strong(&group.title));
        text.push('\n');
        rows(&group.rows, paint, &mut text);
    }
    let more = story.unexplained();
    if more > 0 {
        text.push_str(&format!("\n… and {more} steps more were executed\n"));
    }
    Ok(text)
}

fn row(explanation: &Explanation, reason: String) -> Row {
    Row {
        outcome: explanation.step.outcome,
        ident: explanation.step.ident.clone(),
        digest: format!("{:08x}", explanation.step.flow),
        reason,
        count: 1,
    }
}

/// How many steps came to what.
fn numbers(story: &Story) -> String {
    let (executed, failed) = (count(story, StepOutcome::Executed), count(story, StepOutcome::Failed));
    let cached = count(story, StepOutcome::Cached) + count(story, StepOutcome::Shared);
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    format!("{executed} executed, {cached} cached{failed}")
}

/// The steps that nothing had to be done for.
fn cached(story: &mut Story) -> Result<Option<Group>, Exit> {
    let is_cached = |outcome| matches!(outcome, StepOutcome::Cached | StepOutcome::Shared);
    let mut group = Group { title: "nothing changed".to_owned(), rows: Vec::new() };
    let total = count(story, StepOutcome::Cached) + count(story, StepOutcome::Shared);
    if total > CACHED as u64 {
        let all = story.tally.iter().filter(|((_, outcome), _)| is_cached(*outcome));
        for ((ident, outcome), count) in all {
            let (digest, reason) = (String::new(), String::new());
            group.add(Row { outcome: *outcome, ident: ident.clone(), digest, reason, count: *count });
        }
        return Ok(Some(group));
    }
    let mut found = story.find(&|step| is_cached(step.outcome), CACHED)?;
    found.sort_by(|(_, left), (_, right)| (&left.ident, left.flow).cmp(&(&right.ident, right.flow)));
    for (number, step) in found {
        let one = story.explain_other(number, step)?;
        let reason = match &one.against {
            Against::Cached(Some(past)) => format!("made by run {}", past.task.run.short()),
            Against::Shared => "the same as another step".to_owned(),
            _ => String::new(),
        };
        group.add(row(&one, reason));
    }
    Ok((!group.rows.is_empty()).then_some(group))
}

fn rows(rows: &[Row], paint: Paint, text: &mut String) {
    let shown = &rows[..rows.len().min(LINES)];
    let ident = |row: &Row| words::named(&row.ident);
    let digest = |row: &Row| if row.count > 1 { format!("× {}", row.count) } else { row.digest.clone() };
    let width = |cell: &dyn Fn(&Row) -> String| shown.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
    let (first, second) = (width(&ident), width(&digest));
    for row in shown {
        let outcome = match row.outcome {
            StepOutcome::Executed => paint.notable("executed"),
            StepOutcome::Failed => paint.bad("failed  "),
            StepOutcome::Cached | StepOutcome::Shared => paint.good("cached  "),
        };
        let line = format!(
            "    {outcome}  {:<first$}  {}  {}",
            ident(row),
            paint.faint(&format!("{:<second$}", digest(row))),
            row.reason
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if rows.len() > shown.len() {
        let rest: u64 = rows[shown.len()..].iter().map(|row| row.count).sum();
        text.push_str(&format!("    … and {rest} more\n"));
    }
}
