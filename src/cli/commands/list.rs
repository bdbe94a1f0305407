//! `reflow list`

use base::{Resources, table, units};
use store::{LocalStore, RunQuery, TaskKind};

use super::answer;
use crate::arguments::{self, ListFlags};
use crate::exit::Exit;
use crate::history::{self, RunView, TaskView};
use crate::names::{self, Name};

/// A line: what it is and its name.
struct Row {
    kind: &'static str,
    state: &'static str,
    resources: Resources,
    /// The ident of an exec, the owner of an alloc.
    whose: String,
    name: String,
}

pub(super) fn run(flags: &ListFlags) -> Result<(), Exit> {
    if flags.a && !flags.names.is_empty() {
        return Err(arguments::misuse("list", "-a lists everything: it takes no names"));
    }
    let home = flags.place.existing()?;
    let store = crate::home::open(&home)?;
    let mut rows = Vec::new();
    if flags.names.is_empty() {
        let views = live(&store)?;
        if flags.a {
            rows.push(offer(&exec::capacity(&home)?, &views));
        }
        for view in &views {
            rows.push(alloc(view));
            if flags.a {
                rows.extend(execs(view).map(exec));
            }
        }
    }
    for name in &flags.names {
        match Name::parse(name).map_err(Exit::failed)? {
            Name::Alloc(run) => {
                let view = history::find(&store, &run)?.filter(|view| view.is_live);
                let view = view.ok_or_else(|| Exit::failed(format!("no alloc {name}")))?;
                rows.extend(execs(&view).map(exec));
            }
            Name::Exec(run, key) => {
                let found = history::find_exec(&store, &run, &key)?;
                let (_, task) = found.ok_or_else(|| Exit::failed(format!("no exec {name}")))?;
                rows.push(exec(&task));
            }
            Name::Id(_) => {
                return Err(Exit::failed(format!(
                    "{name} is no alloc and no exec: these are HOST/ALLOC, HOST/ALLOC/EXEC"
                )));
            }
        }
    }
    answer(if flags.n { rows.iter().map(|row| format!("{}\n", row.name)).collect() } else { text(&rows) })
}

/// The runs that go on, the first started first.
fn live(store: &LocalStore) -> Result<Vec<RunView>, Exit> {
    let mut views = Vec::new();
    for run in store.runs().list(&RunQuery { is_open: true, ..RunQuery::default() })? {
        let view = RunView::of(store, run)?;
        if view.is_live {
            views.push(view);
        }
    }
    views.reverse();
    Ok(views)
}

fn execs(view: &RunView) -> impl Iterator<Item = &TaskView> {
    view.tasks.iter().filter(|task| task.record.kind == TaskKind::Exec)
}

/// What the execs of a run hold together at this moment.
fn held(view: &RunView) -> Resources {
    let mut held = Resources::new();
    for task in execs(view).filter(|task| task.state.is_live()) {
        for (label, amount) in task.record.resources.iter() {
            let sum = held.get(label) + amount;
            held.set(label, sum);
        }
    }
    held
}

/// What this machine has and nothing holds.
fn offer(capacity: &Resources, views: &[RunView]) -> Row {
    let mut left = capacity.clone();
    for view in views {
        for (label, amount) in held(view).iter() {
            let rest = (left.get(label) - amount).max(0.0);
            left.set(label, rest);
        }
    }
    Row { kind: "offer", state: "", resources: left, whose: String::new(), name: names::host() }
}

fn alloc(view: &RunView) -> Row {
    let name = names::alloc(&view.run.host, &view.run.id);
    Row { kind: "alloc", state: "", resources: held(view), whose: format!("User <{}>", view.run.user), name }
}

fn exec(task: &TaskView) -> Row {
    let record = &task.record;
    let (whose, name) = (record.ident.clone(), record.uri.clone().unwrap_or_default());
    Row { kind: "exec", state: task.state.name(), resources: record.resources.clone(), whose, name }
}

fn text(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let Row { kind, state, resources, whose, name } = row;
        let size = |label| units::data_amount(resources.get(label));
        // Nothing on this machine expires: an alloc ends with its run.
        let expires = "";
        let (mem, cpu, disk) = (size("mem"), units::number(resources.get("cpu")), size("disk"));
        format!("{kind}\t{state}\t{mem}\t{cpu}\t{disk}\t{expires}\t{whose}\t{name}\t\n")
    };
    table::lay_out(&rows.iter().map(line).collect::<String>())
}
