//! The steps of a run and how they are laid out in lines.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use base::units;
use engine::job::ExecEnd;
use engine::{Event, Step};
use exec::{Pull, PullProgress};
use flow::FlowId;

/// How long a step that is over stays.
const STAY: Duration = Duration::from_secs(10);
/// The most steps that are over and stay.
const STAYING: usize = 32;
/// What a title is not cut below.
const TITLE: usize = 10;

/// Room for lines.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// A step, as a line shows it.
#[derive(Clone, Debug, PartialEq)]
struct Task {
    title: String,
    text: String,
    begin: Instant,
    end: Option<Instant>,
}

/// Where a step stands.
enum Stage {
    /// It waits for room, or for another process.
    Waiting,
    Executing(Task),
    Transferring(Task),
}

/// The steps of a run.
pub(super) struct Model {
    title: String,
    begin: Instant,
    steps: HashMap<FlowId, Stage>,
    /// Images that are being fetched, by name, with the number of those who wait for each.
    pulls: BTreeMap<String, (Task, usize)>,
    /// The latest last.
    ended: VecDeque<Task>,
    done: u64,
    cached: u64,
    failed: u64,
}

impl Model {
    pub(super) fn new(title: &str, begin: Instant) -> Self {
        let (steps, pulls, ended) = (HashMap::new(), BTreeMap::new(), VecDeque::new());
        Self { title: title.to_owned(), begin, steps, pulls, ended, done: 0, cached: 0, failed: 0 }
    }

    /// Takes an event in.
    pub(super) fn on(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::Cached { step, .. } => self.found(step.id()),
            Event::ExecQueued { step, .. } | Event::ExecElsewhere { step } | Event::ExecRetried { step, .. } => {
                self.steps.insert(step.id(), Stage::Waiting);
            }
            Event::ExecSubmitted { step, .. } => {
                self.steps.insert(step.id(), Stage::Executing(task(step, now)));
            }
            Event::ImagePull { image, pull } => self.pull(image, *pull, now),
            Event::TransferStarted { step, .. } => {
                self.steps.insert(step.id(), Stage::Transferring(task(step, now)));
            }
            Event::ExecEnded { step, end, .. } => self.exec_ended(step.id(), end, now),
            Event::Interned { step, fileset, .. } => {
                self.over(step.id(), &format!("intern done {}", units::data_size(fileset.size())), now);
            }
            Event::Externed { step, .. } => self.over(step.id(), "extern done", now),
            Event::NodeFailed(failure) => {
                if let Some(stage) = self.steps.remove(&failure.id) {
                    self.failed += 1;
                    self.stay(stage, &format!("{} error {}", failure.op, failure.error), now);
                }
            }
            _ => {}
        }
    }

    /// All who wait for an image share its line.
    fn pull(&mut self, image: &str, pull: Pull, now: Instant) {
        if pull == Pull::Begun {
            let task = Task { title: format!("{image}:"), text: "pulling".to_owned(), begin: now, end: None };
            self.pulls.entry(image.to_owned()).or_insert((task, 0)).1 += 1;
            return;
        }
        let Some((task, waiting)) = self.pulls.get_mut(image) else { return };
        if let Pull::Going(progress) = pull {
            task.text = pulling(&progress);
            return;
        }
        *waiting -= 1;
        if *waiting > 0 {
            return;
        }
        // A failure is that of the execs.
        if let (Some((task, _)), Pull::Done(progress)) = (self.pulls.remove(image), pull) {
            let size = match progress.known {
                0 => String::new(),
                known => format!(" {}", units::data_size(known)),
            };
            self.keep(task, format!("pull done{size}"), now);
        }
    }

    fn exec_ended(&mut self, id: FlowId, end: &ExecEnd, now: Instant) {
        match end {
            ExecEnd::Cached(_) => self.found(id),
            ExecEnd::Ran { report, durable: Ok(()), .. } => {
                if let Ok(collected) = &report.outcome {
                    self.over(id, &format!("exec done {}", units::data_size(collected.fileset.size())), now);
                }
            }
            // A failure follows, or it waits for another process.
            ExecEnd::Ran { .. } | ExecEnd::Elsewhere | ExecEnd::Broken(_) => {}
        }
    }

    fn found(&mut self, id: FlowId) {
        self.steps.remove(&id);
        self.done += 1;
        self.cached += 1;
    }

    fn over(&mut self, id: FlowId, text: &str, now: Instant) {
        self.done += 1;
        if let Some(stage) = self.steps.remove(&id) {
            self.stay(stage, text, now);
        }
    }

    /// Keeps the line of a step that is over for a while.
    fn stay(&mut self, stage: Stage, text: &str, now: Instant) {
        let (Stage::Executing(task) | Stage::Transferring(task)) = stage else { return };
        self.keep(task, text.lines().next().unwrap_or_default().to_owned(), now);
    }

    fn keep(&mut self, task: Task, text: String, now: Instant) {
        self.ended.push_back(Task { text, end: Some(now), ..task });
        if self.ended.len() > STAYING {
            self.ended.pop_front();
        }
    }

    /// What the lines show but for times: equal if nothing has happened.
    pub(super) fn state(&self) -> Vec<String> {
        let mut tasks: Vec<String> = self.going_on().map(|task| format!("{} {}", task.title, task.text)).collect();
        tasks.sort();
        tasks.push(self.counts());
        tasks
    }

    fn going_on(&self) -> impl Iterator<Item = &Task> {
        let steps = self.steps.values().filter_map(|stage| match stage {
            Stage::Executing(task) | Stage::Transferring(task) => Some(task),
            Stage::Waiting => None,
        });
        steps.chain(self.pulls.values().map(|(task, _)| task))
    }

    fn counts(&self) -> String {
        let (mut executing, mut transferring, mut waiting) = (0, 0, 0);
        for stage in self.steps.values() {
            match stage {
                Stage::Executing(_) => executing += 1,
                Stage::Transferring(_) => transferring += 1,
                Stage::Waiting => waiting += 1,
            }
        }
        let mut text = String::new();
        for (name, count) in [("executing", executing), ("running", transferring), ("waiting", waiting)] {
            if count > 0 {
                text.push_str(&format!(", {name}:{count}"));
            }
        }
        let total = self.done + self.failed + self.steps.len() as u64;
        text.push_str(&format!(", completed: {}/{total}", self.done));
        for (name, count) in [("cached", self.cached), ("failed", self.failed)] {
            if count > 0 {
                text.push_str(&format!(", {name}: {count}"));
            }
        }
        text
    }

    /// The lines: the run, then its steps, those that have been going on the longest first. `size` is the
    /// room there is; without it nothing is cut.
    pub(super) fn lines(&self, now: Instant, size: Option<Size>) -> Vec<String> {
        let head = format!("{}: elapsed: {}{}", self.title, brief(now - self.begin), self.counts());
        let mut tasks: Vec<&Task> = self.going_on().collect();
        tasks.sort_by_key(|task| task.begin);
        tasks.extend(self.ended.iter().rev().filter(|task| task.end.is_some_and(|end| now - end < STAY)));
        let mut rows = merged(&tasks, now);
        let mut more = String::new();
        if let Some(size) = size {
            let room = size.rows.saturating_sub(1);
            if rows.len() > room {
                let kept = room.saturating_sub(1);
                more = format!("  and {} more", rows.len() - kept);
                rows.truncate(kept);
            }
        }
        let mut lines = vec![head];
        lines.extend(aligned(&rows, size.map(|size| size.columns)));
        lines.extend(Some(more).filter(|more| !more.is_empty()));
        if let Some(size) = size {
            lines.truncate(size.rows.max(1));
            lines.iter_mut().for_each(|line| *line = cut(line, size.columns));
        }
        lines
    }
}

fn text(step: &Step<'_>) -> String {
    format!("{} {}", step.op_name(), step.summary())
}

/// `pulling 34.1MiB of 51.0MiB, 2 of 5 layers`
fn pulling(progress: &PullProgress) -> String {
    let PullProgress { bytes, known, done, layers } = *progress;
    format!("pulling {} of {}, {done} of {layers} layers", units::data_size(bytes), units::data_size(known))
}

fn task(step: &Step<'_>, begin: Instant) -> Task {
    let title = if step.ident().is_empty() { step.digest().short() } else { step.ident().to_owned() };
    Task { title: title + ":", text: text(step), begin, end: None }
}

/// Title, text and time of each line; tasks that look the same share one.
fn merged(tasks: &[&Task], now: Instant) -> Vec<[String; 3]> {
    let mut order: Vec<(&str, &str)> = Vec::new();
    let mut times: HashMap<(&str, &str), Vec<Duration>> = HashMap::new();
    for task in tasks {
        let look = (task.title.as_str(), task.text.as_str());
        let age = task.end.unwrap_or(now).saturating_duration_since(task.begin);
        let ages = times.entry(look).or_default();
        if ages.is_empty() {
            order.push(look);
        }
        ages.push(age);
    }
    let row = |look: (&str, &str)| {
        let ages = times.get(&look).map(Vec::as_slice).unwrap_or_default();
        let (young, old) = (ages.iter().min().copied(), ages.iter().max().copied());
        let (young, old) = (young.unwrap_or_default(), old.unwrap_or_default());
        let time = match old - young > Duration::from_secs(60) {
            true => format!("{}-{}", brief(young), brief(old)),
            false => brief(old),
        };
        let count = if ages.len() > 1 { format!("[{}]", ages.len()) } else { String::new() };
        [format!("{}{count}", look.0), look.1.to_owned(), time]
    };
    order.into_iter().map(row).collect()
}

/// Rows in columns, two blanks apart, behind two blanks. If there is less room, texts are cut first, then
/// titles.
fn aligned(rows: &[[String; 3]], columns: Option<usize>) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (mut title, mut text, time) = (width(0), width(1), width(2));
    if let Some(columns) = columns {
        let excess = (2 + title + 2 + text + 2 + time).saturating_sub(columns);
        let from_text = excess.min(text);
        text -= from_text;
        title = title.saturating_sub(excess - from_text).max(TITLE.min(title));
    }
    let line = |row: &[String; 3]| {
        let (name, what) = (cut(&row[0], title), cut(&row[1], text));
        format!("  {name:<title$}  {what:<text$}  {}", row[2]).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The beginning of a text that is too long, with `..` behind it. What would move the cursor is taken out.
fn cut(text: &str, width: usize) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    if text.chars().count() <= width {
        return plain.collect();
    }
    let dots = ".".repeat(width.min(2));
    plain.take(width - dots.len()).chain(dots.chars()).collect()
}

/// `2m30s` below ten minutes, `42m` below an hour, then `1h5m`.
fn brief(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..600 => format!("{}m{}s", seconds / 60, seconds % 60),
        600..3600 => format!("{}m", seconds / 60),
        _ => format!("{}h{}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn executing(title: &str, text: &str, begin: Instant) -> Stage {
        Stage::Executing(Task { title: title.to_owned(), text: text.to_owned(), begin, end: None })
    }

    /// A graph's ids, for the keys of steps.
    fn ids(count: usize) -> Vec<FlowId> {
        let mut graph = flow::Graph::default();
        for _ in 0..count {
            graph.add(flow::node::Op::Intern { url: "localfile://x".into(), must_resolve: false }, []);
        }
        graph.ids().collect()
    }

    fn model(stages: Vec<Stage>, begin: Instant) -> Model {
        let mut model = Model::new("5c902b1c", begin);
        model.steps = ids(stages.len()).into_iter().zip(stages).collect();
        model
    }

    /// CLI-106, CLI-112
    #[test]
    fn durations_lose_detail_as_they_grow() {
        let texts = [0, 42, 90, 150, 599, 600, 2520, 3599, 3600, 3900].map(|count| brief(seconds(count)));
        assert_eq!(texts, ["0s", "42s", "1m30s", "2m30s", "9m59s", "10m", "42m", "59m", "1h0m", "1h5m"]);
    }

    /// CLI-111
    #[test]
    fn the_layout_of_the_spec() {
        let begin = Instant::now();
        let first = Stage::Transferring(Task {
            title: "count.Main.in:".to_owned(),
            text: "intern s3://bkt/in.txt".to_owned(),
            begin,
            end: None,
        });
        let second = executing("count.words:", "exec ubuntu wc -l {{in}} > {{out}}", begin + seconds(18));
        let mut model = model(vec![second, first], begin);
        model.done = 1;
        assert_eq!(
            model.lines(begin + seconds(60), None),
            [
                "5c902b1c: elapsed: 1m0s, executing:1, running:1, completed: 1/3",
                "  count.Main.in:  intern s3://bkt/in.txt              1m0s",
                "  count.words:    exec ubuntu wc -l {{in}} > {{out}}  42s",
            ]
        );
    }

    /// CLI-111
    #[test]
    fn counts_leave_out_what_is_none() {
        let begin = Instant::now();
        assert_eq!(model(Vec::new(), begin).counts(), ", completed: 0/0");
        let mut model = model(vec![Stage::Waiting, Stage::Waiting], begin);
        (model.done, model.cached, model.failed) = (3, 2, 1);
        assert_eq!(model.counts(), ", waiting:2, completed: 3/6, cached: 2, failed: 1");
    }

    #[test]
    fn steps_that_look_the_same_share_a_line() {
        let begin = Instant::now();
        let stages = [0, 30, 100].map(|start| executing("m.F:", "exec x", begin + seconds(start)));
        let lines = model(stages.into(), begin).lines(begin + seconds(110), None);
        assert_eq!(lines[1..], ["  m.F:[3]  exec x  10s-1m50s"]);
    }

    #[test]
    fn lines_fit_into_the_room_there_is() {
        let begin = Instant::now();
        let stages = (0..9)
            .map(|n| executing(&format!("module.Function{n}:"), "exec image a\tlong command", begin + seconds(n)));
        let model = model(stages.collect(), begin);
        for columns in 0..80 {
            for rows in 1..14 {
                let lines = model.lines(begin + seconds(60), Some(Size { columns, rows }));
                assert!(lines.len() <= rows, "{lines:?} in {rows} rows");
                assert!(lines.iter().all(|line| line.chars().count() <= columns && !line.contains('\t')));
            }
        }
        assert_eq!(
            model.lines(begin + seconds(60), Some(Size { columns: 42, rows: 4 })),
            [
                "5c902b1c: elapsed: 1m0s, executing:9, co..",
                "  module.Function0:  exec image a ..  1m0s",
                "  module.Function1:  exec image a ..  59s",
                "  and 7 more",
            ]
        );
    }

    #[test]
    fn images_that_are_being_pulled_have_a_line() {
        let begin = Instant::now();
        let mut model = model(Vec::new(), begin);
        let mut tell = |pull, after| {
            let now = begin + seconds(after);
            model.on(&Event::ImagePull { image: "debian:12", pull }, now);
            model.lines(now, None).split_off(1)
        };
        let progress = PullProgress { bytes: 35_757_500, known: 53_477_376, done: 2, layers: 5 };
        assert_eq!(tell(Pull::Begun, 0), ["  debian:12:  pulling  0s"]);
        // Somebody else wants it, too.
        tell(Pull::Begun, 2);
        let going = ["  debian:12:  pulling 34.1MiB of 51.0MiB, 2 of 5 layers  3s"];
        assert_eq!(tell(Pull::Going(progress), 3), going);
        let progress = PullProgress { bytes: 53_477_376, done: 5, ..progress };
        assert_eq!(tell(Pull::Done(progress), 3), going);
        assert_eq!(tell(Pull::Done(progress), 4), ["  debian:12:  pull done 51.0MiB  4s"]);
        tell(Pull::Begun, 20);
        assert_eq!(tell(Pull::Failed, 21), [""; 0]);
    }

    #[test]
    fn steps_that_are_over_stay_for_a_while() {
        let begin = Instant::now();
        let mut model = model(vec![executing("m.A:", "exec x", begin)], begin);
        let id = ids(1)[0];
        model.over(id, "exec done 12B", begin + seconds(5));
        assert_eq!(model.lines(begin + seconds(14), None)[1..], ["  m.A:  exec done 12B  5s"]);
        assert_eq!(model.lines(begin + seconds(15), None).len(), 1);
    }
}
