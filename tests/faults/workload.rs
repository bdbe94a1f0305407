//! The run that is disturbed: a program with local files, literal data, fans and chains of commands, files and
//! folders, small and large, and an export; and what an undisturbed run of it comes to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::bed::{Bed, Counts, Ended, ended};
use crate::machine;

const PROGRAM: &str = r#"
param (
	pause = "0.02"
	image = "tools"
	out string
)

val dirs = make("$/dirs")

func Numbered(name string) = exec(image, mem := 1*MiB) (out file) {"
	sleep {{pause}}
	cat -n {{file("data/" + name)}} > {{out}}
"}

val Joined = exec(image, mem := 1*MiB) (out file) {"
	sleep {{pause}}
	cat {{[Numbered(name) | name <- ["a", "b", "c", "d"]]}} > {{out}}
"}

val Parts = exec(image, mem := 1*MiB) (parts dir) {"
	sleep {{pause}}
	head -n 100 {{Joined}} > {{parts}}/first
	tail -n 100 {{Joined}} > {{parts}}/last
	: > {{parts}}/empty
"}

val Large = exec(image, mem := 1*MiB) (large file) {"
	sleep {{pause}}
	yes reflow | head -c 5000000 > {{large}} || true
"}

val Sizes = exec(image, mem := 1*MiB) (sizes file) {"
	sleep {{pause}}
	for file in {{Parts}}/* {{Large}}; do wc -c < $file; done > {{sizes}}
"}

val results = dirs.Make(["joined": Joined, "sizes": Sizes, "large": Large])

val Main = dirs.Copy(results, out) ~> results
"#;

/// Commands of the program.
pub(crate) const COMMANDS: u64 = 8;

/// A bed with the program, its inputs, and what it comes to.
pub(crate) struct Workload {
    pub(crate) bed: Bed,
    /// Where reflow keeps its state.
    pub(crate) state: PathBuf,
    /// Flags of `run` that come before the program, those of the program behind it.
    flags: (Vec<String>, Vec<String>),
    /// Prepares each command.
    prepare: Box<dyn Fn(&mut Command) + Send + Sync>,
    /// What an undisturbed run comes to.
    pub(crate) whole: Counts,
    /// How long it takes.
    pub(crate) length: Duration,
    exported: BTreeMap<String, Vec<u8>>,
}

impl Workload {
    /// Commands run as processes of this machine.
    pub(crate) fn new() -> Self {
        Self::with(&["-executor=process"], &[], |_| ())
    }

    /// With these flags of `run`, these of the program (such as `-pause` and `-image`), and `prepare` for each
    /// command.
    pub(crate) fn with(run: &[&str], program: &[&str], prepare: impl Fn(&mut Command) + Send + Sync + 'static) -> Self {
        let bed = Bed::new();
        bed.write("main.rf", PROGRAM);
        for (index, name) in ["a", "b", "c", "d"].iter().enumerate() {
            let lines: String = (0..200).map(|line| format!("{name} {}\n", line * (index + 7))).collect();
            bed.write(&format!("data/{name}"), lines);
        }
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let nothing = Counts { result: None, executed: 0, cached: 0, interned: 0, externed: 0, failed: 0 };
        let mut workload = Self {
            state: bed.state(),
            bed,
            flags: (owned(run), owned(program)),
            prepare: Box::new(prepare),
            whole: nothing,
            length: Duration::ZERO,
            exported: BTreeMap::new(),
        };
        let start = Instant::now();
        let ended = ended(workload.run("whole").output().unwrap());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        workload.length = start.elapsed();
        workload.whole = Counts::of(&ended.stdout);
        assert_eq!((workload.whole.executed, workload.whole.failed), (COMMANDS, 0), "{}", ended.stderr);
        workload.exported = files_of(&workload.bed.work().join("whole"));
        assert_eq!(workload.exported.len(), 3);
        workload
    }

    /// The command that runs the program in a universe. Each universe begins without results, and exports to a
    /// folder of its name.
    pub(crate) fn run(&self, universe: &str) -> Command {
        let mut command = self.bed.reflow(&[&format!("-universe={universe}"), "run", "-json"]);
        command.args(&self.flags.0).arg("main.rf").args(&self.flags.1).arg(format!("-out=localfile://{universe}"));
        command.env("REFLOW_HOME", &self.state);
        (self.prepare)(&mut command);
        command
    }

    /// Another command of reflow.
    pub(crate) fn reflow(&self, words: &[&str]) -> Ended {
        let mut command = self.bed.reflow(words);
        command.env("REFLOW_HOME", &self.state);
        (self.prepare)(&mut command);
        ended(command.output().unwrap())
    }

    /// Begins a run that is to be disturbed.
    pub(crate) fn start(&self, universe: &str) -> Child {
        self.run(universe).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs to the end, which must be that of an undisturbed run.
    pub(crate) fn finish(&self, universe: &str) -> Counts {
        let ended = ended(self.run(universe).output().unwrap());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        self.assert_right(universe, &ended)
    }

    /// What a run printed and exported is what an undisturbed one does.
    pub(crate) fn assert_right(&self, universe: &str, ended: &Ended) -> Counts {
        let counts = Counts::of(&ended.stdout);
        assert_eq!(counts.result, self.whole.result, "{}", ended.stderr);
        assert_eq!((counts.executed + counts.cached, counts.failed), (COMMANDS, 0), "{}", ended.stderr);
        self.assert_exported(universe);
        counts
    }

    /// What a run exported is what an undisturbed one does.
    pub(crate) fn assert_exported(&self, universe: &str) {
        let exported = files_of(&self.bed.work().join(universe));
        let differing: Vec<&String> = exported.keys().filter(|name| exported[*name] != self.exported[*name]).collect();
        assert!(differing.is_empty() && exported.len() == self.exported.len(), "{differing:?}");
    }

    /// The blobs of the repository, sorted.
    pub(crate) fn blobs(&self) -> Vec<PathBuf> {
        let repository = self.state.join("repository");
        let is_hex = |name: &String| name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let folders = names_in(&repository).into_iter().filter(is_hex).map(|name| repository.join(name));
        folders.flat_map(|folder| names_in(&folder).into_iter().map(move |name| folder.join(name))).collect()
    }

    /// The store is whole, and nothing is left over of what went wrong.
    pub(crate) fn assert_sound(&self) {
        self.assert_whole();
        for folder in ["repository/tmp", "execs", "tmp"] {
            let left: Vec<_> = names_in(&self.state.join(folder));
            assert!(left.is_empty(), "left over in {folder}: {left:?}");
        }
    }

    /// The store is whole, and nothing runs any more.
    pub(crate) fn assert_whole(&self) {
        let ended = self.reflow(&["check-store"]);
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.ends_with(": 0 bad\n"), "{}", ended.stdout);
        machine::assert_nothing_runs(&self.bed);
    }
}

/// Names in a folder, sorted; none if there is no such folder.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    names_in(folder).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}
