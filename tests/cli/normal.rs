//! Takes out of what the program says that which differs from run to run.
//!
//! | text | becomes |
//! |---|---|
//! | the test's folder | `[ROOT]`, its home `[HOME]`, its working directory `[WORK]` |
//! | the program's path, its version and its compiler's | `[REFLOW]`, `[VERSION]` |
//! | the id of the n-th run | `[RUNn]`, abbreviated `[runn]` |
//! | the id of an exec | `[TASK]`, abbreviated `[task]` |
//! | keys in names of logs | `[KEY]` |
//! | dates, durations | `[TIME]`, `[D]` |
//! | figures of what commands used, with the blanks behind them | `[USE]` |
//! | the room of the machine | `[ROOM]` |

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use rusqlite::{Connection, OpenFlags};

use crate::bed::{Bed, REFLOW};

/// Replaces what differs.
pub(crate) struct Normal {
    root: PathBuf,
    fixed: Vec<(String, &'static str)>,
    patterns: Vec<(Regex, &'static str)>,
}

impl Normal {
    pub(crate) fn new(bed: &Bed) -> Self {
        let path = |path: PathBuf| path.to_string_lossy().into_owned();
        let pattern = |text: &str| Regex::new(text).unwrap();
        Self {
            root: bed.root().to_owned(),
            fixed: vec![
                (REFLOW.to_owned(), "[REFLOW]"),
                (path(bed.home()), "[HOME]"),
                (path(bed.work()), "[WORK]"),
                (path(bed.root().to_owned()), "[ROOT]"),
            ],
            patterns: vec![
                (pattern(r"\d+\.\d+\.\d+ \(rustc [^)]*\)"), "[VERSION]"),
                (pattern(r"/logs/[0-9a-f]{2}/[0-9a-f]{64}"), "/logs/[KEY]"),
                (pattern(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"), "[TIME]"),
                (pattern(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}"), "[TIME]"),
                (pattern(r"\d{4}-\d\d-\d\dT[0-9:.]+Z"), "[TIME]"),
                (pattern(r"(ok   +(?:exec|intern|extern)) \S+"), "$1 [D]"),
                (pattern(r"(exit status:? \S+ after) [\d.]+s"), "$1 [D]"),
                (pattern(r"(total n=\d+ time)=\S+"), "$1=[D]"),
                (pattern(r"((?:ok  |FAIL)  \S+ +)\d+\.\d{3}s"), "$1[D]"),
                (pattern(r"(failed[^(\n]*) \(\d+\.\d{3}s\)"), "$1 ([D])"),
                (pattern(r#""seconds":[\d.]+"#), r#""seconds":[D]"#),
                (pattern(r"( (?:elapsed|cpu|memory|read|written): +)\S+"), "${1}[D]"),
                (pattern(r"(profile:) [\d.]+s, cpu [\d.]+s, mem \S+"), "$1 [USE]"),
                (pattern(r"(with configuration: executor \w+) \{[^}]*\}"), "$1 [ROOM]"),
                (pattern(r"[\d.]+/[\d.]+/[\d.]+ *"), "[USE] "),
                // The columns of the summary are as wide as the figures in them.
                (pattern(r"runtime\(m\) +cpu +mem\(GiB\) +requested"), "runtime(m) cpu mem(GiB) requested"),
            ],
        }
    }

    /// The text without what differs.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.fixed {
            text = text.replace(from, to);
        }
        for database in databases(&self.root, 4) {
            let (runs, tasks) = ids(&database);
            for (i, run) in runs.iter().enumerate() {
                text = text.replace(run, &format!("[RUN{}]", i + 1)).replace(&run[..8], &format!("[run{}]", i + 1));
            }
            for task in tasks {
                text = text.replace(&task, "[TASK]").replace(&task[..8], "[task]");
            }
        }
        for (pattern, to) in &self.patterns {
            text = pattern.replace_all(&text, *to).into_owned();
        }
        text
    }
}

/// The databases below a folder.
fn databases(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && depth > 0 {
            found.extend(databases(&entry.path(), depth - 1));
        } else if entry.file_name() == "reflow.db" {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// The ids of the runs, the first first, and of all tasks.
fn ids(database: &Path) -> (Vec<String>, Vec<String>) {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let column = |sql: &str| -> Vec<String> {
        let Ok(mut statement) = connection.prepare(sql) else { return Vec::new() };
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    (column("SELECT id FROM runs ORDER BY rowid"), column("SELECT id FROM tasks"))
}
