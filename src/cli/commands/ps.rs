//! `reflow ps`

use std::time::{Duration, SystemTime};

use store::RunQuery;

use super::answer;
use crate::arguments::{self, PsFlags};
use crate::configuration;
use crate::exit::Exit;
use crate::history::listing::{self, Style};
use crate::history::{self, RunView, TaskView};
use crate::machinery;

/// How far back runs are listed without `-since`.
const RECENT: Duration = Duration::from_secs(600);

pub(super) fn run(flags: &PsFlags) -> Result<(), Exit> {
    if flags.a && !flags.u.is_empty() {
        return Err(arguments::misuse("ps", "-a and -u do not go together"));
    }
    if flags.exact_cost && !flags.p {
        return Err(Exit::failed("-exact_cost is for pools: it needs -p"));
    }
    if flags.p {
        return Err(Exit::failed("there are no pools: no cluster is configured, everything runs on this machine"));
    }
    let now = SystemTime::now();
    let until = moment("-until", &flags.until, now)?;
    let since = moment("-since", &flags.since, now)?;
    let since = since.unwrap_or_else(|| until.unwrap_or(now).checked_sub(RECENT).unwrap_or(SystemTime::UNIX_EPOCH));
    let home = flags.place.existing()?;
    let store = crate::home::open(&home)?;
    let user = match (flags.a, flags.u.as_str()) {
        (true, _) => None,
        (false, "") => Some(configuration::current().user()),
        (false, name) => Some(name.to_owned()),
    };
    let query = RunQuery { user, since: Some(since), until, ..RunQuery::default() };
    let mut views = Vec::new();
    for run in store.runs().list(&query)? {
        let view = RunView::of(&store, run)?;
        // Of a run that was killed the table does not know when.
        if view.end(now) >= since && view.tasks.iter().any(|task| is_wanted(task, flags)) {
            views.push(view);
        }
    }
    views.sort_by_key(|view| (view.run.start, view.run.id));
    machinery::threads()?.block_on(history::look(&store, &home, &mut views));
    let style = Style { now, long: flags.l, full: false };
    let text = |view: &RunView| {
        let tasks: Vec<&TaskView> = view.tasks.iter().filter(|task| is_wanted(task, flags)).collect();
        listing::run(view, &tasks, &style)
    };
    answer(views.iter().map(text).collect::<String>())
}

fn is_wanted(task: &TaskView, flags: &PsFlags) -> bool {
    flags.i || task.state.is_live()
}

/// The moment that a flag names; `None` without the flag.
fn moment(flag: &str, text: &str, now: SystemTime) -> Result<Option<SystemTime>, Exit> {
    if text.is_empty() {
        return Ok(None);
    }
    listing::moment(text, now)
        .map(Some)
        .map_err(|reason| Exit::failed(format!("bad value {text:?} of {flag}: {reason}")))
}
