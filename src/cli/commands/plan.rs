//! `reflow plan`: what a run would do.

use std::time::Duration;

use base::units;
use engine::plan::{Estimate, Plan, Row};
use engine::{Config, Event};
use types::Value;

use super::answer;
use super::program::Ready;
use crate::arguments::{Global, PlanFlags};
use crate::exit::Exit;
use crate::machinery::ExecutorChoice;
use crate::paint::Paint;
use crate::{display, interrupt, terminal};

pub(super) fn run(global: &Global, flags: &PlanFlags) -> Result<(), Exit> {
    let Ready { mut graph, main, .. } = Ready::load(global, &flags.program.path, &flags.program.args)?;
    let root = match &main {
        Value::Flow(flow) => graph.id_of(flow),
        _ => return answer("nothing would run: the program's value is known without\n"),
    };
    let machinery = flags.machinery.open()?;
    let config = flags.reuse.apply(Config {
        cache: crate::configuration::current().cache(),
        cancel: interrupt::token(machinery.runtime.handle()),
        ..machinery.plan_config()?
    });
    if flags.machinery.executor == ExecutorChoice::Auto {
        machinery.notices.iter().for_each(|notice| terminal::say(&format!("reflow: {notice}")));
        // Who ran it with the other one wonders why nothing is cached.
        terminal::say(&format!("reflow: planned for the executor {}; -executor chooses", machinery.executor.name()));
    }
    let plan = engine::evaluate::plan(&mut graph, root, config, &mut |event| {
        if let Event::NodeFailed(failure) = event {
            terminal::say(&format!("{failure}{}", display::details(failure)));
        }
    })?;
    if flags.json {
        answer(json(&plan)? + "\n")?;
    } else {
        answer(text(&plan, Paint::of(terminal::answers_in_colour())))?;
    }
    match plan.failures {
        None => Ok(()),
        Some(failures) => Err(Exit::failed(format!("the run would fail: {failures}"))),
    }
}

fn text(plan: &Plan, paint: Paint) -> String {
    let mut text = String::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.push_str(&format!("{}\n", paint.strong(title)));
            lines.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
            text.push('\n');
        }
    };
    section("would run", table(&plan.runs));
    section("cannot be known before these have run", table(&plan.unknown));
    let cached: Vec<_> = plan.cached.iter().map(|(ident, count)| vec![name(ident), format!("× {count}")]).collect();
    section("cached", aligned(&cached));
    section("would be written", plan.exports.clone());
    text.push_str(&summary(plan));
    text
}

fn name(ident: &str) -> String {
    if ident.is_empty() { "(no name)".to_owned() } else { ident.to_owned() }
}

/// Idents, how many of each, what one is expected to take, and why it would run.
fn table(rows: &[Row]) -> Vec<String> {
    let cells = rows.iter().map(|row| {
        let time = row.forecast.wall.map_or_else(|| "no history".to_owned(), |wall| format!("{} each", about(wall)));
        let memory = row.forecast.memory.map(units::data_size).unwrap_or_default();
        let cause = row.cause.map(|cause| cause.text().to_owned()).unwrap_or_default();
        vec![name(&row.ident), format!("× {}", row.count), time, memory, cause]
    });
    aligned(&cells.collect::<Vec<_>>())
}

/// Cells in columns, two blanks between them.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
        let cells: Vec<String> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// A time as exact as a forecast is.
fn about(time: Duration) -> String {
    if time.as_secs() < 10 { format!("{:.1}s", time.as_secs_f64()) } else { units::duration(time) }
}

fn total(rows: &[Row]) -> u64 {
    rows.iter().map(|row| row.count).sum()
}

fn summary(plan: &Plan) -> String {
    let (runs, unknown, cached) = (total(&plan.runs), total(&plan.unknown), plan.cached.values().sum::<u64>());
    let exports = match plan.exports.len() {
        0 => String::new(),
        1 => ", 1 export".to_owned(),
        many => format!(", {many} exports"),
    };
    let mut text = format!("{runs} would run, {unknown} not known yet, {cached} cached{exports}\n");
    let Estimate { work, chain, elapsed, unpredicted } = plan.estimate;
    if runs + unknown > unpredicted {
        text.push_str(&format!(
            "about {} on this machine if all of them run: {} of work, {} of it one after the other\n",
            about(elapsed),
            about(work),
            about(chain)
        ));
    }
    if unpredicted > 0 {
        text.push_str(&format!("nothing is known of the time of {unpredicted} of them\n"));
    }
    text
}

#[derive(serde::Serialize)]
struct JsonPlan<'a> {
    run: Vec<JsonRow<'a>>,
    unknown: Vec<JsonRow<'a>>,
    cached: &'a std::collections::BTreeMap<String, u64>,
    exports: &'a [String],
    work_seconds: f64,
    chain_seconds: f64,
    elapsed_seconds: f64,
    unpredicted: u64,
    error: Option<String>,
}

#[derive(serde::Serialize)]
struct JsonRow<'a> {
    ident: &'a str,
    count: u64,
    cause: Option<&'static str>,
    seconds: Option<f64>,
    memory: Option<u64>,
}

fn json_row(row: &Row) -> JsonRow<'_> {
    JsonRow {
        ident: &row.ident,
        count: row.count,
        cause: row.cause.map(engine::Cause::text),
        seconds: row.forecast.wall.map(|wall| wall.as_secs_f64()),
        memory: row.forecast.memory,
    }
}

fn json(plan: &Plan) -> Result<String, Exit> {
    let object = JsonPlan {
        run: plan.runs.iter().map(json_row).collect(),
        unknown: plan.unknown.iter().map(json_row).collect(),
        cached: &plan.cached,
        exports: &plan.exports,
        work_seconds: plan.estimate.work.as_secs_f64(),
        chain_seconds: plan.estimate.chain.as_secs_f64(),
        elapsed_seconds: plan.estimate.elapsed.as_secs_f64(),
        unpredicted: plan.estimate.unpredicted,
        error: plan.failures.as_ref().map(ToString::to_string),
    };
    serde_json::to_string(&object).map_err(Exit::failed)
}
