//! The history of runs and tasks as people look at it: which runs go on, what their execs use at this moment, and
//! how all that is laid out. `ps`, `info` and `list` show it.

pub(crate) mod listing;

use std::path::Path;
use std::time::SystemTime;

use base::digest::PartialDigest;
use base::{Error, Kind};
use exec::ExecId;
use exec::live::{self, Live, Whereabouts};
use store::{LocalStore, RunRecord, TaskKind, TaskQuery, TaskRecord};

/// A run and its tasks.
#[derive(Clone, Debug)]
pub(crate) struct RunView {
    pub(crate) run: RunRecord,
    /// Whether a living process runs it.
    pub(crate) is_live: bool,
    /// The first begun first.
    pub(crate) tasks: Vec<TaskView>,
}

/// A task and how it is at this moment.
#[derive(Clone, Debug)]
pub(crate) struct TaskView {
    pub(crate) record: TaskRecord,
    pub(crate) state: TaskState,
    /// What it uses, if it runs and that could be found out.
    pub(crate) live: Option<Live>,
    /// Bytes of its outputs and scratch room, if it runs.
    pub(crate) room: u64,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskState {
    /// Its inputs or its image are on their way.
    Initializing,
    /// Its command runs, or it transfers.
    Running,
    /// It has ended well.
    Complete,
    /// It has failed.
    Failed,
    /// Its run was killed before it ended.
    Dead,
}

impl TaskState {
    fn of(task: &TaskRecord, run_is_live: bool) -> Self {
        match (task.end, run_is_live, task.start) {
            (Some(_), ..) if task.error.is_some() => Self::Failed,
            (Some(_), ..) => Self::Complete,
            (None, false, _) => Self::Dead,
            (None, true, None) => Self::Initializing,
            (None, true, Some(_)) => Self::Running,
        }
    }

    /// The word in listings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }

    /// Whether it goes on.
    pub(crate) fn is_live(self) -> bool {
        matches!(self, Self::Initializing | Self::Running)
    }
}

impl RunView {
    /// A run with its tasks, without what they use.
    pub(crate) fn of(store: &LocalStore, run: RunRecord) -> Result<Self, Error> {
        let is_live = run.end.is_none() && store.locks.is_locked(&run.id)?;
        let mut tasks = store.tasks().list(&TaskQuery { run: Some(run.id), ..TaskQuery::default() })?;
        tasks.sort_by_key(|task| (task.begin.or(task.start), task.id));
        let view =
            |record: TaskRecord| TaskView { state: TaskState::of(&record, is_live), live: None, room: 0, record };
        Ok(Self { run, is_live, tasks: tasks.into_iter().map(view).collect() })
    }

    /// When it ended; for one that has no end, when it last showed a sign of life.
    pub(crate) fn end(&self, now: SystemTime) -> SystemTime {
        let signs = self.tasks.iter().flat_map(|task| [task.record.end, task.record.start, task.record.begin]);
        let last = || signs.flatten().fold(self.run.start, SystemTime::max);
        self.run.end.unwrap_or_else(|| if self.is_live { now } else { last() })
    }
}

impl TaskView {
    /// Where its command is looked for, if that is known.
    pub(crate) fn whereabouts(&self) -> Option<Whereabouts> {
        match (&self.record.container, self.record.process) {
            (Some(container), _) => Some(Whereabouts::Container(container.clone())),
            (None, Some(process)) => Some(Whereabouts::Process(process)),
            (None, None) => None,
        }
    }
}

/// The one run whose id begins so.
pub(crate) fn find(store: &LocalStore, id: &PartialDigest) -> Result<Option<RunView>, Error> {
    match store.runs().find(id) {
        Ok(run) => RunView::of(store, run).map(Some),
        Err(error) if error.kind() == Kind::NotExist => Ok(None),
        Err(error) => Err(error),
    }
}

/// The latest attempt at the exec whose key begins so, in the run whose id begins so.
pub(crate) fn find_exec(
    store: &LocalStore,
    run: &PartialDigest,
    key: &PartialDigest,
) -> Result<Option<(RunView, TaskView)>, Error> {
    let Some(mut view) = find(store, run)? else { return Ok(None) };
    let is_meant = |task: &TaskView| {
        task.record.kind == TaskKind::Exec && task.record.key.is_some_and(|digest| key.expands_to(&digest))
    };
    let mut keys: Vec<_> = view.tasks.iter().filter(|task| is_meant(task)).map(|task| task.record.key).collect();
    keys.dedup();
    if keys.len() > 1 {
        return Err(Error::new(Kind::Invalid, format!("several execs begin with {}; give more digits", key.hex())));
    }
    let found = view.tasks.iter().rposition(is_meant).map(|index| view.tasks.remove(index));
    Ok(found.map(|task| (view, task)))
}

/// Finds out what the running tasks of these runs use at this moment. `home` is the folder of state.
pub(crate) async fn look(store: &LocalStore, home: &Path, views: &mut [RunView]) {
    let mut running: Vec<(&mut TaskView, Whereabouts)> = Vec::new();
    for task in views.iter_mut().flat_map(|view| &mut view.tasks).filter(|task| task.state == TaskState::Running) {
        let Some(whereabouts) = task.whereabouts() else { continue };
        if let Some(key) = task.record.key {
            task.room = live::room(home, ExecId::new(key));
        }
        running.push((task, whereabouts));
    }
    let whereabouts: Vec<Whereabouts> = running.iter().map(|(_, whereabouts)| whereabouts.clone()).collect();
    let endpoint = crate::machinery::endpoint();
    for ((task, _), live) in running.into_iter().zip(live::look(&whereabouts, &endpoint).await) {
        // What served a command serves the next one as soon as that has ended.
        let now = PartialDigest::parse(&task.record.id.hex()).ok().and_then(|id| store.tasks().find(&id).ok());
        let goes_on = now.is_some_and(|record| record.end.is_none());
        task.live = live.filter(|_| goes_on);
    }
}
