//! Tables of runs and of their tasks (CLI spec §13.2).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base::Digest;
use base::profile::{CPU, DISK, MEM, TMP};
use base::{table, units};
use jiff::{Timestamp, Zoned, tz::TimeZone};
use store::{TaskKind, TaskRecord};

use super::{RunView, TaskState, TaskView};

/// How much is shown, and when.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    pub(crate) now: SystemTime,
    /// Adds where it ran and what went wrong.
    pub(crate) long: bool,
    /// Whole ids and messages.
    pub(crate) full: bool,
}

/// What a run costs on this machine.
const COST: &str = "<unknown>";
/// Times older than this are dates.
const OLD: Duration = Duration::from_secs(6 * 24 * 3600);
const DATE: &str = "%Y-%m-%dT%H:%M:%S%:z";
/// Longer messages are cut in the middle to this many characters at each end.
const MESSAGE: usize = 30;

impl Style {
    fn time(&self, time: SystemTime) -> String {
        let zoned = |time| Timestamp::try_from(time).map(|time| time.to_zoned(TimeZone::system()));
        match (zoned(time), zoned(self.now)) {
            (Ok(then), Ok(now)) => units::time(&then, &now, OLD, DATE),
            _ => String::new(),
        }
    }

    fn id(&self, id: &Digest) -> String {
        if self.full { id.to_string() } else { id.short() }
    }

    fn message(&self, text: &str) -> String {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let letters: Vec<char> = line.chars().collect();
        if self.full || letters.len() <= MESSAGE {
            return line;
        }
        let part = |letters: &[char]| letters.iter().collect::<String>();
        format!("{}...{}", part(&letters[..MESSAGE / 2]), part(&letters[letters.len() - MESSAGE / 2..]))
    }
}

/// A run with those of its tasks that are wanted: a header and a row, then the same for the tasks.
pub(crate) fn run(view: &RunView, tasks: &[&TaskView], style: &Style) -> String {
    let run = &view.run;
    let header = "runid\tuser\tstart\tend\tcost\tRunLog\tExecLog\tSysLog\tEvalGraph\tTrace\t\n";
    let (start, end) = (style.time(run.start), style.time(view.end(style.now)));
    // Logs, graphs and traces are files of this machine, not objects with a digest.
    let row = format!("{}\t{}\t{start}\t{end}\t{COST}\t\t\t\t\t\t\n", style.id(&run.id), run.user);
    let mut lines = format!("\t{}\n", task_header(style));
    for task in tasks {
        lines.push_str(&format!("\t{}\n", task_row(view, task, style)));
    }
    format!("{}\n{}\n", table::lay_out(&(header.to_owned() + &row)), table::lay_out(&lines))
}

fn task_header(style: &Style) -> String {
    let more = if style.long { "hosttype\tinspect\turi\terror\tread\twritten\t" } else { "" };
    format!("taskid\tflowid\tattempt\tident\tcost\tstart\tend\ttaskDur\texecDur\tstate\tmem\tcpu\tdisk\tprocs\t{more}")
}

fn task_row(view: &RunView, task: &TaskView, style: &Style) -> String {
    let record = &task.record;
    let times = Times::of(view, task, style.now);
    let [memory, cpu, disk] = used(task, &times);
    let mut cells = vec![
        style.id(&record.id),
        record.flow.as_ref().map(|flow| style.id(flow)).unwrap_or_default(),
        (record.attempt + 1).to_string(),
        record.ident.clone(),
        COST.to_owned(),
        times.begin.map(|time| style.time(time)).unwrap_or_default(),
        times.end.map(|time| style.time(time)).unwrap_or_default(),
        times.task().map(units::duration).unwrap_or_default(),
        times.command().map(units::duration).unwrap_or_default(),
        task.state.name().to_owned(),
        memory,
        cpu,
        disk,
        commands(task),
    ];
    if style.long {
        let error = record.error.as_ref().map(|error| format!("err: {}", style.message(error)));
        cells.extend(["unknown".to_owned(), String::new()]);
        cells.extend([record.uri.clone().unwrap_or_default(), error.unwrap_or_default()]);
        cells.extend(transferred(task));
    }
    cells.into_iter().map(|cell| cell + "\t").collect()
}

/// The times of a task, as far as they are known.
struct Times {
    begin: Option<SystemTime>,
    start: Option<SystemTime>,
    end: Option<SystemTime>,
}

impl Times {
    fn of(view: &RunView, task: &TaskView, now: SystemTime) -> Self {
        let TaskRecord { begin, start, end, .. } = task.record;
        let sign = match task.state {
            TaskState::Dead => Some(view.end(now)),
            _ => Some(now),
        };
        Self { begin: begin.or(start), start, end: end.or(sign) }
    }

    fn task(&self) -> Option<Duration> {
        self.end?.duration_since(self.begin?).ok()
    }

    fn command(&self) -> Option<Duration> {
        self.end?.duration_since(self.start?).ok()
    }
}

/// Memory, cores and disk: what a running exec uses now; the peaks of one that has ended, but the mean of the
/// cores. Empty where that is not known.
fn used(task: &TaskView, times: &Times) -> [String; 3] {
    let text = |cores: f64| format!("{cores:.1}");
    if let Some(live) = &task.live {
        return [units::data_size(live.memory), text(live.cpu), units::data_size(task.room)];
    }
    let (usage, profile) = (&task.record.usage, &task.record.profile);
    let max = |gauge: &str| profile.get(gauge).map(|samples| samples.max.max(0.0) as u64);
    let memory = max(MEM).or(usage.max_memory).map(units::data_size);
    let seconds = times.command().map(|time| time.as_secs_f64()).filter(|seconds| *seconds > 0.0);
    let mean = usage.cpu_seconds.zip(seconds).map(|(used, seconds)| used / seconds);
    let cpu = profile.get(CPU).map(|samples| samples.mean).or(mean).map(text);
    let sampled = match (max(DISK), max(TMP)) {
        (None, None) => None,
        (disk, tmp) => Some(disk.unwrap_or(0) + tmp.unwrap_or(0)),
    };
    let disk = sampled.or(usage.max_disk).map(units::data_size);
    [memory, cpu, disk].map(Option::unwrap_or_default)
}

/// Bytes read from and written to devices, so far or in all. Empty where that is not known.
fn transferred(task: &TaskView) -> [String; 2] {
    let usage = &task.record.usage;
    let bytes = match &task.live {
        Some(live) => [live.io.map(|io| io.read), live.io.map(|io| io.written)],
        None => [usage.read, usage.written],
    };
    bytes.map(|bytes| bytes.map(units::data_size).unwrap_or_default())
}

/// The running commands but `bash`, with how often each runs.
fn commands(task: &TaskView) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in task.live.iter().flat_map(|live| &live.commands).filter(|name| *name != "bash") {
        *counts.entry(name).or_default() += 1;
    }
    if counts.is_empty() {
        return match task.record.kind {
            TaskKind::Exec => "[exec]",
            TaskKind::Intern => "[intern]",
            TaskKind::Extern => "[extern]",
        }
        .to_owned();
    }
    let name = |(name, count): (&str, usize)| if count > 1 { format!("{name}({count})") } else { name.to_owned() };
    counts.into_iter().map(name).collect::<Vec<_>>().join(",")
}

/// A moment in the words of a flag: a duration before `now`, or a day in UTC.
pub(crate) fn moment(text: &str, now: SystemTime) -> Result<SystemTime, String> {
    if let Ok(ago) = units::parse_duration(text) {
        return now.checked_sub(ago).ok_or_else(|| "it is before all time".to_owned());
    }
    let day: Option<Zoned> = text.parse::<jiff::civil::Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    let day = day.filter(|_| text.len() == "2006-01-02".len());
    day.map(|day| day.timestamp().into()).ok_or_else(|| {
        "it must be a duration before now, such as 90s or 1h30m, or a day, such as 2026-01-31".to_owned()
    })
}
