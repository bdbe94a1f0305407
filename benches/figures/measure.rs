//! Running commands and what they took.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What a command took.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// From start to end.
    pub(crate) wall: Duration,
    /// Processor time of it and of everything it waited for.
    pub(crate) cpu: Duration,
    /// The largest resident size of the command itself, in KiB.
    pub(crate) memory: u64,
    pub(crate) stdout: String,
}

impl Measured {
    pub(crate) fn seconds(&self) -> f64 {
        self.wall.as_secs_f64()
    }

    pub(crate) fn mebibytes(&self) -> f64 {
        self.memory as f64 / 1024.0
    }

    /// Processor time in milliseconds of each of `count` steps.
    pub(crate) fn cpu_each(&self, count: u32) -> f64 {
        self.cpu.as_secs_f64() * 1e3 / f64::from(count)
    }

    pub(crate) fn quicker(self, other: Self) -> Self {
        if other.wall < self.wall { other } else { self }
    }
}

/// Folders of measurements, removed at the end: ext4 looks for a new inode among all that were removed lately, so
/// what one measurement removes would slow the next one down.
static FOLDERS: Mutex<Vec<TempDir>> = Mutex::new(Vec::new());

/// A new folder.
pub(crate) fn folder() -> PathBuf {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    FOLDERS.lock().unwrap().push(folder);
    path
}

/// Removes all folders.
pub(crate) fn remove_folders() {
    FOLDERS.lock().unwrap().clear();
}

/// Runs a command, which must succeed.
pub(crate) fn measure(command: &mut Command) -> Measured {
    let log = tempfile::NamedTempFile::new().unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log.reopen().unwrap());
    let before = processor_time();
    let start = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let mut memory = 0;
    let status = loop {
        // The kernel keeps the peak; the last look before the end is what counts.
        memory = peak_memory(child.id()).unwrap_or(memory);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let wall = start.elapsed();
    let said = || std::fs::read_to_string(log.path()).unwrap_or_default();
    assert!(status.success(), "{command:?}: {status}\n{}", said());
    Measured { wall, cpu: processor_time() - before, memory, stdout: reader.join().unwrap() }
}

/// The largest resident size of a process so far, in KiB.
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor time of the children that have ended, and of theirs.
fn processor_time() -> Duration {
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[13..15].iter().map(|ticks| TICK * ticks.parse::<u32>().unwrap()).sum()
}

/// The environment of the commands that are compared: nothing of the user's, so that no login file of theirs
/// takes part.
pub(crate) fn clean(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", folder).env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir(folder);
    command
}

/// `reflow run -json` of a program with a state folder below `folder`.
pub(crate) fn reflow_run(folder: &Path, executor: &str, program: &str) -> Command {
    let mut command = clean(env!("CARGO_BIN_EXE_reflow"), folder);
    command.args(["-log=off", "run", "-json", "-executor", executor, program]);
    command.env("REFLOW_HOME", folder.join("state"));
    if let Some(engine) = std::env::var_os("DOCKER_HOST") {
        command.env("DOCKER_HOST", engine);
    }
    command
}

/// Checks in the summary of a run how many execs it executed.
pub(crate) fn assert_executed(measured: &Measured, count: u32) {
    let line = measured.stdout.lines().last().unwrap_or_default();
    assert!(line.contains(&format!("\"executed\":{count},")), "{count} should have been executed: {line}");
}

/// A program that maps a trivial command over numbers.
pub(crate) fn write_echoes(folder: &Path, image: &str, resources: &str, count: u32) {
    let program = format!(
        "func Echo(n int) = exec(image := \"{image}\", {resources}) (out file) {{\" echo {{{{n}}}} > {{{{out}}}} \"}}\n\
         val Main = [Echo(n) | n <- range(0, {count})]\n"
    );
    std::fs::write(folder.join("echoes.rf"), program).unwrap();
}
