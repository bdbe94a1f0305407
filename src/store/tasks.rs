//! The history of tasks: one row for each attempt to produce a value (runtime spec §7.9).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use base::digest::PartialDigest;
use base::{Digest, Error, Profile, Resources};
use rusqlite::{Connection, Row, params, params_from_iter};

use crate::columns::{self, Columns, Conditions};
use crate::database::{Database, Failure};
use crate::successes::Successes;

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskKind {
    /// Runs a command.
    Exec,
    /// Brings files in.
    Intern,
    /// Takes files out.
    Extern,
}

impl TaskKind {
    const ALL: [TaskKind; 3] = [TaskKind::Exec, TaskKind::Intern, TaskKind::Extern];

    /// The word that is stored.
    pub fn name(self) -> &'static str {
        match self {
            TaskKind::Exec => "exec",
            TaskKind::Intern => "intern",
            TaskKind::Extern => "extern",
        }
    }
}

/// Where the output of a command is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// A blob of the repository.
    Blob(Digest),
    /// A file outside the repository.
    Path(PathBuf),
}

impl LogPlace {
    /// A path always has a slash, a blob never.
    fn text(&self) -> String {
        match self {
            LogPlace::Blob(digest) => digest.hex(),
            LogPlace::Path(path) => match path.to_string_lossy() {
                path if path.contains('/') => path.into_owned(),
                path => format!("./{path}"),
            },
        }
    }

    fn parse(text: String) -> Option<Self> {
        match text.contains('/') {
            true => Some(LogPlace::Path(PathBuf::from(text))),
            false => Digest::parse(&text).ok().map(LogPlace::Blob),
        }
    }
}

/// What a command used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Processor time, user and system, in seconds.
    pub cpu_seconds: Option<f64>,
    /// The most memory held at once, in bytes.
    pub max_memory: Option<u64>,
    /// The most room taken on disk, in bytes.
    pub max_disk: Option<u64>,
    /// Bytes read from devices.
    pub read: Option<u64>,
    /// Bytes written to devices.
    pub written: Option<u64>,
}

/// What is kept of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRecord {
    /// Random identity.
    pub id: Digest,
    /// The run it belongs to.
    pub run: Digest,
    /// Logical digest of the node.
    pub flow: Option<Digest>,
    /// Digest of the cache key that its result is stored under.
    pub key: Option<Digest>,
    /// Label for people, such as `align.Main.sorted`.
    pub ident: String,
    /// What it does.
    pub kind: TaskKind,
    /// Image of an exec.
    pub image: String,
    /// Command of an exec; URL of an intern or extern.
    pub command: String,
    /// Where in the program it is written, such as `align.rf:12:4`.
    pub position: String,
    /// 0 for the first attempt.
    pub attempt: u32,
    /// When it was taken up: its inputs and image follow, then its command starts.
    pub begin: Option<SystemTime>,
    /// When its command was started.
    pub start: Option<SystemTime>,
    /// When it was over.
    pub end: Option<SystemTime>,
    /// Exit status of the command.
    pub exit: Option<i32>,
    /// Whether the value came out of the cache.
    pub cached: bool,
    /// The error as text, when it failed.
    pub error: Option<String>,
    /// Room it was given.
    pub resources: Resources,
    /// What it used.
    pub usage: Usage,
    /// What was sampled while it ran.
    pub profile: Profile,
    /// Where an exec runs or ran, as `HOST/ALLOC/EXEC`.
    pub uri: Option<String>,
    /// First process of a command that runs, in the numbering of its machine.
    pub process: Option<u32>,
    /// Name of the container of a command that runs.
    pub container: Option<String>,
    /// Whether its result was stored under its key.
    pub stored: bool,
    /// Its standard output.
    pub stdout: Option<LogPlace>,
    /// Its standard error.
    pub stderr: Option<LogPlace>,
    /// Digest of the resulting fileset.
    pub result: Option<Digest>,
}

impl TaskRecord {
    /// A record of a task that has not started: everything open or empty.
    pub fn new(id: Digest, run: Digest, kind: TaskKind, ident: impl Into<String>) -> Self {
        Self {
            id,
            run,
            flow: None,
            key: None,
            ident: ident.into(),
            kind,
            image: String::new(),
            command: String::new(),
            position: String::new(),
            attempt: 0,
            begin: None,
            start: None,
            end: None,
            exit: None,
            cached: false,
            error: None,
            resources: Resources::new(),
            usage: Usage::default(),
            profile: Profile::default(),
            uri: None,
            process: None,
            container: None,
            stored: false,
            stdout: None,
            stderr: None,
            result: None,
        }
    }
}

/// What an exec took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Its image.
    pub image: String,
    /// Its command.
    pub command: String,
    /// The most memory it held at once, in bytes.
    pub max_memory: u64,
}

/// How much time and room an exec took.
#[derive(Clone, Debug, PartialEq)]
pub struct Took {
    /// From the start of its command to its end.
    pub wall: Duration,
    /// The most memory it held at once, in bytes, if that was measured.
    pub max_memory: Option<u64>,
    /// Room it was given.
    pub resources: Resources,
}

/// Which tasks are wanted; what is left open does not restrict.
#[derive(Clone, Debug, Default)]
pub struct TaskQuery {
    /// Beginning of the identity.
    pub id: Option<PartialDigest>,
    /// The run they belong to.
    pub run: Option<Digest>,
    /// Beginning of the node's digest.
    pub flow: Option<PartialDigest>,
    /// The cache key of their result.
    pub key: Option<Digest>,
    /// The digest of their result.
    pub result: Option<Digest>,
    /// Exactly this ident.
    pub ident: Option<String>,
    /// Exactly this image.
    pub image: Option<String>,
    /// Tasks that were going on at this time or later.
    pub since: Option<SystemTime>,
    /// Tasks started before this time.
    pub until: Option<SystemTime>,
    /// Tasks of other runs that were recorded before this run's own of the same cache key; where it has none, those of
    /// runs that were recorded before it. No clock has a part in that.
    pub before_run: Option<Digest>,
    /// Only those that failed.
    pub failed: bool,
    /// At most so many.
    pub limit: Option<usize>,
}

/// Whether a task comes before a run, which is given twice. A run that nothing is known of was before all that are known.
const BEFORE_RUN: &str = "rowid < coalesce(
    (SELECT min(own.rowid) FROM tasks AS own WHERE own.run_id = ? AND own.cache_key = tasks.cache_key),
    CASE WHEN coalesce((SELECT runs.rowid FROM runs WHERE runs.id = tasks.run_id), 0)
              < (SELECT runs.rowid FROM runs WHERE runs.id = ?) THEN rowid + 1 END,
    0)";

/// The table of tasks.
#[derive(Clone, Debug)]
pub struct Tasks {
    database: Database,
}

impl Tasks {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Writes the rows of tasks, new or known, in one transaction; durable when this returns.
    ///
    /// A row that goes with a result is better written with it, by the [`Committer`](crate::Committer).
    pub fn put(&self, tasks: &[TaskRecord]) -> Result<(), Error> {
        self.database.write(|transaction| tasks.iter().try_for_each(|task| write(transaction, task)))
    }

    /// The task of exactly this identity.
    pub fn get(&self, id: &Digest) -> Result<Option<TaskRecord>, Error> {
        let mut conditions = Conditions::default();
        conditions.add("id = ?", id.hex());
        Ok(self.select(&conditions, Some(1))?.pop())
    }

    /// The one task whose identity begins so: `NotExist` if there is none, `Invalid` if there are several.
    pub fn find(&self, id: &PartialDigest) -> Result<TaskRecord, Error> {
        let mut conditions = Conditions::default();
        conditions.begins("id", id);
        columns::only("task", id, self.select(&conditions, Some(2))?)
    }

    /// The tasks that match, the latest written first.
    pub fn list(&self, query: &TaskQuery) -> Result<Vec<TaskRecord>, Error> {
        let mut conditions = Conditions::default();
        for (column, prefix) in [("id", &query.id), ("flow", &query.flow)] {
            if let Some(prefix) = prefix {
                conditions.begins(column, prefix);
            }
        }
        let exact = [("run_id = ?", &query.run), ("cache_key = ?", &query.key), ("result = ?", &query.result)];
        for (condition, digest) in exact {
            if let Some(digest) = digest {
                conditions.add(condition, digest.hex());
            }
        }
        for (condition, text) in [("ident = ?", &query.ident), ("image = ?", &query.image)] {
            if let Some(text) = text {
                conditions.add(condition, text.clone());
            }
        }
        if let Some(since) = query.since {
            conditions.add("(end_time IS NULL OR end_time >= ?)", columns::time(since));
        }
        if let Some(until) = query.until {
            conditions.add("coalesce(begin_time, start_time) < ?", columns::time(until));
        }
        if let Some(run) = &query.before_run {
            conditions.add("run_id <> ?", run.hex());
            conditions.add_all(BEFORE_RUN, [run.hex(), run.hex()]);
        }
        if query.failed {
            conditions.require("error IS NOT NULL");
        }
        self.select(&conditions, query.limit)
    }

    /// The latest success under each cache key, page by page.
    pub fn successes(&self) -> Result<Successes, Error> {
        Successes::new(self.database.clone())
    }

    /// What the latest successful execs of an ident took, as far as it was measured, the latest first.
    pub fn measured(&self, ident: &str, limit: usize) -> Result<Vec<Measured>, Error> {
        self.database.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT image, command, max_memory FROM tasks
                 WHERE ident = ? AND kind = 'exec' AND NOT cached AND error IS NULL AND end_time IS NOT NULL
                       AND max_memory > 0
                 ORDER BY rowid DESC LIMIT ?",
            )?;
            let rows = statement.query_map(params![ident, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                let max_memory: i64 = row.get(2)?;
                Ok(Measured { image: row.get(0)?, command: row.get(1)?, max_memory: max_memory.max(0).cast_unsigned() })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// How much time and room the latest successful execs of an ident took, the latest first.
    pub fn took(&self, ident: &str, limit: usize) -> Result<Vec<Took>, Error> {
        let mut conditions = Conditions::default();
        conditions.add("ident = ?", ident.to_owned());
        conditions.require("kind = 'exec' AND NOT cached AND error IS NULL AND start_time IS NOT NULL");
        conditions.require("end_time IS NOT NULL");
        let took = |task: TaskRecord| {
            let wall = task.end?.duration_since(task.start?).ok()?;
            Some(Took { wall, max_memory: task.usage.max_memory, resources: task.resources })
        };
        Ok(self.select(&conditions, Some(limit))?.into_iter().filter_map(took).collect())
    }

    fn select(&self, conditions: &Conditions, limit: Option<usize>) -> Result<Vec<TaskRecord>, Error> {
        self.database.read(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("SELECT * FROM tasks{}", conditions.clause(limit)))?;
            let mut rows = statement.query(params_from_iter(&conditions.values))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok(found)
        })
    }
}

/// Writes the row of a task, new or known.
pub(crate) fn write(connection: &Connection, task: &TaskRecord) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO tasks (id, run_id, flow, cache_key, ident, kind, image, command, position, attempt, start_time,
                            end_time, exit_status, cached, error, resources, cpu_seconds, max_memory, max_disk,
                            stdout, stderr, result, uri, profile, begin_time, process, container, stored, bytes_read,
                            bytes_written)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
                 ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)
         ON CONFLICT (id) DO UPDATE SET
             run_id = ?2, flow = ?3, cache_key = ?4, ident = ?5, kind = ?6, image = ?7, command = ?8, position = ?9,
             attempt = ?10, start_time = ?11, end_time = ?12, exit_status = ?13, cached = ?14, error = ?15,
             resources = ?16, cpu_seconds = ?17, max_memory = ?18, max_disk = ?19, stdout = ?20, stderr = ?21,
             result = ?22, uri = ?23, profile = ?24, begin_time = ?25, process = ?26, container = ?27,
             stored = ?28, bytes_read = ?29, bytes_written = ?30",
    )?;
    let resources: BTreeMap<&str, f64> = task.resources.iter().collect();
    let bytes = |count: Option<u64>| count.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    statement.execute(params![
        task.id.hex(),
        task.run.hex(),
        task.flow.map(|digest| digest.hex()),
        task.key.map(|digest| digest.hex()),
        task.ident,
        task.kind.name(),
        task.image,
        task.command,
        task.position,
        task.attempt,
        task.start.map(columns::time),
        task.end.map(columns::time),
        task.exit,
        task.cached,
        task.error,
        columns::json(&resources)?,
        task.usage.cpu_seconds,
        bytes(task.usage.max_memory),
        bytes(task.usage.max_disk),
        task.stdout.as_ref().map(LogPlace::text),
        task.stderr.as_ref().map(LogPlace::text),
        task.result.map(|digest| digest.hex()),
        task.uri,
        (!task.profile.is_empty()).then(|| columns::json(&task.profile)).transpose()?,
        task.begin.map(columns::time),
        task.process,
        task.container,
        task.stored,
        bytes(task.usage.read),
        bytes(task.usage.written),
    ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<TaskRecord, Failure> {
    let columns = Columns { row };
    let kind: String = columns.get("kind")?;
    let mut resources = Resources::new();
    for (label, amount) in columns.json::<BTreeMap<String, f64>>("resources")? {
        resources.set(label, amount);
    }
    let place = |name: &str| match columns.get::<Option<String>>(name)? {
        None => Ok(None),
        Some(text) => columns.parse(name, &text.clone(), LogPlace::parse(text)).map(Some),
    };
    Ok(TaskRecord {
        id: columns.digest("id")?,
        run: columns.digest("run_id")?,
        flow: columns.optional_digest("flow")?,
        key: columns.optional_digest("cache_key")?,
        ident: columns.get("ident")?,
        kind: columns.parse("kind", &kind, TaskKind::ALL.into_iter().find(|known| known.name() == kind))?,
        image: columns.get("image")?,
        command: columns.get("command")?,
        position: columns.get("position")?,
        attempt: columns.count("attempt")?,
        begin: columns.optional_time("begin_time")?,
        start: columns.optional_time("start_time")?,
        end: columns.optional_time("end_time")?,
        exit: columns.get("exit_status")?,
        cached: columns.get("cached")?,
        error: columns.get("error")?,
        resources,
        usage: Usage {
            cpu_seconds: columns.get("cpu_seconds")?,
            max_memory: columns.optional_bytes("max_memory")?,
            max_disk: columns.optional_bytes("max_disk")?,
            read: columns.optional_bytes("bytes_read")?,
            written: columns.optional_bytes("bytes_written")?,
        },
        profile: match columns.get::<Option<String>>("profile")? {
            Some(_) => columns.json("profile")?,
            None => Profile::default(),
        },
        uri: columns.get("uri")?,
        process: columns.get("process")?,
        container: columns.get("container")?,
        stored: columns.get("stored")?,
        stdout: place("stdout")?,
        stderr: place("stderr")?,
        result: columns.optional_digest("result")?,
    })
}
